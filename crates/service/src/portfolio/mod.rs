//! What is steered: portfolios, programs, projects, deliverables, activities, and how far they are.

pub(crate) mod dependency;
pub(crate) mod progress;
pub(crate) mod schedule;
pub(crate) mod standing;

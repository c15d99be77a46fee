//! Portfolios, programs, projects, deliverables, activities, and their progress.

pub(crate) mod dependency;
pub(crate) mod progress;
pub(crate) mod schedule;
pub(crate) mod standing;

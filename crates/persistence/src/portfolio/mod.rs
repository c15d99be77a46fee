//! What is steered: portfolios, programs, projects, deliverables, activities, and how far they are.

pub mod graph;
pub mod progress;

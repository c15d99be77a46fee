//! Portfolios, programs, projects, deliverables, activities, and their progress.

pub mod graph;
pub mod progress;

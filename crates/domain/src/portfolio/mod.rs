//! Portfolios, programs, projects, deliverables, activities, their dependencies, calendars and progress.

pub mod activity;
pub mod deliverable;
pub mod dependency;
pub mod dependency_end;
pub mod holidays;
pub mod organisation;
#[expect(clippy::module_inception, reason = "the area is named like its first module")]
mod portfolio;
pub mod program;
pub mod progress;
pub mod project;
pub mod work_calendar;
pub mod working_time;

pub use self::portfolio::*;

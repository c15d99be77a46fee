//! People and their functional areas.

pub mod functional_area;
pub mod person;

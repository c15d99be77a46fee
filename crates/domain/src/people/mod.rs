//! People and the areas they work in.

pub mod functional_area;
pub mod person;

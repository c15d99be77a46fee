//! Types of field values.

pub mod clock_time;
pub mod country;
pub mod graph;
pub mod hex;
pub mod id;
pub mod labels;
pub mod money;
pub mod quantity;
pub mod rate;
pub mod ratio;
pub mod refs;
pub mod text;
pub mod time;

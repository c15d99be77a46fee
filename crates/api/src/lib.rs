//! The two doors.

mod door;
pub mod grpc;
mod problem;

//! The real binary, as operators and callers meet it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod command_line;
mod durability;
mod process;
mod tamper;

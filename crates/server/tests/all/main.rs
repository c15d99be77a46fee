//! The binary `steerco` as a process of its own: one test binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod client;
mod command_line;
mod dashboard;
mod durability;
#[cfg(target_os = "linux")]
mod memory;
mod process;
mod restore;
mod tamper;
mod tls;
#[cfg(feature = "otlp")]
mod traces;
mod upgrade;
mod webhooks;

//! The binary `steerco`: configuration, command line, wiring.
//!
//! It must never hold a rule of the domain or a query. To add a setting: a documented field in `config`. To add a
//! command: a variant in `cli` and a function in `commands`.

pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod demo;
pub mod listen;
mod logs;
mod restore;
pub mod serve;
mod telemetry;

/// What one thread allocates another often frees; the system's allocator is slow at that and keeps much of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

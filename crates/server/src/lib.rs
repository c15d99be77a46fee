//! The binary `steerco`: configuration, command line, wiring.
//!
//! It must never hold a rule of the domain or a query. To add a setting: a documented field in `config`. To add a
//! command: a variant in `cli` and a function in `commands`.

pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod listen;
pub mod serve;

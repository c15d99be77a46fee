//! Foundation of the other areas: the service, operations, parameters, callers.

pub(crate) mod answer;
pub mod args;
pub(crate) mod caller;
pub mod clock;
pub mod failure;
pub(crate) mod open;
pub mod operation;
pub mod operations;
pub mod operator;
pub mod parameter;
pub(crate) mod service;
pub(crate) mod settings;
pub mod standard;

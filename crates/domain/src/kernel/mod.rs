//! Basis of all other areas: errors, fields, kinds, filters, events.

pub mod actor;
pub(crate) mod any_resource;
pub mod cause;
pub mod encode;
pub mod error;
pub mod event_type;
pub mod explanation;
pub mod field;
pub mod filter;
pub mod input;
pub(crate) mod kind;
pub mod list;
pub mod mask;
pub mod metric;
pub mod resource;
pub mod shape;
pub mod spelling;
pub mod state;
pub mod subject;
pub mod view;
pub mod words;

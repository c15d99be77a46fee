//! Served by tables.

//! The gRPC contract, generated from `proto/` and nothing else: as tables, by which the service reads and answers, and as
//! Rust types, for clients.
//!
//! This crate must never know a rule, a door or a database. The protos of resources are written from their declarations by a
//! test of this crate (`UPDATE=1 cargo declare`); what nobody declares is edited there. A field of a resource that is missing
//! in them does not compile in the gRPC door.

#[cfg(test)]
mod declared;
pub mod table;

/// Package `steerco.v1`.
#[expect(clippy::all, clippy::pedantic, reason = "generated: its form is not in our hands")]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/steerco.v1.rs"));
}

/// The compiled contract with its comments and imports, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/steerco.bin"));

/// The name of each file, as the others import it, and its text.
pub const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A resource that has a list.
pub trait Resource: prost::Message + Default {
    /// What rpcs call one, such as `Risk` in `RiskService` and `GetRisk`.
    const ONE: &str;
    /// What rpcs call many, such as `Risks` in `ListRisks`.
    const MANY: &str;
}

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

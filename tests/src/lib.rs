//! Scenarios of the whole service, each written once and run through both doors and on both databases.
//!
//! ```ignore
//! scenario!(a_risk_is_created(world) {
//!     let director = world.client(Who::Director);
//!     let risk = director.create("risk", json!({"program_id": world.program, "title": "Flood", "kind": "threat"}));
//!     assert_eq!(risk.await.unwrap()["state"], "identified");
//! });
//! ```
//!
//! makes four tests: `a_risk_is_created::rest_sqlite`, `…::grpc_sqlite`, `…::rest_postgres`, `…::grpc_postgres`.
//!
//! - [`World`] is an organisation of the scenario's own on a server that all scenarios of a database share, with a
//!   caller for every role ([`Who`]). [`World::alone`] starts a server with settings of its own, such as a fixed clock.
//! - [`Client`] speaks to the door in JSON: the words, members and pointers are those of REST, and the gRPC client
//!   translates by the descriptors of the protos, not by the code under test. Options are set on a copy:
//!   `director.key("k1").validate_only().create(…)`.
//! - Every answer over REST is checked against the OpenAPI document, and every refusal over both doors against the one
//!   table of reasons, so that no scenario can overlook a breach of the contract.
//!
//! This crate must never reach below the doors, but for what an operator does: bootstrap, tokens, verification.
//! To add a scenario: a `scenario!` in the file of its subject under `tests/all`.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::missing_panics_doc, reason = "everything here panics where a test shall fail")]

mod answer;
mod client;
mod codec;
mod content;
mod contract;
mod cut;
mod feed;
mod folder;
mod grpc;
pub mod postgres;
mod proxy;
mod readers;
mod rest;
mod server;
mod world;

pub use answer::{Answer, Fault, Refused, Reply};
pub use client::Client;
pub use codec::message;
pub use content::Downloaded;
pub use feed::{Feed, Item};
pub use proxy::CuttingProxy;
pub use rest::Raw;
pub use server::{Server, Setup, runtime};
pub use world::{Who, World, availability};

/// The door a scenario goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Rest,
    Grpc,
}

/// The database below the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Runs a scenario in a world of its own; does nothing where `PostgreSQL` is needed and not installed.
pub fn run<F: Future<Output = ()>>(door: Door, engine: Engine, scenario: impl FnOnce(World) -> F) {
    runtime().block_on(async {
        let Some(world) = World::new(door, engine).await else { return };
        Box::pin(scenario(world)).await;
    });
}

/// One scenario, four tests.
#[macro_export]
macro_rules! scenario {
    ($(#[$doc:meta])* $name:ident($world:ident) $body:block) => {
        $(#[$doc])*
        async fn $name($world: $crate::World) $body

        mod $name {
            use $crate::{Door, Engine, run};

            #[test]
            fn rest_sqlite() {
                run(Door::Rest, Engine::Sqlite, super::$name);
            }
            #[test]
            fn grpc_sqlite() {
                run(Door::Grpc, Engine::Sqlite, super::$name);
            }
            #[test]
            fn rest_postgres() {
                run(Door::Rest, Engine::Postgres, super::$name);
            }
            #[test]
            fn grpc_postgres() {
                run(Door::Grpc, Engine::Postgres, super::$name);
            }
        }
    };
}

/// A scenario about what only HTTP has, such as methods and media types.
#[macro_export]
macro_rules! rest_scenario {
    ($(#[$doc:meta])* $name:ident($world:ident) $body:block) => {
        $(#[$doc])*
        async fn $name($world: $crate::World) $body

        mod $name {
            use $crate::{Door, Engine, run};

            #[test]
            fn rest_sqlite() {
                run(Door::Rest, Engine::Sqlite, super::$name);
            }
            #[test]
            fn rest_postgres() {
                run(Door::Rest, Engine::Postgres, super::$name);
            }
        }
    };
}

//! Every scenario: one binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod all {
    mod idempotency;
    mod life;
    mod list;
    mod preconditions;
    mod promises;
    mod risk;
    mod states;
    mod upsert;
}

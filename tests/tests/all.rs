//! Every scenario: one binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod all {
    mod batch;
    mod dry_run;
    mod erasure;
    mod errors;
    mod events;
    mod grants;
    mod history;
    mod idempotency;
    mod life;
    mod list;
    mod preconditions;
    mod promises;
    mod references;
    mod risk;
    mod states;
    mod upsert;
}

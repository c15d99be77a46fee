//! Every scenario: one binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod all {
    mod activity;
    mod actuals;
    mod actuals_amounts;
    mod actuals_import;
    mod attachment;
    mod batch;
    mod bodies;
    mod budget;
    mod commitment;
    mod crosswalk;
    mod deliverable;
    mod dependency;
    mod dry_run;
    mod erasure;
    mod errors;
    mod events;
    mod exchange_rate;
    mod forecast;
    mod forge;
    mod grants;
    mod guards;
    mod history;
    mod hostile;
    mod hostile_rpcs;
    mod hostile_values;
    mod idempotency;
    mod issuers;
    mod life;
    mod list;
    mod permissions;
    mod preconditions;
    mod progress;
    mod promises;
    mod references;
    mod revocation;
    mod risk;
    mod states;
    mod strangers;
    mod tokens;
    mod upsert;
    mod upsert_stream;
    mod vendor;
    mod wire;
}

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
    mod consumer;
    mod deliverable;
    mod dependency;
    mod digest;
    mod dry_run;
    mod engagement_amendment;
    mod erasure;
    mod errors;
    mod events;
    mod exchange_rate;
    mod financials;
    mod export;
    mod forecast;
    mod forge;
    mod grants;
    mod guards;
    mod history;
    mod hostile;
    mod hostile_rpcs;
    mod hostile_values;
    mod idempotency;
    mod import_job;
    mod issuers;
    mod life;
    mod list;
    mod one_effect;
    mod money;
    mod ocds;
    mod permissions;
    mod preconditions;
    mod progress;
    mod promises;
    mod receiver;
    mod references;
    mod revocation;
    mod risk;
    mod service_level_measurement;
    mod states;
    mod strangers;
    mod tokens;
    mod upsert;
    mod vendor;
    mod webhook_endpoint;
    mod wire;
}

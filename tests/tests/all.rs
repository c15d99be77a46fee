//! Every scenario: one binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod all {
    mod bodies;
    mod forge;
    mod guards;
    mod hostile;
    mod hostile_rpcs;
    mod hostile_values;
    mod issuers;
    mod life;
    mod permissions;
    mod revocation;
    mod strangers;
    mod tokens;
    mod wire;
}

//! Every scenario: one binary, a module for each subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod all {
    pub(crate) mod access {
        pub(crate) mod authority_limit;
        pub(crate) mod forge;
        pub(crate) mod grant;
        pub(crate) mod issuers;
        pub(crate) mod permissions;
        pub(crate) mod principal;
        pub(crate) mod revocation;
        pub(crate) mod service_account;
        pub(crate) mod strangers;
        pub(crate) mod tokens;
    }
    pub(crate) mod governance {
        pub(crate) mod attachment;
        pub(crate) mod comment;
    }
    pub(crate) mod integration {
        pub(crate) mod calendar_feed;
        pub(crate) mod consumer;
        pub(crate) mod crosswalk;
        pub(crate) mod digest;
        pub(crate) mod discovery;
        pub(crate) mod events;
        pub(crate) mod export;
        pub(crate) mod import_job;
        pub(crate) mod mapping_profile;
        pub(crate) mod receiver;
        pub(crate) mod rust_client;
        pub(crate) mod source;
        pub(crate) mod upsert;
        pub(crate) mod upsert_stream;
        pub(crate) mod webhook_endpoint;
    }
    pub(crate) mod kernel {
        pub(crate) mod batch;
        pub(crate) mod batch_promises;
        pub(crate) mod bodies;
        pub(crate) mod cut_answers;
        pub(crate) mod dry_run;
        pub(crate) mod errors;
        pub(crate) mod failures;
        pub(crate) mod guards;
        pub(crate) mod history;
        pub(crate) mod hostile;
        pub(crate) mod hostile_rpcs;
        pub(crate) mod hostile_values;
        pub(crate) mod idempotency;
        pub(crate) mod idle_streams;
        pub(crate) mod languages;
        pub(crate) mod list;
        pub(crate) mod modules;
        pub(crate) mod one_effect;
        pub(crate) mod preconditions;
        pub(crate) mod promises;
        pub(crate) mod references;
        pub(crate) mod states;
        pub(crate) mod wire;
    }
    pub(crate) mod ledger {
        pub(crate) mod actuals_amounts;
        pub(crate) mod actuals_batch;
        pub(crate) mod actuals_import;
        pub(crate) mod budget;
        pub(crate) mod budget_transfer;
        pub(crate) mod coding_rule;
        pub(crate) mod commitment;
        pub(crate) mod cost_category;
        pub(crate) mod exchange_rate;
        pub(crate) mod financials;
        pub(crate) mod fiscal_calendar;
        pub(crate) mod fiscal_period;
        pub(crate) mod forecast;
        pub(crate) mod legal_entity;
        pub(crate) mod money;
        pub(crate) mod order_invoice;
        pub(crate) mod purchase_order_batch;
        pub(crate) mod random_histories;
    }
    pub(crate) mod partners {
        pub(crate) mod claim_races;
        pub(crate) mod engagement;
        pub(crate) mod engagement_amendment;
        pub(crate) mod invoice;
        pub(crate) mod milestone;
        pub(crate) mod milestone_update;
        pub(crate) mod ocds;
        pub(crate) mod partner;
        pub(crate) mod payable;
        pub(crate) mod rate_card;
        pub(crate) mod retention_release;
        pub(crate) mod review;
        pub(crate) mod scorecard;
        pub(crate) mod service_level_measurement;
        pub(crate) mod settlement;
        pub(crate) mod vendor;
        pub(crate) mod vendor_facts;
        pub(crate) mod vendor_statement;
        pub(crate) mod vendor_strangers;
    }
    pub(crate) mod people {
        pub(crate) mod functional_area;
        pub(crate) mod person;
    }
    pub(crate) mod portfolio {
        pub(crate) mod activity;
        pub(crate) mod deliverable;
        pub(crate) mod dependency;
        pub(crate) mod life;
        pub(crate) mod organisation;
        #[expect(clippy::module_inception, reason = "the scenario of the kind that the area is named after")]
        pub(crate) mod portfolio;
        pub(crate) mod program;
        pub(crate) mod progress;
        pub(crate) mod project;
        pub(crate) mod schedules;
        pub(crate) mod work_calendar;
    }
    pub(crate) mod risk {
        #[expect(clippy::module_inception, reason = "the scenario of the kind that the area is named after")]
        pub(crate) mod risk;
    }
}

//! The rules of Steerco: types, state machines, calculations.
//!
//! Pure: this crate must never know SQL, HTTP, protobuf, a clock, randomness or async. What it says about the wire is
//! limited to words and shapes.
//!
//! To add a resource: one file with a `#[resource]` struct, its `#[words]`, its verbs (`#[input]` and `Verb`), its
//! `Rules`, a line in `for_each_resource!` and its rows in `access_table.rs`. To add a field: one documented line in the
//! struct. Then `UPDATE=1 cargo declare` writes the protos and the draft of a migration.

// The macros name this crate from outside.
extern crate self as steerco_domain;

pub mod access;
mod access_rows;
mod access_table;
pub mod account;
pub mod accrual;
pub mod actor;
mod any_resource;
pub mod bridge;
pub mod calendar_feed;
pub mod claimed;
pub mod clock_time;
pub mod cost_coding;
pub mod country;
pub mod csv_lines;
pub mod error;
pub mod event_type;
pub mod exchange;
pub mod export;
pub mod field;
pub mod filter;
pub mod financial_sums;
pub mod financials;
pub mod graph;
pub mod hex;
pub mod holidays;
pub mod id;
pub mod input;
pub mod interchange;
mod kind;
pub mod labels;
pub mod ledger_account;
pub mod list;
pub mod mask;
pub mod metric;
pub mod money;
pub mod node;
pub mod ocds;
pub mod ocds_node;
pub mod progress;
pub mod quantity;
pub mod rate;
pub mod ratio;
pub mod reconciliation;
pub mod refs;
pub mod resource;
pub mod scorecard;
pub mod service_level;
pub mod shape;
pub mod spelling;
pub mod spend;
pub mod spread;
pub mod state;
pub mod statement_of_account;
pub mod subject;
pub mod text;
pub mod time;
pub mod translation;
pub mod view;
pub mod words;
pub mod working_time;

pub mod activity;
pub mod actuals_batch;
pub mod actuals_control;
pub mod actuals_line;
pub mod attachment;
pub mod authority_limit;
pub mod budget;
pub mod budget_transfer;
pub mod coding_rule;
pub mod comment;
pub mod commitment;
pub mod consumer;
pub mod cost_category;
pub mod deliverable;
pub mod dependency;
pub mod encode;
pub mod engagement;
pub mod engagement_amendment;
pub mod exchange_rate;
pub mod explanation;
pub mod fiscal_calendar;
pub mod fiscal_period;
pub mod forecast;
pub mod functional_area;
pub mod grant;
pub mod import_job;
pub mod invoice;
pub mod invoice_match;
pub mod ledger_entry;
pub mod legal_entity;
pub mod mapping_profile;
pub mod milestone;
pub mod milestone_update;
pub mod organisation;
pub mod partner;
pub mod payable;
pub mod person;
pub mod portfolio;
pub mod principal;
pub mod program;
pub mod project;
pub mod purchase_order_batch;
pub mod rate_card;
pub mod retention_release;
pub mod review;
pub mod review_term;
pub mod risk;
pub mod service_account;
pub mod service_level_measurement;
pub mod source;
pub mod vendor_statement;
pub mod webhook_endpoint;
pub mod work_calendar;

pub use any_resource::{AnyBox, AnyResource, Maker};
pub use error::{Error, Fault, Reason};
pub use resource::Resource;

/// Hands every resource to a macro: the one list of them.
#[macro_export]
macro_rules! for_each_resource {
    ($callback:ident $($arguments:tt)*) => {
        $callback! {
            [$($arguments)*]
            organisation::Organisation,
            person::Person,
            principal::Principal,
            grant::Grant,
            source::Source,
            service_account::ServiceAccount,
            portfolio::Portfolio,
            program::Program,
            project::Project,
            deliverable::Deliverable,
            work_calendar::WorkCalendar,
            functional_area::FunctionalArea,
            activity::Activity,
            dependency::Dependency,
            risk::Risk,
            partner::Partner,
            engagement::Engagement,
            engagement_amendment::EngagementAmendment,
            service_level_measurement::ServiceLevelMeasurement,
            milestone::Milestone,
            milestone_update::MilestoneUpdate,
            review::Review,
            payable::Payable,
            rate_card::RateCard,
            retention_release::RetentionRelease,
            invoice::Invoice,
            vendor_statement::VendorStatement,
            comment::Comment,
            attachment::Attachment,
            fiscal_calendar::FiscalCalendar,
            legal_entity::LegalEntity,
            fiscal_period::FiscalPeriod,
            cost_category::CostCategory,
            coding_rule::CodingRule,
            mapping_profile::MappingProfile,
            actuals_batch::ActualsBatch,
            authority_limit::AuthorityLimit,
            budget::Budget,
            budget_transfer::BudgetTransfer,
            exchange_rate::ExchangeRate,
            commitment::Commitment,
            forecast::Forecast,
            import_job::ImportJob,
            calendar_feed::CalendarFeed,
            consumer::Consumer,
            webhook_endpoint::WebhookEndpoint,
            purchase_order_batch::PurchaseOrderBatch,
        }
    };
}

macro_rules! kinds {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        /// Every kind of resource, parents before children.
        pub const KINDS: &[&resource::Kind] = &[$(<$module::$name as Resource>::KIND),*];
    };
}
for_each_resource!(kinds);

/// Kinds that the service only ever adds to: they have no versions and are no events of their own.
pub const RECORDS: &[&resource::Kind] = &[<ledger_entry::LedgerEntry as Resource>::KIND];

/// The kind of this name.
pub fn find_kind(name: &str) -> Option<&'static resource::Kind> {
    KINDS.iter().chain(RECORDS).find(|kind| kind.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_kind() {
        let mut prefixes: Vec<&str> = KINDS.iter().chain(RECORDS).map(|kind| kind.prefix).collect();
        prefixes.sort_unstable();
        let count = prefixes.len();
        prefixes.dedup();
        assert_eq!(prefixes.len(), count, "{prefixes:?}");
    }
}

//! The domain of Steerco: types, state machines, calculations.
//!
//! Pure: this crate must not know SQL, HTTP, protobuf, a clock, randomness or async. It describes the wire only by words and
//! shapes.
//!
//! To add a resource: one file with a `#[resource]` struct, its `#[words]`, its verbs (`#[input]` and `Verb`) and its
//! `Rules`; a line in `for_each_resource!`; its rows in `access_table.rs`. To add a field: one documented line in the struct.
//! Then `UPDATE=1 cargo declare` writes the protos and the draft of a migration.

// The macros refer to this crate by its external name.
extern crate self as steerco_domain;

pub mod access;
mod governance;
mod integration;
mod kernel;
mod ledger;
mod partners;
mod people;
pub mod portfolio;
pub mod risk;
mod types;

// Module names are unique in a crate, so paths omit the area.
pub use access::*;
pub use governance::*;
pub use integration::*;
pub use kernel::*;
pub use ledger::*;
pub use partners::*;
pub use people::*;
pub use portfolio::*;
pub use risk::*;
pub use types::*;

pub use any_resource::{AnyBox, AnyResource, Maker};
pub use cause::Cause;
pub use error::{Error, Fault, Reason};
pub use resource::Resource;

/// Passes every resource to a macro. This is the only list of resources.
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

/// Kinds that are append-only: they have no versions and no events of their own.
pub const RECORDS: &[&resource::Kind] = &[<ledger_entry::LedgerEntry as Resource>::KIND];

/// The kind with this name.
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

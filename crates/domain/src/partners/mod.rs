//! Partners: engagements, milestones and claims, reviews, invoices and payments.

pub mod account;
pub mod claimed;
pub mod engagement;
pub mod engagement_amendment;
pub mod invoice;
pub mod invoice_match;
pub mod milestone;
pub mod milestone_update;
pub mod ocds;
pub mod ocds_value;
pub mod partner;
pub mod payable;
pub mod rate_card;
pub mod retention_release;
pub mod review;
pub mod review_term;
pub mod scorecard;
pub mod service_level;
pub mod service_level_measurement;
pub mod statement_of_account;
pub mod vendor_statement;

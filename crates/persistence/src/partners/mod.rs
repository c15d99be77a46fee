//! Partners: engagements, milestones and claims, reviews, invoices and payments.

pub mod account;
pub mod ocds;
pub mod vendor;

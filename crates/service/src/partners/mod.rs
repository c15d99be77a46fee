//! Partners: engagements, milestones and claims, reviews, invoices and payments.

pub(crate) mod engagement_amendment;
pub(crate) mod invoice;
pub(crate) mod milestone_delivery;
pub(crate) mod milestone_price;
pub(crate) mod milestone_update;
pub(crate) mod ocds;
pub(crate) mod review;
pub(crate) mod review_acceptance;
pub(crate) mod review_case;
pub(crate) mod review_deadlines;
pub(crate) mod statement_of_account;

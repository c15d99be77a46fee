//! Words and objects of obligations, claims, reviews, payables and matches of invoices on this door.

use serde_json::{Map, Value};
use steerco_domain::engagement::{EngagementObligation, EngagementSide, PaymentRule};
use steerco_domain::invoice_match::{InvoiceMatch, InvoiceMatchState, MatchedEntry};
use steerco_domain::milestone::{DeliveryState, MilestoneCriterion, PaymentState};
use steerco_domain::milestone_update::{Evidence, MilestoneUpdateState};
use steerco_domain::payable::PayableState;
use steerco_domain::review::{
    AccrualWay, Dispute, ReviewAccrual, ReviewClock, ReviewCondition, ReviewDecision, ReviewProposal, ReviewState,
    ReviewedCriterion,
};
use steerco_domain::review_acts::NewCondition;
use steerco_domain::statement_of_account::AccountReviewDispute;
use steerco_domain::words::Words;
use steerco_domain::{
    account_review_dispute_fields, dispute_fields, engagement_obligation_fields, evidence_fields, invoice_match_fields,
    matched_entry_fields, milestone_criterion_fields, new_condition_fields, review_accrual_fields,
    review_condition_fields, review_decision_fields, review_proposal_fields, reviewed_criterion_fields,
};
use steerco_proto::v1 as pb;

use super::wire::{Scalar, Wire, put, required, value_wire, words_wire};

words_wire!(PaymentRule: Whole, ProRata);
words_wire!(EngagementSide: Organisation, Partner);
words_wire!(DeliveryState: Scheduled, Submitted, Accepted, AcceptedWithReservations, AcceptedInPart, Rejected);
words_wire!(PaymentState: NotDue, Payable, Invoiced, Paid);
words_wire!(MilestoneUpdateState: Submitted, Withdrawn, Superseded, Accepted, AcceptedWithReservations, AcceptedInPart, Rejected, Revoked);
words_wire!(ReviewState: Open, Queried, Accepted, AcceptedWithReservations, AcceptedInPart, Rejected, Revoked, Closed);
words_wire!(ReviewClock: None, Running, Stopped, Ended);
words_wire!(AccrualWay: Commitment, Entry, None);
words_wire!(InvoiceMatchState: NotPosted, Matched, Differs);
words_wire!(PayableState: Held, Payable, Invoiced, Paid, Reversed);

engagement_obligation_fields!(value_wire);
evidence_fields!(value_wire);
milestone_criterion_fields!(value_wire);
reviewed_criterion_fields!(value_wire);
review_condition_fields!(value_wire);
dispute_fields!(value_wire);
review_decision_fields!(value_wire);
review_proposal_fields!(value_wire);
review_accrual_fields!(value_wire);
new_condition_fields!(value_wire);
account_review_dispute_fields!(value_wire);
invoice_match_fields!(value_wire);
matched_entry_fields!(value_wire);

required! {
    ReviewDecision, pb::ReviewDecision;
}

//! Updates milestones and deliverables from claims, reviews and payments.

use steerco_domain::deliverable::Deliverable;
use steerco_domain::milestone::{DeliveryState, Milestone, PaymentState};
use steerco_domain::milestone_update::MilestoneUpdateState;
use steerco_domain::payable::{Payable, PayableState};
use steerco_domain::progress::share;
use steerco_domain::ratio::Ratio;
use steerco_persistence::{Fail, vendor};

use crate::beside::change;
use crate::write_context::WriteContext;

/// The state of delivery after a claim was decided.
pub(crate) fn delivery_of(claim: MilestoneUpdateState, milestone: &Milestone) -> DeliveryState {
    let whole = milestone.accepted_percent.is_some_and(|accepted| accepted.millionths() == Ratio::ONE);
    match claim {
        MilestoneUpdateState::Submitted => DeliveryState::Submitted,
        MilestoneUpdateState::Accepted if whole => DeliveryState::Accepted,
        MilestoneUpdateState::AcceptedWithReservations if whole => DeliveryState::AcceptedWithReservations,
        MilestoneUpdateState::Accepted
        | MilestoneUpdateState::AcceptedWithReservations
        | MilestoneUpdateState::AcceptedInPart => DeliveryState::AcceptedInPart,
        MilestoneUpdateState::Rejected | MilestoneUpdateState::Revoked => DeliveryState::Rejected,
        MilestoneUpdateState::Withdrawn | MilestoneUpdateState::Superseded => DeliveryState::Scheduled,
    }
}

/// Updates the claimed progress of the deliverable of a milestone and, after a decision, the accepted progress.
pub(crate) async fn tell_deliverable(write: &WriteContext<'_>, changed: &Milestone, decided: bool) -> Result<(), Fail> {
    let Some(id) = changed.deliverable_id else { return Ok(()) };
    let org = write.context.caller.organisation();
    let known = vendor::list_claimed_milestones(write.conn, org, &id.to_string()).await?;
    let others = known.iter().filter(|other| other.id != changed.id);
    let (mut whole, mut accepted, mut claimed) = (0_i64, 0_i64, 0_i64);
    for milestone in others.chain([changed]) {
        let sums = milestone.sums();
        whole = whole.saturating_add(sums.weight);
        accepted = accepted.saturating_add(sums.earned);
        claimed = claimed.saturating_add(sums.claimed);
    }
    let Some(deliverable) = vendor::find::<Deliverable>(write.conn, org, &id.to_string()).await? else { return Ok(()) };
    let mut told = deliverable.clone();
    told.claimed_percent = share(claimed, whole);
    if decided {
        told.accepted_percent = share(accepted, whole);
    }
    change(write, &deliverable, told, if decided { "earn" } else { "claim" }, write.now);
    Ok(())
}

/// The payment state of a milestone with these payables.
pub(crate) fn payment_of(payables: &[Payable]) -> PaymentState {
    let live: Vec<PayableState> =
        payables.iter().map(|payable| payable.state).filter(|state| *state != PayableState::Reversed).collect();
    let all = |states: &[PayableState]| live.iter().all(|state| states.contains(state));
    if live.is_empty() {
        PaymentState::NotDue
    } else if all(&[PayableState::Paid]) {
        PaymentState::Paid
    } else if all(&[PayableState::Paid, PayableState::Invoiced]) {
        PaymentState::Invoiced
    } else {
        PaymentState::Payable
    }
}

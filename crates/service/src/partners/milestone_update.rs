//! Claims of partners: checks, the review that a claim opens, and the end of the claim that it supersedes.

use steerco_domain::access::{Permission, find};
use steerco_domain::attachment::{Attachment, AttachmentState, AttachmentVisibility};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::error::Fault;
use steerco_domain::field::{Long, Whole};
use steerco_domain::id::Id;
use steerco_domain::labels::Labels;
use steerco_domain::milestone::{DeliveryState, Milestone, MilestoneCriterion};
use steerco_domain::milestone_update::{Evidence, MilestoneUpdate, MilestoneUpdateState};
use steerco_domain::ratio::Ratio;
use steerco_domain::refs::ExternalRefs;
use steerco_domain::review::{Review, ReviewClock, ReviewState, ReviewedCriterion};
use steerco_domain::state::States;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Change, ChangeKind, Fail, ledger, vendor};

use crate::beside::{change, get};
use crate::hooks::{Hooks, hook};
use crate::milestone_delivery::{delivery_of, tell_deliverable};
use crate::review_case::term;
use crate::service::Feature;
use crate::write_context::WriteContext;

const READ_ATTACHMENT: &Permission = find("attachment", "read");

pub(crate) const MILESTONE_UPDATE: Feature = Feature::of(
    MilestoneUpdate::KIND,
    Hooks {
        on_create: hook!(on_create: prepare),
        on_act: hook!(on_act: withdrawn),
        admit: hook!(admit: submit),
        ..Hooks::NONE
    },
);

/// Checks a claim before its references are checked. A resource that is not visible gives the same error as one that does
/// not exist.
async fn prepare(write: &WriteContext<'_>, claim: &mut MilestoneUpdate) -> Result<(), Fail> {
    let scope = &write.scope(MilestoneUpdate::KIND.rows.create)?;
    let org = write.context.caller.organisation();
    // Serialised by the ledger lock: two concurrent claims would both find the milestone without an open claim.
    ledger::take_turn(write.conn, org).await?;
    claim.on_behalf = !scope.is_partner();
    let mut faults = Vec::new();
    let engagement = claim.engagement_id;
    for (i, evidence) in claim.evidence.iter_mut().enumerate() {
        if !attach(write, engagement, evidence).await? {
            let detail = "the milestone and its engagement have no such attachment that is shared and has content";
            faults.push(Fault::new(format!("/evidence/{i}/attachment_id"), "NOT_FOUND", detail));
        }
    }
    let id = claim.milestone_id.to_string();
    let found: Option<Milestone> = query::find(write.conn, scope, &id, Moment::Now).await?;
    let open = match found.as_ref().filter(|found| found.deleted_at.is_none()) {
        Some(milestone) => {
            check_open(write, milestone).await?;
            vendor::find_open_claim(write.conn, org, &id).await?
        }
        None => None,
    };
    let replaces = open.as_ref().filter(|open| Some(open.id) == claim.supersedes_id);
    if claim.supersedes_id.is_some() && replaces.is_none_or(|open| open.on_behalf != claim.on_behalf) {
        let detail = "you have no such claim for this milestone that awaits review";
        faults.push(Fault::new("/supersedes_id", "NOT_FOUND", detail));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults).into());
    }
    if let Some(open) = open.filter(|_| claim.supersedes_id.is_none()) {
        let detail = format!("claim {} awaits review: withdraw it, or name it in supersedes_id", open.number);
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    Ok(())
}

/// A claim requires an engagement in force and a milestone that is not fully accepted.
async fn check_open(write: &WriteContext<'_>, milestone: &Milestone) -> Result<(), Fail> {
    let Some(id) = milestone.engagement_id else { return Ok(()) };
    let engagement: Engagement = get(write, &id.to_string()).await?;
    if engagement.state != EngagementState::Active {
        let detail =
            format!("the engagement is {}; claims can only be made while it is active", engagement.state.word());
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    if milestone.accepted_percent.is_some_and(|accepted| accepted.millionths() == Ratio::ONE) {
        return Err(Error::new(Reason::WrongState, "the milestone is already fully accepted").into());
    }
    Ok(())
}

/// Copies the properties of an attachment as evidence, if the claimant may share it.
async fn attach(
    write: &WriteContext<'_>,
    engagement: Option<Id<Engagement>>,
    evidence: &mut Evidence,
) -> Result<bool, Fail> {
    let Some(id) = evidence.attachment_id else { return Ok(true) };
    let scope = write.scope(Some(READ_ATTACHMENT))?;
    let found: Option<Attachment> = query::find(write.conn, &scope, &id.to_string(), Moment::Now).await?;
    let shown = |found: &Attachment| {
        let shared = found.visibility == AttachmentVisibility::Shared && found.state == AttachmentState::Stored;
        shared && found.deleted_at.is_none() && found.engagement_id.is_some() && found.engagement_id == engagement
    };
    let Some(found) = found.filter(shown) else { return Ok(false) };
    evidence.sha256 = found.sha256;
    evidence.size_bytes = found.size_bytes.map(|size| Long(size.get().into()));
    Ok(true)
}

/// Numbers a new claim, supersedes the earlier one, opens the review and updates the milestone.
async fn submit(write: &WriteContext<'_>, claim: &mut MilestoneUpdate) -> Result<(), Fail> {
    let (org, id) = (write.context.caller.organisation(), claim.milestone_id.to_string());
    let milestone: Milestone = get(write, &id).await?;
    let engagement = claim.engagement_id.ok_or_else(|| Error::internal("a claim has no engagement"))?;
    let engagement: Engagement = get(write, &engagement.to_string()).await?;
    claim.number = milestone.update_count + 1;
    claim.resubmission = vendor::count_refusals(write.conn, org, &id).await?;
    if let Some(old) = vendor::find_open_claim(write.conn, org, &id).await? {
        close(write, &old, MilestoneUpdateState::Superseded, "supersede").await?;
    }
    let mut review = open_review(write, claim, &milestone, &engagement);
    if claim.complete {
        term(write, &engagement).await?.start(&mut review, write.now);
    }
    claim.review_id = Some(review.id.into());
    let mut told = milestone.clone();
    told.delivery_state = DeliveryState::Submitted;
    told.claimed_percent = Some(claim.percent);
    told.claimed_forecast_on = claim.forecast_on;
    told.claimed_at = Some(write.now);
    told.latest_update_id = Some(claim.id.into());
    told.update_count = claim.number;
    told.resubmission_count += i32::from(claim.resubmission > 0);
    tell_deliverable(write, &told, false).await?;
    change(write, &milestone, told, "claim", write.now);
    write.change_after(Change::new(ChangeKind::Insert, None, &review, "open", None));
    Ok(())
}

/// Ends an open claim without a decision, and its review.
async fn close(
    write: &WriteContext<'_>,
    old: &MilestoneUpdate,
    state: MilestoneUpdateState,
    action: &str,
) -> Result<(), Fail> {
    let mut closed = old.clone();
    closed.state.go(state)?;
    change(write, old, closed, action, write.now);
    close_review(write, old).await
}

async fn close_review(write: &WriteContext<'_>, claim: &MilestoneUpdate) -> Result<(), Fail> {
    let Some(id) = claim.review_id else { return Ok(()) };
    let review: Review = get(write, &id.to_string()).await?;
    let mut closed = review.clone();
    closed.state.go(ReviewState::Closed)?;
    closed.proposal = None;
    closed.clock = ReviewClock::Ended;
    change(write, &review, closed, "close", write.now);
    Ok(())
}

/// The review of a new claim.
fn open_review(
    write: &WriteContext<'_>,
    claim: &MilestoneUpdate,
    milestone: &Milestone,
    engagement: &Engagement,
) -> Review {
    let criterion = |row: &MilestoneCriterion| {
        Some(ReviewedCriterion {
            key: row.key.clone(),
            text: row.text.clone(),
            weight: row.weight.or_else(|| Whole::new(1))?,
            claimed: claim.criteria_claimed.contains(&row.key),
            result: None,
        })
    };
    Review {
        id: Id::from_u128(write.new_id()),
        revision: 1,
        created_at: write.now,
        updated_at: write.now,
        created_by: write.actor(),
        deleted_at: None,
        external_refs: ExternalRefs::default(),
        labels: Labels::default(),
        milestone_update_id: claim.id,
        milestone_id: claim.milestone_id,
        engagement_id: claim.engagement_id,
        partner_id: claim.partner_id,
        program_id: claim.program_id,
        number: claim.number,
        claimed_percent: claim.percent,
        state: ReviewState::Open,
        accepted_percent: None,
        percent_before: milestone.accepted_percent,
        criteria: milestone.acceptance_criteria.iter().filter_map(criterion).collect(),
        conditions: Vec::new(),
        next_condition_on: None,
        reason: None,
        decided_at: None,
        accepted_on: None,
        deemed: false,
        accepted_value: None,
        query: None,
        query_answer: None,
        clock: ReviewClock::None,
        due_on: None,
        due_at: None,
        days_left: None,
        disputed: false,
        disputes: Vec::new(),
        revoked_at: None,
        revocation_reason: None,
        reviewer_id: engagement.reviewer_id,
        delegate_id: engagement.review_delegate_id,
        warned_at: None,
        proposal: None,
        decided_by: None,
        confirmed_by: None,
        accruals: Vec::new(),
        entry_count: 0,
        entries_sha256: None,
        private_notes: None,
    }
}

/// Handles a withdrawn claim: only the side that made it may withdraw it, and the milestone is updated.
async fn withdrawn(
    write: &WriteContext<'_>,
    _before: &MilestoneUpdate,
    claim: &mut MilestoneUpdate,
    _action: &str,
) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    ledger::take_turn(write.conn, org).await?;
    if write.context.caller.narrow().partner.is_some() == claim.on_behalf {
        return Err(Error::new(Reason::Forbidden, "a claim can only be withdrawn by the side that made it").into());
    }
    close_review(write, claim).await?;
    let id = claim.milestone_id.to_string();
    let milestone: Milestone = get(write, &id).await?;
    let before = vendor::find_claim_before(write.conn, org, &id, &claim.id.to_string()).await?;
    let mut told = milestone.clone();
    told.claimed_percent = before.as_ref().map(|before| before.percent);
    told.claimed_forecast_on = before.as_ref().and_then(|before| before.forecast_on);
    told.claimed_at = before.as_ref().map(|before| before.created_at);
    told.delivery_state = before.map_or(DeliveryState::Scheduled, |before| delivery_of(before.state, &milestone));
    tell_deliverable(write, &told, false).await?;
    change(write, &milestone, told, "withdraw_claim", write.now);
    Ok(())
}

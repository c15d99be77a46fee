//! Claims of partners: what must hold of one, the review it opens, and what becomes of the claim before it.

use std::any::Any;

use steerco_domain::access::{Row, find};
use steerco_domain::attachment::{Attachment, AttachmentState, AttachmentVisibility};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::error::Fault;
use steerco_domain::field::{Long, Whole};
use steerco_domain::id::Id;
use steerco_domain::labels::Labels;
use steerco_domain::milestone::{DeliveryState, Milestone, MilestoneCriterion};
use steerco_domain::milestone_update::{Evidence, MilestoneUpdate, MilestoneUpdateState};
use steerco_domain::organisation::Organisation;
use steerco_domain::ratio::Ratio;
use steerco_domain::refs::ExternalRefs;
use steerco_domain::review::{Review, ReviewClock, ReviewState, ReviewedCriterion};
use steerco_domain::review_term::ReviewTerm;
use steerco_domain::state::States;
use steerco_domain::time::Instant;
use steerco_domain::words::Words;
use steerco_domain::work_calendar::WorkCalendar;
use steerco_domain::{AnyResource, Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Change, ChangeKind, Fail, Scope, ledger, vendor};

use crate::acceptance::tell_deliverable;
use crate::execute::Env;

const READ_ATTACHMENT: &Row = find("attachment", "read");

/// Changes a resource that the request does not name.
pub(crate) fn change(
    env: &Env<'_>,
    before: &dyn AnyResource,
    mut after: impl AnyResource,
    action: &str,
    holds_from: Instant,
) {
    let after: &mut dyn AnyResource = &mut after;
    if after.is_same(before) {
        return;
    }
    let common = after.common_mut();
    *common.revision += 1;
    *common.updated_at = env.now;
    if let Some(at) = common.effective_at {
        *at = holds_from.max(*at);
    }
    env.change_also(Change::new(ChangeKind::Update, Some(before), after, action, None));
}

/// A resource that a decision cannot do without.
pub(crate) async fn get<R: Resource>(env: &Env<'_>, id: &str) -> Result<R, Fail> {
    let found = vendor::find(env.conn, env.context.caller.organisation(), id).await?;
    Ok(found.ok_or_else(|| Error::new(Reason::WrongState, format!("its {} is not there any more", R::KIND.name)))?)
}

/// The days of an engagement.
pub(crate) async fn term(env: &Env<'_>, engagement: &Engagement) -> Result<ReviewTerm, Fail> {
    let org = env.context.caller.organisation();
    let zone = match &engagement.time_zone {
        Some(zone) => Some(zone.as_str().to_owned()),
        None => query::find_text(env.conn, org, Organisation::KIND, org, "time_zone").await?,
    };
    let calendar: Option<WorkCalendar> = match engagement.review_calendar_id {
        Some(id) => vendor::find(env.conn, org, &id.to_string()).await?,
        None => None,
    };
    let zone = zone.unwrap_or_else(|| "UTC".to_owned());
    Ok(ReviewTerm::new(&zone, calendar.as_ref(), engagement.review_deadline_days).ok_or_else(Error::internal)?)
}

/// What must hold of a claim beside its own rules, before its references are checked: what is foreign looks like what is
/// not there.
pub(crate) async fn prepare(env: &Env<'_>, scope: &Scope, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let Some(claim) = (after as &mut dyn Any).downcast_mut::<MilestoneUpdate>() else { return Ok(()) };
    let org = env.context.caller.organisation();
    // One claim after the other: two at once would both find the milestone free.
    ledger::take_turn(env.conn, org).await?;
    claim.on_behalf = !scope.is_partner();
    let mut faults = Vec::new();
    let engagement = claim.engagement_id;
    for (i, evidence) in claim.evidence.iter_mut().enumerate() {
        if !attach(env, engagement, evidence).await? {
            let detail = "there is no such shared and stored attachment of the milestone or its engagement";
            faults.push(Fault::new(format!("/evidence/{i}/attachment_id"), "NOT_FOUND", detail));
        }
    }
    let id = claim.milestone_id.to_string();
    let found: Option<Milestone> = query::find(env.conn, scope, &id, Moment::Now).await?;
    let open = match found.as_ref().filter(|found| found.deleted_at.is_none()) {
        Some(milestone) => {
            check_open(env, milestone).await?;
            vendor::find_open_claim(env.conn, org, &id).await?
        }
        None => None,
    };
    let replaces = open.as_ref().filter(|open| Some(open.id) == claim.supersedes_id);
    if claim.supersedes_id.is_some() && replaces.is_none_or(|open| open.on_behalf != claim.on_behalf) {
        let detail = "there is no such claim of yours of this milestone that waits for its review";
        faults.push(Fault::new("/supersedes_id", "NOT_FOUND", detail));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults).into());
    }
    if let Some(open) = open.filter(|_| claim.supersedes_id.is_none()) {
        let detail = format!("claim {} waits for its review: withdraw it, or name it in supersedes_id", open.number);
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    Ok(())
}

/// A claim is made of what is in force and not done.
async fn check_open(env: &Env<'_>, milestone: &Milestone) -> Result<(), Fail> {
    let Some(id) = milestone.engagement_id else { return Ok(()) };
    let engagement: Engagement = get(env, &id.to_string()).await?;
    if engagement.state != EngagementState::Active {
        let detail = format!("the engagement is {}; claims are made while it is active", engagement.state.word());
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    if milestone.accepted_percent.is_some_and(|accepted| accepted.millionths() == Ratio::ONE) {
        return Err(Error::new(Reason::WrongState, "all of the milestone is accepted already").into());
    }
    Ok(())
}

/// Takes over what an attachment is; whether it is one that the claimant may show.
async fn attach(env: &Env<'_>, engagement: Option<Id<Engagement>>, evidence: &mut Evidence) -> Result<bool, Fail> {
    let Some(id) = evidence.attachment_id else { return Ok(true) };
    let scope = env.scope(Some(READ_ATTACHMENT))?;
    let found: Option<Attachment> = query::find(env.conn, &scope, &id.to_string(), Moment::Now).await?;
    let shown = |found: &Attachment| {
        let shared = found.visibility == AttachmentVisibility::Shared && found.state == AttachmentState::Stored;
        shared && found.deleted_at.is_none() && found.engagement_id.is_some() && found.engagement_id == engagement
    };
    let Some(found) = found.filter(shown) else { return Ok(false) };
    evidence.sha256 = found.sha256;
    evidence.size_bytes = found.size_bytes.map(|size| Long(size.get().into()));
    Ok(true)
}

/// Numbers a new claim, lets it take the place of the one before, opens its review and tells the milestone.
pub(crate) async fn submit(env: &Env<'_>, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let Some(claim) = (after as &mut dyn Any).downcast_mut::<MilestoneUpdate>() else { return Ok(()) };
    let (org, id) = (env.context.caller.organisation(), claim.milestone_id.to_string());
    let milestone: Milestone = get(env, &id).await?;
    let engagement = claim.engagement_id.ok_or_else(Error::internal)?;
    let engagement: Engagement = get(env, &engagement.to_string()).await?;
    claim.number = milestone.update_count + 1;
    claim.resubmission = vendor::count_refusals(env.conn, org, &id).await?;
    if let Some(old) = vendor::find_open_claim(env.conn, org, &id).await? {
        close(env, &old, MilestoneUpdateState::Superseded, "supersede").await?;
    }
    let mut review = open_review(env, claim, &milestone, &engagement);
    if claim.complete {
        term(env, &engagement).await?.start(&mut review, env.now);
    }
    claim.review_id = Some(review.id.into());
    let mut told = milestone.clone();
    told.delivery_state = DeliveryState::Submitted;
    told.claimed_percent = Some(claim.percent);
    told.claimed_forecast_on = claim.forecast_on;
    told.claimed_at = Some(env.now);
    told.latest_update_id = Some(claim.id.into());
    told.update_count = claim.number;
    told.resubmission_count += i32::from(claim.resubmission > 0);
    tell_deliverable(env, &told, false).await?;
    change(env, &milestone, told, "claim", env.now);
    env.change_after(Change::new(ChangeKind::Insert, None, &review, "open", None));
    Ok(())
}

/// Ends an open claim that nobody decides any more, and its review.
async fn close(env: &Env<'_>, old: &MilestoneUpdate, state: MilestoneUpdateState, action: &str) -> Result<(), Fail> {
    let mut closed = old.clone();
    closed.state.go(state)?;
    change(env, old, closed, action, env.now);
    close_review(env, old).await
}

async fn close_review(env: &Env<'_>, claim: &MilestoneUpdate) -> Result<(), Fail> {
    let Some(id) = claim.review_id else { return Ok(()) };
    let review: Review = get(env, &id.to_string()).await?;
    let mut closed = review.clone();
    closed.state.go(ReviewState::Closed)?;
    closed.proposal = None;
    closed.clock = ReviewClock::Ended;
    change(env, &review, closed, "close", env.now);
    Ok(())
}

/// The review of a new claim.
fn open_review(env: &Env<'_>, claim: &MilestoneUpdate, milestone: &Milestone, engagement: &Engagement) -> Review {
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
        id: Id::from_u128(env.new_id()),
        revision: 1,
        created_at: env.now,
        updated_at: env.now,
        created_by: env.actor(),
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

/// What follows from a claim that was withdrawn: only the side that made it may, and the milestone is told what stands.
pub(crate) async fn withdrawn(env: &Env<'_>, claim: &MilestoneUpdate) -> Result<(), Fail> {
    let org = env.context.caller.organisation();
    ledger::take_turn(env.conn, org).await?;
    if env.context.caller.narrow().partner.is_some() == claim.on_behalf {
        return Err(Error::new(Reason::Forbidden, "a claim is withdrawn by the side that made it").into());
    }
    close_review(env, claim).await?;
    let id = claim.milestone_id.to_string();
    let milestone: Milestone = get(env, &id).await?;
    let before = vendor::find_claim_before(env.conn, org, &id, &claim.id.to_string()).await?;
    let mut told = milestone.clone();
    told.claimed_percent = before.as_ref().map(|before| before.percent);
    told.claimed_forecast_on = before.as_ref().and_then(|before| before.forecast_on);
    told.claimed_at = before.as_ref().map(|before| before.created_at);
    told.delivery_state = before.map_or(DeliveryState::Scheduled, |before| delivery_of(before.state, &milestone));
    tell_deliverable(env, &told, false).await?;
    change(env, &milestone, told, "withdraw_claim", env.now);
    Ok(())
}

/// The state of delivery after a claim that was decided.
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

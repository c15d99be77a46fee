//! Verbs of reviews and engagements: who may decide, when review time runs, and the consequences.

use steerco_domain::access::{Permission, find};
use steerco_domain::authority_limit::{AuthorityAct, suffices};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::error::Fault;
use steerco_domain::milestone_update::MilestoneUpdateState;
use steerco_domain::money::{Amount, Money};
use steerco_domain::program::Program;
use steerco_domain::review::{Review, ReviewClock, ReviewState};
use steerco_domain::state::States;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::scope::live_roles;
use steerco_persistence::{Fail, budget, ledger, query, vendor};

use crate::beside::change;
use crate::hooks::{Hooks, hook};
use crate::milestone_delivery::delivery_of;
use crate::milestone_price::check_engagement;
use crate::review_case::{Case, term};
use crate::service::Feature;
use crate::write_context::WriteContext;

const ACCEPT: &Permission = find("review", "accept");

pub(crate) const REVIEW: Feature = Feature::of(Review::KIND, Hooks { on_act: hook!(on_act: reviewed), ..Hooks::NONE });
pub(crate) const ENGAGEMENT: Feature = Feature::of(
    Engagement::KIND,
    Hooks { on_act: hook!(on_act: moved), checks: hook!(checks: check_engagement), ..Hooks::NONE },
);

/// Handles the consequences of a verb on a review.
async fn reviewed(write: &WriteContext<'_>, before: &Review, after: &mut Review, action: &str) -> Result<(), Fail> {
    ledger::take_turn(write.conn, write.context.caller.organisation()).await?;
    let case = Case::read(write, after).await?;
    match action {
        "query" => case.term.stop(after, write.now),
        "answer_query" => run_on(write, &case, after),
        "dispute" => {
            if after.state.is_open() {
                case.term.stop(after, write.now);
            }
            if let Some(dispute) = after.disputes.last_mut() {
                dispute.answer_due_on = case.term.answer_due_on(write.now);
            }
        }
        "answer_dispute" => answered(write, &case, before, after).await?,
        "meet_condition" => {}
        "revoke" => crate::review_acceptance::revoke(write, &case, after).await?,
        _ => decided(write, &case, before, after, action).await?,
    }
    Ok(())
}

/// Resumes the review time, unless something else still stops it.
fn run_on(write: &WriteContext<'_>, case: &Case, review: &mut Review) {
    let held = review.disputed || case.engagement.state != EngagementState::Active;
    if review.state == ReviewState::Open && review.clock == ReviewClock::Stopped && !held {
        case.term.start(review, write.now);
    }
}

/// An answered dispute: the review time resumes, or starts again where the answer reopens the review.
async fn answered(write: &WriteContext<'_>, case: &Case, before: &Review, after: &mut Review) -> Result<(), Fail> {
    if before.state.is_open() {
        run_on(write, case, after);
        return Ok(());
    }
    if after.state != ReviewState::Open {
        return Ok(());
    }
    let org = write.context.caller.organisation();
    let open = vendor::find_open_claim(write.conn, org, &after.milestone_id.to_string()).await?;
    if let Some(open) = open {
        let detail = format!("claim {} of the milestone awaits review: decide that claim instead", open.number);
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    if case.milestone.latest_update_id != Some(case.claim.id.into()) {
        return Err(Error::new(Reason::WrongState, "the milestone has a later claim").into());
    }
    after.percent_before = case.milestone.accepted_percent;
    after.days_left = None;
    case.term.start(after, write.now);
    let mut claim = case.claim.clone();
    claim.state.go(MilestoneUpdateState::Submitted)?;
    change(write, &case.claim, claim, "reopen", write.now);
    let mut milestone = case.milestone.clone();
    milestone.delivery_state = steerco_domain::milestone::DeliveryState::Submitted;
    change(write, &case.milestone, milestone, "claim", write.now);
    Ok(())
}

/// A decision: not by the claimant, within the authority of the reviewer or by two persons. An acceptance updates the
/// milestone.
async fn decided(
    write: &WriteContext<'_>,
    case: &Case,
    before: &Review,
    after: &mut Review,
    action: &str,
) -> Result<(), Fail> {
    let acting = write.acting();
    Review::refuse_claimant(&case.claim.created_by, &acting)?;
    after.clock = ReviewClock::Ended;
    if !after.state.accepts() {
        let mut claim = case.claim.clone();
        claim.state.go(MilestoneUpdateState::Rejected)?;
        let mut milestone = case.milestone.clone();
        milestone.delivery_state = delivery_of(claim.state, &milestone);
        change(write, &case.claim, claim, "reject", write.now);
        change(write, &case.milestone, milestone, "reject", write.now);
        return Ok(());
    }
    let gain = case.price.and_then(|price| after.gain(price));
    if let Some(gain) = gain.filter(|gain| gain.units > 0)
        && !has_authority(write, case, gain).await?
    {
        if action == "confirm" {
            return Err(beyond(gain).into());
        }
        let proposed = after.clone();
        *after = before.clone();
        let person =
            acting.need_person("a claim must be reviewed by a person, and this token does not belong to one")?;
        after.proposal = Some(proposed.as_proposal(person, write.now));
        return Ok(());
    }
    after.accepted_on = Some(case.term.day(write.now));
    crate::review_acceptance::accept(write, case, after).await
}

fn beyond(gain: Money) -> Error {
    let detail = format!(
        "{} {} exceeds your authority for {}",
        Amount::new(gain.units),
        gain.currency.code(),
        AuthorityAct::Acceptance.word()
    );
    let fault = Fault::new("", "BEYOND_AUTHORITY", detail.clone());
    Error { faults: vec![fault], ..Error::new(Reason::Forbidden, detail) }
}

/// Whether a role of the caller over the program has authority for the accepted amount.
async fn has_authority(write: &WriteContext<'_>, case: &Case, gain: Money) -> Result<bool, Fail> {
    let org = write.context.caller.organisation();
    let program = case.milestone.program_id.or_else(|| case.engagement.program_ids.first().copied());
    let program = program.ok_or_else(|| Error::internal("a review has no program"))?.to_string();
    let portfolio = query::find_text(write.conn, org, Program::KIND, &program, "portfolio_id").await?;
    let narrow = write.context.caller.narrow();
    let roles = live_roles(&write.access, narrow, ACCEPT, write.now, &program, portfolio.as_deref());
    let limits = budget::list_limits(write.conn, org).await?;
    Ok(suffices(&limits, write.context.caller.default_authority, &roles, AuthorityAct::Acceptance, gain))
}

/// Members that an engagement requires before it is activated: who is warned before deemed acceptance, the obligations of
/// both sides of a collaboration, and the company that owes accepted work, where the organisation keeps books.
async fn check_activation(write: &WriteContext<'_>, after: &Engagement) -> Result<(), Fail> {
    let mut faults = Vec::new();
    if after.deemed_acceptance && after.reviewer_id.is_none() {
        let detail =
            "claims without a review in time count as accepted: name the person who is warned before the deadline";
        faults.push(Fault::new("/reviewer_id", "REQUIRED", detail));
    }
    if after.is_one_sided() {
        let detail = "a collaboration requires at least one obligation of each side";
        faults.push(Fault::new("/obligations", "REQUIRED", detail));
    }
    let org = write.context.caller.organisation();
    let priced = after.legal_entity_id.is_none().then_some(after.value).flatten();
    if let Some(value) = priced.filter(|value| value.units > 0)
        && vendor::has_legal_entity(write.conn, org).await?
        && vendor::list_commitments(write.conn, org, &after.id.to_string(), value.currency).await?.is_empty()
    {
        let detail = "name the company that owes accepted work, or link a commitment to the engagement: without \
                      either, no accrual can be posted";
        faults.push(Fault::new("/legal_entity_id", "REQUIRED", detail));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

/// Stops the review time of a suspended engagement, and resumes it.
async fn moved(
    write: &WriteContext<'_>,
    before: &Engagement,
    after: &mut Engagement,
    _action: &str,
) -> Result<(), Fail> {
    if before.state == EngagementState::Draft && after.state == EngagementState::Active {
        return check_activation(write, after).await;
    }
    let rests = |engagement: &Engagement| engagement.state == EngagementState::Suspended;
    if before.state == after.state || (!rests(before) && !rests(after)) {
        return Ok(());
    }
    let org = write.context.caller.organisation();
    ledger::take_turn(write.conn, org).await?;
    let term = term(write, after).await?;
    for review in vendor::list_open_reviews(write.conn, org, &after.id.to_string()).await? {
        let mut changed = review.clone();
        if rests(after) {
            term.stop(&mut changed, write.now);
        } else if changed.state == ReviewState::Open && changed.clock == ReviewClock::Stopped && !changed.disputed {
            term.start(&mut changed, write.now);
        }
        change(write, &review, changed, if rests(after) { "stop" } else { "run_on" }, write.now);
    }
    Ok(())
}

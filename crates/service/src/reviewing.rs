//! Acts on claims, reviews and engagements: who may decide, when time runs, and what follows.

use std::any::Any;

use steerco_domain::access::{Row, find};
use steerco_domain::authority_limit::{AuthorityAct, suffices};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::error::Fault;
use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_update::{MilestoneUpdate, MilestoneUpdateState};
use steerco_domain::money::{Amount, Money};
use steerco_domain::program::Program;
use steerco_domain::review::{Review, ReviewClock, ReviewState};
use steerco_domain::review_term::ReviewTerm;
use steerco_domain::state::States;
use steerco_domain::words::Words;
use steerco_domain::{AnyResource, Error, Reason, Resource};
use steerco_persistence::scope::live_roles;
use steerco_persistence::{Fail, budget, ledger, query, vendor};

use crate::claims::{change, get, term};
use crate::execute::Env;

const ACCEPT: &Row = find("review", "accept");

/// What a review is about.
pub(crate) struct Case {
    pub(crate) engagement: Engagement,
    pub(crate) milestone: Milestone,
    pub(crate) claim: MilestoneUpdate,
    pub(crate) term: ReviewTerm,
}

impl Case {
    pub(crate) async fn read(env: &Env<'_>, review: &Review) -> Result<Self, Fail> {
        let engagement = review.engagement_id.ok_or_else(Error::internal)?;
        let engagement: Engagement = get(env, &engagement.to_string()).await?;
        let term = term(env, &engagement).await?;
        let milestone = get(env, &review.milestone_id.to_string()).await?;
        let claim = get(env, &review.milestone_update_id.to_string()).await?;
        Ok(Self { engagement, milestone, claim, term })
    }

    /// What all of the milestone is paid.
    pub(crate) fn price(&self) -> Option<Money> {
        self.milestone.price(self.engagement.value)
    }
}

/// What follows from an act on a claim, a review or an engagement.
pub(crate) async fn acted(
    env: &Env<'_>,
    before: &dyn AnyResource,
    after: &mut dyn AnyResource,
    action: &str,
) -> Result<(), Fail> {
    let (was, is) = (before as &dyn Any, after as &mut dyn Any);
    if let Some(claim) = is.downcast_ref::<MilestoneUpdate>() {
        return crate::claims::withdrawn(env, claim).await;
    }
    if let Some((before, after)) = was.downcast_ref::<Engagement>().zip(is.downcast_ref::<Engagement>()) {
        return moved(env, before, after).await;
    }
    match was.downcast_ref::<Review>().zip(is.downcast_mut::<Review>()) {
        Some((before, after)) => reviewed(env, before, after, action).await,
        None => Ok(()),
    }
}

async fn reviewed(env: &Env<'_>, before: &Review, after: &mut Review, action: &str) -> Result<(), Fail> {
    ledger::take_turn(env.conn, env.context.caller.organisation()).await?;
    let case = Case::read(env, after).await?;
    match action {
        "query" => case.term.stop(after, env.now),
        "answer_query" => run_on(env, &case, after),
        "dispute" => {
            if after.state.is_open() {
                case.term.stop(after, env.now);
            }
            if let Some(dispute) = after.disputes.last_mut() {
                dispute.answer_due_on = case.term.answer_due_on(env.now);
            }
        }
        "answer_dispute" => answered(env, &case, before, after).await?,
        "meet_condition" => {}
        "revoke" => crate::acceptance::revoke(env, &case, after).await?,
        _ => decided(env, &case, before, after, action).await?,
    }
    Ok(())
}

/// Lets the time run on, unless something else still holds it.
fn run_on(env: &Env<'_>, case: &Case, review: &mut Review) {
    let held = review.disputed || case.engagement.state != EngagementState::Active;
    if review.state == ReviewState::Open && review.clock == ReviewClock::Stopped && !held {
        case.term.start(review, env.now);
    }
}

/// A dispute that was answered: the time runs on, or begins anew where the answer opens the review again.
async fn answered(env: &Env<'_>, case: &Case, before: &Review, after: &mut Review) -> Result<(), Fail> {
    if before.state.is_open() {
        run_on(env, case, after);
        return Ok(());
    }
    if after.state != ReviewState::Open {
        return Ok(());
    }
    let org = env.context.caller.organisation();
    let open = vendor::find_open_claim(env.conn, org, &after.milestone_id.to_string()).await?;
    if let Some(open) = open {
        let detail = format!("claim {} of the milestone waits for its review: decide on that one", open.number);
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    if case.milestone.latest_update_id != Some(case.claim.id.into()) {
        return Err(Error::new(Reason::WrongState, "there is a later claim of the milestone").into());
    }
    after.percent_before = case.milestone.accepted_percent;
    after.days_left = None;
    case.term.start(after, env.now);
    let mut claim = case.claim.clone();
    claim.state.go(MilestoneUpdateState::Submitted)?;
    change(env, &case.claim, claim, "reopen", env.now);
    let mut milestone = case.milestone.clone();
    milestone.delivery_state = steerco_domain::milestone::DeliveryState::Submitted;
    change(env, &case.milestone, milestone, "claim", env.now);
    Ok(())
}

/// A decision: by somebody else than the claimant, within authority or by two; an acceptance becomes a fact.
async fn decided(env: &Env<'_>, case: &Case, before: &Review, after: &mut Review, action: &str) -> Result<(), Fail> {
    let acting = env.acting();
    Review::refuse_claimant(&case.claim.created_by, &acting)?;
    after.clock = ReviewClock::Ended;
    if !after.state.accepts() {
        let mut claim = case.claim.clone();
        claim.state.go(MilestoneUpdateState::Rejected)?;
        let mut milestone = case.milestone.clone();
        milestone.delivery_state = crate::claims::delivery_of(claim.state, &milestone);
        change(env, &case.claim, claim, "reject", env.now);
        change(env, &case.milestone, milestone, "reject", env.now);
        return Ok(());
    }
    let gain = case.price().and_then(|price| after.gain(price));
    if let Some(gain) = gain.filter(|gain| gain.units > 0)
        && !has_authority(env, case, gain).await?
    {
        if action == "confirm" {
            return Err(beyond(gain).into());
        }
        let proposed = after.clone();
        *after = before.clone();
        let person = acting.need_person("a claim is reviewed by a person; this token stands for none")?;
        after.proposal = Some(proposed.as_proposal(person, env.now));
        return Ok(());
    }
    after.accepted_on = Some(case.term.day(env.now));
    crate::acceptance::accept(env, case, after).await
}

fn beyond(gain: Money) -> Error {
    let detail = format!(
        "{} {} is beyond your authority for {}",
        Amount::new(gain.units),
        gain.currency.code(),
        AuthorityAct::Acceptance.word()
    );
    let fault = Fault::new("", "BEYOND_AUTHORITY", detail.clone());
    Error { faults: vec![fault], ..Error::new(Reason::Forbidden, detail) }
}

/// Whether a role of the caller over the program reaches what is accepted.
async fn has_authority(env: &Env<'_>, case: &Case, gain: Money) -> Result<bool, Fail> {
    let org = env.context.caller.organisation();
    let program = case.milestone.program_id.or_else(|| case.engagement.program_ids.first().copied());
    let program = program.ok_or_else(Error::internal)?.to_string();
    let portfolio = query::find_text(env.conn, org, Program::KIND, &program, "portfolio_id").await?;
    let narrow = env.context.caller.narrow();
    let roles = live_roles(&env.access, narrow, ACCEPT, env.now, &program, portfolio.as_deref());
    let limits = budget::list_limits(env.conn, org).await?;
    Ok(suffices(&limits, &roles, AuthorityAct::Acceptance, gain))
}

/// What an engagement must say before it is put in force: who is warned before silence counts as acceptance, what both sides
/// of a collaboration owe, and which company owes what is accepted, where the organisation keeps books.
async fn check_activation(env: &Env<'_>, after: &Engagement) -> Result<(), Fail> {
    let mut faults = Vec::new();
    if after.deemed_acceptance && after.reviewer_id.is_none() {
        let detail = "silence counts as acceptance: name the person who is warned before the deadline";
        faults.push(Fault::new("/reviewer_id", "REQUIRED", detail));
    }
    if after.is_one_sided() {
        let detail = "a collaboration has obligations of both sides: name at least one of either";
        faults.push(Fault::new("/obligations", "REQUIRED", detail));
    }
    let org = env.context.caller.organisation();
    let priced = after.legal_entity_id.is_none().then_some(after.value).flatten();
    if let Some(value) = priced.filter(|value| value.units > 0)
        && vendor::has_legal_entity(env.conn, org).await?
        && vendor::list_commitments(env.conn, org, &after.id.to_string(), value.currency).await?.is_empty()
    {
        let detail = "name the company that owes what is accepted, or bind a commitment to the engagement: without \
                      either nothing could be accrued";
        faults.push(Fault::new("/legal_entity_id", "REQUIRED", detail));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

/// An engagement that rests lets the time of its reviews stand still.
async fn moved(env: &Env<'_>, before: &Engagement, after: &Engagement) -> Result<(), Fail> {
    if before.state == EngagementState::Draft && after.state == EngagementState::Active {
        return check_activation(env, after).await;
    }
    let rests = |engagement: &Engagement| engagement.state == EngagementState::Suspended;
    if before.state == after.state || (!rests(before) && !rests(after)) {
        return Ok(());
    }
    let org = env.context.caller.organisation();
    ledger::take_turn(env.conn, org).await?;
    let term = term(env, after).await?;
    for review in vendor::list_open_reviews(env.conn, org, &after.id.to_string()).await? {
        let mut changed = review.clone();
        if rests(after) {
            term.stop(&mut changed, env.now);
        } else if changed.state == ReviewState::Open && changed.clock == ReviewClock::Stopped && !changed.disputed {
            term.start(&mut changed, env.now);
        }
        change(env, &review, changed, if rests(after) { "stop" } else { "run_on" }, env.now);
    }
    Ok(())
}

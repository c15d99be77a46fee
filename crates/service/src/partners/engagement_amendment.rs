//! Amendments and their engagements: the approval of an amendment changes the engagement in the same transaction.

use steerco_domain::access::{Permission, find};
use steerco_domain::authority_limit::AuthorityAct;
use steerco_domain::engagement::Engagement;
use steerco_domain::engagement_amendment::{EngagementAmendment, EngagementAmendmentState};
use steerco_domain::error::Fault;
use steerco_domain::money::Money;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Change, ChangeKind, Fail, account, ledger, query};

use crate::budget::{Authority, check_authority};
use crate::hooks::{Hooks, hook, settle};
use crate::service::Feature;
use crate::write_context::WriteContext;

const APPROVE: &Permission = find("engagement_amendment", "approve");

pub(crate) const ENGAGEMENT_AMENDMENT: Feature =
    Feature::of(EngagementAmendment::KIND, Hooks { on_act: hook!(on_act: amend), ..Hooks::NONE });

/// Applies an approved amendment to its engagement, which is locked, so that numbers have no gaps and values add up.
async fn amend(
    write: &WriteContext<'_>,
    before: &EngagementAmendment,
    amendment: &mut EngagementAmendment,
    _action: &str,
) -> Result<(), Fail> {
    let approved = EngagementAmendmentState::Approved;
    if before.state != EngagementAmendmentState::Submitted || amendment.state != approved {
        return Ok(());
    }
    let (scope, id) = (write.scope(Some(APPROVE))?, amendment.engagement_id.to_string());
    // The ledger lock is taken before the engagement is locked, in the same order as when milestones are priced.
    ledger::take_turn(write.conn, scope.org()).await?;
    let held = query::find_for_update::<Engagement>(write.conn, &scope, &id).await?;
    let old = held.filter(|held| held.deleted_at.is_none()).ok_or_else(|| Error::not_found(Engagement::KIND.name))?;
    if let Some(Money { units, currency }) = amendment.value_change {
        let amount = Money::new(units.saturating_abs(), currency);
        let act = AuthorityAct::EngagementAmendment;
        let wanted = Authority { act, permission: APPROVE, amount, pointer: "/value_change/amount" };
        for program in &old.program_ids {
            check_authority(write, *program, &wanted).await?;
        }
    }
    let mut new = old.clone();
    amendment.apply(&mut new)?;
    settle(&mut new)?;
    check_value(write, &old, &new).await?;
    new.revision += 1;
    new.updated_at = write.now;
    write.change_also(Change::new(ChangeKind::Update, Some(&old), &new, "amend", None));
    Ok(())
}

/// The value must not fall below the payments of its milestones, nor below the amount already charged.
async fn check_value(write: &WriteContext<'_>, old: &Engagement, new: &Engagement) -> Result<(), Fail> {
    let mut faults = Vec::new();
    crate::milestone_price::check_engagement(write, Some(old), new, &mut faults).await?;
    let charged = account::read(write.conn, write.context.caller.organisation(), new.clone(), None).await?;
    if charged.left_of_value().is_some_and(|left| left < 0) {
        faults.push(Fault::new("/value/amount", "INSUFFICIENT", "a larger amount has already been charged"));
    }
    for fault in &mut faults {
        fault.pointer = fault.pointer.replacen("/value", "/value_change", 1);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

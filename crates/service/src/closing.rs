//! What closing a period stores, and when a period may go.

use std::any::Any;

use steerco_domain::field::Long;
use steerco_domain::fiscal_period::{AccountTotal, FiscalPeriod, FiscalPeriodState};
use steerco_domain::money::Amount;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::{Fail, ledger};

use crate::execute::Env;

/// Adds to a period that is being closed what its accounts come to. Its row is held, so that nothing is posted to it
/// meanwhile.
pub(crate) async fn total<R: Resource>(env: &Env<'_>, before: &R, after: &mut R) -> Result<(), Fail> {
    let state = |resource: &dyn Any| resource.downcast_ref::<FiscalPeriod>().map(|period| period.state);
    let closes = state(after) == Some(FiscalPeriodState::Closed) && state(before) != Some(FiscalPeriodState::Closed);
    let Some(period) = (after as &mut dyn Any).downcast_mut::<FiscalPeriod>().filter(|_| closes) else { return Ok(()) };
    let (org, id) = (env.context.caller.organisation(), period.id.to_string());
    let totals = ledger::list_totals(env.conn, org, &id).await?;
    let total = |(account, money, entries): (_, steerco_domain::money::Money, i64)| AccountTotal {
        account,
        currency: money.currency,
        amount: Amount::new(money.units),
        entry_count: i32::try_from(entries).unwrap_or(i32::MAX),
    };
    period.closing_totals = totals.into_iter().map(total).collect();
    period.closing_sequence = ledger::last_posting(env.conn, org, &id).await?.map(Long);
    Ok(())
}

/// A period to which something was posted stays.
pub(crate) async fn check_unused<R: Resource>(env: &Env<'_>, id: &str) -> Result<(), Fail> {
    if R::KIND.name != FiscalPeriod::KIND.name {
        return Ok(());
    }
    if ledger::list_totals(env.conn, env.context.caller.organisation(), id).await?.is_empty() {
        return Ok(());
    }
    Err(Error::new(Reason::HasChildren, "costs were posted to it, so it stays").into())
}

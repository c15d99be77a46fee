//! What closing a period stores, and when a period may go.

use std::any::Any;

use steerco_domain::field::Long;
use steerco_domain::financials::Balance;
use steerco_domain::fiscal_period::{AccountTotal, FiscalPeriod, FiscalPeriodState};
use steerco_domain::money::Amount;
use steerco_domain::resource::Kind;
use steerco_domain::text::Text;
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::{Fail, financials, ledger, log};

use crate::execute::WriteContext;

/// Adds to a period that is being closed what its accounts come to. Its row is held, so that nothing is posted to it
/// meanwhile.
pub(crate) async fn total(
    write: &WriteContext<'_>,
    before: &dyn AnyResource,
    after: &mut dyn AnyResource,
) -> Result<(), Fail> {
    let state = |resource: &dyn Any| resource.downcast_ref::<FiscalPeriod>().map(|period| period.state);
    let closes = state(after) == Some(FiscalPeriodState::Closed) && state(before) != Some(FiscalPeriodState::Closed);
    let Some(period) = (after as &mut dyn Any).downcast_mut::<FiscalPeriod>().filter(|_| closes) else { return Ok(()) };
    let (org, id) = (write.context.caller.organisation(), period.id.to_string());
    let too_much = || Error::new(Reason::Invalid, "what an account comes to is beyond what an amount holds");
    let total = |balance: Balance| {
        Ok(AccountTotal {
            account: balance.account,
            currency: balance.currency,
            amount: Amount::new(i64::try_from(balance.units).map_err(|_| too_much())?),
            entry_count: i32::try_from(balance.entries).unwrap_or(i32::MAX),
        })
    };
    let balances = financials::of_period(write.conn, org, &id).await?;
    period.closing_totals = balances.into_iter().map(total).collect::<Result<_, Error>>()?;
    period.closing_sequence = ledger::last_posting(write.conn, org, &id).await?.map(Long);
    let last = log::last_change(write.conn, org).await?;
    period.closing_log_sequence = last.as_ref().map(|(seq, _)| Long(*seq));
    period.closing_log_hash = last.and_then(|(_, hash)| Text::parse(&hash).ok());
    Ok(())
}

/// What money stands under stays.
pub(crate) async fn check_unused(write: &WriteContext<'_>, kind: &Kind, id: &str) -> Result<(), Fail> {
    let column = match kind.name {
        "program" => "program_id",
        "project" => "project_id",
        "fiscal_period" => "fiscal_period_id",
        "cost_category" => "cost_category_id",
        _ => return Ok(()),
    };
    if !financials::is_used(write.conn, write.context.caller.organisation(), column, id).await? {
        return Ok(());
    }
    Err(Error::new(Reason::HasChildren, "there is money under it in the ledger, so it stays").into())
}

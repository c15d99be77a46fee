//! Totals that are stored when a fiscal period is closed.

use steerco_domain::field::Long;
use steerco_domain::financials::Balance;
use steerco_domain::fiscal_period::{AccountTotal, FiscalPeriod, FiscalPeriodState};
use steerco_domain::money::Amount;
use steerco_domain::text::Text;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::{Fail, financials, ledger, log};

use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::standing::check_unused;
use crate::write_context::WriteContext;

pub(crate) const FISCAL_PERIOD: Feature = Feature::of(
    FiscalPeriod::KIND,
    Hooks {
        on_act: hook!(on_act: total),
        on_delete: Some(|write, id| Box::pin(check_unused(write, "fiscal_period_id", id))),
        ..Hooks::NONE
    },
);

/// Adds the totals of its accounts to a period that is being closed. The row of the period is locked, so that nothing is
/// posted to it meanwhile.
async fn total(
    write: &WriteContext<'_>,
    before: &FiscalPeriod,
    period: &mut FiscalPeriod,
    _action: &str,
) -> Result<(), Fail> {
    if period.state != FiscalPeriodState::Closed || before.state == FiscalPeriodState::Closed {
        return Ok(());
    }
    let (org, id) = (write.context.caller.organisation(), period.id.to_string());
    let too_much = || Error::new(Reason::Invalid, "the total of an account exceeds the range of an amount");
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

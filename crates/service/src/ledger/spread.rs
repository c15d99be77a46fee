//! Divides lines of budgets and forecasts that are given over several periods into one line per period.

use steerco_domain::error::Fault;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::Currency;
use steerco_domain::spread::{self, PeriodLine};
use steerco_domain::{AnyResource, Error};
use steerco_persistence::{Fail, ledger};

use crate::write_context::WriteContext;

/// Finishes a plan whose lines were divided again: the fault of a divided line points to the line as it was given.
pub(crate) fn settle_divided(plan: &mut dyn AnyResource, given: Option<Vec<usize>>) -> Result<(), Fail> {
    let Some(given) = given else { return Ok(()) };
    let mut faults = Vec::new();
    plan.derive_and_check(&mut faults);
    let mut faults: Vec<Fault> = faults.into_iter().map(|fault| where_given(fault, &given)).collect();
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

fn where_given(mut fault: Fault, given: &[usize]) -> Fault {
    let place = fault.pointer.strip_prefix("/lines/").and_then(|place| place.parse::<usize>().ok());
    if let Some(place) = place.and_then(|place| given.get(place)) {
        fault.pointer = format!("/lines/{place}");
    }
    fault
}

/// Divides lines that are given over several periods. Returns for each line the index of the given line; none if no line
/// spans several periods.
pub(crate) async fn divide<L: PeriodLine>(
    write: &WriteContext<'_>,
    entity: Id<LegalEntity>,
    currency: Currency,
    lines: &mut Vec<L>,
    max: usize,
) -> Result<Option<Vec<usize>>, Fail> {
    if lines.iter().all(|line| matches!(line.span(), (_, None, None))) {
        return Ok(None);
    }
    let org = write.context.caller.organisation();
    let periods = ledger::hold_periods(write.conn, org, &entity.to_string(), None).await?;
    let mut faults = Vec::new();
    let spread = spread::spread(lines, currency, &periods, max, &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults).into());
    }
    let (given, divided) = spread.into_iter().unzip();
    *lines = divided;
    Ok(Some(given))
}

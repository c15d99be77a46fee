//! Lines of budgets and forecasts that are given over several periods become lines of each.

use std::any::Any;

use steerco_domain::budget::{BUDGET_LINES_MAX, Budget};
use steerco_domain::error::Fault;
use steerco_domain::forecast::{FORECAST_LINES_MAX, Forecast};
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::Currency;
use steerco_domain::spread::{self, PeriodLine};
use steerco_domain::{AnyResource, Error};
use steerco_persistence::{Fail, ledger};

use crate::execute::WriteContext;

/// Divides what is given over several periods among them.
pub(crate) async fn spread(write: &WriteContext<'_>, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let any = after as &mut dyn Any;
    let given = if let Some(budget) = any.downcast_mut::<Budget>() {
        let (entity, currency) = (budget.legal_entity_id, budget.currency);
        divide(write, entity, currency, &mut budget.lines.0, BUDGET_LINES_MAX).await?
    } else if let Some(forecast) = any.downcast_mut::<Forecast>() {
        let (entity, currency) = (forecast.legal_entity_id, forecast.currency);
        divide(write, entity, currency, &mut forecast.lines.0, FORECAST_LINES_MAX).await?
    } else {
        None
    };
    let Some(given) = given else { return Ok(()) };
    let mut faults = Vec::new();
    after.settle(&mut faults);
    // A fault of a line is found where the line was given.
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

/// For each line the place where it was given; none where nothing is given over several periods.
async fn divide<L: PeriodLine>(
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

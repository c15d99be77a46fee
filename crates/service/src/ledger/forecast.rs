//! Forecasts and the ledger: their numbers, the periods of their lines, and the entries that submitting one posts.

use std::collections::{BTreeSet, HashMap};

use steerco_domain::budget::BudgetCell;
use steerco_domain::error::Fault;
use steerco_domain::forecast::{FORECAST_LINES_MAX, Forecast, ForecastState};
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntryType};
use steerco_domain::state::States;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Change, ChangeKind, Fail, budget, forecast, ledger};

use crate::budget::{Books, Named, Posting, difference, too_much};
use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::spread::{divide, settle_divided};
use crate::write_context::WriteContext;

pub(crate) const FORECAST: Feature = Feature::of(
    Forecast::KIND,
    Hooks {
        on_create: hook!(on_create: number),
        on_act: hook!(on_act: submit),
        checks: hook!(checks: check),
        on_checked: hook!(on_checked: spread),
        ..Hooks::NONE
    },
);

/// Numbers a new forecast.
async fn number(write: &WriteContext<'_>, new: &mut Forecast) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    ledger::take_turn(write.conn, org).await?;
    let last = forecast::last_version(write.conn, org, new).await?;
    new.version = write.next_number(&format!("{} {}", new.program_id, new.legal_entity_id), last);
    Ok(())
}

/// Checks that the references of a forecast belong together.
async fn check(
    write: &WriteContext<'_>,
    _before: Option<&Forecast>,
    forecast: &Forecast,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    let mut named = Named::default();
    named.period("/first_fiscal_period_id", forecast.first_fiscal_period_id);
    for (i, line) in forecast.lines.0.iter().enumerate() {
        named.period(format!("/lines/{i}/fiscal_period_id"), line.fiscal_period_id);
        named.period(format!("/lines/{i}/last_fiscal_period_id"), line.last_fiscal_period_id);
        named.project(format!("/lines/{i}/project_id"), line.project_id, forecast.program_id);
    }
    let books = named.check_periods(write, forecast.legal_entity_id, faults).await?;
    check_lines(&books, forecast, faults);
    named.check_projects(write, faults).await
}

/// Divides forecast lines that are given over several periods among the periods.
async fn spread(write: &WriteContext<'_>, forecast: &mut Forecast) -> Result<(), Fail> {
    let (entity, currency) = (forecast.legal_entity_id, forecast.currency);
    let given = divide(write, entity, currency, &mut forecast.lines.0, FORECAST_LINES_MAX).await?;
    settle_divided(forecast, given)
}

/// Rejects lines before the first period of the forecast.
fn check_lines(books: &Books, forecast: &Forecast, faults: &mut Vec<Fault>) {
    let Some(first) = books.periods.get(&forecast.first_fiscal_period_id) else { return };
    for (i, line) in forecast.lines.0.iter().enumerate() {
        let period = books.periods.get(&line.fiscal_period_id);
        if let Some(period) = period.filter(|period| period.starts_on < first.starts_on) {
            let detail = format!("{} is before {}, the first period of the forecast", period.name, first.name);
            faults.push(Fault::new(format!("/lines/{i}/fiscal_period_id"), "OUT_OF_RANGE", detail));
        }
    }
}

/// Posts a submitted forecast: the difference between the current estimate at completion and the new one.
async fn submit(write: &WriteContext<'_>, before: &Forecast, new: &mut Forecast, _action: &str) -> Result<(), Fail> {
    if before.state != ForecastState::Draft || new.state != ForecastState::Submitted {
        return Ok(());
    }
    let org = write.context.caller.organisation();
    let books = Books::read(write, new.legal_entity_id).await?;
    ledger::take_turn(write.conn, org).await?;
    check_open(&books, new)?;
    let wanted = at_completion(write, &books, new).await?;
    let all: BTreeSet<String> = books.periods.keys().map(ToString::to_string).collect();
    let program = new.program_id.to_string();
    let standing = budget::list_cells(write.conn, org, &program, &all, &[LedgerAccount::Forecast]).await?;
    if let Some(old) = forecast::find_in_force(write.conn, org, new).await? {
        let mut done = old.clone();
        done.state.go(ForecastState::Superseded)?;
        done.revision += 1;
        done.updated_at = write.now;
        new.supersedes_id = Some(old.id);
        write.change_also(Change::new(ChangeKind::Update, Some(&old), &done, "supersede", None));
    }
    let mut posting = Posting::new(write, new.legal_entity_id, new.currency);
    for (_, cell, units) in difference(wanted, standing)? {
        posting.add(LedgerEntryType::Forecast, new.program_id, &cell, units)?.forecast_id = Some(new.id);
    }
    (new.entry_count, new.entries_sha256) = posting.post(write)?;
    Ok(())
}

/// Periods that are estimated must be open. Earlier periods may be closed, because they only repeat actuals.
fn check_open(books: &Books, new: &Forecast) -> Result<(), Error> {
    let first = ("/first_fiscal_period_id".to_owned(), new.first_fiscal_period_id);
    let lines = new.lines.0.iter().enumerate();
    let lines = lines.map(|(i, line)| (format!("/lines/{i}/fiscal_period_id"), line.fiscal_period_id));
    let refused = |(pointer, id)| {
        let (code, detail) = books.refusal(id, "and cannot be forecast")?;
        Some(Fault::new(pointer, code, detail))
    };
    let faults: Vec<Fault> = std::iter::once(first).chain(lines).filter_map(refused).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// The estimate at completion by cell: spent and accrued amounts before the first period, then the lines.
async fn at_completion(
    write: &WriteContext<'_>,
    books: &Books,
    new: &Forecast,
) -> Result<Vec<(String, BudgetCell, i64)>, Fail> {
    let first = books.periods.get(&new.first_fiscal_period_id).map(|period| period.starts_on);
    let earlier = books.periods.values().filter(|period| first.is_some_and(|first| period.starts_on < first));
    let earlier: BTreeSet<String> = earlier.map(|period| period.id.to_string()).collect();
    let (org, program) = (write.context.caller.organisation(), new.program_id.to_string());
    let accounts = [LedgerAccount::Cost, LedgerAccount::Accrual];
    let mut cells: Vec<(String, BudgetCell, i64)> = Vec::new();
    let mut places: HashMap<BudgetCell, usize> = HashMap::new();
    for (cell, units) in budget::list_cells(write.conn, org, &program, &earlier, &accounts).await? {
        let cell = BudgetCell { account: LedgerAccount::Forecast, ..cell };
        let place = *places.entry(cell).or_insert(cells.len());
        match cells.get_mut(place) {
            Some((_, _, sum)) => *sum = sum.checked_add(units).ok_or_else(too_much)?,
            None => cells.push((String::new(), cell, units)),
        }
    }
    cells.extend(new.cells().enumerate().map(|(i, (cell, units))| (format!("/lines/{i}"), cell, units)));
    Ok(cells)
}

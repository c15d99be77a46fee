//! The fiscal periods of lines of actuals.

use steerco_domain::Resource;
use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::fiscal_calendar::{FiscalCalendar, LateLines};
use steerco_domain::fiscal_period::{FiscalPeriod, FiscalPeriodState};
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::words::Words;
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope, ledger};

use crate::actuals_sent::Sent;
use crate::write_context::WriteContext;

/// The fiscal periods that lines may be posted to.
pub(crate) struct Periods {
    all: Vec<FiscalPeriod>,
    late: LateLines,
    adjusting: bool,
}

impl Periods {
    pub(crate) async fn read(
        write: &WriteContext<'_>,
        scope: &Scope,
        entity: &LegalEntity,
        sent: &Sent,
    ) -> Result<Self, Fail> {
        let sight = write.scope(Some(FiscalCalendar::KIND.rows.read))?;
        let id = entity.fiscal_calendar_id.to_string();
        let calendar = query::find::<FiscalCalendar>(write.conn, &sight, &id, Moment::Now).await?;
        let calendar = calendar.ok_or_else(|| Fail::broken(format!("the calendar {id} is missing")))?;
        let first = sent.first_day.filter(|_| !sent.names_periods && !sent.batch.corrections);
        let all = ledger::hold_periods(write.conn, scope.org(), &entity.id.to_string(), first).await?;
        Ok(Self { all, late: calendar.late_lines, adjusting: sent.batch.adjusting })
    }

    fn takes(&self, period: &FiscalPeriod) -> bool {
        match period.state {
            FiscalPeriodState::Open => true,
            FiscalPeriodState::Closing => self.adjusting,
            FiscalPeriodState::Closed => false,
        }
    }

    /// The period to which a line is posted and, where that is a later one, the period it belongs to; or an error code and
    /// text.
    #[expect(clippy::type_complexity, reason = "the two periods, or code and text")]
    pub(crate) fn of(
        &self,
        line: &ActualsLine,
    ) -> Result<(Id<FiscalPeriod>, Option<Id<FiscalPeriod>>), (&'static str, String)> {
        let holds = |period: &&FiscalPeriod| match line.fiscal_period_id {
            Some(id) => period.id == id,
            None => !period.adjustment && (period.starts_on..=period.ends_on).contains(&line.posted_on),
        };
        let Some(period) = self.all.iter().find(holds) else {
            let missing = || format!("no fiscal period contains {}: create it", line.posted_on);
            let unknown = |_| "the legal entity has no such fiscal period".to_owned();
            return Err(("NO_PERIOD", line.fiscal_period_id.map_or_else(missing, unknown)));
        };
        if self.takes(period) {
            return Ok((period.id, None));
        }
        let next = self.next_open(period);
        let state = period.state.word();
        match (next, self.late) {
            (Some(next), LateLines::NextOpen) => Ok((next.id, Some(period.id))),
            (Some(next), LateLines::Refuse) => {
                Err(("PERIOD_CLOSED", format!("{} is {state}; the next open period is {}", period.name, next.name)))
            }
            (None, _) => Err(("PERIOD_CLOSED", format!("{} is {state}, and no later period is open", period.name))),
        }
    }

    /// The period of the reversal of an entry: its own, or the next open one where that takes nothing any more. So a
    /// correction into another period takes the cost from where it is.
    pub(crate) fn of_reversal(&self, old: &LedgerEntry) -> Result<Id<FiscalPeriod>, (&'static str, String)> {
        let Some(own) = self.all.iter().find(|period| period.id == old.fiscal_period_id) else {
            return Err(("NO_PERIOD", format!("the fiscal period of the entry {} does not exist", old.id)));
        };
        let period = if self.takes(own) { Some(own) } else { self.next_open(own) };
        let state = own.state.word();
        let closed = || format!("{} holds the entry to correct and is {state}, and no later period is open", own.name);
        period.map(|period| period.id).ok_or_else(|| ("PERIOD_CLOSED", closed()))
    }

    fn next_open(&self, own: &FiscalPeriod) -> Option<&FiscalPeriod> {
        let open = |next: &&FiscalPeriod| next.state == FiscalPeriodState::Open;
        self.all.iter().filter(|next| !next.adjustment && next.starts_on > own.starts_on).find(open)
    }
}

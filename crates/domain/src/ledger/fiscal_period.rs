//! Fiscal periods: open, closing or closed, separately for each legal entity.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault, Reason};
use crate::field::{Long, Whole};
use crate::fiscal_calendar::FiscalCalendar;
use crate::id::Id;
use crate::ledger_account::LedgerAccount;
use crate::legal_entity::LegalEntity;
use crate::money::{Amount, Currency};
use crate::person::Person;
use crate::resource::{Acting, Resource, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};
use crate::words::Words;

/// A period of the books of a legal entity. Open periods take costs. Closing periods take only adjusting entries of finance.
/// Closed periods take no postings.
#[resource(
    prefix = "fper",
    plural = "fiscal_periods",
    scope = "Organisation",
    verbs(
        StartClosingFiscalPeriod,
        CancelClosingFiscalPeriod,
        CloseFiscalPeriod,
        RequestReopenFiscalPeriod,
        ReopenFiscalPeriod,
    ),
    rights("reconcile", "propose_accruals")
)]
pub struct FiscalPeriod {
    /// The legal entity of the books.
    #[field(create, filter, parent)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The calendar that defines it: the calendar of the legal entity.
    #[field(inherited, filter)]
    pub fiscal_calendar_id: Option<Id<FiscalCalendar>>,
    /// The fiscal year, named by the calendar year in which it ends.
    #[field(create, filter)]
    pub fiscal_year: Whole<1900, 2200>,
    /// Number in that year, from 1; adjustment periods follow the twelfth period.
    #[field(create, filter)]
    pub number: Whole<1, 16>,
    /// Year and number, such as `2026-P03`; unique in the books of a legal entity.
    #[field(filter)]
    pub name: Text<20>,
    /// First day.
    #[field(filter)]
    pub starts_on: Day,
    /// Last day.
    #[field(filter)]
    pub ends_on: Day,
    /// Whether it takes adjusting entries only: no cost is assigned to it by date.
    #[field(filter)]
    pub adjustment: bool,
    /// State of the period.
    #[field(filter)]
    pub state: FiscalPeriodState,
    /// The person who closed it last.
    #[field(system)]
    pub closed_by: Option<Id<Person>>,
    /// When it was closed last (UTC).
    #[field(filter)]
    pub closed_at: Option<Instant>,
    /// Balances of its accounts when it was closed last.
    #[field(system)]
    pub closing_totals: Vec<AccountTotal>,
    /// Sequence number of the last posting that these balances include, in the organisation's sequence of changes.
    #[field(system)]
    pub closing_sequence: Option<Long>,
    /// The person who requested that it be reopened, while the request is open.
    #[field(system)]
    pub reopening_asked_by: Option<Id<Person>>,
    /// Reason of the current or last request to reopen it.
    #[field(system)]
    pub reopening_reason: Option<Text<1000>>,
    /// Number of the last change of the organisation before it was closed last.
    #[field(system)]
    pub closing_log_sequence: Option<Long>,
    /// Hash of that change: the head of the hash-chained log, which seals every earlier change.
    #[field(system)]
    pub closing_log_hash: Option<Text<64>>,
}

/// State of a period.
#[words(states)]
#[derive(Default)]
pub enum FiscalPeriodState {
    /// Takes costs.
    #[default]
    Open,
    /// Takes only adjusting entries of finance.
    Closing,
    /// Takes no postings.
    Closed,
}

/// Balance of an account in one currency.
#[input(value)]
pub struct AccountTotal {
    /// The account.
    pub account: LedgerAccount,
    /// Its currency.
    pub currency: Currency,
    /// Debits less credits.
    pub amount: Amount,
    /// Number of debit and credit entries.
    pub entry_count: i32,
}

impl States for FiscalPeriodState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Open, &[Self::Closing]), (Self::Closing, &[Self::Closed, Self::Open]), (Self::Closed, &[Self::Open])];
}

impl Rules for FiscalPeriod {
    fn context_of(&self) -> Option<(&'static str, String)> {
        self.fiscal_calendar_id.map(|id| (FiscalCalendar::KIND.name, id.to_string()))
    }

    fn take_context(&mut self, from: &dyn std::any::Any, faults: &mut Vec<Fault>) {
        let Some(calendar) = from.downcast_ref::<FiscalCalendar>() else { return };
        let (year, number) = (self.fiscal_year.get(), self.number.get());
        let Some(span) = calendar.period(year, number) else {
            let last = crate::fiscal_calendar::PERIODS + calendar.adjustment_periods.map_or(0, Whole::get);
            let detail = format!("the calendar of this legal entity has the periods 1 to {last}");
            faults.push(Fault::new("/number", "OUT_OF_RANGE", detail));
            return;
        };
        (self.starts_on, self.ends_on, self.adjustment) = (span.starts_on, span.ends_on, span.adjustment);
        self.name = Text::ours(format!("{year}-P{number:02}"));
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.state == FiscalPeriodState::Open {
            return Ok(());
        }
        Err(Error::new(Reason::WrongState, format!("{} is {} and cannot be deleted", self.name, self.state.word())))
    }
}

/// Starts closing a period: it then takes only adjusting entries of finance.
#[input]
pub struct StartClosingFiscalPeriod {}

impl Verb for StartClosingFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "start_closing";
    fn decide(&self, on: &mut FiscalPeriod, _now: Instant) -> Result<(), Error> {
        on.state.go(FiscalPeriodState::Closing)
    }
}

/// Opens a closing period for costs again.
#[input]
pub struct CancelClosingFiscalPeriod {}

impl Verb for CancelClosingFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "cancel_closing";
    fn decide(&self, on: &mut FiscalPeriod, _now: Instant) -> Result<(), Error> {
        if on.state == FiscalPeriodState::Closed {
            return Err(Error::new(Reason::WrongState, "two people are required to reopen a closed period"));
        }
        on.state.go(FiscalPeriodState::Open)
    }
}

/// Closes a closing period and records the balances of its accounts.
#[input]
pub struct CloseFiscalPeriod {}

impl Verb for CloseFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "close";
    fn decide_by(&self, on: &mut FiscalPeriod, acting: &Acting) -> Result<(), Error> {
        let person = person(acting)?;
        on.state.go(FiscalPeriodState::Closed)?;
        on.closed_by = Some(person);
        on.closed_at = Some(acting.now);
        on.reopening_asked_by = None;
        on.reopening_reason = None;
        Ok(())
    }
}

/// Requests that a closed period be reopened. Another person reopens it.
#[input]
pub struct RequestReopenFiscalPeriod {
    /// Reason.
    pub reason: Text<1000>,
}

impl Verb for RequestReopenFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "request_reopen";
    fn decide_by(&self, on: &mut FiscalPeriod, acting: &Acting) -> Result<(), Error> {
        if on.state != FiscalPeriodState::Closed {
            return Err(Error::new(Reason::WrongState, format!("{} is not closed", on.name)));
        }
        on.reopening_asked_by = Some(person(acting)?);
        on.reopening_reason = Some(self.reason.clone());
        Ok(())
    }
}

/// Reopens a closed period. The request must come from another person.
#[input]
pub struct ReopenFiscalPeriod {}

impl Verb for ReopenFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "reopen";
    fn decide_by(&self, on: &mut FiscalPeriod, acting: &Acting) -> Result<(), Error> {
        let person = person(acting)?;
        let Some(asked) = on.reopening_asked_by.filter(|_| on.state == FiscalPeriodState::Closed) else {
            return Err(Error::new(Reason::WrongState, "no request to reopen the period is open"));
        };
        if asked == person {
            return Err(Error::new(
                Reason::Forbidden,
                "a period must be reopened by another person than the requester",
            ));
        }
        on.state.go(FiscalPeriodState::Open)?;
        on.reopening_asked_by = None;
        Ok(())
    }
}

fn person(acting: &Acting) -> Result<Id<Person>, Error> {
    acting.need_person("only a person closes and reopens periods")
}

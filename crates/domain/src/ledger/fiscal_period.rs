//! Fiscal periods: open, closing, closed, for each legal entity by itself.

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

/// A period of the books of a legal entity. Costs are posted to open periods, adjusting entries of finance also to closing
/// ones, and nothing to closed ones.
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
    /// The company whose books it is of.
    #[field(create, filter, parent)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The calendar that lays it out: that of the company.
    #[field(inherited, filter)]
    pub fiscal_calendar_id: Option<Id<FiscalCalendar>>,
    /// The fiscal year, named by the calendar year in which it ends.
    #[field(create, filter)]
    pub fiscal_year: Whole<1900, 2200>,
    /// Its number in that year, from 1; adjustment periods come after the twelfth.
    #[field(create, filter)]
    pub number: Whole<1, 16>,
    /// Year and number, such as `2026-P03`; once in the books of a company.
    #[field(filter)]
    pub name: Text<20>,
    /// Its first day.
    #[field(filter)]
    pub starts_on: Day,
    /// Its last day.
    #[field(filter)]
    pub ends_on: Day,
    /// Whether it is for adjusting entries only: no cost comes to it by its date.
    #[field(filter)]
    pub adjustment: bool,
    /// Where it is in its life.
    #[field(filter)]
    pub state: FiscalPeriodState,
    /// Who closed it last.
    #[field(system)]
    pub closed_by: Option<Id<Person>>,
    /// When it was closed last (UTC).
    #[field(filter)]
    pub closed_at: Option<Instant>,
    /// What its accounts came to when it was closed last.
    #[field(system)]
    pub closing_totals: Vec<AccountTotal>,
    /// Number in the organisation's sequence of changes of the last posting that these count in.
    #[field(system)]
    pub closing_sequence: Option<Long>,
    /// Who asked for it to be reopened, while that is asked.
    #[field(system)]
    pub reopening_asked_by: Option<Id<Person>>,
    /// Why it is to be reopened, or was reopened last.
    #[field(system)]
    pub reopening_reason: Option<Text<1000>>,
    /// Number of the last change of the organisation before it was closed last.
    #[field(system)]
    pub closing_log_sequence: Option<Long>,
    /// The hash of that change: the head of the log, in which everything before it is sealed.
    #[field(system)]
    pub closing_log_hash: Option<Text<64>>,
}

/// Where a period is in its life.
#[words(states)]
#[derive(Default)]
pub enum FiscalPeriodState {
    /// Takes costs.
    #[default]
    Open,
    /// Takes adjusting entries of finance only.
    Closing,
    /// Takes nothing.
    Closed,
}

/// What an account came to in a currency.
#[input(value)]
pub struct AccountTotal {
    /// The account.
    pub account: LedgerAccount,
    /// Its currency.
    pub currency: Currency,
    /// What was debited less what was credited.
    pub amount: Amount,
    /// Entries on either side.
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
            let detail = format!("the calendar of this company has the periods 1 to {last}");
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
        Err(Error::new(Reason::WrongState, format!("{} is {}, and stays", self.name, self.state.word())))
    }
}

/// Lets a period take adjusting entries of finance only.
#[input]
pub struct StartClosingFiscalPeriod {}

impl Verb for StartClosingFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "start_closing";
    fn decide(&self, on: &mut FiscalPeriod, _now: Instant) -> Result<(), Error> {
        on.state.go(FiscalPeriodState::Closing)
    }
}

/// Lets a closing period take costs again.
#[input]
pub struct CancelClosingFiscalPeriod {}

impl Verb for CancelClosingFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "cancel_closing";
    fn decide(&self, on: &mut FiscalPeriod, _now: Instant) -> Result<(), Error> {
        if on.state == FiscalPeriodState::Closed {
            return Err(Error::new(Reason::WrongState, "a closed period is reopened by two people"));
        }
        on.state.go(FiscalPeriodState::Open)
    }
}

/// Closes a closing period, with what its accounts come to.
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

/// Asks for a closed period to be reopened; another person does it.
#[input]
pub struct RequestReopenFiscalPeriod {
    /// Why.
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

/// Reopens a closed period, which somebody else has asked for.
#[input]
pub struct ReopenFiscalPeriod {}

impl Verb for ReopenFiscalPeriod {
    type On = FiscalPeriod;
    const NAME: &'static str = "reopen";
    fn decide_by(&self, on: &mut FiscalPeriod, acting: &Acting) -> Result<(), Error> {
        let person = person(acting)?;
        let Some(asked) = on.reopening_asked_by.filter(|_| on.state == FiscalPeriodState::Closed) else {
            return Err(Error::new(Reason::WrongState, "nobody has asked for it to be reopened"));
        };
        if asked == person {
            return Err(Error::new(Reason::Forbidden, "a period is reopened by somebody else than who asked for it"));
        }
        on.state.go(FiscalPeriodState::Open)?;
        on.reopening_asked_by = None;
        Ok(())
    }
}

fn person(acting: &Acting) -> Result<Id<Person>, Error> {
    acting.need_person("only a person closes and reopens periods")
}

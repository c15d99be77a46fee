//! Forecasts: what a program will have cost in the end, version by version.

use steerco_derive::{input, resource, words};

use crate::budget::{BudgetCell, sum_cells};
use crate::cost_category::CostCategory;
use crate::error::{Error, Fault, Reason};
use crate::field::List;
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::ledger_account::LedgerAccount;
use crate::legal_entity::LegalEntity;
use crate::money::{Amount, Currency};
use crate::person::Person;
use crate::program::Program;
use crate::project::Project;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::spend::Spend;
use crate::spread::{PeriodLine, Spread};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;
use crate::words::Words;

/// Lines that a forecast may have.
pub const FORECAST_LINES_MAX: usize = 2_000;

/// What a program will still cost in the books of a company, from one period on: one version of it. Submitting it puts it
/// in force: what was spent and accrued before that period and its lines are the estimate at completion (EAC = AC + ETC,
/// bottom-up: Project Management Institute, Practice Standard for Earned Value Management), which the ledger keeps.
#[resource(prefix = "fcst", plural = "forecasts", scope = "InProgram", verbs(SubmitForecast))]
pub struct Forecast {
    /// The program it is of.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The company in whose books it will be spent.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Its number among the forecasts of that program and company, from 1.
    #[field(filter)]
    pub version: i32,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// What it rests on and why it differs from the version before.
    #[field(write)]
    pub justification: Option<Text<4000>>,
    /// The currency of its lines.
    #[field(create, filter)]
    pub currency: Currency,
    /// The first period it estimates; before it, what was spent and accrued when it is submitted counts.
    #[field(write, filter)]
    pub first_fiscal_period_id: Id<FiscalPeriod>,
    /// The estimate to complete: what the periods from the first one on will cost on what, with what is committed and
    /// what they have cost already. They change while it is a draft only.
    #[field(write)]
    pub lines: List<ForecastLine, FORECAST_LINES_MAX>,
    /// Sum of the lines: the estimate to complete.
    #[field(filter)]
    pub total: Amount,
    /// Where it is in its life.
    #[field(filter)]
    pub state: ForecastState,
    /// Who submitted it.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// When it was submitted (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// The version it took the place of.
    #[field(filter)]
    pub supersedes_id: Option<Id<Forecast>>,
    /// Entries its submission made in the ledger.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
}

/// What a period will cost on one kind of thing.
#[input(value)]
pub struct ForecastLine {
    /// When; the first period, where the amount is given over several.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program, where it is for one.
    pub project_id: Option<Id<Project>>,
    /// On what kind of cost.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// How much, in the currency of the forecast.
    pub amount: Amount,
    /// The last period of an amount that is given over several; the service makes a line of each, so it is never answered.
    pub last_fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// How that amount is divided among them; evenly when absent.
    pub spread: Option<Spread>,
}

/// Where a forecast is in its life.
#[words(states)]
#[derive(Default)]
pub enum ForecastState {
    /// Being prepared.
    #[default]
    Draft,
    /// In force.
    Submitted,
    /// A later version is in force.
    Superseded,
}

impl States for ForecastState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Draft, &[Self::Submitted]), (Self::Submitted, &[Self::Superseded])];
}

impl Forecast {
    /// What it estimates, cell by cell.
    pub fn cells(&self) -> impl Iterator<Item = (BudgetCell, i64)> + '_ {
        self.lines.0.iter().map(|line| (line.cell(self.currency), line.amount.units()))
    }
}

impl ForecastLine {
    fn cell(&self, currency: Currency) -> BudgetCell {
        BudgetCell {
            fiscal_period_id: self.fiscal_period_id,
            project_id: self.project_id,
            cost_category_id: self.cost_category_id,
            spend: self.spend,
            account: LedgerAccount::Forecast,
            currency,
        }
    }
}

impl PeriodLine for ForecastLine {
    fn span(&self) -> (Id<FiscalPeriod>, Option<Id<FiscalPeriod>>, Option<Spread>) {
        (self.fiscal_period_id, self.last_fiscal_period_id, self.spread)
    }

    fn amount(&self) -> Amount {
        self.amount
    }

    fn part(&self, fiscal_period_id: Id<FiscalPeriod>, amount: Amount) -> Self {
        Self { fiscal_period_id, amount, last_fiscal_period_id: None, spread: None, ..self.clone() }
    }
}

impl Rules for Forecast {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before.filter(|before| before.state != ForecastState::Draft) else { return };
        let frozen = [
            ("title", before.title != self.title),
            ("justification", before.justification != self.justification),
            ("first_fiscal_period_id", before.first_fiscal_period_id != self.first_fiscal_period_id),
            ("lines", before.lines != self.lines),
        ];
        for (name, _) in frozen.into_iter().filter(|(_, changed)| *changed) {
            let detail = format!("cannot change while the forecast is {}: make a new version", before.state.word());
            faults.push(Fault::new(format!("/{name}"), "FROZEN", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.total = sum_cells(self.cells(), "period, project, category and spend", faults);
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.state == ForecastState::Draft {
            return Ok(());
        }
        Err(Error::new(Reason::WrongState, "what was submitted stays; submit another version"))
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Puts a forecast in force, in place of the version that is; it needs no approval.
#[input]
pub struct SubmitForecast {}

impl Verb for SubmitForecast {
    type On = Forecast;
    const NAME: &'static str = "submit";
    fn decide_by(&self, on: &mut Forecast, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person submits a forecast")?;
        on.state.go(ForecastState::Submitted)?;
        on.submitted_by = Some(person);
        on.submitted_at = Some(acting.now);
        Ok(())
    }
}

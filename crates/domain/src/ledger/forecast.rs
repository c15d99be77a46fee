//! Forecasts: the estimated total cost of a program, in versions.

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

/// Maximum number of lines of a forecast.
pub const FORECAST_LINES_MAX: usize = 2_000;

/// One version of the estimated remaining cost of a program in the books of a legal entity, from one period on. Submission
/// puts it in force. The estimate at completion is the actual and accrued cost before that period plus the lines (EAC = AC +
/// ETC, bottom-up: Project Management Institute, Practice Standard for Earned Value Management). The ledger holds it.
#[resource(prefix = "fcst", plural = "forecasts", scope = "InProgram", verbs(SubmitForecast))]
pub struct Forecast {
    /// The program of the forecast.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The legal entity whose books will carry the cost.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Version number among the forecasts of the program and legal entity, from 1.
    #[field(filter)]
    pub version: i32,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Basis of the figures, and the reason for changes against the version before.
    #[field(write)]
    pub justification: Option<Text<4000>>,
    /// The currency of its lines.
    #[field(create, filter)]
    pub currency: Currency,
    /// The first estimated period. Before it, the actual and accrued costs at the time of submission count.
    #[field(write, filter)]
    pub first_fiscal_period_id: Id<FiscalPeriod>,
    /// The estimate to complete: total cost of the periods from the first one on, including commitments and costs already
    /// incurred in them. The lines can change only while it is a draft.
    #[field(write)]
    pub lines: List<ForecastLine, FORECAST_LINES_MAX>,
    /// Sum of the lines: the estimate to complete.
    #[field(filter)]
    pub total: Amount,
    /// State of the forecast.
    #[field(filter)]
    pub state: ForecastState,
    /// The person who submitted it.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// When it was submitted (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// The version that this one supersedes.
    #[field(filter)]
    pub supersedes_id: Option<Id<Forecast>>,
    /// Number of ledger entries that its submission posted.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
}

/// An estimated cost for one period and one combination of project, cost category and spend type.
#[input(value)]
pub struct ForecastLine {
    /// The fiscal period; the first period where the amount is spread over several.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program; absent where the line is not for one project.
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// The amount, in the currency of the forecast.
    pub amount: Amount,
    /// The last period where the amount is spread over several. The service makes one line per period, so it is never
    /// returned.
    pub last_fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// Method by which the amount is spread over the periods; evenly when absent.
    pub spread: Option<Spread>,
}

/// State of a forecast.
#[words(states)]
#[derive(Default)]
pub enum ForecastState {
    /// In preparation.
    #[default]
    Draft,
    /// In force.
    Submitted,
    /// Superseded by a later version.
    Superseded,
}

impl States for ForecastState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Draft, &[Self::Submitted]), (Self::Submitted, &[Self::Superseded])];
}

impl Forecast {
    /// The estimated amounts by cell.
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
        Err(Error::new(Reason::WrongState, "a submitted forecast cannot be deleted; submit another version"))
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Puts a forecast in force; it supersedes the version in force. No approval is needed.
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

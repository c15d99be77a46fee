//! Budgets: the approved spending of a program, in versions.

use std::collections::HashSet;

use steerco_derive::{input, resource, words};

use crate::cost_category::CostCategory;
use crate::error::{Error, Fault, Reason};
use crate::field::{List, Whole};
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
use crate::text::{Code, Text};
use crate::time::Instant;
use crate::words::Words;

/// Maximum number of lines of a version.
pub const BUDGET_LINES_MAX: usize = 2_000;

/// One version of the budget of a program for a fiscal year in the books of a legal entity. Approval puts it in force: the
/// ledger posts the difference to what was approved before, transfers included. Patches and verbs need `If-Match`.
#[resource(
    prefix = "bud",
    plural = "budgets",
    scope = "InProgram",
    verbs(SubmitBudget, WithdrawBudget, ApproveBudget, RejectBudget)
)]
pub struct Budget {
    /// The program of the budget.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The legal entity whose books carry the spending.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The fiscal year, named by the calendar year in which it ends.
    #[field(create, filter)]
    pub fiscal_year: Whole<1900, 2200>,
    /// Version number among the budgets of the program, legal entity and fiscal year, from 1.
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
    /// The first period in which it may differ from the approved budget; any open period when absent.
    #[field(write)]
    pub first_editable_period_id: Option<Id<FiscalPeriod>>,
    /// The budget lines. They can change only while the version is a draft.
    #[field(write)]
    pub lines: List<BudgetLine, BUDGET_LINES_MAX>,
    /// Sum of the lines, reserves included.
    #[field(filter)]
    pub total: Amount,
    /// State of the budget.
    #[field(filter)]
    pub state: BudgetState,
    /// The person who submitted it last.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// When it was submitted last (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// The person who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved or rejected (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Reason of the rejection.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
    /// The version that this one supersedes.
    #[field(filter)]
    pub supersedes_id: Option<Id<Budget>>,
    /// Number of ledger entries that its approval posted.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
    /// The set of budget rates used to convert it to other currencies.
    #[field(write, filter)]
    pub rate_set: Option<Code>,
}

/// A budgeted amount for one period and one combination of project, cost category, spend type and reserve.
#[input(value)]
pub struct BudgetLine {
    /// The fiscal period; the first period where the amount is spread over several.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program; absent where the line is not for one project.
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// Type of reserve where the amount is held in reserve until it is drawn; an ordinary line when absent.
    pub reserve: Option<BudgetReserve>,
    /// The amount, in the currency of the budget.
    pub amount: Amount,
    /// The last period where the amount is spread over several. The service makes one line per period, so it is never
    /// returned.
    pub last_fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// Method by which the amount is spread over the periods; evenly when absent.
    pub spread: Option<Spread>,
}

/// Type of a budget reserve.
#[words]
pub enum BudgetReserve {
    /// Contingency reserve for known risks; drawn against one of them.
    Contingency,
    /// Management reserve for unforeseen work.
    ManagementReserve,
}

/// State of a budget.
#[words(states)]
#[derive(Default)]
pub enum BudgetState {
    /// In preparation.
    #[default]
    Draft,
    /// Waits for a decision.
    Submitted,
    /// In force.
    Approved,
    /// Superseded by a later version.
    Superseded,
    /// Not approved.
    Rejected,
}

impl States for BudgetState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Draft, &[Self::Submitted]),
        (Self::Submitted, &[Self::Approved, Self::Rejected, Self::Draft]),
        (Self::Approved, &[Self::Superseded]),
    ];
}

/// The dimensions of a ledger balance below program and legal entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BudgetCell {
    pub fiscal_period_id: Id<FiscalPeriod>,
    pub project_id: Option<Id<Project>>,
    pub cost_category_id: Option<Id<CostCategory>>,
    pub spend: Option<Spend>,
    pub account: LedgerAccount,
    pub currency: Currency,
}

impl Budget {
    /// The approved amounts by cell.
    pub fn cells(&self) -> impl Iterator<Item = (BudgetCell, i64)> + '_ {
        self.lines.0.iter().map(|line| (line.cell(self.currency), line.amount.units()))
    }
}

impl BudgetLine {
    fn cell(&self, currency: Currency) -> BudgetCell {
        let account = match self.reserve {
            None => LedgerAccount::Budget,
            Some(BudgetReserve::Contingency) => LedgerAccount::Contingency,
            Some(BudgetReserve::ManagementReserve) => LedgerAccount::ManagementReserve,
        };
        BudgetCell {
            fiscal_period_id: self.fiscal_period_id,
            project_id: self.project_id,
            cost_category_id: self.cost_category_id,
            spend: self.spend,
            account,
            currency,
        }
    }
}

impl PeriodLine for BudgetLine {
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

/// The sum of the lines; two lines must not have the same dimensions.
pub(crate) fn sum_cells(
    cells: impl Iterator<Item = (BudgetCell, i64)>,
    place: &str,
    faults: &mut Vec<Fault>,
) -> Amount {
    let mut seen = HashSet::new();
    let mut total = 0_i64;
    for (i, (cell, units)) in cells.enumerate() {
        if !seen.insert(cell) {
            let detail = format!("another line has the same {place}");
            faults.push(Fault::new(format!("/lines/{i}"), "DUPLICATE", detail));
        }
        match total.checked_add(units) {
            Some(sum) => total = sum,
            None => {
                faults.push(Fault::new(
                    "/lines",
                    "OUT_OF_RANGE",
                    "the sum of the lines exceeds the range of an amount",
                ));
            }
        }
    }
    Amount::new(total)
}

impl Rules for Budget {
    const NEEDS_ETAG: bool = true;

    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before.filter(|before| before.state != BudgetState::Draft) else { return };
        let frozen = [
            ("lines", before.lines != self.lines),
            ("first_editable_period_id", before.first_editable_period_id != self.first_editable_period_id),
            ("rate_set", before.rate_set != self.rate_set),
        ];
        for (name, _) in frozen.into_iter().filter(|(_, changed)| *changed) {
            let detail = format!("cannot change while the budget is {}: make a new version", before.state.word());
            faults.push(Fault::new(format!("/{name}"), "FROZEN", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.total = sum_cells(self.cells(), "period, project, category, spend and reserve", faults);
    }

    fn check_delete(&self) -> Result<(), Error> {
        match self.state {
            BudgetState::Approved | BudgetState::Superseded => {
                Err(Error::new(Reason::WrongState, "an approved budget cannot be deleted; approve another version"))
            }
            _ => Ok(()),
        }
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Submits a draft for approval.
#[input]
pub struct SubmitBudget {}

impl Verb for SubmitBudget {
    type On = Budget;
    const NAME: &'static str = "submit";
    fn decide_by(&self, on: &mut Budget, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person submits a budget")?;
        if on.lines.0.is_empty() {
            return Err(Error::fault("/lines", "REQUIRED", "a budget needs at least one line to be submitted"));
        }
        on.state.go(BudgetState::Submitted)?;
        on.submitted_by = Some(person);
        on.submitted_at = Some(acting.now);
        Ok(())
    }
}

/// Withdraws a submitted version, so that it can be changed.
#[input]
pub struct WithdrawBudget {}

impl Verb for WithdrawBudget {
    type On = Budget;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut Budget, _now: Instant) -> Result<(), Error> {
        on.state.go(BudgetState::Draft)
    }
}

/// Approves a submitted version and puts it in force. The approver must not be the submitter. `If-Match` is required, so that
/// the approver decides on the version that was read.
#[input]
pub struct ApproveBudget {}

impl Verb for ApproveBudget {
    type On = Budget;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut Budget, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetState::Approved, acting)
    }
}

/// Rejects a submitted version.
#[input]
pub struct RejectBudget {
    /// Reason of the rejection.
    pub reason: Text<1000>,
}

impl Verb for RejectBudget {
    type On = Budget;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut Budget, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetState::Rejected, acting)?;
        on.rejection_reason = Some(self.reason.clone());
        Ok(())
    }
}

impl Budget {
    fn decide(&mut self, to: BudgetState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on a budget")?;
        if self.state == BudgetState::Submitted && self.submitted_by == Some(person) {
            let detail = "a budget must be decided by another person than its submitter";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        self.state.go(to)?;
        self.decided_by = Some(person);
        self.decided_at = Some(acting.now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use serde_json::{Value, json};

    fn budget(lines: &Value) -> Result<Budget, Error> {
        let at = Instant::from_micros(0);
        let body = json!({
            "program_id": crate::id::encode("prog", 1), "legal_entity_id": crate::id::encode("ent", 1),
            "fiscal_year": 2026, "title": "First", "currency": "EUR", "lines": lines,
        });
        let seed = Seed { id: 1, at, effective_at: at, by: Actor::system() };
        Budget::create(body.as_object().unwrap(), &seed)
    }

    fn line(period: u128, amount: &str) -> Value {
        json!({"fiscal_period_id": crate::id::encode("fper", period), "amount": amount})
    }

    #[test]
    fn lines_sum_and_none_stands_twice() {
        assert_eq!(budget(&json!([line(1, "10.5"), line(2, "-0.25")])).unwrap().total.to_string(), "10.2500");
        let faults = budget(&json!([line(1, "1"), line(2, "2"), line(1, "3")])).unwrap_err().faults;
        assert_eq!((faults[0].pointer.as_str(), &*faults[0].code), ("/lines/2", "DUPLICATE"));
        let reserve =
            json!({"fiscal_period_id": crate::id::encode("fper", 1), "amount": "1", "reserve": "contingency"});
        assert!(budget(&json!([line(1, "1"), reserve])).is_ok(), "a reserve stands beside the ordinary line");
        let much = "922337203685477.5807";
        assert_eq!(budget(&json!([line(1, much), line(2, much)])).unwrap_err().faults[0].code, "OUT_OF_RANGE");
    }

    #[test]
    fn who_submits_does_not_approve() {
        let acting = |n| Acting { now: Instant::from_micros(1), actor: Actor::system(), person: Some(n) };
        let mut it = budget(&json!([line(1, "1")])).unwrap();
        SubmitBudget {}.decide_by(&mut it, &acting(1)).unwrap();
        assert_eq!(ApproveBudget {}.decide_by(&mut it, &acting(1)).unwrap_err().reason, Reason::Forbidden);
        assert_eq!(it.patched(json!({"lines": []}).as_object().unwrap()).unwrap_err().faults[0].code, "FROZEN");
        ApproveBudget {}.decide_by(&mut it, &acting(2)).unwrap();
        assert_eq!((it.state, it.decided_by), (BudgetState::Approved, Some(Id::from_u128(2))));
        assert!(it.check_delete().is_err());
    }
}

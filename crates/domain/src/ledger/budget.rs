//! Budgets: what a program may spend, version by version.

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

/// Lines that a version may have.
pub const BUDGET_LINES_MAX: usize = 2_000;

/// What a program may spend in a fiscal year from the books of a company: one version of it. Its approval makes it the
/// budget: the ledger takes what differs from what was approved before, transfers included. Patches and acts need
/// `If-Match`.
#[resource(
    prefix = "bud",
    plural = "budgets",
    scope = "InProgram",
    verbs(SubmitBudget, WithdrawBudget, ApproveBudget, RejectBudget)
)]
pub struct Budget {
    /// The program it is of.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The company from whose books it is spent.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// The fiscal year, named by the calendar year in which it ends.
    #[field(create, filter)]
    pub fiscal_year: Whole<1900, 2200>,
    /// Its number among the budgets of that program, company and year, from 1.
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
    /// The first period in which it may differ from what is approved; any open one when absent.
    #[field(write)]
    pub first_editable_period_id: Option<Id<FiscalPeriod>>,
    /// What may be spent when on what. They change while the version is a draft only.
    #[field(write)]
    pub lines: List<BudgetLine, BUDGET_LINES_MAX>,
    /// Sum of the lines, reserves included.
    #[field(filter)]
    pub total: Amount,
    /// Where it is in its life.
    #[field(filter)]
    pub state: BudgetState,
    /// Who submitted it last.
    #[field(filter)]
    pub submitted_by: Option<Id<Person>>,
    /// When it was submitted last (UTC).
    #[field(filter)]
    pub submitted_at: Option<Instant>,
    /// Who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved or rejected (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Why it was rejected.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
    /// The version it took the place of.
    #[field(filter)]
    pub supersedes_id: Option<Id<Budget>>,
    /// Entries its approval made in the ledger.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
    /// The set of budget rates by which it is converted to other currencies.
    #[field(write, filter)]
    pub rate_set: Option<Code>,
}

/// What may be spent in a period on one kind of thing.
#[input(value)]
pub struct BudgetLine {
    /// When; the first period, where the amount is given over several.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program, where it is for one.
    pub project_id: Option<Id<Project>>,
    /// On what kind of cost.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// Whether it is held in reserve until it is drawn; an ordinary line when absent.
    pub reserve: Option<BudgetReserve>,
    /// How much, in the currency of the budget.
    pub amount: Amount,
    /// The last period of an amount that is given over several; the service makes a line of each, so it is never answered.
    pub last_fiscal_period_id: Option<Id<FiscalPeriod>>,
    /// How that amount is divided among them; evenly when absent.
    pub spread: Option<Spread>,
}

/// What is held in reserve.
#[words]
pub enum BudgetReserve {
    /// For known risks; drawn against one of them.
    Contingency,
    /// For what nobody foresaw.
    ManagementReserve,
}

/// Where a budget is in its life.
#[words(states)]
#[derive(Default)]
pub enum BudgetState {
    /// Being prepared.
    #[default]
    Draft,
    /// Awaits a decision.
    Submitted,
    /// In force.
    Approved,
    /// A later version is in force.
    Superseded,
    /// Was not approved.
    Rejected,
}

impl States for BudgetState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Draft, &[Self::Submitted]),
        (Self::Submitted, &[Self::Approved, Self::Rejected, Self::Draft]),
        (Self::Approved, &[Self::Superseded]),
    ];
}

/// Where money stands in the ledger below program and company.
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
    /// What it approves, cell by cell.
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

/// What lines come to, none of which may stand where another one does.
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
            None => faults.push(Fault::new("/lines", "OUT_OF_RANGE", "their sum is beyond what an amount holds")),
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
                Err(Error::new(Reason::WrongState, "what was approved stays; approve another version"))
            }
            _ => Ok(()),
        }
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Puts a version forward for approval.
#[input]
pub struct SubmitBudget {}

impl Verb for SubmitBudget {
    type On = Budget;
    const NAME: &'static str = "submit";
    fn decide_by(&self, on: &mut Budget, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person submits a budget")?;
        if on.lines.0.is_empty() {
            return Err(Error::fault("/lines", "REQUIRED", "a budget is submitted with lines"));
        }
        on.state.go(BudgetState::Submitted)?;
        on.submitted_by = Some(person);
        on.submitted_at = Some(acting.now);
        Ok(())
    }
}

/// Takes a submitted version back, to change it.
#[input]
pub struct WithdrawBudget {}

impl Verb for WithdrawBudget {
    type On = Budget;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut Budget, _now: Instant) -> Result<(), Error> {
        on.state.go(BudgetState::Draft)
    }
}

/// Makes a submitted version the budget in force; by somebody else than who submitted it, who has read what is approved:
/// `If-Match` is required.
#[input]
pub struct ApproveBudget {}

impl Verb for ApproveBudget {
    type On = Budget;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut Budget, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetState::Approved, acting)
    }
}

/// Turns a submitted version down.
#[input]
pub struct RejectBudget {
    /// Why.
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
            let detail = "a budget is decided on by somebody else than who submitted it";
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

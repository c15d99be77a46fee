//! Budgets and the ledger: checks of the budget places that they name, and the entries that their approval posts.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use steerco_domain::access::{Permission, find};
use steerco_domain::authority_limit::{AuthorityAct, suffices};
use steerco_domain::budget::{BUDGET_LINES_MAX, Budget, BudgetCell, BudgetState};
use steerco_domain::budget_transfer::{BudgetPlace, BudgetTransfer, BudgetTransferState, BudgetTransferType};
use steerco_domain::error::Fault;
use steerco_domain::fiscal_period::{FiscalPeriod, FiscalPeriodState};
use steerco_domain::hex::hex;
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntry, LedgerEntryType};
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::{Amount, Currency, Money};
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::refs::ExternalRefs;
use steerco_domain::review::Review;
use steerco_domain::state::States;
use steerco_domain::text::Text;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ledger::{self, Postings};
use steerco_persistence::query;
use steerco_persistence::scope::live_roles;
use steerco_persistence::{Change, ChangeKind, Fail};
use steerco_persistence::{budget, exchange};

use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::spread::{divide, settle_divided};
use crate::write_context::WriteContext;

/// Consequence for the budget of a period that is not open, for error texts.
const STAYS: &str = "and its budget stays";
const APPROVE_TRANSFER: &Permission = find("budget_transfer", "approve");

pub(crate) const BUDGET: Feature = Feature::of(
    Budget::KIND,
    Hooks {
        on_create: hook!(on_create: number),
        on_act: hook!(on_act: approve),
        checks: hook!(checks: check_budget),
        on_checked: hook!(on_checked: spread_budget),
        ..Hooks::NONE
    },
);
pub(crate) const BUDGET_TRANSFER: Feature = Feature::of(
    BudgetTransfer::KIND,
    Hooks { on_act: hook!(on_act: approve_transfer), checks: hook!(checks: check_transfer), ..Hooks::NONE },
);

/// Numbers a new budget.
async fn number(write: &WriteContext<'_>, budget: &mut Budget) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    ledger::take_turn(write.conn, org).await?;
    let last = budget::last_version(write.conn, org, budget).await?;
    budget.version = write.next_number(&series(budget), last);
    Ok(())
}

fn series(budget: &Budget) -> String {
    format!("{} {} {}", budget.program_id, budget.legal_entity_id, budget.fiscal_year.get())
}

/// The references of a money plan, each with its pointer.
#[derive(Default)]
pub(crate) struct Named {
    periods: Vec<(String, Id<FiscalPeriod>)>,
    /// Projects, and the programs that they must belong to.
    projects: Vec<(String, Id<Project>, Id<Program>)>,
    /// The fiscal year that the periods must belong to.
    year: Option<i32>,
}

impl Named {
    pub(crate) fn period(&mut self, pointer: impl Into<String>, id: impl Into<Option<Id<FiscalPeriod>>>) {
        self.periods.extend(id.into().map(|id| (pointer.into(), id)));
    }

    pub(crate) fn project(&mut self, pointer: impl Into<String>, id: Option<Id<Project>>, of: Id<Program>) {
        self.projects.extend(id.map(|id| (pointer.into(), id, of)));
    }

    /// Adds a fault for each reference that does not belong together with the others.
    pub(crate) async fn check(
        &self,
        write: &WriteContext<'_>,
        entity: Id<LegalEntity>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), Fail> {
        self.check_periods(write, entity, faults).await?;
        self.check_projects(write, faults).await
    }

    /// Checks the named periods against the periods of the company.
    pub(crate) async fn check_periods(
        &self,
        write: &WriteContext<'_>,
        entity: Id<LegalEntity>,
        faults: &mut Vec<Fault>,
    ) -> Result<Books, Fail> {
        let books = Books::read(write, entity).await?;
        for (pointer, id) in &self.periods {
            let (code, detail) = match books.periods.get(id) {
                None => ("NOT_FOUND", "the legal entity has no such fiscal period".to_owned()),
                Some(period) if self.year.is_some_and(|year| year != period.fiscal_year.get()) => {
                    ("OUT_OF_RANGE", format!("{} belongs to another fiscal year", period.name))
                }
                Some(_) => continue,
            };
            faults.push(Fault::new(pointer.clone(), code, detail));
        }
        Ok(books)
    }

    pub(crate) async fn check_projects(&self, write: &WriteContext<'_>, faults: &mut Vec<Fault>) -> Result<(), Fail> {
        let org = write.context.caller.organisation();
        for (pointer, project, program) in &self.projects {
            let found = query::find_text(write.conn, org, Project::KIND, &project.to_string(), "program_id").await?;
            if found != Some(program.to_string()) {
                faults.push(Fault::new(pointer.clone(), "NOT_FOUND", "the program has no such project"));
            }
        }
        Ok(())
    }
}

/// Checks that the references of a budget belong together.
async fn check_budget(
    write: &WriteContext<'_>,
    _before: Option<&Budget>,
    budget: &Budget,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    check_rates(write, budget, faults).await?;
    let mut named = Named { year: Some(budget.fiscal_year.get()), ..Named::default() };
    named.period("/first_editable_period_id", budget.first_editable_period_id);
    for (i, line) in budget.lines.0.iter().enumerate() {
        named.period(format!("/lines/{i}/fiscal_period_id"), line.fiscal_period_id);
        named.period(format!("/lines/{i}/last_fiscal_period_id"), line.last_fiscal_period_id);
        named.project(format!("/lines/{i}/project_id"), line.project_id, budget.program_id);
    }
    named.check(write, budget.legal_entity_id, faults).await
}

/// Checks that the references of a transfer belong together.
async fn check_transfer(
    write: &WriteContext<'_>,
    _before: Option<&BudgetTransfer>,
    transfer: &BudgetTransfer,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    let to = transfer.to_program_id.unwrap_or(transfer.program_id);
    let mut named = Named::default();
    let places = [("from_place", &transfer.from_place, transfer.program_id), ("to_place", &transfer.to_place, to)];
    for (name, place, program) in places {
        named.period(format!("/{name}/fiscal_period_id"), place.fiscal_period_id);
        named.project(format!("/{name}/project_id"), place.project_id, program);
    }
    named.check(write, transfer.legal_entity_id, faults).await
}

/// Divides budget lines that are given over several periods among the periods.
async fn spread_budget(write: &WriteContext<'_>, budget: &mut Budget) -> Result<(), Fail> {
    let (entity, currency) = (budget.legal_entity_id, budget.currency);
    let given = divide(write, entity, currency, &mut budget.lines.0, BUDGET_LINES_MAX).await?;
    settle_divided(budget, given)
}

async fn check_rates(write: &WriteContext<'_>, budget: &Budget, faults: &mut Vec<Fault>) -> Result<(), Fail> {
    let Some(set) = &budget.rate_set else { return Ok(()) };
    if !exchange::has_set(write.conn, write.context.caller.organisation(), set.as_str()).await? {
        faults.push(Fault::new("/rate_set", "NOT_FOUND", "the rate set has no budget rates"));
    }
    Ok(())
}

/// The periods of a company, locked.
pub(crate) struct Books {
    pub(crate) periods: HashMap<Id<FiscalPeriod>, FiscalPeriod>,
}

impl Books {
    pub(crate) async fn read(write: &WriteContext<'_>, entity: Id<LegalEntity>) -> Result<Self, Fail> {
        let org = write.context.caller.organisation();
        let periods = ledger::hold_periods(write.conn, org, &entity.to_string(), None).await?;
        Ok(Self { periods: periods.into_iter().map(|period| (period.id, period)).collect() })
    }

    /// Why nothing may change in this period, and the consequence.
    pub(crate) fn refusal(&self, id: Id<FiscalPeriod>, follows: &str) -> Option<(&'static str, String)> {
        let Some(period) = self.periods.get(&id) else {
            return Some(("NOT_FOUND", "the legal entity has no such fiscal period".to_owned()));
        };
        let closed = period.state != FiscalPeriodState::Open;
        closed.then(|| ("PERIOD_CLOSED", format!("{} is {}, {follows}", period.name, period.state.word())))
    }
}

/// Posts the approval of a budget.
async fn approve(write: &WriteContext<'_>, was: &Budget, budget: &mut Budget, _action: &str) -> Result<(), Fail> {
    let submits = was.state != budget.state;
    match budget.state {
        // A budget that could not be approved cannot be submitted either.
        BudgetState::Submitted if submits => changes(write, budget).await.map(|_| ()),
        BudgetState::Approved if submits => approve_budget(write, budget).await,
        _ => Ok(()),
    }
}

/// Changes of a version in the approved amounts: its lines in order, then the cells that it leaves out.
async fn changes(write: &WriteContext<'_>, budget: &Budget) -> Result<Vec<(BudgetCell, i64)>, Fail> {
    let org = write.context.caller.organisation();
    let books = Books::read(write, budget.legal_entity_id).await?;
    ledger::take_turn(write.conn, org).await?;
    let of_year = books.periods.values().filter(|period| period.fiscal_year == budget.fiscal_year);
    let ids: BTreeSet<String> = of_year.map(|period| period.id.to_string()).collect();
    let approved = budget::list_cells(write.conn, org, &budget.program_id.to_string(), &ids, budget::APPROVED).await?;
    let wanted = budget.cells().enumerate().map(|(i, (cell, units))| (format!("/lines/{i}"), cell, units)).collect();
    let wanted = difference(wanted, approved)?;
    let first = budget.first_editable_period_id.and_then(|id| books.periods.get(&id));
    let mut faults = Vec::new();
    for (pointer, cell, _) in &wanted {
        let period = books.periods.get(&cell.fiscal_period_id);
        let frozen = || {
            let (first, period) = first.zip(period)?;
            let detail =
                || format!("{} is before the first editable period: its approved budget must not change", period.name);
            (period.starts_on < first.starts_on).then(|| ("FROZEN", detail()))
        };
        if let Some((code, detail)) = books.refusal(cell.fiscal_period_id, STAYS).or_else(frozen) {
            faults.push(Fault::new(pointer.clone(), code, detail));
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults).into());
    }
    Ok(wanted.into_iter().map(|(_, cell, units)| (cell, units)).collect())
}

/// Difference between the current and the wanted amounts: in the order of the wanted cells, then the cells left out.
pub(crate) fn difference(
    mut wanted: Vec<(String, BudgetCell, i64)>,
    standing: Vec<(BudgetCell, i64)>,
) -> Result<Vec<(String, BudgetCell, i64)>, Error> {
    let mut left: HashMap<BudgetCell, i64> = standing.iter().copied().collect();
    for (_, cell, units) in &mut wanted {
        *units = units.checked_sub(left.remove(cell).unwrap_or(0)).ok_or_else(too_much)?;
    }
    for (cell, units) in standing.into_iter().filter(|(cell, _)| left.contains_key(cell)) {
        wanted.push(("/lines".to_owned(), cell, units.checked_neg().ok_or_else(too_much)?));
    }
    wanted.retain(|(_, _, units)| *units != 0);
    Ok(wanted)
}

pub(crate) fn too_much() -> Error {
    Error::fault("/lines", "OUT_OF_RANGE", "the change exceeds the range of an amount")
}

async fn approve_budget(write: &WriteContext<'_>, budget: &mut Budget) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let changes = changes(write, budget).await?;
    if let Some(old) = budget::find_in_force(write.conn, org, budget).await? {
        let mut new = old.clone();
        new.state.go(BudgetState::Superseded)?;
        new.revision += 1;
        new.updated_at = write.now;
        budget.supersedes_id = Some(old.id);
        write.change_also(Change::new(ChangeKind::Update, Some(&old), &new, "supersede", None));
    }
    let mut posting = Posting::new(write, budget.legal_entity_id, budget.currency);
    for (cell, units) in changes {
        let entry = posting.add(LedgerEntryType::BudgetApproval, budget.program_id, &cell, units)?;
        entry.budget_id = Some(budget.id);
    }
    (budget.entry_count, budget.entries_sha256) = posting.post(write)?;
    Ok(())
}

/// Posts the approval of a transfer.
async fn approve_transfer(
    write: &WriteContext<'_>,
    _before: &BudgetTransfer,
    transfer: &mut BudgetTransfer,
    _action: &str,
) -> Result<(), Fail> {
    if transfer.state != BudgetTransferState::Approved {
        return Ok(());
    }
    let (act, amount) = (transfer.transfer_type.act(), transfer.amount);
    let wanted = Authority { act, permission: APPROVE_TRANSFER, amount, pointer: "/amount" };
    check_authority(write, transfer.program_id, &wanted).await?;
    let org = write.context.caller.organisation();
    let books = Books::read(write, transfer.legal_entity_id).await?;
    ledger::take_turn(write.conn, org).await?;
    let (account, entry_type) = match transfer.transfer_type {
        BudgetTransferType::Transfer => (LedgerAccount::Budget, LedgerEntryType::BudgetTransfer),
        BudgetTransferType::ContingencyDrawdown => (LedgerAccount::Contingency, LedgerEntryType::ReserveDrawdown),
        BudgetTransferType::ManagementReserveDrawdown => {
            (LedgerAccount::ManagementReserve, LedgerEntryType::ReserveDrawdown)
        }
    };
    let from = cell(&transfer.from_place, account, transfer.amount);
    let to = cell(&transfer.to_place, LedgerAccount::Budget, transfer.amount);
    let mut faults = Vec::new();
    for (pointer, id) in [("/from_place", from.fiscal_period_id), ("/to_place", to.fiscal_period_id)] {
        let refusal = books.refusal(id, STAYS);
        faults.extend(refusal.map(|(code, detail)| Fault::new(format!("{pointer}/fiscal_period_id"), code, detail)));
    }
    let period = BTreeSet::from([from.fiscal_period_id.to_string()]);
    let there =
        budget::list_cells(write.conn, org, &transfer.program_id.to_string(), &period, budget::APPROVED).await?;
    let left = there.into_iter().find(|(cell, _)| *cell == from).map_or(0, |(_, units)| units);
    if left < transfer.amount.units {
        let detail = format!("only {} {} are available in the source place", Amount::new(left), from.currency.code());
        faults.push(Fault::new("/amount/amount", "INSUFFICIENT", detail));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults).into());
    }
    let mut posting = Posting::new(write, transfer.legal_entity_id, transfer.amount.currency);
    let units = transfer.amount.units;
    let to_program = transfer.to_program_id.unwrap_or(transfer.program_id);
    posting.add(entry_type, transfer.program_id, &from, -units)?.budget_transfer_id = Some(transfer.id);
    posting.add(entry_type, to_program, &to, units)?.budget_transfer_id = Some(transfer.id);
    (transfer.entry_count, transfer.entries_sha256) = posting.post(write)?;
    Ok(())
}

fn cell(place: &BudgetPlace, account: LedgerAccount, amount: Money) -> BudgetCell {
    BudgetCell {
        fiscal_period_id: place.fiscal_period_id,
        project_id: place.project_id,
        cost_category_id: place.cost_category_id,
        spend: place.spend,
        account,
        currency: amount.currency,
    }
}

/// An authority check: the act, the permission it requires, the amount and its pointer.
pub(crate) struct Authority {
    pub(crate) act: AuthorityAct,
    pub(crate) permission: &'static Permission,
    pub(crate) amount: Money,
    pub(crate) pointer: &'static str,
}

/// Checks that a role of the caller over this program has authority for the amount.
pub(crate) async fn check_authority(
    write: &WriteContext<'_>,
    program: Id<Program>,
    wanted: &Authority,
) -> Result<(), Fail> {
    let (org, program) = (write.context.caller.organisation(), program.to_string());
    let portfolio = query::find_text(write.conn, org, Program::KIND, &program, "portfolio_id").await?;
    let narrow = write.context.caller.narrow();
    let roles = live_roles(&write.access, narrow, wanted.permission, write.now, &program, portfolio.as_deref());
    let limits = budget::list_limits(write.conn, org).await?;
    if suffices(&limits, write.context.caller.default_authority, &roles, wanted.act, wanted.amount) {
        return Ok(());
    }
    let Money { units, currency } = wanted.amount;
    let amount = Amount::new(units);
    let detail = format!("{amount} {} exceeds your authority for {}", currency.code(), wanted.act.word());
    let fault = Fault::new(wanted.pointer, "BEYOND_AUTHORITY", detail.clone());
    Err(Error { faults: vec![fault], ..Error::new(Reason::Forbidden, detail) }.into())
}

/// Ledger entries of one decision, collected for posting.
pub(crate) struct Posting {
    entries: Vec<LedgerEntry>,
    blank: LedgerEntry,
    base: u128,
}

impl Posting {
    pub(crate) fn new(write: &WriteContext<'_>, entity: Id<LegalEntity>, currency: Currency) -> Self {
        let base = write.new_id();
        let blank = LedgerEntry {
            id: Id::from_u128(base),
            revision: 1,
            created_at: write.now,
            updated_at: write.now,
            created_by: write.actor(),
            deleted_at: None,
            external_refs: ExternalRefs::default(),
            labels: steerco_domain::labels::Labels::default(),
            actuals_batch_id: None,
            budget_id: None,
            budget_transfer_id: None,
            line: 0,
            entry_type: LedgerEntryType::BudgetApproval,
            debit_account: LedgerAccount::Budget,
            credit_account: LedgerAccount::Funding,
            amount: Money::new(0, currency),
            posted_on: write.now.day(),
            legal_entity_id: entity,
            fiscal_period_id: Id::from_u128(0),
            prior_period_id: None,
            program_id: None,
            project_id: None,
            cost_category_id: None,
            spend: None,
            coding_rule_id: None,
            source: None,
            external_id: None,
            cost_code: None,
            document_reference: None,
            vendor_reference: None,
            description: None,
            reverses_id: None,
            corrects_id: None,
            possible_repeat: false,
            content_digest: None,
            commitment_id: None,
            forecast_id: None,
            local_amount: None,
            group_amount: None,
            purchase_order_reference: None,
            purchase_order_line: None,
            invoice_reference: None,
            invoiced_commitment_id: None,
            exceeds_order_by: None,
            invoice_id: None,
            exceeds_budget_by: None,
            review_id: None,
            engagement_id: None,
            coding: None,
        };
        Self { entries: Vec::new(), blank, base }
    }

    /// Marks the entries added from now on as a result of this review.
    pub(crate) fn follow(&mut self, review: &Review) {
        self.blank.review_id = Some(review.id);
        self.blank.engagement_id = review.engagement_id;
    }

    /// Posts an amount to a place; an amount below zero takes money away. The other side of the entry follows from the
    /// account.
    pub(crate) fn add(
        &mut self,
        entry_type: LedgerEntryType,
        program: Id<Program>,
        cell: &BudgetCell,
        units: i64,
    ) -> Result<&mut LedgerEntry, Error> {
        let (debit, credit) = match units {
            units if units < 0 => (cell.account.other_side(), cell.account),
            _ => (cell.account, cell.account.other_side()),
        };
        let line = self.entries.len();
        self.entries.push(LedgerEntry {
            id: Id::from_u128(self.base.wrapping_add(line as u128)),
            line: i32::try_from(line + 1).unwrap_or(i32::MAX),
            entry_type,
            debit_account: debit,
            credit_account: credit,
            amount: Money::new(units.checked_abs().ok_or_else(too_much)?, cell.currency),
            fiscal_period_id: cell.fiscal_period_id,
            program_id: Some(program),
            project_id: cell.project_id,
            cost_category_id: cell.cost_category_id,
            spend: cell.spend,
            ..self.blank.clone()
        });
        self.entries.last_mut().ok_or_else(|| Error::internal("a budget posting has no open entry"))
    }

    /// Writes the entries; returns their number and the digest over them.
    pub(crate) fn post(self, write: &WriteContext<'_>) -> Result<(i32, Option<Text<64>>), Error> {
        let mut all = Sha256::new();
        for entry in &self.entries {
            all.update(ledger::digested(entry));
        }
        let digest = Text::parse(&hex(&all.finalize())).map_err(|(_, cause)| Error::internal(cause))?;
        let (count, entries) = (self.entries.len(), self.entries);
        write.post(Postings {
            batch_id: String::new(),
            pieces: count,
            entries: ledger::made(move |line| entries.get(line).cloned().into_iter().collect()),
            unposted: Vec::new(),
            orders: Vec::new(),
        });
        Ok((i32::try_from(count).unwrap_or(i32::MAX), Some(digest)))
    }
}

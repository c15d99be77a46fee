//! Commitments and the ledger: the entries that a step posts, and budget control.

use steerco_domain::access::{Permission, find};
use steerco_domain::budget::BudgetCell;
use steerco_domain::commitment::Commitment;
use steerco_domain::error::Fault;
use steerco_domain::fiscal_period::{FiscalPeriod, FiscalPeriodState};
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntryType};
use steerco_domain::legal_entity::{BudgetControl, LegalEntity};
use steerco_domain::program::Program;
use steerco_domain::text::Text;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::scope::live_roles;
use steerco_persistence::{Change, ChangeKind, Fail, ledger, query};

use crate::budget::{Books, Named, Posting};
use crate::budget_control::{Budgeted, Control, Verdict};
use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::write_context::WriteContext;

const OVERRIDE: &Permission = find("commitment", "override");

pub(crate) const COMMITMENT: Feature = Feature::of(
    Commitment::KIND,
    Hooks { on_act: hook!(on_act: post), checks: hook!(checks: check), admit: hook!(admit: request), ..Hooks::NONE },
);

/// Checks that the references of a commitment belong together.
async fn check(
    write: &WriteContext<'_>,
    _before: Option<&Commitment>,
    commitment: &Commitment,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    let mut named = Named::default();
    named.period("/fiscal_period_id", commitment.fiscal_period_id);
    named.project("/project_id", commitment.project_id, commitment.program_id);
    named.check(write, commitment.legal_entity_id, faults).await
}

/// Posts the changes of a step in the committed and accrued amounts.
async fn post(
    write: &WriteContext<'_>,
    before: &Commitment,
    after: &mut Commitment,
    _action: &str,
) -> Result<(), Fail> {
    if before.bound() == after.bound() {
        return Ok(());
    }
    let books = Books::read(write, after.legal_entity_id).await?;
    ledger::take_turn(write.conn, write.context.caller.organisation()).await?;
    control(write, &books, before, after).await?;
    let mut posting = Posting::new(write, after.legal_entity_id, after.requested.currency);
    add_entries(&books, &mut posting, before, after, false)?;
    posting.post(write)?;
    Ok(())
}

/// Adds a commitment that changes in addition to the resource of the request.
pub(crate) fn change_also(write: &WriteContext<'_>, before: &Commitment, after: &mut Commitment, action: &str) {
    after.revision += 1;
    after.updated_at = write.now;
    write.change_also(Change::new(ChangeKind::Update, Some(before), after, action, None));
}

/// Adds the entries for the changes in committed and accrued amounts. `adjusting`: a closing period accepts them too.
pub(crate) fn add_entries(
    books: &Books,
    posting: &mut Posting,
    before: &Commitment,
    after: &mut Commitment,
    adjusting: bool,
) -> Result<(), Error> {
    let (was, is) = (before.bound(), after.bound());
    if was == is {
        return Ok(());
    }
    let period = open_period(books, after.fiscal_period_id, adjusting)?;
    let changes = [
        (LedgerEntryType::Commitment, LedgerAccount::Commitment, is.0 - was.0),
        (LedgerEntryType::Accrual, LedgerAccount::Accrual, is.1 - was.1),
    ];
    for (entry_type, account, units) in changes.into_iter().filter(|(_, _, units)| *units != 0) {
        let cell = BudgetCell {
            fiscal_period_id: period,
            project_id: after.project_id,
            cost_category_id: after.cost_category_id,
            spend: after.spend,
            account,
            currency: after.requested.currency,
        };
        let entry = posting.add(entry_type, after.program_id, &cell, units)?;
        after.entry_count += 1;
        entry.line = after.entry_count;
        entry.commitment_id = Some(after.id);
        entry.document_reference.clone_from(&after.document_reference);
        entry.prior_period_id = Some(after.fiscal_period_id).filter(|own| *own != period);
        let sum = ledger::chained(after.entries_sha256.as_ref().map_or("", Text::as_str), &ledger::link(entry));
        after.entries_sha256 = Some(Text::parse(&sum).map_err(|(_, cause)| Error::internal(cause))?);
    }
    Ok(())
}

/// The period that entries are posted to: its own period or, where that is closed, the next open one.
pub(crate) fn open_period(books: &Books, own: Id<FiscalPeriod>, adjusting: bool) -> Result<Id<FiscalPeriod>, Error> {
    let missing = || Error::new(Reason::WrongState, "the fiscal period of the commitment no longer exists");
    let own = books.periods.get(&own).ok_or_else(missing)?;
    if own.state == FiscalPeriodState::Open || (adjusting && own.state == FiscalPeriodState::Closing) {
        return Ok(own.id);
    }
    let later = books.periods.values().filter(|period| {
        !period.adjustment && period.state == FiscalPeriodState::Open && period.starts_on > own.starts_on
    });
    let next = later.min_by_key(|period| period.starts_on).map(|period| period.id);
    let detail = || format!("{} is {}, and no later period is open", own.name, own.state.word());
    next.ok_or_else(|| Error::fault("", "PERIOD_CLOSED", detail()))
}

/// Checks a commitment against the budget of the year, by the control policy of the company.
async fn control(
    write: &WriteContext<'_>,
    books: &Books,
    before: &Commitment,
    after: &mut Commitment,
) -> Result<(), Fail> {
    if after.committed.units() <= before.committed.units() {
        return Ok(());
    }
    let overrides = std::mem::replace(&mut after.over_budget, before.over_budget);
    let more = after.committed.units() - before.committed.units();
    let over_budget = beyond(write, books, after, ("budget_control", "/amount"), more, overrides).await?;
    after.over_budget |= over_budget;
    Ok(())
}

/// Checks a new request against the budget, by the control policy of the company.
async fn request(write: &WriteContext<'_>, after: &mut Commitment) -> Result<(), Fail> {
    let books = Books::read(write, after.legal_entity_id).await?;
    let (units, overrides) = (after.requested.units, after.override_reason.is_some());
    after.over_budget =
        beyond(write, &books, after, ("request_control", "/requested/amount"), units, overrides).await?;
    Ok(())
}

/// Returns the amount beyond the available budget; rejected where the policy of the company is to stop. `rule` is the field
/// of the company that defines the policy, and the pointer of the fault.
async fn beyond(
    write: &WriteContext<'_>,
    books: &Books,
    it: &Commitment,
    (policy, pointer): (&str, &str),
    more: i64,
    overrides: bool,
) -> Result<bool, Fail> {
    let (org, entity) = (write.context.caller.organisation(), it.legal_entity_id.to_string());
    if overrides {
        may_override(write, &it.program_id.to_string()).await?;
    }
    let policy = query::find_text(write.conn, org, LegalEntity::KIND, &entity, policy).await?;
    let mut control = Control::new(policy.and_then(|word| BudgetControl::from_word(&word)), overrides);
    let at = Budgeted::of(books, it.program_id, it.fiscal_period_id, it.requested.currency);
    let Some(at) = at else { return Ok(false) };
    match control.take(write, books, at, &[(at, -more)]).await? {
        Verdict::Fits => Ok(false),
        Verdict::Beyond(_) => Ok(true),
        Verdict::Refused(detail) => Err(Error::fault(pointer, "OVER_BUDGET", detail).into()),
    }
}

/// Checks that a role of the caller over this program may exceed the budget.
async fn may_override(write: &WriteContext<'_>, program: &str) -> Result<(), Fail> {
    write.scope(Some(OVERRIDE))?;
    let org = write.context.caller.organisation();
    let portfolio = query::find_text(write.conn, org, Program::KIND, program, "portfolio_id").await?;
    let narrow = write.context.caller.narrow();
    if live_roles(&write.access, narrow, OVERRIDE, write.now, program, portfolio.as_deref()).is_empty() {
        return Err(Error::new(
            Reason::Forbidden,
            "no grant of the caller over this program includes the permission to override its budget",
        )
        .into());
    }
    Ok(())
}

//! Invoices, retention releases and partner statements, checked against the account of their engagement. The engagement is
//! locked while they are decided, so that concurrent requests cannot charge more than is available.

use std::collections::{BTreeMap, BTreeSet};

use steerco_domain::access::{Permission, find};
use steerco_domain::account::Account;
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::error::Fault;
use steerco_domain::id::Id;
use steerco_domain::invoice::{Invoice, InvoiceState};
use steerco_domain::milestone::Milestone;
use steerco_domain::money::{Amount, Money};
use steerco_domain::payable::{Payable, PayableState};
use steerco_domain::rate_card::RateCard;
use steerco_domain::retention_release::{RetentionRelease, RetentionReleaseState};
use steerco_domain::service_level_measurement::{MeasurementResult, ServiceLevelMeasurement};
use steerco_domain::text::Text;
use steerco_domain::vendor_statement::VendorStatement;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::account::{find_commitment, hold, read};
use steerco_persistence::{Change, ChangeKind, Fail, Scope, query, vendor};

use crate::beside::change;
use crate::hooks::{Hooks, hook, settle};
use crate::milestone_delivery::payment_of;
use crate::service::Feature;
use crate::write_context::WriteContext;

const CREATE_INVOICE: &Permission = find("invoice", "create");
const CREATE_STATEMENT: &Permission = find("vendor_statement", "create");
const CREATE_CARD: &Permission = find("rate_card", "create");
const APPROVE_RELEASE: &Permission = find("retention_release", "approve");
const PROPOSE_CREDIT: &Permission = find("service_level_measurement", "propose_credit");

/// The account of a visible engagement, locked; none if the engagement is not visible, which the check of the references
/// reports.
async fn hold_account(write: &WriteContext<'_>, scope: &Scope, id: Id<Engagement>) -> Result<Option<Account>, Fail> {
    let held = query::find_for_update::<Engagement>(write.conn, scope, &id.to_string()).await?;
    let Some(held) = held.filter(|held| held.deleted_at.is_none()) else { return Ok(None) };
    read(write.conn, scope.org(), held, None).await.map(Some)
}

fn refuse(faults: Vec<Fault>) -> Result<(), Fail> {
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

fn refuse_draft(account: &Account) -> Result<(), Fail> {
    if account.engagement.state == EngagementState::Draft {
        let detail = "the engagement is a draft: nothing can be charged yet";
        return refuse(vec![Fault::new("/engagement_id", "DOES_NOT_FIT", detail)]);
    }
    Ok(())
}

pub(crate) const INVOICE: Feature = Feature::of(
    Invoice::KIND,
    Hooks {
        on_create: hook!(on_create: enter),
        on_undelete: hook!(on_undelete: enter),
        on_act: hook!(on_act: decided),
        ..Hooks::NONE
    },
);
pub(crate) const VENDOR_STATEMENT: Feature = Feature::of(
    VendorStatement::KIND,
    Hooks { on_create: hook!(on_create: compare), on_undelete: hook!(on_undelete: compare), ..Hooks::NONE },
);
pub(crate) const RATE_CARD: Feature = Feature::of(
    RateCard::KIND,
    Hooks {
        on_create: hook!(on_create: check_currency),
        on_undelete: hook!(on_undelete: check_currency),
        ..Hooks::NONE
    },
);
pub(crate) const RETENTION_RELEASE: Feature =
    Feature::of(RetentionRelease::KIND, Hooks { on_act: hook!(on_act: approve_release), ..Hooks::NONE });
pub(crate) const SERVICE_LEVEL_MEASUREMENT: Feature =
    Feature::of(ServiceLevelMeasurement::KIND, Hooks { on_act: hook!(on_act: propose_credit), ..Hooks::NONE });

/// Completes a new invoice from the account of its engagement.
async fn enter(write: &WriteContext<'_>, invoice: &mut Invoice) -> Result<(), Fail> {
    let Some(account) = hold_account(write, &write.scope(Some(CREATE_INVOICE))?, invoice.engagement_id).await? else {
        return Ok(());
    };
    refuse_draft(&account)?;
    refuse(account.enter(invoice))?;
    settle(invoice)?;
    matched(write, invoice).await
}

/// Compares a new statement with the account.
async fn compare(write: &WriteContext<'_>, statement: &mut VendorStatement) -> Result<(), Fail> {
    let scope = write.scope(Some(CREATE_STATEMENT))?;
    let Some(account) = hold_account(write, &scope, statement.engagement_id).await? else { return Ok(()) };
    refuse_draft(&account)?;
    refuse(statement.compare(&account)?)
}

/// Checks that a new rate card is in the currency of the engagement.
async fn check_currency(write: &WriteContext<'_>, card: &mut RateCard) -> Result<(), Fail> {
    let Some(account) = hold_account(write, &write.scope(Some(CREATE_CARD))?, card.engagement_id).await? else {
        return Ok(());
    };
    if account.engagement.value.is_some_and(|value| value.currency != card.currency) {
        let detail = "must be the currency of the value of the engagement";
        return refuse(vec![Fault::new("/currency", "DOES_NOT_FIT", detail)]);
    }
    Ok(())
}

/// Finds the commitment of the purchase order line.
async fn matched(write: &WriteContext<'_>, invoice: &mut Invoice) -> Result<(), Fail> {
    let Some(reference) = &invoice.purchase_order_reference else { return Ok(()) };
    let (org, engagement) = (write.context.caller.organisation(), invoice.engagement_id.to_string());
    let line = invoice.purchase_order_line.as_ref().map(Text::as_str);
    let found = find_commitment(write.conn, org, &engagement, reference.as_str(), line).await?;
    invoice.commitment_id = found.map(|commitment| commitment.id);
    Ok(())
}

/// Updates the payables of an invoice that was approved or paid, in whole or in part, and the invoice of a credit note.
async fn decided(write: &WriteContext<'_>, was: &Invoice, invoice: &mut Invoice, _action: &str) -> Result<(), Fail> {
    let approved = was.state != invoice.state && invoice.state == InvoiceState::Approved;
    if !approved && was.paid == invoice.paid {
        return Ok(());
    }
    if approved {
        credit(write, invoice).await?;
    }
    let org = write.context.caller.organisation();
    let mut sums: BTreeMap<u128, (Id<Payable>, i64)> = BTreeMap::new();
    for line in &invoice.lines.0 {
        if let Some(id) = line.payable_id {
            // In a partial payment each line has its share including tax; the tax is left out here.
            let sum = sums.entry(id.as_u128()).or_insert((id, 0));
            sum.1 = sum.1.saturating_add(line.units());
        }
    }
    let mut changed: Vec<Payable> = Vec::new();
    let action = if approved { "invoice" } else { "pay" };
    for (id, units) in sums.into_values() {
        // A partner that accepts a credit note may act on the invoice, but has no permission to change payables otherwise.
        let Some(old) = hold::<Payable>(write.conn, org, &id.to_string()).await? else { continue };
        if approved && matches!(old.state, PayableState::Reversed | PayableState::Held) {
            let detail = format!("a payable of the invoice is {}: it cannot be charged", old.state.word());
            return Err(Error::new(Reason::WrongState, detail).into());
        }
        let mut new = old.clone();
        if approved {
            new.invoiced = more(new.invoiced, invoice.sign().saturating_mul(units));
        } else {
            new.paid = more(new.paid, invoice.paid_of(units, invoice.paid) - invoice.paid_of(units, was.paid));
            new.paid_on = invoice.payments.0.last().map(|payment| payment.paid_on).max(new.paid_on);
        }
        settle(&mut new)?;
        change(write, &old, new.clone(), action, write.now);
        changed.push(new);
    }
    tell_milestones(write, &changed, action).await
}

fn more(so_far: Amount, units: i64) -> Amount {
    Amount::new(so_far.units().saturating_add(units))
}

/// Deducts a credit note from the amount left to pay of its invoice.
async fn credit(write: &WriteContext<'_>, note: &Invoice) -> Result<(), Fail> {
    let Some(id) = note.credited_invoice_id else { return Ok(()) };
    let org = write.context.caller.organisation();
    let Some(old) = hold::<Invoice>(write.conn, org, &id.to_string()).await? else { return Ok(()) };
    let mut new = old.clone();
    new.credit(note.gross)?;
    change(write, &old, new, "credit", write.now);
    Ok(())
}

/// Updates the payment state of the milestones of these payables.
async fn tell_milestones(write: &WriteContext<'_>, changed: &[Payable], action: &str) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let mut told = BTreeSet::new();
    for id in changed.iter().map(|payable| payable.milestone_id).filter(|id| told.insert(id.as_u128())) {
        let id = id.to_string();
        let Some(old) = hold::<Milestone>(write.conn, org, &id).await? else { continue };
        let mut payables = vendor::list_payables(write.conn, org, &id).await?;
        for payable in &mut payables {
            if let Some(new) = changed.iter().find(|new| new.id == payable.id) {
                *payable = new.clone();
            }
        }
        let mut new = old.clone();
        new.payment_state = payment_of(&payables);
        change(write, &old, new, action, write.now);
    }
    Ok(())
}

/// A release must not exceed the retained amount.
async fn approve_release(
    write: &WriteContext<'_>,
    was: &RetentionRelease,
    release: &mut RetentionRelease,
    _action: &str,
) -> Result<(), Fail> {
    if was.state == release.state || release.state != RetentionReleaseState::Approved {
        return Ok(());
    }
    let scope = write.scope(Some(APPROVE_RELEASE))?;
    let account = hold_account(write, &scope, release.engagement_id).await?;
    let account = account.ok_or_else(|| Error::not_found(Engagement::KIND.name))?;
    let kept = account.retained() - account.released();
    let kept = Amount::new(i64::try_from(kept.max(0)).unwrap_or(i64::MAX));
    Ok(release.check(&account.engagement, write.now.day(), kept)?)
}

/// Creates the credit note that is proposed for a breach.
async fn propose_credit(
    write: &WriteContext<'_>,
    was: &ServiceLevelMeasurement,
    measurement: &mut ServiceLevelMeasurement,
    _action: &str,
) -> Result<(), Fail> {
    if was.credit_proposed_at == measurement.credit_proposed_at {
        return Ok(());
    }
    let scope = write.scope(Some(PROPOSE_CREDIT))?;
    let account = hold_account(write, &scope, measurement.engagement_id).await?;
    let account = account.ok_or_else(|| Error::not_found(Engagement::KIND.name))?;
    refuse_draft(&account)?;
    let credit = measurement.credit.filter(|_| measurement.result == MeasurementResult::Breached);
    let Some(Money { units, currency }) = credit else {
        return Err(Error::new(Reason::WrongState, "there is no credit for this measurement").into());
    };
    let note = Invoice::propose(measurement, Money::new(units, currency), write.new_id(), write.now, write.actor());
    write.change_also(Change::new(ChangeKind::Insert, None, &note, "propose", None));
    Ok(())
}

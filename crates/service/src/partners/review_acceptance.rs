//! Effects of an acceptance, in one transaction: the progress of the milestone, the earned progress of its deliverable, the
//! accrual, and the payable.

use steerco_domain::budget::BudgetCell;
use steerco_domain::commitment::Commitment;
use steerco_domain::engagement::PaymentRule;
use steerco_domain::fiscal_period::{FiscalPeriod, FiscalPeriodState};
use steerco_domain::id::Id;
use steerco_domain::labels::Labels;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntryType};
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::milestone::{DeliveryState, Milestone};
use steerco_domain::milestone_update::MilestoneUpdateState;
use steerco_domain::money::{Amount, Money};
use steerco_domain::payable::{Payable, PayableState};
use steerco_domain::program::Program;
use steerco_domain::ratio::Ratio;
use steerco_domain::refs::ExternalRefs;
use steerco_domain::review::{AccrualWay, Review, ReviewAccrual, ReviewState};
use steerco_domain::state::States;
use steerco_domain::text::Text;
use steerco_domain::time::{Day, Instant};
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason};
use steerco_persistence::{Change, ChangeKind, Fail, ledger, vendor};

use crate::beside::{change, get};
use crate::budget::{Books, Posting};
use crate::commitment::{add_entries, change_also};
use crate::hooks::settle;
use crate::milestone_delivery::{delivery_of, payment_of, tell_deliverable};
use crate::review_case::Case;
use crate::write_context::WriteContext;

/// Applies the acceptance of a review.
pub(crate) async fn accept(write: &WriteContext<'_>, case: &Case, after: &mut Review) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let gain = case.price.and_then(|price| after.gain(price));
    after.accepted_value = gain;
    let mut claim = case.claim.clone();
    claim.state.go(match after.state {
        ReviewState::AcceptedWithReservations => MilestoneUpdateState::AcceptedWithReservations,
        ReviewState::AcceptedInPart => MilestoneUpdateState::AcceptedInPart,
        _ => MilestoneUpdateState::Accepted,
    })?;
    let mut milestone = case.milestone.clone();
    milestone.accepted_percent = after.accepted_percent;
    milestone.accepted_on = after.accepted_on;
    milestone.delivery_state = delivery_of(claim.state, &milestone);
    if is_whole(&milestone) {
        milestone.actual_on = Some(case.term.day(claim.created_at));
    }
    if let Some(gain) = gain.filter(|gain| gain.units > 0) {
        accrue(write, case, after, gain).await?;
    }
    let mut payables = vendor::list_payables(write.conn, org, &milestone.id.to_string()).await?;
    if let Some(payable) = new_payable(write, case, after, &milestone, &payables) {
        write.change_also(Change::new(ChangeKind::Insert, None, &payable, "accept", None));
        payables.push(payable);
    }
    milestone.payment_state = payment_of(&payables);
    let holds_from = if after.deemed { case_day(after, write.now) } else { write.now };
    tell_deliverable(write, &milestone, true).await?;
    change(write, &case.milestone, milestone, "accept", holds_from);
    change(write, &case.claim, claim, "accept", holds_from);
    Ok(())
}

/// When a deemed acceptance takes effect: at the end of the last day of the review period.
fn case_day(review: &Review, now: Instant) -> Instant {
    review.due_at.unwrap_or(now)
}

fn is_whole(milestone: &Milestone) -> bool {
    milestone.accepted_percent.is_some_and(|accepted| accepted.millionths() == Ratio::ONE)
}

/// The additional payable by the payment rule of the engagement; none if the amount is zero.
fn new_payable(
    write: &WriteContext<'_>,
    case: &Case,
    review: &Review,
    milestone: &Milestone,
    known: &[Payable],
) -> Option<Payable> {
    let price = case.price?;
    let due = match case.engagement.payment_rule.unwrap_or_default() {
        PaymentRule::Whole => {
            if is_whole(milestone) {
                price
            } else {
                Money::new(0, price.currency)
            }
        }
        PaymentRule::ProRata => price.payable_share(milestone.accepted_percent?)?,
    };
    let so_far = known.iter().fold(0_i64, |sum, payable| sum.saturating_add(payable.amount.units));
    let more = due.units.checked_sub(so_far).filter(|more| *more != 0)?;
    let (retained, net) = Payable::keep_back(due, so_far, case.engagement.retention);
    Some(Payable {
        retained,
        net,
        state: if review.deemed { PayableState::Held } else { PayableState::Payable },
        accepted_on: review.accepted_on,
        ..blank(write, review, Money::new(more, price.currency))
    })
}

fn blank(write: &WriteContext<'_>, review: &Review, amount: Money) -> Payable {
    Payable {
        id: Id::from_u128(write.new_id()),
        revision: 1,
        created_at: write.now,
        updated_at: write.now,
        created_by: write.actor(),
        deleted_at: None,
        external_refs: ExternalRefs::default(),
        labels: Labels::default(),
        review_id: review.id,
        milestone_id: review.milestone_id,
        engagement_id: review.engagement_id,
        partner_id: review.partner_id,
        program_id: review.program_id,
        amount,
        retained: Amount::default(),
        net: Amount::default(),
        state: PayableState::Reversed,
        accepted_on: None,
        released_at: None,
        released_by: None,
        invoiced: Amount::default(),
        paid: Amount::default(),
        paid_on: None,
        reverses_id: None,
        private_notes: None,
    }
}

/// Accrues accepted work: commitments of the engagement count it as received as far as they have room; the rest is a
/// separate entry in the books of the company that owes it.
async fn accrue(write: &WriteContext<'_>, case: &Case, review: &mut Review, gain: Money) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let engagement = case.engagement.id.to_string();
    let commitments = vendor::list_commitments(write.conn, org, &engagement, gain.currency).await?;
    let mut left = gain.units;
    for commitment in &commitments {
        let part = commitment.room().min(left);
        if part <= 0 {
            continue;
        }
        receive(write, commitment, part, review).await?;
        left -= part;
        review.accruals.push(ReviewAccrual {
            way: AccrualWay::Commitment,
            commitment_id: Some(commitment.id),
            legal_entity_id: Some(commitment.legal_entity_id),
            amount: Amount::new(part),
            invoice_id: None,
        });
    }
    if left == 0 {
        return Ok(());
    }
    let entity = case.engagement.legal_entity_id.or_else(|| commitments.first().map(|first| first.legal_entity_id));
    let way = match entity {
        Some(entity) => {
            let day = review.accepted_on.unwrap_or_else(|| write.now.day());
            post_accrual(write, program_of(case)?, review, (entity, day), Money::new(left, gain.currency)).await?;
            AccrualWay::Entry
        }
        None => AccrualWay::None,
    };
    let (legal_entity_id, amount) = (entity, Amount::new(left));
    review.accruals.push(ReviewAccrual { way, commitment_id: None, legal_entity_id, amount, invoice_id: None });
    Ok(())
}

/// Changes the received amount of a commitment.
async fn receive(write: &WriteContext<'_>, before: &Commitment, units: i64, review: &Review) -> Result<(), Fail> {
    let mut after = before.clone();
    after.received = Amount::new(before.received.units() + units);
    (after.document_reference, after.reason) = (None, None);
    settle(&mut after)?;
    let books = Books::read(write, after.legal_entity_id).await?;
    let mut posting = Posting::new(write, after.legal_entity_id, after.requested.currency);
    posting.follow(review);
    add_entries(&books, &mut posting, before, &mut after, false)?;
    posting.post(write)?;
    change_also(write, before, &mut after, "receive");
    Ok(())
}

/// The program whose work was accepted.
fn program_of(case: &Case) -> Result<Id<Program>, Error> {
    let program = case.milestone.program_id.or_else(|| case.engagement.program_ids.first().copied());
    program.ok_or_else(|| Error::internal("a review has no program"))
}

/// Posts a separate entry, in the period of the day or the next open one.
pub(crate) async fn post_accrual(
    write: &WriteContext<'_>,
    program: Id<Program>,
    review: &mut Review,
    (entity, day): (Id<LegalEntity>, Day),
    amount: Money,
) -> Result<(), Fail> {
    let books = Books::read(write, entity).await?;
    let (own, period) = period_of(&books, day)?;
    let cell = BudgetCell {
        fiscal_period_id: period,
        project_id: None,
        cost_category_id: None,
        spend: None,
        account: LedgerAccount::Accrual,
        currency: amount.currency,
    };
    let mut posting = Posting::new(write, entity, amount.currency);
    posting.follow(review);
    let entry = posting.add(LedgerEntryType::Accrual, program, &cell, amount.units)?;
    review.entry_count += 1;
    entry.line = review.entry_count;
    entry.posted_on = day;
    entry.prior_period_id = own.filter(|own| *own != period);
    let before = review.entries_sha256.as_ref().map_or("", Text::as_str);
    let sum = ledger::chained(before, &ledger::link(entry));
    review.entries_sha256 = Some(Text::parse(&sum).map_err(|(_, cause)| Error::internal(cause))?);
    posting.post(write)?;
    Ok(())
}

/// The period of a day, if it exists, and the open period that entries are posted to: the same or the next one.
fn period_of(books: &Books, day: Day) -> Result<(Option<Id<FiscalPeriod>>, Id<FiscalPeriod>), Error> {
    let regular = || books.periods.values().filter(|period| !period.adjustment);
    let own = regular().find(|period| period.starts_on <= day && day <= period.ends_on);
    let open = regular().filter(|period| period.state == FiscalPeriodState::Open && period.ends_on >= day);
    let next = open.min_by_key(|period| period.starts_on).map(|period| period.id);
    let detail = || match own {
        Some(own) => format!("{} is {}, and no later period is open", own.name, own.state.word()),
        None => format!("the company has no open period that contains {day} or a later day"),
    };
    let next = next.ok_or_else(|| Error::fault("", "PERIOD_CLOSED", detail()))?;
    Ok((own.map(|own| own.id), next))
}

/// Reverses an acceptance: progress, earned progress of the deliverable, accrual and payable.
pub(crate) async fn revoke(write: &WriteContext<'_>, case: &Case, after: &mut Review) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let id = case.milestone.id.to_string();
    let reviews = vendor::list_reviews(write.conn, org, &id).await?;
    if let Some(later) = reviews.iter().find(|other| other.number > after.number && other.state.accepts()) {
        let detail = format!("the acceptance of claim {} depends on it: revoke that acceptance first", later.number);
        return Err(Error::new(Reason::WrongState, detail).into());
    }
    let mut payables = vendor::list_payables(write.conn, org, &id).await?;
    reverse_payables(write, after, &mut payables)?;
    reverse_accruals(write, case, after).await?;
    let mut claim = case.claim.clone();
    claim.state.go(MilestoneUpdateState::Revoked)?;
    let mut milestone = case.milestone.clone();
    milestone.accepted_percent = after.percent_before;
    milestone.accepted_on = milestone.accepted_on.filter(|_| after.percent_before.is_some());
    milestone.actual_on = None;
    milestone.payment_state = payment_of(&payables);
    if milestone.delivery_state != DeliveryState::Submitted {
        milestone.delivery_state = delivery_of(claim.state, &milestone);
    }
    tell_deliverable(write, &milestone, true).await?;
    change(write, &case.milestone, milestone, "revoke", write.now);
    change(write, &case.claim, claim, "revoke", write.now);
    for open in reviews.iter().filter(|other| other.state.is_open()) {
        let mut told = open.clone();
        told.percent_before = after.percent_before;
        change(write, open, told, "revoke_before", write.now);
    }
    Ok(())
}

fn reverse_payables(write: &WriteContext<'_>, review: &Review, payables: &mut Vec<Payable>) -> Result<(), Error> {
    let mut reversals = Vec::new();
    for payable in payables.iter_mut().filter(|payable| payable.review_id == review.id) {
        if payable.state == PayableState::Reversed {
            continue;
        }
        if payable.invoiced.units() != 0 || payable.paid.units() != 0 {
            let detail = "its payable is invoiced: a credit note must reverse the invoice first";
            return Err(Error::new(Reason::WrongState, detail));
        }
        let before = payable.clone();
        payable.state = PayableState::Reversed;
        change(write, &before, payable.clone(), "reverse", write.now);
        let back = |amount: Amount| Amount::new(-amount.units());
        reversals.push(Payable {
            retained: back(before.retained),
            net: back(before.net),
            accepted_on: before.accepted_on,
            reverses_id: Some(before.id),
            ..blank(write, review, Money::new(-before.amount.units, before.amount.currency))
        });
    }
    for reversal in reversals {
        write.change_also(Change::new(ChangeKind::Insert, None, &reversal, "revoke", None));
        payables.push(reversal);
    }
    Ok(())
}

async fn reverse_accruals(write: &WriteContext<'_>, case: &Case, review: &mut Review) -> Result<(), Fail> {
    let Some(currency) = review.accepted_value.map(|value| value.currency) else { return Ok(()) };
    let known = review.accruals.clone();
    for accrual in &known {
        let units = -accrual.amount.units();
        match accrual.way {
            AccrualWay::Commitment => {
                let commitment =
                    accrual.commitment_id.ok_or_else(|| Error::internal("an accrual has no commitment"))?;
                let commitment: Commitment = get(write, &commitment.to_string()).await?;
                receive(write, &commitment, units, review).await?;
            }
            AccrualWay::Entry => {
                let entity =
                    accrual.legal_entity_id.ok_or_else(|| Error::internal("an accrual has no legal entity"))?;
                // Taken back where it was accrued: on the day of the acceptance.
                let day = review.accepted_on.unwrap_or_else(|| case.term.day(write.now));
                post_accrual(write, program_of(case)?, review, (entity, day), Money::new(units, currency)).await?;
            }
            AccrualWay::None => {}
        }
        review.accruals.push(ReviewAccrual { amount: Amount::new(units), ..accrual.clone() });
    }
    Ok(())
}

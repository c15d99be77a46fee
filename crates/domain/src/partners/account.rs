//! The account of an engagement: what may still be charged, and what both sides owe. One calculation for the check of an
//! invoice, the statement of account and the comparison with a statement of the partner.

use std::collections::BTreeMap;

use crate::engagement::{Engagement, EngagementKind};
use crate::error::{Error, Fault, Reason};
use crate::id::Id;
use crate::invoice::{Invoice, InvoiceLine, InvoiceState, InvoiceType};
use crate::milestone::Milestone;
use crate::money::{Amount, Currency};
use crate::payable::{Payable, PayableState};
use crate::rate_card::{self, RateCard};
use crate::ratio::Ratio;
use crate::retention_release::{RetentionRelease, RetentionReleaseState};
use crate::review::Review;
use crate::words::Words;

/// Everything that an engagement has charged, accepted and released.
#[derive(Clone, Debug)]
pub struct Account {
    pub engagement: Engagement,
    pub milestones: Vec<Milestone>,
    pub reviews: Vec<Review>,
    pub payables: Vec<Payable>,
    pub releases: Vec<RetentionRelease>,
    pub cards: Vec<RateCard>,
    pub invoices: Vec<Invoice>,
}

/// An amount of a sum, or a refusal where it is none.
pub(crate) fn amount(units: i128) -> Result<Amount, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "a sum is beyond what an amount holds");
    i64::try_from(units).map(Amount::new).map_err(too_much)
}

impl Account {
    /// The currency in which it is charged.
    pub fn currency(&self) -> Option<Currency> {
        let of_payables = self.payables.first().map(|payable| payable.amount.currency);
        let of_invoices = self.invoices.first().map(|invoice| invoice.currency);
        self.engagement.value.map(|value| value.currency).or(of_payables).or(of_invoices)
    }

    /// What these shares of the milestones come to by their prices.
    pub fn worth(&self, of: impl Fn(&Milestone) -> Option<Ratio>) -> i128 {
        let priced = self.milestones.iter().filter_map(|milestone| {
            let price = milestone.payable_price(self.engagement.value, self.milestones.iter())?;
            price.payable_share(of(milestone)?)
        });
        priced.map(|worth| i128::from(worth.units)).sum()
    }

    /// What was charged and not taken back of the lines that `of` picks, without tax.
    fn charged(&self, of: impl Fn(&InvoiceLine) -> bool) -> i128 {
        let counted = self.invoices.iter().filter(|invoice| invoice.counts());
        let lines = counted.flat_map(|invoice| invoice.lines.0.iter().map(move |line| (invoice.sign(), line)));
        lines.filter(|(_, line)| of(line)).map(|(sign, line)| i128::from(sign) * i128::from(line.units())).sum()
    }

    /// What is left to charge of a payable.
    fn left_of_payable(&self, payable: &Payable) -> i128 {
        let open = matches!(payable.state, PayableState::Payable | PayableState::Invoiced | PayableState::Paid);
        let net = if open { i128::from(payable.net.units()) } else { 0 };
        net - self.charged(|line| line.payable_id == Some(payable.id))
    }

    /// What is left to charge of released retention.
    fn left_of_release(&self, release: &RetentionRelease) -> i128 {
        let agreed = release.state == RetentionReleaseState::Approved;
        let units = if agreed { i128::from(release.amount.units) } else { 0 };
        units - self.charged(|line| line.retention_release_id == Some(release.id))
    }

    /// What is left to charge of the value of the engagement, where it has one.
    pub fn left_of_value(&self) -> Option<i128> {
        self.engagement.value.map(|value| i128::from(value.units) - self.charged(|_| true))
    }

    /// What was kept back of what was accepted.
    pub fn retained(&self) -> i128 {
        self.payables.iter().map(|payable| i128::from(payable.retained.units())).sum()
    }

    /// What of that was released.
    pub fn released(&self) -> i128 {
        let agreed = self.releases.iter().filter(|release| release.state == RetentionReleaseState::Approved);
        agreed.map(|release| i128::from(release.amount.units)).sum()
    }

    /// Prices the work by time of a new invoice by the rate cards, dates it due, and tells every rule that it breaks.
    pub fn enter(&self, new: &mut Invoice) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.currency().is_some_and(|currency| currency != new.currency) {
            faults.push(Fault::new("/currency", "DOES_NOT_FIT", "must be the currency of the engagement"));
            return faults;
        }
        for (i, line) in new.lines.0.iter_mut().enumerate() {
            self.price(&format!("/lines/{i}"), line, new.currency, &mut faults);
            for (name, amount) in [("amount", line.amount), ("tax", line.tax)] {
                let check = |amount: Amount| new.currency.check_whole(format!("/lines/{i}/{name}"), amount.units());
                faults.extend(amount.and_then(check));
            }
        }
        let terms = self.engagement.payment_terms_days.map(|days| i64::from(days.get()));
        new.due_on = terms.and_then(|days| new.issued_on.plus_days(days));
        match new.invoice_type {
            _ if !faults.is_empty() => {}
            InvoiceType::Invoice => self.check_charges(new, &mut faults),
            InvoiceType::CreditNote => self.check_credit(new, &mut faults),
        }
        faults
    }

    /// Takes rate and amount of work by time from the cards.
    fn price(&self, at: &str, line: &mut InvoiceLine, currency: Currency, faults: &mut Vec<Fault>) {
        let named = [line.payable_id.is_some(), line.retention_release_id.is_some(), line.is_time()];
        if named.into_iter().filter(|named| *named).count() > 1 {
            let detail = "a line is for one thing: a payable, a release, or work by time";
            faults.push(Fault::new(at, "DOES_NOT_FIT", detail));
            return;
        }
        if !line.is_time() {
            if line.rate.is_some() {
                faults.push(Fault::new(format!("{at}/rate"), "DOES_NOT_FIT", "only work by time has a rate"));
            }
            if line.amount.is_none() {
                faults.push(Fault::new(format!("{at}/amount"), "REQUIRED", "is required"));
            }
            return;
        }
        let (Some(role), Some(unit), Some(quantity), Some(on)) = (&line.role, line.unit, line.quantity, line.worked_on)
        else {
            let detail = "work by time needs role, unit, quantity and worked_on";
            faults.push(Fault::new(at, "REQUIRED", detail));
            return;
        };
        let Some(rate) = rate_card::rate(&self.cards, role, unit, on) else {
            let detail = format!("no rate is agreed for {role} by the {} on {on}", unit.word());
            faults.push(Fault::new(format!("{at}/role"), "NO_RATE", detail));
            return;
        };
        if rate.currency != currency {
            let detail = format!("the rate is agreed in {}", rate.currency.code());
            faults.push(Fault::new(format!("{at}/role"), "DOES_NOT_FIT", detail));
            return;
        }
        let priced = rate_card::price(quantity, rate).filter(|priced| priced.units() > 0);
        let rate = Amount::new(rate.units);
        let Some(priced) = priced else {
            faults.push(Fault::new(format!("{at}/quantity"), "OUT_OF_RANGE", "comes to no amount"));
            return;
        };
        for (name, given, right) in [("rate", line.rate, rate), ("amount", line.amount, priced)] {
            if given.is_some_and(|given| given != right) {
                let detail = format!("the agreed rate of {rate} makes it {right}");
                faults.push(Fault::new(format!("{at}/{name}"), "DOES_NOT_FIT", detail));
            }
        }
        (line.rate, line.amount) = (Some(rate), Some(priced));
    }

    /// No more is charged than was accepted, released or agreed.
    fn check_charges(&self, new: &Invoice, faults: &mut Vec<Fault>) {
        let (mut payables, mut releases) = (BTreeMap::new(), BTreeMap::new());
        let code = new.currency.code();
        for (i, line) in new.lines.0.iter().enumerate() {
            let units = i128::from(line.units());
            let over = |left: i128, name: &str| {
                let detail = format!("{} {code} are left to charge of the {name}", told(left));
                Fault::new(format!("/lines/{i}/amount"), "INSUFFICIENT", detail)
            };
            if let Some(id) = line.payable_id {
                match self.payables.iter().find(|payable| payable.id == id) {
                    None => faults.push(missing(i, "payable_id", "payable")),
                    Some(payable) => {
                        let left = payables.entry(id.as_u128()).or_insert_with(|| self.left_of_payable(payable));
                        if units > *left {
                            faults.push(over(*left, "payable"));
                        }
                        *left -= units;
                    }
                }
            } else if let Some(id) = line.retention_release_id {
                match self.agreed_release(id) {
                    None => faults.push(missing(i, "retention_release_id", "retention release")),
                    Some(release) => {
                        let left = releases.entry(id.as_u128()).or_insert_with(|| self.left_of_release(release));
                        if units > *left {
                            faults.push(over(*left, "release"));
                        }
                        *left -= units;
                    }
                }
            } else {
                faults.extend(self.unsupported(i, line));
            }
        }
        let sum: i128 = new.lines.0.iter().map(|line| i128::from(line.units())).sum();
        if let Some(left) = self.left_of_value().filter(|left| sum > *left) {
            let detail = format!("{} {code} are left to charge of the value of the engagement", told(left));
            faults.push(Fault::new("/lines", "INSUFFICIENT", detail));
        }
    }

    /// A release that the partner may know of.
    fn agreed_release(&self, id: Id<RetentionRelease>) -> Option<&RetentionRelease> {
        self.releases.iter().find(|release| release.id == id && release.state == RetentionReleaseState::Approved)
    }

    /// Why a line that names neither payable nor release cannot stand.
    fn unsupported(&self, i: usize, line: &InvoiceLine) -> Option<Fault> {
        let (name, detail) = match (self.engagement.kind, line.is_time()) {
            (EngagementKind::TimeAndMaterial, true) | (EngagementKind::Framework, _) => return None,
            (EngagementKind::TimeAndMaterial, false) => ("role", "work by time is charged by role, at the agreed rate"),
            (EngagementKind::Collaboration, _) => ("amount", "a collaboration is not charged"),
            (_, true) => ("role", "this engagement is not charged by time"),
            (_, false) => ("payable_id", "only what was accepted is charged: name its payable"),
        };
        let code = if name == "payable_id" || name == "role" && !line.is_time() { "REQUIRED" } else { "DOES_NOT_FIT" };
        Some(Fault::new(format!("/lines/{i}/{name}"), code, detail))
    }

    /// No more is taken back of an invoice than it charged.
    fn check_credit(&self, new: &Invoice, faults: &mut Vec<Fault>) {
        let Some(id) = new.credited_invoice_id else { return };
        let charged = self.invoices.iter().find(|i| i.id == id && i.counts() && i.invoice_type == InvoiceType::Invoice);
        let Some(charged) = charged else {
            let detail = "there is no such invoice of this engagement that could be credited";
            faults.push(Fault::new("/credited_invoice_id", "NOT_FOUND", detail));
            return;
        };
        let credits = self.invoices.iter().filter(|credit| {
            let open = matches!(credit.state, InvoiceState::Submitted | InvoiceState::Approved | InvoiceState::Paid);
            credit.credited_invoice_id == Some(id) && open && credit.deleted_at.is_none()
        });
        let credited: i128 = credits.map(|credit| i128::from(credit.net.units())).sum();
        let left = i128::from(charged.net.units()) - credited;
        let sum: i128 = new.lines.0.iter().map(|line| i128::from(line.units())).sum();
        if sum > left {
            let detail = format!("{} {} are left to credit of it", told(left), new.currency.code());
            faults.push(Fault::new("/lines", "INSUFFICIENT", detail));
        }
        for (i, line) in new.lines.0.iter().enumerate() {
            let of_it = charged.lines.0.iter().any(|of| of.payable_id == line.payable_id);
            if line.payable_id.is_some() && !of_it {
                faults.push(missing(i, "payable_id", "payable"));
            }
            if line.retention_release_id.is_some_and(|id| self.agreed_release(id).is_none()) {
                faults.push(missing(i, "retention_release_id", "retention release"));
            }
        }
    }
}

/// What is left, as it is told: nothing where it is less.
fn told(left: i128) -> Amount {
    Amount::new(i64::try_from(left.max(0)).unwrap_or(i64::MAX))
}

/// Foreign and unknown look alike.
fn missing(line: usize, name: &str, what: &str) -> Fault {
    Fault::new(format!("/lines/{line}/{name}"), "NOT_FOUND", format!("there is no such {what} of this engagement"))
}

//! Statements of partners: what their books say of an engagement, beside ours.

use std::collections::BTreeMap;

use steerco_derive::{input, resource, words};

use crate::account::Account;
use crate::engagement::Engagement;
use crate::error::{Error, Fault};
use crate::field::List;
use crate::id::Id;
use crate::invoice::{InvoiceState, InvoiceType};
use crate::money::{Amount, Currency};
use crate::partner::Partner;
use crate::resource::{Place, Rules};
use crate::statement_of_account::StatementOfAccount;
use crate::text::Text;
use crate::time::Day;

/// What the books of the partner say of an engagement, compared with the account here when it came. Both sides read the
/// rows that differ.
#[resource(prefix = "vst", plural = "vendor_statements", scope = "InEngagement")]
pub struct VendorStatement {
    /// The engagement that it is about.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// The day it was drawn up.
    #[field(create, filter)]
    pub stated_on: Day,
    /// The currency of its amounts.
    #[field(create, filter)]
    pub currency: Currency,
    /// What the partner says is owed to it.
    #[field(create, filter)]
    pub balance: Amount,
    /// Its invoices and credit notes, each number once.
    #[field(create)]
    pub lines: List<VendorStatementLine, 1000>,
    /// Whether nothing differs.
    #[field(filter)]
    pub agrees: bool,
    /// What is owed to the partner by the account here.
    #[field(filter)]
    pub account_balance: Amount,
    /// The rows that differ, by number.
    #[field(system)]
    pub differences: List<VendorStatementDifference, 2000>,
    /// How many differ, whether told or not.
    #[field(filter)]
    pub difference_count: i32,
}

/// One invoice or credit note in the books of the partner.
#[input(value)]
pub struct VendorStatementLine {
    /// Its number.
    pub number: Text<100>,
    /// What it charges, with tax; below zero of a credit note.
    pub amount: Amount,
    /// What of it was paid.
    pub paid: Amount,
}

/// One row that differs.
#[input(value)]
pub struct VendorStatementDifference {
    /// Number of the invoice or credit note.
    pub number: Text<100>,
    /// In what it differs.
    pub difference_type: VendorStatementDifferenceType,
    /// The amount, or what was paid, in the books of the partner.
    pub stated: Option<Amount>,
    /// The same by the account here.
    pub account: Option<Amount>,
}

/// In what a row differs.
#[words]
pub enum VendorStatementDifferenceType {
    /// Only the partner has it.
    MissingInAccount,
    /// Only the account here has it.
    MissingInStatement,
    /// Both have it, with other amounts.
    AmountDiffers,
    /// Both have it, and not the same of it is paid.
    PaidDiffers,
    /// Both have it, but here it waits or was turned down, and is not owed.
    NotAgreed,
}

impl VendorStatement {
    /// Compares it with the account.
    pub fn compare(&mut self, account: &Account) -> Result<Vec<Fault>, Error> {
        if account.currency().is_some_and(|currency| currency != self.currency) {
            let detail = "must be the currency of the engagement";
            return Ok(vec![Fault::new("/currency", "DOES_NOT_FIT", detail)]);
        }
        let theirs: BTreeMap<&Text<100>, &VendorStatementLine> =
            self.lines.0.iter().map(|line| (&line.number, line)).collect();
        let known = account.invoices.iter().filter(|i| i.state != InvoiceState::Withdrawn && i.deleted_at.is_none());
        let ours: BTreeMap<&Text<100>, _> = known.map(|invoice| (&invoice.number, invoice)).collect();
        let mut found = Vec::new();
        for (number, line) in &theirs {
            let Some(invoice) = ours.get(number) else {
                found.push(differs(number, VendorStatementDifferenceType::MissingInAccount, Some(line.amount), None));
                continue;
            };
            let amount = Amount::new(invoice.sign() * invoice.gross.units());
            if !invoice.is_agreed() {
                let not_agreed = VendorStatementDifferenceType::NotAgreed;
                found.push(differs(number, not_agreed, Some(line.amount), Some(amount)));
            } else if line.amount != amount {
                let amounts = VendorStatementDifferenceType::AmountDiffers;
                found.push(differs(number, amounts, Some(line.amount), Some(amount)));
            }
            if line.paid != invoice.paid && invoice.invoice_type == InvoiceType::Invoice {
                let paid = VendorStatementDifferenceType::PaidDiffers;
                found.push(differs(number, paid, Some(line.paid), Some(invoice.paid)));
            }
        }
        for (number, invoice) in ours.iter().filter(|(number, i)| i.is_agreed() && !theirs.contains_key(*number)) {
            let amount = Amount::new(invoice.sign() * invoice.gross.units());
            found.push(differs(number, VendorStatementDifferenceType::MissingInStatement, None, Some(amount)));
        }
        found.sort_by(|a, b| a.number.cmp(&b.number));
        self.account_balance = StatementOfAccount::new(account, self.stated_on)?.outstanding;
        self.agrees = found.is_empty() && self.account_balance == self.balance;
        self.difference_count = i32::try_from(found.len()).unwrap_or(i32::MAX);
        found.truncate(2000);
        self.differences = List(found);
        Ok(Vec::new())
    }
}

fn differs(
    number: &Text<100>,
    difference_type: VendorStatementDifferenceType,
    stated: Option<Amount>,
    account: Option<Amount>,
) -> VendorStatementDifference {
    VendorStatementDifference { number: number.clone(), difference_type, stated, account }
}

impl Rules for VendorStatement {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        for (i, line) in self.lines.0.iter().enumerate() {
            if self.lines.0[..i].iter().any(|other| other.number == line.number) {
                faults.push(Fault::new(format!("/lines/{i}/number"), "DUPLICATE", "stands there already"));
            }
        }
    }

    fn place(&self) -> Place {
        Place {
            partner: self.partner_id.map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}

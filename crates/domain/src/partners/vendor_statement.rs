//! Vendor statements: the books of partners, compared with the account of the organisation.

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

/// A statement from the books of the partner about an engagement, compared with the account of the organisation when it was
/// received. Both sides read the differing rows.
#[resource(prefix = "vst", plural = "vendor_statements", scope = "InEngagement")]
pub struct VendorStatement {
    /// The engagement of the statement.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Date of the statement.
    #[field(create, filter)]
    pub stated_on: Day,
    /// The currency of its amounts.
    #[field(create, filter)]
    pub currency: Currency,
    /// Amount owed to the partner according to its books.
    #[field(create, filter)]
    pub balance: Amount,
    /// Its invoices and credit notes; each number appears once.
    #[field(create)]
    pub lines: List<VendorStatementLine, 1000>,
    /// Whether there is no difference.
    #[field(filter)]
    pub agrees: bool,
    /// Amount owed to the partner according to the account of the organisation.
    #[field(filter)]
    pub account_balance: Amount,
    /// The differing rows, by number.
    #[field(system)]
    pub differences: List<VendorStatementDifference, 2000>,
    /// Number of differing rows, including those not returned.
    #[field(filter)]
    pub difference_count: i32,
}

/// One invoice or credit note in the books of the partner.
#[input(value)]
pub struct VendorStatementLine {
    /// Number of the invoice or credit note.
    pub number: Text<100>,
    /// Total with tax; below zero for a credit note.
    pub amount: Amount,
    /// Paid part of it.
    pub paid: Amount,
}

/// A differing row.
#[input(value)]
pub struct VendorStatementDifference {
    /// Number of the invoice or credit note.
    pub number: Text<100>,
    /// Type of the difference.
    pub difference_type: VendorStatementDifferenceType,
    /// The amount, or the paid amount, in the books of the partner.
    pub stated: Option<Amount>,
    /// The same figure in the account of the organisation.
    pub account: Option<Amount>,
}

/// Type of a difference.
#[words]
pub enum VendorStatementDifferenceType {
    /// In the books of the partner only.
    MissingInAccount,
    /// In the account of the organisation only.
    MissingInStatement,
    /// In both, with different amounts.
    AmountDiffers,
    /// In both, with different paid amounts.
    PaidDiffers,
    /// In both, but the organisation has not approved it or has rejected it, so that it is not owed.
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
                faults.push(Fault::new(format!("/lines/{i}/number"), "DUPLICATE", "is listed twice"));
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

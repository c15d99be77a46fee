//! The accrual proposal: work that is received or accepted, and not invoiced at the end of a period, per commitment and review.

use std::collections::{BTreeMap, BTreeSet};

use steerco_derive::answer;

use crate::commitment::Commitment;
use crate::cost_category::CostCategory;
use crate::engagement::Engagement;
use crate::error::{Error, Reason};
use crate::id::Id;
use crate::money::{Amount, Currency, Money};
use crate::program::Program;
use crate::project::Project;
use crate::review::Review;
use crate::spend::Spend;
use crate::text::Text;
use crate::time::Day;

/// Maximum number of commitments returned in a proposal.
pub const ACCRUALS_MAX: usize = 5_000;

/// Amounts to accrue at the end of a period.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccrualProposal {
    /// The period.
    pub fiscal_period_id: String,
    /// Whether the totals equal the balance of the accrual account.
    pub agrees: bool,
    /// One total per currency.
    pub totals: Vec<AccrualTotal>,
    /// One line per visible commitment, at most 5000.
    #[field(max = ACCRUALS_MAX)]
    pub accruals: Vec<ProposedAccrual>,
    /// Accepted work that no commitment bears, per review of visible programs, at most 5000. It is accrued until finance posts
    /// its invoice.
    #[field(max = ACCRUALS_MAX)]
    pub reviews: Vec<ReviewedAccrual>,
    /// Number of visible commitments and reviews with an amount to accrue, including those not returned.
    #[field(min = 0)]
    pub accrual_count: i32,
    /// Number of commitments and reviews whose programs are not visible to the caller.
    #[field(min = 0)]
    pub hidden_count: i32,
}

/// Proposed accrual in one currency, compared with the books.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccrualTotal {
    /// The currency.
    pub currency: Currency,
    /// Sum of the accruals, including those not returned.
    pub proposed: Amount,
    /// Balance of the accrual account of the visible programs, up to this period.
    pub balance: Amount,
}

/// Amount to accrue for one commitment.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedAccrual {
    /// The commitment.
    #[field(plain)]
    pub commitment_id: Id<Commitment>,
    /// Its program.
    #[field(plain)]
    pub program_id: Id<Program>,
    /// Its project.
    #[field(plain)]
    pub project_id: Option<Id<Project>>,
    /// Its cost category.
    #[field(plain)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
    /// Number of the purchase order.
    #[field(plain)]
    pub purchase_order_reference: Text<100>,
    /// Line of the purchase order.
    #[field(plain)]
    pub purchase_order_line: Option<Text<50>>,
    /// Amount received and not invoiced.
    pub amount: Money,
    /// Day of the last entry up to this period that increased the accrual: a delivery or a credit note.
    pub last_received_on: Option<Day>,
}

/// Amount accrued for accepted work that no commitment bears.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewedAccrual {
    /// The review that accepted it.
    #[field(plain)]
    pub review_id: Id<Review>,
    /// The engagement.
    #[field(plain)]
    pub engagement_id: Option<Id<Engagement>>,
    /// The program.
    #[field(plain)]
    pub program_id: Id<Program>,
    /// Amount accepted and not posted.
    pub amount: Money,
    /// Day of the last entry up to this period that increased the accrual.
    pub last_accepted_on: Option<Day>,
}

/// What the ledger has accrued for a commitment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accrued {
    /// What was accrued more or less after the period.
    pub later: i128,
    /// When something was last accrued up to its end.
    pub last_on: Option<Day>,
}

/// What a proposal is made of.
#[derive(Clone, Debug, Default)]
pub struct AccrualInput {
    /// Commitments of the company on which something is or was received and not invoiced.
    pub commitments: Vec<Commitment>,
    /// What the ledger has of each.
    pub accrued: BTreeMap<String, Accrued>,
    /// What the ledger has of reviews up to the end of the period.
    pub reviews: Vec<ReviewedAccrual>,
    /// What stands in the accrual account up to the end of the period, by program and currency.
    pub balances: Vec<(String, Currency, i128)>,
    /// The programs in sight.
    pub programs: BTreeSet<String>,
}

impl AccrualProposal {
    /// What each commitment says is received and not invoiced now, less what was posted after the period; beside it the
    /// account of the ledger, which must come to the same.
    pub fn new(period: &str, input: &AccrualInput) -> Result<Self, Error> {
        let mut sums: BTreeMap<&'static str, [i128; 2]> = BTreeMap::new();
        let (mut accruals, mut hidden) = (Vec::new(), 0_usize);
        for commitment in &input.commitments {
            let found = input.accrued.get(&commitment.id.to_string()).copied().unwrap_or_default();
            let units = i128::from(commitment.bound().1) - found.later;
            if units == 0 {
                continue;
            }
            if !input.programs.contains(&commitment.program_id.to_string()) {
                hidden += 1;
                continue;
            }
            sums.entry(commitment.requested.currency.code()).or_default()[0] += units;
            accruals.push(proposed(commitment, amount(units)?, found.last_on));
        }
        let visible = |review: &&ReviewedAccrual| input.programs.contains(&review.program_id.to_string());
        let mut reviews: Vec<ReviewedAccrual> = input.reviews.iter().filter(visible).cloned().collect();
        hidden += input.reviews.len() - reviews.len();
        for review in &reviews {
            sums.entry(review.amount.currency.code()).or_default()[0] += i128::from(review.amount.units);
        }
        let accrual_count = accruals.len() + reviews.len();
        reviews.truncate(ACCRUALS_MAX);
        for (_, currency, units) in input.balances.iter().filter(|(program, ..)| input.programs.contains(program)) {
            sums.entry(currency.code()).or_default()[1] += units;
        }
        let total = |(code, [proposed, balance]): (&&'static str, &[i128; 2])| {
            let currency = Currency::parse(code).ok_or_else(|| Error::internal("an amount has an unknown currency"))?;
            Ok(AccrualTotal { currency, proposed: amount(*proposed)?, balance: amount(*balance)? })
        };
        let totals = sums.iter().filter(|(_, sums)| **sums != [0, 0]).map(total).collect::<Result<_, Error>>()?;
        accruals.truncate(ACCRUALS_MAX);
        Ok(Self {
            fiscal_period_id: period.to_owned(),
            agrees: sums.values().all(|[proposed, balance]| proposed == balance),
            totals,
            accruals,
            reviews,
            accrual_count: i32::try_from(accrual_count).unwrap_or(i32::MAX),
            hidden_count: i32::try_from(hidden).unwrap_or(i32::MAX),
        })
    }
}

fn proposed(commitment: &Commitment, amount: Amount, last_received_on: Option<Day>) -> ProposedAccrual {
    ProposedAccrual {
        commitment_id: commitment.id,
        program_id: commitment.program_id,
        project_id: commitment.project_id,
        cost_category_id: commitment.cost_category_id,
        spend: commitment.spend,
        purchase_order_reference: commitment.purchase_order_reference.clone(),
        purchase_order_line: commitment.purchase_order_line.clone(),
        amount: Money::new(amount.units(), commitment.requested.currency),
        last_received_on,
    }
}

fn amount(units: i128) -> Result<Amount, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "a sum exceeds the range of an amount");
    i64::try_from(units).map(Amount::new).map_err(too_much)
}

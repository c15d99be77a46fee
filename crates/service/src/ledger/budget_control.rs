//! Budget control: whether the budget of a year allows more to be requested, committed or spent, by the policy of the
//! company; for each line of a request and for all of them together.

use std::collections::HashMap;

use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::BudgetControl;
use steerco_domain::money::{Amount, Currency};
use steerco_domain::program::Program;
use steerco_persistence::{Fail, commitment};

use crate::budget::Books;
use crate::write_context::WriteContext;

/// Key of control: a program in a fiscal year of a company, by currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budgeted {
    program: Id<Program>,
    year: i32,
    currency: Currency,
}

impl Budgeted {
    pub(crate) fn of(
        books: &Books,
        program: Id<Program>,
        period: Id<FiscalPeriod>,
        currency: Currency,
    ) -> Option<Self> {
        Some(Self { program, year: books.periods.get(&period)?.fiscal_year.get(), currency })
    }
}

/// Result of budget control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fits,
    /// This amount exceeds the available budget; it is allowed and marked.
    Beyond(i64),
    /// Rejected, with the reason.
    Refused(String),
}

/// The available budget after the lines of a request so far.
pub(crate) struct Control {
    policy: BudgetControl,
    overrides: bool,
    /// Available before the request.
    stands: HashMap<Budgeted, i128>,
    /// Changes by the request so far.
    moved: HashMap<Budgeted, i128>,
}

impl Control {
    /// `overrides`: whether the caller may exceed the budget and has requested it.
    pub(crate) fn new(policy: Option<BudgetControl>, overrides: bool) -> Self {
        let policy = policy.unwrap_or(BudgetControl::Ignore);
        Self { policy, overrides, stands: HashMap::new(), moved: HashMap::new() }
    }

    pub(crate) fn ignores(&self) -> bool {
        self.policy == BudgetControl::Ignore
    }

    /// Applies these changes to the available budget, unless they take more than the policy allows.
    pub(crate) async fn take(
        &mut self,
        write: &WriteContext<'_>,
        books: &Books,
        at: Budgeted,
        changes: &[(Budgeted, i64)],
    ) -> Result<Verdict, Fail> {
        if self.ignores() {
            return Ok(Verdict::Fits);
        }
        let net: i128 = changes.iter().filter(|(place, _)| *place == at).map(|(_, units)| i128::from(*units)).sum();
        let left = self.left(write, books, at).await?;
        let verdict = match left + net {
            after if net >= 0 || after >= 0 => Verdict::Fits,
            _ if self.policy == BudgetControl::Stop && !self.overrides => {
                let left = Amount::new(i64::try_from(left).unwrap_or(i64::MIN + 1));
                let (code, year) = (at.currency.code(), at.year);
                return Ok(Verdict::Refused(format!("only {left} {code} are available to the program in {year}")));
            }
            after => Verdict::Beyond(i64::try_from((-after).min(-net)).unwrap_or(i64::MAX)),
        };
        for (place, units) in changes {
            *self.moved.entry(*place).or_default() += i128::from(*units);
        }
        Ok(verdict)
    }

    async fn left(&mut self, write: &WriteContext<'_>, books: &Books, at: Budgeted) -> Result<i128, Fail> {
        let stands = if let Some(stands) = self.stands.get(&at) {
            *stands
        } else {
            let of_year = books.periods.values().filter(|period| period.fiscal_year.get() == at.year);
            let periods: Vec<String> = of_year.map(|period| period.id.to_string()).collect();
            let (org, program) = (write.context.caller.organisation(), at.program.to_string());
            let stands = commitment::available(write.conn, org, &program, &periods, at.currency).await?;
            self.stands.insert(at, stands);
            stands
        };
        Ok(stands + self.moved.get(&at).copied().unwrap_or_default())
    }
}

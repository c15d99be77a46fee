//! Amounts that are spread over several fiscal periods, and the resulting lines.

use steerco_derive::words;

use crate::error::Fault;
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::money::{Amount, Currency, Money, split};

/// Method by which an amount is spread over periods. The parts are whole in the minor unit of the currency and sum to the
/// amount. The rest goes to the largest remainders, and among equal ones to the earliest (largest remainder method).
#[words]
pub enum Spread {
    /// In equal parts.
    Evenly,
    /// In proportion to the days of each period.
    ByDays,
}

/// A line of a plan, for one period or for several.
pub trait PeriodLine: Clone {
    /// First period, last one and how it is spread, where it is given over several.
    fn span(&self) -> (Id<FiscalPeriod>, Option<Id<FiscalPeriod>>, Option<Spread>);
    fn amount(&self) -> Amount;
    /// The same for one period.
    #[must_use]
    fn part(&self, period: Id<FiscalPeriod>, amount: Amount) -> Self;
}

/// The lines with each one that is given over several periods divided among them, beside the place where it was given.
/// `periods` are those of the company in their order; adjustment periods get nothing.
pub fn spread<L: PeriodLine>(
    lines: &[L],
    currency: Currency,
    periods: &[FiscalPeriod],
    max: usize,
    faults: &mut Vec<Fault>,
) -> Vec<(usize, L)> {
    let mut spread = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        let (first, last, how) = line.span();
        let weights = match (last, how) {
            (None, None) => {
                spread.push((i, line.clone()));
                continue;
            }
            (None, Some(_)) => Err(("REQUIRED", "say up to which period the amount is spread")),
            (Some(last), how) => weights(first, last, how, periods),
        };
        match weights {
            Ok(weights) => spread.extend(parts(line, currency, &weights).map(|part| (i, part))),
            Err((code, detail)) => {
                faults.push(Fault::new(format!("/lines/{i}/last_fiscal_period_id"), code, detail));
            }
        }
    }
    if spread.len() > max {
        faults.push(Fault::new("/lines", "TOO_MANY", format!("at most {max} lines, when spread over their periods")));
    }
    spread
}

type Weights = Vec<(Id<FiscalPeriod>, u32)>;

/// The periods from the first to the last one, with what each gets; or what is wrong with them.
fn weights(
    first: Id<FiscalPeriod>,
    last: Id<FiscalPeriod>,
    how: Option<Spread>,
    periods: &[FiscalPeriod],
) -> Result<Weights, (&'static str, &'static str)> {
    let place = |id| periods.iter().position(|period| period.id == id);
    let (Some(from), Some(to)) = (place(first), place(last)) else {
        return Err(("NOT_FOUND", "there is no such fiscal period of this legal entity"));
    };
    let between: Vec<&FiscalPeriod> =
        periods.iter().take(to + 1).skip(from).filter(|period| !period.adjustment).collect();
    if between.is_empty() {
        return Err(("OUT_OF_ORDER", "is before the first period, or has none but adjustment periods"));
    }
    if between.windows(2).any(|pair| pair[0].ends_on.days_until(pair[1].starts_on) != 1) {
        return Err(("DOES_NOT_FIT", "between the two a fiscal period has not been created yet"));
    }
    let weight = |period: &FiscalPeriod| match how {
        Some(Spread::ByDays) => u32::try_from(period.starts_on.days_until(period.ends_on) + 1).unwrap_or(1),
        Some(Spread::Evenly) | None => 1,
    };
    Ok(between.into_iter().map(|period| (period.id, weight(period))).collect())
}

fn parts<L: PeriodLine>(line: &L, currency: Currency, weights: &[(Id<FiscalPeriod>, u32)]) -> impl Iterator<Item = L> {
    let (ids, weights): (Vec<_>, Vec<_>) = weights.iter().copied().unzip();
    let amounts = split(Money::new(line.amount().units(), currency), &weights);
    ids.into_iter().zip(amounts).map(|(id, units)| line.part(id, Amount::new(units)))
}

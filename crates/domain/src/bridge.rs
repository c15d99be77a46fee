//! The budget bridge: how one version of a budget became another, step by step, with the events behind each.

use std::collections::BTreeMap;

use serde::Serialize;
use steerco_derive::words;

use crate::budget::Budget;
use crate::error::{Error, Reason};
use crate::ledger_entry::{LedgerAccount, LedgerEntryType};
use crate::money::{Amount, Currency};
use crate::words::Words;

/// What changed a budget.
#[words]
pub enum BudgetBridgeStepType {
    /// The approval of a version.
    ApprovedChange,
    /// Money that came from another place or program, or went there.
    Transfer,
    /// Money drawn from a reserve.
    Drawdown,
}

/// What the ledger tells of a budget between two versions: what was added to an account at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub account: LedgerAccount,
    pub currency: Currency,
    pub entry_type: LedgerEntryType,
    /// The budget or transfer that was approved.
    pub approved_id: String,
    pub event_id: String,
    pub units: i128,
}

/// A bridge as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetBridge {
    pub from_id: String,
    pub to_id: String,
    pub spans: Vec<BudgetBridgeSpan>,
}

/// The bridge of one account in one currency: from and all steps and the rest come to what is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetBridgeSpan {
    pub account: LedgerAccount,
    pub currency: Currency,
    pub from_amount: Amount,
    pub steps: Vec<BudgetBridgeStep>,
    pub unexplained: Amount,
    pub to_amount: Amount,
}

/// One step of a bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetBridgeStep {
    pub step_type: BudgetBridgeStepType,
    pub amount: Amount,
    pub approved_id: String,
    pub event_id: String,
}

impl BudgetBridgeStepType {
    const fn of(entry_type: LedgerEntryType) -> Option<Self> {
        match entry_type {
            LedgerEntryType::BudgetApproval => Some(Self::ApprovedChange),
            LedgerEntryType::BudgetTransfer => Some(Self::Transfer),
            LedgerEntryType::ReserveDrawdown => Some(Self::Drawdown),
            _ => None,
        }
    }
}

type Place = (&'static str, &'static str);

/// What a version comes to, by account and currency.
fn sums(budget: &Budget) -> BTreeMap<Place, i128> {
    let mut sums = BTreeMap::new();
    for (cell, units) in budget.cells() {
        *sums.entry((cell.account.word(), cell.currency.code())).or_default() += i128::from(units);
    }
    sums
}

impl BudgetBridge {
    /// The bridge between two versions over these movements, which stand in the order of their events.
    pub fn new(from: &Budget, to: &Budget, movements: &[Movement]) -> Result<Self, Error> {
        let (before, after) = (sums(from), sums(to));
        let mut moved: BTreeMap<Place, Vec<&Movement>> = BTreeMap::new();
        for place in before.keys().chain(after.keys()) {
            moved.entry(*place).or_default();
        }
        for movement in movements.iter().filter(|movement| movement.units != 0) {
            moved.entry((movement.account.word(), movement.currency.code())).or_default().push(movement);
        }
        let span = |(place, moved): (Place, Vec<&Movement>)| {
            let at = |sums: &BTreeMap<Place, i128>| sums.get(&place).copied().unwrap_or_default();
            let steps = moved.iter().filter_map(|movement| step(movement).transpose()).collect::<Result<_, _>>()?;
            let explained: i128 = moved.iter().map(|movement| movement.units).sum();
            Ok(BudgetBridgeSpan {
                account: LedgerAccount::from_word(place.0).ok_or_else(Error::internal)?,
                currency: Currency::parse(place.1).ok_or_else(Error::internal)?,
                from_amount: amount(at(&before))?,
                steps,
                unexplained: amount(at(&after) - at(&before) - explained)?,
                to_amount: amount(at(&after))?,
            })
        };
        let spans = moved.into_iter().map(span).collect::<Result<_, Error>>()?;
        Ok(Self { from_id: from.id.to_string(), to_id: to.id.to_string(), spans })
    }
}

fn step(movement: &Movement) -> Result<Option<BudgetBridgeStep>, Error> {
    let Some(step_type) = BudgetBridgeStepType::of(movement.entry_type) else { return Ok(None) };
    let (approved_id, event_id) = (movement.approved_id.clone(), movement.event_id.clone());
    Ok(Some(BudgetBridgeStep { step_type, amount: amount(movement.units)?, approved_id, event_id }))
}

fn amount(units: i128) -> Result<Amount, Error> {
    let too_much = |_| Error::new(Reason::Invalid, "a step is beyond what an amount holds");
    i64::try_from(units).map(Amount::new).map_err(too_much)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::json;

    fn budget(n: u128, amount: &str, reserve: &str) -> Budget {
        let at = Instant::from_micros(0);
        let period = crate::id::encode("fper", 1);
        let body = json!({
            "program_id": crate::id::encode("prog", 1), "legal_entity_id": crate::id::encode("ent", 1),
            "fiscal_year": 2026, "title": "B", "currency": "EUR", "lines": [
                {"fiscal_period_id": period, "amount": amount},
                {"fiscal_period_id": period, "amount": reserve, "reserve": "contingency"},
            ],
        });
        Budget::create(body.as_object().unwrap(), &Seed { id: n, at, effective_at: at, by: Actor::system() }).unwrap()
    }

    fn movement(account: LedgerAccount, entry_type: LedgerEntryType, units: i128) -> Movement {
        let currency = Currency::parse("EUR").unwrap();
        Movement { account, currency, entry_type, approved_id: "x".to_owned(), event_id: "e".to_owned(), units }
    }

    #[test]
    fn steps_and_the_rest_come_to_what_is_reached() {
        use LedgerAccount::{Budget as Plain, Contingency};
        let movements = [
            movement(Plain, LedgerEntryType::ReserveDrawdown, 200_000),
            movement(Contingency, LedgerEntryType::ReserveDrawdown, -200_000),
            movement(Plain, LedgerEntryType::BudgetTransfer, -50_000),
            movement(Plain, LedgerEntryType::BudgetApproval, 100_000),
        ];
        let bridge = BudgetBridge::new(&budget(1, "100", "30"), &budget(2, "130", "10"), &movements).unwrap();
        let told: Vec<_> = bridge
            .spans
            .iter()
            .map(|s| (s.account, s.from_amount.units(), s.steps.len(), s.unexplained.units(), s.to_amount.units()))
            .collect();
        let expected = [(Plain, 1_000_000, 3, 50_000, 1_300_000), (Contingency, 300_000, 1, 0, 100_000)];
        assert_eq!(told, expected, "what no event tells stays visible");
    }
}

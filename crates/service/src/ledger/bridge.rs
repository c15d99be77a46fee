//! Reads the bridge between two versions of a budget.

use std::collections::{BTreeSet, HashMap};

use futures::future::BoxFuture;
use steerco_domain::bridge::{BridgeRates, BudgetBridge, BudgetBridgeStepType, Movement};
use steerco_domain::budget::Budget;
use steerco_domain::exchange::NOW;
use steerco_domain::exchange_rate::ExchangeRateType;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::money::Currency;
use steerco_domain::text::Code;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::exchange::{self, RateNeed};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, Scope, budget, translation};

use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::parameter::{CURRENCY, FROM_ID};
use crate::read::{check_id, resolve_id};
use crate::visibility::event_id;
use crate::{Caller, Service};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "get_budget_bridge",
    service: Budget::KIND.title,
    permission: Some(Budget::KIND.rows.read),
    path: "/v1/budgets/{id}/bridge",
    under: Under::Kind(Budget::KIND),
    summary: "Get the bridge between two versions of a budget",
    doc: "Explains the difference by account and currency: the total of the earlier version, the change by each \
          approval, transfer and drawdown with its event, and the total of the later version. A difference without an \
          event is unexplained; for a version that is not approved yet, that is its own change. With `currency`, \
          amounts are converted by the rate set of the earlier version, and the total of the later version by its own \
          rate set, each as known when the version was approved. The difference in rates is a separate step, \
          `exchange_rates`, which includes rounding differences.",
    parameters: &[&FROM_ID, &CURRENCY],
    answer: AnswerDoc::of::<BudgetBridge>("The bridge."),
    refusals: &[404, 409],
    ..Operation::get(|service, context, mut arguments| {
        let (id, from) = (arguments.id(), arguments.text(&FROM_ID));
        let currency = arguments.text(&CURRENCY).and_then(|code| Currency::parse(&code));
        Box::pin(async move {
            Ok(Answered::of(service.budget_bridge(&context.caller, &id, from.as_deref(), currency).await?))
        })
    })
}];

impl Service {
    /// The bridge between two versions; `from` is the version that this one replaced when absent.
    pub fn budget_bridge<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        from: Option<&'a str>,
        currency: Option<Currency>,
    ) -> BoxFuture<'a, Result<BudgetBridge, Error>> {
        Box::pin(async move {
            check_id(Budget::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.bridge_in(&conn, caller, id, (from, currency)).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn bridge_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        (from, currency): (Option<&str>, Option<Currency>),
    ) -> Result<BudgetBridge, Fail> {
        let (_, scope) = self.authorise(conn, caller, Budget::KIND.rows.read).await?;
        let id = &*resolve_id(Budget::KIND, conn, &scope, id).await?;
        let to = get(conn, &scope, id).await?.ok_or_else(|| Error::not_found(Budget::KIND.name))?;
        let named = from.map(str::to_owned).or_else(|| to.supersedes_id.map(|id| id.to_string()));
        let missing =
            || Error::fault("?from_id", "REQUIRED", "from_id is required: the budget replaced no earlier version");
        let unknown = || Error::fault("?from_id", "NOT_FOUND", "the budget does not exist");
        let from = get(conn, &scope, &named.ok_or_else(missing)?).await?.ok_or_else(unknown)?;
        let series = |budget: &Budget| (budget.program_id, budget.legal_entity_id, budget.fiscal_year);
        if series(&from) != series(&to) {
            let detail = "must be a version of the same program, legal entity and fiscal year";
            return Err(Error::fault("?from_id", "DOES_NOT_FIT", detail).into());
        }
        let begins = budget::find_approval(conn, scope.org(), &from).await?;
        let begins = begins.ok_or_else(|| Error::new(Reason::WrongState, "the earlier version was not approved"))?;
        let ends = budget::find_approval(conn, scope.org(), &to).await?.unwrap_or(i64::MAX);
        if ends < begins {
            return Err(Error::fault("?from_id", "OUT_OF_ORDER", "must be approved before the later version").into());
        }
        let mut movements = budget::list_movements(conn, scope.org(), &to, [begins, ends]).await?;
        for movement in &mut movements {
            movement.event_id = event_id(scope.org(), &movement.event_id);
        }
        match currency {
            Some(currency) => translate(conn, &scope, (&from, &to), &movements, (currency, [begins, ends])).await,
            None => Ok(BudgetBridge::new(&from, &to, &movements)?),
        }
    }
}

/// The bridge in one currency, by the rate sets of its versions, as known when each was approved.
async fn translate(
    conn: &Conn,
    scope: &Scope,
    (from, to): (&Budget, &Budget),
    movements: &[Movement],
    (currency, [begins, ends]): (Currency, [i64; 2]),
) -> Result<BudgetBridge, Fail> {
    let ends = ends.min(NOW);
    let cells = from.cells().chain(to.cells()).map(|(cell, _)| (cell.fiscal_period_id, cell.currency));
    let moved = movements.iter().map(|movement| (movement.fiscal_period_id, movement.currency));
    let used: Vec<(Id<FiscalPeriod>, Currency)> = cells.chain(moved).collect();
    let others: BTreeSet<Currency> = used.iter().map(|(_, one)| *one).filter(|one| *one != currency).collect();
    let sets = [from, to].map(|budget| budget.rate_set.as_ref().map_or("", Code::as_str));
    if !others.is_empty() && sets.contains(&"") {
        let detail = "both versions must have a rate_set to be converted";
        return Err(Error::fault("?currency", "NO_RATE_SET", detail).into());
    }
    let ids: Vec<String> = used.iter().map(|(id, _)| id.to_string()).collect();
    let ids: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let periods = translation::list_period_rates(conn, scope, &ids, Moment::Now).await?;
    let mut period_ends = HashMap::new();
    for (id, period) in &periods {
        period_ends.insert(Id::parse(id).map_err(|cause| Fail::broken(cause))?, period.ends_on);
    }
    let need = RateNeed {
        to: currency,
        from: others,
        rate_type: ExchangeRateType::Budget,
        rate_sets: sets.iter().map(|set| (*set).to_owned()).collect(),
        last: period_ends.values().flat_map(|day| [(*day, begins), (*day, ends)]).collect(),
        means: None,
    };
    let rates = exchange::list(conn, scope.org(), &need).await?;
    let by = BridgeRates {
        to: currency,
        rates: &rates,
        ends: &period_ends,
        earlier: (sets[0], begins),
        later: (sets[1], ends),
    };
    let (mut bridge, changes) = BudgetBridge::translated(from, to, movements, &by)?;
    let last = budget::find_last_change(conn, scope.org(), to).await?;
    let said = if ends == NOW { last } else { Some(ends) };
    let said = budget::list_hashes(conn, scope.org(), &said.into_iter().collect()).await?;
    let rates = budget::list_hashes(conn, scope.org(), &changes).await?;
    let event_ids: Vec<String> = said.iter().chain(&rates).map(|hash| event_id(scope.org(), hash)).collect();
    let steps = bridge.spans.iter_mut().flat_map(|span| &mut span.steps);
    for step in steps.filter(|step| step.step_type == BudgetBridgeStepType::ExchangeRates) {
        step.event_id = event_ids.first().cloned().unwrap_or_default();
        step.event_ids.clone_from(&event_ids);
    }
    Ok(bridge)
}

async fn get(conn: &Conn, scope: &Scope, id: &str) -> Result<Option<Budget>, Fail> {
    query::find::<Budget>(conn, scope, id, Moment::Now).await
}

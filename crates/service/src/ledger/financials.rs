//! Reads the financials roll-up.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use serde_json::json;
use steerco_domain::access::{Permission, find};
use steerco_domain::exchange_rate::ExchangeRateType;
use steerco_domain::explanation::{Explain, ExplainedEntry, Explanation};
use steerco_domain::financials::{Balance, Counts, Coverage, Financials, FinancialsQuery};
use steerco_domain::id::Id;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::list::parse_page_size;
use steerco_domain::money::Currency;
use steerco_domain::portfolio::Portfolio;
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::resource::Kind;
use steerco_domain::text::Code;
use steerco_domain::time::{Day, Instant};
use steerco_domain::translation::{Position, Translated, Translation};
use steerco_domain::{Error, Resource};
use steerco_persistence::exchange::{self, RateNeed};
use steerco_persistence::financials::{self, Subject};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::translation::{self, Positions};
use steerco_persistence::{Conn, Fail, Scope, explanation, log};

use crate::operation::{AnswerDoc, Answered, Answering, Arguments, Operation, Run, Under};
use crate::parameter::{
    ACCOUNT, AS_OF, COUNT_REQUESTS, COUNT_RESERVES, CURRENCY, EXPLAIN, FISCAL_PERIOD_ID, FISCAL_YEAR, GROUP_BY,
    GROUP_KEY, MAX_RATE_AGE_DAYS, PAGE_SIZE, PAGE_TOKEN, Parameter, RATE_SET, RATE_TYPE, ROUNDING,
};
use crate::read::{check_id, resolve_id};
use crate::token::{PageToken, digest};
use crate::visibility::event_id;
use crate::{Caller, Context, Service};

/// Financials require permission to read the ledger.
const LEDGER: &Permission = find("ledger_entry", "read");

/// Scope and arguments of one request for financials.
#[derive(Clone, Copy)]
struct Asked<'a> {
    conn: &'a Conn,
    scope: &'a Scope,
    subject: Subject<'a>,
    query: &'a FinancialsQuery,
    moment: Moment,
}

static PARAMETERS: &[&Parameter] = &[
    &AS_OF,
    &GROUP_BY,
    &FISCAL_YEAR,
    &FISCAL_PERIOD_ID,
    &CURRENCY,
    &RATE_TYPE,
    &RATE_SET,
    &ROUNDING,
    &MAX_RATE_AGE_DAYS,
    &COUNT_RESERVES,
    &COUNT_REQUESTS,
    &EXPLAIN,
    &ACCOUNT,
    &GROUP_KEY,
    &PAGE_SIZE,
    &PAGE_TOKEN,
];

/// The financials operation of one kind.
const fn rolled_up(kind: &'static Kind, run: Run) -> Operation {
    Operation {
        service: kind.title,
        permission: Some(LEDGER),
        under: Under::Kind(kind),
        doc: "Approved, spent and remaining amounts, one total per currency: the balances of the ledger of the \
              programs that are visible to the caller. Balances are updated with every posting, so a request costs the \
              same at any ledger size. With `as_of`, and by vendor where amounts are converted by the rates of the \
              posting days, the figures are summed from the entries. `currency` and `rate_type` add the figures in one \
              currency; `explain` adds the entries behind them.",
        parameters: PARAMETERS,
        answer: AnswerDoc::of::<Financials>("The financials."),
        refusals: &[404],
        ..Operation::get(run)
    }
}

fn get(kind: &'static Kind, service: Service, context: Context, mut arguments: Arguments) -> Answering {
    let (id, query) = (arguments.id(), query_of(&mut arguments));
    Box::pin(async move { Ok(Answered::of(service.financials(kind, &context.caller, &id, &query).await?)) })
}

fn query_of(arguments: &mut Arguments) -> FinancialsQuery {
    FinancialsQuery {
        group_by: arguments.word(&GROUP_BY),
        fiscal_year: arguments.whole(&FISCAL_YEAR),
        fiscal_period_id: arguments.text(&FISCAL_PERIOD_ID).and_then(|id| Id::parse(&id).ok()),
        as_of: arguments.instant(&AS_OF),
        currency: arguments.text(&CURRENCY).and_then(|code| Currency::parse(&code)),
        rate_type: arguments.word(&RATE_TYPE),
        rate_set: arguments.text(&RATE_SET).and_then(|code| Code::parse(&code)),
        rounding: arguments.word(&ROUNDING),
        age_max: arguments.whole(&MAX_RATE_AGE_DAYS).and_then(|days| i32::try_from(days).ok()),
        counts: Counts { reserves: arguments.flag(&COUNT_RESERVES), requests: arguments.flag(&COUNT_REQUESTS) },
        explain: arguments.flag(&EXPLAIN),
        explained: Explain {
            account: arguments.word(&ACCOUNT),
            group_key: arguments.text(&GROUP_KEY),
            page_size: arguments.whole(&PAGE_SIZE),
            page_token: arguments.text(&PAGE_TOKEN),
        },
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "get_portfolio_financials",
        path: "/v1/portfolios/{id}/financials",
        summary: "Get the financials of one portfolio",
        ..rolled_up(Portfolio::KIND, |service, context, arguments| get(Portfolio::KIND, service, context, arguments))
    },
    Operation {
        id: "get_program_financials",
        path: "/v1/programs/{id}/financials",
        summary: "Get the financials of one program",
        ..rolled_up(Program::KIND, |service, context, arguments| get(Program::KIND, service, context, arguments))
    },
    Operation {
        id: "get_project_financials",
        path: "/v1/projects/{id}/financials",
        summary: "Get the financials of one project",
        ..rolled_up(Project::KIND, |service, context, arguments| get(Project::KIND, service, context, arguments))
    },
];

impl Service {
    /// Approved, spent and remaining amounts of a project, program or portfolio, as far as visible to the caller.
    pub fn financials<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        id: &'a str,
        query: &'a FinancialsQuery,
    ) -> BoxFuture<'a, Result<Financials, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            query.check()?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.financials_in(kind, &conn, caller, id, query).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn financials_in(
        &self,
        kind: &'static Kind,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        query: &FinancialsQuery,
    ) -> Result<Financials, Fail> {
        let (_, sight) = self.authorise(conn, caller, kind.rows.read).await?;
        let (_, scope) = self.authorise(conn, caller, LEDGER).await?;
        let moment = match query.as_of {
            Some(at) => Moment::Known { seq: log::seq_at(conn, scope.org(), at).await? },
            None => Moment::Now,
        };
        let id = &*resolve_id(kind, conn, &sight, id).await?;
        query::find_any(conn, &sight, kind, id, moment).await?.ok_or_else(|| Error::not_found(kind.name))?;
        let asked = Asked { conn, scope: &scope, subject: Subject { kind, id }, query, moment };
        let mut balances = financials::list(conn, &scope, asked.subject, query, moment).await?;
        if query.counts.requests {
            balances.extend(financials::list_requests(conn, &scope, asked.subject, query, moment).await?);
        }
        let known_at = query.as_of.unwrap_or_else(|| self.inner.clock.now());
        let translated = match query.converts() {
            Some(rate_type) => Some(translate(asked, rate_type, &balances, known_at.day()).await?),
            None => None,
        };
        let sight = self.in_sight(asked).await?;
        let mut found = Financials::new(id, &balances, query, sight, translated)?;
        if query.explain {
            found.explanation = Some(self.explanation(caller, asked, &query.explained).await?);
        }
        Ok(found)
    }

    /// Coverage: what the figures include besides the balances, and what is missing.
    async fn in_sight(&self, asked: Asked<'_>) -> Result<Coverage, Fail> {
        let Asked { conn, scope, subject, query, moment } = asked;
        let hidden_count = match subject.kind.name {
            "portfolio" => query::count_hidden(conn, scope, subject.id, moment).await?,
            _ => 0,
        };
        // A closed period receives no more entries, so none of its data is outdated or missing.
        let closed = match query.fiscal_period_id {
            Some(id) => financials::is_closed(conn, scope, &id.to_string(), moment).await?,
            None => false,
        };
        let oldest_input_at = match moment {
            Moment::Now if !closed => financials::oldest_input(conn, scope, subject).await?,
            _ => None,
        };
        let mut missing_sources: Vec<Code> = Vec::new();
        if !closed {
            let now: Instant = query.as_of.unwrap_or_else(|| self.inner.clock.now());
            for (source, cadence, last) in financials::list_deliveries(conn, scope, moment, now).await? {
                if cadence.is_late(last, now) && financials::is_fed_by(conn, scope, subject, moment, &source).await? {
                    missing_sources.push(source);
                }
            }
        }
        let [forecast_count, without_forecast_count] =
            financials::count_forecasts(conn, scope, subject, moment).await?;
        Ok(Coverage { hidden_count, forecast_count, without_forecast_count, oldest_input_at, missing_sources })
    }

    /// The entries behind the figures, one page.
    async fn explanation(&self, caller: &Caller, asked: Asked<'_>, explain: &Explain) -> Result<Explanation, Fail> {
        let Asked { conn, scope, subject, query, moment } = asked;
        let size = parse_page_size(explain.page_size).map_err(|fault| Error::invalid(vec![fault]))?;
        let arguments = arguments_of(subject, query, explain);
        let token = self.page_token(caller, explain.page_token.as_deref(), &arguments)?;
        let after = token.as_ref().and_then(|token| token.keys.first()?.as_str());
        let page = (after, size + 1);
        let mut found = explanation::list_explained(conn, scope, subject, query, moment, page).await?;
        let more = found.len() > size as usize;
        found.truncate(size as usize);
        let keys = found.last().filter(|_| more).map(|(entry, _)| vec![json!(entry.id)]);
        let masked = match token {
            Some(_) => Vec::new(),
            None => explanation::list_masked(conn, scope, subject, query, moment).await?,
        };
        let sides = |(entry, hash): &(LedgerEntry, String)| {
            ExplainedEntry::of(entry, explain.account, &event_id(scope.org(), hash))
        };
        Ok(Explanation {
            entries: found.iter().flat_map(sides).collect(),
            masked,
            next_page_token: keys.map(|keys| self.seal_page(caller, &PageToken { arguments, keys, sync: (0, 0) })),
        })
    }
}

/// A page token belongs to the arguments it was made for; only the page size may change.
fn arguments_of(subject: Subject<'_>, query: &FinancialsQuery, explain: &Explain) -> String {
    let FinancialsQuery { group_by, fiscal_year, fiscal_period_id, as_of, .. } = query;
    let Explain { account, group_key, .. } = explain;
    let parts =
        json!([subject.id, group_by, fiscal_year, fiscal_period_id, as_of.map(Instant::micros), account, group_key]);
    digest(&["financials", &parts.to_string()])
}

/// Converts the balances to one currency.
async fn translate(
    asked: Asked<'_>,
    rate_type: ExchangeRateType,
    balances: &[Balance],
    known_on: Day,
) -> Result<Translated, Fail> {
    let Asked { conn, scope, subject, query, moment } = asked;
    let to = match query.currency {
        Some(currency) => currency,
        None => translation::base_currency(conn, scope.org(), subject).await?.ok_or_else(|| {
            Error::fault("?currency", "REQUIRED", "currency is required: there is no portfolio that defines a currency")
        })?,
    };
    let from: BTreeSet<Currency> = balances.iter().map(|balance| balance.currency).filter(|one| *one != to).collect();
    let by_program = rate_type == ExchangeRateType::Budget && query.rate_set.is_none();
    let wanted = Positions { to, from: &from, rate_type, by_program };
    let positions = translation::list_positions(conn, scope, subject, query, moment, wanted).await?;
    let periods: BTreeSet<&str> = positions.iter().map(|position| position.fiscal_period_id.as_str()).collect();
    let periods = translation::list_period_rates(conn, scope, &periods, moment).await?;
    let programs: BTreeSet<&str> = positions.iter().map(|position| position.program_id.as_str()).collect();
    let budgets =
        if by_program { translation::list_budget_rates(conn, scope.org(), &programs).await? } else { Vec::new() };
    let named = query.rate_set.iter().map(|set| set.as_str().to_owned());
    let rate_sets = named.chain(budgets.iter().map(|budget| budget.rate_set.clone())).collect();
    let last_of = |position: &Position| {
        let period = periods.get(&position.fiscal_period_id)?;
        Some((position.posted_on.unwrap_or(period.ends_on), period.seq))
    };
    let last = positions.iter().filter(|position| position.stated.is_none()).filter_map(last_of).collect();
    let starts = periods.values().map(|period| period.starts_on).min();
    let ends = periods.values().map(|period| period.ends_on).max();
    let means = starts.zip(ends).filter(|_| rate_type == ExchangeRateType::Average).map(|(first, last)| [first, last]);
    let rates = exchange::list(conn, scope.org(), &RateNeed { to, from, rate_type, rate_sets, last, means }).await?;
    let how = Translation {
        to,
        rate_type,
        rate_set: query.rate_set.as_ref().map(Code::as_str),
        rounding: query.rounding.unwrap_or_default(),
        age_max: query.age_max,
        known_on,
        periods: &periods,
        budgets: &budgets,
        rates: &rates,
    };
    Ok(how.translate(balances, &positions)?)
}

//! The demo's books: a quarter of a fiscal year with budgets that one person submits and another approves, costs by cost
//! code, a first month that is closed, and a forecast of the others. Every amount is derived from the last forecasts of the projects, as
//! `crates/server/demo/README.md` says.

use std::collections::BTreeMap;

use anyhow::bail;
use serde_json::{Map, Value, json};
use steerco_domain::Error;
use steerco_domain::Resource;
use steerco_domain::actuals_batch::PostActualsBatch;
use steerco_domain::budget::{ApproveBudget, Budget, SubmitBudget};
use steerco_domain::coding_rule::CodingRule;
use steerco_domain::cost_category::CostCategory;
use steerco_domain::fiscal_calendar::FiscalCalendar;
use steerco_domain::fiscal_period::{CloseFiscalPeriod, FiscalPeriod, StartClosingFiscalPeriod};
use steerco_domain::forecast::{Forecast, SubmitForecast};
use steerco_domain::input::read_input;
use steerco_domain::legal_entity::LegalEntity;
use steerco_service::{BatchItem, Context};

use super::data::{ProjectInfo, Report};
use super::load::{LEDGER, Loader, object};

/// The fiscal year and the first days of its periods: July to September 2019.
const YEAR: i32 = 2020;
const MONTHS: [&str; 3] = ["2019-07-15", "2019-08-15", "2019-09-15"];
/// What of a month's share was spent in each month, in per cent.
const SPENT: [i64; 3] = [90, 110, 40];

/// The month with which a fiscal year begins.
const FIRST_MONTH: i32 = 7;

/// The company whose money it is, and the months of its costs.
pub(super) struct Books {
    pub(super) city: String,
    works: String,
    periods: Vec<String>,
}

/// Opens the books: the months of the costs, and those of this fiscal year and the next, in which the work of vendors is
/// accepted.
pub(super) async fn open_books(finance: &Loader) -> anyhow::Result<Books> {
    let calendar = json!({ "code": "city", "name": "July to June", "scheme": "calendar_months",
                           "start_month": FIRST_MONTH, "late_lines": "next_open" });
    let calendar = finance.create::<FiscalCalendar>(calendar).await?;
    let city = json!({ "code": "city", "name": "City of New York", "currency": "USD", "fiscal_calendar_id": calendar });
    let city = finance.create::<LegalEntity>(city).await?;
    let works = json!({ "code": "works", "name": "Construction works", "spend": "capex" });
    let works = finance.create::<CostCategory>(works).await?;
    let today = finance.service.clock().now().day().to_string();
    let mut parts = today.split('-').map(str::parse::<i32>);
    let (Some(Ok(year)), Some(Ok(month))) = (parts.next(), parts.next()) else { bail!("{today} is no day") };
    let this_year = year + i32::from(month >= FIRST_MONTH);
    let costs = (1..=MONTHS.len()).map(|number| (YEAR, number));
    let later = [this_year, this_year + 1].into_iter().flat_map(|year| (1..=12).map(move |number| (year, number)));
    let period = |(year, number): (i32, usize)| BatchItem::Create {
        body: object(json!({ "legal_entity_id": city, "fiscal_year": year, "number": number })),
    };
    let all = costs.chain(later).map(period).collect();
    let made = finance.service.batch(FiscalPeriod::KIND, &finance.context(None), all, false).await?;
    let made = made.results.into_iter().take(MONTHS.len()).collect::<Result<Vec<_>, Error>>()?;
    let periods = made.iter().map(|period| period.seen.resource.id_text()).collect();
    Ok(Books { city, works, periods })
}

/// Loads it: `director` plans, `finance` approves, posts and closes.
pub(super) async fn load(
    director: &Loader,
    finance: &Loader,
    books: &Books,
    infos: &[ProjectInfo],
    reports: &[Report],
    programs: &BTreeMap<&'static str, String>,
) -> anyhow::Result<usize> {
    let Books { city, works, periods } = books;
    let shares = monthly_shares(infos, reports);
    for (agency, program) in programs {
        let rule = json!({ "cost_code": format!("{agency}-*"), "program_id": program, "cost_category_id": works,
                           "spend": "capex" });
        finance.create::<CodingRule>(rule).await?;
        let Some(share) = shares.get(*agency).filter(|share| **share > 0) else { continue };
        let amount = share.to_string();
        let mut lines: Vec<Value> = Vec::new();
        for period in periods {
            lines.push(json!({ "fiscal_period_id": period, "cost_category_id": works, "spend": "capex",
                               "amount": amount }));
        }
        lines.push(
            json!({ "fiscal_period_id": periods[2], "reserve": "contingency", "amount": (share / 10).to_string() }),
        );
        let budget = json!({ "program_id": program, "legal_entity_id": city, "fiscal_year": YEAR, "currency": "USD",
                             "title": "First quarter", "lines": lines,
                             "justification": "A month's share of the last forecasts, over ten years." });
        let budget = director.create::<Budget>(budget).await?;
        let seen = |loader: &Loader| Context { if_match: Some("*".to_owned()), ..loader.context(None) };
        director.service.act::<SubmitBudget>(&seen(director), &budget, Map::new()).await?;
        finance.service.act::<ApproveBudget>(&seen(finance), &budget, Map::new()).await?;
    }
    let mut posted = 0;
    for (month, (day, percent)) in MONTHS.iter().zip(SPENT).enumerate() {
        posted += post(finance, &shares, city, day, percent).await?;
        if month == 0 {
            let (service, id) = (&finance.service, &periods[0]);
            service.act::<StartClosingFiscalPeriod>(&finance.context(None), id, Map::new()).await?;
            service.act::<CloseFiscalPeriod>(&finance.context(None), id, Map::new()).await?;
        }
    }
    for (agency, program) in programs {
        let Some(share) = shares.get(*agency).filter(|share| **share > 0) else { continue };
        let line = json!({ "fiscal_period_id": periods[1], "last_fiscal_period_id": periods[2],
                           "cost_category_id": works, "spend": "capex", "amount": (share * 21 / 10).to_string() });
        forecast(director, program, city, line).await?;
    }
    Ok(posted)
}

/// What a program forecasts for the months after the first.
async fn forecast(director: &Loader, program: &str, city: &str, line: Value) -> anyhow::Result<()> {
    let forecast = json!({ "program_id": program, "legal_entity_id": city, "currency": "USD", "title": "After July",
                           "first_fiscal_period_id": line["fiscal_period_id"], "lines": [line],
                           "justification": "A twentieth more than a month's share for each month that is left." });
    let forecast = director.create::<Forecast>(forecast).await?;
    director.service.act::<SubmitForecast>(&director.context(None), &forecast, Map::new()).await?;
    Ok(())
}

/// A month's share of what the last reports of each agency's projects forecast, as if it were spent over ten years: whole
/// dollars.
fn monthly_shares(infos: &[ProjectInfo], reports: &[Report]) -> BTreeMap<String, i64> {
    let agency: BTreeMap<&str, &str> =
        infos.iter().map(|info| (info.project_id.as_str(), info.managing_agency.as_str())).collect();
    let mut last: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for report in reports {
        let dollars = report.budget.as_deref().and_then(|text| text.split('.').next()?.parse::<i64>().ok());
        let Some(dollars) = dollars else { continue };
        let known = last.entry(&report.project_id).or_insert((&report.as_of, dollars));
        if known.0 <= report.as_of.as_str() {
            *known = (&report.as_of, dollars);
        }
    }
    let mut shares: BTreeMap<String, i64> = BTreeMap::new();
    for (project, (_, dollars)) in last {
        if let Some(agency) = agency.get(project) {
            *shares.entry((*agency).to_owned()).or_default() += dollars;
        }
    }
    for dollars in shares.values_mut() {
        *dollars /= 120;
    }
    shares
}

/// A month of costs, one line an agency, and one whose cost code nothing maps.
async fn post(
    finance: &Loader,
    shares: &BTreeMap<String, i64>,
    city: &str,
    day: &str,
    percent: i64,
) -> anyhow::Result<usize> {
    let money = |dollars: i64| json!({ "amount": dollars.to_string(), "currency": "USD" });
    let costs = shares.iter().map(|(agency, share)| (format!("{agency}-WORKS"), share * percent / 100));
    let costs: Vec<(String, i64)> = costs.chain([("MISC-2210".to_owned(), 12_500)]).filter(|(_, d)| *d != 0).collect();
    let line = |(code, dollars): &(String, i64)| {
        json!({ "external_id": format!("{day}/{code}"), "cost_code": code, "posted_on": day, "amount": money(*dollars),
                "description": "Works of the month" })
    };
    let total: i64 = costs.iter().map(|(_, dollars)| dollars).sum();
    let lines: Vec<Value> = costs.iter().map(line).collect();
    let batch = json!({ "source": LEDGER, "batch_ref": day, "legal_entity_id": city,
                        "control": { "count": lines.len(), "totals": [money(total)] }, "lines": lines });
    let batch: PostActualsBatch = read_input(&object(batch))?;
    finance.service.post_actuals(&finance.context(None), batch).await?;
    Ok(costs.len())
}

//! The roll-up of money over gRPC.

use serde_json::Value;
use steerco_domain::exchange_rate::{ExchangeRateType, Rounding};
use steerco_domain::explanation::{Explain, ExplainedEntry, Explanation, MaskedTotal};
use steerco_domain::field::{Field, Spot};
use steerco_domain::financials::{
    Counts, FinancialGroup, FinancialTotal, Financials, FinancialsGrouping, FinancialsQuery,
};
use steerco_domain::ledger_entry::LedgerAccount;
use steerco_domain::text::Text;
use steerco_domain::translation::UnconvertedTotal;
use steerco_domain::{Error, Fault, Resource};
use steerco_proto::v1 as pb;
use steerco_service::Service;
use tonic::Response;

use super::call::{Call, given, instant, page_size};
use super::wire::Scalar;

pub(super) async fn financials<R: Resource>(
    service: &Service,
    call: Call,
    body: pb::GetFinancialsRequest,
) -> Result<Response<pb::Financials>, Error> {
    let id = body.id.clone();
    let query = read_query(body)?;
    let found = service.financials(R::KIND, &call.caller, &id, &query).await?;
    Ok(Response::new(write(found)))
}

fn read_query(body: pb::GetFinancialsRequest) -> Result<FinancialsQuery, Error> {
    let pb::GetFinancialsRequest { id: _, as_of, group_by, fiscal_year, fiscal_period_id, .. } = body;
    let pb::GetFinancialsRequest { currency, rate_type, rate_set, explain, account, group_key, .. } = body;
    let pb::GetFinancialsRequest { rounding, count_reserves, count_requests, .. } = body;
    let mut faults = Vec::new();
    let explained = Explain {
        account: read_word("?account", account, LedgerAccount::json, &mut faults),
        group_key: given(group_key),
        page_size: page_size(body.page_size),
        page_token: given(body.page_token),
    };
    let query = FinancialsQuery {
        as_of: instant("as_of", as_of)?,
        group_by: read_word("?group_by", group_by, FinancialsGrouping::json, &mut faults),
        fiscal_year: fiscal_year.map(i64::from),
        fiscal_period_id: read_text("?fiscal_period_id", fiscal_period_id, &mut faults),
        currency: read_text("?currency", currency, &mut faults),
        rate_type: read_word("?rate_type", rate_type, ExchangeRateType::json, &mut faults),
        rate_set: read_text("?rate_set", rate_set, &mut faults),
        rounding: read_word("?rounding", rounding, Rounding::json, &mut faults),
        counts: Counts { reserves: count_reserves, requests: count_requests },
        explain,
        explained,
    };
    if query.fiscal_year.is_some_and(|year| !(1_900..=2_200).contains(&year)) {
        faults.push(Fault::new("?fiscal_year", "OUT_OF_RANGE", "must be a whole number from 1900 to 2200"));
    }
    if faults.is_empty() { Ok(query) } else { Err(Error::invalid(faults)) }
}

/// A value outside of a resource, read as one of its fields would be.
fn read_as<T: Field>(pointer: &str, value: &Value, faults: &mut Vec<Fault>) -> Option<T> {
    T::read(value, &mut Spot { pointer: pointer.to_owned(), faults })
}

fn read_text<T: Field>(pointer: &str, text: String, faults: &mut Vec<Fault>) -> Option<T> {
    given(text).and_then(|text| read_as(pointer, &Value::String(text), faults))
}

fn read_word<T: Field>(pointer: &str, number: i32, json: impl Fn(i32) -> Value, faults: &mut Vec<Fault>) -> Option<T> {
    if number == 0 { None } else { read_as(pointer, &json(number), faults) }
}

fn write(found: Financials) -> pb::Financials {
    let Financials { id, totals, converted, rate_type, groups, complete, unconverted, .. } = found;
    let Financials { missing_sources, hidden_count, programs_without_forecast, oldest_input_at, explanation, .. } =
        found;
    let Financials { reserves_counted, requests_counted, .. } = found;
    let group = |group: FinancialGroup| pb::FinancialGroup {
        key: group.key,
        totals: group.totals.iter().map(total).collect(),
        converted: group.converted.as_ref().map(total),
    };
    pb::Financials {
        id,
        totals: totals.iter().map(total).collect(),
        reserves_counted,
        requests_counted,
        converted: converted.as_ref().map(total),
        rate_type: rate_type.out(),
        groups: groups.into_iter().map(group).collect(),
        complete,
        unconverted: unconverted.into_iter().map(without_rate).collect(),
        missing_sources: missing_sources.iter().map(|source| source.as_str().to_owned()).collect(),
        hidden_count,
        programs_without_forecast,
        oldest_input_at: oldest_input_at.map(|at| at.out()),
        explanation: explanation.map(explained),
    }
}

fn total(total: &FinancialTotal) -> pb::FinancialTotal {
    let FinancialTotal { currency, approved, contingency, management_reserve, .. } = total;
    let FinancialTotal { committed, accrued, actual, requested, available, forecast, variance, entry_count, .. } =
        total;
    pb::FinancialTotal {
        currency: currency.out(),
        approved: approved.out(),
        contingency: contingency.out(),
        management_reserve: management_reserve.out(),
        committed: committed.out(),
        accrued: accrued.out(),
        actual: actual.out(),
        requested: requested.map(|amount| amount.out()),
        available: available.out(),
        forecast: forecast.map(|amount| amount.out()),
        variance: variance.map(|amount| amount.out()),
        entry_count: *entry_count,
    }
}

fn without_rate(total: UnconvertedTotal) -> pb::UnconvertedTotal {
    let UnconvertedTotal { account, currency, amount, fiscal_period_ids } = total;
    pb::UnconvertedTotal { account: account.out(), currency: currency.out(), amount: amount.out(), fiscal_period_ids }
}

fn explained(explanation: Explanation) -> pb::Explanation {
    let Explanation { entries, masked, next_page_token } = explanation;
    pb::Explanation {
        entries: entries.into_iter().map(entry).collect(),
        masked: masked.iter().map(masked_total).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
    }
}

fn entry(entry: ExplainedEntry) -> pb::ExplainedEntry {
    let text = |text: Option<&str>| text.map(str::to_owned);
    pb::ExplainedEntry {
        ledger_entry_id: entry.ledger_entry_id.out(),
        event_id: entry.event_id,
        entry_type: entry.entry_type.out(),
        account: entry.account.out(),
        amount: Some(entry.amount.out()),
        posted_on: entry.posted_on.out(),
        fiscal_period_id: entry.fiscal_period_id.out(),
        program_id: entry.program_id.map(|id| id.out()),
        project_id: entry.project_id.map(|id| id.out()),
        cost_category_id: entry.cost_category_id.map(|id| id.out()),
        spend: entry.spend.out(),
        document_reference: text(entry.document_reference.as_ref().map(Text::as_str)),
        vendor_reference: text(entry.vendor_reference.as_ref().map(Text::as_str)),
        description: text(entry.description.as_ref().map(Text::as_str)),
    }
}

fn masked_total(total: &MaskedTotal) -> pb::MaskedTotal {
    let MaskedTotal { cost_category_id, account, currency, amount, entry_count } = total;
    pb::MaskedTotal {
        cost_category_id: cost_category_id.out(),
        account: account.out(),
        currency: currency.out(),
        amount: amount.out(),
        entry_count: *entry_count,
    }
}

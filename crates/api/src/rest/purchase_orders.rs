//! Purchase orders: batches taken over, and what became of their lines.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use steerco_domain::Error;
use steerco_domain::input::read_input;
use steerco_domain::purchase_order_batch::{PostPurchaseOrderBatch, PurchaseOrderBatch};
use steerco_domain::resource::Resource;
use steerco_domain::view::View;
use steerco_service::{OrderResult, Outcome, TakenOrders, results_on_page};

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn post(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(PurchaseOrderBatch::KIND))?)?;
    let object = call.object(&rest, body, JSON, false).await?;
    let batch: PostPurchaseOrderBatch = read_input(&object)?;
    Ok(taken(&rest.service.post_purchase_orders(&context, batch).await?, context.validate_only)?)
}

pub(crate) async fn list_results(State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&params::results())?;
    let after = query.whole(&params::AFTER_LINE).unwrap_or_default();
    let size = results_on_page(query.whole(&params::PAGE_SIZE))?;
    let found = rest.service.page_of_results(&call.caller, call.path("id"), after, size).await?;
    let (results, more_after_line) = found;
    let page = ResultPage { results: results.iter().map(view).collect(), more_after_line };
    Ok(reply::json(StatusCode::OK, reply::JSON, &page)?)
}

/// A line as it is told.
#[derive(Serialize)]
struct ResultView<'a> {
    line: i32,
    purchase_order_reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purchase_order_line: Option<&'a str>,
    action: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commitment_id: Option<&'a str>,
    over_budget: bool,
}

fn view(result: &OrderResult) -> ResultView<'_> {
    let OrderResult { line, reference, order_line, action, status, reason, commitment_id, over_budget } = result;
    let (reason, detail) = reason.as_ref().map(|(reason, detail)| (reason.as_str(), detail.as_str())).unzip();
    ResultView {
        line: *line,
        purchase_order_reference: reference,
        purchase_order_line: order_line.as_deref(),
        action,
        status,
        reason,
        detail,
        commitment_id: commitment_id.as_deref(),
        over_budget: *over_budget,
    }
}

#[derive(Serialize)]
struct ResultPage<'a> {
    results: Vec<ResultView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_after_line: Option<i32>,
}

#[derive(Serialize)]
struct Taken<'a> {
    purchase_order_batch: View<'a, PurchaseOrderBatch>,
    #[serde(flatten)]
    page: ResultPage<'a>,
}

fn taken(taken: &TakenOrders, dry: bool) -> Result<Response, Error> {
    let TakenOrders { written, results, more_after } = taken;
    let seen = &written.seen;
    let page = ResultPage { results: results.iter().map(view).collect(), more_after_line: *more_after };
    let answer = Taken { purchase_order_batch: View { resource: &seen.resource, mask: seen.mask }, page };
    let created = written.outcome == Outcome::Created && !dry;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = reply::json(status, reply::JSON, &answer)?;
    reply::set_etag(&mut response, &seen.etag)?;
    if created {
        reply::set_location(&mut response, &seen.resource)?;
    }
    reply::mark(&mut response, written.outcome.word(), written.replayed);
    Ok(response)
}

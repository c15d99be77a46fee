//! Actuals: batches posted, and what became of their lines.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use steerco_domain::actuals_batch::{ActualsBatch, PostActualsBatch, ReclassifyActuals};
use steerco_domain::input::read_input;
use steerco_domain::resource::Resource;
use steerco_domain::view::View;
use steerco_domain::{Error, Fault};
use steerco_service::{LineResult, Outcome, PostedBatch, results_on_page};

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn post(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ActualsBatch::KIND))?)?;
    let object: Map<String, Value> = call.object(&rest, body, JSON, false).await?;
    let batch: PostActualsBatch = read_input(&object)?;
    Ok(posted(&rest.service.post_actuals(&context, batch).await?, context.validate_only)?)
}

pub(crate) async fn reclassify(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ActualsBatch::KIND))?)?;
    let object = call.object(&rest, body, JSON, false).await?;
    let act: ReclassifyActuals = read_input(&object)?;
    Ok(posted(&rest.service.reclassify_actuals(&context, act).await?, context.validate_only)?)
}

pub(crate) async fn list_results(State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&params::results())?;
    let after = query.whole(&params::AFTER_LINE).unwrap_or_default();
    let size = results_on_page(query.whole(&params::PAGE_SIZE))?;
    let (results, more_after_line) = rest.service.page_of_results(&call.caller, call.path("id"), after, size).await?;
    let page = ResultPage { results: results.iter().map(view).collect(), more_after_line };
    Ok(reply::json(StatusCode::OK, reply::JSON, &page)?)
}

pub(crate) async fn get_progress(State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&params::progress())?;
    let [source, batch_ref] = [&params::SOURCE, &params::BATCH_REF].map(|param| query.text(param).unwrap_or_default());
    check_name(&source, &batch_ref)?;
    let found = rest.service.actuals_progress(&call.caller, &source, &batch_ref).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

/// A batch is called by both, whatever door is asked.
pub(crate) fn check_name(source: &str, batch_ref: &str) -> Result<(), Error> {
    let given = [("?source", source), ("?batch_ref", batch_ref)];
    let missing = given.into_iter().filter(|(_, text)| text.is_empty());
    let faults: Vec<Fault> =
        missing.map(|(name, _)| Fault::new(name, "REQUIRED", "is required: a batch is called by both")).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// A line as it is told.
#[derive(Serialize)]
struct ResultView<'a> {
    line: i32,
    external_id: &'a str,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger_entry_id: Option<&'a str>,
    possible_repeat: bool,
}

fn view(result: &LineResult) -> ResultView<'_> {
    let LineResult { line, external_id, status, reason, detail, entry_id, possible_repeat } = result;
    ResultView {
        line: *line,
        external_id,
        status,
        reason: reason.as_deref(),
        detail: detail.as_deref(),
        ledger_entry_id: entry_id.as_deref(),
        possible_repeat: *possible_repeat,
    }
}

#[derive(Serialize)]
struct ResultPage<'a> {
    results: Vec<ResultView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_after_line: Option<i32>,
}

#[derive(Serialize)]
struct Posted<'a> {
    actuals_batch: View<'a, ActualsBatch>,
    #[serde(flatten)]
    page: ResultPage<'a>,
}

pub(crate) fn posted(posted: &PostedBatch, dry: bool) -> Result<Response, Error> {
    let PostedBatch { written, results, more_after } = posted;
    let seen = &written.seen;
    let page = ResultPage { results: results.iter().map(view).collect(), more_after_line: *more_after };
    let answer = Posted { actuals_batch: View { resource: &seen.resource, mask: seen.mask }, page };
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

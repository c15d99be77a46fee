//! Engagements as packages of the Open Contracting Data Standard.

use axum::extract::State;
use http::StatusCode;

use super::call::Call;
use super::{Rest, reply};
use crate::problem::Answer;

/// Where both packages of an engagement are.
pub(crate) fn addresses(base: &str, id: &str) -> [String; 2] {
    let base = base.trim_end_matches('/');
    ["release", "record"].map(|kind| format!("{base}/v1/engagements/{id}/ocds-{kind}-package"))
}

pub(crate) async fn get_releases(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let process = rest.service.ocds_process(&call.caller, call.path("id")).await?;
    let [releases, _] = addresses(rest.base_url(), call.path("id"));
    Ok(reply::json(StatusCode::OK, reply::JSON, &process.release_package(&releases))?)
}

pub(crate) async fn get_record(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let process = rest.service.ocds_process(&call.caller, call.path("id")).await?;
    let [releases, record] = addresses(rest.base_url(), call.path("id"));
    Ok(reply::json(StatusCode::OK, reply::JSON, &process.record_package(&record, &releases))?)
}

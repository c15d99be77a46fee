//! Health and figures.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::call::Call;
use super::{Rest, reply};
use crate::problem::Answer;

/// Media type of the Prometheus text format.
pub(crate) const FIGURES: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The process answers. It asks nothing of the database: a restart would not mend that.
pub(crate) async fn get_liveness() -> Answer {
    ok()
}

/// The service can do its work: database, migrations, feed.
pub(crate) async fn get_readiness(State(rest): State<Rest>) -> Answer {
    rest.service.ready().await?;
    ok()
}

fn ok() -> Answer {
    Ok(reply::json(StatusCode::OK, reply::JSON, &json!({"status": "ok"}))?)
}

/// The figures of this process, for Prometheus.
pub(crate) async fn get_metrics(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&[])?;
    rest.service.permit(&call.caller, "metrics", "read").await?;
    let response: Response = ([(CONTENT_TYPE, FIGURES)], rest.figures.render()).into_response();
    Ok(response)
}

//! The bridge between versions of a budget.

use axum::extract::State;
use http::StatusCode;

use super::call::Call;
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn get(State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&params::bridging())?;
    let (from, currency) = (query.text(&params::FROM_ID), query.currency());
    let bridge = rest.service.budget_bridge(&call.caller, call.path("id"), from.as_deref(), currency).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &bridge)?)
}

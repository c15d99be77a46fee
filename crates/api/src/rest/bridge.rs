//! The bridge between versions of a budget.

use axum::extract::State;
use http::StatusCode;

use super::call::Call;
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn get(State(rest): State<Rest>, call: Call) -> Answer {
    let from = call.query(&params::bridging())?.text(&params::FROM_ID);
    let bridge = rest.service.budget_bridge(&call.caller, call.path("id"), from.as_deref()).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &bridge)?)
}

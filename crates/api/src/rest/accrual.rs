//! Proposing what is to be accrued.

use axum::extract::State;
use http::StatusCode;

use super::call::Call;
use super::{Rest, reply};
use crate::problem::Answer;

pub(crate) async fn get(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let found = rest.service.accrual_proposal(&call.caller, call.path("id")).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

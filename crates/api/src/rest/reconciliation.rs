//! Reconciling a period.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use steerco_domain::input::read_input;
use steerco_domain::reconciliation::ReconcileFiscalPeriod;

use super::call::{Call, JSON};
use super::{Rest, reply};
use crate::problem::Answer;

pub(crate) async fn post(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    call.query(&Vec::new())?;
    let object = call.object(&rest, body, JSON, false).await?;
    let statement: ReconcileFiscalPeriod = read_input(&object)?;
    let found = rest.service.reconcile(&call.caller, call.path("id"), &statement).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

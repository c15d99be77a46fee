//! Exchange rates taken over from a file, and amounts converted.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use steerco_domain::exchange_rate::{ConvertAmounts, ExchangeRate, ImportExchangeRates};
use steerco_domain::input::read_input;
use steerco_domain::resource::Resource;
use steerco_service::ImportedRates;

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn import(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ExchangeRate::KIND))?)?;
    let object = call.object(&rest, body, JSON, false).await?;
    let import: ImportExchangeRates = read_input(&object)?;
    let ImportedRates { created, updated, unchanged, skipped, replayed } =
        rest.service.import_rates(&context, &import).await?;
    let mut response = reply::json(StatusCode::OK, reply::JSON, &View { created, updated, unchanged, skipped })?;
    reply::mark(&mut response, if created + updated > 0 { "updated" } else { "unchanged" }, replayed);
    Ok(response)
}

#[derive(Serialize)]
struct View {
    created: i32,
    updated: i32,
    unchanged: i32,
    skipped: Vec<String>,
}

pub(crate) async fn convert(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let args = call.query(&params::rolling_up())?.read_args();
    let object = call.object(&rest, body, JSON, false).await?;
    let wish: ConvertAmounts = read_input(&object)?;
    let found = rest.service.convert(&call.caller, &wish, args.as_of).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &found)?)
}

//! Readers of the feed.

use axum::body::Body;
use axum::extract::State;
use steerco_domain::Resource;
use steerco_domain::consumer::Consumer;

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn acknowledge(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(Consumer::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.acknowledge(&context, call.path("id"), &object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn replay(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(Consumer::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.replay(&context, call.path("id"), &object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

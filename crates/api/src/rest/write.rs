//! Writing resources.

use axum::body::Body;
use axum::extract::State;
use steerco_domain::resource::Kind;
use steerco_service::AnyVerb;

use super::call::{Call, JSON, PATCH};
use super::params::{SOURCE_VERSION, Set};
use super::{Rest, reply};
use crate::problem::Answer;

pub(crate) async fn create(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let object = call.object(&rest, body, JSON, false).await?;
    Ok(reply::written(&rest.service.create(kind, &context, object).await?, context.validate_only)?)
}

pub(crate) async fn update(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let patch = call.object(&rest, body, PATCH, false).await?;
    let written = rest.service.update(kind, &context, call.path("id"), patch).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn upsert(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let query = call.query(&takes)?;
    let (context, version) = (call.context(&query)?, query.whole(&SOURCE_VERSION));
    let object = call.object(&rest, body, PATCH, false).await?;
    let (source, external_id) = (call.path("source"), call.path("external_id"));
    let written = rest.service.upsert(kind, &context, source, external_id, version, object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn add_external_ref(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    call.nothing(&rest, body).await?;
    let (id, source, external_id) = (call.path("id"), call.path("source"), call.path("external_id"));
    let written = rest.service.add_external_ref(kind, &context, id, source, external_id).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn remove_external_ref(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    call.nothing(&rest, body).await?;
    let (id, source, external_id) = (call.path("id"), call.path("source"), call.path("external_id"));
    let written = rest.service.remove_external_ref(kind, &context, id, source, external_id).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn delete(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    call.nothing(&rest, body).await?;
    let written = rest.service.delete(kind, &context, call.path("id")).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn undelete(
    kind: &'static Kind,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    call.nothing(&rest, body).await?;
    let written = rest.service.undelete(kind, &context, call.path("id")).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn act(verb: AnyVerb, takes: Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.act_any(verb, &context, call.path("id"), object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

//! Writing resources.

use axum::body::Body;
use axum::extract::State;
use serde_json::Map;
use steerco_domain::resource::Kind;
use steerco_service::AnyVerb;
use steerco_service::operation::Standard;

use super::call::{Call, JSON, PATCH};
use super::params::{SOURCE_VERSION, Set};
use super::{Rest, reply};
use crate::problem::Answer;

/// A standard write to one resource.
pub(crate) async fn write(
    kind: &'static Kind,
    does: Standard,
    takes: Set,
    State(rest): State<Rest>,
    call: Call,
    body: Body,
) -> Answer {
    let query = call.query(&takes)?;
    let context = call.context(&query)?;
    let object = match does {
        Standard::Create => call.object(&rest, body, JSON, false).await?,
        Standard::Update | Standard::Upsert => call.object(&rest, body, PATCH, false).await?,
        _ => {
            call.nothing(&rest, body).await?;
            Map::new()
        }
    };
    let (service, id) = (&rest.service, call.path("id"));
    let (source, external_id) = (call.path("source"), call.path("external_id"));
    let written = match does {
        Standard::Update => service.update(kind, &context, id, object).await?,
        Standard::Upsert => {
            let version = query.whole(&SOURCE_VERSION);
            service.upsert(kind, &context, source, external_id, version, object).await?
        }
        Standard::AddExternalRef => service.add_external_ref(kind, &context, id, source, external_id).await?,
        Standard::RemoveExternalRef => service.remove_external_ref(kind, &context, id, source, external_id).await?,
        Standard::Delete => service.delete(kind, &context, id).await?,
        Standard::Undelete => service.undelete(kind, &context, id).await?,
        _ => service.create(kind, &context, object).await?,
    };
    Ok(reply::written(&written, context.validate_only)?)
}

/// A verb on one resource.
pub(crate) async fn act(verb: AnyVerb, takes: Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.act_any(verb, &context, call.path("id"), object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

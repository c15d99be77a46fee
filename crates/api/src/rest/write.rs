//! Writing resources.

use axum::body::Body;
use axum::extract::State;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Map;
use steerco_domain::Resource;
use steerco_domain::input::read_input;
use steerco_domain::mask::View;
use steerco_domain::resource::Verb;
use steerco_domain::service_account::{IssueSecretServiceAccount, ServiceAccount};

use super::call::{Call, JSON, PATCH};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn create<R: Resource>(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(R::KIND))?)?;
    let object = call.object(&rest, body, JSON, false).await?;
    Ok(reply::written(&rest.service.create::<R>(&context, object).await?, context.validate_only)?)
}

pub(crate) async fn update<R: Resource>(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(R::KIND))?)?;
    let patch = call.object(&rest, body, PATCH, false).await?;
    let written = rest.service.update::<R>(&context, call.path("id"), patch).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn upsert<R: Resource>(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let query = call.query(&params::upserting(R::KIND))?;
    let (context, version) = (call.context(&query)?, query.whole(&params::SOURCE_VERSION));
    let object = call.object(&rest, body, PATCH, false).await?;
    let (source, external_id) = (call.path("source"), call.path("external_id"));
    let written = rest.service.upsert::<R>(&context, source, external_id, version, object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn add_external_ref<R: Resource>(State(rest): State<Rest>, call: Call) -> Answer {
    let context = call.context(&call.query(&params::undated())?)?;
    let (id, source, external_id) = (call.path("id"), call.path("source"), call.path("external_id"));
    let written = rest.service.add_external_ref::<R>(&context, id, source, external_id).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn remove_external_ref<R: Resource>(State(rest): State<Rest>, call: Call) -> Answer {
    let context = call.context(&call.query(&params::undated())?)?;
    let (id, source, external_id) = (call.path("id"), call.path("source"), call.path("external_id"));
    let written = rest.service.remove_external_ref::<R>(&context, id, source, external_id).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn delete<R: Resource>(State(rest): State<Rest>, call: Call) -> Answer {
    let context = call.context(&call.query(&params::writing(R::KIND))?)?;
    let written = rest.service.delete::<R>(&context, call.path("id")).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn undelete<R: Resource>(State(rest): State<Rest>, call: Call) -> Answer {
    let context = call.context(&call.query(&params::writing(R::KIND))?)?;
    let written = rest.service.undelete::<R>(&context, call.path("id")).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn act<V: Verb>(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(<V::On as Resource>::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.act::<V>(&context, call.path("id"), object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

/// A service account with the secret that is shown once: a replay has none.
#[derive(Serialize)]
struct Issued<'a> {
    service_account: View<'a, ServiceAccount>,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

pub(crate) async fn issue_secret(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ServiceAccount::KIND))?)?;
    let object: Map<_, _> = call.object(&rest, body, JSON, true).await?;
    read_input::<IssueSecretServiceAccount>(&object)?;
    let (written, secret) = rest.service.issue_secret(&context, call.path("id")).await?;
    let account = &written.seen.resource;
    let issued = Issued {
        service_account: View { resource: account, mask: written.seen.mask },
        client_id: account.id_text(),
        client_secret: secret.filter(|_| !written.replayed && !context.validate_only),
    };
    let mut response = reply::json(StatusCode::OK, reply::JSON, &issued)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply::mark(&mut response, written.outcome.word(), written.replayed);
    Ok(response)
}

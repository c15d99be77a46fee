//! Reading resources.

use axum::extract::State;
use steerco_domain::resource::Kind;

use super::call::Call;
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn get(kind: &'static Kind, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::reading(kind))?.read_args();
    let seen = rest.service.get_any(kind, &call.caller, call.path("id"), &args).await?;
    Ok(reply::seen(&seen, call.holds(&seen.etag))?)
}

pub(crate) async fn get_by_ref(kind: &'static Kind, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::reading(kind))?.read_args();
    let (source, external_id) = (call.path("source"), call.path("external_id"));
    let seen = rest.service.get_by_ref(kind, &call.caller, source, external_id, &args).await?;
    Ok(reply::seen(&seen, call.holds(&seen.etag))?)
}

pub(crate) async fn list(kind: &'static Kind, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::listing(kind))?.list_args();
    Ok(reply::page(&rest.service.list_any(kind, &call.caller, &args).await?)?)
}

pub(crate) async fn revisions(kind: &'static Kind, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::revisions())?.list_args();
    Ok(reply::page(&rest.service.revisions(kind, &call.caller, call.path("id"), &args).await?)?)
}

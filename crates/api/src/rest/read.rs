//! Reading resources.

use axum::extract::State;
use steerco_domain::resource::Kind;

use super::call::Call;
use super::params::Set;
use super::{Rest, reply};
use crate::problem::Answer;

pub(crate) async fn get(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&takes)?.read_args();
    let seen = rest.service.get_any(kind, &call.caller, call.path("id"), &args).await?;
    Ok(reply::seen(&seen, call.holds(&seen.etag))?)
}

pub(crate) async fn get_by_ref(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&takes)?.read_args();
    let (source, external_id) = (call.path("source"), call.path("external_id"));
    let seen = rest.service.get_by_ref(kind, &call.caller, source, external_id, &args).await?;
    Ok(reply::seen(&seen, call.holds(&seen.etag))?)
}

pub(crate) async fn list(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&takes)?.list_args();
    Ok(reply::page(&rest.service.list_any(kind, &call.caller, &args).await?)?)
}

pub(crate) async fn revisions(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&takes)?.list_args();
    Ok(reply::page(&rest.service.revisions(kind, &call.caller, call.path("id"), &args).await?)?)
}

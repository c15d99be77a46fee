//! The catalogue of events.

use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use steerco_domain::event_type::{EventType, event_types};

use super::call::Call;
use super::{Rest, reply};
use crate::event_types::{find, schema};
use crate::problem::Answer;

fn view(ty: &EventType) -> Value {
    json!({"name": ty.name(), "kind": ty.kind.name, "description": ty.doc()})
}

pub(crate) async fn list_event_types(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    rest.service.admit(&call.caller).await?;
    let types: Vec<Value> = event_types().map(|ty| view(&ty)).collect();
    Ok(reply::json(StatusCode::OK, reply::JSON, &json!({"event_types": types}))?)
}

pub(crate) async fn get_event_type(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    rest.service.admit(&call.caller).await?;
    let ty = find(call.path("name"))?;
    let mut view = view(&ty);
    view["schema"] = schema(rest.base_url(), &ty);
    Ok(reply::json(StatusCode::OK, reply::JSON, &view)?)
}

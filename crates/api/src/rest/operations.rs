//! Operations that a function does: each is read as it is declared, done, and its answer written.

use axum::body::Body;
use axum::extract::State;
use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_service::operation::{self, Operation, Run, Schema};
use steerco_service::operations::Entry;

use super::call::{Call, JSON};
use super::params::{EFFECTIVE_AT, Parameter, VALIDATE_ONLY};
use super::{Rest, reply};
use crate::problem::Answer;

pub(crate) async fn serve(entry: Entry, run: Run, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let operation = entry.operation;
    let known: Vec<&'static Parameter> =
        operation.parameters.iter().copied().filter(|param| !operation.in_path(param.name)).collect();
    let query = call.query(&known)?;
    let context = if operation.writes() { call.context(&query)? } else { call.reading() };
    let mut arguments = query.into_arguments(&known);
    for param in [&VALIDATE_ONLY, &EFFECTIVE_AT] {
        arguments.remove(param.name);
    }
    // The router adds parts of its own.
    for (name, value) in call.path_parts().filter(|(name, _)| operation.in_path(name)) {
        arguments.insert(name.to_owned(), value.into());
    }
    if let Some(declared) = &operation.body {
        let object = call.object(&rest, body, JSON, !declared.required).await?;
        add_body(operation, object, &mut arguments)?;
    }
    let dry = context.validate_only;
    let answered = operation::call(operation, run, rest.service.clone(), context, arguments).await?;
    Ok(reply::answered(&answered, entry.kind, tells_etag(operation), dry)?)
}

/// Adds the members of the body. One that is called like something beside the body belongs to no body.
fn add_body(
    operation: &Operation,
    object: Map<String, Value>,
    arguments: &mut Map<String, Value>,
) -> Result<(), Error> {
    let known: Vec<&str> = operation.body.iter().flat_map(|body| body.fields).map(|field| field.name).collect();
    let beside = |name: &str| name == "id" || operation.parameters.iter().any(|param| param.name == name);
    for (name, value) in object {
        if beside(&name) && !known.contains(&name.as_str()) {
            let detail = steerco_domain::input::unknown_name(&name, &known);
            return Err(Error::fault(format!("/{name}"), "UNKNOWN_FIELD", detail));
        }
        arguments.insert(name, value);
    }
    Ok(())
}

/// Whether the answer has an ETag: it is a resource, or what became of one that is new.
pub(crate) fn tells_etag(operation: &Operation) -> bool {
    operation.created.is_some() || matches!(operation.answer.schema, Schema::Resource(_))
}

//! The OpenAPI document, built from the declarations: kinds, fields, parameters, permissions, reasons and what is
//! mounted. Nothing is described twice; what only a person can say stands in doc comments.
//!
//! It is checked in as `openapi/steerco.json` and served from there, so that review sees a change of the contract.
//! It is written as JSON rather than through utoipa's types, which have no room for half of the keywords used here.

mod answers;
mod documents;
mod example;
mod operation;
mod others;
mod parameters;
mod resources;
mod schemas;
mod shape;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use steerco_domain::Reason;

use crate::resources::mounts;
use crate::rest::mount::About;
use operation::Operation;

/// A named part of the document.
type Parts = BTreeMap<String, Value>;

const ABOUT: &str = "System of record for project management: portfolios, programs, projects, risks, and who may do \
    what with them.\n\n\
    The same operations, rules and errors stand behind gRPC on the same port; a caller may mix both.\n\n\
    - **Reading**: lists are paged by opaque tokens; `filter`, `order_by` and `fields` narrow them; `as_of` answers \
    what was known at an instant. An `ETag` with `If-None-Match` spares the body.\n\
    - **Writing**: `Idempotency-Key` makes every write repeatable, `If-Match` guards against overwriting, \
    `validate_only=true` only checks. Merge patches (RFC 7396): absent keeps, null clears.\n\
    - **Errors**: `application/problem+json` (RFC 9457) with all faults at once; `code` is the word to compare.\n\
    - **Requests**: an `x-request-id` of up to 64 letters, digits, dots, underscores and hyphens is taken over and \
    answered; unknown parameters and fields are refused.\n\
    - **Limits**: a body has at most 4 MiB and 32 levels; each caller has a rate, told in `RateLimit-Limit`, \
    `RateLimit-Remaining` and `RateLimit-Reset`.\n\
    - **Numbers**: 64-bit integers and money are strings; instants are RFC 3339 in UTC.";

/// The document.
pub fn document() -> Value {
    let abouts: Vec<About> = mounts().into_iter().map(|mounted| mounted.about).collect();
    let mut schemas = schemas::shared();
    let mut operations = others::operations(&mut schemas);
    for about in &abouts {
        schemas::add_resource(about, &mut schemas);
        operations.extend(resources::operations(about));
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{"url": "/", "description": "This service."}],
        "tags": tags(&abouts),
        "paths": paths(operations),
        "components": {
            "schemas": schemas,
            "parameters": parameters::all(),
            "headers": answers::headers(),
            "responses": answers::refusals(),
            "securitySchemes": security_schemes(),
        },
        "security": [{"bearer": []}],
    });
    sorted(document)
}

/// The document as it is checked in.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn info() -> Value {
    json!({
        "title": "Steerco",
        "version": "1",
        "description": ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        "contact": {"name": "Whoever runs this service"},
    })
}

fn tags(abouts: &[About]) -> Vec<Value> {
    let tag = |name: &str, doc: &str| json!({"name": name, "description": shape::flow(doc)});
    let kinds = abouts.iter().map(|about| tag(&about.kind.path(), about.kind.doc));
    kinds.chain(others::TAGS.iter().map(|(name, doc)| tag(name, doc))).collect()
}

fn paths(operations: Vec<Operation>) -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let (path, method) = (operation.path.clone(), operation.method);
        paths.entry(path).or_default().insert(method.to_owned(), operation.into_json());
    }
    json!(paths)
}

fn security_schemes() -> Value {
    let scopes: BTreeMap<String, String> = crate::rest::scopes()
        .into_iter()
        .map(|scope| {
            let (what, right) = scope.split_once(':').unwrap_or((&scope, "read"));
            let doc = format!("{} {}.", if right == "read" { "Read" } else { "Change" }, what.replace('_', " "));
            (scope.clone(), doc)
        })
        .collect();
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token (RFC 9068) of the built-in issuer or of one that the operator trusts.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "Client credentials of a service account.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": scopes}},
        },
        "client": {
            "type": "http", "scheme": "basic",
            "description": "Client id and secret of a service account, for the token endpoint alone.",
        },
    })
}

/// The statuses a reason can have, each with its reasons.
fn reasons_by_status() -> BTreeMap<u16, Vec<Reason>> {
    let mut statuses: BTreeMap<u16, Vec<Reason>> = BTreeMap::new();
    for reason in Reason::ALL {
        statuses.entry(reason.http_status()).or_default().push(*reason);
    }
    statuses
}

/// The same value with the members of every object in order, whichever map JSON was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let members: BTreeMap<String, Value> = object.into_iter().map(|(name, v)| (name, sorted(v))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests;

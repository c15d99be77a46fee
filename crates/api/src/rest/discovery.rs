//! What a client learns about this service: permissions, keys and authorisation metadata.

use std::collections::BTreeSet;

use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value, json};
use steerco_domain::access::{KindFields, Role, TABLE};
use steerco_domain::words::Words;

use super::call::Call;
use super::params::Set;
use super::{Rest, reply};
use crate::problem::Answer;

/// Every token scope there is.
pub(crate) fn scopes() -> BTreeSet<String> {
    TABLE.iter().map(steerco_domain::access::Permission::scope).collect()
}

/// The table of permissions.
pub(crate) async fn list_permissions(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&takes)?;
    rest.service.admit(&call.caller).await?;
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let operations = TABLE.iter().map(|row| {
        let cells: Map<String, Value> =
            Role::ALL.iter().map(|role| (role.word().to_owned(), row.right(*role).word().into())).collect();
        json!({"operation": format!("{}.{}", row.kind, row.action), "scope": row.scope(), "cells": cells})
    });
    let table = json!({"roles": roles, "operations": operations.collect::<Vec<_>>(), "kinds": KindFields::all()});
    Ok(reply::json(StatusCode::OK, reply::JSON, &table)?)
}

/// The public keys of the built-in issuer.
pub(crate) async fn get_jwks(State(rest): State<Rest>) -> Answer {
    Ok(reply::json(StatusCode::OK, reply::JSON, &rest.service.jwks())?)
}

/// RFC 8414.
pub(crate) async fn get_authorization_server(State(rest): State<Rest>) -> Answer {
    let base = rest.base_url();
    let metadata = json!({
        "issuer": rest.service.issuer(),
        "token_endpoint": format!("{base}/oauth2/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "scopes_supported": scopes(),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "service_documentation": format!("{base}/docs"),
    });
    Ok(reply::json(StatusCode::OK, reply::JSON, &metadata)?)
}

/// RFC 9728.
pub(crate) async fn get_protected_resource(State(rest): State<Rest>) -> Answer {
    let base = rest.base_url();
    let metadata = json!({
        "resource": base,
        "authorization_servers": [rest.service.issuer()],
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "Steerco",
        "resource_documentation": format!("{base}/docs"),
    });
    Ok(reply::json(StatusCode::OK, reply::JSON, &metadata)?)
}

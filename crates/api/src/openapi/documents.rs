//! The schemas of what belongs to no resource.

use serde_json::{Value, json};
use steerco_domain::access::{Cell, Role};
use steerco_domain::words::Words;

use super::Parts;
use super::shape::reference;

/// Adds them all.
pub(super) fn add(parts: &mut Parts) {
    let all = [
        ("Permissions", permissions()),
        ("Reason", reason()),
        ("ReasonList", object("Every error.", &["errors"], json!({"errors": list(&reference("Reason"))}))),
        ("IssuedSecret", issued_secret()),
        ("Health", object("Health.", &["status"], json!({"status": {"type": "string", "enum": ["ok"]}}))),
        ("Jwks", object("Public keys.", &["keys"], json!({"keys": list(&json!({"type": "object"}))}))),
        ("Token", token()),
        ("TokenRequest", token_request()),
        ("TokenRefusal", token_refusal()),
        ("IssuerMetadata", issuer_metadata()),
        ("ResourceMetadata", resource_metadata()),
    ];
    parts.extend(all.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
}

fn object(doc: &str, required: &[&str], members: Value) -> Value {
    let mut object = json!({"type": "object", "description": doc, "required": required});
    object["properties"] = members;
    object
}

fn text() -> Value {
    json!({"type": "string"})
}

fn list(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

fn permissions() -> Value {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let cells = [Cell::Deny, Cell::Allow, Cell::Fields].map(Cell::word);
    let members = json!({
        "operation": text(), "scope": text(),
        "cells": {"type": "object", "additionalProperties": {"type": "string", "enum": cells}},
    });
    let row = object("One row of the table.", &["operation", "scope", "cells"], members);
    let members = json!({"roles": list(&json!({"type": "string", "enum": roles})), "operations": list(&row)});
    object("The table of permissions.", &["roles", "operations"], members)
}

fn reason() -> Value {
    let members = json!({
        "code": text(), "title": text(), "doc": text(), "grpc_code": text(),
        "http_status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
        "retryable": {"type": "boolean"},
    });
    let required = ["code", "title", "doc", "http_status", "grpc_code", "retryable"];
    object("What an error means.", &required, members)
}

fn issued_secret() -> Value {
    let members = json!({
        "service_account": reference("ServiceAccount"), "client_id": text(),
        "client_secret": {"type": "string", "description": "Shown once: absent from a replay and a dry run."},
    });
    object("A service account with its new secret.", &["service_account", "client_id"], members)
}

fn token() -> Value {
    let members = json!({
        "access_token": text(), "token_type": {"type": "string", "enum": ["Bearer"]},
        "expires_in": {"type": "integer", "format": "int64", "minimum": 1},
        "scope": {"type": "string", "description": "The scopes asked for; absent when none were."},
    });
    object("A token.", &["access_token", "token_type", "expires_in"], members)
}

fn token_request() -> Value {
    let members = json!({
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {
            "type": "string", "maxLength": 4000, "pattern": "^[ !#-\\[\\]-~]*$",
            "description": "Scopes wanted, separated by spaces; all that are granted when absent.",
        },
        "client_id": {"type": "string", "maxLength": 200, "description": "Id of the service account."},
        "client_secret": {"type": "string", "maxLength": 200, "description": "Its secret."},
    });
    object("A token request; other parameters are ignored.", &["grant_type"], members)
}

fn token_refusal() -> Value {
    let words = ["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"];
    let members = json!({"error": {"type": "string", "enum": words}, "error_description": text()});
    object("Why there is no token (RFC 6749, 5.2).", &["error"], members)
}

fn issuer_metadata() -> Value {
    let texts = list(&text());
    let members = json!({
        "issuer": text(), "token_endpoint": text(), "jwks_uri": text(), "scopes_supported": texts,
        "response_types_supported": texts, "grant_types_supported": texts,
        "token_endpoint_auth_methods_supported": texts, "service_documentation": text(),
    });
    object("Metadata of the issuer.", &["issuer", "token_endpoint", "jwks_uri"], members)
}

fn resource_metadata() -> Value {
    let texts = list(&text());
    let members = json!({
        "resource": text(), "authorization_servers": texts, "jwks_uri": text(), "scopes_supported": texts,
        "bearer_methods_supported": texts, "resource_name": text(), "resource_documentation": text(),
    });
    object("Metadata of this service.", &["resource", "authorization_servers"], members)
}

//! The schemas that belong to no resource.

use steerco_domain::access::{Right, Role};
use steerco_domain::words::Words;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::schemas::status;
use super::vocabulary::{Members, Schemas, format, limited, list, note, object, of, reference, text, words};

/// Adds them all.
pub(super) fn add(schemas: &mut Schemas) {
    let all = [
        ("Permissions", permissions()),
        ("Reason", reason()),
        ("ReasonList", object("Every error.").must("errors", list(reference("Reason")))),
        ("ProtoList", proto_list()),
        ("Health", object("Health.").must("status", words(["ok"]))),
        ("Jwks", object("Public keys.").must("keys", list(of(Type::Object)))),
        ("Token", token()),
        ("TokenRequest", token_request()),
        ("TokenRefusal", token_refusal()),
        ("IssuerMetadata", issuer_metadata()),
        ("ResourceMetadata", resource_metadata()),
    ];
    schemas.extend(all.map(|(name, schema)| (name.to_owned(), schema.into())));
}

fn permissions() -> ObjectBuilder {
    let cells = words([Right::Deny, Right::Allow, Right::Fields].map(Right::word));
    let row = object("One permission of the table.")
        .must("operation", text())
        .must("scope", text())
        .must("cells", of(Type::Object).additional_properties(Some(cells)));
    let names = |doc: &str| list(text()).description(Some(doc));
    let kind = object("The fields of a kind that callers set. The service sets all others.")
        .must("kind", text())
        .must("create_fields", names("Set at creation only."))
        .must("write_fields", names("Set at creation and later."))
        .must("private_fields", names("Not visible to partners; partners cannot set them."));
    object("The table of permissions.")
        .must("roles", list(words(Role::ALL.iter().map(|role| role.word()))))
        .must("operations", list(row))
        .must("kinds", list(kind))
}

fn reason() -> ObjectBuilder {
    let detail =
        object("A cause, by the word that `detail` of the error begins with.").must("code", text()).must("doc", text());
    object("Meaning of an error code.")
        .must("code", text())
        .must("title", text())
        .must("doc", text())
        .must("http_status", status())
        .must("grpc_code", text())
        .must("retryable", of(Type::Boolean))
        .must("details", list(detail))
}

fn token() -> ObjectBuilder {
    object("A token.")
        .must("access_token", text())
        .must("token_type", words(["Bearer"]))
        .must("expires_in", of(Type::Integer).format(Some(format("int64"))).minimum(Some(1)))
        .property("scope", note("The requested scopes; absent when none were requested."))
}

fn token_request() -> ObjectBuilder {
    let scope = "Requested scopes, separated by spaces. All granted scopes when absent.";
    object("A token request; other parameters are ignored.")
        .must("grant_type", words(["client_credentials"]))
        .property("scope", limited(4000, "^[ !#-\\[\\]-~]*$").description(Some(scope)))
        .property("client_id", note("Id of the service account.").max_length(Some(200)))
        .property("client_secret", note("Its secret.").max_length(Some(200)))
}

fn token_refusal() -> ObjectBuilder {
    object("Why there is no token (RFC 6749, 5.2).")
        .must("error", words(["invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type"]))
        .property("error_description", text())
}

fn issuer_metadata() -> ObjectBuilder {
    object("Metadata of the issuer.")
        .must("issuer", text())
        .must("token_endpoint", text())
        .must("jwks_uri", text())
        .property("scopes_supported", list(text()))
        .property("response_types_supported", list(text()))
        .property("grant_types_supported", list(text()))
        .property("token_endpoint_auth_methods_supported", list(text()))
        .property("service_documentation", text())
}

fn resource_metadata() -> ObjectBuilder {
    object("Metadata of this service.")
        .must("resource", text())
        .must("authorization_servers", list(text()))
        .property("jwks_uri", text())
        .property("scopes_supported", list(text()))
        .property("bearer_methods_supported", list(text()))
        .property("resource_name", text())
        .property("resource_documentation", text())
}

fn proto_list() -> ObjectBuilder {
    object("The files of the gRPC contract.")
        .must("files", list(of(Type::String)))
        .must("descriptor_set", of(Type::String))
}

//! The OpenAPI document, built from the declarations: kinds, fields, parameters, permissions, reasons and what is
//! mounted. Nothing is described twice; what only a person can say stands in doc comments.
//!
//! It is checked in as `openapi/steerco.json` and served from there, so that review sees a change of the contract.

mod answers;
mod declared;
mod documents;
pub(crate) mod example;
mod finish;
mod forms;
mod ocds;
mod operation;
mod others;
mod parameters;
mod resources;
mod schemas;
mod shape;
mod vocabulary;

use std::collections::BTreeMap;

use serde_json::Value;
use steerco_domain::{KINDS, RECORDS, Reason};
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::security::{ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{
    Components, ContactBuilder, Info, InfoBuilder, LicenseBuilder, OpenApiBuilder, PathItem, Paths, SecurityRequirement,
};

use operation::Operation;

const ABOUT: &str = "System of record for project management: portfolios, programs, projects, risks, finance, partners and \
    permissions.\n\n\
    gRPC on the same port offers the same operations, rules and errors. A caller may use both.\n\n\
    - **Reading**: lists are paged by opaque tokens; `filter` and `fields` limit them, `order_by` sorts them; `as_of` returns \
    the state known at an instant. With `If-None-Match`, an unchanged resource is returned without its body.\n\
    - **Writing**: `Idempotency-Key` makes every write safe to repeat, `If-Match` prevents overwriting newer changes, \
    `validate_only=true` checks without storing. Merge patches (RFC 7396): an absent field keeps its value, null clears it.\n\
    - **Errors**: `application/problem+json` (RFC 9457) with all faults at once; programs compare `code`.\n\
    - **Requests**: an `x-request-id` of up to 64 letters, digits, dots, underscores and hyphens is accepted and \
    returned; unknown parameters and fields are rejected.\n\
    - **Limits**: a body has at most 4 MiB and 32 levels, the content of an attachment 50 MiB by default; each caller has a rate limit, reported in `RateLimit-Limit`, \
    `RateLimit-Remaining` and `RateLimit-Reset`.\n\
    - **Numbers**: 64-bit integers and money are strings; instants are RFC 3339 in UTC.";

/// The document.
pub fn document() -> Value {
    let mut schemas = schemas::shared();
    ocds::add(&mut schemas);
    for kind in KINDS.iter().chain(RECORDS) {
        schemas::add_resource(kind, &mut schemas);
    }
    let mut operations = others::operations(&mut schemas);
    operations.extend(declared::all(&mut schemas));
    let mut components = Components::new();
    components.schemas = schemas;
    components.parameters = parameters::all();
    components.headers = answers::headers();
    components.responses = answers::refusals();
    components.add_security_schemes_from_iter(security_schemes());
    let document = OpenApiBuilder::new()
        .info(info())
        .servers(Some([ServerBuilder::new().url("/").description(Some("This service.")).build()]))
        .tags(Some(tags()))
        .paths(paths(operations))
        .components(Some(components))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]));
    finish::json(&document.build())
}

/// The document as it is checked in.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Steerco")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .contact(Some(ContactBuilder::new().name(Some("Operator of this service")).build()))
        .build()
}

fn tags() -> Vec<Tag> {
    let tag = |name: &str, doc: &str| TagBuilder::new().name(name).description(Some(shape::flow(doc))).build();
    let kinds = KINDS.iter().chain(RECORDS).map(|kind| tag(&kind.path(), kind.doc));
    kinds.chain(others::TAGS.iter().map(|(name, doc)| tag(name, doc))).collect()
}

fn paths(operations: Vec<Operation>) -> Paths {
    let add = |paths: PathsBuilder, operation: Operation| {
        paths.path(operation.path.clone(), PathItem::new(operation.method.clone(), operation.build()))
    };
    operations.into_iter().fold(PathsBuilder::new(), add).build()
}

fn security_schemes() -> [(&'static str, SecurityScheme); 3] {
    let bearer = "An access token (RFC 9068) from the built-in issuer or from an issuer that the operator trusts.";
    let client = "Client id and secret of a service account, for the token endpoint only.";
    let scopes = crate::rest::scopes().into_iter().map(|scope| {
        let (what, right) = scope.split_once(':').unwrap_or((&scope, "read"));
        let doc = format!("{} {}.", if right == "read" { "Read" } else { "Change" }, what.replace('_', " "));
        (scope.clone(), doc)
    });
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth2/token", scopes.collect::<Scopes>()));
    let http = |scheme: HttpAuthScheme, doc: &str| HttpBuilder::new().scheme(scheme).description(Some(doc));
    [
        ("bearer", SecurityScheme::Http(http(HttpAuthScheme::Bearer, bearer).bearer_format("JWT").build())),
        (
            "oauth2",
            SecurityScheme::OAuth2(OAuth2::with_description([flow], "Client credentials of a service account.")),
        ),
        ("client", SecurityScheme::Http(http(HttpAuthScheme::Basic, client).build())),
    ]
}

/// The statuses a reason can have, each with its reasons.
fn reasons_by_status() -> BTreeMap<u16, Vec<Reason>> {
    let mut statuses: BTreeMap<u16, Vec<Reason>> = BTreeMap::new();
    for reason in Reason::ALL {
        statuses.entry(reason.http_status()).or_default().push(*reason);
    }
    statuses
}

#[cfg(test)]
mod tests;

//! Operations that the table does not declare: discovery, health, documentation, calendars and the token endpoint.

use serde_json::json;
use steerco_domain::access::find;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{HttpMethod, ResponseBuilder};

use super::answers::{answer, content, empty, open};
use super::documents;
use super::operation::{Access, Operation, body};
use super::parameters::{path, shared};
use super::vocabulary::{Schemas, binary, limited, of, reference, text};
use crate::problem::PROBLEM;
use crate::rest::FIGURES;

/// Tags beside the resources.
pub(super) const TAGS: [(&str, &str); 6] = [
    ("metrics", "Definitions of the metrics."),
    ("events", "The event feed: one sequence of changes without gaps for each organisation."),
    ("authorisation", "Tokens, keys and permissions."),
    ("operations", "Health and metrics of the server."),
    ("calendars", "Milestones as a calendar at a secret address."),
    ("documentation", "The API contract and its documentation pages."),
];

const PLAIN: &str = "application/json";

/// All of them.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    documents::add(schemas);
    let mut operations = vec![issue_token(), get_calendar()];
    operations.extend(discovery());
    operations.extend(server());
    operations.extend(documentation());
    operations.extend(contract());
    operations
}

fn start(tag: &str, path: &str, id: &str, summary: &str, description: &str, access: Access) -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: path.to_owned(),
        id: id.to_owned(),
        tag: tag.to_owned(),
        summary: summary.to_owned(),
        description: description.to_owned(),
        access,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn get_calendar() -> Operation {
    let about = "Milestones as a calendar (RFC 5545). Each has a UID that never changes and a SEQUENCE that grows. The address \
                 is secret: anyone who has it can read the calendar. It contains the milestones that the owner of the \
                 calendar feed may read at the time of the request.";
    let part = |name: &str, doc: &str| path(name, doc, limited(200, "^[A-Za-z0-9_-]+$").min_length(Some(1)));
    let keys = ["etag"];
    Operation {
        parameters: vec![
            part("id", "Id of the calendar feed."),
            part("owner", "Id of the owner of the feed."),
            part("secret", "Secret part of the address."),
        ],
        answers: vec![
            (200, open("The calendar.", "text/calendar", text(), &keys)),
            (304, empty("Not modified: the ETag of the caller is current.", &keys)),
        ],
        refusals: vec![404, 429],
        ..start(
            "calendars",
            "/calendars/{id}/{owner}/{secret}",
            "get_calendar",
            "Get the calendar of a feed",
            about,
            Access::Public,
        )
    }
}

fn issue_token() -> Operation {
    let about = "Client credentials grant of a service account (RFC 6749, section 4.4). Credentials are sent by HTTP Basic \
                 or in the form. Errors follow the RFC.";
    let example = json!({"grant_type": "client_credentials", "scope": "risks:read risks:write"});
    let refused = |doc: &str, keys: &[&str]| open(doc, PLAIN, reference("TokenRefusal"), keys);
    let invalid = refused("The request is not valid; `error` contains the reason.", &[]);
    Operation {
        method: HttpMethod::Post,
        body: Some(body(&["application/x-www-form-urlencoded"], "TokenRequest", &example, true)),
        answers: vec![
            (200, open("A token.", PLAIN, reference("Token"), &[])),
            (400, invalid.content(PROBLEM, content(reference("Problem")))),
            (401, refused("The client id or the client secret is wrong.", &["challenge"])),
        ],
        refusals: vec![413, 415],
        ..start("authorisation", "/oauth2/token", "issue_token", "Issue a token", about, Access::Client)
    }
}

/// A document anyone may read.
fn public(
    tag: &str,
    path: &str,
    id: &str,
    summary: &str,
    about: &str,
    answers: Vec<(u16, ResponseBuilder)>,
) -> Operation {
    Operation { answers, ..start(tag, path, id, summary, about, Access::Public) }
}

fn discovery() -> Vec<Operation> {
    let document = |doc: &str, schema: &str| vec![(200, open(doc, PLAIN, reference(schema), &[]))];
    vec![
        public(
            "authorisation",
            "/.well-known/jwks.json",
            "get_jwks",
            "Get the public keys",
            "Keys of the built-in issuer (RFC 7517).",
            document("The keys.", "Jwks"),
        ),
        public(
            "authorisation",
            "/.well-known/oauth-authorization-server",
            "get_authorization_server",
            "Get the issuer's metadata",
            "Metadata of the built-in issuer (RFC 8414).",
            document("The metadata.", "IssuerMetadata"),
        ),
        public(
            "authorisation",
            "/.well-known/oauth-protected-resource",
            "get_protected_resource",
            "Get this resource's metadata",
            "The issuers that this service trusts (RFC 9728).",
            document("The metadata.", "ResourceMetadata"),
        ),
    ]
}

fn server() -> Vec<Operation> {
    let health = || vec![(200, open("The check passed.", PLAIN, reference("Health"), &[]))];
    let live = "Check that the process responds. The database is not queried.";
    let ready = "Check that the database responds, that its migrations are applied, and that the event feed works.";
    let figures = "Server metrics in the text format of Prometheus. Labels contain route templates, never full paths.";
    vec![
        public("operations", "/livez", "get_liveness", "Check liveness", live, health()),
        public("operations", "/readyz", "get_readiness", "Check readiness", ready, health()),
        Operation {
            answers: vec![(200, answer("The metrics.", FIGURES, text(), &[]))],
            ..start(
                "operations",
                "/metrics",
                "get_metrics",
                "Get server metrics",
                figures,
                Access::Permission(find("metrics", "read")),
            )
        },
    ]
}

fn documentation() -> Vec<Operation> {
    let tag = "documentation";
    let with_html = |answer: ResponseBuilder| vec![(200, answer.content("text/html; charset=utf-8", content(text())))];
    let code = limited(64, "^[a-z-]{1,64}$");
    let contract = open("The document.", PLAIN, of(Type::Object), &["etag"]);
    let unchanged = empty("Not modified: the ETag of the caller is current.", &["etag"]);
    let reasons = with_html(open("Every error.", PLAIN, reference("ReasonList"), &[]));
    let reason = with_html(open("The error.", PLAIN, reference("Reason"), &[]));
    let about = "This OpenAPI document. It changes only with the version of the server.";
    let list = "The meaning of every error code and how to resolve the error.";
    vec![
        Operation {
            parameters: shared(&["if_none_match"]),
            ..public(
                tag,
                "/openapi.json",
                "get_openapi",
                "Get the contract",
                about,
                vec![(200, contract), (304, unchanged)],
            )
        },
        public(tag, "/errors", "list_reasons", "List the errors", list, reasons),
        Operation {
            parameters: vec![path("code", "Error code in lower case with hyphens.", code)],
            refusals: vec![400, 404],
            ..public(
                tag,
                "/errors/{code}",
                "get_reason",
                "Explain one error",
                "The page that `type` in an error response refers to.",
                reason,
            )
        },
    ]
}

fn contract() -> Vec<Operation> {
    let tag = "documentation";
    let said = |doc: &str, media: &str| vec![(200, open(doc, media, text(), &[]))];
    let files =
        open("The files.", PLAIN, reference("ProtoList"), &[]).content("text/html; charset=utf-8", content(text()));
    let set = open("A `google.protobuf.FileDescriptorSet`.", "application/octet-stream", binary(), &[]);
    let map = "An overview for programs: pages, contract, tokens, resources (llmstxt.org).";
    let descriptors = "The compiled gRPC contract with its comments and imports.";
    let file = limited(100, "^[a-z_]+\\.proto$");
    vec![
        public(
            tag,
            "/llms.txt",
            "get_llms_txt",
            "Get the overview",
            map,
            said("The overview.", "text/markdown; charset=utf-8"),
        ),
        public(
            tag,
            "/proto",
            "list_protos",
            "List the proto files",
            "The files of the gRPC contract.",
            vec![(200, files)],
        ),
        public(
            tag,
            "/proto/descriptor.binpb",
            "get_descriptor_set",
            "Get the descriptors",
            descriptors,
            vec![(200, set)],
        ),
        Operation {
            parameters: vec![path("file", "File name, such as `risk.proto`.", file)],
            refusals: vec![400, 404],
            ..public(
                tag,
                "/proto/steerco/v1/{file}",
                "get_proto",
                "Get a proto file",
                "The source text of one file.",
                said("The file.", "text/plain; charset=utf-8"),
            )
        },
    ]
}

//! One operation of the document.

use serde_json::{Map, Value};
use steerco_domain::access::{Permission, Right, Role};
use steerco_domain::words::Words;
use utoipa::openapi::path::{self, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{ContentBuilder, HttpMethod, Required, ResponseBuilder, ResponsesBuilder, SecurityRequirement};

use super::answers::{HEAD_TOO_LARGE, content, refused};
use super::parameters::Parameter;
use super::shape::flow;
use super::vocabulary::{binary, reference};
use crate::rest::content::OCTETS;

/// Who may call an operation.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// Everyone, without a token.
    Public,
    /// A service account with its secret.
    Client,
    /// Every caller with a token.
    Token,
    /// The roles of a row of the table.
    Permission(&'static Permission),
}

impl Access {
    fn security(self) -> Vec<SecurityRequirement> {
        let plain = |scheme: &str| SecurityRequirement::new(scheme, Vec::<String>::new());
        match self {
            Self::Public => Vec::new(),
            Self::Client => vec![plain("client"), SecurityRequirement::default()],
            Self::Token => vec![plain("bearer"), plain("oauth2")],
            Self::Permission(row) => vec![plain("bearer"), SecurityRequirement::new("oauth2", [row.scope()])],
        }
    }

    /// Refusals that come from who asks.
    fn refusals(self) -> &'static [u16] {
        match self {
            Self::Public | Self::Client => &[],
            Self::Token => &[400, 401, 429],
            Self::Permission(_) => &[400, 401, 403, 429],
        }
    }
}

/// The roles of a row, with what each may do.
fn roles(row: &Permission) -> Vec<(&'static str, Right)> {
    let all = Role::ALL.iter().map(|role| (role.word(), row.right(*role)));
    all.filter(|(_, cell)| *cell != Right::Deny).collect()
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: HttpMethod,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) tag: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) access: Access,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answers: Vec<(u16, ResponseBuilder)>,
    /// Refusals beside those everyone may get.
    pub(super) refusals: Vec<u16>,
}

impl Operation {
    pub(super) fn build(self) -> path::Operation {
        let refusals = [&[HEAD_TOO_LARGE, 500, 503, 504], self.access.refusals(), &self.refusals].concat();
        let responses = ResponsesBuilder::new()
            .responses_from_iter(refusals.into_iter().map(refused))
            .responses_from_iter(self.answers.into_iter().map(|(status, answer)| (status.to_string(), answer)));
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag)
            .summary(Some(self.summary))
            .description(Some(flow(&self.description)))
            .request_body(self.body)
            .responses(responses)
            .securities(Some(self.access.security()))
            .build();
        // The builder takes no list in which parameters and references are mixed.
        operation.parameters = Some(self.parameters);
        if let Access::Permission(row) = self.access {
            let roles = roles(row);
            let words: Vec<&str> = roles.iter().map(|(role, _)| *role).collect();
            let note = format!("Roles: {}. Token scope: `{}`.", words.join(", "), row.scope());
            operation.description = Some(format!("{}\n\n{note}", flow(&self.description)));
            let cells: Map<String, Value> =
                roles.iter().map(|(role, cell)| ((*role).to_owned(), cell.word().into())).collect();
            operation.extensions = Some([("x-roles", Value::Object(cells))].into_iter().collect());
        }
        operation
    }
}

/// A request body of any bytes.
pub(super) fn octets() -> RequestBody {
    RequestBodyBuilder::new().required(Some(Required::True)).content(OCTETS, content(binary())).build()
}

/// A request body of lines of text.
pub(super) fn lines(media: &[&str]) -> RequestBody {
    let body = RequestBodyBuilder::new().required(Some(Required::True));
    media.iter().fold(body, |body, media| body.content(*media, content(binary()))).build()
}

/// A request body of these media types.
pub(super) fn body(media: &[&str], schema: &str, example: &Value, required: bool) -> RequestBody {
    let content = ContentBuilder::new().schema(Some(reference(schema))).example(Some(example.clone())).build();
    let required = if required { Required::True } else { Required::False };
    let body = RequestBodyBuilder::new().required(Some(required));
    media.iter().fold(body, |body, media| body.content(*media, content.clone())).build()
}

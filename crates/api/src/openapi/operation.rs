//! One operation of the document.

use serde_json::{Map, Value, json};
use steerco_domain::access::{Cell, Role, Row, TABLE};
use steerco_domain::words::Words;

use super::answers::refused;
use super::shape::flow;

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
    Row(&'static Row),
}

impl Access {
    /// The row of this operation.
    pub(super) fn of(kind: &str, action: &str) -> Self {
        TABLE.iter().find(|row| row.kind == kind && row.action == action).map_or(Self::Token, Self::Row)
    }

    fn security(self) -> Value {
        match self {
            Self::Public => json!([]),
            Self::Client => json!([{"client": []}, {}]),
            Self::Token => json!([{"bearer": []}, {"oauth2": []}]),
            Self::Row(row) => json!([{"bearer": []}, {"oauth2": [row.scope()]}]),
        }
    }

    /// Refusals that come from who asks.
    fn refusals(self) -> &'static [u16] {
        match self {
            Self::Public | Self::Client => &[],
            Self::Token => &[400, 401, 429],
            Self::Row(_) => &[400, 401, 403, 429],
        }
    }
}

/// The roles of a row, with what each may do.
fn roles(row: &Row) -> Vec<(&'static str, Cell)> {
    let all = Role::ALL.iter().map(|role| (role.word(), row.cell(*role)));
    all.filter(|(_, cell)| *cell != Cell::Deny).collect()
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) tag: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) access: Access,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) answers: Vec<(u16, Value)>,
    /// Refusals beside those everyone may get.
    pub(super) refusals: Vec<u16>,
}

impl Operation {
    pub(super) fn into_json(self) -> Value {
        let mut responses: Map<String, Value> = [500, 503, 504].into_iter().map(refused).collect();
        responses.extend(self.access.refusals().iter().chain(&self.refusals).copied().map(refused));
        responses.extend(self.answers.into_iter().map(|(status, answer)| (status.to_string(), answer)));
        let mut operation = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": flow(&self.description),
            "parameters": self.parameters,
            "responses": responses,
            "security": self.access.security(),
        });
        if let Access::Row(row) = self.access {
            let roles = roles(row);
            let words: Vec<&str> = roles.iter().map(|(role, _)| *role).collect();
            let note = format!("Roles: {}. Token scope: `{}`.", words.join(", "), row.scope());
            operation["description"] = json!(format!("{}\n\n{note}", flow(&self.description)));
            let cells: Map<String, Value> =
                roles.iter().map(|(role, cell)| ((*role).to_owned(), cell.word().into())).collect();
            operation["x-roles"] = Value::Object(cells);
        }
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation
    }
}

/// A request body of these media types.
pub(super) fn body(media: &[&str], schema: &Value, example: &Value, required: bool) -> Value {
    let content: Map<String, Value> =
        media.iter().map(|media| ((*media).to_owned(), json!({"schema": schema, "example": example}))).collect();
    json!({"required": required, "content": content})
}

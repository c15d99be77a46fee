//! The table of permissions, to be read by every caller.

use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Schema, Under};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "list_permissions",
    service: "Permission",
    path: "/v1/permissions",
    under: Under::Tag("authorisation"),
    summary: "List permissions",
    doc: "The one table of permissions: what each role may do with each operation. `fields` allows without the private fields.",
    answer: AnswerDoc { doc: "The table.", schema: Schema::Content },
    ..Operation::new(Method::Get, Does::Form(Form::Permissions))
}];

//! The table of permissions, readable by every caller.

use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Schema, Under};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "list_permissions",
    service: "Permission",
    path: "/v1/permissions",
    under: Under::Tag("authorisation"),
    summary: "List permissions",
    doc: "The table of permissions: the right of each role to each operation. `fields` allows the operation without \
          the private fields.",
    answer: AnswerDoc { doc: "The table of permissions.", schema: Schema::Content },
    ..Operation::new(Method::Get, Does::Form(Form::Permissions))
}];

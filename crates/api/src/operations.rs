//! The table of operations, with the one that tells of the documents themselves.

use serde_json::value::to_raw_value;
use steerco_domain::Error;
use steerco_domain::field::Shape;
use steerco_service::EventType;
use steerco_service::operation::{AnswerDoc, Answered, Operation, Under};
use steerco_service::operations::Entry;
use steerco_service::parameter::Parameter;

use crate::event_types::{find, schema};

static NAME: Parameter = Parameter {
    name: "name",
    doc: "Such as `risk.assess`.",
    shape: Shape::Text { max: 128, pattern: Some("^[a-z_.]{1,128}$"), example: Some("risk.assess") },
};

/// Its schema is cut out of the OpenAPI document.
pub(crate) static GET_EVENT_TYPE: Operation = Operation {
    id: "get_event_type",
    service: "Event",
    path: "/v1/event-types/{name}",
    under: Under::Tag("events"),
    summary: "Get one type of event",
    doc: "The type with the JSON schema (2020-12) of its events: what a page or a stream of the feed holds, and `data` of a \
          webhook. Who sees less of a resource is told less.",
    parameters: &[&NAME],
    answer: AnswerDoc::of::<EventType>("The type."),
    refusals: &[404],
    ..Operation::get(|service, context, mut arguments| {
        Box::pin(async move {
            service.admit(&context.caller).await?;
            let ty = find(&arguments.text(&NAME).unwrap_or_default())?;
            let schema = to_raw_value(&schema(service.issuer(), &ty)).map_err(|cause| Error::internal(cause))?;
            Ok(Answered::of(EventType { schema: Some(schema), ..ty.into() }))
        })
    })
};

/// The table of operations, with that one.
pub fn operations() -> impl Iterator<Item = Entry> {
    steerco_service::operations().chain([Entry { operation: &GET_EVENT_TYPE, kind: None, act: None }])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use steerco_domain::access::TABLE;
    use steerco_domain::{KINDS, RECORDS};

    use super::*;

    /// Rights that no operation stands for: to write the past, and to read the figures of the server.
    const RIGHTS: [&str; 2] = ["history.write", "metrics.read"];

    /// Each row of the table of permissions is of an operation, or a right beside them.
    #[test]
    fn the_table_of_permissions_and_that_of_operations_agree() {
        let mut rows: BTreeSet<String> = operations()
            .filter_map(|entry| entry.permission())
            .map(|row| format!("{}.{}", row.kind, row.action))
            .collect();
        for kind in KINDS.iter().chain(RECORDS) {
            rows.extend(kind.rights.iter().map(|right| format!("{}.{right}", kind.name)));
        }
        rows.extend(RIGHTS.map(str::to_owned));
        let table: BTreeSet<String> = TABLE.iter().map(|row| format!("{}.{}", row.kind, row.action)).collect();
        let differ: Vec<&String> = rows.symmetric_difference(&table).collect();
        assert!(differ.is_empty(), "{differ:?}");
    }

    /// Two of one name or one path would hide each other.
    #[test]
    fn every_operation_has_a_name_and_a_path_of_its_own() {
        let (mut ids, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for entry in operations() {
            assert!(ids.insert(entry.id()), "{}", entry.id());
            assert!(paths.insert(format!("{:?} {}", entry.operation.method, entry.path())), "{}", entry.path());
            let texts = [entry.id(), entry.summary(), entry.doc(), entry.rpc_doc()];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", entry.id());
        }
    }

    #[test]
    fn a_verb_with_an_answer_of_its_own_is_a_verb_of_its_kind() {
        for entry in operations().filter(|entry| entry.operation.verb) {
            let (Some(kind), Some(row)) = (entry.kind, entry.permission()) else { panic!("{}", entry.id()) };
            assert!(kind.verbs.iter().any(|act| act.name == row.action), "{}", entry.id());
            let path = format!("/v1/{}/{{id}}/{}", kind.path(), row.action.replace('_', "-"));
            assert_eq!((entry.id(), entry.path()), (format!("{}_{}", row.action, kind.name), path));
        }
    }
}

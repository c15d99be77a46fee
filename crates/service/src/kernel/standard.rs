//! The operations of resources of any kind: each is declared once, and every kind has those that its reach allows.

use steerco_domain::access::Permission;
use steerco_domain::resource::{Act, Kind};

use crate::operation::{AnswerDoc, Does, Method, Operation, Schema, Standard, Under, WRITING, Which};
use crate::parameter::{
    AS_OF, EFFECTIVE_AT, FIELDS, FILTER, FORMAT, INCLUDE_TOTAL, ORDER_BY, PAGE_SIZE, PAGE_TOKEN, Parameter,
    SHOW_DELETED, SOURCE_VERSION, VALID_AT, VALIDATE_ONLY,
};

/// What only kinds that are dated take is among the parameters of all.
const READING: &[&Parameter] = &[&AS_OF, &FIELDS, &VALID_AT];
const DATED: &[&Parameter] = &[&VALIDATE_ONLY, &EFFECTIVE_AT];

const ONE: AnswerDoc = AnswerDoc { doc: "The resource.", schema: Schema::One };
const WRITTEN: AnswerDoc = AnswerDoc { doc: "The resource after the write.", schema: Schema::One };
const CHECKED: AnswerDoc = AnswerDoc { doc: "With `validate_only`: what would be created.", schema: Schema::One };
const NEW: &str = "The new resource.";

const fn standard(which: Which, method: Method, does: Standard) -> Operation {
    Operation { under: Under::Each(which), ..Operation::new(method, Does::Standard(does)) }
}

/// A write to one resource, to be filled in.
const fn write(which: Which, method: Method, does: Standard) -> Operation {
    Operation { parameters: DATED, answer: WRITTEN, ..standard(which, method, does) }
}

/// All of them.
pub static STANDARD: &[Operation] = &[
    Operation {
        id: "get_{one}",
        path: "/v1/{many}/{id}",
        summary: "Get one {one}",
        doc: "The {one} as the caller sees it. A deleted one is answered with `deleted_at`.",
        rpc_doc: "Gets {a one}.",
        parameters: READING,
        answer: ONE,
        refusals: &[404],
        ..standard(Which::All, Method::Get, Standard::Get)
    },
    Operation {
        id: "list_{many}",
        path: "/v1/{many}",
        summary: "List {many}",
        doc: "Every {one} in the caller's sight, a page at a time.",
        rpc_doc: "Lists {many}.",
        parameters: &[
            &AS_OF,
            &FIELDS,
            &VALID_AT,
            &FILTER,
            &ORDER_BY,
            &PAGE_SIZE,
            &PAGE_TOKEN,
            &INCLUDE_TOTAL,
            &SHOW_DELETED,
        ],
        answer: AnswerDoc { doc: "A page.", schema: Schema::Page },
        ..standard(Which::All, Method::Get, Standard::List)
    },
    Operation {
        id: "export_{many}",
        rpc: "Export",
        service: "Export",
        path: "/v1/{many}/export",
        summary: "Export {many} as a file",
        doc: "Every {one} that the list has, with the same filter, order and fields, streamed. In tables money is two \
              columns, `name.amount` and `name.currency`, and lists and objects are JSON; what a spreadsheet might run \
              as a formula begins with an apostrophe in CSV, and is text in a workbook. A file that arrives whole is \
              whole: one that cannot be read to its end breaks off.",
        parameters: &[&AS_OF, &FIELDS, &VALID_AT, &FORMAT, &FILTER, &ORDER_BY, &SHOW_DELETED],
        answer: AnswerDoc { doc: "The file.", schema: Schema::Content },
        ..standard(Which::All, Method::Get, Standard::Export)
    },
    Operation {
        id: "create_{one}",
        path: "/v1/{many}",
        summary: "Create one {one}",
        doc: "{kind}",
        rpc_doc: "Creates {a one}.",
        answer: CHECKED,
        created: Some(NEW),
        ..write(Which::Created, Method::Post, Standard::Create)
    },
    Operation {
        id: "update_{one}",
        path: "/v1/{many}/{id}",
        summary: "Change one {one}",
        doc: "A merge patch (RFC 7396): what is absent is kept, null clears.",
        rpc_doc: "Changes {a one}.",
        ..write(Which::Changed, Method::Patch, Standard::Update)
    },
    Operation {
        id: "add_{one}_external_ref",
        path: "/v1/{many}/{id}/external-refs/{source}/{external_id}",
        summary: "Add an external reference to one {one}",
        doc: "From now on this identifier of the source stands wherever the id of the {one} may stand, beside those \
              that it has. One that it has already changes nothing; one of another {one} is refused. An account \
              names under its own sources only.",
        rpc_doc: "Gives {a one} one more identifier in another system, which then stands wherever its id may stand.",
        parameters: WRITING,
        ..write(Which::Changed, Method::Put, Standard::AddExternalRef)
    },
    Operation {
        id: "remove_{one}_external_ref",
        path: "/v1/{many}/{id}/external-refs/{source}/{external_id}",
        summary: "Remove an external reference from one {one}",
        doc: "This identifier leads to the {one} no more, and may be given to another. One that it has not changes \
              nothing. An account takes names of its own sources only.",
        rpc_doc: "Takes an identifier in another system from {a one}.",
        parameters: WRITING,
        ..write(Which::Changed, Method::Delete, Standard::RemoveExternalRef)
    },
    Operation {
        id: "upsert_{one}",
        path: "/v1/{many}/by-ref/{source}/{external_id}",
        summary: "Create or merge one {one} by external reference",
        doc: "Safe to repeat and safe under concurrency. An older `source_version` than stored is answered \
              `stale` and changes nothing; an upsert that changes nothing makes no revision. Needs the right \
              to create and, where the resource exists, to update.",
        rpc_doc: "Creates or changes {a one} by the caller's own id.",
        parameters: &[&VALIDATE_ONLY, &EFFECTIVE_AT, &SOURCE_VERSION],
        created: Some(NEW),
        ..write(Which::Whole, Method::Put, Standard::Upsert)
    },
    Operation {
        id: "get_{one}_by_ref",
        path: "/v1/{many}/by-ref/{source}/{external_id}",
        summary: "Get one {one} by external reference",
        doc: "The {one} that a source system knows by this identifier.",
        rpc_doc: "Gets {a one} by the caller's own id.",
        parameters: READING,
        answer: ONE,
        refusals: &[404],
        ..standard(Which::Whole, Method::Get, Standard::GetByRef)
    },
    Operation {
        id: "delete_{one}",
        path: "/v1/{many}/{id}",
        summary: "Delete one {one}",
        doc: "Soft: it gets `deleted_at`, leaves the lists, and can be undeleted.",
        rpc_doc: "Deletes {a one}. It can be brought back.",
        ..write(Which::Whole, Method::Delete, Standard::Delete)
    },
    Operation {
        id: "undelete_{one}",
        path: "/v1/{many}/{id}/undelete",
        summary: "Undelete one {one}",
        doc: "Takes a deletion back.",
        rpc_doc: "Brings a deleted {one} back.",
        ..write(Which::Whole, Method::Post, Standard::Undelete)
    },
    Operation {
        id: "batch_{many}",
        path: "/v1/{many}/batch",
        summary: "Write many {many}",
        doc: "Up to 1000 items in one transaction. Without `partial` the first refusals refuse all of them. \
              Each item needs the right of its own operation.",
        rpc_doc: "Changes many {many} at once.",
        answer: AnswerDoc { doc: "One result for each item.", schema: Schema::Content },
        ..write(Which::Whole, Method::Post, Standard::Batch)
    },
    Operation {
        id: "upsert_{many}",
        path: "/v1/{many}/upsert",
        summary: "Create or merge any number of {many} in one stream",
        doc: "JSON objects, one a line: a header `{\"source\": \"CODE\", \"partial\": false}`, then records \
              `{\"external_id\": \"…\", \"source_version\": \"7\", \"body\": {…}}` whose body is that of the upsert of one \
              {one}, and an end `{\"end\": {\"count\": 2}}` with their number, without which nothing is written. They \
              are applied in their order, so that a record may name an earlier one as its parent. Without `partial` they \
              are one transaction, and the first refusals refuse all; with it they are applied a thousand at a time, and \
              what is refused leaves the others be. A record that changes nothing makes no revision and no event. Up to \
              1,000,000 records of 64 KiB each, and 512 MiB in all.",
        rpc_doc: "Creates or changes any number of {many} by the caller's own ids, in one stream: nothing is written until \
                  its end has come.",
        parameters: WRITING,
        answer: AnswerDoc { doc: "What became of each record.", schema: Schema::Content },
        ..write(Which::Whole, Method::Post, Standard::Upserts)
    },
    Operation {
        id: "list_{one}_revisions",
        path: "/v1/{many}/{id}/revisions",
        summary: "List the revisions of one {one}",
        doc: "Every version of the {one}, newest first.",
        rpc_doc: "Lists the versions of {a one}, newest first.",
        parameters: &[&PAGE_SIZE, &PAGE_TOKEN, &FIELDS],
        answer: AnswerDoc { doc: "A page of versions.", schema: Schema::Page },
        refusals: &[404],
        ..standard(Which::Changed, Method::Get, Standard::Revisions)
    },
];

/// A verb on one resource: there is one for each verb of each kind.
pub static ACT: Operation =
    Operation { id: "{act}_{one}", path: "/v1/{many}/{id}/{act}", ..write(Which::All, Method::Post, Standard::Act) };

impl Standard {
    /// The permission it needs.
    pub fn permission(self, kind: &'static Kind, act: Option<&'static Act>) -> Option<&'static Permission> {
        let rows = &kind.rows;
        match self {
            Self::Get | Self::List | Self::Export | Self::GetByRef | Self::Revisions => Some(rows.read),
            Self::Create | Self::Upsert | Self::Upserts => rows.create,
            Self::Update | Self::AddExternalRef | Self::RemoveExternalRef | Self::Batch => rows.update,
            Self::Delete | Self::Undelete => rows.delete,
            Self::Act => act.map(|act| act.permission),
        }
    }
}

//! The standard operations of resources. Each is declared once; a kind has those that its reach allows.

use steerco_domain::access::Permission;
use steerco_domain::resource::{Act, Kind};

use crate::operation::{AnswerDoc, Does, Method, Operation, Schema, Standard, Under, WRITING, Which};
use crate::parameter::{
    AS_OF, EFFECTIVE_AT, FIELDS, FILTER, FORMAT, INCLUDE_TOTAL, ORDER_BY, PAGE_SIZE, PAGE_TOKEN, Parameter,
    SHOW_DELETED, SOURCE_VERSION, VALID_AT, VALIDATE_ONLY,
};

/// `valid_at` and `effective_at` are listed for all kinds; only dated kinds take them.
const READING: &[&Parameter] = &[&AS_OF, &FIELDS, &VALID_AT];
const DATED: &[&Parameter] = &[&VALIDATE_ONLY, &EFFECTIVE_AT];

const ONE: AnswerDoc = AnswerDoc { doc: "The resource.", schema: Schema::One };
const WRITTEN: AnswerDoc = AnswerDoc { doc: "The resource after the write.", schema: Schema::One };
const CHECKED: AnswerDoc =
    AnswerDoc { doc: "With `validate_only`, the resource that would be created.", schema: Schema::One };
const NEW: &str = "The new resource.";

const fn standard(which: Which, method: Method, does: Standard) -> Operation {
    Operation { under: Under::Each(which), ..Operation::new(method, Does::Standard(does)) }
}

/// A template of a write to one resource.
const fn write(which: Which, method: Method, does: Standard) -> Operation {
    Operation { parameters: DATED, answer: WRITTEN, ..standard(which, method, does) }
}

/// All standard operations.
pub static STANDARD: &[Operation] = &[
    Operation {
        id: "get_{one}",
        path: "/v1/{many}/{id}",
        summary: "Get one {one}",
        doc: "Returns the {one} with the fields that are visible to the caller. A deleted {one} has `deleted_at`.",
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
        doc: "Returns every {one} that is visible to the caller, page by page.",
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
        answer: AnswerDoc { doc: "A page of the list.", schema: Schema::Page },
        ..standard(Which::All, Method::Get, Standard::List)
    },
    Operation {
        id: "export_{many}",
        rpc: "Export",
        service: "Export",
        path: "/v1/{many}/export",
        summary: "Export {many} as a file",
        doc: "Streams every {one} of the list, with the same filter, order and fields. In tables an amount of money \
              takes two columns, `name.amount` and `name.currency`; lists and objects are JSON. In CSV, text that a \
              spreadsheet might run as a formula begins with an apostrophe; in a workbook it is a text cell. If the \
              export cannot be read to its end, the transfer is aborted: a file that ends regularly is complete.",
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
        doc: "A JSON merge patch (RFC 7396): an absent member keeps its value, null clears it.",
        rpc_doc: "Changes {a one}.",
        ..write(Which::Changed, Method::Patch, Standard::Update)
    },
    Operation {
        id: "add_{one}_external_ref",
        path: "/v1/{many}/{id}/external-refs/{source}/{external_id}",
        summary: "Add an external reference to one {one}",
        doc: "The identifier can then be used instead of the id of the {one}, in addition to its other external \
              references. An identifier that the {one} already has changes nothing. An identifier of another {one} is \
              rejected. A service account adds identifiers of its own sources only.",
        rpc_doc: "Adds an identifier in another system to {a one}. It can then be used instead of the id.",
        parameters: WRITING,
        ..write(Which::Changed, Method::Put, Standard::AddExternalRef)
    },
    Operation {
        id: "remove_{one}_external_ref",
        path: "/v1/{many}/{id}/external-refs/{source}/{external_id}",
        summary: "Remove an external reference from one {one}",
        doc: "The identifier no longer resolves to the {one} and can be given to another. An identifier that the {one} \
              does not have changes nothing. A service account removes identifiers of its own sources only.",
        rpc_doc: "Removes an identifier in another system from {a one}.",
        parameters: WRITING,
        ..write(Which::Changed, Method::Delete, Standard::RemoveExternalRef)
    },
    Operation {
        id: "upsert_{one}",
        path: "/v1/{many}/by-ref/{source}/{external_id}",
        summary: "Create or merge one {one} by external reference",
        doc: "Safe to repeat and safe under concurrency. A `source_version` older than the stored one changes nothing, \
              and the outcome is `stale`. An upsert that changes nothing creates no revision. Requires the permission \
              to create and, where the resource exists, the permission to update.",
        rpc_doc: "Creates or changes {a one} by external reference.",
        parameters: &[&VALIDATE_ONLY, &EFFECTIVE_AT, &SOURCE_VERSION],
        created: Some(NEW),
        ..write(Which::Whole, Method::Put, Standard::Upsert)
    },
    Operation {
        id: "get_{one}_by_ref",
        path: "/v1/{many}/by-ref/{source}/{external_id}",
        summary: "Get one {one} by external reference",
        doc: "Returns the {one} that has this identifier in the source system.",
        rpc_doc: "Gets {a one} by external reference.",
        parameters: READING,
        answer: ONE,
        refusals: &[404],
        ..standard(Which::Whole, Method::Get, Standard::GetByRef)
    },
    Operation {
        id: "delete_{one}",
        path: "/v1/{many}/{id}",
        summary: "Delete one {one}",
        doc: "A soft delete: the {one} gets `deleted_at`, is left out of lists, and can be undeleted.",
        rpc_doc: "Soft-deletes {a one}. It can be undeleted.",
        ..write(Which::Whole, Method::Delete, Standard::Delete)
    },
    Operation {
        id: "undelete_{one}",
        path: "/v1/{many}/{id}/undelete",
        summary: "Undelete one {one}",
        doc: "Reverses a soft delete.",
        rpc_doc: "Undeletes {a one}.",
        ..write(Which::Whole, Method::Post, Standard::Undelete)
    },
    Operation {
        id: "batch_{many}",
        path: "/v1/{many}/batch",
        summary: "Write many {many}",
        doc: "Writes up to 1000 items in one transaction. Without `partial`, one rejected item rejects the whole \
              batch. Each item requires the permission of its own operation.",
        rpc_doc: "Writes many {many} in one transaction.",
        answer: AnswerDoc { doc: "One result per item.", schema: Schema::Content },
        ..write(Which::Whole, Method::Post, Standard::Batch)
    },
    Operation {
        id: "upsert_{many}",
        path: "/v1/{many}/upsert",
        summary: "Create or merge any number of {many} in one stream",
        doc: "JSON objects, one per line: a header `{\"source\": \"CODE\", \"partial\": false}`, then records \
              `{\"external_id\": \"…\", \"source_version\": \"7\", \"body\": {…}}`, each with the body of the upsert \
              of one {one}, and an end `{\"end\": {\"count\": 2}}` with the number of records. Without the end nothing \
              is written. Records are applied in the order sent, so a record may name an earlier one as its parent. \
              Without `partial` all records are one transaction, and one rejected record rejects all of them. With \
              `partial` they are applied a thousand at a time, and a rejected record does not affect the others. A \
              record that changes nothing creates no revision and no event. Limits: 1,000,000 records, 64 KiB per \
              record, 512 MiB in total.",
        rpc_doc: "Creates or changes any number of {many} by external reference, in one stream. Nothing is written \
                  until the end of the stream has arrived.",
        parameters: WRITING,
        answer: AnswerDoc { doc: "The outcome of each record.", schema: Schema::Content },
        ..write(Which::Whole, Method::Post, Standard::Upserts)
    },
    Operation {
        id: "list_{one}_revisions",
        path: "/v1/{many}/{id}/revisions",
        summary: "List the revisions of one {one}",
        doc: "Returns every revision of the {one}, newest first.",
        rpc_doc: "Lists the revisions of {a one}, newest first.",
        parameters: &[&PAGE_SIZE, &PAGE_TOKEN, &FIELDS],
        answer: AnswerDoc { doc: "A page of revisions.", schema: Schema::Page },
        refusals: &[404],
        ..standard(Which::Changed, Method::Get, Standard::Revisions)
    },
];

/// The operation of a verb on one resource. There is one per verb of each kind.
pub static ACT: Operation =
    Operation { id: "{act}_{one}", path: "/v1/{many}/{id}/{act}", ..write(Which::All, Method::Post, Standard::Act) };

impl Standard {
    /// The permission that the operation requires.
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

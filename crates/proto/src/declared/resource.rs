//! The service, messages and verbs of every resource.

use std::collections::BTreeSet;

use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::{Act, Kind, Reach};
use steerco_service::operation::{Does, Standard};
use steerco_service::operations::{Entry, of_kind};

use super::known::Known;
use super::model::{Field, Item, Label, Member, Message, Reserved, Rpc, Service, Side};
use super::shapes::{Declared, Numbers, closed, field, nested};

pub(super) const VALIDATE_ONLY: &str = "Checks the request and returns the result, but stores nothing.";
const UPDATE_MASK: &str = "Fields to write. A field that is listed but not set in the resource is cleared. When empty, all \
                           set fields are written; fields that only the service sets are ignored, so a resource that was \
                           read can be sent back with changes. Labels are merged; `labels.KEY` names one of them.";
const EFFECTIVE_AT: &str = "Time from which the change is effective, such as for a backfill. Now when absent.";

/// What a kind is called.
pub(super) struct Names {
    kind: &'static Kind,
    /// `Risks`
    many: String,
    /// `risk`
    word: String,
    /// `a risk`
    a_word: String,
    /// `risks`
    words: String,
}

/// `risk_updates` → `RiskUpdates`.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// `risk` → `Risk`.
fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

impl Names {
    pub(super) fn of(kind: &'static Kind) -> Self {
        let word = kind.name.replace('_', " ");
        let article = if word.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        let (many, a_word, words) = (pascal(kind.plural), format!("{article} {word}"), kind.plural.replace('_', " "));
        Self { kind, many, word, a_word, words }
    }
}

/// Everything of a kind, in the order in which a new file has it. Values of its fields that another kind has already are
/// left out.
pub(super) fn items(kind: &'static Kind, known: &Known, made: &mut BTreeSet<&'static str>) -> Vec<Item> {
    let names = Names::of(kind);
    let mut items = vec![Item::Service(service(&names)), Item::Message(resource(kind, known))];
    items.extend(nested(kind.fields, known, made));
    items.push(Item::Message(page(&names)));
    let created = matches!(kind.reach, Reach::Whole | Reach::Posted);
    items.extend(created.then(|| Item::Message(create(&names))));
    items.extend((kind.reach != Reach::Record).then(|| Item::Message(update(&names))));
    if kind.reach == Reach::Whole {
        items.extend([upsert(&names), upsert_many(&names)].map(Item::Message));
        items.extend(
            [batch(&names), batch_item(&names), batch_response(&names), batch_result(&names)].map(Item::Message),
        );
    }
    for act in kind.verbs {
        items.extend(nested(act.fields, known, made));
        items.push(Item::Message(request(&names, act, known)));
    }
    items
}

// ---- rpcs ----

fn service(names: &Names) -> Service {
    let Names { kind, words, .. } = names;
    let name = format!("{}Service", kind.title);
    let doc = match kind.reach {
        Reach::Record => format!("Reads {words}."),
        _ => format!("Reads and changes {words}."),
    };
    let rpcs = of_kind(kind).filter_map(|entry| standard(names, entry)).collect();
    Service { name, doc, rpcs }
}

fn rpc(name: &str, doc: &str, input: &str, output: &str) -> Rpc {
    let side = |of: &str| match of.strip_prefix("stream ") {
        Some(of) => Side { of: of.to_owned(), stream: true },
        None => Side { of: of.to_owned(), stream: false },
    };
    Rpc { name: name.to_owned(), doc: doc.to_owned(), input: side(input), output: side(output) }
}

/// The rpc of a standard operation, but for that of exports, which is one for all kinds.
fn standard(names: &Names, entry: Entry) -> Option<Rpc> {
    let Does::Standard(does) = entry.operation.does else { return None };
    let Names { kind, many, .. } = names;
    let (name, mut doc, one) = (entry.rpc(), entry.rpc_doc(), kind.title);
    let own = format!("{name}Request");
    let (input, output) = match does {
        Standard::Get => ("GetRequest", one.to_owned()),
        Standard::List => ("ListRequest", format!("List{many}Response")),
        Standard::Revisions => ("ListRevisionsRequest", format!("List{many}Response")),
        Standard::GetByRef => ("GetByRefRequest", one.to_owned()),
        Standard::AddExternalRef => ("AddExternalRefRequest", one.to_owned()),
        Standard::RemoveExternalRef => ("RemoveExternalRefRequest", one.to_owned()),
        Standard::Delete => ("DeleteRequest", one.to_owned()),
        Standard::Undelete => ("UndeleteRequest", one.to_owned()),
        Standard::Batch => (&*own, format!("Batch{many}Response")),
        Standard::Upserts => return Some(rpc(&name, &doc, &format!("stream {own}"), "stream UpsertedRecords")),
        Standard::Create | Standard::Upsert | Standard::Act => (&*own, one.to_owned()),
        Standard::Update => {
            doc = updates(names);
            (&*own, one.to_owned())
        }
        Standard::Export => return None,
    };
    Some(rpc(&name, &doc, input, &output))
}

/// What an update can change.
fn updates(names: &Names) -> String {
    let Names { kind, a_word, .. } = names;
    let own = |field: &&FieldSpec| field.setter == Setter::Write && !matches!(field.name, "labels" | "external_refs");
    let mut own = kind.fields.iter().filter(own).peekable();
    if kind.reach == Reach::Whole || own.clone().any(|field| !field.private) {
        format!("Changes {a_word}.")
    } else if own.peek().is_some() {
        format!("Changes labels, external references and private fields of {a_word}.")
    } else {
        format!("Changes labels and external references of {a_word}.")
    }
}

// ---- messages ----

/// The resource itself: its common fields have the same numbers in every one.
fn resource(kind: &Kind, known: &Known) -> Message {
    const COMMON: [&str; 9] = [
        "id",
        "revision",
        "created_at",
        "updated_at",
        "created_by",
        "deleted_at",
        "external_refs",
        "labels",
        "effective_at",
    ];
    let there = known.message(kind.title);
    let mut numbers = Numbers::of(there, 16);
    let mut fields: Vec<Field> = kind
        .fields
        .iter()
        .map(|spec| {
            let common = COMMON.iter().zip(1..).find(|(name, _)| **name == spec.name).map(|(_, number)| number);
            let number = common.unwrap_or_else(|| numbers.take(spec.name));
            field(&Declared::of(spec), number, there)
        })
        .collect();
    fields.sort_by_key(|field| if field.number < 16 { field.number } else { 16 });
    let message = message(kind.title, kind.doc, fields);
    closed(Message { resource: true, ..message }, there)
}

fn request(names: &Names, act: &Act, known: &Known) -> Message {
    let name = format!("{}Request", act.title);
    let there = known.message(&name);
    let mut numbers = Numbers::of(there, 1);
    let id = made(
        "id",
        &format!("Id of the {}, or `source/external_id`.", names.word),
        Label::None,
        "string",
        numbers.take("id"),
    );
    let mut fields = vec![id];
    fields.extend(act.fields.iter().map(|spec| field(&Declared::of(spec), numbers.take(spec.name), there)));
    fields.push(made("validate_only", VALIDATE_ONLY, Label::None, "bool", numbers.take("validate_only")));
    closed(message(&name, act.doc, fields), there)
}

fn made(name: &str, doc: &str, label: Label, of: &str, number: i32) -> Field {
    Field { name: name.to_owned(), doc: doc.to_owned(), label, of: of.to_owned(), number }
}

fn message(name: &str, doc: &str, fields: Vec<Field>) -> Message {
    let members = fields.into_iter().map(Member::Field).collect();
    Message { name: name.to_owned(), doc: doc.to_owned(), resource: false, members, reserved: Reserved::default() }
}

fn page(names: &Names) -> Message {
    let Names { kind, many, words, .. } = names;
    let versions = if kind.reach == Reach::Record { "" } else { ", or of the versions of one" };
    let cursor = "Cursor of the event feed. Events after it are the changes that this list does not contain yet.";
    message(
        &format!("List{many}Response"),
        &format!("A page of {words}{versions}."),
        vec![
            made(kind.plural, &format!("The {words}."), Label::Repeated, kind.title, 1),
            made("next_page_token", "Token of the next page. Empty on the last page.", Label::None, "string", 2),
            made(
                "total",
                "Number of items in all pages. Present when `include_total` is true.",
                Label::Optional,
                "int64",
                3,
            ),
            made("sync_token", cursor, Label::None, "string", 4),
        ],
    )
}

/// The end of a request that writes: whether to, and since when.
fn writing(kind: &Kind, from: i32) -> Vec<Field> {
    let mut fields = vec![made("validate_only", VALIDATE_ONLY, Label::None, "bool", from)];
    let dated = || made("effective_at", EFFECTIVE_AT, Label::None, "google.protobuf.Timestamp", from + 1);
    fields.extend(kind.dated.then(dated));
    fields
}

fn create(names: &Names) -> Message {
    let Names { kind, a_word, .. } = names;
    let doc = "The new resource. Fields that the service sets are rejected.";
    let mut fields = vec![made(kind.name, doc, Label::None, kind.title, 1)];
    fields.extend(writing(kind, 2));
    message(&format!("Create{}Request", kind.title), &format!("{} to create.", capital(a_word)), fields)
}

fn mask(number: i32) -> Field {
    made("update_mask", UPDATE_MASK, Label::None, "google.protobuf.FieldMask", number)
}

fn update(names: &Names) -> Message {
    let Names { kind, a_word, .. } = names;
    let doc = "The new values, and the id of the resource.";
    let mut fields = vec![made(kind.name, doc, Label::None, kind.title, 1), mask(2)];
    fields.extend(writing(kind, 3));
    message(&format!("Update{}Request", kind.title), &format!("Changes to {a_word}."), fields)
}

fn upsert(names: &Names) -> Message {
    let Names { kind, a_word, .. } = names;
    let own = "The external reference of the record. A `source_version` older than the stored one changes nothing.";
    let mut fields = vec![
        made("source_record", own, Label::None, "SourceRecord", 1),
        made(kind.name, "The values.", Label::None, kind.title, 2),
        mask(3),
    ];
    fields.extend(writing(kind, 4));
    let doc = format!("{} to create or change by external reference.", capital(a_word));
    message(&format!("Upsert{}Request", kind.title), &doc, fields)
}

fn upsert_many(names: &Names) -> Message {
    let Names { kind, many, words, .. } = names;
    let records = "Records, applied in order. The header contains their source; leave `source_record.source` empty.";
    message(
        &format!("Upsert{many}Request"),
        &format!("Part of a stream of {words} to create or change by external reference."),
        vec![
            made("header", "Settings of the stream. In the first message only.", Label::None, "UpsertHeader", 1),
            made("records", records, Label::Repeated, &format!("Upsert{}Request", kind.title), 2),
            made("end", "End of the stream. In the last message only.", Label::None, "UpsertEnd", 3),
        ],
    )
}

fn batch(names: &Names) -> Message {
    let Names { many, words, .. } = names;
    let partial =
        "Whether valid changes are applied when others are rejected. When false, one rejected change rejects all.";
    let item = format!("Batch{many}Item");
    message(
        &format!("Batch{many}Request"),
        &format!("Changes to many {words} at once."),
        vec![
            made("items", "Up to 1000 changes, made in this order.", Label::Repeated, &item, 1),
            made("partial", partial, Label::None, "bool", 2),
            made("validate_only", VALIDATE_ONLY, Label::None, "bool", 3),
        ],
    )
}

fn oneof(name: &str, doc: &str, fields: Vec<Field>) -> Member {
    Member::Oneof { name: name.to_owned(), doc: doc.to_owned(), fields }
}

fn batch_item(names: &Names) -> Message {
    let Names { kind, many, .. } = names;
    let one = kind.title;
    let doc =
        "One change of a batch. `validate_only` is set for the whole batch; `effective_at` is rejected in a batch.";
    let upsert = "Creates or changes one by external reference.";
    let actions = vec![
        made("create", "Creates one.", Label::None, &format!("Create{one}Request"), 1),
        made("update", "Changes one.", Label::None, &format!("Update{one}Request"), 2),
        made("upsert", upsert, Label::None, &format!("Upsert{one}Request"), 3),
        made("delete", "Deletes one.", Label::None, "DeleteRequest", 4),
    ];
    let if_match = made("if_match", "The ETag that an update expects.", Label::Optional, "string", 5);
    let members = vec![oneof("action", "The change.", actions), Member::Field(if_match)];
    Message { members, ..message(&format!("Batch{many}Item"), doc, Vec::new()) }
}

fn batch_response(names: &Names) -> Message {
    let of = format!("Batch{}Result", names.many);
    let results = made("results", "One result for each change, in the same order.", Label::Repeated, &of, 1);
    message(&format!("Batch{}Response", names.many), "Results of a batch.", vec![results])
}

fn batch_result(names: &Names) -> Message {
    let Names { kind, many, .. } = names;
    let results = vec![
        made(kind.name, "The resource after the change.", Label::None, kind.title, 3),
        made("error", "Error of a rejected change.", Label::None, "Problem", 4),
    ];
    let outcome = "Result of the change. Not set when the change is rejected.";
    let members = vec![
        Member::Field(made("outcome", outcome, Label::None, "Outcome", 1)),
        Member::Field(made("etag", "ETag of the resource after the change.", Label::None, "string", 2)),
        oneof("result", "The resource, or the error.", results),
    ];
    Message { members, ..message(&format!("Batch{many}Result"), "Result of one change of a batch.", Vec::new()) }
}

//! The schemas: what every resource has, and what all share.

use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::{Kind, Reach};
use steerco_domain::shape::Answer;
use steerco_domain::{Fault, Reason};
use steerco_service::{BATCH_MAX, Outcome};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, OneOfBuilder, Type};

use super::shape::{flow, id_pattern, input, long, named, output_property, patch};
use super::vocabulary::{
    Members, Schema, Schemas, format, limited, list, note, object, of, or_null, reference, text, words,
};
use crate::problem::FAULTS_MAX;

/// The schemas of one resource.
pub(super) fn add_resource(kind: &Kind, schemas: &mut Schemas) {
    let title = kind.title;
    let settable = |update: bool| {
        kind.fields.iter().filter(move |f| f.setter == Setter::Write || (f.setter == Setter::Create && !update))
    };
    let change = format!("A change of {}: absent keeps, null clears.", article(title));
    let mut made = vec![
        (title.to_owned(), answer(kind.doc, kind.fields, schemas)),
        (format!("{title}Page"), page(&format!("A page of a list of `{title}`."), title)),
    ];
    if kind.reach != Reach::Record {
        made.push((format!("{title}Patch"), patch(&change, settable(true), schemas)));
    }
    if matches!(kind.reach, Reach::Whole | Reach::Posted) {
        let new = format!("A new {}. {}", kind.name.replace('_', " "), kind.doc);
        made.push((format!("{title}Create"), input(&new, settable(false), schemas)));
    }
    if kind.reach == Reach::Whole {
        let known =
            "What the source knows. A first upsert needs what a creation needs; later ones keep what is absent.";
        made.extend([
            (format!("{title}Upsert"), patch(known, settable(false), schemas)),
            (format!("{title}Batch"), batch(kind)),
            (format!("{title}BatchResult"), batch_result(title)),
        ]);
    }
    made.extend(kind.verbs.iter().map(|verb| (verb.title.to_owned(), input(verb.doc, verb.fields.iter(), schemas))));
    schemas.extend(made.into_iter().map(|(name, schema)| (name, schema.into())));
}

fn article(title: &str) -> String {
    let article = if title.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    format!("{article} `{title}`")
}

fn answer(doc: &str, fields: &[FieldSpec], schemas: &mut Schemas) -> ObjectBuilder {
    fields.iter().fold(object(flow(doc)), |object, field| {
        let property = output_property(field, schemas);
        let always = !field.nullable && !field.private;
        if always { object.must(field.name, property) } else { object.property(field.name, property) }
    })
}

fn page(doc: &str, items: &str) -> ObjectBuilder {
    object(doc)
        .must("items", list(reference(items)).max_items(Some(1000)))
        .property("next_page_token", note("Token of the next page; absent on the last one."))
        .property(
            "total",
            long().description(Some("All items in the caller's sight, when `include_total` asked for it.")),
        )
        .must("sync_token", note("Cursor from which the feed goes on after this list."))
}

fn batch(kind: &Kind) -> ObjectBuilder {
    let title = kind.title;
    let id = || named(&id_pattern(kind.prefix));
    let word = || text().min_length(Some(1)).max_length(Some(200));
    let version = long().max_length(Some(20)).schema_type(or_null(Type::String));
    let only = || of(Type::Object).closed();
    let update = only()
        .must("id", id())
        .must("patch", reference(&format!("{title}Patch")))
        .property("if_match", word().schema_type(or_null(Type::String)));
    let upsert = only()
        .must("source", word())
        .must("external_id", word())
        .property("source_version", version)
        .must("body", reference(&format!("{title}Upsert")));
    // An object with exactly this one member.
    let single = |name: &str, doc: &str, schema: Schema| object(doc).closed().must(name, schema);
    let item = OneOfBuilder::new()
        .item(single("create", "Creates a resource.", reference(&format!("{title}Create")).into()))
        .item(single("update", "Changes a resource.", update.into()))
        .item(single("upsert", "Creates or merges by external reference.", upsert.into()))
        .item(single("delete", "Deletes a resource.", only().must("id", id()).into()));
    let partial = "Whether an item that is refused leaves the others be. False when absent.";
    object("Many writes: all or none of them, or with `partial` each on its own.")
        .closed()
        .must("items", list(item).min_items(Some(1)).max_items(Some(BATCH_MAX)))
        .property("partial", of(Type::Boolean).schema_type(or_null(Type::Boolean)).description(Some(partial)))
}

fn batch_result(title: &str) -> ObjectBuilder {
    let done = object("What the item did.")
        .must("outcome", reference("Outcome"))
        .must("etag", note("ETag of the resource, without quotes."))
        .must("resource", reference(title));
    let refused = object("Why the item was refused.").must("error", reference("Problem"));
    let result = AnyOfBuilder::new().item(done).item(refused);
    object("One result for each item, in order.").must("results", list(result).max_items(Some(BATCH_MAX)))
}

fn upserted() -> ObjectBuilder {
    let count = |doc: &str| of(Type::Integer).format(Some(format("int32"))).minimum(Some(0)).description(Some(doc));
    let results = "One for each record, in their order; of a repeated request the first thousand refusals.";
    object("What became of the records of a stream.")
        .must("records", count("Records sent."))
        .must("created", count("Resources that are new."))
        .must("updated", count("Resources that changed."))
        .must("unchanged", count("Records that were so already: no revision, no event."))
        .must("stale", count("Records older than the stored ones."))
        .must("refused", count("Records refused; with `partial` alone."))
        .must("results", list(reference("UpsertedRecord")).max_items(Some(1_000_000)).description(Some(results)))
}

fn upserted_record() -> ObjectBuilder {
    let line = of(Type::Integer).format(Some(format("int32"))).minimum(Some(1));
    object("What became of one record: an outcome and an id, or an error.")
        .must("line", line.description(Some("Its line in the body, from 1, which is the header.")))
        .property("outcome", reference("Outcome"))
        .property("id", note("Id of the resource."))
        .property("error", reference("Problem"))
}

/// What all resources share.
pub(super) fn shared() -> Schemas {
    let outcomes = words(Outcome::ALL.iter().map(|outcome| outcome.word()));
    let schemas = [
        ("Money", money()),
        ("Problem", problem()),
        ("Outcome", outcomes.description(Some("What a write did."))),
        ("UpsertedRecords", upserted()),
        ("UpsertedRecord", upserted_record()),
        ("Partial", object("A resource with only the fields asked for; each is as in its full schema.")),
        ("PartialPage", page("A page of resources with only the fields asked for.", "Partial")),
    ];
    let mut schemas = schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema.into())).collect();
    super::declared::add(Fault::SPEC, &mut schemas);
    schemas
}

fn money() -> ObjectBuilder {
    let amount = "A decimal with at most 4 places, at most 922337203685477.5807. Answers have all 4.";
    let currency = limited(3, "^[A-Z]{3}$").min_length(Some(3));
    object("An exact amount in a currency.")
        .closed()
        .must("amount", limited(21, "^-?[0-9]{1,15}(\\.[0-9]{1,4})?$").description(Some(amount)))
        .must("currency", currency.description(Some("ISO 4217 code.")))
}

/// The HTTP status of an error.
pub(super) fn status() -> ObjectBuilder {
    of(Type::Integer).format(Some(format("int32"))).minimum(Some(400)).maximum(Some(599))
}

/// The description of codes.
const CODE: &str = "What is wrong, as a word a program can compare.";

fn problem() -> ObjectBuilder {
    let seconds = of(Type::Integer).format(Some(format("int64"))).minimum(Some(0));
    let faults = list(reference("Fault")).max_items(Some(FAULTS_MAX));
    object("Why a request was refused (RFC 9457).")
        .must("type", note("Page that explains the code.").format(Some(format("uri-reference"))))
        .must("title", note("The code in words."))
        .must("status", status().description(Some("The HTTP status.")))
        .must("detail", note("What is wrong with this request, for people."))
        .must("code", words(Reason::ALL.iter().map(|reason| reason.code())).description(Some(CODE)))
        .must("request_id", note("Names this request in the logs.").max_length(Some(64)))
        .must("retryable", of(Type::Boolean).description(Some("Whether the same request may succeed later.")))
        .property("retry_after", seconds.description(Some("Seconds after which to try again.")))
        .property("etag", note("The current ETag, when the one given is stale, without quotes."))
        .property("errors", faults.description(Some("Every fault with its place, up to 100 of them.")))
}

//! The schemas of every resource, and the shared schemas.

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
    let change = format!("Changes to {}. An absent field keeps its value; null clears it.", article(title));
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
        let known = "Values from the source. The first upsert needs the required fields of a creation; later ones keep absent fields.";
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
            long().description(Some("Number of all items visible to the caller. Present with `include_total=true`.")),
        )
        .must(
            "sync_token",
            note("Cursor of the event feed. Events after it are the changes that this list does not contain yet."),
        )
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
    let partial = "Whether the valid items are applied when others are rejected. False when absent.";
    object(
        "Several writes in one request. All of them or none are applied; with `partial`, each is applied on its own.",
    )
    .closed()
    .must("items", list(item).min_items(Some(1)).max_items(Some(BATCH_MAX)))
    .property("partial", of(Type::Boolean).schema_type(or_null(Type::Boolean)).description(Some(partial)))
}

fn batch_result(title: &str) -> ObjectBuilder {
    let done = object("Result of an applied item.")
        .must("outcome", reference("Outcome"))
        .must("etag", note("ETag of the resource, without quotes."))
        .must("resource", reference(title));
    let refused = object("Error of a rejected item.").must("error", reference("Problem"));
    let result = AnyOfBuilder::new().item(done).item(refused);
    object("One result for each item, in order.").must("results", list(result).max_items(Some(BATCH_MAX)))
}

fn upserted() -> ObjectBuilder {
    let count = |doc: &str| of(Type::Integer).format(Some(format("int32"))).minimum(Some(0)).description(Some(doc));
    let results =
        "One result for each record, in order. A replayed response contains only the first thousand rejected records.";
    object("Results of the records of a stream.")
        .must("records", count("Records sent."))
        .must("created", count("Resources created."))
        .must("updated", count("Resources updated."))
        .must("unchanged", count("Records equal to the stored resource. They make no revision and no event."))
        .must("stale", count("Records with a source version older than the stored one; not applied."))
        .must("refused", count("Records rejected; greater than 0 only with `partial=true`."))
        .must("results", list(reference("UpsertedRecord")).max_items(Some(1_000_000)).description(Some(results)))
}

fn upserted_record() -> ObjectBuilder {
    let line = of(Type::Integer).format(Some(format("int32"))).minimum(Some(1));
    object("Result of one record: an outcome and an id, or an error.")
        .must("line", line.description(Some("Line number in the body. Line 1 is the header.")))
        .property("outcome", reference("Outcome"))
        .property("id", note("Id of the resource."))
        .property("error", reference("Problem"))
}

/// The schemas that all resources share.
pub(super) fn shared() -> Schemas {
    let outcomes = words(Outcome::ALL.iter().map(|outcome| outcome.word()));
    let schemas = [
        ("Money", money()),
        ("Problem", problem()),
        ("Outcome", outcomes.description(Some("Result of a write."))),
        ("UpsertedRecords", upserted()),
        ("UpsertedRecord", upserted_record()),
        (
            "Partial",
            object(
                "A resource with only the requested fields. Each field has the schema that it has in the full resource.",
            ),
        ),
        ("PartialPage", page("A page of resources with only the requested fields.", "Partial")),
    ];
    let mut schemas = schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema.into())).collect();
    super::declared::add(Fault::SPEC, &mut schemas);
    schemas
}

fn money() -> ObjectBuilder {
    let amount =
        "Decimal number with at most 4 decimal places, at most 922337203685477.5807. Responses always have 4 places.";
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
const CODE: &str = "Error code for programs to compare.";

fn problem() -> ObjectBuilder {
    let seconds = of(Type::Integer).format(Some(format("int64"))).minimum(Some(0));
    let faults = list(reference("Fault")).max_items(Some(FAULTS_MAX));
    object("Error response (RFC 9457).")
        .must("type", note("Address of the page that explains the code.").format(Some(format("uri-reference"))))
        .must("title", note("Short description of the code."))
        .must("status", status().description(Some("The HTTP status.")))
        .must("detail", note("Explanation of the error in this request, for people."))
        .must("code", words(Reason::ALL.iter().map(|reason| reason.code())).description(Some(CODE)))
        .must("request_id", note("Id of this request; the logs carry the same id.").max_length(Some(64)))
        .must("retryable", of(Type::Boolean).description(Some("Whether the same request may succeed later.")))
        .property("retry_after", seconds.description(Some("Seconds after which to try again.")))
        .property("etag", note("Current ETag without quotes. Present when the ETag in the request is out of date."))
        .property("errors", faults.description(Some("Every fault with its location, at most 100.")))
}

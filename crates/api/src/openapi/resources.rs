//! The operations every resource has.

use serde_json::{Value, json};
use steerco_domain::access::{Cell, Role, Row, TABLE};
use steerco_domain::export::ExportFormat;
use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::{Act, ScopeRule};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::{HttpMethod, ResponseBuilder};

use super::answers::{answer, content, empty, trimmable};
use super::example;
use super::operation::{Access, Operation, body, lines, octets};
use super::parameters::{Parameter, id, of, reference as by_ref, shared};
use super::vocabulary::{binary, reference, text};
use crate::rest::content::OCTETS;
use crate::rest::export::MSPDI;
use crate::rest::import::NDJSON;
use crate::rest::mount::{About, Reach};
use crate::rest::params;
use crate::rest::{JSON, PATCH};

/// Headers of the answer to a write.
pub(super) const WRITTEN: [&str; 3] = ["etag", "outcome", "replayed"];
/// Refusals of every write.
pub(super) const WRITE: [u16; 5] = [404, 409, 412, 422, 428];

/// The operations of a resource.
pub(super) fn operations(about: &About) -> Vec<Operation> {
    let mut operations = vec![list(about), export(about), get(about)];
    if about.kind.reach == Reach::Record {
        return operations;
    }
    operations.extend([update(about), add_external_ref(about), remove_external_ref(about), revisions(about)]);
    operations.extend((about.kind.reach == Reach::Posted).then(|| create(about)));
    if about.kind.reach == Reach::Whole {
        operations.extend([create(about), delete(about), undelete(about)]);
        operations.extend([get_by_ref(about), upsert(about), batch(about), upsert_many(about)]);
    }
    operations.extend(about.kind.schedule.then(|| schedule(about)));
    operations.extend(about.verbs.iter().map(|verb| act(about, verb)));
    if about.kind.content {
        operations.extend([upload(about), download(about)]);
    }
    operations
}

/// What the operations of a resource have in common.
fn start(about: &About, method: HttpMethod, below: &str, id: String, action: &str) -> Operation {
    Operation {
        method,
        path: format!("/v1/{}{below}", about.kind.path()),
        id,
        tag: about.kind.path(),
        summary: String::new(),
        description: String::new(),
        access: Access::of(about.kind.name, action),
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: Vec::new(),
    }
}

fn words(about: &About) -> (String, String) {
    (about.kind.name.replace('_', " "), about.kind.plural.replace('_', " "))
}

fn one(about: &About, doc: &str, keys: &[&str]) -> ResponseBuilder {
    trimmable(doc, about.kind.title, "Partial", keys)
}

fn many(about: &About, doc: &str) -> ResponseBuilder {
    trimmable(doc, &format!("{}Page", about.kind.title), "PartialPage", &[])
}

/// What a write answers, beside a creation.
fn done(about: &About) -> (u16, ResponseBuilder) {
    (200, answer("The resource after the write.", "application/json", reference(about.kind.title), &WRITTEN))
}

fn created(about: &About) -> (u16, ResponseBuilder) {
    let keys = ["etag", "outcome", "replayed", "location"];
    let answer = answer("The new resource.", "application/json", reference(about.kind.title), &keys);
    (201, link(about, answer))
}

/// Adds what can be done next with a new resource.
fn link(about: &About, answer: ResponseBuilder) -> ResponseBuilder {
    let name = about.kind.name;
    let whole = about.kind.reach == Reach::Whole;
    let fixed = ["get", "update"].into_iter().chain(whole.then_some(["delete", "undelete"]).into_iter().flatten());
    let fixed = fixed.map(|verb| format!("{verb}_{name}"));
    let verbs = about.kind.verbs.iter().map(|verb| format!("{}_{name}", verb.name));
    let all = fixed.chain(verbs).chain([format!("list_{name}_revisions")]);
    let link = |id: &str| LinkBuilder::new().operation_id(id).parameter("id", "$response.body#/id").build();
    all.fold(answer, |answer, id| answer.link(id.as_str(), link(&id)))
}

/// Parameters of a write to one resource.
fn writing(about: &About) -> Vec<Parameter> {
    let mut parameters = vec![id(about.kind)];
    parameters.extend(shared(&["idempotency_key", "if_match"]));
    parameters.extend(of(about.kind, &params::writing(about.kind)));
    parameters
}

fn fields(about: &About, wanted: impl Fn(&FieldSpec) -> bool) -> Value {
    example::object(about.kind.fields.iter().filter(|f| f.setter != Setter::System && wanted(f)))
}

fn list(about: &About) -> Operation {
    let (one, plural) = words(about);
    let filterable: Vec<String> =
        about.kind.fields.iter().filter(|f| f.filter).map(|f| format!("`{}`", f.name)).collect();
    Operation {
        summary: format!("List {plural}"),
        description: format!(
            "Every {one} in the caller's sight, a page at a time. May stand in `filter` and `order_by`: {}.",
            filterable.join(", ")
        ),
        parameters: [of(about.kind, &params::listing(about.kind)), preview(about)].concat(),
        answers: vec![(200, many(about, "A page."))],
        ..start(about, HttpMethod::Get, "", format!("list_{}", about.kind.plural), "read")
    }
}

fn export(about: &About) -> Operation {
    let (one, plural) = words(about);
    let keys = ["content_disposition", "sync_token"];
    let file = answer("The file.", "text/csv", text(), &keys);
    let others = [ExportFormat::Ndjson, ExportFormat::Xlsx].into_iter();
    let file = others.fold(file, |file, format| file.content(format.media_type(), content(binary())));
    Operation {
        summary: format!("Export {plural} as a file"),
        description: format!(
            "Every {one} that the list has, with the same filter, order and fields, streamed. In tables money is two \
             columns, `name.amount` and `name.currency`, and lists and objects are JSON; what a spreadsheet might run \
             as a formula begins with an apostrophe in CSV, and is text in a workbook. A file that arrives whole is \
             whole: one that cannot be read to its end breaks off."
        ),
        parameters: of(about.kind, &params::exporting(about.kind)),
        answers: vec![(200, file)],
        ..start(about, HttpMethod::Get, "/export", format!("export_{}", about.kind.plural), "read")
    }
}

/// What is read as a partner sees it: what a partner may read.
fn preview(about: &About) -> Vec<Parameter> {
    let reads =
        |row: &&Row| row.kind == about.kind.name && row.action == "read" && row.cell(Role::Vendor) != Cell::Deny;
    let whole = about.kind.scope != ScopeRule::Owned;
    if whole && TABLE.iter().any(|row| reads(&row)) { shared(&["preview_as_partner"]) } else { Vec::new() }
}

fn get(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = vec![id(about.kind)];
    parameters.extend(of(about.kind, &params::reading(about.kind)));
    parameters.extend(shared(&["if_none_match"]));
    parameters.extend(preview(about));
    Operation {
        summary: format!("Get one {one_word}"),
        description: format!("The {one_word} as the caller sees it. A deleted one is answered with `deleted_at`."),
        parameters,
        answers: vec![(200, one(about, "The resource.", &["etag"])), (304, empty("The caller holds it.", &["etag"]))],
        refusals: vec![404],
        ..start(about, HttpMethod::Get, "/{id}", format!("get_{}", about.kind.name), "read")
    }
}

fn get_by_ref(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = by_ref().to_vec();
    parameters.extend(of(about.kind, &params::reading(about.kind)));
    parameters.extend(shared(&["if_none_match"]));
    Operation {
        summary: format!("Get one {one_word} by external reference"),
        description: format!("The {one_word} that a source system knows by this identifier."),
        parameters,
        ..Operation {
            path: format!("/v1/{}/by-ref/{{source}}/{{external_id}}", about.kind.path()),
            id: format!("get_{}_by_ref", about.kind.name),
            ..get(about)
        }
    }
}

fn revisions(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = vec![id(about.kind)];
    parameters.extend(of(about.kind, &params::revisions()));
    Operation {
        summary: format!("List the revisions of one {one_word}"),
        description: format!("Every version of the {one_word}, newest first."),
        parameters,
        answers: vec![(200, many(about, "A page of versions."))],
        refusals: vec![404],
        ..start(about, HttpMethod::Get, "/{id}/revisions", format!("list_{}_revisions", about.kind.name), "read")
    }
}

fn schedule(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Get the schedule of one {one_word} as a file"),
        description: "Its activities, the milestones of its deliverables and what they wait for, as far as the caller \
                      sees them, as XML of Microsoft Project (MSPDI), with the numbers that an import gave them."
            .to_owned(),
        access: Access::of("activity", "read"),
        parameters: vec![id(about.kind)],
        answers: vec![(200, answer("The schedule.", MSPDI, text(), &["content_disposition"]))],
        refusals: vec![404, 413],
        ..start(about, HttpMethod::Get, "/{id}/schedule", "export_schedule".to_owned(), "read")
    }
}

fn create(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = shared(&["idempotency_key"]);
    parameters.extend(of(about.kind, &params::writing(about.kind)));
    let schema = format!("{}Create", about.kind.title);
    let checked = "With `validate_only`: what would be created.";
    Operation {
        summary: format!("Create one {one_word}"),
        description: about.kind.doc.to_owned(),
        parameters,
        body: Some(body(JSON, &schema, &fields(about, |f| !f.optional), true)),
        answers: vec![
            created(about),
            (200, answer(checked, "application/json", reference(about.kind.title), &WRITTEN)),
        ],
        refusals: with_body(&WRITE),
        ..start(about, HttpMethod::Post, "", format!("create_{}", about.kind.name), "create")
    }
}

fn update(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let schema = format!("{}Patch", about.kind.title);
    let first = about.kind.fields.iter().find(|f| f.setter == Setter::Write && !f.optional);
    Operation {
        summary: format!("Change one {one_word}"),
        description: "A merge patch (RFC 7396): what is absent is kept, null clears.".to_owned(),
        parameters: writing(about),
        body: Some(body(PATCH, &schema, &example::object(first.into_iter()), true)),
        answers: vec![done(about)],
        refusals: with_body(&WRITE),
        ..start(about, HttpMethod::Patch, "/{id}", format!("update_{}", about.kind.name), "update")
    }
}

/// Gives or takes a name of another system.
fn external_ref(about: &About, method: HttpMethod, act: &str) -> Operation {
    let mut parameters = vec![id(about.kind)];
    parameters.extend(by_ref());
    parameters.extend(shared(&["idempotency_key", "if_match"]));
    parameters.extend(of(about.kind, &params::undated()));
    let below = "/{id}/external-refs/{source}/{external_id}";
    Operation {
        parameters,
        answers: vec![done(about)],
        refusals: WRITE.to_vec(),
        ..start(about, method, below, format!("{act}_{}_external_ref", about.kind.name), "update")
    }
}

fn add_external_ref(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Add an external reference to one {one_word}"),
        description: format!(
            "From now on this identifier of the source stands wherever the id of the {one_word} may stand, beside those \
             that it has. One that it has already changes nothing; one of another {one_word} is refused. An account \
             names under its own sources only."
        ),
        ..external_ref(about, HttpMethod::Put, "add")
    }
}

fn remove_external_ref(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Remove an external reference from one {one_word}"),
        description: format!(
            "This identifier leads to the {one_word} no more, and may be given to another. One that it has not changes \
             nothing. An account takes names of its own sources only."
        ),
        ..external_ref(about, HttpMethod::Delete, "remove")
    }
}

fn upsert(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = by_ref().to_vec();
    parameters.extend(shared(&["idempotency_key", "if_match"]));
    parameters.extend(of(about.kind, &params::upserting(about.kind)));
    let schema = format!("{}Upsert", about.kind.title);
    Operation {
        summary: format!("Create or merge one {one_word} by external reference"),
        description: "Safe to repeat and safe under concurrency. An older `source_version` than stored is answered \
                      `stale` and changes nothing; an upsert that changes nothing makes no revision. Needs the right \
                      to create and, where the resource exists, to update."
            .to_owned(),
        parameters,
        body: Some(body(PATCH, &schema, &fields(about, |f| !f.optional), true)),
        answers: vec![done(about), created(about)],
        refusals: with_body(&WRITE),
        ..start(
            about,
            HttpMethod::Put,
            "/by-ref/{source}/{external_id}",
            format!("upsert_{}", about.kind.name),
            "create",
        )
    }
}

fn delete(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Delete one {one_word}"),
        description: "Soft: it gets `deleted_at`, leaves the lists, and can be undeleted.".to_owned(),
        parameters: writing(about),
        answers: vec![done(about)],
        refusals: WRITE.to_vec(),
        ..start(about, HttpMethod::Delete, "/{id}", format!("delete_{}", about.kind.name), "delete")
    }
}

fn undelete(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Undelete one {one_word}"),
        description: "Takes a deletion back.".to_owned(),
        parameters: writing(about),
        answers: vec![done(about)],
        refusals: WRITE.to_vec(),
        ..start(about, HttpMethod::Post, "/{id}/undelete", format!("undelete_{}", about.kind.name), "delete")
    }
}

fn batch(about: &About) -> Operation {
    let (_, plural) = words(about);
    let mut parameters = shared(&["idempotency_key"]);
    parameters.extend(of(about.kind, &params::writing(about.kind)));
    let example = json!({"items": [{"create": fields(about, |f| !f.optional)}], "partial": false});
    let schema = format!("{}Batch", about.kind.title);
    let result = reference(&format!("{}BatchResult", about.kind.title));
    Operation {
        summary: format!("Write many {plural}"),
        description: "Up to 1000 items in one transaction. Without `partial` the first refusals refuse all of them. \
                      Each item needs the right of its own operation."
            .to_owned(),
        parameters,
        body: Some(body(JSON, &schema, &example, true)),
        answers: vec![(200, answer("One result for each item.", "application/json", result, &["replayed"]))],
        refusals: with_body(&WRITE),
        ..start(about, HttpMethod::Post, "/batch", format!("batch_{}", about.kind.plural), "update")
    }
}

fn upsert_many(about: &About) -> Operation {
    let (one, plural) = words(about);
    let mut parameters = shared(&["idempotency_key"]);
    parameters.extend(of(about.kind, &params::undated()));
    Operation {
        summary: format!("Create or merge any number of {plural} in one stream"),
        description: format!(
            "JSON objects, one a line: a header `{{\"source\": \"CODE\", \"partial\": false}}`, then records \
             `{{\"external_id\": \"…\", \"source_version\": \"7\", \"body\": {{…}}}}` whose body is that of the upsert of one \
             {one}, and an end `{{\"end\": {{\"count\": 2}}}}` with their number, without which nothing is written. They \
             are applied in their order, so that a record may name an earlier one as its parent. Without `partial` they \
             are one transaction, and the first refusals refuse all; with it they are applied a thousand at a time, and \
             what is refused leaves the others be. A record that changes nothing makes no revision and no event. Up to \
             1,000,000 records of 64 KiB each, and 512 MiB in all."
        ),
        parameters,
        body: Some(lines(&[NDJSON])),
        answers: vec![(
            200,
            answer("What became of each record.", "application/json", reference("UpsertedRecords"), &["replayed"]),
        )],
        refusals: with_body(&WRITE),
        ..start(about, HttpMethod::Post, "/upsert", format!("upsert_{}", about.kind.plural), "create")
    }
}

fn act(about: &About, verb: &Act) -> Operation {
    let required = verb.fields.iter().any(|f| !f.optional);
    let example = example::object(verb.fields.iter().filter(|f| !f.optional));
    let summary = verb.doc.split(['.', ',']).next().unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    Operation {
        summary: summary.join(" "),
        description: verb.doc.to_owned(),
        parameters: writing(about),
        body: Some(body(JSON, verb.title, &example, required)),
        answers: vec![done(about)],
        refusals: with_body(&WRITE),
        ..start(
            about,
            HttpMethod::Post,
            &format!("/{{id}}/{}", verb.name.replace('_', "-")),
            format!("{}_{}", verb.name, about.kind.name),
            verb.name,
        )
    }
}

fn upload(about: &About) -> Operation {
    let (one_word, _) = words(about);
    Operation {
        summary: format!("Upload the content of one {one_word}"),
        description:
            "The bytes as they are, up to `attachments.max_bytes` (50 MiB by default), once and by the author \
                      alone. The same content again changes nothing; other content is refused, and so is content of \
                      another SHA-256 than declared."
                .to_owned(),
        parameters: writing(about),
        body: Some(octets()),
        answers: vec![done(about)],
        refusals: with_body(&WRITE),
        ..start(about, HttpMethod::Put, "/{id}/content", format!("upload_{}", about.kind.name), "upload")
    }
}

fn download(about: &About) -> Operation {
    let (one_word, _) = words(about);
    let mut parameters = vec![id(about.kind)];
    parameters.extend(shared(&["if_none_match", "range"]));
    let keys = ["etag", "content_disposition"];
    Operation {
        summary: format!("Download the content of one {one_word}"),
        description: "The bytes as they were uploaded, always as a file to keep and never as a page to show. The ETag \
                      is the SHA-256."
            .to_owned(),
        parameters,
        answers: vec![
            (200, answer("The content.", OCTETS, binary(), &keys)),
            (206, answer("The part asked for.", OCTETS, binary(), &[&keys[..], &["content_range"]].concat())),
            (304, empty("The caller holds it.", &keys)),
        ],
        refusals: vec![404],
        ..start(about, HttpMethod::Get, "/{id}/content", format!("download_{}", about.kind.name), "read")
    }
}

pub(super) fn with_body(refusals: &[u16]) -> Vec<u16> {
    [refusals, &[413, 415]].concat()
}

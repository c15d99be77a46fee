//! Packages of the Open Contracting Data Standard.

use steerco_domain::Resource;
use steerco_domain::engagement::Engagement;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, Type};

use super::answers::answer;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed};
use super::shape::instant;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference};
use crate::rest::params;

const RELEASE: &str = "A release as the release schema of the Open Contracting Data Standard 1.1 has it: \
                       <https://standard.open-contracting.org/1.1/en/schema/reference/>.";

pub(super) fn operations(schemas: &mut Schemas) -> [Operation; 4] {
    let made = [
        ("OcdsRelease", release()),
        ("OcdsPublisher", object("Who publishes.").must("name", note("Name of the organisation."))),
        ("OcdsReleasePackage", package("The releases of a contracting process.").must("releases", releases())),
        ("OcdsRecord", record()),
        ("OcdsRecordPackage", records()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
    let releases = "One release for each change of the contract, its amendments and its milestones since the engagement is \
                    in force, oldest first: what the partner may know, and the same for every reader. A release says \
                    everything that stands, and null where something fell away; it never changes.";
    let record = "The releases of the release package, and the compiled release that they merge to by the rules of the \
                  standard.";
    [
        operation("release", "OcdsReleasePackage", "Get the open contracting releases of an engagement", releases),
        operation("record", "OcdsRecordPackage", "Get the open contracting record of an engagement", record),
        shared("release", "OcdsReleasePackage", "List the open contracting releases of engagements"),
        shared("record", "OcdsRecordPackage", "List the open contracting records of engagements"),
    ]
}

fn operation(kind: &str, schema: &str, summary: &str, description: &str) -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: format!("/v1/engagements/{{id}}/ocds-{kind}-package"),
        id: format!("get_ocds_{kind}_package"),
        tag: Engagement::KIND.path(),
        summary: summary.to_owned(),
        description: description.to_owned(),
        access: Access::of(Engagement::KIND.name, "read"),
        parameters: vec![id(Engagement::KIND)],
        body: None,
        answers: vec![(200, answer("The package.", "application/json", reference(schema), &[]))],
        refusals: vec![404, 409],
    }
}

/// One package of several engagements.
fn shared(kind: &str, schema: &str, summary: &str) -> Operation {
    let description = format!(
        "What `GET /v1/engagements/{{id}}/ocds-{kind}-package` answers of one, of all engagements in sight that are or were \
         in force and meet the filter, in one package: at most 200."
    );
    Operation {
        path: format!("/v1/engagements/ocds-{kind}-package"),
        id: format!("list_ocds_{kind}s"),
        parameters: of_feed(&params::publishing()),
        refusals: vec![404, 409],
        ..operation(kind, schema, summary, &description)
    }
}

/// An object of the standard, whose members its own schema tells.
fn release() -> ObjectBuilder {
    of(Type::Object)
        .description(Some(RELEASE))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
}

fn releases() -> ArrayBuilder {
    list(reference("OcdsRelease"))
}

fn package(doc: &str) -> ObjectBuilder {
    object(doc)
        .must("uri", note("Where the package is."))
        .must("version", note("Version of the standard, `1.1`."))
        .must("publishedDate", instant("When it last changed (UTC)."))
        .must("publisher", reference("OcdsPublisher"))
}

fn record() -> ObjectBuilder {
    object("What is known of a contracting process.")
        .must("ocid", note("Open contracting id: the prefix of the publisher and the id of the engagement."))
        .must("releases", releases())
        .must("compiledRelease", reference("OcdsRelease"))
}

fn records() -> ObjectBuilder {
    package("The record of a contracting process.")
        .must("packages", list(note("Where the releases are published.")))
        .must("records", list(reference("OcdsRecord")))
}

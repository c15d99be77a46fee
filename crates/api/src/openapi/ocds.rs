//! Packages of the Open Contracting Data Standard.

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, Type};

use super::shape::instant;
use super::vocabulary::{Members, Schemas, list, note, object, of, reference};

const RELEASE: &str = "A release in the release schema of the Open Contracting Data Standard 1.1: \
                       <https://standard.open-contracting.org/1.1/en/schema/reference/>.";

pub(super) fn add(schemas: &mut Schemas) {
    let made = [
        ("OcdsRelease", release()),
        ("OcdsPublisher", object("Publisher of the data.").must("name", note("Name of the organisation."))),
        ("OcdsReleasePackage", package("The releases of a contracting process.").must("releases", releases())),
        ("OcdsRecord", record()),
        ("OcdsRecordPackage", records()),
    ];
    schemas.extend(made.map(|(name, schema)| (name.to_owned(), schema.into())));
}

/// An object of the standard. The schema of the standard defines its members.
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
        .must("uri", note("Address of the package."))
        .must("version", note("Version of the standard, `1.1`."))
        .must("publishedDate", instant("Time of the last change (UTC)."))
        .must("publisher", reference("OcdsPublisher"))
}

fn record() -> ObjectBuilder {
    object("Record of a contracting process.")
        .must("ocid", note("Open contracting id: the prefix of the publisher and the id of the engagement."))
        .must("releases", releases())
        .must("compiledRelease", reference("OcdsRelease"))
}

fn records() -> ObjectBuilder {
    package("The record of a contracting process.")
        .must("packages", list(note("Address where the releases are published.")))
        .must("records", list(reference("OcdsRecord")))
}

//! Operations whose request or response is not a declared JSON object: contents, files, lines, events, documents.

use steerco_domain::attachment::Attachment;
use steerco_domain::import_job::ImportJob;
use steerco_domain::resource::Resource;
use steerco_service::operation::{Form, Operation};
use utoipa::openapi::ResponseBuilder;
use utoipa::openapi::request_body::RequestBody;

use super::answers::{answer, empty};
use super::operation::{lines, octets};
use super::parameters::{Parameter, shared};
use super::resources::WRITTEN;
use super::vocabulary::{binary, reference, text};
use crate::rest::content::OCTETS;
use crate::rest::export::MSPDI;
use crate::rest::import::{CSV, NDJSON};

pub(super) fn body(form: Form) -> Option<RequestBody> {
    match form {
        Form::UploadAttachment | Form::UploadImport => Some(octets()),
        Form::ImportActuals => Some(lines(&[NDJSON, CSV])),
        _ => None,
    }
}

/// Request headers in addition to those of every write.
pub(super) fn headers(form: Form) -> Vec<Parameter> {
    match form {
        Form::DownloadAttachment => shared(&["if_none_match", "range"]),
        Form::StreamEvents => shared(&["last_event_id"]),
        _ => Vec::new(),
    }
}

pub(super) fn answers(operation: &Operation, form: Form) -> Vec<(u16, ResponseBuilder)> {
    let doc = operation.answer.doc;
    let of = |schema: &str, keys: &[&str]| answer(doc, "application/json", reference(schema), keys);
    let one = match form {
        Form::UploadAttachment => of(Attachment::KIND.title, &WRITTEN),
        Form::UploadImport => of(ImportJob::KIND.title, &WRITTEN),
        Form::ImportActuals => of(operation.answer.title(), &WRITTEN),
        Form::DownloadAttachment => answer(doc, OCTETS, binary(), &CONTENT),
        Form::ExportSchedule => answer(doc, MSPDI, text(), &["content_disposition"]),
        Form::StreamEvents => answer(doc, "text/event-stream", text(), &[]),
        Form::Permissions => of("Permissions", &[]),
        Form::OcdsReleases | Form::OcdsReleasesOfMany => of("OcdsReleasePackage", &[]),
        Form::OcdsRecord | Form::OcdsRecordsOfMany => of("OcdsRecordPackage", &[]),
    };
    let mut answers = vec![(200, one)];
    answers.extend(operation.created.map(|doc| {
        let keys = [&WRITTEN[..], &["location"]].concat();
        (201, answer(doc, "application/json", reference(operation.answer.title()), &keys))
    }));
    if form == Form::DownloadAttachment {
        let part = [&CONTENT[..], &["content_range"]].concat();
        answers.push((206, answer("The requested range of bytes.", OCTETS, binary(), &part)));
        answers.push((304, empty("Not modified: the ETag of the caller is current.", &CONTENT)));
    }
    answers
}

const CONTENT: [&str; 2] = ["etag", "content_disposition"];

//! The file of an import: what it takes is bytes.

use steerco_domain::import_job::ImportJob;
use steerco_domain::resource::Resource;
use utoipa::openapi::HttpMethod;

use super::answers::answer;
use super::operation::{Access, Operation, octets};
use super::parameters::{id, of as parameters, shared};
use super::resources::{WRITE, WRITTEN, with_body};
use super::vocabulary::reference;
use crate::rest::params;

pub(super) fn upload() -> Operation {
    let mut of_write = vec![id(ImportJob::KIND)];
    of_write.extend(shared(&["idempotency_key", "if_match"]));
    of_write.extend(parameters(ImportJob::KIND, &params::writing(ImportJob::KIND)));
    let done = answer("The import job.", "application/json", reference(ImportJob::KIND.title), &WRITTEN);
    Operation {
        summary: "Upload the file of an import".to_owned(),
        description: "The bytes as they are, up to 512 MiB. Another file may take its place until it is applied."
            .to_owned(),
        parameters: of_write,
        body: Some(octets()),
        answers: vec![(200, done)],
        refusals: with_body(&WRITE),
        method: HttpMethod::Put,
        path: "/v1/import-jobs/{id}/content".to_owned(),
        id: "upload_import_job".to_owned(),
        tag: ImportJob::KIND.path(),
        access: Access::of(ImportJob::KIND.name, "upload"),
    }
}

//! Import jobs: a file is staged and then processed by a run in the background, with the same operations that callers use.
//!
//! A run acts for the caller that started it: each write is authorised separately. It writes upserts, so that a record
//! that changes nothing creates no event: the whole file in one transaction or, with `partial`, each piece in its own
//! transaction. The outcome of each record is stored in a report, in pieces of a thousand records.

mod rates;
mod report;
mod run;
mod source;
mod stage;
mod write;

use bytes::Bytes;
use futures::Stream;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::import_job::{ApplyImportJob, CheckImportJob, ImportJob, ImportState};
use steerco_domain::resource::Verb;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::blob::Link;
use steerco_persistence::{Effect, Fail};

pub use report::ImportRecord;

use crate::answer::PartOf;
use crate::attachment::{check_size, read_content};
use crate::command::{Command, Item, decide_by};
use crate::line_results::results_on_page;
use crate::load_for_write::load_for_write;
use crate::operation::{AnswerDoc, Answered, Arguments, Does, Form, Method, Operation, Schema, Under, WRITING};
use crate::parameter::{AFTER_RECORD, PAGE_SIZE};
use crate::read::check_id;
use crate::staging::UPLOAD_MAX;
use crate::write_context::WriteContext;
use crate::{Caller, Context, Outcome, ReadArgs, Service, Written};

const UPLOAD: &Permission = find("import_job", "upload");
/// Maximum bytes of the file of an import.
pub const IMPORT_BYTES_MAX: u64 = 512 << 20;

/// Outcomes of import records, in the order of the file.
#[answer(message = "ListImportRecordsResponse")]
pub struct ImportRecordPage {
    /// The records.
    #[field(max = 1000)]
    pub records: Vec<ImportRecord>,
    /// Number of the record after which the next page begins; absent on the last page.
    #[field(min = 1)]
    pub more_after_record: Option<i32>,
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "upload_import_job",
        permission: Some(UPLOAD),
        path: "/v1/import-jobs/{id}/content",
        under: Under::Kind(ImportJob::KIND),
        summary: "Upload the file of an import",
        doc: "The raw bytes, up to 512 MiB. The file can be replaced until it is applied.",
        parameters: WRITING,
        answer: AnswerDoc { doc: "The import job.", schema: Schema::One },
        ..Operation::new(Method::Put, Does::Form(Form::UploadImport))
    },
    Operation {
        id: "check_import_job",
        path: "/v1/import-jobs/{id}/check",
        ..Operation::act::<CheckImportJob>(|service, context, arguments| {
            Box::pin(start::<CheckImportJob>(service, context, arguments))
        })
    },
    Operation {
        id: "apply_import_job",
        path: "/v1/import-jobs/{id}/apply",
        ..Operation::act::<ApplyImportJob>(|service, context, arguments| {
            Box::pin(start::<ApplyImportJob>(service, context, arguments))
        })
    },
    Operation {
        id: "list_import_records",
        service: ImportJob::KIND.title,
        permission: Some(ImportJob::KIND.rows.read),
        path: "/v1/import-jobs/{id}/records",
        under: Under::Kind(ImportJob::KIND),
        summary: "List the record outcomes of an import",
        doc: "The report of the last run, in the order of the file. A page has 1000 records unless `page_size` is \
              given. Data that this service cannot store is reported as `lost`, with the number of occurrences.",
        parameters: &[&AFTER_RECORD, &PAGE_SIZE],
        answer: AnswerDoc::of::<ImportRecordPage>("A page of records."),
        refusals: &[404, 409],
        ..Operation::get(|service, context, mut arguments| {
            Box::pin(async move {
                let (id, after) = (arguments.id(), arguments.whole(&AFTER_RECORD).unwrap_or_default());
                let size = results_on_page(arguments.whole(&PAGE_SIZE))?;
                let (records, more_after_record) = service.page_of_import(&context.caller, &id, after, size).await?;
                Ok(Answered::of(ImportRecordPage { records, more_after_record }))
            })
        })
    },
];

async fn start<V: Verb<On = ImportJob>>(
    service: Service,
    context: Context,
    mut arguments: Arguments,
) -> Result<Answered, Error> {
    let id = arguments.id();
    Ok(Answered::written(service.start_import::<V>(&context, &id, arguments.body()).await?))
}

impl Service {
    /// Uploads the file of an import. `announced` is its size, if the caller gave it.
    pub fn upload_import<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        announced: Option<u64>,
        pieces: &'a mut (impl Stream<Item = Result<Bytes, Error>> + Send + Unpin),
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            check_id(ImportJob::KIND, id)?;
            self.may_upload_import(context, id).await?;
            check_size(announced.unwrap_or_default(), IMPORT_BYTES_MAX)?;
            let mut staged = self.begin_staging(context.caller.organisation()).await?;
            let staging = (!context.validate_only).then_some(&mut staged);
            let reading = read_content(pieces, announced, IMPORT_BYTES_MAX, staging);
            let late = |_| Error::new(Reason::Deadline, "the file did not arrive within the time limit");
            let read = tokio::time::timeout(UPLOAD_MAX, reading).await.map_err(late)??;
            // The write continues when the caller disconnects: its result decides whether the staged content is removed.
            let (service, context, id) = (self.clone(), context.clone(), id.to_owned());
            let written = tokio::spawn(async move {
                let link = service.link(&read.sha256, read.size_bytes, &staged.upload);
                let input = json!([id, read.sha256]);
                let item = Item::Act {
                    id,
                    permission: UPLOAD,
                    if_match: context.if_match.clone(),
                    decide: decide_by(move |on: &mut ImportJob, acting| on.take(&read, acting)),
                    logged: false,
                };
                let command = Command {
                    effects: vec![Effect::Link(link)],
                    ..Command::one(ImportJob::KIND, UPLOAD.action, input, item)
                };
                let written = service.execute_one(&context, command).await;
                let is_kept = match &written {
                    Ok(written) => written.outcome == Outcome::Updated && !written.replayed && !context.validate_only,
                    // The write may have been committed all the same.
                    Err(error) => matches!(error.reason, Reason::Internal | Reason::Unavailable | Reason::Deadline),
                };
                if is_kept {
                    staged.keep();
                }
                written
            });
            written.await.map_err(|cause| Error::internal(cause))?
        })
    }

    fn link(&self, sha256: &str, size: i64, upload: &str) -> Link {
        let quota = i64::try_from(self.inner.attachments.quota_bytes).unwrap_or(i64::MAX);
        Link { sha256: sha256.to_owned(), size, upload: upload.to_owned(), quota }
    }

    /// Checks the permission of the write before the file is read.
    async fn may_upload_import(&self, context: &Context, id: &str) -> Result<(), Error> {
        let conn = self.inner.database.read(context.caller.organisation()).await.map_err(Fail::into_error)?;
        let found = async {
            let access = self.access(&conn, &context.caller).await?;
            let write = WriteContext::new(context, &conn, access, &self.inner.clock);
            load_for_write(&write, ImportJob::KIND, id, Some(UPLOAD), None).await
        };
        found.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)
    }

    /// Starts a run, which continues in the background.
    pub fn start_import<'a, V: Verb<On = ImportJob>>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let written = self.act::<V>(context, id, body).await?;
            if written.outcome == Outcome::Updated && !written.replayed && !context.validate_only {
                run::start(
                    self,
                    context,
                    written.seen.resource.of().ok_or_else(|| Error::internal("an import job is of another type"))?,
                );
            }
            Ok(written)
        })
    }

    /// A report has everything that its author could see, which may include data outside of the program of the job.
    async fn may_read_report(&self, caller: &Caller, job: &ImportJob) -> Result<(), Error> {
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let authorised = self.authorise(&conn, caller, ImportJob::KIND.rows.read).await;
        let (access, scope) = authorised.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        if scope.is_whole() || access.actor == job.created_by {
            return Ok(());
        }
        let detail =
            "only the creator of the import and callers with a grant over the whole organisation may read its report";
        Err(Error::new(Reason::Forbidden, detail))
    }

    /// A page of the report of the last run and, if there are more records, the record after which the next page begins.
    pub fn page_of_import<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        after: i64,
        size: usize,
    ) -> BoxFuture<'a, Result<PartOf<ImportRecord>, Error>> {
        Box::pin(async move {
            let job = self.get::<ImportJob>(caller, id, &ReadArgs::default()).await?.resource;
            self.may_read_report(caller, &job).await?;
            let Some(sha256) = job.report_sha256 else {
                let running = matches!(job.state, ImportState::Checking | ImportState::Applying);
                let detail = if running {
                    "the run has not ended yet: its report is available at its end"
                } else {
                    "no run has ended yet"
                };
                return Err(Error::new(Reason::WrongState, detail));
            };
            let found = self.find_content(caller.organisation(), sha256.as_str(), 0).await?;
            report::page(self, &found, usize::try_from(after).unwrap_or_default(), size, job.counts.records).await
        })
    }
}

//! Batches of actuals too long for one message: lines are staged as they come, and posted like those of any batch.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use steerco_domain::actuals_batch::{ActualsBatch, ActualsProgressState, PostActualsBatch, STREAM_LINES_MAX};
use steerco_domain::actuals_line::RawLine;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::Fail;

use crate::actuals_batch::{POST, PostedActualsBatch, PostedBatch};
use crate::actuals_progress::Watch;
use crate::actuals_sent::{CHUNK, FAULTS_MAX, Gather, Line, Sent, Stager};
use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Under};
use crate::parameter::{
    ADJUSTING, BATCH_REF, CORRECTIONS, COUNT, GROUP_TOTALS, LEGAL_ENTITY_ID, LOCAL_TOTALS, OVERRIDE_REASON, PARTIAL,
    PROFILE, SOURCE, TOTALS, VALIDATE_ONLY,
};
use crate::staging::UPLOAD_MAX;
use crate::{Caller, Context, Service};

/// Bytes that the lines of a batch may have.
pub const STREAM_BYTES_MAX: u64 = 512 << 20;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "import_actuals",
    permission: Some(POST),
    path: "/v1/actuals-batches/import",
    under: Under::Kind(ActualsBatch::KIND),
    summary: "Post a long batch of actuals",
    doc: "Up to 1000000 lines in a stream, read as they come and posted in one transaction, with the rules and the answer of \
          a batch in one message; a stream that breaks off posts nothing. As `application/x-ndjson` the first line is a \
          batch without `lines`, and each further line one of its lines. As `text/csv` the parameters say what the batch \
          is, and a mapping profile how the file is written; of the parameters, JSON takes `validate_only` only. Faults \
          name the line by its number from 0 in their pointer, and its place in the file in their detail.",
    parameters: &[
        &VALIDATE_ONLY,
        &SOURCE,
        &BATCH_REF,
        &LEGAL_ENTITY_ID,
        &COUNT,
        &TOTALS,
        &LOCAL_TOTALS,
        &GROUP_TOTALS,
        &PARTIAL,
        &CORRECTIONS,
        &ADJUSTING,
        &OVERRIDE_REASON,
        &PROFILE,
    ],
    answer: AnswerDoc::of::<PostedActualsBatch>(
        "The first answer again; or with `validate_only` what would become of the lines.",
    ),
    created: Some("The batch, and what became of its lines."),
    ..Operation::new(Method::Post, Does::Form(Form::ImportActuals))
}];

impl Service {
    /// Refuses whom the write would refuse, before the lines are read.
    pub fn may_post_actuals<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            self.authorise(&conn, caller, POST).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)
        })
    }

    /// Posts a batch whose lines come in a stream. One that breaks off posts nothing.
    pub fn import_actuals<'a>(
        &'a self,
        context: &'a Context,
        header: PostActualsBatch,
        lines: &'a mut (impl Stream<Item = Result<Vec<RawLine>, Error>> + Send + Unpin),
    ) -> BoxFuture<'a, Result<PostedBatch, Error>> {
        Box::pin(async move {
            context.refuse_etag()?;
            if !header.lines.0.is_empty() {
                return Err(Error::fault("/lines", "DOES_NOT_FIT", "the lines follow the header, they are not in it"));
            }
            let mut stager = Stager::new(self.begin_staging(context.caller.organisation()).await?);
            let watch = Arc::new(Watch::new(self, &header, &stager.staged));
            watch.tell(ActualsProgressState::Staging, 0).await;
            let late = |_| Error::new(Reason::Deadline, "the lines took longer to arrive than the service allows");
            let reading = read(header, lines, &mut stager, &watch);
            let mut sent = tokio::time::timeout(UPLOAD_MAX, reading).await.map_err(late)??;
            sent.watch = Some(Arc::clone(&watch));
            // The write goes on to its end when the caller goes: what it reads must stay as long.
            let (service, context) = (self.clone(), context.clone());
            let posted = tokio::spawn(async move {
                let posted = service.post_sent(&context, sent).await;
                watch.end().await;
                drop(stager);
                posted
            });
            posted.await.map_err(|cause| Error::internal(cause))?
        })
    }
}

/// Reads and stages all lines.
async fn read(
    header: PostActualsBatch,
    lines: &mut (impl Stream<Item = Result<Vec<RawLine>, Error>> + Send + Unpin),
    stager: &mut Stager,
    watch: &Watch,
) -> Result<Sent, Error> {
    let (mut gather, mut number, mut faults) = (Gather::new(header), 0, Vec::new());
    while let Some(some) = lines.next().await {
        for raw in some? {
            if number == STREAM_LINES_MAX {
                return Err(Error::new(Reason::TooLarge, format!("a batch may have {STREAM_LINES_MAX} lines")));
            }
            if let Some(line) = raw.line(number, &mut faults).map(Line::new) {
                gather.see(&line);
                // What will be refused anyway needs no place.
                if faults.is_empty() {
                    stager.add(line).await?;
                }
            }
            number += 1;
            if number.is_multiple_of(CHUNK) {
                watch.tell(ActualsProgressState::Staging, number).await;
            }
            faults.truncate(FAULTS_MAX);
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    watch.tell(ActualsProgressState::Staging, number).await;
    let lines = stager.done().await?;
    Ok(gather.sent(lines))
}

//! Batches of actuals that are too long for one message: lines are staged as they arrive, and posted like any batch.

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

/// Maximum bytes of the lines of a batch.
pub const STREAM_BYTES_MAX: u64 = 512 << 20;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "import_actuals",
    permission: Some(POST),
    path: "/v1/actuals-batches/import",
    under: Under::Kind(ActualsBatch::KIND),
    summary: "Post a long batch of actuals",
    doc: "Up to 1000000 lines in a stream, posted in one transaction, with the rules and the response of a batch in \
          one message. A stream that is aborted posts nothing. As `application/x-ndjson`, the first line is a batch \
          without `lines`, and each further line is one of its lines; the only parameter is `validate_only`. As \
          `text/csv`, the parameters describe the batch and a mapping profile describes the format of the file. Faults \
          have the number of the line from 0 in their pointer, and its place in the file in their detail.",
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
        "The stored response to an earlier batch of the same name; or, with `validate_only`, the expected line outcomes.",
    ),
    created: Some("The batch and its line outcomes."),
    ..Operation::new(Method::Post, Does::Form(Form::ImportActuals))
}];

impl Service {
    /// Checks the permission of the write before the lines are read.
    pub fn may_post_actuals<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            self.authorise(&conn, caller, POST).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)
        })
    }

    /// Posts a batch whose lines arrive in a stream. A stream that is aborted posts nothing.
    pub fn import_actuals<'a>(
        &'a self,
        context: &'a Context,
        header: PostActualsBatch,
        lines: &'a mut (impl Stream<Item = Result<Vec<RawLine>, Error>> + Send + Unpin),
    ) -> BoxFuture<'a, Result<PostedBatch, Error>> {
        Box::pin(async move {
            context.refuse_etag()?;
            if !header.lines.0.is_empty() {
                return Err(Error::fault(
                    "/lines",
                    "DOES_NOT_FIT",
                    "the lines follow the header and must not be in it",
                ));
            }
            let mut stager = Stager::new(self.begin_staging(context.caller.organisation()).await?);
            let watch = Arc::new(Watch::new(self, &header, &stager.staged));
            watch.tell(ActualsProgressState::Staging, 0).await;
            let late = |_| Error::new(Reason::Deadline, "the lines did not arrive within the time limit");
            let reading = read(header, lines, &mut stager, &watch);
            let mut sent = tokio::time::timeout(UPLOAD_MAX, reading).await.map_err(late)??;
            sent.watch = Some(Arc::clone(&watch));
            // The write continues when the caller disconnects, because the staged lines that it reads must be kept until it
            // ends.
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
                return Err(Error::new(Reason::TooLarge, format!("a batch may have at most {STREAM_LINES_MAX} lines")));
            }
            if let Some(line) = raw.line(number, &mut faults).map(Line::new) {
                gather.see(&line);
                // Lines of a batch that will be rejected are not staged.
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

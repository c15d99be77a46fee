//! Progress of a long batch of actuals.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use steerco_domain::actuals_batch::{ActualsBatch, ActualsProgress, ActualsProgressState, PostActualsBatch};
use steerco_domain::{Error, Fault, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, ledger};

use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::parameter::{BATCH_REF, SOURCE};
use crate::staging::Staged;
use crate::{Caller, Service};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "get_actuals_progress",
    service: ActualsBatch::KIND.title,
    permission: Some(ActualsBatch::KIND.rows.read),
    path: "/v1/actuals-batches/progress",
    under: Under::Kind(ActualsBatch::KIND),
    summary: "Get the progress of a batch of actuals",
    doc: "Progress of a batch that is sent as a stream: whether its lines are arriving, being checked or being posted, \
          and how many. Entries appear in the ledger only when all lines are posted. A batch that was aborted or \
          rejected is not found, and its name can be used again. `source` and `batch_ref` are both required.",
    parameters: &[&SOURCE, &BATCH_REF],
    answer: AnswerDoc::of::<ActualsProgress>("The progress of the batch."),
    refusals: &[404],
    ..Operation::get(|service, context, mut arguments| {
        Box::pin(async move {
            let [source, batch_ref] = [&SOURCE, &BATCH_REF].map(|it| arguments.text(it).unwrap_or_default());
            check_name(&source, &batch_ref)?;
            Ok(Answered::of(service.actuals_progress(&context.caller, &source, &batch_ref).await?))
        })
    })
}];

/// A batch is identified by both.
fn check_name(source: &str, batch_ref: &str) -> Result<(), Error> {
    let given = [("?source", source), ("?batch_ref", batch_ref)];
    let missing = given.into_iter().filter(|(_, text)| text.is_empty());
    let faults: Vec<Fault> = missing
        .map(|(name, _)| Fault::new(name, "REQUIRED", "is required: source and batch_ref together identify a batch"))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

/// Microseconds between two updates of one step, so that updates do not slow the batch down.
const OFTEN: i64 = 250_000;

/// Stores the progress of a batch until the batch ends in any way.
pub(crate) struct Watch {
    service: Service,
    org: String,
    upload: String,
    told: Mutex<ActualsProgress>,
    /// The batch has ended, or an update failed once: later updates are skipped so that the batch is not delayed again.
    silent: AtomicBool,
}

impl Watch {
    pub(crate) fn new(service: &Service, header: &PostActualsBatch, staged: &Staged) -> Self {
        let now = service.inner.clock.now();
        let told = ActualsProgress {
            source: header.source.as_str().to_owned(),
            batch_ref: header.batch_ref.as_str().to_owned(),
            state: ActualsProgressState::Staging,
            lines_received: 0,
            lines_done: 0,
            started_at: now,
            updated_at: now,
            actuals_batch_id: None,
        };
        let (org, upload) = (staged.org.clone(), staged.upload.clone());
        Self { service: service.clone(), org, upload, told: Mutex::new(told), silent: AtomicBool::new(false) }
    }

    /// Stores that so many lines have passed this step. A failed update does not fail the batch.
    pub(crate) async fn tell(&self, state: ActualsProgressState, lines: usize) {
        if self.silent.load(Ordering::Relaxed) {
            return;
        }
        let lines = i32::try_from(lines).unwrap_or(i32::MAX);
        let told = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.service.inner.clock.now();
            let news = told.state != state || lines == 0 || now.micros() - told.updated_at.micros() >= OFTEN;
            told.state = state;
            if state == ActualsProgressState::Staging {
                told.lines_received = lines;
            } else {
                told.lines_done = lines;
            }
            if !news {
                return;
            }
            told.updated_at = now;
            told.clone()
        };
        if let Err(fail) = self.service.inner.database.tell_progress(&self.org, &self.upload, &told).await {
            tracing::warn!(?fail, upload = self.upload, "could not store the progress of a batch");
            self.silent.store(true, Ordering::Relaxed);
        }
    }

    /// Ends before the response is sent, so that a later request finds the batch itself.
    pub(crate) async fn end(&self) {
        self.silent.store(true, Ordering::Relaxed);
        if let Err(fail) = self.service.inner.database.end_progress(&self.org, &self.upload).await {
            tracing::warn!(
                ?fail,
                upload = self.upload,
                "could not remove the progress of a batch; it expires in a day"
            );
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (service, org, upload) = (self.service.clone(), self.org.clone(), self.upload.clone());
        runtime.spawn(async move {
            // The rest expires in a day.
            let _ = service.inner.database.end_progress(&org, &upload).await;
        });
    }
}

impl Service {
    /// Progress of the batch of this name: in progress, or posted.
    pub fn actuals_progress<'a>(
        &'a self,
        caller: &'a Caller,
        source: &'a str,
        batch_ref: &'a str,
    ) -> BoxFuture<'a, Result<ActualsProgress, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.find_actuals_progress(&conn, caller, source, batch_ref).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn find_actuals_progress(
        &self,
        conn: &Conn,
        caller: &Caller,
        source: &str,
        batch_ref: &str,
    ) -> Result<ActualsProgress, Fail> {
        let (_, scope) = self.authorise(conn, caller, ActualsBatch::KIND.rows.read).await?;
        // The programs of a batch in progress are not known yet.
        if scope.is_whole()
            && let Some(found) = self.inner.database.find_progress(conn, scope.org(), source, batch_ref).await?
        {
            return Ok(found);
        }
        let missing = || Error::not_found(ActualsBatch::KIND.name);
        let named = ledger::find_batch(conn, scope.org(), source, batch_ref).await?.ok_or_else(missing)?;
        let batch = query::find::<ActualsBatch>(conn, &scope, &named.id_text(), Moment::Now).await?;
        let batch = batch.ok_or_else(missing)?;
        Ok(ActualsProgress {
            source: source.to_owned(),
            batch_ref: batch_ref.to_owned(),
            state: ActualsProgressState::Posted,
            lines_received: batch.line_count,
            lines_done: batch.line_count,
            started_at: batch.created_at,
            updated_at: batch.created_at,
            actuals_batch_id: Some(batch.id),
        })
    }
}

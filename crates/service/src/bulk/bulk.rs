//! Any number of upserts by external reference in one stream: staged as they arrive, and applied in order once the end has
//! arrived. A stream that is aborted applies nothing.
//!
//! Without `partial` they are one transaction of many steps; with `partial` each piece of a thousand records is its own
//! transaction. The resources of a piece are read at once and compared by content, so that unchanged records cost little
//! and create no event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::Stream;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Digest;
use steerco_domain::error::Fault;
use steerco_domain::hex::hex;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Reason};
use steerco_persistence::idempotency::Key;
use steerco_persistence::plan::{Step, Steps};
use steerco_persistence::{Act, Conn, Fail, Job, Plan, Remembered, blob, idempotency};

use crate::bulk_records::{Part, Record, RecordResult, TOLD_MAX, UpsertHeader};
use crate::bulk_stager::Stager;
use crate::command::{Command, Item};
use crate::execute::{decide_items, remembered_key};
use crate::prefetch::prefetch;
use crate::source::check_source_code;
use crate::staging::UPLOAD_MAX;
use crate::token::digest;
use crate::write_context::WriteContext;
use crate::{Context, Outcome, Service, Written};

/// Outcomes of all records.
#[derive(Clone, Debug, Default)]
pub struct Upserted {
    pub records: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub stale: u64,
    pub refused: u64,
    /// In the order of the stream; in a replay only the rejected records, at most the first thousand.
    pub results: Vec<RecordResult>,
    pub replayed: bool,
}

impl Upserted {
    fn add(&mut self, result: RecordResult) {
        self.records += 1;
        match &result.done {
            Ok((Outcome::Created, _)) => self.created += 1,
            Ok((Outcome::Unchanged, _)) => self.unchanged += 1,
            Ok((Outcome::Stale, _)) => self.stale += 1,
            Ok(_) => self.updated += 1,
            Err(_) => self.refused += 1,
        }
        self.results.push(result);
    }
}

/// The response as stored under its idempotency key.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Records, created, updated, unchanged, stale, rejected.
    counts: [u64; 6],
    refused: Vec<(u32, String, String, Vec<Fault>)>,
}

impl Kept {
    fn of(done: &Upserted) -> Self {
        let Upserted { records, created, updated, unchanged, stale, refused, results, .. } = done;
        let told = results.iter().filter_map(|result| result.done.as_ref().err().map(|error| (result.line, error)));
        let told = told.map(|(line, e)| (line, e.reason.code().to_owned(), e.detail.clone(), e.faults.clone()));
        let refused_first = told.take(TOLD_MAX).collect();
        Self { counts: [*records, *created, *updated, *unchanged, *stale, *refused], refused: refused_first }
    }

    fn replay(self) -> Upserted {
        let [records, created, updated, unchanged, stale, refused] = self.counts;
        let result = |(line, code, detail, faults): (u32, String, String, Vec<Fault>)| {
            let reason = Reason::ALL.iter().copied().find(|reason| reason.code() == code);
            let error = Error { faults, ..Error::new(reason.unwrap_or(Reason::Invalid), detail) };
            RecordResult { line, done: Err(Box::new(error)) }
        };
        let results = self.refused.into_iter().map(result).collect();
        Upserted { records, created, updated, unchanged, stale, refused, results, replayed: true }
    }
}

impl Service {
    /// Upserts a stream of records.
    pub fn upsert_many<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        header: UpsertHeader,
        parts: &'a mut (dyn Stream<Item = Result<Part, Error>> + Send + Unpin + 'a),
    ) -> BoxFuture<'a, Result<Upserted, Error>> {
        Box::pin(async move {
            context.refuse_etag()?;
            self.may_upsert_many(kind, context, &header).await.map_err(Fail::into_error)?;
            let mut stager = Stager::new(self.begin_staging(context.caller.organisation()).await?, &header.source);
            let late = |_| Error::new(Reason::Deadline, "the records did not arrive within the time limit");
            let refused =
                tokio::time::timeout(UPLOAD_MAX, stager.read(kind, !header.partial, parts)).await.map_err(late)??;
            if !header.partial && !refused.is_empty() {
                return Err(refuse_all(&refused));
            }
            let input = hex(&std::mem::take(&mut stager.digest).finalize());
            let mode = if header.partial { "partial" } else { "whole" };
            let fingerprint = digest(&[kind.name, "upsert_many", &header.source, mode, &input]);
            let bulk = Arc::new(Bulk {
                service: self.clone(),
                kind,
                context: context.clone(),
                header,
                org: stager.staged.org.clone(),
                upload: stager.staged.upload.clone(),
                pieces: stager.staged.pieces,
                fingerprint,
                refused,
                tally: Mutex::default(),
                rehearsed: AtomicBool::new(false),
            });
            // The write continues when the caller disconnects, because the staged records that it reads must be kept until
            // it ends.
            let applied = tokio::spawn(async move {
                let applied = bulk.apply().await;
                drop(stager);
                applied
            });
            applied.await.map_err(|cause| Error::internal(cause))?
        })
    }

    /// Checks the permission of the write before the records are read.
    async fn may_upsert_many(&self, kind: &Kind, context: &Context, header: &UpsertHeader) -> Result<(), Fail> {
        if context.effective_at.is_some() {
            return Err(Error::fault("?effective_at", "DOES_NOT_FIT", "a stream cannot be backdated").into());
        }
        let conn = self.inner.database.read(context.caller.organisation()).await?;
        let access = self.access(&conn, &context.caller).await?;
        let write = WriteContext::new(context, &conn, access, &self.inner.clock);
        write.scope(kind.rows.update).or_else(|_| write.scope(kind.rows.create))?;
        crate::source::refuse_partner(&write)?;
        check_source_code(&write, &header.source).await?;
        conn.close().await
    }
}

/// All faults of a stream that is rejected as a whole.
fn refuse_all(refused: &[RecordResult]) -> Error {
    let mut faults = Vec::new();
    let mut reason = None;
    for RecordResult { line, done } in refused {
        let Err(error) = done else { continue };
        reason = reason.or(Some(error.reason));
        if error.faults.is_empty() {
            faults.push(Fault::new(format!("/lines/{line}"), error.reason.code(), error.detail.clone()));
        }
        let placed = |f: &Fault| Fault::new(format!("/lines/{line}{}", f.pointer), f.code.clone(), f.detail.clone());
        faults.extend(error.faults.iter().map(placed));
    }
    let detail = format!("nothing was written: {} records were rejected, see errors", refused.len());
    Error { faults, ..Error::new(reason.unwrap_or(Reason::Invalid), detail) }
}

/// A completely received stream.
struct Bulk {
    service: Service,
    kind: &'static Kind,
    context: Context,
    header: UpsertHeader,
    org: String,
    upload: String,
    pieces: i64,
    fingerprint: String,
    /// Records that could not be parsed.
    refused: Vec<RecordResult>,
    tally: Mutex<Upserted>,
    /// Whether a dry run has completed and was rolled back.
    rehearsed: AtomicBool,
}

impl Bulk {
    async fn apply(self: &Arc<Self>) -> Result<Upserted, Error> {
        let database = &self.service.inner.database;
        let key = remembered_key(&self.context);
        if self.context.validate_only || !self.header.partial {
            let bulk = Arc::clone(self);
            let steps: Steps = Arc::new(move |conn, n| {
                let bulk = Arc::clone(&bulk);
                Box::pin(async move { bulk.step(conn, n).await })
            });
            let answer = database.transact_steps(&self.org, key, steps).await;
            return match answer {
                Ok(answer) => Self::answered(answer),
                // A rehearsed transaction was rolled back on purpose; its results are returned.
                Err(_) if self.rehearsed.load(Ordering::Acquire) => Ok(self.take()),
                Err(error) => Err(error),
            };
        }
        if let Some(done) = self.find_kept(key.clone()).await? {
            return Ok(done);
        }
        self.begin();
        for n in 0..self.pieces {
            let bulk = Arc::clone(self);
            let decide: Job = Arc::new(move |conn| {
                let bulk = Arc::clone(&bulk);
                Box::pin(async move {
                    let (plan, results) = bulk.piece(conn, n).await?;
                    Ok(Plan { answer: Box::new(results), ..plan })
                })
            });
            let answer = database.transact(&self.org, None, decide).await?;
            let results = answer
                .downcast::<Vec<RecordResult>>()
                .map_err(|_| Error::internal("an answer has another type than was asked for"))?;
            self.keep(*results);
        }
        let bulk = Arc::clone(self);
        let decide: Job = Arc::new(move |conn| {
            let bulk = Arc::clone(&bulk);
            Box::pin(async move { bulk.last(conn).await })
        });
        Self::answered(database.transact(&self.org, key, decide).await?)
    }

    fn answered(answer: Box<dyn std::any::Any + Send>) -> Result<Upserted, Error> {
        answer
            .downcast::<Upserted>()
            .map(|done| *done)
            .map_err(|_| Error::internal("an answer has another type than was asked for"))
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Upserted> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resets the counts, because the database may run the transaction again.
    fn begin(&self) {
        *self.tally() = Upserted::default();
        self.keep(self.refused.clone());
    }

    fn keep(&self, results: Vec<RecordResult>) {
        let mut tally = self.tally();
        for mut result in results {
            if let Err(error) = &mut result.done
                && tally.refused >= TOLD_MAX as u64
            {
                error.faults.clear();
            }
            tally.add(result);
        }
    }

    fn take(&self) -> Upserted {
        let mut done = std::mem::take(&mut *self.tally());
        done.results.sort_by_key(|result| result.line);
        done
    }

    async fn find_kept(self: &Arc<Self>, key: Option<Key>) -> Result<Option<Upserted>, Error> {
        let Some(key) = key else { return Ok(None) };
        let bulk = Arc::clone(self);
        let asked = key.clone();
        let decide: Job = Arc::new(move |conn| {
            let (bulk, key) = (Arc::clone(&bulk), asked.clone());
            Box::pin(async move {
                let found = bulk.replayed(conn, Some(&key))?;
                Ok(Plan::nothing(bulk.act(conn).await?, Box::new(found)))
            })
        });
        let answer = self.service.inner.database.transact(&self.org, Some(key), decide).await?;
        answer
            .downcast::<Option<Upserted>>()
            .map(|found| *found)
            .map_err(|_| Error::internal("an answer has another type than was asked for"))
    }

    /// The stored response to the same earlier request.
    fn replayed(&self, conn: &Conn, key: Option<&Key>) -> Result<Option<Upserted>, Fail> {
        let Some(key) = key else { return Ok(None) };
        let Some((before, kept)) = idempotency::find(conn, key)? else { return Ok(None) };
        if before != self.fingerprint {
            return Err(Error::new(Reason::KeyReused, "this idempotency key was used with another request").into());
        }
        let kept: Kept = serde_json::from_str(&kept).map_err(|cause| Fail::broken(cause))?;
        Ok(Some(kept.replay()))
    }

    async fn act(&self, conn: &Conn) -> Result<Act, Fail> {
        let access = self.service.access(conn, &self.context.caller).await?;
        Ok(Act {
            org: self.org.clone(),
            actor: access.actor.clone(),
            now: self.service.inner.clock.now(),
            request_id: self.context.request_id.clone(),
        })
    }

    /// One step of the transaction that writes all pieces.
    async fn step(&self, conn: &Conn, n: usize) -> Result<Step, Fail> {
        if n == 0 {
            if let Some(done) = self.replayed(conn, remembered_key(&self.context).as_ref())? {
                return Ok(Step::Last(Plan::nothing(self.act(conn).await?, Box::new(done))));
            }
            self.begin();
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        if n >= self.pieces {
            if self.context.validate_only {
                self.rehearsed.store(true, Ordering::Release);
                return Err(Error::internal("a rehearsal ends without a commit").into());
            }
            return self.last(conn).await.map(Step::Last);
        }
        let (plan, results) = self.piece(conn, n).await?;
        let refused: Vec<RecordResult> = results.iter().filter(|result| result.done.is_err()).cloned().collect();
        if !self.header.partial && !refused.is_empty() {
            return Err(refuse_all(&refused).into());
        }
        self.keep(results);
        Ok(Step::More(plan))
    }

    /// The last step: stores the response under the idempotency key.
    async fn last(&self, conn: &Conn) -> Result<Plan, Fail> {
        let act = self.act(conn).await?;
        let key = remembered_key(&self.context);
        if let Some(done) = self.replayed(conn, key.as_ref())? {
            return Ok(Plan::nothing(act, Box::new(done)));
        }
        let mut done = self.tally().clone();
        done.results.sort_by_key(|result| result.line);
        let remembered = key.map(|Key { subject, key, .. }| Remembered {
            subject,
            key,
            fingerprint: self.fingerprint.clone(),
            answer: serde_json::to_string(&Kept::of(&done)).unwrap_or_default(),
        });
        Ok(Plan { remembered, ..Plan::nothing(act, Box::new(done)) })
    }

    /// Decides the records of a piece.
    async fn piece(&self, conn: &Conn, n: i64) -> Result<(Plan, Vec<RecordResult>), Fail> {
        let bytes = blob::get_piece(conn, &self.org, &self.upload, n).await?;
        let records: Vec<(u32, Record)> =
            serde_json::from_slice(&bytes).map_err(|cause| Fail::broken(format!("piece {n}: {cause}")))?;
        let (lines, records): (Vec<u32>, Vec<Record>) = records.into_iter().unzip();
        let (plan, results) =
            decide_piece(&self.service, &self.context, conn, self.kind, &self.header.source, records).await?;
        let result = |(line, done): (u32, Result<Written, Error>)| RecordResult {
            line,
            done: done.map(|done| (done.outcome, done.seen.resource.common().id)).map_err(Box::new),
        };
        Ok((plan, lines.into_iter().zip(results).map(result).collect()))
    }
}

/// Decides upserts that are written together, each separately: a rejected one does not affect the others.
pub(crate) async fn decide_piece(
    service: &Service,
    context: &Context,
    conn: &Conn,
    kind: &'static Kind,
    source: &str,
    records: Vec<Record>,
) -> Result<(Plan, Vec<Result<Written, Error>>), Fail> {
    let clock = &service.inner.clock;
    let access = service.access(conn, &context.caller).await?;
    let write = WriteContext::new(context, conn, access, clock);
    let item = |Record { external_id, source_version, body }| Item::Upsert {
        new_id: clock.new_id(),
        source: source.to_owned(),
        external_id,
        source_version,
        body,
        if_match: None,
    };
    let items: Vec<Item> = records.into_iter().map(item).collect();
    prefetch(&write, kind, &items).await?;
    let command = Command { partial: true, ..Command::many(kind, "upsert_many", Value::Null, items) };
    let results = decide_items(&write, &command, &service.feature(kind).hooks).await?;
    Ok((Plan { effects: write.take_effects(), ..Plan::nothing(write.act(), Box::new(())) }, results))
}

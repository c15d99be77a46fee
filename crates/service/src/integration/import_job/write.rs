//! Writes the staged records of a file like any caller: all in one transaction, or each piece in its own. A dry run is
//! the one transaction, rolled back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use steerco_domain::error::{Error, Fault};
use steerco_domain::import_job::{ImportCounts, ImportOutcome};
use steerco_domain::interchange::{Link, Record};
use steerco_domain::resource::Kind;
use steerco_domain::text::Text;
use steerco_persistence::plan::{Step, Steps};
use steerco_persistence::{Act, Conn, Fail, Job, Plan, blob, query};

use super::rates::put_rates;
use super::stage;
use crate::bulk::decide_piece;
use crate::{Context, Outcome, Service};

/// Maximum number of identifiers that are cached to avoid repeated look-ups.
const KNOWN_MAX: usize = 300_000;
/// Number of rejected records that are reported with every fault; later ones are reported with the first fault only.
const TOLD_MAX: i32 = 20_000;

/// Outcome of a record; in a dry run the expected outcome.
#[derive(Clone, Debug)]
pub(super) enum Did {
    Lost,
    Refused(Box<[Fault]>),
    /// With the id of its resource.
    Done(ImportOutcome, String),
}

/// Outcomes of all records.
#[derive(Default)]
pub(super) struct Done {
    pub(super) did: Vec<Did>,
    pub(super) counts: ImportCounts,
    /// Ids by kind and identifier.
    known: HashMap<(&'static str, String), String>,
}

impl Done {
    fn add(&mut self, decided: Decided) {
        for mut did in decided.did {
            let counts = &mut self.counts;
            counts.records += 1;
            let count = match &mut did {
                Did::Lost => &mut counts.lost,
                Did::Refused(faults) => {
                    if counts.refused >= TOLD_MAX {
                        *faults = faults.first().cloned().into_iter().collect();
                    }
                    &mut counts.refused
                }
                Did::Done(ImportOutcome::Created, _) => &mut counts.created,
                Did::Done(ImportOutcome::Unchanged, _) => &mut counts.unchanged,
                Did::Done(..) => &mut counts.updated,
            };
            *count += 1;
            self.did.push(did);
        }
        for (key, id) in decided.learned {
            if self.known.len() < KNOWN_MAX {
                self.known.insert(key, id);
            }
        }
    }
}

/// A decided piece.
struct Decided {
    did: Vec<Did>,
    learned: Vec<((&'static str, String), String)>,
}

/// A staged file that is being written.
pub(super) struct Work {
    pub(super) service: Service,
    pub(super) context: Context,
    pub(super) source: String,
    pub(super) upload: String,
    pub(super) pieces: i64,
    /// Whether the records are exchange rates of the bank, which are found by currency and day.
    pub(super) of_bank: bool,
    pub(super) done: Mutex<Done>,
    /// Whether the one transaction has processed all records and was rolled back.
    pub(super) rehearsed: AtomicBool,
}

impl Work {
    pub(super) fn done(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn org(&self) -> &str {
        self.context.caller.organisation()
    }

    /// Writes everything in one transaction, and rolls it back if a record is rejected or if nothing is to be `kept`.
    pub(super) async fn whole(self: &Arc<Self>, kept: bool) -> Result<(), Error> {
        let work = Arc::clone(self);
        let steps: Steps = Arc::new(move |conn, n| {
            let work = Arc::clone(&work);
            Box::pin(async move { work.step(conn, n, kept).await })
        });
        match self.service.inner.database.transact_steps(self.org(), None, steps).await {
            Err(_) if self.rehearsed.load(Ordering::Acquire) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn step(&self, conn: &Conn, n: usize, kept: bool) -> Result<Step, Fail> {
        if n == 0 {
            // The database may run the transaction again.
            *self.done() = Done::default();
        }
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        if n < self.pieces {
            let (plan, decided) = self.piece(conn, n).await?;
            self.done().add(decided);
            return Ok(Step::More(plan));
        }
        if kept && self.done().counts.refused == 0 {
            return Ok(Step::Last(Plan::nothing(self.act(conn).await?, Box::new(()))));
        }
        self.rehearsed.store(true, Ordering::Release);
        Err(Error::internal("a rehearsal ends without a commit").into())
    }

    /// Writes a piece in its own transaction: all records that can be written.
    pub(super) async fn one(self: &Arc<Self>, n: i64) -> Result<(), Error> {
        let work = Arc::clone(self);
        let decide: Job = Arc::new(move |conn| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let (plan, decided) = work.piece(conn, n).await?;
                Ok(Plan { answer: Box::new(decided), ..plan })
            })
        });
        let answer = self.service.inner.database.transact(self.org(), None, decide).await?;
        let decided = answer
            .downcast::<Decided>()
            .map_err(|_| Error::internal("an answer has another type than was asked for"))?;
        self.done().add(*decided);
        Ok(())
    }

    async fn act(&self, conn: &Conn) -> Result<Act, Fail> {
        Ok(Act {
            org: self.org().to_owned(),
            actor: self.service.access(conn, &self.context.caller).await?.actor.clone(),
            now: self.service.inner.clock.now(),
            request_id: self.context.request_id.clone(),
        })
    }

    /// Decides the records of a piece.
    async fn piece(&self, conn: &Conn, n: i64) -> Result<(Plan, Decided), Fail> {
        let bytes = blob::get_piece(conn, self.org(), &self.upload, n).await?;
        let (mut did, mut ready, mut learned) = (Vec::new(), Vec::new(), Vec::new());
        let mut kind = None;
        for Record { kind: own, external_id, source_version, mut body, links, mut faults, .. } in
            stage::records(&bytes)?
        {
            kind = kind.or(own);
            if own.is_none() {
                did.push(Did::Lost);
                continue;
            }
            self.resolve(conn, &links, &mut body, &mut faults, &mut learned).await?;
            if faults.is_empty() {
                ready.push((did.len(), crate::bulk_records::Record { external_id, source_version, body }));
            }
            did.push(Did::Refused(faults.into()));
        }
        let Some(kind) = kind.filter(|_| !ready.is_empty()) else {
            return Ok((Plan::nothing(self.act(conn).await?, Box::new(())), Decided { did, learned }));
        };
        let (places, records): (Vec<usize>, Vec<crate::bulk_records::Record>) = ready.into_iter().unzip();
        let ids: Vec<String> = records.iter().map(|record| record.external_id.clone()).collect();
        let of_kind =
            steerco_domain::find_kind(kind).ok_or_else(|| Error::internal("a staged record has an unknown kind"))?;
        let (plan, results) = decide(self, conn, of_kind, records).await?;
        for ((place, external_id), result) in places.into_iter().zip(ids).zip(results) {
            did[place] = match result {
                Ok((id, outcome)) => {
                    learned.push(((kind, external_id), id.clone()));
                    Did::Done(outcome, id)
                }
                Err(error) => Did::Refused(faults(error).into()),
            };
        }
        Ok((plan, Decided { did, learned }))
    }

    /// Rejects a file that repeats the identifiers of other work: more than half of the stored activities and milestones
    /// that it names, and at least two, would get another title.
    pub(super) async fn refuse_replacement(&self) -> Result<(), Error> {
        let conn = self.service.inner.database.read(self.org()).await.map_err(Fail::into_error)?;
        let (stored, renamed) = self.count_renamed(&conn).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        if renamed < 2 || renamed * 2 <= stored {
            return Ok(());
        }
        let detail = format!(
            "{renamed} of the {stored} stored activities and milestones that the file names would get another title: it \
             seems to be another schedule. Import it into a project of its own, or with another source; if it is the \
             successor of the stored one, make an import job with replace: true"
        );
        Err(Error::fault("/replace", "WOULD_REPLACE", detail))
    }

    async fn count_renamed(&self, conn: &Conn) -> Result<(usize, usize), Fail> {
        let (mut stored, mut renamed) = (0, 0);
        for n in 0..self.pieces {
            let records = stage::records(&blob::get_piece(conn, self.org(), &self.upload, n).await?)?;
            let titled = |record: &&Record| matches!(record.kind, Some("activity" | "milestone"));
            let titled: HashMap<&str, &Record> =
                records.iter().filter(titled).map(|record| (record.external_id.as_str(), record)).collect();
            // A piece has records of one kind.
            let Some(kind) = titled.values().find_map(|record| steerco_domain::find_kind(record.kind?)) else {
                continue;
            };
            let ids: Vec<&str> = titled.keys().copied().collect();
            for (external_id, id, _) in query::find_refs(conn, self.org(), kind, &self.source, &ids).await? {
                let title = query::find_text(conn, self.org(), kind, &id, "title").await?;
                let told = titled.get(external_id.as_str()).and_then(|record| record.body.get("title")?.as_str());
                stored += 1;
                renamed += usize::from(title.as_deref() != told);
            }
        }
        Ok((stored, renamed))
    }

    /// Replaces identifiers by ids, including those of resources that this file created earlier.
    async fn resolve(
        &self,
        conn: &Conn,
        links: &[Link],
        body: &mut Map<String, Value>,
        errors: &mut Vec<Fault>,
        learned: &mut Vec<((&'static str, String), String)>,
    ) -> Result<(), Fail> {
        for Link { field, kind, external_id } in links {
            let key = (*kind, external_id.clone());
            let known = self.done().known.get(&key).cloned();
            let found = match known {
                None => self.look_up(conn, kind, external_id).await?,
                known => known,
            };
            if let Some(id) = found {
                body.insert(field.clone(), json!(id));
                learned.push((key, id));
            } else {
                let shown: String = external_id.chars().take(80).collect();
                let detail = format!("the source has no {kind} {shown:?}, and the file has none before this record");
                errors.push(Fault::new(format!("/{field}"), "NOT_FOUND", detail));
            }
        }
        Ok(())
    }

    async fn look_up(&self, conn: &Conn, kind: &str, external_id: &str) -> Result<Option<String>, Fail> {
        let Some(kind) = steerco_domain::find_kind(kind) else { return Ok(None) };
        if Text::<200>::parse(external_id).is_err() {
            return Ok(None);
        }
        Ok(query::find_ref(conn, self.org(), kind, &self.source, external_id).await?.map(|(id, _)| id))
    }
}

/// The id of a resource, and the outcome of its record.
pub(super) type Outcomes = Vec<Result<(String, ImportOutcome), Error>>;

async fn decide(
    work: &Work,
    conn: &Conn,
    kind: &'static Kind,
    records: Vec<crate::bulk_records::Record>,
) -> Result<(Plan, Outcomes), Fail> {
    if work.of_bank {
        let bodies = records.into_iter().map(|record| record.body).collect();
        return put_rates(&work.service, &work.context, conn, bodies).await;
    }
    let (plan, results) = decide_piece(&work.service, &work.context, conn, kind, &work.source, records).await?;
    Ok((plan, results.into_iter().map(|result| result.map(|written| outcome_of(&written))).collect()))
}

/// The id of what was written, and the outcome of its record.
pub(super) fn outcome_of(written: &crate::Written) -> (String, ImportOutcome) {
    let outcome = match written.outcome {
        Outcome::Created => ImportOutcome::Created,
        Outcome::Unchanged | Outcome::Stale => ImportOutcome::Unchanged,
        _ => ImportOutcome::Updated,
    };
    (written.seen.resource.id_text(), outcome)
}

/// An error as faults, also if it has none.
pub(super) fn faults(error: Error) -> Vec<Fault> {
    if error.faults.is_empty() { vec![Fault::new("", error.reason.code(), error.detail)] } else { error.faults }
}

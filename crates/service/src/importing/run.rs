//! A run: reads the file, writes its records or checks them, and reports.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use steerco_domain::access::{Row, find};
use steerco_domain::error::{Error, Fault, Reason};
use steerco_domain::import_job::{ImportCounts, ImportFormat, ImportJob, ImportOutcome, ImportState};
use steerco_domain::interchange::csv_records::Layout;
use steerco_domain::interchange::schedule::Target;
use steerco_domain::interchange::{Link, Record};
use steerco_domain::mapping_profile::{MappingProfile, importable};
use steerco_domain::organisation::Organisation;
use steerco_domain::ratio::Ratio;
use steerco_domain::resource::Resource;
use steerco_domain::text::{Code, Text};
use steerco_persistence::{Fail, query};

use super::report::{ImportRecord, Report, Whole};
use super::source::{Plan, Reading};
use super::write::{Ready, faults, write_kind};
use crate::decide::check_source_code;
use crate::execute::{Env, Item, Wish};
use crate::{Context, ListArgs, ReadArgs, Service};

const APPLY: &Row = find("import_job", "apply");
/// Microseconds between two times that the job says how far the run is.
const TOLD: i64 = 2_000_000;
/// Identifiers that are remembered, so that not every one is looked up again.
const KNOWN_MAX: usize = 300_000;

/// Starts a run of this job as this caller.
pub(super) fn start(service: &Service, context: &Context, job: &ImportJob) {
    let context = Context { idempotency_key: None, if_match: None, validate_only: false, ..context.clone() };
    let run = Run { service: service.clone(), context, job: job.clone() };
    tokio::spawn(async move { run.go().await });
}

struct Run {
    service: Service,
    context: Context,
    job: ImportJob,
}

/// How a run ended.
struct Ended {
    state: ImportState,
    failure: Option<String>,
    report: Option<Whole>,
}

impl Run {
    async fn go(self) {
        let ended = match self.run().await {
            Ok(ended) => ended,
            Err(error) => Ended { state: ImportState::Failed, failure: Some(told(&error)), report: None },
        };
        if let Err(error) = self.finish(ended).await {
            tracing::warn!(job = self.job.id_text(), ?error, "the end of an import cannot be written down");
        }
    }

    async fn run(&self) -> Result<Ended, Error> {
        let plan = Arc::new(self.plan().await?);
        let applying = self.job.state == ImportState::Applying;
        if !applying || !self.job.partial {
            let (report, read) = self.pass(&plan, true).await?;
            if let Err(error) = read {
                return Ok(Ended { state: ImportState::Failed, failure: Some(told(&error)), report: Some(report) });
            }
            if !applying {
                return Ok(Ended { state: ImportState::Checked, failure: None, report: Some(report) });
            }
            if report.counts.refused > 0 {
                let failure =
                    format!("nothing was written: {} records are refused, see the report", report.counts.refused);
                return Ok(Ended { state: ImportState::Failed, failure: Some(failure), report: Some(report) });
            }
        }
        let (report, read) = self.pass(&plan, false).await?;
        let (state, failure) = match read {
            Ok(()) => (ImportState::Applied, None),
            Err(error) => {
                (ImportState::Failed, Some(format!("what the report tells was written, and no more: {}", told(&error))))
            }
        };
        Ok(Ended { state, failure, report: Some(report) })
    }

    /// How the file is to be read.
    async fn plan(&self) -> Result<Plan, Error> {
        self.check_source().await?;
        let job = &self.job;
        if job.format != ImportFormat::Csv {
            let organisation = self.context.caller.organisation();
            let organisation =
                self.service.get::<Organisation>(&self.context.caller, organisation, &ReadArgs::default()).await?;
            let target = Target {
                project_id: job.project_id.map(|id| id.to_string()),
                program_id: job.program_id.map(|id| id.to_string()),
                deliverable_id: job.deliverable_id.map(|id| id.to_string()),
                engagement_id: job.engagement_id.map(|id| id.to_string()),
                time_zone: organisation.resource.time_zone.to_string(),
                without_calendars: job.without_calendars,
            };
            return Ok(Plan::Schedule(job.format, target));
        }
        let Some(code) = job.profile.as_ref().map(Code::as_str) else {
            let kind = job.record_kind.as_ref().and_then(|kind| importable(kind.as_str()));
            return kind.map(|kind| Plan::Csv(Layout::plain(kind))).ok_or_else(Error::internal);
        };
        let args = ListArgs { filter: Some(format!("code = \"{code}\"")), ..ListArgs::default() };
        let found = self.service.list::<MappingProfile>(&self.context.caller, &args).await?.items.pop();
        let missing = || Error::fault("/profile", "NOT_FOUND", format!("there is no mapping_profile {code}"));
        let profile = found.ok_or_else(missing)?;
        let of_costs = || {
            let detail = format!("the profile {code} is of files of costs: post those as actuals");
            Error::fault("/profile", "DOES_NOT_FIT", detail)
        };
        let kind = profile.kind.as_ref().and_then(|kind| importable(kind.as_str())).ok_or_else(of_costs)?;
        Ok(Plan::Csv(Layout::of(&profile, kind)))
    }

    /// One that may not be written under would be refused with every record.
    async fn check_source(&self) -> Result<(), Error> {
        let conn =
            self.service.inner.database.read(self.context.caller.organisation()).await.map_err(Fail::into_error)?;
        let checked = async {
            let access = self.service.access(&conn, &self.context.caller).await?;
            let env = Env::new(&self.context, &conn, access, &self.service.inner.clock);
            check_source_code(&env, self.job.source.as_str()).await
        };
        checked.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)
    }

    /// Reads the whole file once; what it came to, and whether it could be read to its end.
    async fn pass(&self, plan: &Arc<Plan>, dry: bool) -> Result<(Whole, Result<(), Error>), Error> {
        let missing = || Error::new(Reason::WrongState, "the file is still to come");
        let (sha256, size) = self.job.sha256.as_ref().zip(self.job.size_bytes).ok_or_else(missing)?;
        let size = u64::try_from(size.0).unwrap_or_default();
        let org = self.context.caller.organisation();
        let file = self.service.find_content(org, sha256.as_str(), size).await?;
        let staged = self.service.begin_staging(org).await?;
        let run = staged.upload.clone();
        let mut pass = Pass {
            run: self,
            context: Context { validate_only: dry, ..self.context.clone() },
            report: Report::new(staged, &run),
            known: HashMap::new(),
            planned: HashSet::new(),
        };
        let mut reading = Reading::start(&self.service, file, Arc::clone(plan));
        let now = || self.service.inner.clock.now().micros();
        let (mut told_at, mut written) = (now(), Ok(()));
        while let Some(batch) = reading.batches.recv().await {
            written = pass.take(batch).await;
            if written.is_err() {
                break;
            }
            if now() - told_at > TOLD {
                told_at = now();
                let done = reading.bytes.load(Ordering::Relaxed);
                self.tell(pass.report.counts.clone(), done, size).await?;
            }
        }
        let read = reading.end().await;
        let report = pass.report.end().await?;
        // Where writing failed, reading broke off because of it.
        Ok((report, written.and(read)))
    }

    /// Says how far the run is.
    async fn tell(&self, counts: ImportCounts, done: u64, size: u64) -> Result<(), Error> {
        let share = i32::try_from(done.min(size).saturating_mul(1_000_000) / size.max(1)).unwrap_or_default();
        let started_at = self.job.started_at;
        self.change(None, move |job| {
            if job.started_at != started_at {
                return Err(Error::new(Reason::WrongState, "another run has begun"));
            }
            job.counts = counts.clone();
            job.progress = Ratio::from_millionths(share);
            Ok(())
        })
        .await
    }

    async fn finish(&self, ended: Ended) -> Result<(), Error> {
        let Ended { state, failure, report } = ended;
        let now = self.service.inner.clock.now();
        let failure = failure.map(|failure| failure.chars().take(2_000).collect::<String>());
        let failure = failure.and_then(|failure| Text::parse(&failure).ok());
        let link = report.as_ref().map(|whole| self.service.link(&whole.sha256, whole.size, &whole.staged.upload));
        let (counts, sha256) =
            report.as_ref().map_or_else(Default::default, |whole| (whole.counts.clone(), Some(whole.sha256.clone())));
        let started_at = self.job.started_at;
        let written = self
            .change(link, move |job| {
                if job.started_at != started_at {
                    return Err(Error::new(Reason::WrongState, "another run has begun"));
                }
                (job.state, job.ended_at, job.failure) = (state, Some(now), failure.clone());
                job.counts = counts.clone();
                job.report_sha256 = sha256.as_ref().and_then(|sha256| Text::parse(sha256).ok());
                job.progress = Ratio::from_millionths(Ratio::ONE).filter(|_| state != ImportState::Failed);
                Ok(())
            })
            .await;
        // What may have been linked stays.
        let may_stay = match &written {
            Ok(()) => true,
            Err(error) => matches!(error.reason, Reason::Internal | Reason::Unavailable | Reason::Deadline),
        };
        if let Some(mut whole) = report.filter(|_| may_stay) {
            whole.staged.keep();
        }
        written
    }

    async fn change(
        &self,
        link: Option<steerco_persistence::blob::Link>,
        change: impl Fn(&mut ImportJob) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let item = Item::Act {
            id: self.job.id_text(),
            row: APPLY,
            if_match: None,
            decide: Arc::new(move |job: &mut ImportJob, _| change(job)),
        };
        let wish = Wish { link, ..Wish::one("apply", json!([self.job.id_text()]), item) };
        self.service.execute_one(&self.context, wish).await.map(|_| ())
    }
}

/// One reading of the file.
struct Pass<'a> {
    run: &'a Run,
    context: Context,
    report: Report,
    /// Ids by kind and identifier.
    known: HashMap<(&'static str, String), String>,
    /// What a dry run would make.
    planned: HashSet<(&'static str, String)>,
}

impl Pass<'_> {
    async fn take(&mut self, batch: Vec<Record>) -> Result<(), Error> {
        let mut rest = batch.into_iter().peekable();
        while let Some(first) = rest.next() {
            let kind = first.kind;
            let mut same = vec![first];
            while let Some(next) = rest.next_if(|record| record.kind == kind) {
                same.push(next);
            }
            self.take_kind(kind, same).await?;
        }
        Ok(())
    }

    /// Records of one kind, in the order of the file.
    async fn take_kind(&mut self, kind: Option<&'static str>, records: Vec<Record>) -> Result<(), Error> {
        let mut told = Vec::with_capacity(records.len());
        let (mut ready, mut places) = (Vec::new(), Vec::new());
        for record in records {
            let Record { place, external_id, mut body, links, mut notes, faults, .. } = record;
            let mut one = ImportRecord {
                record: 0,
                place,
                kind: kind.map(str::to_owned),
                external_id: Some(external_id.clone()).filter(|id| !id.is_empty()),
                outcome: if kind.is_some() { ImportOutcome::Refused } else { ImportOutcome::Lost },
                resource_id: None,
                notes: Vec::new(),
                errors: faults,
            };
            if let Some(kind) = kind {
                let waits = self.resolve(&links, &mut body, &mut one.errors).await?;
                if one.errors.is_empty() && waits {
                    // It names what this file makes: in a dry run there is nothing yet to check it against.
                    one.outcome = ImportOutcome::Created;
                    self.planned.insert((kind, external_id));
                } else if one.errors.is_empty() {
                    places.push((told.len(), external_id.clone()));
                    ready.push(Ready { external_id, body });
                }
            }
            one.notes.append(&mut notes);
            told.push(one);
        }
        if let Some(kind) = kind.filter(|_| !ready.is_empty()) {
            self.write(kind, ready, &places, &mut told).await?;
        }
        for one in told {
            self.report.add(one).await?;
        }
        Ok(())
    }

    async fn write(
        &mut self,
        kind: &'static str,
        ready: Vec<Ready>,
        places: &[(usize, String)],
        told: &mut [ImportRecord],
    ) -> Result<(), Error> {
        let dry = self.context.validate_only;
        let partial = dry || self.run.job.partial;
        let source = self.run.job.source.as_str();
        let done = write_kind(&self.run.service, &self.context, kind, source, ready, partial).await?;
        for ((place, external_id), done) in places.iter().zip(done) {
            let one = &mut told[*place];
            match done {
                Ok((id, outcome)) => {
                    one.outcome = outcome;
                    if dry && outcome == ImportOutcome::Created {
                        self.planned.insert((kind, external_id.clone()));
                    } else {
                        one.resource_id = Some(id.clone());
                        self.remember(kind, external_id, id);
                    }
                }
                Err(errors) => one.errors = errors,
            }
        }
        Ok(())
    }

    fn remember(&mut self, kind: &'static str, external_id: &str, id: String) {
        if self.known.len() < KNOWN_MAX {
            self.known.insert((kind, external_id.to_owned()), id);
        }
    }

    /// Puts ids in the place of identifiers. Answers whether one of them is still to be made.
    async fn resolve(
        &mut self,
        links: &[Link],
        body: &mut serde_json::Map<String, Value>,
        errors: &mut Vec<Fault>,
    ) -> Result<bool, Error> {
        let mut waits = false;
        for link in links {
            let key = (link.kind, link.external_id.clone());
            let found = match self.known.get(&key) {
                Some(id) => Some(id.clone()),
                None => self.look_up(link).await?,
            };
            match found {
                Some(id) => {
                    body.insert(link.field.clone(), json!(id));
                    self.remember(link.kind, &link.external_id, id);
                }
                None if self.planned.contains(&key) => waits = true,
                None => {
                    let shown: String = link.external_id.chars().take(80).collect();
                    let detail = format!("there is no {} {shown:?} of this source", link.kind);
                    errors.push(Fault::new(format!("/{}", link.field), "NOT_FOUND", detail));
                }
            }
        }
        Ok(waits)
    }

    async fn look_up(&self, link: &Link) -> Result<Option<String>, Error> {
        let Some(kind) = steerco_domain::find_kind(link.kind) else { return Ok(None) };
        if Text::<200>::parse(&link.external_id).is_err() {
            return Ok(None);
        }
        let service = &self.run.service;
        let org = self.context.caller.organisation();
        let conn = service.inner.database.read(org).await.map_err(Fail::into_error)?;
        let found = query::find_ref(&conn, org, kind, self.run.job.source.as_str(), &link.external_id).await;
        let found = found.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found.map(|(id, _)| id))
    }
}

/// An error in one text.
fn told(error: &Error) -> String {
    let faults = faults(error.clone());
    let all: Vec<String> =
        faults.iter().take(10).map(|fault| format!("{} {}", fault.pointer, fault.detail).trim().to_owned()).collect();
    if error.faults.is_empty() { error.detail.clone() } else { all.join("; ") }
}

//! A run: reads the file, stages its records, writes them or rehearses it, and reports.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use steerco_domain::access::{Permission, find};
use steerco_domain::error::{Error, Reason};
use steerco_domain::import_job::{ImportCounts, ImportFormat, ImportJob, ImportOutcome, ImportState};
use steerco_domain::interchange::Record;
use steerco_domain::interchange::csv_records::Layout;
use steerco_domain::interchange::schedule::Target;
use steerco_domain::mapping_profile::{MappingProfile, importable};
use steerco_domain::organisation::Organisation;
use steerco_domain::ratio::Ratio;
use steerco_domain::resource::Resource;
use steerco_domain::text::{Code, Text};
use steerco_persistence::{Effect, Fail, blob};

use super::report::{ImportRecord, Report, Whole};
use super::source::{Plan, Reading};
use super::stage::{self, Stager};
use super::write::{Did, Work, faults};
use crate::command::{Command, Item, decide_by};
use crate::failure::{Origin, log_failure};
use crate::source::check_source_code;
use crate::write_context::WriteContext;
use crate::{Context, ListArgs, ReadArgs, Service};

/// Maximum number of characters of the reason of a failure.
const FAILURE_MAX: usize = 2_000;
const APPLY: &Permission = find("import_job", "apply");
/// Microseconds between two progress updates of the job.
const TOLD: i64 = 2_000_000;
/// Millionths of progress for reading the file; the rest is for writing its records.
const HALF: i64 = 500_000;

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

/// Result of a run.
struct Ended {
    state: ImportState,
    failure: Option<String>,
    report: Option<Whole>,
}

impl Run {
    async fn go(self) {
        let ended = match self.run().await {
            Ok(ended) => ended,
            Err(error) => {
                self.log(&error);
                Ended { state: ImportState::Failed, failure: Some(told(&error)), report: None }
            }
        };
        if let Err(error) = self.finish(ended).await {
            self.log(&error);
        }
    }

    /// A run answers nobody: what fails in it is logged here, under the request that began it.
    fn log(&self, error: &Error) {
        let Context { caller, request_id, .. } = &self.context;
        let operation = if self.job.state == ImportState::Applying { "apply_import_job" } else { "check_import_job" };
        let origin = Origin { request_id, operation, caller: caller.subject(), organisation: caller.organisation() };
        log_failure(error, &origin);
    }

    async fn run(&self) -> Result<Ended, Error> {
        let plan = Arc::new(self.plan().await?);
        let (stager, read) = self.stage(&plan).await?;
        let work = Arc::new(Work {
            service: self.service.clone(),
            context: self.context.clone(),
            source: self.job.source.as_str().to_owned(),
            upload: stager.staged.upload.clone(),
            pieces: stager.staged.pieces,
            of_bank: self.job.format == ImportFormat::EcbRates,
            done: Mutex::default(),
            rehearsed: AtomicBool::new(false),
        });
        if self.job.format.is_schedule() && self.job.replace != Some(true) {
            work.refuse_replacement().await?;
        }
        let applying = self.job.state == ImportState::Applying;
        let by_pieces = applying && self.job.partial;
        let written = if by_pieces {
            self.write_pieces(&work).await
        } else {
            // A file that cannot be read to its end is not applied.
            work.whole(applying && read.is_ok()).await
        };
        let refused = work.done().counts.refused;
        let kept = by_pieces || (applying && read.is_ok() && written.is_ok() && refused == 0);
        let report = if by_pieces || written.is_ok() { Some(self.report(&work, kept).await?) } else { None };
        let ended = written.and(read);
        if let Err(error) = &ended {
            self.log(error);
        }
        let failure = match ended {
            Err(error) if by_pieces => Some(format!("only the records in the report were written: {}", told(&error))),
            Err(error) => Some(told(&error)),
            Ok(()) if applying && !kept => {
                Some(format!("nothing was written: {refused} records were rejected, see the report"))
            }
            Ok(()) => None,
        };
        let state = match failure {
            Some(_) => ImportState::Failed,
            None if applying => ImportState::Applied,
            None => ImportState::Checked,
        };
        Ok(Ended { state, failure, report })
    }

    /// Writes piece by piece, and updates the progress.
    async fn write_pieces(&self, work: &Arc<Work>) -> Result<(), Error> {
        let mut told_at = self.service.inner.clock.now().micros();
        for n in 0..work.pieces {
            work.one(n).await?;
            let now = self.service.inner.clock.now().micros();
            if now - told_at > TOLD {
                told_at = now;
                let counts = work.done().counts.clone();
                self.tell(counts, HALF + HALF * (n + 1) / work.pieces).await?;
            }
        }
        Ok(())
    }

    /// The report of what was done; if not `kept`, of what would be done.
    async fn report(&self, work: &Work, kept: bool) -> Result<Whole, Error> {
        let org = self.context.caller.organisation();
        let mut report = Report::new(self.service.begin_staging(org).await?, &work.upload);
        let mut all = std::mem::take(&mut work.done().did).into_iter();
        for n in 0..work.pieces {
            let conn = self.service.inner.database.read(org).await.map_err(Fail::into_error)?;
            let piece = blob::get_piece(&conn, org, &work.upload, n).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            for Record { place, kind, external_id, notes, .. } in stage::records(&piece)? {
                // A run that was aborted has no more outcomes.
                let Some(did) = all.next() else { return report.end().await };
                let (outcome, id, errors) = match did {
                    Did::Lost => (ImportOutcome::Lost, None, Vec::new()),
                    Did::Refused(faults) => (ImportOutcome::Refused, None, faults.into_vec()),
                    Did::Done(outcome, id) => {
                        (outcome, Some(id).filter(|_| kept || outcome != ImportOutcome::Created), Vec::new())
                    }
                };
                let record = ImportRecord {
                    record: 0,
                    place,
                    kind: kind.map(str::to_owned),
                    external_id: Some(external_id).filter(|id| !id.is_empty()),
                    outcome,
                    resource_id: id,
                    notes,
                    errors,
                };
                report.add(record).await?;
            }
        }
        report.end().await
    }

    /// How the file is parsed.
    async fn plan(&self) -> Result<Plan, Error> {
        self.check_source().await?;
        let job = &self.job;
        if job.format == ImportFormat::EcbRates {
            return Ok(Plan::Rates(job.source.as_str().to_owned()));
        }
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
            return kind
                .map(|kind| Plan::Csv(Layout::plain(kind)))
                .ok_or_else(|| Error::internal("an import job names a kind that cannot be imported"));
        };
        let args = ListArgs { filter: Some(format!("code = \"{code}\"")), ..ListArgs::default() };
        let found = self.service.list::<MappingProfile>(&self.context.caller, &args).await?.items.pop();
        let missing = || Error::fault("/profile", "NOT_FOUND", format!("the mapping_profile {code} does not exist"));
        let profile = found.ok_or_else(missing)?;
        let of_costs = || {
            let detail = format!("the profile {code} is for cost files: post them as actuals");
            Error::fault("/profile", "DOES_NOT_FIT", detail)
        };
        let kind = profile.kind.as_ref().and_then(|kind| importable(kind.as_str())).ok_or_else(of_costs)?;
        Ok(Plan::Csv(Layout::of(&profile, kind)))
    }

    /// Checks the source once, because without permission every record would be rejected.
    async fn check_source(&self) -> Result<(), Error> {
        let conn =
            self.service.inner.database.read(self.context.caller.organisation()).await.map_err(Fail::into_error)?;
        let checked = async {
            let access = self.service.access(&conn, &self.context.caller).await?;
            let write = WriteContext::new(&self.context, &conn, access, &self.service.inner.clock);
            check_source_code(&write, self.job.source.as_str()).await
        };
        checked.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)
    }

    /// Reads the file and stages its records, including those before a fault. Returns also whether the file was read to its
    /// end.
    async fn stage(&self, plan: &Arc<Plan>) -> Result<(Stager, Result<(), Error>), Error> {
        let missing = || Error::new(Reason::WrongState, "the file has not been uploaded yet");
        let (sha256, size) = self.job.sha256.as_ref().zip(self.job.size_bytes).ok_or_else(missing)?;
        let size = u64::try_from(size.0).unwrap_or_default();
        let org = self.context.caller.organisation();
        let file = self.service.find_content(org, sha256.as_str(), size).await?;
        let mut stager = Stager::new(self.service.begin_staging(org).await?, self.job.source.as_str());
        let mut reading = Reading::start(&self.service, file, Arc::clone(plan));
        let now = || self.service.inner.clock.now().micros();
        let (mut told_at, mut kept) = (now(), Ok(()));
        while let Some(batch) = reading.batches.recv().await {
            for record in batch {
                kept = stager.add(&record).await;
                if kept.is_err() {
                    break;
                }
            }
            if kept.is_err() {
                break;
            }
            if now() - told_at > TOLD {
                told_at = now();
                let done = reading.bytes.load(Ordering::Relaxed).min(size);
                let share = i64::try_from(done.saturating_mul(HALF.unsigned_abs()) / size.max(1)).unwrap_or_default();
                self.tell(ImportCounts::default(), share).await?;
            }
        }
        let read = reading.end().await;
        // If staging failed, reading stopped because of it.
        let read = kept.and(read);
        stager.flush().await?;
        Ok((stager, read))
    }

    /// Updates the progress of the run.
    async fn tell(&self, counts: ImportCounts, share: i64) -> Result<(), Error> {
        let share = i32::try_from(share).unwrap_or_default();
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
        let failure = failure.map(|failure| Text::ours(storable(&failure)));
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
        // A report that may have been linked must not be removed.
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
            permission: APPLY,
            if_match: None,
            decide: decide_by(move |job: &mut ImportJob, _| change(job)),
            logged: false,
        };
        let command = Command {
            effects: link.map(Effect::Link).into_iter().collect(),
            ..Command::one(ImportJob::KIND, "apply", json!([self.job.id_text()]), item)
        };
        self.service.execute_one(&self.context, command).await.map(|_| ())
    }
}

/// An error as one text.
fn told(error: &Error) -> String {
    let faults = faults(error.clone());
    let all: Vec<String> =
        faults.iter().take(10).map(|fault| format!("{} {}", fault.pointer, fault.detail).trim().to_owned()).collect();
    if error.faults.is_empty() { error.detail.clone() } else { all.join("; ") }
}

/// A reason as it is stored: control characters of the file that it quotes are escaped, and it is cut to what fits.
fn storable(failure: &str) -> String {
    let plain = failure.chars().flat_map(|c| {
        let escaped = (c.is_control() && c != '\n').then(|| c.escape_default());
        let itself = escaped.is_none().then_some(c);
        escaped.into_iter().flatten().chain(itself)
    });
    plain.take(FAILURE_MAX).collect()
}

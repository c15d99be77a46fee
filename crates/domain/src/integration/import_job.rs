//! Import jobs: imports of files from other tools.

use steerco_derive::{input, resource, words};

use crate::attachment::Content;
use crate::deliverable::Deliverable;
use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::Long;
use crate::id::Id;
use crate::mapping_profile::importable;
use crate::program::Program;
use crate::project::Project;
use crate::ratio::Ratio;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::text::{Code, Text};
use crate::time::Instant;

/// Microseconds without a heartbeat after which a run counts as aborted.
const BROKEN_OFF: i64 = 5 * 60 * 1_000_000;

/// Import of a file from another tool, in steps: create the job, upload the content, run a dry run (`check`), run the import
/// (`apply`). Each run has a report of every record. Records are created or merged by their identifiers in the source, with
/// the permissions of the caller who applies the import. Importing the same file again changes nothing.
#[resource(
    prefix = "imp",
    plural = "import_jobs",
    scope = "InProgram",
    verbs(CheckImportJob, ApplyImportJob),
    rights("upload")
)]
pub struct ImportJob {
    /// The program of the job: the program of its project. Without one, the job is visible only to those who see the whole
    /// organisation.
    #[field(create, filter, parent, inherited)]
    pub program_id: Option<Id<Program>>,
    /// The project into which a schedule is imported. Without one, each project of the file becomes a project of
    /// `program_id`.
    #[field(create, filter, parent)]
    pub project_id: Option<Id<Project>>,
    /// The deliverable that receives the milestones of the file.
    #[field(create, filter)]
    pub deliverable_id: Option<Id<Deliverable>>,
    /// The engagement that receives the milestones of the file.
    #[field(create, filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Name, shown in lists, such as the name of the file.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Format of the file.
    #[field(create, filter)]
    pub format: ImportFormat,
    /// Code of the source of the identifiers.
    #[field(create, filter)]
    pub source: Code,
    /// Code of the mapping profile of a CSV file. Without one, columns are named like fields, and `external_id` is the
    /// identifier.
    #[field(create, filter)]
    pub profile: Option<Code>,
    /// Kind of resource that a line of a CSV file becomes, where no profile sets it.
    #[field(create, filter)]
    pub record_kind: Option<Text<64>>,
    /// Whether to write the valid records of a file with rejected records. Otherwise the whole file is one transaction, and
    /// one rejected record rejects all.
    #[field(create)]
    pub partial: bool,
    /// Whether to skip the calendars of a schedule.
    #[field(create)]
    pub without_calendars: bool,
    /// Whether a schedule may replace most of what is stored. Otherwise a file is rejected if more than half of the
    /// activities and milestones whose identifiers it repeats, and at least two, would get another title.
    #[field(create)]
    pub replace: Option<bool>,
    /// State of the job.
    #[field(filter)]
    pub state: ImportState,
    /// SHA-256 of the file, as 64 lower-case hexadecimal digits.
    #[field(filter)]
    pub sha256: Option<Text<64>>,
    /// Size of the file in bytes.
    #[field(filter)]
    pub size_bytes: Option<Long>,
    /// Share of the file that the run has read, from 0 to 1.
    #[field(system)]
    pub progress: Option<Ratio>,
    /// Records of the last run by outcome.
    #[field(system)]
    pub counts: ImportCounts,
    /// SHA-256 of the report of the last run.
    #[field(system)]
    pub report_sha256: Option<Text<64>>,
    /// Reason for the failure of the last run.
    #[field(system)]
    pub failure: Option<Text<2000>>,
    /// When the last run began (UTC).
    #[field(filter)]
    pub started_at: Option<Instant>,
    /// When it ended (UTC).
    #[field(filter)]
    pub ended_at: Option<Instant>,
}

/// Number of records of a run by outcome.
#[input(value)]
#[derive(Default)]
pub struct ImportCounts {
    /// All records.
    pub records: i32,
    /// Records that created a resource.
    pub created: i32,
    /// Records that changed a resource.
    pub updated: i32,
    /// Records that matched the resource already.
    pub unchanged: i32,
    /// Records that were rejected.
    pub refused: i32,
    /// Records without a matching kind in this service.
    pub lost: i32,
    /// Values that are dropped or changed.
    pub notes: i32,
}

/// Format of an import file.
#[words]
pub enum ImportFormat {
    /// A CSV file; a mapping profile may give another delimiter.
    Csv,
    /// XML of Microsoft Project.
    Mspdi,
    /// Exchange file of Primavera P6 (XER).
    Xer,
    /// A calendar (RFC 5545), whose events become milestones.
    Icalendar,
    /// Exchange rates of the European Central Bank, the historical or the daily file (CSV): spot rates of the euro, of all
    /// its days. A stored rate of the same day is compared, whatever stored it.
    EcbRates,
}

impl ImportFormat {
    /// Whether the file is the schedule of projects.
    pub fn is_schedule(self) -> bool {
        matches!(self, Self::Mspdi | Self::Xer)
    }
}

/// State of an import.
#[words]
#[derive(Default)]
pub enum ImportState {
    /// Waits for the file.
    #[default]
    Pending,
    /// The file is uploaded.
    Ready,
    /// A dry run is in progress.
    Checking,
    /// The dry run has ended; the report has the expected outcome of each record.
    Checked,
    /// The import is in progress.
    Applying,
    /// The import has ended; the report has the outcome of each record.
    Applied,
    /// The last run was aborted, or rejected records rejected the whole file. It can be started again.
    Failed,
}

/// Outcome of a record.
#[words]
pub enum ImportOutcome {
    /// It created a resource.
    Created,
    /// It changed a resource.
    Updated,
    /// The resource matched already.
    Unchanged,
    /// It was rejected.
    Refused,
    /// It has no matching kind in this service.
    Lost,
}

impl ImportJob {
    /// Whether a run is in progress.
    fn runs(&self, now: Instant) -> bool {
        let alive = now.micros() - self.updated_at.micros() < BROKEN_OFF;
        matches!(self.state, ImportState::Checking | ImportState::Applying) && alive
    }

    /// Accepts its file; the same file again changes nothing.
    pub fn take(&mut self, content: &Content, acting: &Acting) -> Result<(), Error> {
        if self.runs(acting.now) || self.state == ImportState::Applied {
            let detail = "the file of an import that runs or is applied stays as it is: make another import job";
            return Err(Error::new(Reason::WrongState, detail));
        }
        if self.sha256.as_ref().is_some_and(|known| known.as_str() == content.sha256) {
            return Ok(());
        }
        self.sha256 = Text::parse(&content.sha256).ok();
        self.size_bytes = Some(Long(content.size_bytes));
        self.state = ImportState::Ready;
        self.counts = ImportCounts::default();
        (self.report_sha256, self.failure, self.progress) = (None, None, None);
        Ok(())
    }

    /// Starts a run.
    fn begin(&mut self, state: ImportState, now: Instant) -> Result<(), Error> {
        let refused = |detail: &str| Err(Error::new(Reason::WrongState, detail));
        if self.runs(now) {
            return refused("a run is going on: wait for its end");
        }
        match self.state {
            ImportState::Pending => return refused("the file is still to come: upload it first"),
            ImportState::Applied => return refused("it is applied: make another import job"),
            _ => {}
        }
        self.state = state;
        self.counts = ImportCounts::default();
        (self.report_sha256, self.failure, self.ended_at) = (None, None, None);
        (self.started_at, self.progress) = (Some(now), Ratio::from_millionths(0));
        Ok(())
    }
}

/// Reads the file of an import and reports the expected outcome of each record, without writing. Returns at once; the job
/// becomes `checked` when it is done.
#[input]
pub struct CheckImportJob {}

impl Verb for CheckImportJob {
    type On = ImportJob;
    const NAME: &'static str = "check";
    fn decide(&self, job: &mut ImportJob, now: Instant) -> Result<(), Error> {
        job.begin(ImportState::Checking, now)
    }
}

/// Imports the file with the permissions of the caller. Returns at once; the job reports its progress and becomes `applied`
/// when it is done.
#[input]
pub struct ApplyImportJob {}

impl Verb for ApplyImportJob {
    type On = ImportJob;
    const NAME: &'static str = "apply";
    fn decide(&self, job: &mut ImportJob, now: Instant) -> Result<(), Error> {
        job.begin(ImportState::Applying, now)
    }
}

impl Rules for ImportJob {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        let is_csv = self.format == ImportFormat::Csv;
        if is_csv && self.profile.is_none() == self.record_kind.is_none() {
            let detail = "a CSV file needs a profile, or the kind that its lines become: give one of them";
            faults.push(Fault::new("/profile", "REQUIRED", detail));
        }
        for (member, given) in [("profile", self.profile.is_some()), ("record_kind", self.record_kind.is_some())] {
            if given && !is_csv {
                faults.push(Fault::new(format!("/{member}"), "DOES_NOT_FIT", "is of CSV files"));
            }
        }
        if let Some(kind) = self.record_kind.as_ref().filter(|kind| importable(kind.as_str()).is_none()) {
            let known: Vec<&str> =
                crate::KINDS.iter().map(|k| k.name).filter(|name| importable(name).is_some()).collect();
            faults.push(Fault::new("/record_kind", "UNKNOWN_KIND", crate::input::unknown_name(kind.as_str(), &known)));
        }
        let given = [
            ("project_id", self.project_id.is_some()),
            ("program_id", self.program_id.is_some()),
            ("deliverable_id", self.deliverable_id.is_some()),
            ("engagement_id", self.engagement_id.is_some()),
        ];
        for (member, _) in given.iter().filter(|(_, given)| *given && self.format == ImportFormat::EcbRates) {
            faults.push(Fault::new(format!("/{member}"), "DOES_NOT_FIT", "exchange rates belong to the organisation"));
        }
        let schedule = self.format.is_schedule();
        if self.replace == Some(true) && !schedule {
            faults.push(Fault::new("/replace", "DOES_NOT_FIT", "applies to schedules only"));
        }
        if schedule && self.project_id.is_none() && self.program_id.is_none() {
            let detail = "a schedule goes into a project, or its projects into a program: name one";
            faults.push(Fault::new("/project_id", "REQUIRED", detail));
        }
        let of_milestones = self.deliverable_id.is_some() || self.engagement_id.is_some();
        if self.format == ImportFormat::Icalendar && !of_milestones {
            let detail = "milestones belong to a deliverable, an engagement, or both: name them";
            faults.push(Fault::new("/deliverable_id", "REQUIRED", detail));
        }
        if is_csv && of_milestones {
            faults.push(Fault::new("/deliverable_id", "DOES_NOT_FIT", "a column of a CSV file says this of each line"));
        }
    }

    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}

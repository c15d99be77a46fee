//! Engagements in the form of the Open Contracting Data Standard, built from the versions that are visible to the caller.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use steerco_domain::access::{Permission, find};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::engagement_amendment::EngagementAmendment;
use steerco_domain::invoice::Invoice;
use steerco_domain::list::PAGE_SIZE_MAX;
use steerco_domain::milestone::Milestone;
use steerco_domain::ocds::{Process, Snapshot};
use steerco_domain::organisation::Organisation;
use steerco_domain::partner::Partner;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::ocds::{Spanned, list_instants, list_versions};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail};

use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Schema, Under};
use crate::parameter::FILTER;
use crate::read::{check_id, resolve_id};
use crate::{Caller, ListArgs, Service};

const READ_ORGANISATION: &Permission = find("organisation", "read");
const READ_PARTNER: &Permission = find("partner", "read");
const READ_ENGAGEMENT: &Permission = find("engagement", "read");
const READ_AMENDMENT: &Permission = find("engagement_amendment", "read");
const READ_INVOICE: &Permission = find("invoice", "read");
const READ_MILESTONE: &Permission = find("milestone", "read");

const RELEASES: &str = "One release for each change of the contract, its amendments and its milestones since the \
    engagement came into force, oldest first. Contains only data that the partner may see, and is the same for every \
    reader. A release has all current values, and null where a value was removed. A release never changes.";
const RECORD: &str = "The releases of the release package, and the compiled release that results from merging them by \
    the rules of the standard.";

/// A template of package operations.
const fn package(form: Form) -> Operation {
    Operation {
        permission: Some(READ_ENGAGEMENT),
        under: Under::Kind(Engagement::KIND),
        answer: AnswerDoc { doc: "The package.", schema: Schema::Content },
        refusals: &[404, 409],
        ..Operation::new(Method::Get, Does::Form(form))
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "get_ocds_release_package",
        path: "/v1/engagements/{id}/ocds-release-package",
        summary: "Get the open contracting releases of an engagement",
        doc: RELEASES,
        ..package(Form::OcdsReleases)
    },
    Operation {
        id: "get_ocds_record_package",
        path: "/v1/engagements/{id}/ocds-record-package",
        summary: "Get the open contracting record of an engagement",
        doc: RECORD,
        ..package(Form::OcdsRecord)
    },
    Operation {
        id: "list_ocds_releases",
        path: "/v1/engagements/ocds-release-package",
        summary: "List the open contracting releases of engagements",
        doc: "The open contracting releases of all visible engagements that are or were in force and match the filter, in \
              one package: at most 200 engagements.",
        parameters: &[&FILTER],
        ..package(Form::OcdsReleasesOfMany)
    },
    Operation {
        id: "list_ocds_records",
        path: "/v1/engagements/ocds-record-package",
        summary: "List the open contracting records of engagements",
        doc: "The open contracting records of all visible engagements that are or were in force and match the filter, in \
              one package: at most 200 engagements.",
        parameters: &[&FILTER],
        ..package(Form::OcdsRecordsOfMany)
    },
];

/// Maximum number of changes from which releases are made.
const CHANGES_MAX: usize = 10_000;

/// Maximum number of contracting processes in a package.
const PROCESSES_MAX: usize = 200;

/// All versions that releases are made of and, for each instant of a change, the last log entry: all changes of one request
/// are one release.
struct Versions {
    instants: BTreeMap<Instant, i64>,
    organisations: Vec<Spanned<Organisation>>,
    partners: Vec<Spanned<Partner>>,
    engagements: Vec<Spanned<Engagement>>,
    amendments: Vec<Spanned<EngagementAmendment>>,
    milestones: Vec<Spanned<Milestone>>,
    invoices: Vec<Spanned<Invoice>>,
}

impl Service {
    /// The contracting process of an engagement that is not a draft.
    pub fn ocds_process<'a>(&'a self, caller: &'a Caller, id: &'a str) -> BoxFuture<'a, Result<Process, Error>> {
        Box::pin(async move {
            check_id(Engagement::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.ocds_process_in(&conn, caller, id).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    /// The contracting processes of the visible engagements that match a filter and are not drafts.
    pub fn ocds_processes<'a>(
        &'a self,
        caller: &'a Caller,
        filter: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Process>, Error>> {
        Box::pin(async move {
            let args = ListArgs {
                filter: filter.map(str::to_owned),
                page_size: Some(i64::from(PAGE_SIZE_MAX)),
                ..ListArgs::default()
            };
            let page = self.list::<Engagement>(caller, &args).await?;
            let mut engagements = page.items;
            engagements.retain(|engagement| engagement.state != EngagementState::Draft);
            if engagements.is_empty() {
                let detail = "no engagement that is or was in force matches the filter: there is nothing to publish";
                return Err(Error::new(Reason::NotFound, detail));
            }
            if page.next_page_token.is_some() || engagements.len() > PROCESSES_MAX {
                let detail = format!(
                    "matches more than {PROCESSES_MAX} engagements, the maximum of a package: use a narrower filter"
                );
                return Err(Error::fault("?filter", "TOO_MANY", detail));
            }
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let mut processes = Vec::with_capacity(engagements.len());
            for engagement in engagements {
                let id = engagement.id.to_string();
                processes.push(self.ocds_process_in(&conn, caller, &id).await.map_err(Fail::into_error)?);
            }
            conn.close().await.map_err(Fail::into_error)?;
            Ok(processes)
        })
    }

    async fn ocds_process_in(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<Process, Fail> {
        let (_, scope) = self.authorise(conn, caller, READ_ENGAGEMENT).await?;
        let id = &*resolve_id(Engagement::KIND, conn, &scope, id).await?;
        let found = query::find::<Engagement>(conn, &scope, id, Moment::Now).await?;
        let found = found.ok_or_else(|| Error::not_found(Engagement::KIND.name))?;
        if found.state == EngagementState::Draft {
            let detail = "the engagement is a draft: there is nothing to publish yet";
            return Err(Error::new(Reason::WrongState, detail).into());
        }
        let versions = self.versions(conn, caller, &found).await?;
        let snapshots = versions.snapshots();
        if snapshots.len() > CHANGES_MAX {
            let detail = format!("the engagement has more than {CHANGES_MAX} changes, too many for one package");
            return Err(Error::new(Reason::WrongState, detail).into());
        }
        let process = Process::new(&self.inner.ocid_prefix, &snapshots);
        Ok(process.ok_or_else(|| Error::not_found(Engagement::KIND.name))?)
    }

    async fn versions(&self, conn: &Conn, caller: &Caller, of: &Engagement) -> Result<Versions, Fail> {
        let mut instants = BTreeMap::new();
        let (organisation, partner) = (caller.organisation().to_owned(), of.partner_id.to_string());
        let id = of.id.to_string();
        macro_rules! versions {
            ($row:ident, $kind:ident, $column:literal, $id:expr) => {{
                let (_, scope) = self.authorise(conn, caller, $row).await?;
                for (seq, at) in list_instants(conn, &scope, $kind::KIND, $column, $id).await? {
                    let last = instants.entry(at).or_insert(seq);
                    *last = seq.max(*last);
                }
                list_versions::<$kind>(conn, &scope, $column, $id).await?
            }};
        }
        Ok(Versions {
            organisations: versions!(READ_ORGANISATION, Organisation, "id", &organisation),
            partners: versions!(READ_PARTNER, Partner, "id", &partner),
            engagements: versions!(READ_ENGAGEMENT, Engagement, "id", &id),
            amendments: versions!(READ_AMENDMENT, EngagementAmendment, "engagement_id", &id),
            milestones: versions!(READ_MILESTONE, Milestone, "engagement_id", &id),
            invoices: versions!(READ_INVOICE, Invoice, "engagement_id", &id),
            instants,
        })
    }
}

impl Versions {
    /// The state after each log entry with a change, from the entry that put the engagement in force.
    fn snapshots(&self) -> Vec<Snapshot<'_>> {
        let snapshot = |(at, seq): (&Instant, &i64)| {
            let engagement = known(&self.engagements, *seq).next()?;
            if engagement.state == EngagementState::Draft {
                return None;
            }
            let mut amendments: Vec<_> = known(&self.amendments, *seq).filter(|a| a.agreed_at.is_some()).collect();
            amendments.sort_by_key(|amendment| amendment.number);
            let mut milestones: Vec<_> = known(&self.milestones, *seq).filter(|m| m.deleted_at.is_none()).collect();
            milestones.sort_by_key(|milestone| milestone.id.as_u128());
            let mut invoices: Vec<_> = known(&self.invoices, *seq).filter(|invoice| invoice.is_agreed()).collect();
            invoices.sort_by_key(|invoice| invoice.id.as_u128());
            Some(Snapshot {
                at: *at,
                organisation: known(&self.organisations, *seq).next()?,
                partner: known(&self.partners, *seq).next()?,
                engagement,
                amendments,
                milestones,
                invoices,
            })
        };
        self.instants.iter().filter_map(snapshot).collect()
    }
}

/// The versions that were current after this log entry.
fn known<R>(versions: &[Spanned<R>], seq: i64) -> impl Iterator<Item = &R> {
    versions.iter().filter(move |v| v.seq <= seq && seq < v.until).map(|version| &version.resource)
}

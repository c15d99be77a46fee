//! The part of the log that is visible to a caller and matches its filter.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use steerco_derive::answer;
use steerco_domain::access::{Permission, TABLE, find};
use steerco_domain::error::Fault;
use steerco_domain::event_type::{check_event_types, check_kinds, check_labels, label_of};
use steerco_domain::field::Long;
use steerco_domain::id::Id;
use steerco_domain::program::Program;
use steerco_domain::resource::{Kind, ScopeRule};
use steerco_domain::text::Code;
use steerco_domain::time::Instant;
use steerco_domain::{Error, KINDS};
use steerco_persistence::access::had_grant;
use steerco_persistence::log::{Entry, FeedQuery};
use steerco_persistence::scope::{Reach, authorise};
use steerco_persistence::{Access, Conn, Fail, Scope, log, query};

use crate::token::digest;
use crate::{Caller, EventFilter, Service};

pub(crate) const FEED: &Permission = find("event", "read");

/// Maximum number of values in each part of a filter of the feed.
const NAMES_MAX: usize = 200;
/// Kind of a grant.
const GRANT: &str = find("grant", "read").kind;

/// The part of the feed that is visible to a caller and matches its filter.
pub(crate) struct Visibility {
    /// Kinds by the scope in which the caller may read them.
    kinds: Vec<(Scope, Vec<&'static str>)>,
    /// Limits by token and by grants.
    limits: Vec<Limit>,
    filter: EventFilter,
    /// The account and rights of the caller, as read for this request.
    pub(crate) access: Arc<Access>,
    /// Person or account whose grants are reported: the reader; nobody in a preview.
    reader: Option<String>,
    /// Whether numbers of the log are visible.
    numbers: bool,
}

/// The reach of a grant or token.
struct Limit {
    reach: Reach,
    /// Current programs of the portfolios: entries about resources in a program name no portfolio.
    programs_of: Vec<String>,
}

impl Service {
    /// The kinds that the caller may read, by the scope in which it may.
    pub(crate) async fn visibility(
        &self,
        conn: &Conn,
        caller: &Caller,
        filter: &EventFilter,
    ) -> Result<Visibility, Fail> {
        let (access, feed) = self.authorise(conn, caller, FEED).await?;
        filter.check()?;
        let (org, now) = (caller.organisation(), self.inner.clock.now());
        let mut kinds: Vec<(Scope, Vec<&'static str>)> = Vec::new();
        let wanted = |kind: &&&Kind| filter.kinds.is_empty() || filter.kinds.iter().any(|name| name == kind.name);
        for kind in KINDS.iter().filter(wanted) {
            let row = TABLE.iter().find(|row| row.kind == kind.name && row.action == "read");
            let Some(row) = row else { continue };
            let Ok(scope) = authorise(org, &access, caller.narrow(), row, now) else { continue };
            match kinds.iter_mut().find(|(known, _)| *known == scope) {
                Some((_, names)) => names.push(kind.name),
                None => kinds.push((scope, vec![kind.name])),
            }
        }
        let mut limits = Vec::new();
        for reach in feed.limits() {
            let programs_of = query::list_programs_of(conn, org, &reach.portfolios).await?;
            limits.push(Limit { reach: reach.clone(), programs_of });
        }
        let reader = caller.preview.is_none().then(|| access.actor.0.clone());
        let numbers = !feed.is_partner();
        Ok(Visibility { kinds, limits, filter: filter.clone(), access, reader, numbers })
    }
}

impl EventFilter {
    /// Rejects unknown names.
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        let Self { kinds, event_types, program_ids, with_labels, exclude_source } = self;
        for (name, values) in
            [("kinds", kinds), ("event_types", event_types), ("program_ids", program_ids), ("with_labels", with_labels)]
        {
            if values.len() > NAMES_MAX {
                let detail = format!("must have at most {NAMES_MAX} values, but has {}", values.len());
                return Err(Error::fault(format!("?{name}"), "TOO_MANY", detail));
            }
        }
        let at = |name: &'static str| move |_| format!("?{name}");
        check_kinds(kinds.iter().map(String::as_str), at("kinds"), &mut faults);
        check_event_types(event_types.iter().map(String::as_str), at("event_types"), &mut faults);
        check_labels(with_labels.iter().map(String::as_str), at("with_labels"), &mut faults);
        let wrong = program_ids.iter().filter_map(|id| Id::<Program>::parse(id).err());
        faults.extend(wrong.map(|detail| Fault::new("?program_ids", "BAD_ID", detail)));
        if exclude_source.as_deref().is_some_and(|source| Code::parse(source).is_none()) {
            faults.push(Fault::new("?exclude_source", "BAD_CODE", "is not the code of any source"));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }

    /// Whether one of these programs matches the filter.
    fn wants_program(&self, programs: Option<&str>) -> bool {
        let named = || programs.into_iter().flat_map(|programs| programs.split(' '));
        self.program_ids.is_empty() || named().any(|program| self.program_ids.iter().any(|wanted| wanted == program))
    }

    /// Whether these labels match the filter.
    fn wants_labels(&self, labels: &Map<String, Value>) -> bool {
        self.with_labels.iter().all(|wanted| {
            let (key, value) = label_of(wanted);
            labels.get(key).is_some_and(|label| value.is_none_or(|value| label == value))
        })
    }
}

/// The place of the resource of an entry, before or after the change.
#[derive(Clone, Copy)]
struct At<'a> {
    kind: &'a Kind,
    portfolio: Option<&'a str>,
    program: Option<&'a str>,
    partner: Option<&'a str>,
    engagement: Option<&'a str>,
}

/// Whether a resource matched the filter before and after a change.
#[derive(Clone, Copy)]
struct Wanted {
    before: bool,
    now: bool,
}

impl Visibility {
    /// The query of the log.
    pub(crate) fn query(&self, after: i64, until: i64, limit: u32) -> FeedQuery {
        FeedQuery {
            after,
            until,
            kinds: self.kinds.clone(),
            exclude_source: self.filter.exclude_source.clone(),
            event_types: self.filter.event_types.clone(),
            programs: self.filter.program_ids.clone(),
            holder: self.reader.clone(),
            limit,
        }
    }

    /// Whether this place is within reach.
    fn reaches(&self, at: At<'_>) -> bool {
        self.limits.iter().all(|limit| limit.reaches(at))
    }

    /// Whether an entry grants a right to the reader or removes one. A reader without earlier rights has nothing to read
    /// again.
    async fn changes_access(&self, conn: &Conn, org: &str, entry: &Entry) -> Result<bool, Fail> {
        #[derive(Deserialize)]
        struct Holder {
            person_id: Option<String>,
            service_account_id: Option<String>,
        }
        if entry.kind != GRANT || entry.operation == "grant.update" {
            return Ok(false);
        }
        let holder = serde_json::from_str::<Holder>(&entry.after).ok();
        let holder = holder.and_then(|holder| holder.person_id.or(holder.service_account_id));
        match holder.filter(|holder| self.reader.as_ref() == Some(holder)) {
            Some(holder) => had_grant(conn, org, &holder, &entry.resource_id, entry.at).await,
            None => Ok(false),
        }
    }

    /// Whether the labels before and after a change match the filter. A caller that cannot see labels finds nothing by
    /// them.
    async fn wants(&self, conn: &Conn, org: &str, entry: &Entry) -> Result<Wanted, Fail> {
        if self.filter.with_labels.is_empty() {
            return Ok(Wanted { before: true, now: true });
        }
        let scope = self.kinds.iter().find(|(_, names)| names.contains(&entry.kind.as_str()));
        if !scope.is_some_and(|(scope, _)| scope.sees_private()) {
            return Ok(Wanted { before: false, now: false });
        }
        let now = self.filter.wants_labels(&labels_of(&entry.after));
        let changed: Vec<String> = serde_json::from_str(&entry.changed).unwrap_or_default();
        if !changed.iter().any(|name| name == "labels") {
            return Ok(Wanted { before: now, now });
        }
        let before = log::find_before(conn, org, &entry.resource_id, entry.seq).await?;
        Ok(Wanted { before: before.is_some_and(|entry| self.filter.wants_labels(&labels_of(&entry.after))), now })
    }

    /// An entry that changes the access of the reader, reduced to what the reader may see.
    fn show_access(&self, org: &str, entry: &Entry, wanted: Wanted, seal: &impl Fn(i64) -> String) -> Event {
        let shown = self.show_change(org, entry.clone(), wanted, seal);
        // Without permission to read grants, the event only reports that the reader's own rights changed.
        let told = || Event {
            cursor: seal(entry.seq),
            id: event_id(org, &entry.hash),
            at: Instant::from_micros(entry.at),
            actor: String::new(),
            operation: "access.changed".to_owned(),
            kind: "access",
            resource_id: self.reader.clone().unwrap_or_default(),
            seq: self.numbers.then_some(Long(entry.seq)),
            revision: None,
            changed: Vec::new(),
            after: None,
            deleted: false,
            visibility: None,
            request_id: String::new(),
        };
        Event { visibility: Some("access_changed"), ..shown.unwrap_or_else(told) }
    }

    /// An entry as visible to the caller; `None` if nothing visible changed.
    fn show_change(&self, org: &str, entry: Entry, wanted: Wanted, seal: &impl Fn(i64) -> String) -> Option<Event> {
        let kind = steerco_domain::find_kind(&entry.kind)?;
        let (scope, _) = self.kinds.iter().find(|(_, names)| names.contains(&kind.name))?;
        if kind.scope == ScopeRule::Owned && !scope.reaches_own(&maker_of(&entry.after)) {
            return None;
        }
        let private = scope.sees_private();
        let [portfolio, program, partner, portfolio_before, program_before, partner_before] =
            entry.places.each_ref().map(Option::as_deref);
        let engagement = entry.engagement.as_deref();
        let created = entry.revision == 1;
        let now = wanted.now
            && self.filter.wants_program(program)
            && self.reaches(At { kind, portfolio, program, partner, engagement });
        let (portfolio, program, partner) = (portfolio_before, program_before, partner_before);
        let before = !created
            && wanted.before
            && self.filter.wants_program(program)
            && self.reaches(At { kind, portfolio, program, partner, engagement });
        if !now && !before {
            return None;
        }
        let visible = |name: &str| kind.field(name).is_some_and(|field| private || !field.private);
        let all: Vec<String> = serde_json::from_str(&entry.changed).unwrap_or_default();
        let changed: Vec<String> = all.into_iter().filter(|name| visible(name)).collect();
        if !private && !created && changed.is_empty() {
            return None;
        }
        let deleted = is_deleted(&entry.after)?;
        let after = if private { RawValue::from_string(entry.after) } else { trimmed(&entry.after, visible) };
        Some(Event {
            cursor: seal(entry.seq),
            id: event_id(org, &entry.hash),
            at: Instant::from_micros(entry.at),
            actor: if private { entry.actor } else { String::new() },
            operation: entry.operation,
            kind: kind.name,
            resource_id: entry.resource_id,
            seq: private.then_some(Long(entry.seq)),
            revision: i32::try_from(entry.revision).ok().filter(|_| private),
            changed,
            after: after.ok().filter(|_| now && !deleted),
            deleted,
            visibility: match (before, now) {
                (true, false) => Some("lost"),
                (false, true) if !created => Some("gained"),
                _ => None,
            },
            request_id: if private { entry.request_id } else { String::new() },
        })
    }
}

impl Limit {
    fn reaches(&self, at: At<'_>) -> bool {
        if let Some(partner) = &self.reach.partner {
            return at.partner == Some(partner) || matches!(at.kind.scope, ScopeRule::Organisation | ScopeRule::Owned);
        }
        if at.kind.scope == ScopeRule::Owned {
            return true;
        }
        // The statement has selected the visible engagements; a resource that belongs to one cannot move.
        let hangs = at.engagement.is_some() && at.kind.scope != ScopeRule::Engagement;
        let homeless = at.portfolio.is_none() && at.program.is_none() && at.engagement.is_none();
        if hangs || at.kind.scope.is_directory() || (homeless && at.kind.scope == ScopeRule::Subject) {
            return true;
        }
        let mut programs = at.program.into_iter().flat_map(|programs| programs.split(' '));
        // The portfolio named in an entry counts, not the current portfolio of its program.
        let portfolio = at.portfolio.map(|portfolio| self.reach.portfolios.iter().any(|p| p == portfolio));
        portfolio == Some(true)
            || programs.any(|program| {
                let listed = |programs: &[String]| programs.iter().any(|p| p == program);
                listed(&self.reach.programs) || (portfolio.is_none() && listed(&self.programs_of))
            })
    }
}

/// Visible events up to the limit less one, and the position reached if there are more. Entries that are not visible to
/// this caller take no room, because a short page would reveal them.
pub(crate) async fn fill(
    conn: &Conn,
    org: &str,
    sight: &Visibility,
    mut query: FeedQuery,
    seal: &impl Fn(i64) -> String,
) -> Result<(Vec<Event>, Option<i64>), Fail> {
    let mut events = Vec::new();
    loop {
        let entries = log::list(conn, org, &query).await?;
        let last = entries.len() < query.limit as usize;
        for entry in entries {
            let seq = entry.seq;
            let wanted = sight.wants(conn, org, &entry).await?;
            let shown = if sight.changes_access(conn, org, &entry).await? {
                Some(sight.show_access(org, &entry, wanted, seal))
            } else {
                sight.show_change(org, entry, wanted, seal)
            };
            if let Some(event) = shown {
                if events.len() + 1 == query.limit as usize {
                    return Ok((events, Some(query.after)));
                }
                events.push(event);
            }
            query.after = seq;
        }
        if last {
            return Ok((events, None));
        }
    }
}

/// The event id of a change, by the hash of its entry in the log.
pub(crate) fn event_id(org: &str, hash: &str) -> String {
    format!("evt_{}", &digest(&[org, hash])[..22])
}

fn labels_of(after: &str) -> Map<String, Value> {
    #[derive(Deserialize)]
    struct Labelled {
        #[serde(default)]
        labels: Map<String, Value>,
    }
    serde_json::from_str::<Labelled>(after).map(|labelled| labelled.labels).unwrap_or_default()
}

/// The creator of the resource of an entry.
fn maker_of(after: &str) -> String {
    #[derive(Deserialize)]
    struct Made {
        created_by: String,
    }
    serde_json::from_str::<Made>(after).map(|made| made.created_by).unwrap_or_default()
}

/// Whether the resource of an entry is deleted. Most entries have no end at all, which a text search finds faster than
/// parsing.
fn is_deleted(after: &str) -> Option<bool> {
    #[derive(Deserialize)]
    struct LineOutcome {
        deleted_at: Option<IgnoredAny>,
    }
    if !after.contains("\"deleted_at\":") {
        return Some(false);
    }
    let LineOutcome { deleted_at } = serde_json::from_str(after).ok()?;
    Some(deleted_at.is_some())
}

/// The visible members.
fn trimmed(after: &str, visible: impl Fn(&str) -> bool) -> serde_json::Result<Box<RawValue>> {
    let mut members: Map<String, Value> = serde_json::from_str(after)?;
    members.retain(|name, _| visible(name));
    to_raw_value(&members)
}

/// A change of a resource.
#[answer]
#[derive(Clone, Debug)]
pub struct Event {
    /// Id of the event (`evt_…`), the same in the feed and in webhooks. It does not reveal the number of the event.
    pub id: String,
    /// Cursor to continue from after this event.
    pub cursor: String,
    /// Time of the commit (UTC).
    #[field(plain)]
    pub at: Instant,
    /// Who made the change: a person, a service account, or `system`. Empty when private fields are not visible to the
    /// caller.
    pub actor: String,
    /// Operation that made the change, such as `risk.assess`.
    pub operation: String,
    /// Kind of the resource, such as `risk`.
    pub kind: &'static str,
    /// Id of the resource.
    pub resource_id: String,
    /// Number in the organisation's sequence, without gaps. Hidden from partners.
    pub seq: Option<Long>,
    /// Revision after the change. Hidden from partners.
    pub revision: Option<i32>,
    /// Names of the visible fields that changed.
    pub changed: Vec<String>,
    /// The resource after the change, reduced to its visible fields; absent when the resource is deleted or no longer
    /// visible. For a `backfill` it is the earlier version that was written; the current state is unchanged.
    pub after: Option<Box<RawValue>>,
    /// Whether the resource was deleted.
    pub deleted: bool,
    /// `lost` or `gained`: the change made the resource invisible or visible to the caller, or moved it out of or into
    /// the filter. `access_changed`: the rights of the caller changed, and the lists must be read again.
    #[field(one_of("lost", "gained", "access_changed"))]
    pub visibility: Option<&'static str>,
    /// Id of the request that made the change. Empty when private fields are not visible to the caller.
    pub request_id: String,
}

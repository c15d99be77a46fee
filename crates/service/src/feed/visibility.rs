//! What a caller sees of the log, and what it asked for.

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

/// Values that a filter of the feed may name, of each sort.
const NAMES_MAX: usize = 200;
/// What a grant is, to whom it is given.
const GRANT: &str = find("grant", "read").kind;

/// What a caller sees of the feed, of what it asked for.
pub(crate) struct Visibility {
    /// Kinds by the scope in which the caller may read them.
    kinds: Vec<(Scope, Vec<&'static str>)>,
    /// By token and by grants.
    limits: Vec<Limit>,
    filter: EventFilter,
    /// The caller's account and rights, as they were read for this.
    pub(crate) access: Arc<Access>,
    /// Whose grants are told of: those of who reads; in a preview nobody's.
    reader: Option<String>,
    /// Whether it may know how the log counts.
    numbers: bool,
}

/// What is in reach.
struct Limit {
    reach: Reach,
    /// Programs of the portfolios, as they are now: entries about what lies in a program name no portfolio.
    programs_of: Vec<String>,
}

impl Service {
    /// The kinds the caller may read, by the reach in which it may.
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
    /// Every name must be known.
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        let Self { kinds, event_types, program_ids, with_labels, exclude_source } = self;
        for (name, values) in
            [("kinds", kinds), ("event_types", event_types), ("program_ids", program_ids), ("with_labels", with_labels)]
        {
            if values.len() > NAMES_MAX {
                let detail = format!("at most {NAMES_MAX}, these are {}", values.len());
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

    /// Whether one of these programs is wanted.
    fn wants_program(&self, programs: Option<&str>) -> bool {
        let named = || programs.into_iter().flat_map(|programs| programs.split(' '));
        self.program_ids.is_empty() || named().any(|program| self.program_ids.iter().any(|wanted| wanted == program))
    }

    /// Whether a resource with these labels is wanted.
    fn wants_labels(&self, labels: &Map<String, Value>) -> bool {
        self.with_labels.iter().all(|wanted| {
            let (key, value) = label_of(wanted);
            labels.get(key).is_some_and(|label| value.is_none_or(|value| label == value))
        })
    }
}

/// Where an entry says its resource is, or was.
#[derive(Clone, Copy)]
struct At<'a> {
    kind: &'a Kind,
    portfolio: Option<&'a str>,
    program: Option<&'a str>,
    partner: Option<&'a str>,
    engagement: Option<&'a str>,
}

/// A resource before and after a change, as far as the filter asks for it.
#[derive(Clone, Copy)]
struct Wanted {
    before: bool,
    now: bool,
}

impl Visibility {
    /// What to ask of the log.
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

    /// Whether something at this place is in reach.
    fn reaches(&self, at: At<'_>) -> bool {
        self.limits.iter().all(|limit| limit.reaches(at))
    }

    /// Whether an entry gives the reader another right or takes one away. Who had none before has nothing to read again.
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

    /// Whether the labels before and after a change are those asked for. Who does not see labels finds nothing by them.
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

    /// An entry that changes the reader's access, as it may be told of it.
    fn show_access(&self, org: &str, entry: &Entry, wanted: Wanted, seal: &impl Fn(i64) -> String) -> Event {
        let shown = self.show_change(org, entry.clone(), wanted, seal);
        // Who may not read grants is told that its own have changed, and no more.
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

    /// An entry as the caller sees it; `None` if nothing visible changed.
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
        // Which engagements are in reach the statement has decided; what hangs on one cannot move.
        let hangs = at.engagement.is_some() && at.kind.scope != ScopeRule::Engagement;
        let homeless = at.portfolio.is_none() && at.program.is_none() && at.engagement.is_none();
        if hangs || at.kind.scope.is_directory() || (homeless && at.kind.scope == ScopeRule::Subject) {
            return true;
        }
        let mut programs = at.program.into_iter().flat_map(|programs| programs.split(' '));
        // Where an entry names its portfolio, that one counts, and not where its program is today.
        let portfolio = at.portfolio.map(|portfolio| self.reach.portfolios.iter().any(|p| p == portfolio));
        portfolio == Some(true)
            || programs.any(|program| {
                let listed = |programs: &[String]| programs.iter().any(|p| p == program);
                listed(&self.reach.programs) || (portfolio.is_none() && listed(&self.programs_of))
            })
    }
}

/// Events in sight up to the limit less one, and how far they reach if there are more. Entries that show nothing to
/// this caller take no room: a short page would tell of them.
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

/// The id of the event of a change, by the hash of its entry in the log.
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

/// Who made what an entry is about.
fn maker_of(after: &str) -> String {
    #[derive(Deserialize)]
    struct Made {
        created_by: String,
    }
    serde_json::from_str::<Made>(after).map(|made| made.created_by).unwrap_or_default()
}

/// Whether the resource of an entry is deleted. Most name no end at all, which is quicker seen than read.
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

/// The members in sight.
fn trimmed(after: &str, visible: impl Fn(&str) -> bool) -> serde_json::Result<Box<RawValue>> {
    let mut members: Map<String, Value> = serde_json::from_str(after)?;
    members.retain(|name, _| visible(name));
    to_raw_value(&members)
}

/// One change.
#[answer]
#[derive(Clone, Debug)]
pub struct Event {
    /// The same over every channel (`evt_…`); says nothing of its number.
    pub id: String,
    /// Cursor from which the feed goes on after this event.
    pub cursor: String,
    /// When it was committed (UTC).
    #[field(plain)]
    pub at: Instant,
    /// Who did it: a person, a service account, or `system`.
    pub actor: String,
    /// What was done, such as `risk.assess`.
    pub operation: String,
    /// Kind of the resource, such as `risk`.
    pub kind: &'static str,
    /// Id of the resource.
    pub resource_id: String,
    /// Number in the organisation's sequence, without gaps. Hidden from partners.
    pub seq: Option<Long>,
    /// Revision after the change. Hidden from partners.
    pub revision: Option<i32>,
    /// Fields changed, as far as visible.
    pub changed: Vec<String>,
    /// The resource after the change, as far as visible; absent for a tombstone. Of a `backfill` the version that held
    /// before: what holds now is as it was.
    pub after: Option<Box<RawValue>>,
    /// Whether the resource was deleted.
    pub deleted: bool,
    /// `lost` or `gained`: whether the change took the resource out of the caller's sight, or of what it asked for, or into
    /// it. `access_changed`: the caller's own rights changed, so that the lists are to be read again.
    #[field(one_of("lost", "gained", "access_changed"))]
    pub visibility: Option<&'static str>,
    /// Request that caused it.
    pub request_id: String,
}

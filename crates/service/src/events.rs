//! The feed: the log as a caller may see it.

use std::time::Duration;

use futures::Stream;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use steerco_domain::access::{Row, find};
use steerco_domain::error::Fault;
use steerco_domain::list::parse_page_size;
use steerco_domain::resource::{Kind, ScopeRule};
use steerco_domain::text::Code;
use steerco_domain::time::Instant;
use steerco_domain::{Error, KINDS, Reason};
use steerco_persistence::log::{Entry, FeedQuery, Head};
use steerco_persistence::scope::{Reach, authorise};
use steerco_persistence::{Conn, Fail, Scope, log, query};

use crate::token::{Cursor, digest};
use crate::{Caller, EventArgs, Service};

/// One change.
#[derive(Clone, Debug)]
pub struct Event {
    /// Cursor from which the feed goes on after this event.
    pub cursor: String,
    /// Stable id of the event, the same over every channel (`evt_…`); says nothing of its number.
    pub id: String,
    pub at: Instant,
    pub actor: String,
    /// `risk.create`, `risk.assess`, …
    pub operation: String,
    pub kind: &'static str,
    pub resource_id: String,
    /// Number in the organisation's gapless sequence; absent for partners.
    pub seq: Option<i64>,
    pub revision: Option<i32>,
    /// Names of the fields changed, as far as the caller sees them.
    pub changed: Vec<String>,
    /// The resource after the change as far as the caller sees it; absent once it is deleted or out of sight.
    pub after: Option<Box<RawValue>>,
    /// Whether the resource was deleted.
    pub deleted: bool,
    /// `lost`, `gained`, or nothing: whether the change took the resource out of the caller's sight or into it.
    pub visibility: Option<&'static str>,
    pub request_id: String,
}

/// A page of the feed.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Where to go on, also when no event of the page was in the caller's sight.
    pub next_cursor: String,
    /// Whether more is there already.
    pub more: bool,
}

const FEED: &Row = find("event", "read");
/// How often a stream looks for what other nodes have committed, and whether its caller may still see.
const LOOK: Duration = Duration::from_millis(250);
/// A stream without events says at least this often where it is.
const BOOKMARK: Duration = Duration::from_secs(15);

/// Kinds a request may name: more than there are.
const KINDS_MAX: usize = 200;

/// What a caller sees of the feed.
struct Sight {
    kinds: Vec<(Scope, Vec<&'static str>)>,
    /// By token and by grants.
    limits: Vec<Limit>,
}

/// What is in reach.
struct Limit {
    reach: Reach,
    /// Programs of the portfolios, as they are now: entries about what lies in a program name no portfolio.
    programs_of: Vec<String>,
}

impl Service {
    pub async fn events(&self, caller: &Caller, args: &EventArgs) -> Result<EventPage, Error> {
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let page = self.events_in(&conn, caller, args).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(page)
    }

    async fn events_in(&self, conn: &Conn, caller: &Caller, args: &EventArgs) -> Result<EventPage, Fail> {
        let org = caller.organisation();
        let sight = self.sight(conn, caller, &args.kinds).await?;
        let limit = parse_page_size(args.page_size).map_err(|fault| Error::invalid(vec![fault]))?;
        if args.exclude_source.as_deref().is_some_and(|source| Code::parse(source).is_none()) {
            return Err(Error::fault("?exclude_source", "BAD_CODE", "is not the code of any source").into());
        }
        let head = self.inner.database.head(conn, org).await?;
        let after = self.position(conn, org, args.after.as_deref(), &head).await?;
        let seal = |seq| self.seal_cursor(caller, Cursor { epoch: head.epoch, seq });
        if after >= head.seq {
            return Ok(EventPage { events: Vec::new(), next_cursor: seal(after), more: false });
        }
        let query = FeedQuery {
            after,
            until: head.seq,
            kinds: sight.kinds.clone(),
            exclude_source: args.exclude_source.clone(),
            limit: limit + 1,
        };
        let (events, reached) = fill(conn, org, &sight, query, &seal).await?;
        let next_cursor = seal(reached.unwrap_or(head.seq));
        Ok(EventPage { events, next_cursor, more: reached.is_some() })
    }

    /// The position a cursor names, unless it has expired.
    async fn position(&self, conn: &Conn, org: &str, cursor: Option<&str>, head: &Head) -> Result<i64, Fail> {
        let Some(text) = cursor.filter(|text| !text.is_empty()) else { return Ok(0) };
        let cursor = Cursor::open(&self.inner.sealer, org, text)?;
        let expired = |why: &str| {
            let detail = format!("{why}; read the lists again and go on from their sync_token");
            Fail::Refused(Error::new(Reason::CursorExpired, detail))
        };
        if cursor.epoch != head.epoch || cursor.seq > head.seq {
            return Err(expired("the database was restored since this cursor was made"));
        }
        if cursor.seq == head.seq {
            return Ok(cursor.seq);
        }
        let kept_micros = i64::from(self.inner.feed_days) * 86_400 * 1_000_000;
        let oldest = self.inner.clock.now().micros() - kept_micros;
        match log::find_at(conn, org, cursor.seq + 1).await? {
            Some(at) if at.micros() < oldest => Err(expired("the feed no longer reaches back to this cursor")),
            _ => Ok(cursor.seq),
        }
    }

    /// The kinds the caller may read, by the reach in which it may.
    async fn sight(&self, conn: &Conn, caller: &Caller, wanted: &[String]) -> Result<Sight, Fail> {
        let (access, feed) = self.authorise(conn, caller, FEED).await?;
        let wanted = wanted_kinds(wanted)?;
        let (org, now) = (caller.organisation(), self.inner.clock.now());
        let mut kinds: Vec<(Scope, Vec<&'static str>)> = Vec::new();
        for kind in wanted {
            let row = steerco_domain::access::TABLE.iter().find(|row| row.kind == kind.name && row.action == "read");
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
        Ok(Sight { kinds, limits })
    }

    /// Pages as they arise, without end: an empty page is a bookmark. Ends with an error when the caller's rights or its
    /// token end.
    pub fn watch(
        &self,
        caller: Caller,
        args: EventArgs,
    ) -> impl Stream<Item = Result<EventPage, Error>> + Send + 'static {
        let commits = self.inner.database.commits();
        let stopping = self.stopping();
        let state = Watch { service: self.clone(), caller, args, commits, stopping, quiet_since: None, ended: false };
        futures::stream::unfold(state, Watch::next)
    }
}

/// A stream of the feed.
struct Watch {
    service: Service,
    caller: Caller,
    args: EventArgs,
    commits: tokio::sync::watch::Receiver<u64>,
    stopping: tokio::sync::watch::Receiver<bool>,
    /// When the stream last said something; `None` before its first page.
    quiet_since: Option<tokio::time::Instant>,
    ended: bool,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<EventPage, Error>, Self)> {
        if self.ended {
            return None;
        }
        loop {
            self.commits.mark_unchanged();
            match self.service.events(&self.caller, &self.args).await {
                Err(error) => return Some(self.end(error)),
                Ok(page) => {
                    // A stream that the service ends says where it was.
                    self.ended = *self.stopping.borrow() && !page.more;
                    self.args.after = Some(page.next_cursor.clone());
                    if self.ended || self.is_due() || !page.events.is_empty() {
                        self.quiet_since = Some(tokio::time::Instant::now());
                        return Some((Ok(page), self));
                    }
                }
            }
            if let Err(error) = self.wait().await {
                return Some(self.end(error));
            }
        }
    }

    fn end(mut self, error: Error) -> (Result<EventPage, Error>, Self) {
        self.ended = true;
        (Err(error), self)
    }

    fn is_due(&self) -> bool {
        self.quiet_since.is_none_or(|since| since.elapsed() >= BOOKMARK)
    }

    /// Until there may be something to say. An embedded database knows of every commit; on PostgreSQL other nodes commit
    /// too. Meanwhile the caller's rights are looked at again and again: they end the stream.
    async fn wait(&mut self) -> Result<(), Error> {
        loop {
            tokio::select! {
                woken = tokio::time::timeout(LOOK, self.commits.changed()) => {
                    let elsewhere = self.service.inner.database.is_postgres();
                    if woken.is_ok() || elsewhere || self.is_due() {
                        return Ok(());
                    }
                }
                _ = self.stopping.changed() => return Ok(()),
            }
            self.service.permit(&self.caller, FEED.kind, FEED.action).await?;
        }
    }
}

fn wanted_kinds(wanted: &[String]) -> Result<Vec<&'static Kind>, Error> {
    if wanted.is_empty() {
        return Ok(KINDS.to_vec());
    }
    if wanted.len() > KINDS_MAX {
        let detail = format!("at most {KINDS_MAX} kinds, these are {}", wanted.len());
        return Err(Error::fault("?kinds", "TOO_MANY", detail));
    }
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let unknown: Vec<Fault> = wanted
        .iter()
        .filter(|name| !names.contains(&name.as_str()))
        .map(|name| Fault::new("?kinds", "UNKNOWN_KIND", steerco_domain::input::unknown_name(name, &names)))
        .collect();
    if !unknown.is_empty() {
        return Err(Error::invalid(unknown));
    }
    Ok(KINDS.iter().copied().filter(|kind| wanted.iter().any(|name| name == kind.name)).collect())
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

impl Sight {
    /// Whether something at this place is in reach.
    fn reaches(&self, at: At<'_>) -> bool {
        self.limits.iter().all(|limit| limit.reaches(at))
    }
}

impl Limit {
    fn reaches(&self, at: At<'_>) -> bool {
        if let Some(partner) = &self.reach.partner {
            return at.partner == Some(partner) || at.kind.scope == ScopeRule::Organisation;
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
async fn fill(
    conn: &Conn,
    org: &str,
    sight: &Sight,
    mut query: FeedQuery,
    seal: &impl Fn(i64) -> String,
) -> Result<(Vec<Event>, Option<i64>), Fail> {
    let mut events = Vec::new();
    loop {
        let entries = log::list(conn, org, &query).await?;
        let last = entries.len() < query.limit as usize;
        for entry in entries {
            let seq = entry.seq;
            if let Some(event) = show(org, sight, entry, seal) {
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

/// An entry as the caller sees it; `None` if nothing visible changed.
fn show(org: &str, sight: &Sight, entry: Entry, seal: &impl Fn(i64) -> String) -> Option<Event> {
    let kind = steerco_domain::find_kind(&entry.kind)?;
    let (scope, _) = sight.kinds.iter().find(|(_, names)| names.contains(&kind.name))?;
    let private = scope.sees_private();
    let [portfolio, program, partner, portfolio_before, program_before, partner_before] =
        entry.places.each_ref().map(Option::as_deref);
    let engagement = entry.engagement.as_deref();
    let created = entry.revision == 1;
    let now = sight.reaches(At { kind, portfolio, program, partner, engagement });
    let (portfolio, program, partner) = (portfolio_before, program_before, partner_before);
    let before = !created && sight.reaches(At { kind, portfolio, program, partner, engagement });
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
        seq: private.then_some(entry.seq),
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

/// Whether the resource of an entry is deleted. Most name no end at all, which is quicker seen than read.
fn is_deleted(after: &str) -> Option<bool> {
    #[derive(Deserialize)]
    struct Fate {
        deleted_at: Option<IgnoredAny>,
    }
    if !after.contains("\"deleted_at\":") {
        return Some(false);
    }
    let Fate { deleted_at } = serde_json::from_str(after).ok()?;
    Some(deleted_at.is_some())
}

/// The members in sight.
fn trimmed(after: &str, visible: impl Fn(&str) -> bool) -> serde_json::Result<Box<RawValue>> {
    let mut members: Map<String, Value> = serde_json::from_str(after)?;
    members.retain(|name, _| visible(name));
    to_raw_value(&members)
}

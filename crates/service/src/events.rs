//! The feed: the log as a caller may see it.

use std::time::Duration;

use futures::Stream;
use serde_json::{Map, Value};
use steerco_domain::access::{Row, find};
use steerco_domain::error::Fault;
use steerco_domain::list::parse_page_size;
use steerco_domain::resource::Kind;
use steerco_domain::text::Code;
use steerco_domain::time::Instant;
use steerco_domain::{Error, KINDS, Reason};
use steerco_persistence::log::{Entry, FeedQuery, Head};
use steerco_persistence::{Conn, Fail, Scope, log, query};

use crate::token::{Cursor, digest};
use crate::{Caller, EventArgs, Service};

/// One change.
#[derive(Clone, Debug)]
pub struct Event {
    /// Cursor from which the feed goes on after this event.
    pub cursor: String,
    /// Stable id of the event, the same over every channel (`evt_…`).
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
    pub after: Option<Map<String, Value>>,
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

/// Programs and portfolios in reach.
struct Limit {
    programs: Vec<String>,
    portfolios: Vec<String>,
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
        let head = log::get_head(conn, org, false).await?;
        let after = self.position(conn, org, args.after.as_deref(), &head).await?;
        let query = FeedQuery {
            after,
            until: head.seq,
            kinds: sight.kinds.clone(),
            exclude_source: args.exclude_source.clone(),
            limit: limit + 1,
        };
        let mut entries = log::list(conn, org, &query).await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let reached = if more { entries.last().map_or(after, |entry| entry.seq) } else { head.seq.max(after) };
        let seal = |seq| self.seal_cursor(caller, Cursor { epoch: head.epoch, seq });
        let events = entries.into_iter().filter_map(|entry| show(org, &sight, entry, &seal)).collect();
        Ok(EventPage { events, next_cursor: seal(reached), more })
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
        let kept_micros = i64::from(self.inner.feed_days) * 86_400 * 1_000_000;
        let oldest = self.inner.clock.now().micros() - kept_micros;
        match log::find_at(conn, org, cursor.seq + 1).await? {
            Some(at) if at.micros() < oldest => Err(expired("the feed no longer reaches back to this cursor")),
            _ => Ok(cursor.seq),
        }
    }

    /// The kinds the caller may read, by the reach in which it may.
    async fn sight(&self, conn: &Conn, caller: &Caller, wanted: &[String]) -> Result<Sight, Fail> {
        let (_, feed) = self.authorise(conn, caller, FEED).await?;
        let wanted = wanted_kinds(wanted)?;
        let mut kinds: Vec<(Scope, Vec<&'static str>)> = Vec::new();
        for kind in wanted {
            let row = steerco_domain::access::TABLE.iter().find(|row| row.kind == kind.name && row.action == "read");
            let Some(row) = row else { continue };
            match self.authorise(conn, caller, row).await {
                Ok((_, scope)) => match kinds.iter_mut().find(|(known, _)| *known == scope) {
                    Some((_, names)) => names.push(kind.name),
                    None => kinds.push((scope, vec![kind.name])),
                },
                Err(Fail::Refused(error)) if error.reason == Reason::Forbidden => {}
                Err(fail) => return Err(fail),
            }
        }
        let mut limits = Vec::new();
        for (programs, portfolios) in feed.limits() {
            let programs_of = query::list_programs_of(conn, caller.organisation(), portfolios).await?;
            limits.push(Limit { programs: programs.to_vec(), portfolios: portfolios.to_vec(), programs_of });
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

impl Sight {
    /// Whether something at this place is in reach.
    fn reaches(&self, kind: &Kind, portfolio: Option<&String>, program: Option<&String>) -> bool {
        if portfolio.is_none() && program.is_none() {
            return !matches!(kind.scope, steerco_domain::resource::ScopeRule::Administration)
                || self.limits.is_empty();
        }
        // Where an entry names its portfolio, that one counts, and not where its program is today.
        self.limits.iter().all(|limit| {
            program.is_some_and(|p| limit.programs.contains(p))
                || match portfolio {
                    Some(portfolio) => limit.portfolios.contains(portfolio),
                    None => program.is_some_and(|p| limit.programs_of.contains(p)),
                }
        })
    }
}

/// An entry as the caller sees it; `None` if nothing visible changed.
fn show(org: &str, sight: &Sight, entry: Entry, seal: &impl Fn(i64) -> String) -> Option<Event> {
    let kind = steerco_domain::find_kind(&entry.kind)?;
    let (scope, _) = sight.kinds.iter().find(|(_, names)| names.contains(&kind.name))?;
    let private = scope.sees_private();
    let [portfolio, program, _, portfolio_before, program_before, _] = &entry.places;
    let created = entry.revision == 1;
    let now = sight.reaches(kind, portfolio.as_ref(), program.as_ref());
    let before = !created && sight.reaches(kind, portfolio_before.as_ref(), program_before.as_ref());
    if !now && !before {
        return None;
    }
    let visible = |name: &str| kind.field(name).is_some_and(|field| private || !field.private);
    let all: Vec<String> = serde_json::from_str(&entry.changed).unwrap_or_default();
    let changed: Vec<String> = all.into_iter().filter(|name| visible(name)).collect();
    if !private && !created && changed.is_empty() {
        return None;
    }
    let after: Map<String, Value> = serde_json::from_str(&entry.after).unwrap_or_default();
    let deleted = after.contains_key("deleted_at");
    let after = after.into_iter().filter(|(name, _)| visible(name)).collect();
    Some(Event {
        cursor: seal(entry.seq),
        id: format!("evt_{}", &digest(&[org, &entry.seq.to_string()])[..22]),
        at: Instant::from_micros(entry.at),
        actor: if private { entry.actor } else { String::new() },
        operation: entry.operation,
        kind: kind.name,
        resource_id: entry.resource_id,
        seq: private.then_some(entry.seq),
        revision: i32::try_from(entry.revision).ok().filter(|_| private),
        changed,
        after: Some(after).filter(|_| now && !deleted),
        deleted,
        visibility: match (before, now) {
            (true, false) => Some("lost"),
            (false, true) if !created => Some("gained"),
            _ => None,
        },
        request_id: if private { entry.request_id } else { String::new() },
    })
}

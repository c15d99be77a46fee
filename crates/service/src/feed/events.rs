//! The feed: the visible part of the log, in pages and as a stream.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::future::BoxFuture;
use steerco_derive::answer;
use steerco_domain::consumer::Consumer;
use steerco_domain::id::Id;
use steerco_domain::list::parse_page_size;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason};
use steerco_persistence::log::Head;
use steerco_persistence::lookout::Moves;
use steerco_persistence::{Access, Conn, Fail, log};

use crate::operation::{AnswerDoc, Answered, Does, Form, Method, Operation, Schema, Under};
use crate::parameter::{
    AFTER, CONSUMER_ID, EVENT_TYPES, EXCLUDE_SOURCE, KINDS, PAGE_SIZE, PROGRAM_IDS, SINCE, WITH_LABELS,
};
use crate::token::Cursor;
use crate::visibility::{Event, FEED, fill};
use crate::{Caller, EventArgs, EventFilter, Service};

/// A page of the feed.
#[answer(message = "ListEventsResponse")]
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events, oldest first.
    #[field(max = 1000)]
    pub events: Vec<Event>,
    /// Cursor to continue from, also when the page is empty.
    pub next_cursor: String,
    /// Whether more events are available now.
    pub more: bool,
}

impl EventPage {
    fn bookmark(next_cursor: String) -> Self {
        Self { events: Vec::new(), next_cursor, more: false }
    }
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "list_events",
        service: "Event",
        permission: Some(FEED),
        path: "/v1/events",
        under: Under::Tag("events"),
        summary: "List events",
        doc: "Changes after a cursor that are visible to the caller, oldest first.",
        parameters: &[
            &AFTER,
            &SINCE,
            &CONSUMER_ID,
            &KINDS,
            &EVENT_TYPES,
            &PROGRAM_IDS,
            &WITH_LABELS,
            &EXCLUDE_SOURCE,
            &PAGE_SIZE,
        ],
        answer: AnswerDoc::of::<EventPage>("A page of the feed."),
        refusals: &[404, 410],
        ..Operation::get(|service, context, mut arguments| {
            let args = EventArgs {
                after: arguments.text(&AFTER),
                since: arguments.instant(&SINCE),
                consumer: arguments.text(&CONSUMER_ID),
                filter: EventFilter {
                    kinds: arguments.names(&KINDS),
                    event_types: arguments.names(&EVENT_TYPES),
                    program_ids: arguments.names(&PROGRAM_IDS),
                    with_labels: arguments.names(&WITH_LABELS),
                    exclude_source: arguments.text(&EXCLUDE_SOURCE),
                },
                page_size: arguments.whole(&PAGE_SIZE),
            };
            Box::pin(async move { Ok(Answered::of(service.events(&context.caller, &args).await?)) })
        })
    },
    Operation {
        id: "stream_events",
        rpc: "Watch",
        service: "Event",
        permission: Some(FEED),
        path: "/v1/events/stream",
        under: Under::Tag("events"),
        summary: "Follow the feed",
        doc: "Server-sent events: `id` is the cursor and `data` is an `Event`. An event named `bookmark` only advances \
              the cursor. An event named `error` has a `Problem` and ends the stream.",
        parameters: &[&AFTER, &SINCE, &CONSUMER_ID, &KINDS, &EVENT_TYPES, &PROGRAM_IDS, &WITH_LABELS, &EXCLUDE_SOURCE],
        answer: AnswerDoc { doc: "The events, as an endless stream.", schema: Schema::Content },
        refusals: &[404, 410],
        ..Operation::new(Method::Get, Does::Form(Form::StreamEvents))
    },
];

/// Interval at which a stream checks whether the rights of its caller have expired.
const LOOK: Duration = Duration::from_millis(250);
/// Maximum interval between two messages of a stream: without events it sends a bookmark.
const BOOKMARK: Duration = Duration::from_secs(15);

impl Service {
    pub fn events<'a>(&'a self, caller: &'a Caller, args: &'a EventArgs) -> BoxFuture<'a, Result<EventPage, Error>> {
        Box::pin(async move {
            let (page, _) = self.events_by(caller, args).await.map_err(Fail::into_error)?;
            Ok(page)
        })
    }

    async fn events_by(&self, caller: &Caller, args: &EventArgs) -> Result<(EventPage, Arc<Access>), Fail> {
        let conn = self.inner.database.read(caller.organisation()).await?;
        let found = self.events_in(&conn, caller, args).await?;
        conn.close().await?;
        Ok(found)
    }

    /// A page, and the rights by which it was read.
    pub(crate) async fn events_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        args: &EventArgs,
    ) -> Result<(EventPage, Arc<Access>), Fail> {
        let org = caller.organisation();
        let (filter, place) = match &args.consumer {
            None => (args.filter.clone(), None),
            Some(id) => {
                args.refuse_beside_consumer()?;
                Id::<Consumer>::parse(id).map_err(|detail| Error::fault("?consumer_id", "BAD_ID", detail))?;
                let (filter, place) = self.consumer_place(conn, caller, id).await?;
                (filter, Some(place))
            }
        };
        let sight = self.visibility(conn, caller, &filter).await?;
        let limit = parse_page_size(args.page_size).map_err(|fault| Error::invalid(vec![fault]))?;
        let head = self.inner.database.head(conn, org).await?;
        let after = match (args.after.as_deref().filter(|text| !text.is_empty()), args.since, place) {
            (Some(_), Some(_), _) => {
                let detail = "give a cursor or an instant, not both";
                return Err(Error::fault("?since", "DOES_NOT_FIT", detail).into());
            }
            (Some(cursor), None, _) => self.position(conn, org, cursor, &head).await?,
            (None, Some(since), _) => self.position_since(conn, org, since).await?,
            (None, None, Some(Some(place))) => self.check_position(conn, org, place, &head).await?,
            (None, None, _) => 0,
        };
        let seal = |seq| self.seal_cursor(caller, Cursor { epoch: head.epoch, seq });
        if after >= head.seq {
            return Ok((EventPage::bookmark(seal(after)), sight.access));
        }
        let query = sight.query(after, head.seq, limit + 1);
        let (events, reached) = fill(conn, org, &sight, query, &seal).await?;
        let next_cursor = seal(reached.unwrap_or(head.seq));
        Ok((EventPage { events, next_cursor, more: reached.is_some() }, sight.access))
    }

    /// The position of a cursor, unless the cursor has expired.
    pub(crate) async fn position(&self, conn: &Conn, org: &str, cursor: &str, head: &Head) -> Result<i64, Fail> {
        let cursor = Cursor::open(&self.inner.sealer, org, cursor)?;
        self.check_position(conn, org, cursor, head).await
    }

    pub(crate) async fn check_position(
        &self,
        conn: &Conn,
        org: &str,
        cursor: Cursor,
        head: &Head,
    ) -> Result<i64, Fail> {
        if cursor.epoch != head.epoch || cursor.seq > head.seq {
            return Err(expired("the database was restored since this cursor was made"));
        }
        if cursor.seq == head.seq {
            return Ok(cursor.seq);
        }
        match log::find_at(conn, org, cursor.seq + 1).await? {
            Some(at) if at < self.oldest() => Err(expired("the feed no longer reaches back to this cursor")),
            _ => Ok(cursor.seq),
        }
    }

    /// The position before all events since an instant.
    pub(crate) async fn position_since(&self, conn: &Conn, org: &str, since: Instant) -> Result<i64, Fail> {
        if since < self.oldest() {
            return Err(expired("the feed no longer reaches back to this instant"));
        }
        log::seq_at(conn, org, Instant::from_micros(since.micros().saturating_sub(1))).await
    }

    /// The instant to which the feed reaches back.
    pub(crate) fn oldest(&self) -> Instant {
        let kept_micros = i64::from(self.inner.feed_days) * 86_400 * 1_000_000;
        Instant::from_micros(self.inner.clock.now().micros() - kept_micros)
    }

    /// Pages as they become available, without end; an empty page is a bookmark. Ends with an error when the rights of
    /// the caller or its token end.
    pub fn watch(
        &self,
        caller: Caller,
        args: EventArgs,
    ) -> impl Stream<Item = Result<EventPage, Error>> + Send + 'static {
        let moves = self.inner.database.moves(caller.organisation());
        let (service, stopping) = (self.clone(), self.stopping());
        let state = Watch { service, caller, args, moves, stopping, read_by: None, quiet_since: None, ended: false };
        futures::stream::unfold(state, Watch::next)
    }
}

/// A stream of the feed. It does not query the database while the log does not change: there are no new events then, and
/// the rights of the caller, which only a change of the log can alter, can only expire.
struct Watch {
    service: Service,
    caller: Caller,
    args: EventArgs,
    moves: Moves,
    stopping: tokio::sync::watch::Receiver<bool>,
    /// The rights by which the log was read to its end; `None` while there is more to read.
    read_by: Option<Arc<Access>>,
    /// When the stream last sent a message; `None` before its first page.
    quiet_since: Option<tokio::time::Instant>,
    ended: bool,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<EventPage, Error>, Self)> {
        while !self.ended {
            let next = match self.read_by.take() {
                None => self.read().await.map(Some),
                Some(access) => self.wait(access).await,
            };
            match next {
                Ok(Some(page)) if page.events.is_empty() && !self.ended && !self.is_due() => {}
                Ok(Some(page)) => {
                    self.quiet_since = Some(tokio::time::Instant::now());
                    return Some((Ok(page), self));
                }
                Ok(None) => {}
                Err(error) => {
                    self.ended = true;
                    return Some((Err(error), self));
                }
            }
        }
        None
    }

    async fn read(&mut self) -> Result<EventPage, Error> {
        self.moves.mark_unchanged();
        let (page, access) = self.service.events_by(&self.caller, &self.args).await.map_err(Fail::into_error)?;
        self.args.after = Some(page.next_cursor.clone());
        self.args.since = None;
        if !page.more {
            self.read_by = Some(access);
            // A stream that the service ends sends its last cursor.
            self.ended = *self.stopping.borrow();
        }
        Ok(page)
    }

    fn is_due(&self) -> bool {
        self.quiet_since.is_none_or(|since| since.elapsed() >= BOOKMARK)
    }

    /// Waits until the log has changed, the service stops, or a bookmark is due.
    async fn wait(&mut self, access: Arc<Access>) -> Result<Option<EventPage>, Error> {
        while !self.is_due() {
            tokio::select! {
                _ = self.moves.changed() => return Ok(None),
                _ = self.stopping.changed() => return Ok(None),
                () = tokio::time::sleep(LOOK) => {}
            }
            self.service.still_permits(&self.caller, &access, FEED)?;
        }
        self.read_by = Some(access);
        Ok(self.args.after.clone().map(EventPage::bookmark))
    }
}

fn expired(why: &str) -> Fail {
    let detail = format!("{why}; read the lists again and continue from their sync_token");
    Error::new(Reason::CursorExpired, detail).into()
}

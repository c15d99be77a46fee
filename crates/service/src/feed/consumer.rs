//! Consumers: named readers of the feed, their positions, and moving them.

use futures::future::BoxFuture;
use steerco_derive::answer;
use steerco_domain::access::{Permission, find};
use steerco_domain::consumer::{AcknowledgeConsumer, Consumer, ReplayConsumer};
use steerco_domain::field::Long;
use steerco_domain::input::read_input;
use steerco_domain::resource::Verb;
use steerco_domain::text::Text;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Resource};
use steerco_persistence::consumer::{Moved, Offset, find_offset};
use steerco_persistence::log::Head;
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Effect, Fail};

use serde_json::{Map, Value};

use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::read::{check_id, resolve_id};
use crate::token::Cursor;
use crate::{Caller, Context, EventArgs, EventFilter, Service, Written};

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "get_consumer_position",
        service: Consumer::KIND.title,
        permission: Some(Consumer::KIND.rows.read),
        path: "/v1/consumers/{id}/position",
        under: Under::Kind(Consumer::KIND),
        summary: "Get the position of one consumer",
        doc: "The last acknowledged event of the consumer, and the unread events that are visible to the caller.",
        answer: AnswerDoc::of::<ConsumerPosition>("The position of the consumer."),
        refusals: &[404, 410],
        ..Operation::get(|service, context, mut arguments| {
            Box::pin(
                async move { Ok(Answered::of(service.consumer_position(&context.caller, &arguments.id()).await?)) },
            )
        })
    },
    Operation {
        id: "acknowledge_consumer",
        path: "/v1/consumers/{id}/acknowledge",
        ..Operation::act::<AcknowledgeConsumer>(|service, context, mut arguments| {
            Box::pin(async move {
                let id = arguments.id();
                Ok(Answered::written(service.acknowledge(&context, &id, &arguments.body()).await?))
            })
        })
    },
    Operation {
        id: "replay_consumer",
        path: "/v1/consumers/{id}/replay",
        // The cursor may have expired.
        refusals: &[410],
        ..Operation::act::<ReplayConsumer>(|service, context, mut arguments| {
            Box::pin(async move {
                let id = arguments.id();
                Ok(Answered::written(service.replay(&context, &id, &arguments.body()).await?))
            })
        })
    },
];

/// Position of a consumer in the feed, with the unread events that are visible to the caller.
#[answer]
#[derive(Clone, Debug)]
pub struct ConsumerPosition {
    /// Id of the consumer.
    pub consumer_id: String,
    /// Cursor of the last acknowledged event; absent before the first acknowledgement.
    pub cursor: Option<String>,
    /// Time of the last acknowledgement (UTC); absent before the first.
    pub acknowledged_at: Option<Instant>,
    /// Number of unread visible events, at most 1000.
    #[field(min = 0)]
    pub events_behind: i32,
    /// Whether there are more unread events than counted.
    pub more: bool,
    /// Time of the oldest unread event (UTC); absent when all are read.
    pub oldest_unread_at: Option<Instant>,
    /// Age of the oldest unread event in seconds; 0 when all are read.
    pub seconds_behind: Long,
}

/// Maximum number of unread events that are counted.
const COUNTED_MAX: i32 = 1000;

const ACKNOWLEDGE: &Permission = find(Consumer::KIND.name, AcknowledgeConsumer::NAME);
const REPLAY: &Permission = find(Consumer::KIND.name, ReplayConsumer::NAME);

impl Service {
    /// Filter and position of a consumer; no position at the beginning of the feed.
    pub(crate) async fn consumer_place(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
    ) -> Result<(EventFilter, Option<Cursor>), Fail> {
        let (consumer, offset) = self.find_consumer(conn, caller, id).await?;
        let place = offset.map(|Offset { epoch, seq, .. }| Cursor { epoch, seq });
        Ok((filter_of(&consumer), place))
    }

    async fn find_consumer(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<(Consumer, Option<Offset>), Fail> {
        check_id(Consumer::KIND, id)?;
        let (_, scope) = self.authorise(conn, caller, Consumer::KIND.rows.read).await?;
        let id = &*resolve_id(Consumer::KIND, conn, &scope, id).await?;
        let found = query::find::<Consumer>(conn, &scope, id, Moment::Now).await?;
        let consumer = found.filter(|found| found.deleted_at.is_none());
        let consumer = consumer.ok_or_else(|| Error::not_found(Consumer::KIND.name))?;
        let offset = find_offset(conn, scope.org(), id).await?;
        Ok((consumer, offset))
    }

    /// The position of a consumer.
    pub fn consumer_position<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
    ) -> BoxFuture<'a, Result<ConsumerPosition, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.consumer_position_in(&conn, caller, id).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn consumer_position_in(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<ConsumerPosition, Fail> {
        let (consumer, offset) = self.find_consumer(conn, caller, id).await?;
        let id = consumer.id_text();
        let args =
            EventArgs { consumer: Some(id.clone()), page_size: Some(COUNTED_MAX.into()), ..EventArgs::default() };
        let (waiting, _) = self.events_in(conn, caller, &args).await?;
        let oldest = waiting.events.first().map(|event| event.at);
        let behind = oldest.map(|at| (self.inner.clock.now().micros() - at.micros()) / 1_000_000);
        let seal = |Offset { epoch, seq, .. }| self.seal_cursor(caller, Cursor { epoch, seq });
        Ok(ConsumerPosition {
            consumer_id: id,
            cursor: offset.map(seal),
            acknowledged_at: offset.map(|offset| offset.at),
            events_behind: i32::try_from(waiting.events.len()).unwrap_or(COUNTED_MAX),
            more: waiting.more,
            oldest_unread_at: oldest,
            seconds_behind: Long(behind.unwrap_or_default().max(0)),
        })
    }

    /// Moves a consumer forward.
    pub fn acknowledge<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: &'a Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let acknowledged: AcknowledgeConsumer = read_input(body)?;
            let to =
                self.destination(&context.caller, ACKNOWLEDGE, acknowledged.cursor.as_ref(), Destination::End).await?;
            self.move_consumer::<AcknowledgeConsumer>(context, id, body, to, false).await
        })
    }

    /// Moves a consumer to any position.
    pub fn replay<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: &'a Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let replay: ReplayConsumer = read_input(body)?;
            let otherwise = match (replay.since, replay.seq) {
                (Some(since), _) => Destination::Since(since),
                (None, Some(Long(seq))) => Destination::From(seq),
                (None, None) => Destination::Beginning,
            };
            let to = self.destination(&context.caller, REPLAY, replay.cursor.as_ref(), otherwise).await?;
            self.move_consumer::<ReplayConsumer>(context, id, body, to, true).await
        })
    }

    async fn move_consumer<V: Verb<On = Consumer>>(
        &self,
        context: &Context,
        id: &str,
        body: &Map<String, Value>,
        to: Offset,
        back: bool,
    ) -> Result<Written, Error> {
        let id = &*self.id_of(Consumer::KIND, &context.caller, id).await?;
        let mut command = Self::command_to_act::<V>(context, id, body)?;
        command.effects.push(Effect::Moved(Moved { consumer: id.to_owned(), to, back }));
        self.execute_one(context, command).await
    }

    /// Resolves the target position. An expired cursor is rejected here, not when the consumer reads next.
    async fn destination(
        &self,
        caller: &Caller,
        row: &Permission,
        cursor: Option<&Text<4_000>>,
        otherwise: Destination,
    ) -> Result<Offset, Error> {
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = async {
            let (_, scope) = self.authorise(&conn, caller, row).await?;
            let org = caller.organisation();
            let head: Head = self.inner.database.head(&conn, org).await?;
            let seq = match (cursor, otherwise) {
                (Some(cursor), _) => self.position(&conn, org, cursor.as_str(), &head).await?,
                (None, Destination::End) => head.seq,
                (None, Destination::Beginning) => 0,
                (None, Destination::Since(since)) => self.position_since(&conn, org, since).await?,
                (None, Destination::From(_)) if scope.is_partner() => {
                    let detail = "event numbers are not visible to partners: give a cursor or an instant";
                    return Err(Error::fault("/seq", "DOES_NOT_FIT", detail).into());
                }
                (None, Destination::From(seq)) => {
                    check_number(seq, &head)?;
                    self.check_position(&conn, org, Cursor { epoch: head.epoch, seq: seq - 1 }, &head).await?
                }
            };
            Ok(Offset { epoch: head.epoch, seq, at: self.inner.clock.now() })
        };
        let offset = found.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(offset)
    }
}

/// A position in the feed without a cursor.
#[derive(Clone, Copy)]
enum Destination {
    Beginning,
    Since(Instant),
    /// Before the event with this number.
    From(i64),
    End,
}

/// Checks that the number is that of an event, or of the next one.
fn check_number(seq: i64, head: &Head) -> Result<(), Error> {
    let next = head.seq.saturating_add(1);
    if (1..=next).contains(&seq) {
        return Ok(());
    }
    Err(Error::fault("/seq", "OUT_OF_RANGE", format!("must be from 1 to {next}, the number of the next event")))
}

fn filter_of(consumer: &Consumer) -> EventFilter {
    let Consumer { kinds, event_types, program_ids, with_labels, exclude_source, .. } = consumer;
    EventFilter::of(kinds, event_types, program_ids, with_labels, exclude_source.as_ref())
}

//! Sends webhooks: every node looks for endpoints without a sender, takes a lease on them, reads the log for each and
//! sends its events, in order per resource and for many resources in parallel.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use steerco_domain::access::{Permission, find};
use steerco_domain::actor::Actor;
use steerco_domain::time::Instant;
use steerco_domain::webhook_endpoint::{
    WebhookDeliveryState as State, WebhookDisabledReason, WebhookEndpoint, WebhookState,
};
use steerco_domain::{Error, Reason};
use steerco_persistence::log::Head;
use steerco_persistence::query::{self, Moment};
use steerco_persistence::webhook::{self, Attempted, Delivery, Found, Webhook};
use steerco_persistence::{Act, Change, ChangeKind, Conn, Effect, Fail, Job, Plan};

use super::attempt::{Sent, WebhookAttempt};
use super::{message, rights};
use crate::failure::log_job;
use crate::token::Cursor;
use crate::visibility::{Visibility, fill};
use crate::{Caller, Event, EventFilter, Service};

/// Duration of the lease of a node on an endpoint.
const LEASE_MICROS: i64 = 30_000_000;
/// Interval at which the lease is renewed.
const RENEW_MICROS: i64 = 10_000_000;
/// Interval at which a node looks for endpoints that another node has left.
const ROUND: Duration = Duration::from_secs(10);
/// Interval at which due times are checked and, on PostgreSQL, commits of other nodes.
const LOOK: Duration = Duration::from_millis(250);
/// Pause of an endpoint whose owner can see nothing, or whose database is unavailable.
const REST: Duration = Duration::from_secs(2);
/// Maximum number of concurrent attempts per endpoint.
const PARALLEL: usize = 16;
/// Maximum number of queued deliveries per endpoint; the log is not read further until there is room.
const QUEUE: i64 = 1_000;
/// Number of log entries read at a time.
const STRETCH: u32 = 200;
/// Number of log entries without an event after which the position is stored: most changes concern no endpoint.
const UNNOTED: i64 = 5_000;
/// Number of attempts that are stored per delivery.
const HISTORY: usize = 20;
/// An endpoint that accepts nothing for this long is disabled.
const FAILING_MICROS: i64 = 5 * 86_400 * 1_000_000;
/// Maximum seconds that `Retry-After` is honoured: a day.
const WAIT_MAX: u32 = 86_400;

/// As logs name it.
const JOB: &str = "send_webhooks";

const READ: &Permission = find("webhook_endpoint", "read");

type Running = Arc<Mutex<HashSet<(String, String)>>>;

impl Service {
    /// Sends until the service stops. Any number of nodes may run this concurrently.
    pub fn send_webhooks(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let running: Running = Running::default();
            let mut stopping = self.stopping();
            let hub = &self.inner.webhooks;
            let mut due = tokio::time::Instant::now();
            // An embedded database has one node: a lease of another node is that of a process that has ended.
            if !self.inner.database.is_postgres()
                && let Err(fail) = self.inner.database.free_webhooks().await
            {
                log_job(&fail.into_error(), JOB, "", "");
            }
            while !*stopping.borrow() {
                let stirred = std::mem::take(&mut *hub.stirred.lock().unwrap_or_else(PoisonError::into_inner));
                let orgs = if tokio::time::Instant::now() >= due {
                    due = tokio::time::Instant::now() + ROUND;
                    self.inner.database.organisations().await
                } else {
                    Ok(stirred.into_iter().collect())
                };
                for org in orgs.unwrap_or_default() {
                    if let Err(fail) = self.take_endpoints(&org, &running).await {
                        log_job(&fail.into_error(), JOB, &org, "");
                    }
                }
                tokio::select! {
                    () = hub.stir.notified() => {}
                    () = tokio::time::sleep_until(due) => {}
                    _ = stopping.changed() => {}
                }
            }
        })
    }

    async fn take_endpoints(&self, org: &str, running: &Running) -> Result<(), Fail> {
        let conn = self.inner.database.read(org).await?;
        let free = webhook::list_free(&conn, org, self.inner.clock.now()).await?;
        conn.close().await?;
        for endpoint in free {
            let key = (org.to_owned(), endpoint.clone());
            if !running.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone()) {
                continue;
            }
            let (service, running, org) = (self.clone(), Arc::clone(running), org.to_owned());
            tokio::spawn(async move {
                let mut sender = Sender::new(service.clone(), org, endpoint);
                let sending = tokio::spawn(async move { sender.run().await });
                if let Err(fault) = sending.await {
                    // The lease expires, and then another sender takes it.
                    tracing::error!(%fault, endpoint = key.1, "sending of a webhook ended unexpectedly");
                }
                running.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                // More may have become due while the sender ended.
                service.inner.webhooks.stir(&key.0);
            });
        }
        Ok(())
    }

    /// Posts a signed message and returns the response.
    pub(super) async fn send_webhook(&self, url: &str, secrets: &[String], id: &str, body: &str) -> Sent {
        let at = self.inner.clock.now();
        let since = tokio::time::Instant::now();
        let hub = &self.inner.webhooks;
        let told = |status, error: Option<&str>| WebhookAttempt {
            at,
            status,
            error: error.map(str::to_owned),
            millis: i32::try_from(since.elapsed().as_millis()).unwrap_or(i32::MAX),
        };
        let Ok(url) = hub.guard.parse(url) else {
            return Sent { told: told(None, Some("refused_address")), retry_after: None };
        };
        let timestamp = at.seconds();
        let sent = hub
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", message::signatures(secrets, id, timestamp, body))
            .body(body.to_owned());
        match sent.send().await {
            Ok(answer) => {
                let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let retry_after = after.and_then(|text| message::wait_of(text, timestamp)).map(|s| s.min(WAIT_MAX));
                Sent { told: told(Some(answer.status().as_u16().into()), None), retry_after }
            }
            Err(cause) => Sent { told: told(None, Some(word(&cause))), retry_after: None },
        }
    }
}

/// Why there was no response: a word that never reveals the addresses of a name.
fn word(cause: &reqwest::Error) -> &'static str {
    match cause {
        cause if cause.is_timeout() => "timeout",
        cause if cause.is_connect() => "no_connection",
        _ => "broken_off",
    }
}

/// Result of one attempt.
pub(super) struct Attempt {
    delivery: Delivery,
    pub(super) sent: Sent,
}

type InFlight = FuturesUnordered<Pin<Box<dyn Future<Output = Attempt> + Send>>>;

/// Sends to one endpoint while its lease lasts.
struct Sender {
    service: Service,
    org: String,
    endpoint: String,
    /// Log positions of deliveries in progress.
    busy: HashSet<i64>,
    leased_at: Instant,
    /// The stored position in the log, and the position actually reached; no event was found between them.
    noted: i64,
    read: i64,
}

/// A part of the log that was read.
struct Stretch {
    /// Its last entry.
    to: i64,
    found: Vec<Found>,
    /// Whether there is more to read.
    more: bool,
}

/// An endpoint with its current rights and settings.
struct Target {
    endpoint: WebhookEndpoint,
    kept: Webhook,
    caller: Caller,
    secrets: Arc<Vec<String>>,
}

impl Sender {
    fn new(service: Service, org: String, endpoint: String) -> Self {
        let leased_at = Instant::from_micros(0);
        Self { service, org, endpoint, busy: HashSet::new(), leased_at, noted: 0, read: 0 }
    }

    async fn run(&mut self) {
        let mut stopping = self.service.stopping();
        let mut commits = self.service.inner.database.commits();
        let mut in_flight = InFlight::new();
        while !*stopping.borrow() {
            commits.mark_unchanged();
            let wait = match self.turn(&mut in_flight).await {
                Ok(Turn::Over) => break,
                Ok(Turn::More) => continue,
                Ok(Turn::Done) => LOOK,
                Ok(Turn::Blind) => REST,
                Err(fail) => {
                    log_job(&fail.into_error(), JOB, &self.org, &self.endpoint);
                    REST
                }
            };
            let done = tokio::select! {
                Some(done) = in_flight.next() => Some(done),
                _ = tokio::time::timeout(wait, commits.changed()) => None,
                _ = stopping.changed() => None,
            };
            if let Some(done) = done
                && let Err(fail) = self.note(&mut in_flight, done).await
            {
                // The message is sent again: delivery is at least once.
                log_job(&fail.into_error(), JOB, &self.org, &self.endpoint);
                tokio::time::sleep(REST).await;
            }
        }
        let freed =
            self.service.inner.database.free_webhook(&self.org, &self.endpoint, &self.service.inner.webhooks.node);
        if let Err(fail) = freed.await {
            log_job(&fail.into_error(), JOB, &self.org, &self.endpoint);
        }
    }

    /// Renews the lease, reads the log, and sends due messages.
    async fn turn(&mut self, in_flight: &mut InFlight) -> Result<Turn, Fail> {
        let now = self.service.inner.clock.now();
        if now.micros() - self.leased_at.micros() >= RENEW_MICROS {
            let until = Instant::from_micros(now.micros() + LEASE_MICROS);
            let node = &self.service.inner.webhooks.node;
            if !self.service.inner.database.lease_webhook(&self.org, &self.endpoint, node, now, until).await? {
                return Ok(Turn::Over);
            }
            self.leased_at = now;
        }
        let conn = self.service.inner.database.read(&self.org).await?;
        let Some(kept) = webhook::find(&conn, &self.org, &self.endpoint).await? else { return Ok(Turn::Over) };
        let Some(target) = self.target(&conn, kept, now).await? else { return Ok(Turn::Blind) };
        if target.endpoint.state != WebhookState::Active || target.endpoint.deleted_at.is_some() {
            return Ok(Turn::Over);
        }
        if target.secrets.is_empty() {
            return Ok(Turn::Blind);
        }
        let sight = match self.service.visibility(&conn, &target.caller, &filter_of(&target.endpoint)).await {
            Ok(sight) => sight,
            Err(Fail::Refused(_)) => return Ok(Turn::Blind),
            Err(fail) => return Err(fail),
        };
        let head = self.service.inner.database.head(&conn, &self.org).await?;
        if target.kept.seq != self.noted {
            // The endpoint was replayed: the position was moved back.
            (self.noted, self.read) = (target.kept.seq, target.kept.seq);
        }
        let stretch = self.read_on(&conn, &sight, &head).await?;
        let more = stretch.as_ref().is_some_and(|stretch| stretch.more);
        let conn = match stretch {
            Some(Stretch { to, found, .. }) if !found.is_empty() || to - self.noted >= UNNOTED => {
                // Close first: a task must not wait for a second connection while it holds one.
                conn.close().await?;
                let (database, span) = (&self.service.inner.database, (self.noted, to));
                database.queue_webhook(&self.org, &self.endpoint, span, &found, now).await?;
                (self.noted, self.read) = (to, to);
                database.read(&self.org).await?
            }
            Some(Stretch { to, .. }) => {
                self.read = to;
                conn
            }
            None => conn,
        };
        let withheld = self.send_due(in_flight, &conn, &target, &sight, head.epoch).await?;
        conn.close().await?;
        if !withheld.is_empty() {
            let (database, failing) = (&self.service.inner.database, target.kept.failing_since);
            database.note_webhook(&self.org, &self.endpoint, &withheld, failing).await?;
        }
        Ok(if more && in_flight.len() < PARALLEL { Turn::More } else { Turn::Done })
    }

    /// The endpoint with the rights of its owner; none if the owner has lost them.
    async fn target(&self, conn: &Conn, kept: Webhook, now: Instant) -> Result<Option<Target>, Fail> {
        let Some(caller) = rights::caller(&self.org, &kept.rights) else {
            return Err(Fail::broken("the stored rights of a webhook cannot be parsed".to_owned()));
        };
        if !self.service.trusts(&caller) {
            return Ok(None);
        }
        let scope = match self.service.authorise(conn, &caller, READ).await {
            Ok((_, scope)) => scope,
            Err(Fail::Refused(_)) => return Ok(None),
            Err(fail) => return Err(fail),
        };
        let found = query::find::<WebhookEndpoint>(conn, &scope, &self.endpoint, Moment::Now).await?;
        let Some(endpoint) = found else { return Ok(None) };
        let secrets = Arc::new(self.service.secrets(&endpoint, Some(&kept), now));
        Ok(Some(Target { endpoint, kept, caller, secrets }))
    }

    /// The events of the next part of the log, unless enough deliveries are queued.
    async fn read_on(&self, conn: &Conn, sight: &Visibility, head: &Head) -> Result<Option<Stretch>, Fail> {
        let from = self.read;
        if from >= head.seq || webhook::count_pending(conn, &self.org, &self.endpoint).await? >= QUEUE {
            return Ok(None);
        }
        // The position of an event is internal to the service.
        let place = |seq: i64| seq.to_string();
        let query = sight.query(from, head.seq, STRETCH + 1);
        let (events, reached) = fill(conn, &self.org, sight, query, &place).await?;
        let found = events.into_iter().filter_map(found).collect();
        Ok(Some(Stretch { to: reached.unwrap_or(head.seq), found, more: reached.is_some() }))
    }

    /// Sends due messages, read again from the log with the current visibility; returns those that are no longer visible.
    async fn send_due(
        &mut self,
        in_flight: &mut InFlight,
        conn: &Conn,
        target: &Target,
        sight: &Visibility,
        epoch: i64,
    ) -> Result<Vec<Attempted>, Fail> {
        let now = self.service.inner.clock.now();
        let slots = PARALLEL.saturating_sub(in_flight.len());
        let mut withheld = Vec::new();
        if slots == 0 {
            return Ok(withheld);
        }
        let due = webhook::list_due(conn, &self.org, &self.endpoint, now, PARALLEL + slots).await?;
        let due: Vec<Delivery> = due.into_iter().filter(|due| !self.busy.contains(&due.seq)).take(slots).collect();
        for delivery in due {
            let seal = |seq| self.service.seal_cursor(&target.caller, Cursor { epoch, seq });
            let query = sight.query(delivery.seq - 1, delivery.seq, 2);
            let (mut events, _) = fill(conn, &self.org, sight, query, &seal).await?;
            if let Some(event) = events.pop() {
                self.busy.insert(delivery.seq);
                in_flight.push(self.sending(target, delivery, &event));
            } else {
                let Delivery { seq, attempts, history, .. } = delivery;
                withheld.push(Attempted { seq, state: State::Withheld, attempts, next_at: now, history });
            }
        }
        Ok(withheld)
    }

    fn sending(
        &self,
        target: &Target,
        delivery: Delivery,
        event: &Event,
    ) -> Pin<Box<dyn Future<Output = Attempt> + Send>> {
        let (service, secrets) = (self.service.clone(), Arc::clone(&target.secrets));
        let url = target.endpoint.url.to_string();
        let body = message::body(&service.inner.base_url, &self.org, event, target.endpoint.content).to_string();
        Box::pin(async move {
            let sent = service.send_webhook(&url, &secrets, &delivery.event_id, &body).await;
            Attempt { delivery, sent }
        })
    }

    /// Records an attempt, and any others that have finished meanwhile.
    async fn note(&mut self, in_flight: &mut InFlight, first: Attempt) -> Result<(), Fail> {
        let mut done = vec![first];
        while let Some(Some(next)) = futures::FutureExt::now_or_never(in_flight.next()) {
            done.push(next);
        }
        for attempt in &done {
            self.busy.remove(&attempt.delivery.seq);
        }
        let now = self.service.inner.clock.now();
        let conn = self.service.inner.database.read(&self.org).await?;
        let kept = webhook::find(&conn, &self.org, &self.endpoint).await?;
        conn.close().await?;
        let taken = done.iter().any(Attempt::taken);
        let failing = if taken { None } else { kept.and_then(|kept| kept.failing_since).or(Some(now)) };
        let gone = done.iter().any(|attempt| attempt.sent.told.status == Some(410));
        let attempted: Vec<Attempted> = done.into_iter().map(|attempt| self.judged(attempt, now)).collect();
        self.service.inner.database.note_webhook(&self.org, &self.endpoint, &attempted, failing).await?;
        let long = failing.is_some_and(|since| now.micros() - since.micros() >= FAILING_MICROS);
        if gone {
            self.disable(WebhookDisabledReason::Gone).await?;
        } else if long {
            self.disable(WebhookDisabledReason::Failing).await?;
        }
        Ok(())
    }

    /// Decides the next state of a delivery after an attempt.
    fn judged(&self, attempt: Attempt, now: Instant) -> Attempted {
        let taken = attempt.taken();
        let Attempt { delivery, sent } = attempt;
        let attempts = delivery.attempts + 1;
        let schedule = &self.service.inner.webhooks.settings.retry_seconds;
        let next = usize::try_from(delivery.attempts).ok().and_then(|i| schedule.get(i)).copied();
        let mut history: Vec<WebhookAttempt> = serde_json::from_str(&delivery.history).unwrap_or_default();
        history.push(sent.told);
        history.drain(..history.len().saturating_sub(HISTORY));
        let (state, wait) = match next {
            _ if taken => (State::Delivered, 0),
            // The receiver is gone; the delivery waits until the endpoint is enabled again.
            Some(_) if history.last().is_some_and(|last| last.status == Some(410)) => (State::Pending, 0),
            Some(seconds) => {
                (State::Pending, self.spread(seconds).max(sent.retry_after.map_or(0, i64::from) * 1_000_000))
            }
            None => (State::Failed, 0),
        };
        Attempted {
            seq: delivery.seq,
            state,
            attempts,
            next_at: Instant::from_micros(now.micros() + wait),
            history: serde_json::to_string(&history).unwrap_or_default(),
        }
    }

    /// Randomises a delay by a tenth, so that deliveries that failed together are not retried together.
    fn spread(&self, seconds: u32) -> i64 {
        let micros = i64::from(seconds) * 1_000_000;
        let draw = i64::from(u16::from_be_bytes(self.service.inner.clock.random::<2>()));
        micros - micros / 10 + micros / 5 * draw / i64::from(u16::MAX)
    }

    async fn disable(&mut self, reason: WebhookDisabledReason) -> Result<(), Fail> {
        let done = self.service.disable_webhook(&self.org, &self.endpoint, reason).await;
        match done {
            Err(error) if error.reason != Reason::WrongState && error.reason != Reason::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Result of a turn.
enum Turn {
    /// Another node has the endpoint, or there is nothing to send to.
    Over,
    /// There is more to read.
    More,
    Done,
    /// The owner can see nothing at the moment.
    Blind,
}

fn found(event: Event) -> Option<Found> {
    let Event { cursor, id, operation, resource_id, .. } = event;
    Some(Found { seq: cursor.parse().ok()?, event_id: id, event_type: operation, subject: resource_id })
}

fn filter_of(endpoint: &WebhookEndpoint) -> EventFilter {
    let WebhookEndpoint { kinds, event_types, program_ids, with_labels, exclude_source, .. } = endpoint;
    EventFilter::of(kinds, event_types, program_ids, with_labels, exclude_source.as_ref())
}

impl Service {
    /// Disables an endpoint as the service itself.
    async fn disable_webhook(&self, org: &str, endpoint: &str, reason: WebhookDisabledReason) -> Result<(), Error> {
        let (service, id, named) = (self.clone(), endpoint.to_owned(), org.to_owned());
        let job: Job = Arc::new(move |conn| {
            let (service, id, org) = (service.clone(), id.clone(), named.clone());
            Box::pin(async move {
                let missing = || Error::not_found("webhook_endpoint");
                let kept = webhook::find(conn, &org, &id).await?.ok_or_else(missing)?;
                let caller = rights::caller(&org, &kept.rights).ok_or_else(missing)?;
                let (_, scope) = service.authorise(conn, &caller, READ).await?;
                let before = query::find_for_update::<WebhookEndpoint>(conn, &scope, &id).await?.ok_or_else(missing)?;
                let now = service.inner.clock.now();
                let mut after = before.clone();
                after.disable(reason)?;
                after.revision += 1;
                after.updated_at = now;
                let change = Change::new(ChangeKind::Update, Some(&before), &after, "disable", None);
                let act = Act { org, actor: Actor::system(), now, request_id: "webhooks".to_owned() };
                Ok(Plan { effects: vec![Effect::Change(change)], ..Plan::nothing(act, Box::new(())) })
            })
        });
        self.inner.database.transact(org, None, job).await.map(|_| ())
    }
}

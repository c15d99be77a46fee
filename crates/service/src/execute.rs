//! The one way to write: rights, idempotency, decision, change set. What is decided here is written in
//! `persistence::flush`, and nowhere else.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use steerco_domain::access::Row;
use steerco_domain::actor::Actor;
use steerco_domain::error::Fault;
use steerco_domain::graph::Edge;
use steerco_domain::id::Id;
use steerco_domain::resource::{Acting, Decide, Kind};
use steerco_domain::time::Instant;
use steerco_domain::webhook_endpoint::WebhookEndpoint;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::blob::{self, Link};
use steerco_persistence::consumer::Moved;
use steerco_persistence::idempotency::Key;
use steerco_persistence::ledger::Postings;
use steerco_persistence::scope::authorise;
use steerco_persistence::webhook::Setting;
use steerco_persistence::{Access, Act, Change, Conn, Fail, Job, Plan, Remembered, Scope, SourceVersion, idempotency};

use crate::clock::Clock;
use crate::crosswalk::Crosswalk;
use crate::decide::Decided;
use crate::fingerprint::fingerprint;
use crate::kept::{Kept, keep, replay};
use crate::known::{Known, prefetch};
use crate::service::etag;
use crate::webhooks::check_addresses;
use crate::{BatchResult, Context, Seen, Service, Written};

/// Makes a new resource together with what else it brings.
pub(crate) type Make = Arc<dyn for<'e> Fn(&'e Env<'e>) -> BoxFuture<'e, Result<Decided, Fail>> + Send + Sync>;

pub(crate) fn make<F>(make: F) -> Make
where
    F: for<'e> Fn(&'e Env<'e>) -> BoxFuture<'e, Result<Decided, Fail>> + Send + Sync + 'static,
{
    Arc::new(make)
}

pub(crate) fn decide_by<R, F>(decide: F) -> Decide
where
    R: Resource,
    F: Fn(&mut R, &Acting) -> Result<(), Error> + Send + Sync + 'static,
{
    Arc::new(move |on, acting| decide(on.of_mut().ok_or_else(Error::internal)?, acting))
}

/// One change wished for.
pub(crate) enum Item {
    Create {
        id: u128,
        body: Map<String, Value>,
    },
    Update {
        id: String,
        patch: Map<String, Value>,
        if_match: Option<String>,
    },
    Upsert {
        new_id: u128,
        source: String,
        external_id: String,
        source_version: Option<i64>,
        body: Map<String, Value>,
        if_match: Option<String>,
    },
    /// One name in a source system more, or less.
    Refer {
        id: String,
        source: String,
        external_id: String,
        add: bool,
        if_match: Option<String>,
    },
    Delete {
        id: String,
        if_match: Option<String>,
    },
    Undelete {
        id: String,
        if_match: Option<String>,
    },
    Act {
        id: String,
        row: &'static Row,
        if_match: Option<String>,
        decide: Decide,
    },
    Make {
        row: &'static Row,
        make: Make,
    },
}

impl Item {
    /// Whether it is about what must be as the caller has seen it.
    fn has_etag(&self) -> bool {
        match self {
            Self::Update { if_match, .. }
            | Self::Upsert { if_match, .. }
            | Self::Refer { if_match, .. }
            | Self::Delete { if_match, .. }
            | Self::Undelete { if_match, .. }
            | Self::Act { if_match, .. } => if_match.is_some(),
            Self::Create { .. } | Self::Make { .. } => false,
        }
    }
}

/// Everything a request wishes for.
pub(crate) struct Wish {
    pub(crate) kind: &'static Kind,
    pub(crate) action: &'static str,
    /// The decoded input, of which the fingerprint is made: both doors decode to the same.
    pub(crate) input: Value,
    pub(crate) items: Vec<Item>,
    pub(crate) partial: bool,
    pub(crate) batch: bool,
    /// Account and hash of a secret to be set.
    pub(crate) secret: Option<(String, String)>,
    /// A content that was staged.
    pub(crate) link: Option<Link>,
    /// A reader of the feed to be moved.
    pub(crate) moved: Option<Moved>,
    /// What is to change of the sending of webhooks.
    pub(crate) webhook: Option<Setting>,
}

impl Wish {
    pub(crate) fn one(kind: &'static Kind, action: &'static str, input: Value, item: Item) -> Self {
        Self { batch: false, ..Self::many(kind, action, input, vec![item]) }
    }

    /// All or nothing of a batch.
    pub(crate) fn many(kind: &'static Kind, action: &'static str, input: Value, items: Vec<Item>) -> Self {
        let (partial, batch) = (false, true);
        Self { kind, action, input, items, partial, batch, secret: None, link: None, moved: None, webhook: None }
    }
}

/// What a decision knows of its caller.
pub(crate) struct Env<'a> {
    pub(crate) context: &'a Context,
    pub(crate) conn: &'a Conn,
    pub(crate) access: Arc<Access>,
    pub(crate) now: Instant,
    /// Edges that this request adds to the graph of dependencies.
    edges: Mutex<Vec<Edge>>,
    /// What it adds to the ledger.
    postings: Mutex<Option<Postings>>,
    /// What it changes beside the resources that it names.
    also: Mutex<Vec<Change>>,
    /// What it changes of the sending of webhooks.
    webhooks: Mutex<Vec<Setting>>,
    /// The same, after them: what names what the request makes.
    after: Mutex<Vec<Change>>,
    /// What it has taken of a sum that has a limit.
    taken: Mutex<HashMap<String, i64>>,
    /// The greatest number it has given in each series.
    numbers: Mutex<HashMap<String, i32>>,
    /// What external references it has looked up.
    pub(crate) crosswalk: Crosswalk,
    pub(crate) known: Known,
    clock: &'a Clock,
}

impl<'a> Env<'a> {
    pub(crate) fn new(context: &'a Context, conn: &'a Conn, access: Arc<Access>, clock: &'a Clock) -> Self {
        Self {
            context,
            conn,
            access,
            now: clock.now(),
            edges: Mutex::default(),
            postings: Mutex::default(),
            also: Mutex::default(),
            webhooks: Mutex::default(),
            after: Mutex::default(),
            taken: Mutex::default(),
            numbers: Mutex::default(),
            crosswalk: Crosswalk::default(),
            known: Known::default(),
            clock,
        }
    }

    pub(crate) fn new_id(&self) -> u128 {
        self.clock.new_id()
    }

    /// The number after the last one of a series, or after those that this request has given.
    pub(crate) fn next_number(&self, series: &str, last: i32) -> i32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let number = numbers.get(series).copied().unwrap_or_default().max(last).saturating_add(1);
        numbers.insert(series.to_owned(), number);
        number
    }

    /// Changes a resource that the request does not name.
    pub(crate) fn change_also(&self, change: Change) {
        self.also.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    /// Changes the sending of webhooks.
    pub(crate) fn set_webhook(&self, setting: Setting) {
        self.webhooks.lock().unwrap_or_else(PoisonError::into_inner).push(setting);
    }

    /// Changes such a resource after those that the request names, for it names one of them.
    pub(crate) fn change_after(&self, change: Change) {
        self.after.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    /// What earlier items of this request have taken of a sum that has a limit; this one takes more.
    pub(crate) fn take_of(&self, sum: &str, units: i64) -> i64 {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = taken.entry(sum.to_owned()).or_default();
        let before = *sum;
        *sum = sum.saturating_add(units);
        before
    }

    /// Edges that earlier items of this request add.
    pub(crate) fn planned_edges(&self) -> Vec<Edge> {
        self.edges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn plan_edge(&self, edge: Edge) {
        self.edges.lock().unwrap_or_else(PoisonError::into_inner).push(edge);
    }

    /// What the request adds to the ledger.
    pub(crate) fn post(&self, postings: Postings) {
        let mut all = self.postings.lock().unwrap_or_else(PoisonError::into_inner);
        *all = Some(match all.take() {
            Some(before) => before.and(postings),
            None => postings,
        });
    }

    /// All that is planned together with a change, in the order in which it is written, and what is posted.
    pub(crate) fn planned(&self, change: Change) -> (Vec<Change>, Option<Postings>) {
        let take =
            |changes: &Mutex<Vec<Change>>| std::mem::take(&mut *changes.lock().unwrap_or_else(PoisonError::into_inner));
        let mut changes = take(&self.also);
        changes.push(change);
        changes.append(&mut take(&self.after));
        (changes, self.postings.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    /// What is decided, together with what it brings beside the resources that were named.
    pub(crate) fn plan(&self, act: Act, mut changes: Vec<Change>, source_versions: Vec<SourceVersion>) -> Plan {
        // First, so that what is posted bears the number of the change that was asked for.
        changes.splice(0..0, std::mem::take(&mut *self.also.lock().unwrap_or_else(PoisonError::into_inner)));
        changes.append(&mut self.after.lock().unwrap_or_else(PoisonError::into_inner));
        let postings = self.postings.lock().unwrap_or_else(PoisonError::into_inner).take();
        let webhooks = std::mem::take(&mut *self.webhooks.lock().unwrap_or_else(PoisonError::into_inner));
        Plan { changes, source_versions, postings, webhooks, ..Plan::nothing(act, Box::new(())) }
    }

    /// The reach of the caller for one row of the table.
    pub(crate) fn scope(&self, row: Option<&Row>) -> Result<Scope, Error> {
        let caller = &self.context.caller;
        let row = row.ok_or_else(|| Error::new(Reason::Forbidden, "organisations are made by `steerco init`"))?;
        authorise(caller.organisation(), &self.access, caller.narrow(), row, self.now)
    }

    pub(crate) fn actor(&self) -> Actor {
        self.access.actor.clone()
    }

    pub(crate) fn acting(&self) -> Acting {
        let speaks = self.access.person && self.context.caller.approves;
        let person = Id::parse(&self.access.actor.0).ok().filter(|_| speaks);
        Acting { now: self.now, actor: self.actor(), person }
    }
}

fn job<F>(decide: F) -> Job
where
    F: for<'c> Fn(&'c Conn) -> BoxFuture<'c, Result<Plan, Fail>> + Send + Sync + 'static,
{
    Arc::new(decide)
}

impl Service {
    pub(crate) async fn execute_one(&self, context: &Context, wish: Wish) -> Result<Written, Error> {
        let mut done = self.execute(context, wish).await?;
        done.results.pop().unwrap_or_else(|| Err(Error::internal()))
    }

    pub(crate) fn execute<'a>(&'a self, context: &'a Context, wish: Wish) -> BoxFuture<'a, Result<BatchResult, Error>> {
        Box::pin(async move {
            let kind = wish.kind;
            if wish.batch || !wish.items.iter().any(Item::has_etag) {
                context.refuse_etag()?;
            }
            self.authorise_early(context, &wish).await?;
            check_addresses(self, &wish).await?;
            let org = context.caller.organisation().to_owned();
            let key = remembered_key(context);
            let (service, context, wish) = (self.clone(), context.clone(), Arc::new(wish));
            let decide = job(move |conn| {
                let (service, context, wish) = (service.clone(), context.clone(), Arc::clone(&wish));
                Box::pin(async move { service.decide_all(conn, &context, &wish).await })
            });
            let answer = self.inner.database.transact(&org, key, decide).await?;
            if kind.name == WebhookEndpoint::KIND.name {
                self.inner.webhooks.stir(&org);
            }
            answer.downcast::<BatchResult>().map(|done| *done).map_err(|_| Error::internal())
        })
    }

    /// Keeps those who may do nothing at all away from the writer. The transaction decides again.
    async fn authorise_early(&self, context: &Context, wish: &Wish) -> Result<(), Error> {
        if self.inner.database.is_postgres() {
            return Ok(());
        }
        let conn = self.inner.database.outside();
        let access = self.access(&conn, &context.caller).await.map_err(Fail::into_error)?;
        let env = Env::new(context, &conn, access, &self.inner.clock);
        wish.items.first().map_or(Ok(()), |item| may_begin(&env, wish.kind, item))
    }

    async fn decide_all(&self, conn: &Conn, context: &Context, wish: &Wish) -> Result<Plan, Fail> {
        let access = self.access(conn, &context.caller).await?;
        let env = Env::new(context, conn, access, &self.inner.clock);
        wish.items.first().map_or(Ok(()), |item| may_begin(&env, wish.kind, item))?;
        let act = Act {
            org: context.caller.organisation().to_owned(),
            actor: env.actor(),
            now: env.now,
            request_id: context.request_id.clone(),
        };
        let key = remembered_key(context);
        let fingerprint = fingerprint(context, wish);
        if let Some(key) = &key
            && let Some((before, kept)) = idempotency::find(conn, key)?
        {
            if before != fingerprint {
                return Err(Error::new(Reason::KeyReused, "this idempotency key was used with another request").into());
            }
            return Ok(Plan::nothing(act, Box::new(replay(&env, wish.kind, &kept).await?)));
        }
        if wish.batch {
            prefetch(&env, wish.kind, &wish.items).await?;
        }
        let (results, changes, source_versions) = decide_items(&env, wish).await?;
        let mut plan = env.plan(act, changes, source_versions);
        let (act, changes) = (&plan.act, &plan.changes);
        let link = wish.link.clone().filter(|_| !changes.is_empty());
        if let Some(link) = &link {
            blob::check_quota(conn, &act.org, link).await?;
        }
        let kept: Vec<Kept> = results.iter().map(keep).collect();
        let answer: Box<dyn Any + Send> = Box::new(BatchResult { results, replayed: false });
        if context.validate_only {
            return Ok(Plan::nothing(plan.act, answer));
        }
        let remembered = key.map(|Key { subject, key, .. }| Remembered {
            subject,
            key,
            fingerprint,
            answer: serde_json::to_string(&kept).unwrap_or_default(),
        });
        let (credential, moved) = (wish.secret.clone(), wish.moved.clone());
        plan.webhooks.extend(wish.webhook.clone());
        Ok(Plan { remembered, credential, link, moved, answer, ..plan })
    }
}

/// The key under which the answer is remembered; a dry run has none.
pub(crate) fn remembered_key(context: &Context) -> Option<Key> {
    let key = context.idempotency_key.clone().filter(|_| !context.validate_only)?;
    let (org, subject) = (context.caller.organisation().to_owned(), context.caller.key());
    Some(Key { org, subject, key })
}

/// Whether the caller may do this kind of thing at all, before anything is looked up.
fn may_begin(env: &Env<'_>, kind: &Kind, item: &Item) -> Result<(), Error> {
    let rows = &kind.rows;
    let allowed = match item {
        Item::Create { .. } => env.scope(rows.create),
        Item::Update { .. } | Item::Refer { .. } => env.scope(rows.update),
        Item::Upsert { .. } => env.scope(rows.update).or_else(|_| env.scope(rows.create)),
        Item::Delete { .. } | Item::Undelete { .. } => env.scope(rows.delete),
        Item::Act { row, .. } | Item::Make { row, .. } => env.scope(Some(row)),
    };
    allowed.map(|_| ())
}

type Results = (Vec<Result<Written, Error>>, Vec<Change>, Vec<SourceVersion>);

pub(crate) async fn decide_items(env: &Env<'_>, wish: &Wish) -> Result<Results, Fail> {
    let (mut results, mut changes, mut versions) = (Vec::with_capacity(wish.items.len()), Vec::new(), Vec::new());
    let (mut touched, mut taken) = (HashSet::new(), HashSet::new());
    for item in &wish.items {
        let decided = match crate::decide::decide(env, wish.kind, item).await {
            Ok(decided) if !touched.insert(decided.resource.id_text()) => {
                Err(Error::fault("", "DUPLICATE", "an earlier item of this batch changes the same resource"))
            }
            Ok(decided) => {
                match crate::checks::claims(&*decided.resource).into_iter().find(|claim| !taken.insert(claim.clone())) {
                    None => Ok(decided),
                    Some((pointer, _)) => {
                        let detail = "an earlier item of this batch has the same value, which is unique";
                        let fault = Fault::new(pointer, "ALREADY_EXISTS", detail);
                        Err(Error { faults: vec![fault], ..Error::new(Reason::AlreadyExists, detail) })
                    }
                }
            }
            Err(Fail::Refused(error)) => Err(error),
            Err(fail) => return Err(fail),
        };
        results.push(decided.map(|Decided { resource, scope, outcome, change, source_version }| {
            changes.extend(change);
            versions.extend(source_version);
            let (mask, etag) = (scope.mask(wish.kind), etag(&scope, &*resource));
            Written { seen: Seen { resource, mask, etag, trimmed: false }, outcome, replayed: false }
        }));
    }
    match refuse_whole(&results, wish.batch).filter(|_| !wish.partial) {
        Some(error) => Err(error.into()),
        None => Ok((results, changes, versions)),
    }
}

/// All faults of all items at once, each at its place; of a single request, the refusal itself.
fn refuse_whole(results: &[Result<Written, Error>], batch: bool) -> Option<Error> {
    let mut refused = results.iter().enumerate().filter_map(|(i, result)| result.as_ref().err().map(|e| (i, e)));
    let (first_place, first) = refused.next()?;
    if !batch {
        return Some(first.clone());
    }
    let placed = |i: usize, error: &Error| -> Vec<Fault> {
        if error.faults.is_empty() {
            return vec![Fault::new(format!("/items/{i}"), error.reason.code(), error.detail.clone())];
        }
        let place = |f: &Fault| Fault::new(format!("/items/{i}{}", f.pointer), f.code.clone(), f.detail.clone());
        error.faults.iter().map(place).collect()
    };
    let mut faults = placed(first_place, first);
    faults.extend(refused.flat_map(|(i, error)| placed(i, error)));
    let detail = format!("nothing was written: {} faults, see errors", faults.len());
    Some(Error { faults, ..Error::new(first.reason, detail) })
}

//! The write path: rights, idempotency, decision, change set. Decisions made here are written in `persistence::flush`, and
//! nowhere else.

use std::any::Any;
use std::collections::HashSet;
use std::sync::Arc;

use futures::future::BoxFuture;
use steerco_domain::error::Fault;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Reason};
use steerco_persistence::idempotency::Key;
use steerco_persistence::{Conn, Effect, Fail, Job, Plan, Remembered, effect, idempotency};

use crate::answer::{BatchResult, Seen, Written};
use crate::args::Context;
use crate::checks::claims;
use crate::command::{Command, Decided, Item};
use crate::decide::decide;
use crate::etag::etag;
use crate::fingerprint::fingerprint;
use crate::hooks::Hooks;
use crate::prefetch::prefetch;
use crate::replay::{StoredAnswer, replay, store_answer};
use crate::service::Service;
use crate::write_context::WriteContext;

fn job<F>(decide: F) -> Job
where
    F: for<'c> Fn(&'c Conn) -> BoxFuture<'c, Result<Plan, Fail>> + Send + Sync + 'static,
{
    Arc::new(decide)
}

impl Service {
    pub(crate) async fn execute_one(&self, context: &Context, command: Command) -> Result<Written, Error> {
        let mut done = self.execute(context, command).await?;
        done.results.pop().unwrap_or_else(|| Err(Error::internal("a command has no result")))
    }

    pub(crate) fn execute<'a>(
        &'a self,
        context: &'a Context,
        command: Command,
    ) -> BoxFuture<'a, Result<BatchResult, Error>> {
        Box::pin(async move {
            let feature = self.feature(command.kind);
            if command.batch || !command.items.iter().any(Item::has_etag) {
                context.refuse_etag()?;
            }
            self.authorise_early(context, &command).await?;
            if let Some(beforehand) = feature.beforehand {
                beforehand(self, &command).await?;
            }
            let org = context.caller.organisation().to_owned();
            let key = remembered_key(context);
            let (service, context, command) = (self.clone(), context.clone(), Arc::new(command));
            let decide = job(move |conn| {
                let (service, context, command) = (service.clone(), context.clone(), Arc::clone(&command));
                Box::pin(async move { service.decide_all(conn, &context, &command, &feature.hooks).await })
            });
            let answer = self.inner.database.transact(&org, key, decide).await?;
            if let Some(afterwards) = feature.afterwards {
                afterwards(self, &org);
            }
            answer
                .downcast::<BatchResult>()
                .map(|done| *done)
                .map_err(|_| Error::internal("an answer has another type than was asked for"))
        })
    }

    /// Rejects callers without any permission before they occupy the writer. The transaction checks again.
    async fn authorise_early(&self, context: &Context, command: &Command) -> Result<(), Error> {
        if self.inner.database.is_postgres() {
            return Ok(());
        }
        let conn = self.inner.database.outside();
        let access = self.access(&conn, &context.caller).await.map_err(Fail::into_error)?;
        let write = WriteContext::new(context, &conn, access, &self.inner.clock);
        command.items.first().map_or(Ok(()), |item| may_begin(&write, command.kind, item))
    }

    async fn decide_all(
        &self,
        conn: &Conn,
        context: &Context,
        command: &Command,
        hooks: &'static Hooks,
    ) -> Result<Plan, Fail> {
        let access = self.access(conn, &context.caller).await?;
        let write = WriteContext::new(context, conn, access, &self.inner.clock);
        command.items.first().map_or(Ok(()), |item| may_begin(&write, command.kind, item))?;
        let act = write.act();
        let key = remembered_key(context);
        let fingerprint = fingerprint(context, command);
        if let Some(key) = &key
            && let Some((before, kept)) = idempotency::find(conn, key)?
        {
            if before != fingerprint {
                return Err(Error::new(Reason::KeyReused, "this idempotency key was used with another request").into());
            }
            return Ok(Plan::nothing(act, Box::new(replay(&write, command.kind, &kept).await?)));
        }
        if command.batch {
            prefetch(&write, command.kind, &command.items).await?;
        }
        let results = decide_items(&write, command, hooks).await?;
        let mut effects = write.take_effects();
        effects.extend_from_slice(&command.effects);
        effect::check(conn, &act.org, &effects).await?;
        let kept: Vec<StoredAnswer> = results.iter().map(store_answer).collect();
        let answer: Box<dyn Any + Send> = Box::new(BatchResult { results, replayed: false });
        if context.validate_only {
            return Ok(Plan::nothing(act, answer));
        }
        let remembered = key.map(|Key { subject, key, .. }| Remembered {
            subject,
            key,
            fingerprint,
            answer: serde_json::to_string(&kept).unwrap_or_default(),
        });
        Ok(Plan { effects, remembered, ..Plan::nothing(act, answer) })
    }
}

/// The key under which the response is stored; a dry run has none.
pub(crate) fn remembered_key(context: &Context) -> Option<Key> {
    let key = context.idempotency_key.clone().filter(|_| !context.validate_only)?;
    let (org, subject) = (context.caller.organisation().to_owned(), context.caller.key());
    Some(Key { org, subject, key })
}

/// Whether the caller may do this kind of operation at all, before anything is read.
fn may_begin(write: &WriteContext<'_>, kind: &Kind, item: &Item) -> Result<(), Error> {
    let rows = &kind.rows;
    let allowed = match item {
        Item::Create { .. } => write.scope(rows.create),
        Item::Update { .. } | Item::Refer { .. } => write.scope(rows.update),
        Item::Upsert { .. } => write.scope(rows.update).or_else(|_| write.scope(rows.create)),
        Item::Delete { .. } | Item::Undelete { .. } => write.scope(rows.delete),
        Item::Act { permission, .. } | Item::Choose { permission, .. } | Item::Make { permission, .. } => {
            write.scope(Some(permission))
        }
    };
    allowed.map(|_| ())
}

/// Decides the items in order. Their effects are collected in the context.
pub(crate) async fn decide_items(
    write: &WriteContext<'_>,
    command: &Command,
    hooks: &'static Hooks,
) -> Result<Vec<Result<Written, Error>>, Fail> {
    let mut results = Vec::with_capacity(command.items.len());
    let (mut touched, mut taken) = (HashSet::new(), HashSet::new());
    for item in &command.items {
        let start = write.mark();
        let decided = match decide(write, hooks, command.kind, item).await {
            Ok(decided) if !touched.insert(decided.resource.id_text()) => {
                Err(Error::fault("", "DUPLICATE", "an earlier item of this batch changes the same resource"))
            }
            Ok(decided) => match claims(&*decided.resource).into_iter().find(|claim| !taken.insert(claim.clone())) {
                None => Ok(decided),
                Some((pointer, _)) => {
                    let detail = "an earlier item of this batch has the same value, but the value must be unique";
                    let fault = Fault::new(pointer, "ALREADY_EXISTS", detail);
                    Err(Error { faults: vec![fault], ..Error::new(Reason::AlreadyExists, detail) })
                }
            },
            Err(Fail::Refused(error)) => Err(error),
            Err(fail) => return Err(fail),
        };
        if decided.is_err() {
            write.forget_since(start);
        }
        results.push(decided.map(|Decided { resource, scope, outcome, change, source_version }| {
            if let Some(change) = change {
                write.add(Effect::Change(change));
            }
            if let Some(version) = source_version {
                write.add(Effect::SourceVersion(version));
            }
            let (mask, etag) = (scope.mask(command.kind), etag(&scope, &*resource));
            Written { seen: Seen { resource, mask, etag, trimmed: false }, outcome, replayed: false }
        }));
    }
    match refuse_whole(&results, command.batch).filter(|_| !command.partial) {
        Some(error) => Err(error.into()),
        None => Ok(results),
    }
}

/// All faults of all items, each with its pointer; for a single request, its error.
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
    Some(Error { faults, cause: first.cause.clone(), ..Error::new(first.reason, detail) })
}

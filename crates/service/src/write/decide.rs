//! Decisions: the effect of one item of a command on one resource, or why it is rejected. Reads, never writes.

use std::borrow::Cow;

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_domain::access::{Permission, find};
use steerco_domain::error::Fault;
use steerco_domain::field::Setter;
use steerco_domain::mask::Mask;
use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::{Kind, ScopeRule, Seed};
use steerco_domain::text::Text;
use steerco_domain::time::Instant;
use steerco_domain::{AnyBox, AnyResource, Error, Reason};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Change, ChangeKind, Fail, Scope, SourceVersion};

use crate::answer::Outcome;
use crate::checks::{check, check_free};
use crate::command::{Decided, Item};
use crate::crosswalk::Behind;
use crate::family::children_of;
use crate::hidden::refuse_hidden;
use crate::hooks::{Hooks, settle};
use crate::load_for_write::{load_for_write, need_etag};
use crate::source::{check_source_code, refuse_partner};
use crate::subject::check_author;
use crate::write_context::WriteContext;

const HISTORY: &Permission = find("history", "write");

pub(crate) fn decide<'a>(
    write: &'a WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    item: &'a Item,
) -> BoxFuture<'a, Result<Decided, Fail>> {
    Box::pin(async move {
        match item {
            Item::Create { id, body } => create(write, hooks, kind, *id, body, ("create", None)).await,
            Item::Update { id, patch, if_match } => {
                let (scope, before) = load_for_write(write, kind, id, kind.rows.update, if_match.as_deref()).await?;
                need_etag(kind, if_match.as_deref())?;
                let patch = without_repeated(write, &scope, &*before, patch).await?;
                merge(write, hooks, scope, before, &patch, ("update", None)).await
            }
            Item::Upsert { new_id, source, external_id, source_version, body, if_match } => {
                let wanted = Wanted { source, external_id, version: *source_version, if_match: if_match.as_deref() };
                upsert(write, hooks, kind, *new_id, &wanted, body).await
            }
            Item::Refer { id, source, external_id, add, if_match } => {
                let wanted = Wanted { source, external_id, version: None, if_match: if_match.as_deref() };
                refer(write, hooks, kind, id, &wanted, *add).await
            }
            Item::Delete { id, if_match } => delete(write, hooks, kind, id, if_match.as_deref()).await,
            Item::Undelete { id, if_match } => undelete(write, hooks, kind, id, if_match.as_deref()).await,
            Item::Make { make, .. } => make(write).await,
            Item::Choose { choose, .. } => {
                let item = choose(write).await?;
                decide(write, hooks, kind, &item).await
            }
            Item::Act { id, permission, if_match, decide, logged } => {
                let (scope, before) = load_for_write(write, kind, id, Some(permission), if_match.as_deref()).await?;
                need_etag(kind, if_match.as_deref())?;
                let mut after = before.clone();
                decide(&mut *after, &write.acting())?;
                settle(&mut *after)?;
                if let Some(on_act) = hooks.on_act {
                    on_act(write, &*before, &mut *after, permission.action).await?;
                }
                let how = How { action: permission.action, source: None, logged: *logged };
                changed(write, hooks, scope, &*before, after, how).await
            }
        }
    })
}

/// When the change takes effect; an instant before now requires the permission to write history.
fn effective_at(write: &WriteContext<'_>, kind: &Kind) -> Result<Instant, Error> {
    let Some(at) = write.context.effective_at else { return Ok(write.now) };
    if !kind.dated {
        return Err(Error::fault("?effective_at", "NOT_DATED", format!("a {} has no dated versions", kind.name)));
    }
    if at > write.now {
        return Err(Error::fault("?effective_at", "OUT_OF_RANGE", "must not be in the future"));
    }
    write.scope(Some(HISTORY))?;
    Ok(at)
}

/// Name of the operation, and the source of the write.
type By<'a> = (&'a str, Option<ExternalRef>);

async fn create(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    id: u128,
    body: &Map<String, Value>,
    (action, reference): By<'_>,
) -> Result<Decided, Fail> {
    let scope = write.scope(kind.rows.create)?;
    let effective_at = effective_at(write, kind)?;
    let seed = Seed { id, at: write.now, effective_at, by: write.actor() };
    let mut after = (kind.make.create)(&*write.resolver().body(kind.fields, body).await?, &seed)?;
    refuse_hidden(kind, &scope, body)?;
    let source = reference.as_ref().map(|r| r.source.as_str().to_owned());
    if let Some(reference) = reference {
        after.common_mut().external_refs.add(reference)?;
    }
    admit(write, hooks, &scope, &mut *after, source.as_deref()).await?;
    after.stamp(write.now);
    let change = Change::new(ChangeKind::Insert, None, &*after, action, source.as_deref());
    Ok(Decided { resource: after, scope, outcome: Outcome::Created, change: Some(change), source_version: None })
}

/// Completes a new resource from stored data, and checks that it may be created.
fn admit<'a>(
    write: &'a WriteContext<'_>,
    hooks: &'static Hooks,
    scope: &'a Scope,
    after: &'a mut dyn AnyResource,
    source: Option<&'a str>,
) -> BoxFuture<'a, Result<(), Fail>> {
    Box::pin(async move {
        crate::inherit::inherit(write, scope, after).await?;
        crate::consult::consult(write, scope, after).await?;
        if let Some(on_create) = hooks.on_create {
            on_create(write, after).await?;
        }
        crate::subject::set_place(write, scope, after).await?;
        let kind = after.kind();
        let spans = matches!(kind.scope, ScopeRule::Subject | ScopeRule::BetweenPrograms | ScopeRule::Owned);
        let placed = spans || kind.fields.iter().any(|field| field.parent);
        if !scope.is_whole() && (kind.scope.is_directory() || !placed) {
            return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
        }
        if let Some(on_set) = hooks.on_set {
            on_set(write, after);
        }
        check(write, hooks, scope, None, after, source).await?;
        if let Some(on_checked) = hooks.on_checked {
            on_checked(write, after).await?;
        }
        match hooks.admit {
            Some(admit) => admit(write, after).await,
            None => Ok(()),
        }
    })
}

fn refuse_deleted(resource: &dyn AnyResource) -> Result<(), Error> {
    match resource.common().deleted_at {
        Some(_) => {
            Err(Error::new(Reason::WrongState, format!("the {} is deleted; undelete it first", resource.kind().name)))
        }
        None => Ok(()),
    }
}

async fn merge(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    scope: Scope,
    before: AnyBox,
    patch: &Map<String, Value>,
    (action, source): (&str, Option<&str>),
) -> Result<Decided, Fail> {
    let kind = before.kind();
    refuse_deleted(&*before)?;
    refuse_hidden(kind, &scope, patch)?;
    check_author(write, &*before)?;
    let patch = &*write.resolver().body(kind.fields, patch).await?;
    let mut current = before.clone();
    let effective = effective_at(write, kind)?;
    let late = write.context.effective_at.is_some()
        && current.common_mut().effective_at.is_some_and(|current| effective < *current);
    if late {
        return backfill(write, hooks, scope, before, patch, (effective, source)).await;
    }
    let after = before.patched(patch)?;
    if let Some(on_set) = hooks.on_set {
        on_set(write, &*after);
    }
    changed(write, hooks, scope, &*before, after, How { action, source, logged: false }).await
}

/// How a resource is changed.
struct How<'a> {
    /// Name of the operation.
    action: &'a str,
    source: Option<&'a str>,
    /// Whether it is logged even if it does not change the resource.
    logged: bool,
}

/// The decision about a changed resource; no effects if it is unchanged.
async fn changed(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    scope: Scope,
    before: &dyn AnyResource,
    mut after: AnyBox,
    How { action, source, logged }: How<'_>,
) -> Result<Decided, Fail> {
    if !matches!(action, "delete" | "undelete") {
        refuse_deleted(before)?;
    }
    if after.is_same(before) && !logged {
        return Ok(unchanged(scope, after, Outcome::Unchanged));
    }
    check(write, hooks, &scope, Some(before), &*after, source).await?;
    if let Some(on_checked) = hooks.on_checked {
        on_checked(write, &mut *after).await?;
        if after.is_same(before) && !logged {
            return Ok(unchanged(scope, after, Outcome::Unchanged));
        }
    }
    after.stamp(write.now);
    let effective = effective_at(write, after.kind())?;
    let common = after.common_mut();
    *common.revision += 1;
    *common.updated_at = write.now;
    if let Some(at) = common.effective_at {
        // Fields can be corrected in the past, but a verb or deletion cannot take effect before the state it acted on.
        if effective < *at {
            let detail = format!("must not be before {at}, when the current state took effect");
            return Err(Error::fault("?effective_at", "OUT_OF_ORDER", detail).into());
        }
        *at = effective;
    }
    let outcome = match action {
        "delete" => Outcome::Deleted,
        "undelete" => Outcome::Undeleted,
        _ => Outcome::Updated,
    };
    let change = Change::new(ChangeKind::Update, Some(before), &*after, action, source);
    Ok(Decided { resource: after, scope, outcome, change: Some(change), source_version: None })
}

fn unchanged(scope: Scope, resource: AnyBox, outcome: Outcome) -> Decided {
    Decided { resource, scope, outcome, change: None, source_version: None }
}

/// A change that takes effect before the current state: history gains a version, the row is unchanged.
async fn backfill(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    scope: Scope,
    current: AnyBox,
    patch: &Map<String, Value>,
    (effective, source): (Instant, Option<&str>),
) -> Result<Decided, Fail> {
    let then = Moment::Valid { at: effective, seq: i64::MAX };
    let known = query::find_any(write.conn, &scope, current.kind(), &current.id_text(), then).await?;
    let base = known.unwrap_or_else(|| current.clone());
    let mut after = base.patched(patch)?;
    if after.is_same(&*base) && known_at(&*base, effective) {
        return Ok(unchanged(scope, current, Outcome::Unchanged));
    }
    check(write, hooks, &scope, Some(&*base), &*after, source).await?;
    let revision = current.common().revision;
    let common = after.common_mut();
    *common.revision = revision;
    *common.updated_at = write.now;
    if let Some(at) = common.effective_at {
        *at = effective;
    }
    let change = Change::new(ChangeKind::Backfill, Some(&*base), &*after, "backfill", source);
    let (outcome, change) = (Outcome::Backfilled, Some(change));
    Ok(Decided { resource: after, scope, outcome, change, source_version: None })
}

/// Whether this version was already effective at the instant.
fn known_at(version: &dyn AnyResource, at: Instant) -> bool {
    version.boxed().common_mut().effective_at.is_some_and(|effective| *effective <= at)
}

/// The external record of an upsert.
struct Wanted<'a> {
    source: &'a str,
    external_id: &'a str,
    version: Option<i64>,
    if_match: Option<&'a str>,
}

async fn upsert(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    new_id: u128,
    wanted: &Wanted<'_>,
    body: &Map<String, Value>,
) -> Result<Decided, Fail> {
    refuse_partner(write)?;
    let reference = match check_source(write, wanted).await {
        Err(Fail::Refused(error)) => return Err(with_faults_of_body(write, kind, new_id, body, error).await?.into()),
        reference => reference?,
    };
    let org = write.context.caller.organisation();
    let found: Behind = write.crosswalk.find(write.conn, org, kind, &reference).await?;
    let fresh = wanted.version.filter(|version| found.as_ref().and_then(|(_, stored)| *stored) != Some(*version));
    let version = fresh.map(|version| SourceVersion {
        kind,
        source: wanted.source.to_owned(),
        external_id: wanted.external_id.to_owned(),
        version,
    });
    let Some((id, stored)) = found else {
        if wanted.if_match.is_some() {
            let detail = "the resource does not exist yet, so no ETag can match";
            return Err(Error::new(Reason::StaleEtag, detail).into());
        }
        let created = create(write, hooks, kind, new_id, body, ("upsert", Some(reference))).await?;
        return Ok(Decided { source_version: version, ..created });
    };
    let (scope, before) = load_for_write(write, kind, &id, kind.rows.update, wanted.if_match).await?;
    if wanted.version.zip(stored).is_some_and(|(new, stored)| new < stored) {
        return Ok(unchanged(scope, before, Outcome::Stale));
    }
    let body = without_repeated(write, &scope, &*before, body).await?;
    let merged = merge(write, hooks, scope, before, &body, ("upsert", Some(wanted.source))).await?;
    Ok(Decided { source_version: version, ..merged })
}

/// A record with an invalid reference can only be new, so the faults of its body are reported together with that.
async fn with_faults_of_body(
    write: &WriteContext<'_>,
    kind: &'static Kind,
    id: u128,
    body: &Map<String, Value>,
    mut error: Error,
) -> Result<Error, Fail> {
    if error.reason == Reason::Invalid {
        let seed = Seed { id, at: write.now, effective_at: write.now, by: write.actor() };
        let body = write.resolver().body(kind.fields, body).await?;
        error.faults.extend((kind.make.create)(&body, &seed).err().map(|error| error.faults).unwrap_or_default());
        error = Error::invalid(error.faults);
    }
    Ok(error)
}

/// Adds or removes one external reference: an update under that source.
async fn refer(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    id: &str,
    wanted: &Wanted<'_>,
    add: bool,
) -> Result<Decided, Fail> {
    refuse_partner(write)?;
    let (scope, before) = load_for_write(write, kind, id, kind.rows.update, wanted.if_match).await?;
    let reference = check_source(write, wanted).await?;
    let mut refs = before.common().external_refs.clone();
    if add {
        check_free(write, &*before, &reference, "/external_id").await?;
        refs.add(reference)?;
    } else {
        refs.remove(&reference);
    }
    let patch = Map::from_iter([("external_refs".to_owned(), json!(refs))]);
    merge(write, hooks, scope, before, &patch, ("update", Some(wanted.source))).await
}

/// Fields that can only be set at creation may be repeated with the same value: returns the body without them. Hidden
/// fields are rejected before, because otherwise their values could be guessed.
async fn without_repeated<'a>(
    write: &WriteContext<'_>,
    scope: &Scope,
    current: &dyn AnyResource,
    body: &'a Map<String, Value>,
) -> Result<Cow<'a, Map<String, Value>>, Fail> {
    let fields = current.kind().fields;
    let fixed = || fields.iter().filter(|f| f.setter == Setter::Create).map(|f| f.name);
    if !fixed().any(|name| body.contains_key(name)) {
        return Ok(Cow::Borrowed(body));
    }
    refuse_hidden(current.kind(), scope, body)?;
    let mut body = write.resolver().body(fields, body).await?.into_owned();
    let view = current.to_object(Mask::ALL);
    for name in fixed().filter(|name| view.contains_key(*name)) {
        if body.get(name) == view.get(name) {
            body.remove(name);
        }
    }
    Ok(Cow::Owned(body))
}

async fn check_source(write: &WriteContext<'_>, wanted: &Wanted<'_>) -> Result<ExternalRef, Fail> {
    let external_id =
        Text::parse(wanted.external_id).map_err(|(code, detail)| Fault::new("/external_id", code, detail));
    match (check_source_code(write, wanted.source).await, external_id) {
        (Ok(source), Ok(external_id)) => Ok(ExternalRef { source, external_id }),
        (Err(Fail::Refused(mut error)), Err(fault)) if error.reason == Reason::Invalid => {
            error.faults.push(fault);
            Err(Error::invalid(error.faults).into())
        }
        (Err(fail), _) => Err(fail),
        (_, Err(fault)) => Err(Error::invalid(vec![fault]).into()),
    }
}

async fn delete(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    id: &str,
    if_match: Option<&str>,
) -> Result<Decided, Fail> {
    let (scope, before) = load_for_write(write, kind, id, kind.rows.delete, if_match).await?;
    if before.common().deleted_at.is_some() {
        return Ok(unchanged(scope, before, Outcome::Unchanged));
    }
    before.check_delete()?;
    let id = &before.id_text();
    if let Some(on_delete) = hooks.on_delete {
        on_delete(write, id).await?;
    }
    let org = write.context.caller.organisation();
    for (child, field) in children_of(kind) {
        if query::has_child(write.conn, org, child, field, id).await? {
            let detail = format!("it still has {}: delete or move them first", child.plural);
            return Err(Error::new(Reason::HasChildren, detail).into());
        }
    }
    let mut after = before.clone();
    *after.common_mut().deleted_at = Some(write.now);
    changed(write, hooks, scope, &*before, after, How { action: "delete", source: None, logged: false }).await
}

async fn undelete(
    write: &WriteContext<'_>,
    hooks: &'static Hooks,
    kind: &'static Kind,
    id: &str,
    if_match: Option<&str>,
) -> Result<Decided, Fail> {
    let (scope, before) = load_for_write(write, kind, id, kind.rows.delete, if_match).await?;
    let mut after = before.clone();
    *after.common_mut().deleted_at = None;
    if let Some(on_undelete) = hooks.on_undelete.filter(|_| before.common().deleted_at.is_some()) {
        on_undelete(write, &mut *after).await?;
    }
    changed(write, hooks, scope, &*before, after, How { action: "undelete", source: None, logged: false }).await
}

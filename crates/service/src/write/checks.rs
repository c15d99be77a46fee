//! Rules that need the database: holders of grants, references, unique fields, sources.

use std::collections::HashSet;

use futures::future::BoxFuture;
use steerco_domain::error::Fault;
use steerco_domain::field::Cell;
use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::Kind;
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::query;
use steerco_persistence::{Fail, Scope};

use crate::family::{check_hierarchy, check_move, check_parents};
use crate::hooks::Hooks;
use crate::source::find_source;
use crate::write_context::WriteContext;

/// Runs all checks.
pub(crate) fn check<'a>(
    write: &'a WriteContext<'_>,
    hooks: &'static Hooks,
    scope: &'a Scope,
    before: Option<&'a dyn AnyResource>,
    after: &'a dyn AnyResource,
    source: Option<&'a str>,
) -> BoxFuture<'a, Result<(), Fail>> {
    Box::pin(async move {
        let revived = before.is_some_and(|b| b.common().deleted_at.is_some()) && after.common().deleted_at.is_none();
        let stood = before.filter(|_| !revived);
        if stood.is_none() && after.holder().is_some_and(|holder| holder == write.access.actor.0) {
            return Err(Error::new(Reason::Forbidden, "a grant must be made by someone other than its holder").into());
        }
        let mut faults = Vec::new();
        check_references(write, scope, stood, after, &mut faults).await?;
        match before {
            Some(before) if !revived => check_move(write, before, after).await?,
            Some(_) => check_parents(write, after, &mut faults).await?,
            None => {}
        }
        check_sources(write, before, after, &mut faults).await?;
        if let Some(checks) = hooks.checks {
            checks(write, stood, after, &mut faults).await?;
        }
        if !faults.is_empty() {
            return Err(Error::invalid(faults).into());
        }
        check_hierarchy(write, scope, stood, after).await?;
        check_unique(write, stood, after).await?;
        if let Some(guards) = hooks.guards {
            guards(write, scope, before, after).await?;
        }
        crate::ownership::check(write, before, after, source).await
    })
}

/// A changed reference must be to a live resource; a parent must also be within reach of the caller. A resource that is not
/// visible gives the same error as one that does not exist.
async fn check_references(
    write: &WriteContext<'_>,
    scope: &Scope,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    let mut known = HashSet::new();
    if let Some(before) = before {
        before.references(&mut |field, _, id| {
            known.insert((field, id));
        });
    }
    let (mut fresh, mut seen) = (Vec::new(), HashSet::new());
    after.references(&mut |field, kind, id| {
        if field != "id" && !known.contains(&(field, id.clone())) && seen.insert((field, id.clone())) {
            fresh.push((field, kind, id));
        }
    });
    for (field, kind, id) in fresh {
        let Some(kind) = steerco_domain::find_kind(kind) else { continue };
        let parent = after.kind().field(field).is_some_and(|spec| spec.parent);
        let find = async {
            if parent {
                query::hold_parent(write.conn, scope, kind, &id).await
            } else {
                query::exists(write.conn, scope, kind, &id).await
            }
        };
        let found = write.known.living.of((kind.name, id.clone(), parent), find).await?;
        if !found {
            faults.push(Fault::new(format!("/{field}"), "NOT_FOUND", format!("the {} does not exist", kind.name)));
        }
    }
    Ok(())
}

/// External references must be under registered sources and belong to no other resource.
async fn check_sources(
    write: &WriteContext<'_>,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    for (i, reference) in after.common().external_refs.0.iter().enumerate() {
        if before.is_some_and(|before| before.common().external_refs.0.contains(reference)) {
            continue;
        }
        if find_source(write, reference.source.as_str()).await?.is_none() {
            let detail = "no source with this code is registered";
            faults.push(Fault::new(format!("/external_refs/{i}/source"), "UNKNOWN_SOURCE", detail));
        }
        check_free(write, after, reference, &format!("/external_refs/{i}")).await?;
    }
    Ok(())
}

/// Checks that no other resource of the kind has this external reference.
pub(crate) async fn check_free(
    write: &WriteContext<'_>,
    resource: &dyn AnyResource,
    reference: &ExternalRef,
    pointer: &str,
) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    let holder = write.crosswalk.find(write.conn, org, resource.kind(), reference).await?;
    if holder.is_none_or(|(id, _)| id == resource.id_text()) {
        return Ok(());
    }
    Err(taken(resource.kind(), pointer, "external reference").into())
}

fn taken(kind: &Kind, pointer: &str, what: &str) -> Error {
    let detail = format!("another {} already has this {what}", kind.name);
    let fault = Fault::new(pointer.to_owned(), "ALREADY_EXISTS", detail.clone());
    Error { faults: vec![fault], ..Error::new(Reason::AlreadyExists, detail) }
}

async fn check_unique(
    write: &WriteContext<'_>,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
) -> Result<(), Fail> {
    let org = write.context.caller.organisation();
    for (field, value) in unique_values(before, after) {
        if query::is_taken(write.conn, org, after.kind(), field, &value, &after.id_text()).await? {
            return Err(taken(after.kind(), &format!("/{field}"), field).into());
        }
    }
    Ok(())
}

/// Values that no other live resource may have: pointer and value.
pub(crate) fn claims(resource: &dyn AnyResource) -> Vec<(String, String)> {
    let live = resource.common().deleted_at.is_none();
    let unique = unique_values(None, resource).into_iter().map(|(field, value)| (format!("/{field}"), value));
    let refs = resource.common().external_refs.0.iter();
    let refs = refs.map(|r| ("/external_refs".to_owned(), format!("{}/{}", r.source.as_str(), r.external_id.as_str())));
    unique.chain(refs).filter(|_| live).collect()
}

/// The unique fields that changed, with their values.
fn unique_values(before: Option<&dyn AnyResource>, after: &dyn AnyResource) -> Vec<(&'static str, String)> {
    let changed = before.map(|before| after.changed_since(before));
    let touched = |name| changed.as_ref().is_none_or(|changed| changed.contains(&name));
    let mut cells = Vec::new();
    after.store(&mut cells);
    let columns = after.kind().columns().zip(cells);
    let unique = columns.filter(|((_, _, field), _)| field.unique && touched(field.name));
    unique
        .filter_map(|((_, _, field), cell)| if let Cell::Text(v) = cell { Some((field.name, v)) } else { None })
        .collect()
}

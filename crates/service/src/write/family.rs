//! Consistency of a resource with its parents: a deliverable of a project belongs to the program of the project.

use steerco_domain::error::Fault;
use steerco_domain::field::{FieldSpec, Shape};
use steerco_domain::graph::cycle;
use steerco_domain::resource::Kind;
use steerco_domain::{AnyResource, Error, KINDS, Reason, find_kind};
use steerco_persistence::{Fail, Scope, graph, query};

use crate::write_context::WriteContext;

/// A parent of a parent is shared: the program of the project is the program of the deliverable.
pub(crate) async fn check_parents(
    write: &WriteContext<'_>,
    after: &dyn AnyResource,
    faults: &mut Vec<Fault>,
) -> Result<(), Fail> {
    let mut parents = Vec::new();
    after.references(&mut |field, kind, id| parents.push((field, kind, id)));
    parents.retain(|(field, ..)| after.kind().field(field).is_some_and(|spec| spec.parent));
    let org = write.context.caller.organisation();
    for (field, kind, id) in &parents {
        let Some(kind) = find_kind(kind) else { continue };
        for (shared, _, own) in &parents {
            if shared == field || kind.field(shared).is_none_or(|spec| !spec.parent) {
                continue;
            }
            let theirs = query::find_text(write.conn, org, kind, id, shared).await?;
            if theirs.is_some_and(|theirs| theirs != *own) {
                let detail = format!("belongs to another {}", shared.trim_end_matches("_id"));
                faults.push(Fault::new(format!("/{field}"), "DOES_NOT_FIT", detail));
            }
        }
    }
    Ok(())
}

/// A resource cannot move to another parent while it has children that share this parent.
pub(crate) async fn check_move(
    write: &WriteContext<'_>,
    before: &dyn AnyResource,
    after: &dyn AnyResource,
) -> Result<(), Fail> {
    let moved: Vec<&FieldSpec> = after.kind().fields.iter().filter(|field| field.parent).collect();
    let changed = after.changed_since(before);
    let org = write.context.caller.organisation();
    for field in moved.into_iter().filter(|field| changed.contains(&field.name)) {
        for (kind, by) in children_of(after.kind()) {
            let copies = |spec: &FieldSpec| spec.parent || spec.inherited;
            let shares = by.name != field.name && kind.field(field.name).is_some_and(copies);
            if shares && query::has_child(write.conn, org, kind, by, &after.id_text()).await? {
                let detail = format!("it has {} that share its {}", kind.plural, field.name.trim_end_matches("_id"));
                return Err(Error::new(Reason::HasChildren, detail).into());
            }
        }
    }
    Ok(())
}

/// Child kinds of this kind, and their reference field.
pub(crate) fn children_of(parent: &Kind) -> Vec<(&'static Kind, &'static FieldSpec)> {
    let named = |shape: &Shape| matches!(shape, Shape::Id { prefix } if *prefix == parent.prefix);
    let names_parent = |field: &FieldSpec| {
        field.parent
            && match (field.shape)() {
                Shape::List { of, .. } => named(&of),
                shape => named(&shape),
            }
    };
    let children = KINDS.iter().flat_map(|kind| kind.fields.iter().map(move |field| (*kind, field)));
    children.filter(|(_, field)| names_parent(field)).collect()
}

/// Rejects a resource that would be a part of itself, over any number of steps.
pub(crate) async fn check_hierarchy(
    write: &WriteContext<'_>,
    scope: &Scope,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
) -> Result<(), Fail> {
    let mut up = None;
    after.references(&mut |field, kind, id| {
        if kind == after.kind().name && after.kind().field(field).is_some_and(|spec| spec.parent) {
            up = Some((field, id));
        }
    });
    let Some((field, parent)) = up else { return Ok(()) };
    if before.is_some_and(|before| !after.changed_since(before).contains(&field)) {
        return Ok(());
    }
    graph::hold_graph(write.conn, scope.org()).await?;
    let own = after.id_text();
    let (mut path, mut at) = (vec![own.clone()], Some(parent));
    while let Some(id) = at {
        if path.contains(&id) {
            return Err(cycle(field, &path, |_| true).into());
        }
        at = query::find_text(write.conn, scope.org(), after.kind(), &id, field).await?;
        path.push(id);
    }
    Ok(())
}

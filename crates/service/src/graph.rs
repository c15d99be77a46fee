//! Dependencies as a graph: what they join, and that nothing comes to wait for itself.

use std::collections::HashSet;

use steerco_domain::error::Fault;
use steerco_domain::graph::{cycle, find_path};
use steerco_domain::id::Id;
use steerco_domain::node::Node;
use steerco_domain::program::Program;
use steerco_domain::resource::Kind;
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::{Fail, Scope, graph, query};

use crate::execute::WriteContext;

/// Tells a new edge the programs of its ends, one of which must be in the caller's reach. Ends that do not live are found
/// by the check of the references.
pub(crate) async fn join(write: &WriteContext<'_>, scope: &Scope, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let Some(edge) = after.edge() else { return Ok(()) };
    let mut programs = Vec::new();
    let mut reached = scope.is_whole();
    for end in [&edge.from, &edge.to] {
        let Ok(node) = Node::parse(end) else { return Err(Error::internal().into()) };
        let program = graph::hold_program_of(write.conn, scope.org(), node.kind(), end).await?;
        reached = reached || graph::is_in_reach(write.conn, scope, node.kind(), end).await?;
        programs.push(program.and_then(|id| Id::<Program>::parse(&id).ok()));
    }
    if !reached {
        let fault = |field: &str| Fault::new(field, "NOT_FOUND", "there is none of this id in reach");
        return Err(Error::invalid(vec![fault("/predecessor_id"), fault("/successor_id")]).into());
    }
    after.join(programs[0], programs[1]);
    Ok(())
}

/// Refuses an edge that appears and would close a cycle. Edges appear one after the other in an organisation, or two of
/// them could close one together.
pub(crate) async fn check_cycle(
    write: &WriteContext<'_>,
    scope: &Scope,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
) -> Result<(), Fail> {
    let edge_of = |resource: &dyn AnyResource| resource.edge().filter(|_| resource.common().deleted_at.is_none());
    let Some(edge) = edge_of(after) else { return Ok(()) };
    if before.and_then(edge_of).is_some() {
        return Ok(());
    }
    graph::hold_graph(write.conn, scope.org()).await?;
    let planned = write.planned_edges();
    let starts: HashSet<&str> = planned.iter().map(|edge| edge.to.as_str()).chain([edge.to.as_str()]).collect();
    let starts: Vec<&str> = starts.into_iter().collect();
    let mut edges = graph::list_edges_from(write.conn, scope.org(), &starts).await?;
    edges.extend(planned);
    let Some(mut path) = find_path(&edges, &edge.to, &edge.from) else {
        write.plan_edge(edge);
        return Ok(());
    };
    path.rotate_right(1);
    let mut seen = HashSet::new();
    for id in &path {
        let Ok(node) = Node::parse(id) else { continue };
        if scope.is_whole() || graph::is_in_reach(write.conn, scope, node.kind(), id).await? {
            seen.insert(id.clone());
        }
    }
    Err(cycle("successor_id", &path, |id| seen.contains(id) || id == edge.from || id == edge.to).into())
}

/// What other things wait for, or what waits for others, is not deleted.
pub(crate) async fn check_ends(write: &WriteContext<'_>, kind: &Kind, id: &str) -> Result<(), Fail> {
    let is_node = steerco_domain::node::kinds().any(|node| node.name == kind.name);
    if is_node && graph::has_edge(write.conn, write.context.caller.organisation(), id).await? {
        return Err(Error::new(Reason::HasChildren, "dependencies hang on it: delete them first").into());
    }
    Ok(())
}

/// A resource that is a part of one of its own kind is no part of itself, over however many steps.
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

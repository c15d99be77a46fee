//! Dependencies as a graph: checks of their ends and for cycles.

use std::collections::HashSet;

use steerco_domain::dependency::Dependency;
use steerco_domain::dependency_end::DependencyEnd;
use steerco_domain::error::Fault;
use steerco_domain::graph::{cycle, find_path};
use steerco_domain::id::Id;
use steerco_domain::program::Program;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Fail, Scope, graph};

use crate::hooks::{Hooks, hook};
use crate::service::Feature;
use crate::write_context::WriteContext;

pub(crate) const DEPENDENCY: Feature = Feature::of(
    Dependency::KIND,
    Hooks { on_create: hook!(on_create: join), guards: hook!(guards: check_cycle), ..Hooks::NONE },
);

/// Sets the programs of the ends of a new dependency; one of them must be within reach of the caller. Ends that are not
/// live are reported by the check of the references.
async fn join(write: &WriteContext<'_>, after: &mut Dependency) -> Result<(), Fail> {
    let Some(edge) = after.edge() else { return Ok(()) };
    let scope = &write.scope(Dependency::KIND.rows.create)?;
    let mut programs = Vec::new();
    let mut reached = scope.is_whole();
    for end in [&edge.from, &edge.to] {
        let Ok(node) = DependencyEnd::parse(end) else {
            return Err(Error::internal("an end of a dependency has an unknown prefix").into());
        };
        let program = graph::hold_program_of(write.conn, scope.org(), node.kind(), end).await?;
        reached = reached || graph::is_in_reach(write.conn, scope, node.kind(), end).await?;
        programs.push(program.and_then(|id| Id::<Program>::parse(&id).ok()));
    }
    if !reached {
        let fault = |field: &str| Fault::new(field, "NOT_FOUND", "no resource with this id is visible");
        return Err(Error::invalid(vec![fault("/predecessor_id"), fault("/successor_id")]).into());
    }
    after.join(programs[0], programs[1]);
    Ok(())
}

/// Rejects a new dependency that would close a cycle. New dependencies of an organisation are serialised, because two
/// concurrent ones could close a cycle together.
async fn check_cycle(
    write: &WriteContext<'_>,
    scope: &Scope,
    before: Option<&Dependency>,
    after: &Dependency,
) -> Result<(), Fail> {
    let edge_of = |dependency: &Dependency| dependency.edge().filter(|_| dependency.deleted_at.is_none());
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
        let Ok(node) = DependencyEnd::parse(id) else { continue };
        if scope.is_whole() || graph::is_in_reach(write.conn, scope, node.kind(), id).await? {
            seen.insert(id.clone());
        }
    }
    Err(cycle("successor_id", &path, |id| seen.contains(id) || id == edge.from || id == edge.to).into())
}

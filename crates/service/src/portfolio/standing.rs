//! Deletions that are rejected because the ledger or a dependency refers to the resource.

use steerco_domain::activity::Activity;
use steerco_domain::cost_category::CostCategory;
use steerco_domain::deliverable::Deliverable;
use steerco_domain::program::Program;
use steerco_domain::project::Project;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::{Fail, financials, graph};

use crate::hooks::Hooks;
use crate::service::Feature;
use crate::write_context::WriteContext;

pub(crate) const PROGRAM: Feature = Feature::of(
    Program::KIND,
    Hooks { on_delete: Some(|write, id| Box::pin(check_unused(write, "program_id", id))), ..Hooks::NONE },
);
pub(crate) const PROJECT: Feature = Feature::of(
    Project::KIND,
    Hooks { on_delete: Some(|write, id| Box::pin(check_unused(write, "project_id", id))), ..Hooks::NONE },
);
pub(crate) const COST_CATEGORY: Feature = Feature::of(
    CostCategory::KIND,
    Hooks { on_delete: Some(|write, id| Box::pin(check_unused(write, "cost_category_id", id))), ..Hooks::NONE },
);
pub(crate) const ACTIVITY: Feature =
    Feature::of(Activity::KIND, Hooks { on_delete: Some(|write, id| Box::pin(check_ends(write, id))), ..Hooks::NONE });
pub(crate) const DELIVERABLE: Feature = Feature::of(
    Deliverable::KIND,
    Hooks { on_delete: Some(|write, id| Box::pin(check_ends(write, id))), ..Hooks::NONE },
);

/// Rejects the deletion of a resource with ledger entries. `column` is its column in the ledger.
pub(crate) async fn check_unused(write: &WriteContext<'_>, column: &'static str, id: &str) -> Result<(), Fail> {
    if !financials::is_used(write.conn, write.context.caller.organisation(), column, id).await? {
        return Ok(());
    }
    Err(Error::new(Reason::HasChildren, "the ledger has entries for it, so it cannot be deleted").into())
}

/// Rejects the deletion of an end of a dependency.
pub(crate) async fn check_ends(write: &WriteContext<'_>, id: &str) -> Result<(), Fail> {
    if !graph::has_edge(write.conn, write.context.caller.organisation(), id).await? {
        return Ok(());
    }
    Err(Error::new(Reason::HasChildren, "it has dependencies: delete them first").into())
}

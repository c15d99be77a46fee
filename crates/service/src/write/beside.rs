//! Reads and changes resources that a decision needs in addition to those of the request.

use steerco_domain::time::Instant;
use steerco_domain::{AnyResource, Error, Reason, Resource};
use steerco_persistence::{Change, ChangeKind, Fail, vendor};

use crate::write_context::WriteContext;

/// Changes a resource that the request does not name.
pub(crate) fn change(
    write: &WriteContext<'_>,
    before: &dyn AnyResource,
    mut after: impl AnyResource,
    action: &str,
    holds_from: Instant,
) {
    let after: &mut dyn AnyResource = &mut after;
    if after.is_same(before) {
        return;
    }
    let common = after.common_mut();
    *common.revision += 1;
    *common.updated_at = write.now;
    if let Some(at) = common.effective_at {
        *at = holds_from.max(*at);
    }
    write.change_also(Change::new(ChangeKind::Update, Some(before), after, action, None));
}

/// Reads a resource that must exist for the decision.
pub(crate) async fn get<R: Resource>(write: &WriteContext<'_>, id: &str) -> Result<R, Fail> {
    let found = vendor::find(write.conn, write.context.caller.organisation(), id).await?;
    Ok(found.ok_or_else(|| Error::new(Reason::WrongState, format!("its {} no longer exists", R::KIND.name)))?)
}

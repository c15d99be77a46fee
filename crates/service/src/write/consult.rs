//! Looks up data of another resource that a new resource needs to be computed, such as a period of its calendar.

use steerco_domain::{AnyResource, Error, find_kind};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope};

use crate::write_context::WriteContext;

/// Gives a new resource the data it needs. A missing resource is reported by the check of the references.
pub(crate) async fn consult(write: &WriteContext<'_>, scope: &Scope, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let Some((kind, id)) = after.context_of() else { return Ok(()) };
    let kind = find_kind(kind).ok_or_else(|| Error::internal("a rule names an unknown kind"))?;
    let mut faults = Vec::new();
    if let Some(found) = query::find_any(write.conn, scope, kind, &id, Moment::Now).await? {
        let found: &dyn AnyResource = &*found;
        after.take_context(found, &mut faults);
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

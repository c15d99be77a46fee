//! What a new resource must know of another one to be computed, such as a period of its calendar.

use steerco_domain::{AnyResource, Error, Resource as _, for_each_resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope};

use crate::execute::WriteContext;

/// Tells a new resource what it consults. What is not there is found by the check of the references.
pub(crate) async fn consult(write: &WriteContext<'_>, scope: &Scope, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let Some((kind, id)) = after.consults() else { return Ok(()) };
    let mut faults = Vec::new();
    macro_rules! kinds {
        ([] $($module:ident::$name:ident),* $(,)?) => {
            $(if kind == steerco_domain::$module::$name::KIND.name {
                let found = query::find::<steerco_domain::$module::$name>(write.conn, scope, &id, Moment::Now).await?;
                if let Some(found) = found {
                    after.learn(&found, &mut faults);
                }
            })*
        };
    }
    for_each_resource!(kinds);
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults).into()) }
}

//! Fields owned by a source: nobody else may write them, unless an administrator overrides it.

use steerco_domain::error::Fault;
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::Fail;
use steerco_persistence::query::{self, Owned};

use crate::write_context::WriteContext;

/// A field that a source owns is written under that source only, in resources that have an external reference of the
/// source. Only the source changes that reference.
pub(crate) async fn check(
    write: &WriteContext<'_>,
    before: Option<&dyn AnyResource>,
    after: &dyn AnyResource,
    source: Option<&str>,
) -> Result<(), Fail> {
    let Some(before) = before.filter(|_| write.access.owned_fields) else { return Ok(()) };
    let (old, new) = (before.common().external_refs, after.common().external_refs);
    if old.0.is_empty() {
        return Ok(());
    }
    let changed = after.changed_since(before);
    let mut owned = query::list_owned_fields(write.conn, write.context.caller.organisation()).await?;
    let own =
        |owned: &Owned| write.access.source_ids.contains(&owned.source_id) || source == Some(owned.source.as_str());
    owned.retain(|owned| owned.field.kind.as_str() == after.kind().name && !own(owned));
    owned.retain(|owned| old.of(&owned.source).next().is_some());
    let renamed = |owned: &Owned| !old.of(&owned.source).eq(new.of(&owned.source));
    let mut faults: Vec<Fault> = Vec::new();
    for owned in owned {
        let field = owned.field.field.as_str();
        if changed.contains(&field) {
            faults.push(fault(field, &owned));
        } else if renamed(&owned) && faults.iter().all(|fault| fault.pointer != "/external_refs") {
            faults.push(fault("external_refs", &owned));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(refused(faults).into()) }
}

pub(crate) fn fault(field: &str, owned: &Owned) -> Fault {
    let since = owned.field.since.map(|since| format!(" since {since}")).unwrap_or_default();
    Fault::new(format!("/{field}"), "FIELD_OWNED", format!("the field is owned by the source {}{since}", owned.source))
}

pub(crate) fn refused(faults: Vec<Fault>) -> Error {
    let detail = faults.iter().map(|f| format!("{}: {}", f.pointer, f.detail)).collect::<Vec<_>>().join("; ");
    Error { faults, ..Error::new(Reason::FieldOwned, detail) }
}

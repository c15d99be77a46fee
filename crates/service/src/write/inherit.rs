//! Fields that a new resource inherits from its parents.

use steerco_domain::error::Fault;
use steerco_domain::field::{Cell, Cells, FieldSpec};
use steerco_domain::resource::Kind;
use steerco_domain::{AnyResource, Error};
use steerco_persistence::{Fail, Scope, query};

use crate::hooks::settle;
use crate::write_context::WriteContext;

/// Copies the inherited fields from the parents. A parent that is not visible is skipped and reported by the check of the
/// references.
pub(crate) async fn inherit(write: &WriteContext<'_>, scope: &Scope, after: &mut dyn AnyResource) -> Result<(), Fail> {
    let inherited: Vec<&FieldSpec> = after.kind().fields.iter().filter(|field| field.inherited).collect();
    if inherited.is_empty() {
        return Ok(());
    }
    let mut parents = Vec::new();
    after.references(&mut |by, kind, id| parents.push((by, kind, id)));
    let mut faults = Vec::new();
    for (by, kind, id) in parents {
        let shared: Vec<&FieldSpec> =
            inherited.iter().copied().filter(|field| comes_by(after.kind(), field, by)).collect();
        let Some(kind) = steerco_domain::find_kind(kind).filter(|_| !shared.is_empty()) else { continue };
        let names = shared.iter().map(|field| field.name).collect();
        let find = query::find_values(write.conn, scope, kind, &id, &shared);
        let Some(values) = write.known.heirlooms.of((kind.name, id.clone(), names), find).await? else { continue };
        let mut values = values.into_iter();
        for field in shared {
            let theirs: Vec<Cell> = values.by_ref().take(field.columns.len()).collect();
            let own = stored(after, field);
            if own.iter().all(|cell| *cell == Cell::Null) {
                after.inherit(field.name, &mut Cells::new(theirs))?;
            } else if own != theirs {
                let detail = format!("differs from the value of {by}: leave the field out");
                faults.push(Fault::new(format!("/{}", field.name), "DOES_NOT_FIT", detail));
            }
        }
    }
    if faults.is_empty() { Ok(settle(after)?) } else { Err(Error::invalid(faults).into()) }
}

/// Whether this field is inherited over the reference `by`.
fn comes_by(kind: &Kind, field: &FieldSpec, by: &str) -> bool {
    kind.inherited_from(field.name).iter().any(|(reference, _, _)| reference.name == by)
}

/// The stored cells of one field.
fn stored(resource: &dyn AnyResource, field: &FieldSpec) -> Vec<Cell> {
    let mut cells = Vec::new();
    resource.store(&mut cells);
    let columns = resource.kind().columns().zip(cells);
    columns.filter(|((_, _, spec), _)| spec.name == field.name).map(|(_, cell)| cell).collect()
}

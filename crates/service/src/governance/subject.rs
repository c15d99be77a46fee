//! Resources about a subject, such as comments: their subject, their place, and who may change them.

use steerco_domain::access::TABLE;
use steerco_domain::resource::{Kind, Place};
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope};

use crate::write_context::WriteContext;

/// Gives a new resource the place of its subject, which must be live and visible to the writer. A subject that is not
/// visible gives the same error as one that does not exist.
pub(crate) async fn set_place(
    write: &WriteContext<'_>,
    scope: &Scope,
    after: &mut dyn AnyResource,
) -> Result<(), Fail> {
    let Some((kind, id)) = after.subject().map(|(kind, id)| (kind, id.to_owned())) else { return Ok(()) };
    let found = find_place(write, kind, &id).await?;
    // A partner may only write about a subject that belongs to it, otherwise the new resource would have no owner.
    let found = found.filter(|place| !scope.is_partner() || place.partner.is_some());
    let Some(place) = found else {
        let detail = format!("the {} does not exist", kind.name);
        return Err(Error::fault("/subject_id", "NOT_FOUND", detail).into());
    };
    after.set_place(&place);
    if scope.is_partner() && after.place().partner.is_none() {
        let detail = "a partner can only create shared resources";
        return Err(Error::fault("/visibility", "DOES_NOT_FIT", detail).into());
    }
    Ok(())
}

/// The place of a live resource of this kind, if the caller may read it.
async fn find_place(write: &WriteContext<'_>, kind: &'static Kind, id: &str) -> Result<Option<Place>, Fail> {
    let row = TABLE.iter().find(|row| row.kind == kind.name && row.action == "read");
    let Ok(scope) = write.scope(row) else { return Ok(None) };
    let found = query::find_any(write.conn, &scope, kind, id, Moment::Now).await?;
    Ok(found.filter(|found| found.common().deleted_at.is_none()).map(|found| found.place()))
}

/// A resource with an author can only be changed by its author.
pub(crate) fn check_author(write: &WriteContext<'_>, before: &dyn AnyResource) -> Result<(), Error> {
    match before.author() {
        Some(author) if *author != write.access.actor => {
            let detail = format!("a {} can only be changed by its author", before.kind().name);
            Err(Error::new(Reason::Forbidden, detail))
        }
        _ => Ok(()),
    }
}

//! What is said of something: of what it may be said, where it then lies, and who may change it.

use steerco_domain::access::TABLE;
use steerco_domain::resource::{Kind, Place};
use steerco_domain::{AnyResource, Error, Reason};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope};

use crate::write_context::WriteContext;

/// Puts a new resource where its subject is, which must live and be in the sight of the writer. Foreign and unknown look
/// alike.
pub(crate) async fn set_place(
    write: &WriteContext<'_>,
    scope: &Scope,
    after: &mut dyn AnyResource,
) -> Result<(), Fail> {
    let Some((kind, id)) = after.subject().map(|(kind, id)| (kind, id.to_owned())) else { return Ok(()) };
    let found = find_place(write, kind, &id).await?;
    // What a partner says must be said of something that is its own, or nobody could tell whose it is.
    let found = found.filter(|place| !scope.is_partner() || place.partner.is_some());
    let Some(place) = found else {
        let detail = format!("there is no such {}", kind.name);
        return Err(Error::fault("/subject_id", "NOT_FOUND", detail).into());
    };
    after.set_place(&place);
    if scope.is_partner() && after.place().partner.is_none() {
        let detail = "a partner says only what is shared";
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

/// What has an author is changed by nobody else.
pub(crate) fn check_author(write: &WriteContext<'_>, before: &dyn AnyResource) -> Result<(), Error> {
    match before.author() {
        Some(author) if *author != write.access.actor => {
            let detail = format!("a {} is changed by its author only", before.kind().name);
            Err(Error::new(Reason::Forbidden, detail))
        }
        _ => Ok(()),
    }
}

//! Loads the resource of a write, with permission and precondition checked.

use steerco_domain::access::Permission;
use steerco_domain::resource::{Kind, ScopeRule};
use steerco_domain::{AnyBox, AnyResource, Error, Reason};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Fail, Scope};

use crate::etag::etag;
use crate::read::check_id;
use crate::write_context::WriteContext;

/// Loads the resource of a write, locked until it is written. A resource that is not visible is not found; one that is
/// visible but must not be changed is forbidden.
pub(crate) async fn load_for_write(
    write: &WriteContext<'_>,
    kind: &'static Kind,
    id: &str,
    permission: Option<&'static Permission>,
    if_match: Option<&str>,
) -> Result<(Scope, AnyBox), Fail> {
    let permission = permission.ok_or_else(|| Error::new(Reason::Forbidden, "an organisation cannot be deleted"))?;
    check_id(kind, id)?;
    let scope = write.scope(Some(permission))?;
    let id = &*write.resolver().id(kind, id).await?;
    let found = match write.known.take_held(permission, id) {
        None => query::find_any_for_update(write.conn, &scope, kind, id).await?,
        held => held,
    };
    let Some(found) = found else {
        let visible = match write.scope(Some(kind.rows.read)) {
            Ok(sight) => query::find_any(write.conn, &sight, kind, id, Moment::Now).await?.is_some(),
            Err(_) => false,
        };
        let outside = || {
            Error::new(
                Reason::Forbidden,
                format!("no grant of the caller allows {} on this {}", permission.scope(), permission.kind),
            )
        };
        return Err(if visible { outside() } else { Error::not_found(kind.name) }.into());
    };
    let whole = kind.scope.is_directory() || kind.scope == ScopeRule::Administration;
    if whole && !scope.is_whole() {
        return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
    }
    check_etag(write, &scope, &*found, if_match).await?;
    Ok((scope, found))
}

/// Changes to resources that others decide on require `If-Match`, so that the caller has seen the current state.
pub(crate) fn need_etag(kind: &Kind, if_match: Option<&str>) -> Result<(), Error> {
    if kind.make.needs_etag && if_match.is_none() {
        let detail = "If-Match is required with the ETag of the resource as read, so that decisions are made on its \
                      current state";
        return Err(Error::new(Reason::EtagRequired, detail));
    }
    Ok(())
}

async fn check_etag(
    write: &WriteContext<'_>,
    scope: &Scope,
    found: &dyn AnyResource,
    if_match: Option<&str>,
) -> Result<(), Fail> {
    let Some(wanted) = if_match else { return Ok(()) };
    let current = etag(scope, found);
    let tags: Vec<&str> = wanted.split(',').map(|tag| tag.trim().trim_matches('"')).collect();
    if tags.contains(&"*") || tags.contains(&current.as_str()) {
        return Ok(());
    }
    let seen = tags.first().and_then(|tag| tag.parse().ok()).filter(|_| scope.sees_private());
    let before = match seen {
        Some(revision) => query::find_revision(write.conn, scope, found.kind(), &found.id_text(), revision).await?,
        None => None,
    };
    let since = before.map(|before| found.changed_since(&*before)).unwrap_or_default();
    let detail = match since.as_slice() {
        [] => format!("the current ETag is \"{current}\""),
        names => format!("the current ETag is \"{current}\"; fields changed since your ETag: {}", names.join(", ")),
    };
    Err(Error { etag: Some(current), ..Error::new(Reason::StaleEtag, detail) }.into())
}

//! Registered sources, and who may write under them.

use steerco_domain::text::Code;
use steerco_domain::{Error, Reason};
use steerco_persistence::{Fail, query};

use crate::write_context::WriteContext;

/// The registered source with this code.
pub(crate) async fn find_source(write: &WriteContext<'_>, code: &str) -> Result<Option<String>, Fail> {
    let find = query::find_source(write.conn, write.context.caller.organisation(), code);
    write.known.sources.of(code.to_owned(), find).await
}

/// A service account writes only under its registered sources.
pub(crate) async fn check_source_code(write: &WriteContext<'_>, source: &str) -> Result<Code, Fail> {
    let code = Code::parse(source);
    let registered = match &code {
        Some(code) => find_source(write, code.as_str()).await?,
        None => None,
    };
    let Some((code, id)) = code.zip(registered) else {
        return Err(Error::fault("/source", "UNKNOWN_SOURCE", "no source with this code is registered").into());
    };
    if !write.access.person && !write.access.source_ids.contains(&id) {
        let detail = format!("this account may not write under the source {source}");
        return Err(Error::new(Reason::Forbidden, detail).into());
    }
    Ok(code)
}

/// Rejects external references from partners: they use the ids of this service.
pub(crate) fn refuse_partner(write: &WriteContext<'_>) -> Result<(), Error> {
    if write.context.caller.narrow().partner.is_none() {
        return Ok(());
    }
    let detail = "a partner must use the ids of this service: external references are not visible to partners";
    Err(Error::new(Reason::Forbidden, detail))
}

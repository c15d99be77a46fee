//! Responses stored under their idempotency keys.

use serde::{Deserialize, Serialize};
use steerco_domain::error::Fault;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, Reason};
use steerco_persistence::{Fail, query};

use crate::etag::etag;
use crate::write_context::WriteContext;
use crate::{BatchResult, Outcome, Seen, Written};

/// A stored response: ids and revisions only, so no personal data and no rights.
#[derive(Serialize, Deserialize)]
pub(crate) enum StoredAnswer {
    Done { id: String, revision: i32, outcome: String },
    Refused { code: String, detail: String, faults: Vec<Fault> },
}

pub(crate) fn store_answer(result: &Result<Written, Error>) -> StoredAnswer {
    match result {
        Ok(written) => StoredAnswer::Done {
            id: written.seen.resource.id_text(),
            revision: written.seen.resource.common().revision,
            outcome: written.outcome.word().to_owned(),
        },
        Err(error) => StoredAnswer::Refused {
            code: error.reason.code().to_owned(),
            detail: error.detail.clone(),
            faults: error.faults.clone(),
        },
    }
}

/// The response to the first request, read again under the current rights.
pub(crate) async fn replay(write: &WriteContext<'_>, kind: &'static Kind, kept: &str) -> Result<BatchResult, Fail> {
    let kept: Vec<StoredAnswer> = serde_json::from_str(kept).map_err(|cause| Fail::broken(cause))?;
    let scope = write.scope(Some(kind.rows.read))?;
    let mut results = Vec::with_capacity(kept.len());
    for kept in kept {
        results.push(match kept {
            StoredAnswer::Done { id, revision, outcome } => {
                let found = query::find_revision(write.conn, &scope, kind, &id, revision).await?;
                let resource = found.ok_or_else(|| Error::not_found(kind.name))?;
                let outcome = Outcome::ALL.iter().copied().find(|o| o.word() == outcome);
                let (mask, etag) = (scope.mask(kind), etag(&scope, &*resource));
                let seen = Seen { resource, mask, etag, trimmed: false };
                Ok(Written { seen, outcome: outcome.unwrap_or(Outcome::Updated), replayed: true })
            }
            StoredAnswer::Refused { code, detail, faults } => {
                let reason = Reason::ALL.iter().copied().find(|reason| reason.code() == code);
                Err(Error { faults, ..Error::new(reason.unwrap_or(Reason::Invalid), detail) })
            }
        });
    }
    Ok(BatchResult { results, replayed: true })
}

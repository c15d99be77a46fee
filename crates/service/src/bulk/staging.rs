//! Contents that are staged outside of memory as they arrive, until a write links them.

use std::time::Duration;

use bytes::Bytes;
use steerco_domain::Error;
use steerco_persistence::{Database, Fail};

use crate::service::Service;

/// Maximum time for the content of an upload to arrive.
pub const UPLOAD_MAX: Duration = Duration::from_mins(10);
/// Microseconds after which an abandoned upload is removed.
const ABANDONED: i64 = 24 * 3_600 * 1_000_000;

/// A staged upload. It is removed when it is dropped without being linked, also when the caller disconnects.
pub(crate) struct Staged {
    database: Database,
    pub(crate) org: String,
    pub(crate) upload: String,
    pub(crate) pieces: i64,
    kept: bool,
}

impl Staged {
    pub(crate) fn new(database: Database, org: String, upload: String) -> Self {
        Self { database, org, upload, pieces: 0, kept: false }
    }

    /// Keeps the upload: it is linked, or may be.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }

    pub(crate) async fn add(&mut self, bytes: Bytes) -> Result<(), Error> {
        let n = self.pieces;
        self.pieces += 1;
        self.database.stage(&self.org, &self.upload, n, bytes.into()).await.map_err(Fail::into_error)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.kept || self.pieces == 0 {
            return;
        }
        let (database, org, upload) = (self.database.clone(), self.org.clone(), self.upload.clone());
        runtime.spawn(async move {
            if let Err(fail) = database.discard_upload(&org, &upload).await {
                tracing::warn!(?fail, upload, "could not remove an abandoned upload; it will be removed in a day");
            }
        });
    }
}

impl Service {
    /// Begins an upload and removes abandoned ones.
    pub(crate) async fn begin_staging(&self, org: &str) -> Result<Staged, Error> {
        self.remove_abandoned(org).await?;
        let upload = steerco_domain::id::encode("upl", self.inner.clock.new_id());
        Ok(Staged::new(self.inner.database.clone(), org.to_owned(), upload))
    }

    pub(crate) async fn remove_abandoned(&self, org: &str) -> Result<(), Error> {
        let millis = u128::try_from((self.inner.clock.now().micros() - ABANDONED) / 1000).unwrap_or_default();
        // Ids begin with their time.
        let before = steerco_domain::id::encode("upl", millis << 80);
        self.inner.database.end_progress_before(org, &before).await.map_err(Fail::into_error)?;
        self.inner.database.discard_uploads_before(org, &before).await.map_err(Fail::into_error)
    }
}

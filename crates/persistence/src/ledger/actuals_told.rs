//! In-memory progress of long batches of actuals in an embedded database, whose only writer the batch itself occupies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steerco_domain::actuals_batch::ActualsProgress;

/// Organisation, source and name of the batch in the source.
type Batch = [String; 3];

/// The upload and its progress.
type Telling = (String, ActualsProgress);

#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<HashMap<Batch, Telling>>>);

fn batch(org: &str, source: &str, batch_ref: &str) -> Batch {
    [org, source, batch_ref].map(str::to_owned)
}

impl Told {
    fn all(&self) -> MutexGuard<'_, HashMap<Batch, Telling>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, org: &str, upload: &str, progress: &ActualsProgress) {
        let telling = (upload.to_owned(), progress.clone());
        self.all().insert(batch(org, &progress.source, &progress.batch_ref), telling);
    }

    pub(crate) fn find(&self, org: &str, source: &str, batch_ref: &str) -> Option<ActualsProgress> {
        self.all().get(&batch(org, source, batch_ref)).map(|(_, progress)| progress.clone())
    }

    /// Removes the progress of this upload.
    pub(crate) fn end(&self, upload: &str) {
        self.all().retain(|_, (by, _)| by != upload);
    }
}

//! How far long batches of actuals are that an embedded database takes: kept in memory, for the batch itself occupies
//! its only writer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steerco_domain::actuals_batch::ActualsProgress;

/// By organisation, source and the name of the batch there.
type Batch = [String; 3];

/// By which upload it is told, and what.
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

    /// Forgets what this upload told.
    pub(crate) fn end(&self, upload: &str) {
        self.all().retain(|_, (by, _)| by != upload);
    }
}

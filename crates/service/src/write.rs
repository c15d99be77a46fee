//! Writing: create, update, upsert, delete, undelete, batch, verbs.
use serde_json::{Map, Value};
use steerco_domain::resource::Verb;
use steerco_domain::{Error, Resource};
use crate::{Context, Seen, Service};

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome { Created, Updated, Unchanged, Stale, Deleted, Undeleted, /** written to history only */ Backfilled }

impl Outcome {
    /// The word on the wire: created, updated, unchanged, stale, deleted, undeleted, backfilled.
    pub const fn word(self) -> &'static str { todo!() }
}

/// The answer to a write.
#[derive(Clone, Debug)]
pub struct Written<R> {
    pub seen: Seen<R>,
    pub outcome: Outcome,
    /// The stored answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

/// One item of a batch.
#[derive(Clone, Debug)]
pub enum BatchItem {
    Create { body: Map<String, Value> },
    Update { id: String, patch: Map<String, Value>, if_match: Option<String> },
    Upsert { source: String, external_id: String, source_version: Option<i64>, body: Map<String, Value> },
    Delete { id: String },
}

/// The answer to a batch: one result per item, in order. With `partial` false there are no errors in it: the first
/// faults refuse the whole batch as an `Error` whose pointers start with `/items/17`.
#[derive(Clone, Debug)]
pub struct BatchResult<R> {
    pub results: Vec<Result<Written<R>, Error>>,
    pub replayed: bool,
}

impl Service {
    pub async fn create<R: Resource>(&self, context: &Context, body: Map<String, Value>) -> Result<Written<R>, Error> { todo!() }
    pub async fn update<R: Resource>(&self, context: &Context, id: &str, patch: Map<String, Value>) -> Result<Written<R>, Error> { todo!() }
    /// Create or merge by the caller's own id.
    pub async fn upsert<R: Resource>(&self, context: &Context, source: &str, external_id: &str, source_version: Option<i64>, body: Map<String, Value>) -> Result<Written<R>, Error> { todo!() }
    pub async fn delete<R: Resource>(&self, context: &Context, id: &str) -> Result<Written<R>, Error> { todo!() }
    pub async fn undelete<R: Resource>(&self, context: &Context, id: &str) -> Result<Written<R>, Error> { todo!() }
    pub async fn batch<R: Resource>(&self, context: &Context, items: Vec<BatchItem>, partial: bool) -> Result<BatchResult<R>, Error> { todo!() }
    pub async fn act<V: Verb>(&self, context: &Context, id: &str, body: Map<String, Value>) -> Result<Written<V::On>, Error> { todo!() }
    /// Issues a client secret (verb `issue_secret` of ServiceAccount): the account and the secret, shown once.
    pub async fn issue_secret(&self, context: &Context, id: &str) -> Result<(Written<steerco_domain::service_account::ServiceAccount>, String), Error> { todo!() }
}

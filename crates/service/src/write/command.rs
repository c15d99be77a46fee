//! Commands: a request as data, with its kind, its items, and the effects written with them.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::{Map, Value};
use steerco_domain::access::Permission;
use steerco_domain::resource::{Acting, Decide, Kind};
use steerco_domain::{AnyBox, Error, Resource};
use steerco_persistence::{Change, Effect, Fail, Scope, SourceVersion};

use crate::answer::Outcome;
use crate::write_context::WriteContext;

/// Makes a new resource together with its additional effects.
pub(crate) type Make = Arc<dyn for<'e> Fn(&'e WriteContext<'e>) -> BoxFuture<'e, Result<Decided, Fail>> + Send + Sync>;

pub(crate) fn make<F>(make: F) -> Make
where
    F: for<'e> Fn(&'e WriteContext<'e>) -> BoxFuture<'e, Result<Decided, Fail>> + Send + Sync + 'static,
{
    Arc::new(make)
}

/// Chooses the item from the current state.
pub(crate) type Choose = Arc<dyn for<'e> Fn(&'e WriteContext<'e>) -> BoxFuture<'e, Result<Item, Fail>> + Send + Sync>;

pub(crate) fn choose<F>(choose: F) -> Choose
where
    F: for<'e> Fn(&'e WriteContext<'e>) -> BoxFuture<'e, Result<Item, Fail>> + Send + Sync + 'static,
{
    Arc::new(choose)
}

pub(crate) fn decide_by<R, F>(decide: F) -> Decide
where
    R: Resource,
    F: Fn(&mut R, &Acting) -> Result<(), Error> + Send + Sync + 'static,
{
    Arc::new(move |on, acting| {
        decide(on.of_mut().ok_or_else(|| Error::internal("a verb was given a resource of another kind"))?, acting)
    })
}

/// One requested change.
pub(crate) enum Item {
    Create {
        id: u128,
        body: Map<String, Value>,
    },
    Update {
        id: String,
        patch: Map<String, Value>,
        if_match: Option<String>,
    },
    Upsert {
        new_id: u128,
        source: String,
        external_id: String,
        source_version: Option<i64>,
        body: Map<String, Value>,
        if_match: Option<String>,
    },
    /// Adds or removes one external reference.
    Refer {
        id: String,
        source: String,
        external_id: String,
        add: bool,
        if_match: Option<String>,
    },
    Delete {
        id: String,
        if_match: Option<String>,
    },
    Undelete {
        id: String,
        if_match: Option<String>,
    },
    Act {
        id: String,
        permission: &'static Permission,
        if_match: Option<String>,
        decide: Decide,
        /// Whether it is logged even if it does not change the resource.
        logged: bool,
    },
    Choose {
        permission: &'static Permission,
        choose: Choose,
    },
    Make {
        permission: &'static Permission,
        make: Make,
    },
}

impl Item {
    /// Whether the caller must have seen the current state of the resource.
    pub(crate) fn has_etag(&self) -> bool {
        match self {
            Self::Update { if_match, .. }
            | Self::Upsert { if_match, .. }
            | Self::Refer { if_match, .. }
            | Self::Delete { if_match, .. }
            | Self::Undelete { if_match, .. }
            | Self::Act { if_match, .. } => if_match.is_some(),
            Self::Create { .. } | Self::Choose { .. } | Self::Make { .. } => false,
        }
    }
}

/// A complete request.
pub(crate) struct Command {
    pub(crate) kind: &'static Kind,
    pub(crate) action: &'static str,
    /// The decoded input, from which the fingerprint is computed; REST and gRPC decode to the same value.
    pub(crate) input: Value,
    pub(crate) items: Vec<Item>,
    pub(crate) partial: bool,
    pub(crate) batch: bool,
    /// Effects written in addition to the resources that the items create or change.
    pub(crate) effects: Vec<Effect>,
}

impl Command {
    pub(crate) fn one(kind: &'static Kind, action: &'static str, input: Value, item: Item) -> Self {
        Self { batch: false, ..Self::many(kind, action, input, vec![item]) }
    }

    /// A batch, all or nothing.
    pub(crate) fn many(kind: &'static Kind, action: &'static str, input: Value, items: Vec<Item>) -> Self {
        let (partial, batch) = (false, true);
        Self { kind, action, input, items, partial, batch, effects: Vec::new() }
    }
}

/// A decision, ready to be written.
pub(crate) struct Decided {
    pub(crate) resource: AnyBox,
    pub(crate) scope: Scope,
    pub(crate) outcome: Outcome,
    pub(crate) change: Option<Change>,
    pub(crate) source_version: Option<SourceVersion>,
}

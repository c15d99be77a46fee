//! Writing: create, update, upsert, delete, undelete, batch, verbs. Each says what it wants; `execute` does it.

use serde_json::{Map, Value, json};
use steerco_domain::field::FieldSpec;
use steerco_domain::resource::{Act, Kind, Verb};
use steerco_domain::{AnyBox, Error, Resource};
use steerco_persistence::Fail;

use crate::crosswalk::{Crosswalk, Resolver};
use crate::execute::{Item, Wish};
use crate::read::check_id;
use crate::{Context, Seen, Service};

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// The source has written a newer version already.
    Stale,
    Deleted,
    Undeleted,
    /// Written to history only.
    Backfilled,
}

impl Outcome {
    pub const ALL: &'static [Self] =
        &[Self::Created, Self::Updated, Self::Unchanged, Self::Stale, Self::Deleted, Self::Undeleted, Self::Backfilled];

    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
            Self::Backfilled => "backfilled",
        }
    }
}

/// The answer to a write.
#[derive(Clone, Debug)]
pub struct Written<R = AnyBox> {
    pub seen: Seen<R>,
    pub outcome: Outcome,
    /// The stored answer to an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Written {
    pub fn typed<R: Resource>(self) -> Result<Written<R>, Error> {
        Ok(Written { seen: self.seen.typed()?, outcome: self.outcome, replayed: self.replayed })
    }
}

/// One item of a batch.
#[derive(Clone, Debug)]
pub enum BatchItem {
    Create { body: Map<String, Value> },
    Update { id: String, patch: Map<String, Value>, if_match: Option<String> },
    Upsert { source: String, external_id: String, source_version: Option<i64>, body: Map<String, Value> },
    Delete { id: String },
}

/// Items a batch may have.
pub const BATCH_MAX: usize = 1000;

/// The answer to a batch: one result per item, in order. Unless `partial`, a fault refuses the whole batch, and its
/// pointers begin with `/items/17`.
#[derive(Clone, Debug)]
pub struct BatchResult {
    pub results: Vec<Result<Written, Error>>,
    pub replayed: bool,
}

/// A verb that is known only when the program runs.
#[derive(Clone, Copy)]
pub struct AnyVerb {
    pub kind: &'static Kind,
    act: &'static Act,
}

impl AnyVerb {
    pub fn new(kind: &'static Kind, act: &'static Act) -> Self {
        Self { kind, act }
    }

    pub fn of<V: Verb>() -> Self {
        Self::new(<V::On as Resource>::KIND, Acts::<V>::ACT)
    }
}

impl Service {
    pub async fn create(
        &self,
        kind: &'static Kind,
        context: &Context,
        body: Map<String, Value>,
    ) -> Result<Written, Error> {
        let wish = Wish::one(kind, "create", json!([body]), Item::Create { id: self.inner.clock.new_id(), body });
        self.execute_one(context, wish).await
    }

    pub async fn update(
        &self,
        kind: &'static Kind,
        context: &Context,
        id: &str,
        patch: Map<String, Value>,
    ) -> Result<Written, Error> {
        check_id(kind, id)?;
        let input = json!([id, patch]);
        let item = Item::Update { id: id.to_owned(), patch, if_match: context.if_match.clone() };
        self.execute_one(context, Wish::one(kind, "update", input, item)).await
    }

    /// Create or merge by the caller's own id.
    pub async fn upsert(
        &self,
        kind: &'static Kind,
        context: &Context,
        source: &str,
        external_id: &str,
        source_version: Option<i64>,
        body: Map<String, Value>,
    ) -> Result<Written, Error> {
        let input = json!([source, external_id, source_version, body]);
        let item = Item::Upsert {
            new_id: self.inner.clock.new_id(),
            source: source.to_owned(),
            external_id: external_id.to_owned(),
            source_version,
            body,
            if_match: context.if_match.clone(),
        };
        self.execute_one(context, Wish::one(kind, "upsert", input, item)).await
    }

    /// Gives a resource one more name in a source system.
    pub async fn add_external_ref(
        &self,
        kind: &'static Kind,
        context: &Context,
        id: &str,
        source: &str,
        external_id: &str,
    ) -> Result<Written, Error> {
        self.refer(kind, context, id, source, external_id, true).await
    }

    /// Takes one of its names away.
    pub async fn remove_external_ref(
        &self,
        kind: &'static Kind,
        context: &Context,
        id: &str,
        source: &str,
        external_id: &str,
    ) -> Result<Written, Error> {
        self.refer(kind, context, id, source, external_id, false).await
    }

    async fn refer(
        &self,
        kind: &'static Kind,
        context: &Context,
        id: &str,
        source: &str,
        external_id: &str,
        add: bool,
    ) -> Result<Written, Error> {
        check_id(kind, id)?;
        let action = if add { "add_external_ref" } else { "remove_external_ref" };
        let input = json!([id, source, external_id]);
        let (id, source, external_id) = (id.to_owned(), source.to_owned(), external_id.to_owned());
        let item = Item::Refer { id, source, external_id, add, if_match: context.if_match.clone() };
        self.execute_one(context, Wish::one(kind, action, input, item)).await
    }

    pub async fn delete(&self, kind: &'static Kind, context: &Context, id: &str) -> Result<Written, Error> {
        check_id(kind, id)?;
        let item = Item::Delete { id: id.to_owned(), if_match: context.if_match.clone() };
        self.execute_one(context, Wish::one(kind, "delete", json!([id]), item)).await
    }

    pub async fn undelete(&self, kind: &'static Kind, context: &Context, id: &str) -> Result<Written, Error> {
        check_id(kind, id)?;
        let item = Item::Undelete { id: id.to_owned(), if_match: context.if_match.clone() };
        self.execute_one(context, Wish::one(kind, "undelete", json!([id]), item)).await
    }

    pub async fn act<V: Verb>(&self, context: &Context, id: &str, body: Map<String, Value>) -> Result<Written, Error> {
        self.act_any(AnyVerb::of::<V>(), context, id, body).await
    }

    /// The same of an act that is known only now.
    pub async fn act_any(
        &self,
        verb: AnyVerb,
        context: &Context,
        id: &str,
        body: Map<String, Value>,
    ) -> Result<Written, Error> {
        let body = self.resolve_body(context, verb.act.fields, body).await?;
        self.execute_one(context, Self::wish_any(verb, context, id, &body)?).await
    }

    /// The body of a verb, in which external references have become ids.
    async fn resolve_body(
        &self,
        context: &Context,
        fields: &[FieldSpec],
        body: Map<String, Value>,
    ) -> Result<Map<String, Value>, Error> {
        let org = context.caller.organisation();
        let conn = self.inner.database.read(org).await.map_err(Fail::into_error)?;
        let sees = context.caller.narrow().partner.is_none();
        let resolver = Resolver { conn: &conn, org, crosswalk: &Crosswalk::default(), sees };
        let body = resolver.body(fields, &body).await.map_err(Fail::into_error)?.into_owned();
        conn.close().await.map_err(Fail::into_error)?;
        Ok(body)
    }

    pub(crate) fn wish_act<V: Verb>(context: &Context, id: &str, body: &Map<String, Value>) -> Result<Wish, Error> {
        Self::wish_any(AnyVerb::of::<V>(), context, id, body)
    }

    fn wish_any(verb: AnyVerb, context: &Context, id: &str, body: &Map<String, Value>) -> Result<Wish, Error> {
        let AnyVerb { kind, act } = verb;
        check_id(kind, id)?;
        let decide = (act.read)(body)?;
        let item = Item::Act { id: id.to_owned(), row: act.row, if_match: context.if_match.clone(), decide };
        Ok(Wish::one(kind, act.name, json!([id, body]), item))
    }

    pub async fn batch(
        &self,
        kind: &'static Kind,
        context: &Context,
        items: Vec<BatchItem>,
        partial: bool,
    ) -> Result<BatchResult, Error> {
        if items.is_empty() || items.len() > BATCH_MAX {
            let detail = format!("1 to {BATCH_MAX} items, these are {}", items.len());
            return Err(Error::fault("/items", "OUT_OF_RANGE", detail));
        }
        let input = json!([items.iter().map(fingerprint_of).collect::<Vec<_>>(), partial]);
        let items = items.into_iter().map(|item| self.item_of(item)).collect();
        let wish = Wish { partial, ..Wish::many(kind, "batch", input, items) };
        self.execute(context, wish).await
    }

    fn item_of(&self, item: BatchItem) -> Item {
        match item {
            BatchItem::Create { body } => Item::Create { id: self.inner.clock.new_id(), body },
            BatchItem::Update { id, patch, if_match } => Item::Update { id, patch, if_match },
            BatchItem::Upsert { source, external_id, source_version, body } => {
                let new_id = self.inner.clock.new_id();
                Item::Upsert { new_id, source, external_id, source_version, body, if_match: None }
            }
            BatchItem::Delete { id } => Item::Delete { id, if_match: None },
        }
    }
}

/// A verb as its kind declares it.
struct Acts<V>(std::marker::PhantomData<V>);

impl<V: Verb> Acts<V> {
    const ACT: &'static Act = &Act::of::<V>(<V::On as Resource>::KIND.name);
}

fn fingerprint_of(item: &BatchItem) -> Value {
    match item {
        BatchItem::Create { body } => json!(["create", body]),
        BatchItem::Update { id, patch, if_match } => json!(["update", id, patch, if_match]),
        BatchItem::Upsert { source, external_id, source_version, body } => {
            json!(["upsert", source, external_id, source_version, body])
        }
        BatchItem::Delete { id } => json!(["delete", id]),
    }
}

//! Writes: create, update, upsert, delete, undelete, batch, verbs. Each builds a command; `execute` runs it.

use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use steerco_domain::field::FieldSpec;
use steerco_domain::resource::{Act, Kind, Verb};
use steerco_domain::{Error, Resource};
use steerco_persistence::Fail;

use crate::answer::{BatchResult, Written};
use crate::command::{Command, Item};
use crate::crosswalk::{Crosswalk, Resolver};
use crate::read::check_id;
use crate::{Context, Service};

/// One item of a batch.
#[derive(Clone, Debug)]
pub enum BatchItem {
    Create { body: Map<String, Value> },
    Update { id: String, patch: Map<String, Value>, if_match: Option<String> },
    Upsert { source: String, external_id: String, source_version: Option<i64>, body: Map<String, Value> },
    Delete { id: String },
}

/// Maximum number of items in a batch.
pub const BATCH_MAX: usize = 1000;

/// A verb that is determined at run time.
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
    pub fn create<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        body: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let command =
                Command::one(kind, "create", json!([body]), Item::Create { id: self.inner.clock.new_id(), body });
            self.execute_one(context, command).await
        })
    }

    pub fn update<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        id: &'a str,
        patch: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let input = json!([id, patch]);
            let item = Item::Update { id: id.to_owned(), patch, if_match: context.if_match.clone() };
            self.execute_one(context, Command::one(kind, "update", input, item)).await
        })
    }

    /// Creates or merges a resource by external reference.
    pub fn upsert<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        source: &'a str,
        external_id: &'a str,
        source_version: Option<i64>,
        body: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let input = json!([source, external_id, source_version, body]);
            let item = Item::Upsert {
                new_id: self.inner.clock.new_id(),
                source: source.to_owned(),
                external_id: external_id.to_owned(),
                source_version,
                body,
                if_match: context.if_match.clone(),
            };
            self.execute_one(context, Command::one(kind, "upsert", input, item)).await
        })
    }

    /// Adds an external reference to a resource.
    pub fn add_external_ref<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        id: &'a str,
        source: &'a str,
        external_id: &'a str,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move { self.refer(kind, context, id, source, external_id, true).await })
    }

    /// Removes an external reference from a resource.
    pub fn remove_external_ref<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        id: &'a str,
        source: &'a str,
        external_id: &'a str,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move { self.refer(kind, context, id, source, external_id, false).await })
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
        self.execute_one(context, Command::one(kind, action, input, item)).await
    }

    pub fn delete<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let item = Item::Delete { id: id.to_owned(), if_match: context.if_match.clone() };
            self.execute_one(context, Command::one(kind, "delete", json!([id]), item)).await
        })
    }

    pub fn undelete<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let item = Item::Undelete { id: id.to_owned(), if_match: context.if_match.clone() };
            self.execute_one(context, Command::one(kind, "undelete", json!([id]), item)).await
        })
    }

    pub fn act<'a, V: Verb>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        body: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move { self.act_any(AnyVerb::of::<V>(), context, id, body).await })
    }

    /// The same for a verb that is determined at run time.
    pub fn act_any<'a>(
        &'a self,
        verb: AnyVerb,
        context: &'a Context,
        id: &'a str,
        body: Map<String, Value>,
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            let body = self.resolve_body(context, verb.act.fields, body).await?;
            self.execute_one(context, Self::command_of(verb, context, id, &body)?).await
        })
    }

    /// The body of a verb, with external references replaced by ids.
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

    pub(crate) fn command_to_act<V: Verb>(
        context: &Context,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Command, Error> {
        Self::command_of(AnyVerb::of::<V>(), context, id, body)
    }

    fn command_of(verb: AnyVerb, context: &Context, id: &str, body: &Map<String, Value>) -> Result<Command, Error> {
        let AnyVerb { kind, act } = verb;
        check_id(kind, id)?;
        let (permission, logged, if_match) = (act.permission, act.always_logged, context.if_match.clone());
        let item = Item::Act { id: id.to_owned(), permission, if_match, decide: (act.read)(body)?, logged };
        Ok(Command::one(kind, act.name, json!([id, body]), item))
    }

    pub fn batch<'a>(
        &'a self,
        kind: &'static Kind,
        context: &'a Context,
        items: Vec<BatchItem>,
        partial: bool,
    ) -> BoxFuture<'a, Result<BatchResult, Error>> {
        Box::pin(async move {
            if items.is_empty() || items.len() > BATCH_MAX {
                let detail = format!("must have 1 to {BATCH_MAX} items, but has {}", items.len());
                return Err(Error::fault("/items", "OUT_OF_RANGE", detail));
            }
            let input = json!([items.iter().map(fingerprint_of).collect::<Vec<_>>(), partial]);
            let items = items.into_iter().map(|item| self.item_of(item)).collect();
            let command = Command { partial, ..Command::many(kind, "batch", input, items) };
            self.execute(context, command).await
        })
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

/// A verb as declared by its kind.
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

//! Resources and their messages: what the messages of all kinds have in common, and update masks.

use prost_types::{FieldMask, Timestamp};
use serde_json::{Map, Value};
use steerco_domain::field::{FieldSpec, Setter, Shape};
use steerco_domain::input::unknown_name;
use steerco_domain::mask::Mask;
use steerco_domain::resource::{Kind, Verb};
use steerco_domain::{Error, Fault, Resource};
use steerco_proto::v1 as pb;

/// A resource with its message.
pub(super) trait Bridge: Resource {
    type Pb: Default + Send + 'static;
    /// The message with the fields in the mask.
    fn to_pb(&self, mask: Mask) -> Self::Pb;
    /// The fields that are set, as the JSON that REST would bring.
    fn to_map(message: Self::Pb) -> Map<String, Value>;
}

/// A verb with its message.
pub(super) trait VerbBridge: Verb<On: Bridge> {
    type Pb: Send + 'static;
    /// Id, whether to validate only, and the body that REST would bring.
    fn take(message: Self::Pb) -> (String, bool, Map<String, Value>);
}

/// A page.
pub(super) struct Listed<P> {
    pub(super) items: Vec<P>,
    pub(super) next_page_token: String,
    pub(super) total: Option<i64>,
    pub(super) sync_token: String,
}

/// A create or update.
pub(super) struct Writing<P> {
    pub(super) resource: Option<P>,
    pub(super) update_mask: Option<FieldMask>,
    pub(super) validate_only: bool,
    pub(super) effective_at: Option<Timestamp>,
}

/// A create or update by the caller's own id.
pub(super) struct Upserting<P> {
    pub(super) source_record: Option<pb::SourceRecord>,
    pub(super) writing: Writing<P>,
}

/// A batch.
pub(super) struct Batching<P> {
    pub(super) items: Vec<Item<P>>,
    pub(super) partial: bool,
    pub(super) validate_only: bool,
}

/// One change of a batch.
pub(super) struct Item<P> {
    pub(super) action: Option<Action<P>>,
    pub(super) if_match: Option<String>,
}

/// What a change of a batch is.
pub(super) enum Action<P> {
    Create(Writing<P>),
    Update(Writing<P>),
    Upsert(Upserting<P>),
    Delete(pb::DeleteRequest),
}

/// A message of a stream of upserts.
pub(super) struct Upserts<P> {
    pub(super) header: Option<pb::UpsertHeader>,
    pub(super) records: Vec<Upserting<P>>,
    pub(super) end: Option<pb::UpsertEnd>,
}

/// What a batch did.
pub(super) struct Results<P>(pub(super) Vec<ItemResult<P>>);

/// What one change of a batch did.
pub(super) struct ItemResult<P> {
    pub(super) outcome: pb::Outcome,
    pub(super) etag: String,
    pub(super) result: Result<P, pb::Problem>,
}

/// Paths an update mask may have, far more than any resource has fields.
const PATHS_MAX: usize = 256;

/// The body of a create: everything that is set, so that the domain refuses what the service sets.
pub(super) fn new_body<R: Bridge>(resource: Option<R::Pb>) -> Map<String, Value> {
    R::to_map(resource.unwrap_or_default())
}

/// Id and merge patch of an update.
pub(super) fn patch<R: Bridge>(
    resource: Option<R::Pb>,
    mask: Option<FieldMask>,
) -> Result<(String, Map<String, Value>), Error> {
    let mut given = R::to_map(resource.unwrap_or_default());
    let Some(Value::String(id)) = given.remove("id") else {
        return Err(Error::fault("/id", "REQUIRED", "is required"));
    };
    let patch = masked(R::KIND, given, mask.map(|mask| mask.paths).unwrap_or_default())?;
    Ok((id, patch))
}

/// The merge patch of an upsert, which may create and therefore also sets what only a creation can.
pub(super) fn upsert_body<R: Bridge>(
    resource: Option<R::Pb>,
    mask: Option<FieldMask>,
) -> Result<Map<String, Value>, Error> {
    let given = R::to_map(resource.unwrap_or_default());
    masked(R::KIND, given, mask.map(|mask| mask.paths).unwrap_or_default())
}

/// Without a mask, all fields set but those that only the service sets, so that a resource just read can be sent back
/// changed. With one, the fields it names, null where they are not set; what may not be named is for the domain to say.
pub(super) fn masked(
    kind: &'static Kind,
    mut given: Map<String, Value>,
    paths: Vec<String>,
) -> Result<Map<String, Value>, Error> {
    if paths.is_empty() {
        given.retain(|name, _| kind.field(name).is_some_and(is_settable));
        return Ok(given);
    }
    if paths.len() > PATHS_MAX {
        return Err(Error::fault("/update_mask", "TOO_MANY", format!("at most {PATHS_MAX} paths")));
    }
    let mut patch = Map::new();
    let faults: Vec<Fault> = paths.iter().filter_map(|path| add_path(kind, &given, &mut patch, path)).collect();
    if faults.is_empty() { Ok(patch) } else { Err(Error::invalid(faults)) }
}

/// Whether callers set this field, if only when they create.
fn is_settable(field: &FieldSpec) -> bool {
    field.setter != Setter::System
}

fn add_path(
    kind: &'static Kind,
    given: &Map<String, Value>,
    patch: &mut Map<String, Value>,
    named: &str,
) -> Option<Fault> {
    let fault = |code, detail: String| Some(Fault::new("/update_mask", code, detail));
    if named == "*" {
        return fault(
            "UNKNOWN_FIELD",
            "\"*\" is not known here; name the fields, or none for all that are set".to_owned(),
        );
    }
    let (name, key) = named.split_once('.').map_or((named, None), |(name, key)| (name, Some(key)));
    let Some(field) = kind.field(name) else {
        let known: Vec<&str> = kind.fields.iter().filter(|field| is_settable(field)).map(|field| field.name).collect();
        return fault("UNKNOWN_FIELD", unknown_name(name, &known));
    };
    let is_map = matches!((field.shape)(), Shape::Map { .. });
    match (key, given.get(name)) {
        (Some(_), _) if !is_map => fault("UNKNOWN_FIELD", format!("{name} is set as a whole")),
        (Some(key), members) => {
            let value = members.and_then(|members| members.get(key)).cloned().unwrap_or(Value::Null);
            merge_members(patch, name, Map::from_iter([(key.to_owned(), value)]));
            None
        }
        (None, Some(Value::Object(members))) if is_map => {
            merge_members(patch, name, members.clone());
            None
        }
        (None, value) => {
            patch.insert(name.to_owned(), value.cloned().unwrap_or(Value::Null));
            None
        }
    }
}

/// Adds members of a map to the patch, beside those named before. A map that is cleared stays so.
fn merge_members(patch: &mut Map<String, Value>, name: &str, members: Map<String, Value>) {
    if let Value::Object(all) = patch.entry(name).or_insert_with(|| Value::Object(Map::new())) {
        all.extend(members);
    }
}

#[cfg(test)]
#[path = "bridge_tests.rs"]
mod tests;

//! Kinds of resources, and resources whose kind is known only at run time.

use std::any::Any;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::access_rows::{Reach, Rows};
use crate::access_table::Permission;
use crate::actor::Actor;
use crate::encode::{Encoder, Json, MemberEncoder};
use crate::error::{Error, Fault};
use crate::field::{Cell, Cells, Corrupt, FieldSpec, Shape};
use crate::mask::Mask;
use crate::progress::Standing;
use crate::refs::ExternalRefs;
use crate::time::Instant;

/// Rows that are visible to a caller whose grants do not reach the whole organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeRule {
    /// All rows of the organisation: directories that everyone needs.
    Organisation,
    /// Only for callers whose grants reach the whole organisation.
    Administration,
    /// Only rows that the person or account created for itself. Administrators and auditors of the organisation read all.
    Owned,
    /// Portfolios within the reach, and the portfolios of programs within the reach.
    Portfolio,
    /// Programs within the reach, and the programs of portfolios within the reach.
    Program,
    /// Rows of a visible program (`program_id`).
    InProgram,
    /// Rows that connect two programs, at least one of them visible (`predecessor_program_id`, `successor_program_id`).
    BetweenPrograms,
    /// For a partner its own row, for everyone else all rows.
    Partner,
    /// Rows of at least one visible program (`program_ids`); for a partner its own rows (`partner_id`) that are not drafts.
    Engagement,
    /// Rows of a visible engagement (`engagement_id`) or program (`program_id`); for a partner those of its engagements.
    InEngagement,
    /// As above; for a partner only rows that it has agreed to (`agreed_at`).
    AgreedInEngagement,
    /// Rows about a visible resource (`subject_kind`, `subject_id`); for a partner only shared ones.
    Subject,
}

impl ScopeRule {
    /// Whether it is a directory: readable by everyone who has the read permission, except partners, and writable by callers
    /// whose grants reach the whole organisation.
    pub const fn is_directory(self) -> bool {
        matches!(self, Self::Organisation | Self::Partner)
    }

    /// Whether comments and attachments may refer to it. Those about a resource that a partner may not know yet refer to its
    /// engagement.
    pub const fn can_be_spoken_of(self) -> bool {
        !matches!(self, Self::Administration | Self::Owned | Self::Subject | Self::AgreedInEngagement)
    }
}

/// Everything about a kind of resource that does not depend on its Rust type.
pub struct Kind {
    pub name: &'static str,
    pub plural: &'static str,
    pub prefix: &'static str,
    pub title: &'static str,
    pub doc: &'static str,
    pub scope: ScopeRule,
    pub dated: bool,
    pub reach: Reach,
    pub fields: &'static [FieldSpec],
    pub verbs: &'static [Act],
    /// Additional rows of the table of permissions, for operations of this kind only.
    pub rights: &'static [&'static str],
    pub rows: Rows,
    pub make: Maker,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kind {
    /// Path segment in URLs: `service_accounts` becomes `service-accounts`.
    pub fn path(&self) -> String {
        self.plural.replace('_', "-")
    }

    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The kind with this id prefix.
    pub fn of_prefix(prefix: &str) -> Option<&'static Kind> {
        crate::KINDS.iter().find(|kind| kind.prefix == prefix).copied()
    }

    /// The kind that a field refers to, if it refers to a single resource.
    pub fn named_by(field: &FieldSpec) -> Option<&'static Kind> {
        let Shape::Id { prefix } = (field.shape)() else { return None };
        Self::of_prefix(prefix)
    }

    /// Parents from which a field is inherited: the reference, the kind of the parent and its field.
    pub fn inherited_from(&self, name: &str) -> Vec<(&'static FieldSpec, &'static Kind, &'static FieldSpec)> {
        let parents = self.fields.iter().filter(|by| by.parent && by.name != name);
        let kinds = parents.filter_map(|by| Self::named_by(by).map(|kind| (by, kind)));
        kinds.filter_map(|(by, kind)| kind.field(name).map(|theirs| (by, kind, theirs))).collect()
    }

    /// All columns in the order of the declaration.
    pub fn columns(&self) -> impl Iterator<Item = (String, crate::field::ColumnType, &'static FieldSpec)> {
        self.fields
            .iter()
            .flat_map(|f| f.columns.iter().map(move |(suffix, ty)| (format!("{}{suffix}", f.name), *ty, f)))
    }
}

/// Values that the service assigns to a new resource.
#[derive(Clone, Debug)]
pub struct Seed {
    pub id: u128,
    pub at: Instant,
    pub effective_at: Instant,
    pub by: Actor,
}

/// The common fields.
pub struct Common<'a> {
    pub id: u128,
    pub revision: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub deleted_at: Option<Instant>,
    pub external_refs: &'a ExternalRefs,
}

/// The common fields that the write path sets.
pub struct CommonMut<'a> {
    pub revision: &'a mut i32,
    pub updated_at: &'a mut Instant,
    pub deleted_at: &'a mut Option<Instant>,
    pub external_refs: &'a mut ExternalRefs,
    pub effective_at: Option<&'a mut Instant>,
}

/// Portfolio, program, partner and engagement of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub portfolio: Option<String>,
    /// Several ids, separated by spaces, for a resource that serves several programs or connects two.
    pub program: Option<String>,
    /// The partner to which it may be visible.
    pub partner: Option<String>,
    /// The engagement that its visibility depends on.
    pub engagement: Option<String>,
}

/// A boxed resource.
pub type AnyBox = Box<dyn AnyResource>;

/// Constructors for the resources of a kind.
pub struct Maker {
    /// Creates one from a request.
    pub create: fn(&Map<String, Value>, &Seed) -> Result<AnyBox, Error>,
    /// Loads one from its cells.
    pub load: fn(&mut Cells) -> Result<AnyBox, Corrupt>,
    /// Whether changes and verbs require `If-Match`.
    pub needs_etag: bool,
}

/// A resource of any kind. Code that is the same for all kinds uses this trait object, so that it is compiled once.
pub trait AnyResource: Any + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn boxed(&self) -> AnyBox;
    /// Whether the other resource is of the same kind and equal.
    fn is_same(&self, other: &dyn AnyResource) -> bool;
    fn patched(&self, object: &Map<String, Value>) -> Result<AnyBox, Error>;
    fn id_text(&self) -> String;
    fn common(&self) -> Common<'_>;
    fn common_mut(&mut self) -> CommonMut<'_>;
    fn store(&self, out: &mut Vec<Cell>);
    /// Compares with another resource of the same kind.
    fn changed_since(&self, before: &dyn AnyResource) -> Vec<&'static str>;
    /// Encodes the fields of the mask that are present.
    fn encode(&self, mask: Mask, to: &mut dyn MemberEncoder);
    fn inherit(&mut self, field: &str, cells: &mut Cells) -> Result<(), Corrupt>;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String));
    fn stamp(&mut self, at: Instant);
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>);
    fn check_delete(&self) -> Result<(), Error>;
    fn standing(&self) -> Option<Standing>;
    fn holder(&self) -> Option<String>;
    fn context_of(&self) -> Option<(&'static str, String)>;
    fn take_context(&mut self, from: &dyn Any, faults: &mut Vec<Fault>);
    fn subject(&self) -> Option<(&'static Kind, &str)>;
    fn set_place(&mut self, at: &Place);
    fn author(&self) -> Option<&Actor>;
    fn place(&self) -> Place;
}

impl dyn AnyResource {
    /// Downcasts to a concrete kind.
    pub fn of<R: Any>(&self) -> Option<&R> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    pub fn of_mut<R: Any>(&mut self) -> Option<&mut R> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }

    /// Appends the fields of the mask as JSON.
    pub fn write_json(&self, mask: Mask, out: &mut Vec<u8>) {
        Json(out).object(&|members| self.encode(mask, members));
    }

    /// The fields of the mask as a JSON value.
    pub fn to_object(&self, mask: Mask) -> Map<String, Value> {
        let mut object = Map::new();
        self.encode(mask, &mut object);
        object
    }

    /// The fields of the mask as JSON bytes.
    pub fn json(&self, mask: Mask) -> String {
        let mut json = Vec::with_capacity(1_000);
        self.write_json(mask, &mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// Downcasts to a concrete kind that is known to match. A mismatch is a bug in the program.
    pub fn typed<R: Any>(self: Box<Self>) -> Result<R, Error> {
        let any: Box<dyn Any> = self;
        any.downcast().map(|found| *found).map_err(|_| Error::internal("an answer has another type than was asked for"))
    }
}

impl Clone for AnyBox {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

impl std::fmt::Debug for dyn AnyResource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id_text())
    }
}

/// The acting caller and the time.
#[derive(Clone, Debug)]
pub struct Acting {
    pub now: Instant,
    pub actor: Actor,
    /// Number of the id of the person who acts. `None` for a service account, and, unless the settings allow it, for a token
    /// issued by an operator.
    pub person: Option<u128>,
}

/// The effect of a verb on its resource.
pub type Decide = Arc<dyn Fn(&mut dyn AnyResource, &Acting) -> Result<(), Error> + Send + Sync>;

/// A verb as declared by its kind.
pub struct Act {
    /// Last part of the URL, and the action in the table of permissions.
    pub name: &'static str,
    pub title: &'static str,
    pub doc: &'static str,
    pub fields: &'static [FieldSpec],
    pub permission: &'static Permission,
    /// Whether it causes an event even if it changes nothing.
    pub always_logged: bool,
    /// Description of the verb.
    pub read: fn(&Map<String, Value>) -> Result<Decide, Error>,
}

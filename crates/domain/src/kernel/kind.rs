//! What a kind of resource is, and a resource whose kind is known only when the program runs.

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

/// Which rows a caller with limited sight sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeRule {
    /// All of the organisation: directories everyone needs.
    Organisation,
    /// Only a caller with sight of the whole organisation.
    Administration,
    /// What a person or an account made for itself; who administers or audits the organisation reads all of it.
    Owned,
    /// The portfolios granted, and those of granted programs.
    Portfolio,
    /// The programs granted, and those of granted portfolios.
    Program,
    /// What belongs to a program in sight (`program_id`).
    InProgram,
    /// What joins two programs, one of them in sight (`predecessor_program_id`, `successor_program_id`).
    BetweenPrograms,
    /// A partner its own row, everyone else all of them.
    Partner,
    /// What serves a program in sight (`program_ids`); a partner its own ones (`partner_id`) that are no drafts.
    Engagement,
    /// What belongs to an engagement (`engagement_id`) or a program (`program_id`) in sight; a partner by its engagements.
    InEngagement,
    /// The same; a partner only what it has agreed to (`agreed_at`).
    AgreedInEngagement,
    /// What is about a resource in sight (`subject_kind`, `subject_id`); a partner only what is shared.
    Subject,
}

impl ScopeRule {
    /// Whether it is a directory: read by everyone who may read it at all, but for partners, and written by whoever
    /// reaches the whole organisation.
    pub const fn is_directory(self) -> bool {
        matches!(self, Self::Organisation | Self::Partner)
    }

    /// Whether comments and attachments may be about it. What a partner may not know of yet is spoken of at its engagement.
    pub const fn can_be_spoken_of(self) -> bool {
        !matches!(self, Self::Administration | Self::Owned | Self::Subject | Self::AgreedInEngagement)
    }
}

/// Everything about a kind of resource that does not depend on its type.
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
    /// Rows of the table of permissions for operations of its own.
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
    /// `service_accounts` → `service-accounts`, as URLs have it.
    pub fn path(&self) -> String {
        self.plural.replace('_', "-")
    }

    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The kind whose ids begin so.
    pub fn of_prefix(prefix: &str) -> Option<&'static Kind> {
        crate::KINDS.iter().find(|kind| kind.prefix == prefix).copied()
    }

    /// The kind a field names, where it names a single resource.
    pub fn named_by(field: &FieldSpec) -> Option<&'static Kind> {
        let Shape::Id { prefix } = (field.shape)() else { return None };
        Self::of_prefix(prefix)
    }

    /// Parents from which a field is inherited: the reference, the parent's kind and its field.
    pub fn inherited_from(&self, name: &str) -> Vec<(&'static FieldSpec, &'static Kind, &'static FieldSpec)> {
        let parents = self.fields.iter().filter(|by| by.parent && by.name != name);
        let kinds = parents.filter_map(|by| Self::named_by(by).map(|kind| (by, kind)));
        kinds.filter_map(|(by, kind)| kind.field(name).map(|theirs| (by, kind, theirs))).collect()
    }

    /// Every column in the order of the declaration.
    pub fn columns(&self) -> impl Iterator<Item = (String, crate::field::ColumnType, &'static FieldSpec)> {
        self.fields
            .iter()
            .flat_map(|f| f.columns.iter().map(move |(suffix, ty)| (format!("{}{suffix}", f.name), *ty, f)))
    }
}

/// What the service gives a new resource.
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

/// Where a resource belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub portfolio: Option<String>,
    /// Several, parted by spaces, of what serves several programs or joins two.
    pub program: Option<String>,
    /// The partner that may know of it.
    pub partner: Option<String>,
    /// The engagement on whose sight its own hangs.
    pub engagement: Option<String>,
}

/// One that is owned.
pub type AnyBox = Box<dyn AnyResource>;

/// What makes resources of a kind.
pub struct Maker {
    /// A new one from a request.
    pub create: fn(&Map<String, Value>, &Seed) -> Result<AnyBox, Error>,
    /// One from its cells.
    pub load: fn(&mut Cells) -> Result<AnyBox, Corrupt>,
    /// Whether changes and acts are refused without `If-Match`.
    pub needs_etag: bool,
}

/// A resource of whatever kind. What is the same for all is written on this, and so compiled once and not for each kind
/// anew.
pub trait AnyResource: Any + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn boxed(&self) -> AnyBox;
    /// Whether it is another of its own kind, and the same in everything.
    fn is_same(&self, other: &dyn AnyResource) -> bool;
    fn patched(&self, object: &Map<String, Value>) -> Result<AnyBox, Error>;
    fn id_text(&self) -> String;
    fn common(&self) -> Common<'_>;
    fn common_mut(&mut self) -> CommonMut<'_>;
    fn store(&self, out: &mut Vec<Cell>);
    /// Against another of its own kind.
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
    /// This, if it is of that kind.
    pub fn of<R: Any>(&self) -> Option<&R> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    pub fn of_mut<R: Any>(&mut self) -> Option<&mut R> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }

    /// The fields of the mask, as JSON that follows what is written already.
    pub fn write_json(&self, mask: Mask, out: &mut Vec<u8>) {
        Json(out).object(&|members| self.encode(mask, members));
    }

    /// The same as a value.
    pub fn to_object(&self, mask: Mask) -> Map<String, Value> {
        let mut object = Map::new();
        self.encode(mask, &mut object);
        object
    }

    /// The fields of the mask as JSON.
    pub fn json(&self, mask: Mask) -> String {
        let mut json = Vec::with_capacity(1_000);
        self.write_json(mask, &mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// The resource that this is: to ask for one of another kind is a fault of this program.
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

/// Who acts, and when.
#[derive(Clone, Debug)]
pub struct Acting {
    pub now: Instant,
    pub actor: Actor,
    /// The person behind the token, by the number of its id; none behind that of a service account, nor, unless the settings say so, behind one
    /// that an operator made.
    pub person: Option<u128>,
}

/// What an act does to its resource.
pub type Decide = Arc<dyn Fn(&mut dyn AnyResource, &Acting) -> Result<(), Error> + Send + Sync>;

/// An act as its kind declares it.
pub struct Act {
    /// The last part of the URL and the row of the permission table.
    pub name: &'static str,
    pub title: &'static str,
    pub doc: &'static str,
    pub fields: &'static [FieldSpec],
    pub permission: &'static Permission,
    /// Whether it makes an event also where it changes nothing.
    pub always_logged: bool,
    /// What a request for it does.
    pub read: fn(&Map<String, Value>) -> Result<Decide, Error>,
}

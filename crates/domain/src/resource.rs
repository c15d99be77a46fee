//! What a resource is.
//!
//! `#[resource(prefix = "risk", plural = "risks", scope = "InProgram")]` on a struct declares one:
//! - `prefix`: of its ids; `plural`: of its URLs; `scope`: which rows a limited caller sees; `dated`: its versions carry
//!   `effective_at`, so that `valid_at` can read it.
//! - Field markers: `create` (set at creation only), `write` (set at any time), neither (the service sets it); `filter`
//!   (may stand in `filter` and `order_by`), `private` (hidden from partners), `personal` (kept out of the log, blanked
//!   by erasure), `parent` (the resource it lives under), `required` (to create, though later it may go),
//!   `unique` (in the organisation).

use crate::actor::Actor;
use crate::error::{Error, Fault};
use crate::field::{Cell, Cells, Corrupt, FieldSpec};
use crate::input::{Input, Reader};
use crate::mask::Mask;
use crate::refs::ExternalRefs;
use crate::time::Instant;
use serde_json::{Map, Value};

/// Which rows a caller with limited sight sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeRule {
    /// All of the organisation: directories everyone needs.
    Organisation,
    /// Only a caller with sight of the whole organisation.
    Administration,
    /// The portfolios granted, and those of granted programs.
    Portfolio,
    /// The programs granted, and those of granted portfolios.
    Program,
    /// What belongs to a program in sight (`program_id`).
    InProgram,
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
    pub fields: &'static [FieldSpec],
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

/// A declared resource; implemented by `#[resource]`.
pub trait Resource: Rules + Clone + PartialEq + Send + Sync + 'static {
    const KIND: &'static Kind;

    fn read_new(reader: &mut Reader<'_>, seed: &Seed) -> Option<Self>;
    fn merge(&mut self, reader: &mut Reader<'_>);
    fn changed_since(&self, before: &Self) -> Vec<&'static str>;
    fn store(&self, out: &mut Vec<Cell>);
    fn load(cells: &mut Cells) -> Result<Self, Corrupt>;
    fn write_fields<M: serde::ser::SerializeMap>(&self, mask: Mask, map: &mut M) -> Result<(), M::Error>;
    /// Visits every reference: field, kind and id.
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String));
    fn common(&self) -> Common<'_>;
    fn common_mut(&mut self) -> CommonMut<'_>;

    fn id_text(&self) -> String {
        crate::id::encode(Self::KIND.prefix, self.common().id)
    }

    /// A new resource from a request.
    fn create(object: &Map<String, Value>, seed: &Seed) -> Result<Self, Error> {
        let mut reader = Reader::new(object, "");
        reader.settable(Self::KIND.fields, false);
        let read = Self::read_new(&mut reader, seed);
        let mut faults = reader.faults;
        match read {
            Some(mut new) => {
                new.settle(&mut faults);
                if faults.is_empty() { Ok(new) } else { Err(Error::invalid(faults)) }
            }
            None => Err(Error::invalid(faults)),
        }
    }

    /// This resource after a merge patch.
    fn patched(&self, object: &Map<String, Value>) -> Result<Self, Error> {
        let mut reader = Reader::new(object, "");
        reader.settable(Self::KIND.fields, true);
        let mut after = self.clone();
        after.merge(&mut reader);
        let mut faults = reader.faults;
        after.settle(&mut faults);
        if faults.is_empty() { Ok(after) } else { Err(Error::invalid(faults)) }
    }
}

/// The rules of a resource that no single field can hold.
pub trait Rules {
    /// Computes what is computed and records every rule broken. Runs after each change.
    fn settle(&mut self, _faults: &mut Vec<Fault>) {}

    /// Whether it may be deleted.
    fn check_delete(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The person or account this resource gives rights to, who may therefore not write it.
    fn holder(&self) -> Option<String> {
        None
    }

    /// Program, portfolio and partner it belongs to, for the feed.
    fn place(&self) -> Place {
        Place::default()
    }
}

/// Where a resource belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub portfolio: Option<String>,
    pub program: Option<String>,
    pub partner: Option<String>,
}

/// An act on a resource beyond create, update and delete.
pub trait Verb: Input + serde::Serialize + Send + Sync + 'static {
    type On: Resource;
    /// The last part of the URL and the row of the permission table.
    const NAME: &'static str;

    fn decide(&self, on: &mut Self::On, now: Instant) -> Result<(), Error>;
}

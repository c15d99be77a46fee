//! What a resource is.
//!
//! `#[resource(prefix = "risk", plural = "risks", scope = "InProgram")]` on a struct declares one:
//! - `prefix`: of its ids; `plural`: of its URLs; `scope`: which rows a limited caller sees; `dated`: its versions carry
//!   `effective_at`, so that `valid_at` can read it.
//! - `reach`: what callers do with it, everything when it is not said; `verbs(…)`: its acts; `rights("…")`: rows of the table
//!   of permissions for operations of its own; `progress`, `financials`: what rolls up to it; `schedule`, `content`: what
//!   each has beside its fields.
//! - Field markers: `create` (set at creation only), `write` (set at any time), neither (the service sets it); `filter`
//!   (may stand in `filter` and `order_by`), `private` (hidden from partners), `personal` (kept out of the log, blanked
//!   by erasure), `parent` (the resource it lives under), `inherited` (copied at creation from the field of the same name of
//!   the parents named; with `create` the caller may repeat it, or give it where no parent does), `required` (to create,
//!   though later it may go), `unique` (in the organisation).

use std::any::Any;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use crate::access_rows::Reach;
use crate::actor::Actor;
use crate::error::{Error, Fault};
use crate::field::{Cell, Cells, Corrupt};
use crate::input::{Input, Reader};
pub use crate::kind::{Act, Acting, Common, CommonMut, Decide, Kind, Place, ScopeRule, Seed};
use crate::mask::Mask;
use crate::progress::Standing;
use crate::time::Instant;

/// A declared resource; implemented by `#[resource]`.
pub trait Resource: Rules + Clone + PartialEq + Send + Sync + 'static {
    const KIND: &'static Kind;

    fn read_new(reader: &mut Reader<'_>, seed: &Seed) -> Option<Self>;
    fn merge(&mut self, reader: &mut Reader<'_>);
    fn changed_since(&self, before: &Self) -> Vec<&'static str>;
    fn store(&self, out: &mut Vec<Cell>);
    fn load(cells: &mut Cells) -> Result<Self, Corrupt>;
    /// Takes the value of an `inherited` field from the cells of a parent.
    fn inherit(&mut self, field: &str, _cells: &mut Cells) -> Result<(), Corrupt> {
        Err(Corrupt(format!("{field} is not inherited")))
    }
    /// Encodes the fields of the mask that are present.
    fn encode(&self, mask: Mask, to: &mut dyn crate::encode::MemberEncoder);
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
                new.carry(None, &mut faults);
                new.derive_and_check(&mut faults);
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
        after.carry(Some(self), &mut faults);
        after.derive_and_check(&mut faults);
        if faults.is_empty() { Ok(after) } else { Err(Error::invalid(faults)) }
    }
}

/// The rules of a resource that no single field can hold.
pub trait Rules: Sized {
    /// Whether changes and verbs are refused without `If-Match`: who decides must have seen what it decides on.
    const NEEDS_ETAG: bool = false;

    /// Keeps what the request left out or cannot set, from what was `before`. Runs when a caller's fields are set.
    fn carry(&mut self, _before: Option<&Self>, _faults: &mut Vec<Fault>) {}

    /// Notes when what is new in it began. Runs when a change is about to be written.
    fn stamp(&mut self, _at: Instant) {}

    /// Computes what is computed and records every rule broken. Runs after each change.
    fn derive_and_check(&mut self, _faults: &mut Vec<Fault>) {}

    /// Whether it may be deleted.
    fn check_delete(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The person or account this resource gives rights to, who may therefore not write it.
    fn holder(&self) -> Option<String> {
        None
    }

    /// The kind and id of what a new one must know to be computed.
    fn context_of(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Takes what it consults, and records every rule broken.
    fn take_context(&mut self, _from: &dyn Any, _faults: &mut Vec<Fault>) {}

    /// Where it stands in the roll-up of progress, if it does.
    fn standing(&self) -> Option<Standing> {
        None
    }

    /// What it is about, where that may be of many kinds: the writer must see it.
    fn subject(&self) -> Option<(&'static Kind, &str)> {
        None
    }

    /// Takes the place of its subject.
    fn set_place(&mut self, _at: &Place) {}

    /// Who alone may change it.
    fn author(&self) -> Option<&Actor> {
        None
    }

    /// Program, portfolio, partner and engagement it belongs to, for the feed.
    fn place(&self) -> Place {
        Place::default()
    }
}

/// An act on a resource beyond create, update and delete. It states `decide`, or `decide_by` where it matters who acts.
pub trait Verb: Input + serde::Serialize + Send + Sync + 'static {
    type On: Resource;
    /// The last part of the URL and the row of the permission table.
    const NAME: &'static str;
    /// Whether it is logged even where it leaves the resource as it was: what it brings lies elsewhere.
    const ALWAYS_LOGGED: bool = false;

    fn decide(&self, _on: &mut Self::On, _now: Instant) -> Result<(), Error> {
        Err(Error::internal("a verb decides nothing"))
    }

    fn decide_by(&self, on: &mut Self::On, acting: &Acting) -> Result<(), Error> {
        self.decide(on, acting.now)
    }
}

impl Act {
    /// That of a verb; one whose row is missing in the table of permissions does not compile.
    pub const fn of<V: Verb>(kind: &str) -> Self {
        Self {
            name: V::NAME,
            title: V::TITLE,
            doc: V::DOC,
            fields: V::FIELDS,
            permission: crate::access_rows::find(kind, V::NAME),
            always_logged: V::ALWAYS_LOGGED,
            read: read_act::<V>,
        }
    }
}

fn read_act<V: Verb>(body: &Map<String, Value>) -> Result<Decide, Error> {
    let verb: V = crate::input::read_input(body)?;
    Ok(Arc::new(move |on, acting| {
        verb.decide_by(
            on.of_mut().ok_or_else(|| Error::internal("a verb was given a resource of another kind"))?,
            acting,
        )
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::KINDS;
    use crate::access_rows::Rows;
    use crate::any_resource::Maker;
    use crate::field::{Described, Field, FieldSpec, Setter, Shape};
    use crate::id::Id;
    use crate::program::Program;
    use crate::project::Project;

    /// What of a kind's inheritance would let a copy differ from its original.
    fn inheritance_faults(kind: &Kind) -> Vec<String> {
        let mut faults = Vec::new();
        for field in kind.fields.iter().filter(|field| field.inherited) {
            let name = format!("{}.{}", kind.name, field.name);
            if !field.nullable || field.setter == Setter::Write {
                faults.push(format!("{name} must be optional, and set by the service or at creation"));
            }
            let sources = kind.inherited_from(field.name);
            if sources.is_empty() {
                faults.push(format!("{name} has no parent to inherit from"));
            }
            for (by, parent, theirs) in sources {
                if by.setter != Setter::Create {
                    faults.push(format!("{}.{} must not change: {name} hangs on it", kind.name, by.name));
                }
                // A parent that could move is held by the children that share its own parent.
                if theirs.setter != Setter::Create && !theirs.inherited && !theirs.parent {
                    faults.push(format!("{}.{} must not change: {name} is a copy", parent.name, theirs.name));
                }
                if theirs.columns != field.columns {
                    faults.push(format!("{}.{} is of another type than {name}", parent.name, theirs.name));
                }
            }
        }
        faults
    }

    #[test]
    fn inherited_fields_stay_true() {
        let faults: Vec<String> = KINDS.iter().flat_map(|kind| inheritance_faults(kind)).collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    const fn spec(name: &'static str, setter: Setter, parent: bool, shape: fn() -> Shape) -> FieldSpec {
        FieldSpec {
            name,
            doc: "",
            setter,
            filter: false,
            private: false,
            personal: false,
            parent,
            inherited: !parent,
            unique: false,
            nullable: true,
            optional: true,
            columns: <Id<Program> as Field>::COLUMNS,
            wire: <Id<Program> as Described>::WIRE,
            shape,
        }
    }

    const fn made_up(fields: &'static [FieldSpec]) -> Kind {
        let (name, plural, prefix, title, doc) = ("made_up", "made_ups", "made", "MadeUp", "");
        let (rows, make) = (Rows::of("program", Reach::Whole), Maker::of::<Program>());
        Kind { name, plural, prefix, title, doc, fields, rows, make, verbs: &[], ..*Program::KIND }
    }

    #[test]
    fn what_could_change_is_not_inherited() {
        const ID: fn() -> Shape = <Id<Program> as Described>::shape;
        let program =
            const { &[spec("program_id", Setter::Create, true, ID), spec("code", Setter::System, false, ID)] };
        // The code of a program is the caller's to change.
        assert_eq!(inheritance_faults(&made_up(program)), ["program.code must not change: made_up.code is a copy"]);
        let project = const {
            &[
                spec("project_id", Setter::Write, true, <Id<Project> as Described>::shape),
                spec("manager_id", Setter::Write, false, ID),
                spec("partner_id", Setter::System, false, ID),
            ]
        };
        assert_eq!(
            inheritance_faults(&made_up(project)),
            [
                "made_up.manager_id must be optional, and set by the service or at creation",
                "made_up.project_id must not change: made_up.manager_id hangs on it",
                "project.manager_id must not change: made_up.manager_id is a copy",
                "made_up.partner_id has no parent to inherit from",
            ]
        );
    }
}

//! The declaration of a resource.
//!
//! `#[resource(prefix = "risk", plural = "risks", scope = "InProgram")]` on a struct declares one:
//! - `prefix`: of its ids; `plural`: of its URLs; `scope`: rows that are visible to a caller with limited reach; `dated`:
//!   its versions have `effective_at`, so that `valid_at` can read them.
//! - `reach`: the standard operations of callers, all if absent; `verbs(…)`: its verbs; `rights("…")`: rows of the table of
//!   permissions for operations of this kind only; `progress`, `financials`: roll-ups that it has; `schedule`, `content`:
//!   data that it has in addition to its fields.
//! - Field markers: `create` (set at creation only), `write` (set at any time), neither (set by the service); `filter`
//!   (may be used in `filter` and `order_by`), `private` (hidden from partners), `personal` (not logged, and cleared by
//!   erasure), `parent` (the parent resource), `inherited` (copied at creation from the field of the same name of the
//!   parents; with `create` the caller may repeat it, or give it if no parent does), `required` (required at creation,
//!   may be cleared by the service later), `unique` (in the organisation).

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

    /// Creates a resource from a request.
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

    /// The resource after a merge patch.
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

/// Rules of a resource that involve more than one field.
pub trait Rules: Sized {
    /// Whether changes and verbs require `If-Match`, so that a decision is based on the current version.
    const NEEDS_ETAG: bool = false;

    /// Restores values that the request omitted or cannot set, from the version `before`. Runs when the fields of a caller
    /// are set.
    fn carry(&mut self, _before: Option<&Self>, _faults: &mut Vec<Fault>) {}

    /// Records the start of a new value. Runs when a change is about to be written.
    fn stamp(&mut self, _at: Instant) {}

    /// Computes derived fields and reports every violated rule. Runs after each change.
    fn derive_and_check(&mut self, _faults: &mut Vec<Fault>) {}

    /// Checks that it may be deleted.
    fn check_delete(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The person or account that receives rights from this resource and therefore may not write it.
    fn holder(&self) -> Option<String> {
        None
    }

    /// Kind and id of the resource that a new one needs for its computation.
    fn context_of(&self) -> Option<(&'static str, String)> {
        None
    }

    /// Takes the consulted resource, and reports every violated rule.
    fn take_context(&mut self, _from: &dyn Any, _faults: &mut Vec<Fault>) {}

    /// Place in the roll-up of progress, if it takes part.
    fn standing(&self) -> Option<Standing> {
        None
    }

    /// The subject, if it can be of several kinds. It must be visible to the writer.
    fn subject(&self) -> Option<(&'static Kind, &str)> {
        None
    }

    /// Takes the place of its subject.
    fn set_place(&mut self, _at: &Place) {}

    /// The only actor who may change it.
    fn author(&self) -> Option<&Actor> {
        None
    }

    /// Program, portfolio, partner and engagement that it belongs to, for the feed.
    fn place(&self) -> Place {
        Place::default()
    }
}

/// A verb: an operation on one resource beyond create, update and delete. It implements `decide`, or `decide_by` if the
/// acting caller matters.
pub trait Verb: Input + serde::Serialize + Send + Sync + 'static {
    type On: Resource;
    /// Last part of the URL, and the action in the table of permissions.
    const NAME: &'static str;
    /// Whether it is logged even if it does not change the resource, because its effect is outside the resource.
    const ALWAYS_LOGGED: bool = false;

    fn decide(&self, _on: &mut Self::On, _now: Instant) -> Result<(), Error> {
        Err(Error::internal("a verb decides nothing"))
    }

    fn decide_by(&self, on: &mut Self::On, acting: &Acting) -> Result<(), Error> {
        self.decide(on, acting.now)
    }
}

impl Act {
    /// Row of a verb in the table of permissions. A missing row is a compile error.
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

    /// Errors in the inheritance of a kind that would let a copy differ from its original.
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
                // A parent that could move is protected by the children that share its parent.
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
            moves: None,
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
        // The code of a program can be changed by callers.
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

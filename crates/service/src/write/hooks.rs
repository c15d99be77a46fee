//! What a kind adds to the write path, phase by phase.
//!
//! A feature states the hooks of its kind in its own file and names them in the table of `features`. The write path finds
//! the hooks of the kind of a command there and runs them where their phase comes; it knows no kind by name.
//!
//! A new resource: `on_create`, what every kind must keep, `checks`, `guards`, `on_set`, `on_checked`, `admit`.
//! A patch: `on_set`, `checks`, `guards`, `on_checked`. An act: `on_act`, and then the same from `checks` on. A deletion:
//! `on_delete`, `checks`, `guards`, `on_checked`; one that is taken back has `on_undelete` instead.

use futures::future::BoxFuture;
use steerco_domain::error::Fault;
use steerco_domain::{AnyResource, Error};
use steerco_persistence::{Fail, Scope};

use crate::write_context::WriteContext;

/// What a hook answers: nothing, or why the write is refused.
pub(crate) type Done<'a> = BoxFuture<'a, Result<(), Fail>>;

/// Completes a resource.
type Complete = for<'a> fn(&'a WriteContext<'_>, &'a mut dyn AnyResource) -> Done<'a>;
/// Follows from an act: the resource as it was, as the act has left it, and the name of the act.
type Follow = for<'a> fn(&'a WriteContext<'_>, &'a dyn AnyResource, &'a mut dyn AnyResource, &'a str) -> Done<'a>;
/// Records what is wrong with a resource. There is none before one that is new or comes back.
type Check =
    for<'a> fn(&'a WriteContext<'_>, Option<&'a dyn AnyResource>, &'a dyn AnyResource, &'a mut Vec<Fault>) -> Done<'a>;
/// Refuses a resource that has no faults of its own. The scope is that of the write.
type Guard = for<'a> fn(&'a WriteContext<'_>, &'a Scope, Option<&'a dyn AnyResource>, &'a dyn AnyResource) -> Done<'a>;

/// The hooks of a kind.
pub(crate) struct Hooks {
    /// A new one is completed before it is checked.
    pub(crate) on_create: Option<Complete>,
    /// One that was deleted comes back; before it is checked.
    pub(crate) on_undelete: Option<Complete>,
    /// A caller has set fields of it: of a new one, or by a patch, also by one that changes nothing.
    pub(crate) on_set: Option<fn(&WriteContext<'_>, &dyn AnyResource)>,
    /// An act was done to it: what that brings beside it.
    pub(crate) on_act: Option<Follow>,
    /// It is to be deleted: refuses that where something hangs on it.
    pub(crate) on_delete: Option<for<'a> fn(&'a WriteContext<'_>, &'a str) -> Done<'a>>,
    /// Records what is wrong with one that is new or changed.
    pub(crate) checks: Option<Check>,
    /// Refuses one that is right by itself, and does not fit what is there.
    pub(crate) guards: Option<Guard>,
    /// What follows from fields that were found right, of one that is new or changed.
    pub(crate) on_checked: Option<Complete>,
    /// A new one is let in, last of all: what that brings beside it.
    pub(crate) admit: Option<Complete>,
}

impl Hooks {
    /// Of a kind that adds nothing.
    pub(crate) const NONE: Self = Self {
        on_create: None,
        on_undelete: None,
        on_set: None,
        on_act: None,
        on_delete: None,
        checks: None,
        guards: None,
        on_checked: None,
        admit: None,
    };
}

/// A hook that was put to another kind than its own: a fault of this program.
pub(crate) fn misplaced<'a>() -> Done<'a> {
    Box::pin(std::future::ready(Err(Error::internal("a hook was called for another kind").into())))
}

/// A hook from a function over the type of its kind: `hook!(on_create: number)`. The type is told here and nowhere else.
macro_rules! hook {
    (on_act: $run:path) => {
        Some(|write, before, after, action| match (before.of(), after.of_mut()) {
            (Some(before), Some(after)) => Box::pin($run(write, before, after, action)),
            _ => $crate::hooks::misplaced(),
        })
    };
    (checks: $run:path) => {
        Some(|write, before, after, faults| match after.of() {
            Some(after) => Box::pin($run(write, before.and_then(|before| before.of()), after, faults)),
            None => $crate::hooks::misplaced(),
        })
    };
    (guards: $run:path) => {
        Some(|write, scope, before, after| match after.of() {
            Some(after) => Box::pin($run(write, scope, before.and_then(|before| before.of()), after)),
            None => $crate::hooks::misplaced(),
        })
    };
    ($phase:ident: $run:path) => {
        Some(|write, after| match after.of_mut() {
            Some(after) => Box::pin($run(write, after)),
            None => $crate::hooks::misplaced(),
        })
    };
}
pub(crate) use hook;

pub(crate) fn settle(resource: &mut dyn AnyResource) -> Result<(), Error> {
    let mut faults = Vec::new();
    resource.derive_and_check(&mut faults);
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

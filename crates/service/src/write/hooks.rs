//! Hooks: additions of a kind to the phases of the write path.
//!
//! A feature declares the hooks of its kind in its own file and lists them in the table of `features`. The write path
//! looks up the hooks of the kind there and runs them in their phases; it does not refer to kinds by name.
//!
//! Create: `on_create`, rules of all kinds, `checks`, `guards`, `on_set`, `on_checked`, `admit`. Patch: `on_set`, `checks`,
//! `guards`, `on_checked`. Verb: `on_act`, then the same from `checks` on. Delete: `on_delete`, `checks`, `guards`,
//! `on_checked`. Undelete: `on_undelete` instead of `on_delete`.

use futures::future::BoxFuture;
use steerco_domain::error::Fault;
use steerco_domain::{AnyResource, Error};
use steerco_persistence::{Fail, Scope};

use crate::write_context::WriteContext;

/// The result of a hook: nothing, or why the write is rejected.
pub(crate) type Done<'a> = BoxFuture<'a, Result<(), Fail>>;

/// Completes a resource.
type Complete = for<'a> fn(&'a WriteContext<'_>, &'a mut dyn AnyResource) -> Done<'a>;
/// Follows a verb: the resource before, the resource after the verb, and the name of the verb.
type Follow = for<'a> fn(&'a WriteContext<'_>, &'a dyn AnyResource, &'a mut dyn AnyResource, &'a str) -> Done<'a>;
/// Adds the faults of a resource. There is no state before a new or undeleted resource.
type Check =
    for<'a> fn(&'a WriteContext<'_>, Option<&'a dyn AnyResource>, &'a dyn AnyResource, &'a mut Vec<Fault>) -> Done<'a>;
/// Rejects a resource that has no faults of its own. The scope is that of the write.
type Guard = for<'a> fn(&'a WriteContext<'_>, &'a Scope, Option<&'a dyn AnyResource>, &'a dyn AnyResource) -> Done<'a>;

/// The hooks of a kind.
pub(crate) struct Hooks {
    /// Completes a new resource before it is checked.
    pub(crate) on_create: Option<Complete>,
    /// Completes an undeleted resource before it is checked.
    pub(crate) on_undelete: Option<Complete>,
    /// Runs after a caller has set fields, at creation or by a patch, even if the patch changes nothing.
    pub(crate) on_set: Option<fn(&WriteContext<'_>, &dyn AnyResource)>,
    /// Adds the effects of a verb on other resources.
    pub(crate) on_act: Option<Follow>,
    /// Rejects a deletion when other data depends on the resource.
    pub(crate) on_delete: Option<for<'a> fn(&'a WriteContext<'_>, &'a str) -> Done<'a>>,
    /// Adds the faults of a new or changed resource.
    pub(crate) checks: Option<Check>,
    /// Rejects a resource that is valid by itself but conflicts with stored data.
    pub(crate) guards: Option<Guard>,
    /// Derives values of a new or changed resource from its checked fields.
    pub(crate) on_checked: Option<Complete>,
    /// Adds the effects of a new resource on other resources, as the last phase.
    pub(crate) admit: Option<Complete>,
}

impl Hooks {
    /// For a kind without hooks.
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

/// A hook was registered for another kind than its own: a programming error.
pub(crate) fn misplaced<'a>() -> Done<'a> {
    Box::pin(std::future::ready(Err(Error::internal("a hook was called for another kind").into())))
}

/// Makes a hook from a function over the type of its kind: `hook!(on_create: number)`. The only place that names the type.
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

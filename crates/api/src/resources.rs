//! Every resource as it is served.

use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, RECORDS};

use crate::rest::mount::{Mounted, mount};

/// Every resource, in the order of the domain, and then what is only read: its kind, and what mounts it.
pub(crate) fn mounts() -> impl Iterator<Item = (&'static Kind, impl Fn() -> Mounted + Clone + Send + Sync + 'static)> {
    KINDS.iter().chain(RECORDS).map(|kind| (*kind, || mount(kind)))
}

#[cfg(test)]
mod tests {
    use steerco_domain::access::TABLE;
    use steerco_domain::resource::Reach;

    use crate::rest::own;

    /// What the table of permissions knows is mounted, and the reverse.
    #[test]
    fn the_table_and_the_routes_agree() {
        for (kind, _) in super::mounts() {
            let mut routed: Vec<&str> = vec!["read"];
            routed.extend((kind.reach != Reach::Record).then_some("update"));
            routed.extend((kind.reach == Reach::Posted).then_some("create"));
            routed.extend((kind.reach == Reach::Whole).then_some(["create", "delete"]).into_iter().flatten());
            routed.extend(kind.verbs.iter().map(|verb| verb.name));
            routed.extend(kind.content.then_some("upload"));
            routed.extend(kind.rights);
            let mut allowed: Vec<&str> =
                TABLE.iter().filter(|row| row.kind == kind.name).map(|row| row.action).collect();
            routed.sort_unstable();
            allowed.sort_unstable();
            assert_eq!(routed, allowed, "{}", kind.name);
        }
    }

    #[test]
    fn what_does_an_act_of_its_own_does_a_declared_one() {
        for (kind, _) in super::mounts() {
            for act in own::of(kind.name).acts {
                assert!(kind.verbs.iter().any(|verb| verb.name == act.name), "{} {}", act.name, kind.name);
            }
        }
    }
}

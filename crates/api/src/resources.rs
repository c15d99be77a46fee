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
    use steerco_service::operation::Under;

    use crate::operations::operations;

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
    fn an_act_that_is_an_operation_of_its_own_is_declared() {
        for operation in operations().filter(|operation| operation.verb) {
            let Under::Kind(kind) = operation.under else { panic!("{}", operation.id) };
            let act = kind.verbs.iter().find(|act| operation.id == format!("{}_{}", act.name, kind.name));
            let path = act.map(|act| format!("/v1/{}/{{id}}/{}", kind.path(), act.name.replace('_', "-")));
            assert_eq!(path.as_deref(), Some(operation.path), "{}", operation.id);
        }
    }
}

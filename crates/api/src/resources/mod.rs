//! The resources of the REST door, one file each: what is mounted, and its verbs.

use steerco_domain::Resource;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::resource::Kind;

use crate::rest::mount::{Mounted, records};

macro_rules! resources {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every resource, in the order of the domain, and then what is only read: its kind, and what mounts it.
        pub(crate) fn mounts() -> Vec<(&'static Kind, fn() -> Mounted)> {
            vec![$((steerco_domain::$module::$name::KIND, $module::mount),)* (LedgerEntry::KIND, records::<LedgerEntry>)]
        }
    };
}
steerco_domain::for_each_resource!(resources);

#[cfg(test)]
mod tests {
    use steerco_domain::access::TABLE;

    use crate::rest::mount::Reach;
    use crate::rest::operations::under;

    /// What the table of permissions knows is mounted, and the reverse.
    #[test]
    fn the_table_and_the_routes_agree() {
        for (_, mount) in super::mounts() {
            let about = mount().about;
            let mut routed: Vec<&str> = vec!["read"];
            routed.extend((about.reach != Reach::Record).then_some("update"));
            routed.extend((about.reach == Reach::Posted).then_some("create"));
            routed.extend((about.reach == Reach::Whole).then_some(["create", "delete"]).into_iter().flatten());
            routed.extend(about.verbs.iter().map(|verb| verb.name));
            routed.extend(about.content.then_some("upload"));
            routed.extend(about.acts);
            routed.extend(under(Some(about.kind)).filter_map(|operation| Some(operation.row?.action)));

            let mut allowed: Vec<&str> =
                TABLE.iter().filter(|row| row.kind == about.kind.name).map(|row| row.action).collect();
            routed.sort_unstable();
            routed.dedup();
            allowed.sort_unstable();
            assert_eq!(routed, allowed, "{}", about.kind.name);
        }
    }
}

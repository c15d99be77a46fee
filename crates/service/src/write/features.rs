//! The table of additions of kinds to their writes. A new feature declares its hooks in its own file and is listed here.

use crate::budget::{BUDGET, BUDGET_TRANSFER};
use crate::commitment::COMMITMENT;
use crate::dependency::DEPENDENCY;
use crate::engagement_amendment::ENGAGEMENT_AMENDMENT;
use crate::field_owners::SOURCE;
use crate::fiscal_period_closing::FISCAL_PERIOD;
use crate::forecast::FORECAST;
use crate::invoice::{INVOICE, RATE_CARD, RETENTION_RELEASE, SERVICE_LEVEL_MEASUREMENT, VENDOR_STATEMENT};
use crate::milestone_price::MILESTONE;
use crate::milestone_update::MILESTONE_UPDATE;
use crate::review::{ENGAGEMENT, REVIEW};
use crate::service::Feature;
use crate::standing::{ACTIVITY, COST_CATEGORY, DELIVERABLE, PROGRAM, PROJECT};
use crate::webhook_endpoint::WEBHOOK_ENDPOINT;

pub(crate) static FEATURES: &[&Feature] = &[
    &ACTIVITY,
    &BUDGET,
    &BUDGET_TRANSFER,
    &COMMITMENT,
    &COST_CATEGORY,
    &DELIVERABLE,
    &DEPENDENCY,
    &ENGAGEMENT,
    &ENGAGEMENT_AMENDMENT,
    &FISCAL_PERIOD,
    &FORECAST,
    &INVOICE,
    &MILESTONE,
    &MILESTONE_UPDATE,
    &PROGRAM,
    &PROJECT,
    &RATE_CARD,
    &RETENTION_RELEASE,
    &REVIEW,
    &SERVICE_LEVEL_MEASUREMENT,
    &SOURCE,
    &VENDOR_STATEMENT,
    &WEBHOOK_ENDPOINT,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use steerco_domain::{KINDS, dependency_end, find_kind};

    use super::*;

    /// The modules of the write path, which runs for every kind: the areas `write` and `bulk`, and two beside them.
    fn write_path() -> Vec<(String, String)> {
        let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let areas = ["write", "bulk"].map(|area| std::fs::read_dir(src.join(area)).unwrap());
        let in_areas = areas.into_iter().flatten().map(|entry| entry.unwrap().path());
        let beside = ["governance/subject.rs", "integration/source.rs"].map(|file| src.join(file));
        let modules = in_areas.chain(beside).filter(|file| !file.ends_with("features.rs"));
        modules.map(|file| (file.display().to_string(), std::fs::read_to_string(file).unwrap())).collect()
    }

    /// The modules of a crate that a source names after `krate::`, also in braces.
    fn modules_named(source: &str, krate: &str) -> HashSet<String> {
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let mut named = HashSet::new();
        for rest in code.split(&format!("{krate}::")).skip(1) {
            let listed = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or_default(),
                None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default(),
            };
            named.extend(listed.split(',').map(|name| name.trim().split("::").next().unwrap_or_default().to_owned()));
        }
        named
    }

    #[test]
    fn the_write_path_knows_no_kind() {
        let features = modules_named(include_str!("features.rs"), "crate");
        let mut faults = Vec::new();
        for (file, text) in write_path() {
            for named in modules_named(&text, "steerco_domain") {
                if find_kind(&named).is_some() {
                    faults.push(format!("{file} names the resource {named}"));
                }
            }
            for named in modules_named(&text, "crate") {
                if named != "service" && (named == "features" || features.contains(&named)) {
                    faults.push(format!("{file} calls the feature {named}"));
                }
            }
        }
        assert!(faults.is_empty(), "additions of a kind must be hooks, see hooks.rs: {faults:#?}");
    }

    #[test]
    fn each_kind_stands_once_in_the_table() {
        let mut seen = HashSet::new();
        for feature in FEATURES {
            assert!(KINDS.iter().any(|kind| kind.name == feature.kind), "the kind {} does not exist", feature.kind);
            assert!(seen.insert(feature.kind), "{} is listed twice", feature.kind);
        }
    }

    #[test]
    fn what_dependencies_hang_on_is_kept() {
        for kind in dependency_end::kinds() {
            let feature = FEATURES.iter().find(|feature| feature.kind == kind.name);
            assert!(
                feature.is_some_and(|feature| feature.hooks.on_delete.is_some()),
                "{} has no on_delete hook",
                kind.name
            );
        }
    }
}

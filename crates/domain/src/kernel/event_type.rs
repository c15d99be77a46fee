//! Event types, and the filters that a reader of the feed may request.

use crate::KINDS;
use crate::access_table::TABLE;
use crate::error::Fault;
use crate::input::unknown_name;
use crate::resource::Kind;

/// An event type: an action on resources of a kind.
#[derive(Clone, Copy, Debug)]
pub struct EventType {
    pub kind: &'static Kind,
    /// The part after the kind: `assess` in `risk.assess`.
    pub action: &'static str,
}

impl EventType {
    /// `risk.assess`
    pub fn name(&self) -> String {
        format!("{}.{}", self.kind.name, self.action)
    }

    /// Description of the event.
    pub fn doc(&self) -> String {
        let one = self.kind.name.replace('_', " ");
        match self.action {
            "bootstrap" => format!("The {one} was created by the operator together with the organisation."),
            "create" => format!("A new {one} was created."),
            "update" => format!("The {one} was changed."),
            "upsert" => format!("The {one} was created or changed by its source."),
            "delete" => format!("The {one} was deleted."),
            "undelete" => format!("The {one} was undeleted."),
            "backfill" => format!("An earlier version of the {one} was added. The current version did not change."),
            "supersede" => format!("The {one} was replaced by another {one}."),
            "warn" => format!(
                "The deadline of the {one} is near or has passed. `reviewer_id` and `delegate_id` are notified."
            ),
            "deem" => {
                format!("No decision was made in time: under the contract the claim of the {one} counts as accepted.")
            }
            _ if CAUSED.iter().any(|(kind, actions)| *kind == self.kind.name && actions.contains(&self.action)) => {
                format!("The {one} changed because another resource changed: `{}`.", self.action)
            }
            action => format!("The operation `{action}` was performed on the {one}."),
        }
    }
}

/// Operations that do not change a resource of their kind and cause no event.
const SILENT: [(&str, &str); 9] = [
    ("consumer", "acknowledge"),
    ("consumer", "replay"),
    ("webhook_endpoint", "test"),
    ("actuals_batch", "adjust"),
    ("actuals_batch", "override"),
    ("fiscal_period", "reconcile"),
    ("fiscal_period", "propose_accruals"),
    ("commitment", "override"),
    ("exchange_rate", "import"),
];
/// Kinds that the operator creates together with an organisation.
const BOOTSTRAPPED: [&str; 3] = ["organisation", "person", "grant"];
/// Events of resources that are caused by a change of another resource.
const CAUSED: &[(&str, &[&str])] = &[
    ("budget", &["supersede"]),
    ("forecast", &["supersede"]),
    ("deliverable", &["claim", "earn"]),
    ("engagement", &["amend"]),
    ("milestone", &["claim", "withdraw_claim", "accept", "reject", "revoke", "invoice", "pay"]),
    ("milestone_update", &["accept", "reject", "reopen", "revoke", "supersede"]),
    ("review", &["open", "close", "stop", "run_on", "revoke_before", "warn", "deem"]),
    ("payable", &["accept", "revoke", "reverse", "invoice", "pay"]),
    ("invoice", &["propose", "credit"]),
];

/// All event types of a kind.
pub fn event_types_of(kind: &'static Kind) -> impl Iterator<Item = EventType> {
    let rows = TABLE.iter().filter(move |row| row.kind == kind.name && row.action != "read");
    let rows = rows.map(|row| row.action).filter(move |action| !SILENT.contains(&(kind.name, action)));
    let made = TABLE.iter().any(|row| row.kind == kind.name && row.action == "delete");
    let beside = [
        ("upsert", made),
        ("undelete", made),
        ("backfill", kind.dated),
        ("bootstrap", BOOTSTRAPPED.contains(&kind.name)),
    ];
    let beside = beside.into_iter().filter(|(_, has)| *has).map(|(action, _)| action);
    let caused =
        CAUSED.iter().filter(move |(name, _)| *name == kind.name).flat_map(|(_, actions)| actions.iter().copied());
    rows.chain(beside).chain(caused).map(move |action| EventType { kind, action })
}

/// All event types.
pub fn event_types() -> impl Iterator<Item = EventType> {
    KINDS.iter().flat_map(|kind| event_types_of(kind))
}

/// The event type with this name.
pub fn find_event_type(name: &str) -> Option<EventType> {
    let (kind, _) = name.split_once('.')?;
    let kind = KINDS.iter().find(|known| known.name == kind)?;
    event_types_of(kind).find(|known| known.name() == name)
}

/// Reports unknown kinds.
pub fn check_kinds<'a>(kinds: impl Iterator<Item = &'a str>, at: impl Fn(usize) -> String, faults: &mut Vec<Fault>) {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    for (i, name) in kinds.enumerate().filter(|(_, name)| !names.contains(name)) {
        faults.push(Fault::new(at(i), "UNKNOWN_KIND", unknown_name(name, &names)));
    }
}

/// Reports unknown event types.
pub fn check_event_types<'a>(
    types: impl Iterator<Item = &'a str>,
    at: impl Fn(usize) -> String,
    faults: &mut Vec<Fault>,
) {
    for (i, name) in types.enumerate().filter(|(_, name)| find_event_type(name).is_none()) {
        let of_kind = name.split_once('.').and_then(|(kind, _)| KINDS.iter().find(|known| known.name == kind));
        let near: Vec<String> = of_kind.iter().flat_map(|kind| event_types_of(kind)).map(|ty| ty.name()).collect();
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        let detail = if near.is_empty() {
            "is not an event type: see /v1/event-types".to_owned()
        } else {
            unknown_name(name, &near)
        };
        faults.push(Fault::new(at(i), "UNKNOWN_EVENT_TYPE", detail));
    }
}

/// A requested label: a key, optionally with a required value.
pub fn label_of(text: &str) -> (&str, Option<&str>) {
    text.split_once('=').map_or((text, None), |(key, value)| (key, Some(value)))
}

/// Reports labels that are not valid.
pub fn check_labels<'a>(labels: impl Iterator<Item = &'a str>, at: impl Fn(usize) -> String, faults: &mut Vec<Fault>) {
    for (i, label) in labels.enumerate() {
        if !crate::labels::is_key(label_of(label).0) {
            let detail = "must be a key, or key=value; a key is 1 to 63 of a-z, 0-9, _, -, ., starting with a letter";
            faults.push(Fault::new(at(i), "BAD_KEY", detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_names_of_their_own() {
        let mut names: Vec<String> = event_types().map(|ty| ty.name()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for name in ["risk.assess", "program.backfill", "grant.revoke", "budget.supersede", "risk.undelete"] {
            assert!(find_event_type(name).is_some(), "{name}");
        }
        for name in ["risk.read", "risk.backfill", "fiscal_period.reconcile", "risk", "organisation.delete"] {
            assert!(find_event_type(name).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_not_known_is_told() {
        let mut faults = Vec::new();
        check_event_types(["risk.asess", "risk.assess", "rsk.x"].into_iter(), |i| format!("/{i}"), &mut faults);
        check_labels(["phase=1", "Phase", "a.b"].into_iter(), |i| format!("/{i}"), &mut faults);
        let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_ref())).collect();
        assert_eq!(told, [("/0", "UNKNOWN_EVENT_TYPE"), ("/2", "UNKNOWN_EVENT_TYPE"), ("/1", "BAD_KEY")]);
        assert!(faults[0].detail.contains("risk.assess"), "{}", faults[0].detail);
    }
}

use super::*;
use crate::KINDS;
use crate::resource::ScopeRule;
use crate::words::Words;

fn read(kind: &str, role: Role) -> Right {
    TABLE.iter().find(|row| row.kind == kind && row.action == "read").map_or(Right::Deny, |row| row.right(role))
}

/// The visibility of a comment or attachment follows that of its subject, so a role that reads comments must be able to read
/// the subjects.
#[test]
fn who_reads_comments_and_attachments_reads_their_subjects() {
    for about in KINDS.iter().filter(|kind| kind.scope == ScopeRule::Subject) {
        for kind in KINDS.iter().filter(|kind| kind.scope.can_be_spoken_of()) {
            for role in Role::ALL.iter().filter(|role| **role != Role::Vendor) {
                assert!(
                    read(about.name, *role) == Right::Deny || read(kind.name, *role) == Right::Allow,
                    "{about:?} {kind:?} {role:?}"
                );
            }
        }
    }
}

/// All operations of a partner other than reading.
const VENDOR_ACTS: [(&str, &str); 28] = [
    ("milestone_update", "create"),
    ("milestone_update", "withdraw"),
    ("review", "answer_query"),
    ("review", "dispute"),
    ("invoice", "create"),
    ("invoice", "withdraw"),
    ("invoice", "accept"),
    ("invoice", "dispute"),
    ("vendor_statement", "create"),
    ("comment", "create"),
    ("comment", "update"),
    ("attachment", "create"),
    ("attachment", "update"),
    ("attachment", "upload"),
    ("consumer", "create"),
    ("consumer", "update"),
    ("consumer", "delete"),
    ("consumer", "acknowledge"),
    ("consumer", "replay"),
    ("webhook_endpoint", "create"),
    ("webhook_endpoint", "update"),
    ("webhook_endpoint", "delete"),
    ("webhook_endpoint", "disable"),
    ("webhook_endpoint", "enable"),
    ("webhook_endpoint", "rotate_secret"),
    ("webhook_endpoint", "test"),
    ("webhook_endpoint", "replay"),
    ("event", "read"),
];

/// A partner sees no private field and changes nothing except its claims, comments and attachments.
#[test]
fn a_vendor_sees_little_and_changes_only_what_is_its_own() {
    let mut acts = Vec::new();
    for row in TABLE.iter().filter(|row| row.right(Role::Vendor) != Right::Deny) {
        assert!(row.right(Role::Vendor) == Right::Fields || row.kind == "event", "{}.{}", row.kind, row.action);
        acts.extend((row.action != "read" || row.kind == "event").then_some((row.kind, row.action)));
    }
    assert_eq!(acts, VENDOR_ACTS);
    let seen: Vec<&str> =
        KINDS.iter().map(|kind| kind.name).filter(|kind| read(kind, Role::Vendor) != Right::Deny).collect();
    let wanted = [
        "organisation",
        "partner",
        "engagement",
        "engagement_amendment",
        "service_level_measurement",
        "milestone",
        "milestone_update",
        "review",
        "payable",
        "rate_card",
        "retention_release",
        "invoice",
        "vendor_statement",
        "comment",
        "attachment",
        "consumer",
        "webhook_endpoint",
    ];
    assert_eq!(seen, wanted);
}

/// Fields that a partner may set: all that callers set on the resources it creates, except private fields.
#[test]
fn a_vendor_sets_these_fields() {
    let settable = |kind: &str| -> Vec<&str> {
        let kind = crate::find_kind(kind).unwrap();
        let set = kind.fields.iter().filter(|field| field.setter != crate::field::Setter::System && !field.private);
        set.map(|field| field.name).collect()
    };
    let claim =
        ["milestone_id", "percent", "forecast_on", "narrative", "criteria_claimed", "evidence", "supersedes_id"];
    assert_eq!(settable("milestone_update"), claim);
    let invoice = [
        "engagement_id",
        "invoice_type",
        "number",
        "issued_on",
        "currency",
        "credited_invoice_id",
        "purchase_order_reference",
        "purchase_order_line",
        "lines",
    ];
    assert_eq!(settable("invoice"), invoice);
    let statement = ["engagement_id", "stated_on", "currency", "balance", "lines"];
    assert_eq!(settable("vendor_statement"), statement);
    assert_eq!(settable("comment"), ["subject_id", "visibility", "text"]);
    let file = ["subject_id", "visibility", "file_name", "description", "declared_sha256"];
    assert_eq!(settable("attachment"), file);
}

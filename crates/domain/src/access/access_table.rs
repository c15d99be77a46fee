//! The table of permissions: which role may perform which operation.
//!
//! An operation that is not in the table does not compile. `y` allows, `-` denies, `f` allows without the private fields.
//! Which resources a caller can reach depends on the reach of its grants and is decided in SQL, not here.

use steerco_derive::words;

use crate::words::Words;

/// Role of a grant.
#[words]
pub enum Role {
    /// Administers the organisation: people, grants, accounts, sources.
    Admin,
    /// Directs project management: everything except administration.
    Director,
    /// Manages programs within the reach of the grant.
    ProgramManager,
    /// Finance: reads plans, writes financial data.
    Finance,
    /// Senior management: read access.
    Executive,
    /// An internal tool that synchronises project data.
    Integration,
    /// A partner: access to its own engagements only.
    Vendor,
    /// Reads everything, changes nothing.
    Auditor,
}

/// Right of a role to perform an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    Deny,
    Allow,
    /// Allowed, without the private fields.
    Fields,
}

impl Right {
    /// The value of this right in `GET /v1/permissions`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Allow => "allow",
            Self::Fields => "fields",
        }
    }
}

/// One row of the table of permissions.
pub struct Permission {
    pub kind: &'static str,
    pub action: &'static str,
    pub rights: [Right; 8],
}

impl Permission {
    /// The token scope that this action requires, such as `risks:read` or `risks:write`.
    pub fn scope(&self) -> String {
        let plural = match self.kind {
            "event" => "events",
            kind => crate::find_kind(kind).map_or(kind, |kind| kind.plural),
        };
        let right = if matches!(self.action, "read" | "propose_accruals" | "preview") { "read" } else { "write" };
        format!("{plural}:{right}")
    }

    pub fn right(&self, role: Role) -> Right {
        Role::ALL.iter().position(|r| *r == role).map_or(Right::Deny, |i| self.rights[i])
    }
}

const fn row(kind: &'static str, action: &'static str, cells: &str) -> Permission {
    let bytes = cells.as_bytes();
    let mut read = [Right::Deny; 8];
    let mut i = 0;
    while i < 8 {
        read[i] = match bytes[i * 2] {
            b'y' => Right::Allow,
            b'f' => Right::Fields,
            _ => Right::Deny,
        };
        i += 1;
    }
    Permission { kind, action, rights: read }
}

/// Every operation and the right of each role.
#[rustfmt::skip]
pub const TABLE: &[Permission] = &[
    //                                     A D P F E I V A
    //                                     d i r i x n e u
    //                                     m r o n e t n d
    //                                     i e g a c e d i
    //                                     n c r n u g o t
    row("organisation",    "read",         "y y y y y y f y"),
    row("organisation",    "update",       "y - - - - - - -"),
    row("person",          "read",         "y y y y y y - y"),
    row("person",          "create",       "y y - - - y - -"),
    row("person",          "update",       "y y - - - y - -"),
    row("person",          "delete",       "y - - - - - - -"),
    row("person",          "disable",      "y - - - - - - -"),
    row("person",          "enable",       "y - - - - - - -"),
    row("person",          "erase",        "y - - - - - - -"),
    row("principal",       "read",         "y y - - - - - y"),
    row("principal",       "create",       "y - - - - - - -"),
    row("principal",       "update",       "y - - - - - - -"),
    row("principal",       "delete",       "y - - - - - - -"),
    row("principal",       "confirm",      "y y - - - - - -"),
    row("principal",       "disable",      "y - - - - - - -"),
    row("principal",       "enable",       "y - - - - - - -"),
    row("grant",           "read",         "y y - - - - - y"),
    row("grant",           "create",       "y - - - - - - -"),
    row("grant",           "update",       "y - - - - - - -"),
    row("grant",           "delete",       "y - - - - - - -"),
    row("grant",           "revoke",       "y - - - - - - -"),
    row("source",          "read",         "y y y y y y - y"),
    row("source",          "create",       "y - - - - - - -"),
    row("source",          "update",       "y - - - - - - -"),
    row("source",          "delete",       "y - - - - - - -"),
    row("service_account", "read",         "y - - - - - - y"),
    row("service_account", "create",       "y - - - - - - -"),
    row("service_account", "update",       "y - - - - - - -"),
    row("service_account", "delete",       "y - - - - - - -"),
    row("service_account", "disable",      "y - - - - - - -"),
    row("service_account", "enable",       "y - - - - - - -"),
    row("service_account", "issue_secret", "y - - - - - - -"),
    row("portfolio",       "read",         "y y y y y y - y"),
    row("portfolio",       "create",       "- y - - - y - -"),
    row("portfolio",       "update",       "- y - - - y - -"),
    row("portfolio",       "delete",       "- y - - - - - -"),
    row("program",         "read",         "y y y y y y - y"),
    row("program",         "create",       "- y - - - y - -"),
    row("program",         "update",       "- y y - - y - -"),
    row("program",         "delete",       "- y - - - - - -"),
    row("program",         "activate",     "- y y - - - - -"),
    row("program",         "hold",         "- y y - - - - -"),
    row("program",         "complete",     "- y y - - - - -"),
    row("program",         "cancel",       "- y - - - - - -"),
    row("project",         "read",         "y y y y y y - y"),
    row("project",         "create",       "- y y - - y - -"),
    row("project",         "update",       "- y y - - y - -"),
    row("project",         "delete",       "- y y - - - - -"),
    row("project",         "activate",     "- y y - - y - -"),
    row("project",         "hold",         "- y y - - y - -"),
    row("project",         "complete",     "- y y - - y - -"),
    row("project",         "cancel",       "- y y - - y - -"),
    row("deliverable",     "read",         "y y y y y y - y"),
    row("deliverable",     "create",       "- y y - - y - -"),
    row("deliverable",     "update",       "- y y - - y - -"),
    row("deliverable",     "delete",       "- y y - - - - -"),
    row("deliverable",     "start",        "- y y - - y - -"),
    row("deliverable",     "submit",       "- y y - - y - -"),
    // A deliverable is accepted by a person other than the one who submitted it.
    row("deliverable",     "judge",        "- y y - - - - -"),
    row("deliverable",     "accept",       "- y y - - - - -"),
    row("deliverable",     "accept_with_reservations", "- y y - - - - -"),
    row("deliverable",     "reject",       "- y y - - - - -"),
    row("deliverable",     "cancel",       "- y y - - - - -"),
    row("work_calendar",   "read",         "y y y y y y - y"),
    row("work_calendar",   "create",       "- y - - - y - -"),
    row("work_calendar",   "update",       "- y - - - y - -"),
    row("work_calendar",   "delete",       "- y - - - - - -"),
    row("work_calendar",   "import",       "- y - - - y - -"),
    row("functional_area", "read",         "y y y y y y - y"),
    row("functional_area", "create",       "- y - - - y - -"),
    row("functional_area", "update",       "- y - - - y - -"),
    row("functional_area", "delete",       "- y - - - - - -"),
    row("activity",        "read",         "y y y y y y - y"),
    row("activity",        "create",       "- y y - - y - -"),
    row("activity",        "update",       "- y y - - y - -"),
    row("activity",        "delete",       "- y y - - y - -"),
    row("dependency",      "read",         "y y y y y y - y"),
    row("dependency",      "create",       "- y y - - y - -"),
    row("dependency",      "update",       "- y y - - y - -"),
    row("dependency",      "delete",       "- y y - - y - -"),
    row("dependency",      "agree",        "- y y - - - - -"),
    row("dependency",      "meet",         "- y y - - y - -"),
    row("dependency",      "drop",         "- y y - - - - -"),
    row("dependency",      "reopen",       "- y y - - - - -"),
    row("risk",            "read",         "y y y y y y - y"),
    row("risk",            "create",       "- y y - - y - -"),
    row("risk",            "update",       "- y y - - y - -"),
    row("risk",            "delete",       "- y y - - - - -"),
    row("risk",            "assess",       "- y y - - y - -"),
    row("risk",            "respond",      "- y y - - - - -"),
    row("risk",            "close",        "- y y - - - - -"),
    row("risk",            "materialise",  "- y y - - - - -"),
    row("risk",            "expire",       "- y y - - - - -"),
    row("partner",         "read",         "y y y y y y f y"),
    row("partner",         "create",       "- y - - - y - -"),
    row("partner",         "update",       "- y - - - y - -"),
    row("partner",         "delete",       "- y - - - - - -"),
    row("partner",         "suspend",      "y y - - - - - -"),
    row("partner",         "resume",       "y y - - - - - -"),
    row("partner",         "end",          "- y - - - - - -"),
    // Read as the partner would, within the visibility of the caller.
    row("partner",         "preview",      "y y y - - - - y"),
    row("engagement",      "read",         "y y y y y y f y"),
    row("engagement",      "create",       "- y y - - y - -"),
    row("engagement",      "update",       "- y y - - y - -"),
    row("engagement",      "delete",       "- y y - - - - -"),
    row("engagement",      "activate",     "- y y - - - - -"),
    row("engagement",      "suspend",      "- y y - - - - -"),
    row("engagement",      "complete",     "- y y - - - - -"),
    row("engagement",      "terminate",    "- y - - - - - -"),
    row("engagement_amendment", "read",    "y y y y y y f y"),
    row("engagement_amendment", "create",  "- y y - - y - -"),
    row("engagement_amendment", "update",  "- y y - - y - -"),
    row("engagement_amendment", "delete",  "- y y - - - - -"),
    row("engagement_amendment", "submit",  "- y y - - - - -"),
    row("engagement_amendment", "withdraw", "- y y - - - - -"),
    // By a person who neither drafted nor submitted it, within the authority limits.
    row("engagement_amendment", "approve", "- y y - - - - -"),
    row("engagement_amendment", "reject",  "- y y - - - - -"),
    row("service_level_measurement", "read", "y y y y y y f y"),
    row("service_level_measurement", "create", "- y y - - y - -"),
    row("service_level_measurement", "update", "- y y - - y - -"),
    row("service_level_measurement", "delete", "- y y - - - - -"),
    row("service_level_measurement", "propose_credit", "- y y y - - - -"),
    row("milestone",       "read",         "y y y y y y f y"),
    row("milestone",       "create",       "- y y - - y - -"),
    row("milestone",       "update",       "- y y - - y - -"),
    row("milestone",       "delete",       "- y y - - - - -"),
    // A claim is made by the partner, or entered on its behalf. It never changes, except for labels and external references.
    row("milestone_update", "read",        "y y y y y y f y"),
    row("milestone_update", "create",      "- y y - - y f -"),
    row("milestone_update", "update",      "- y y - - y - -"),
    row("milestone_update", "withdraw",    "- y y - - y f -"),
    // A review is decided by a person other than the one who made the claim; the partner answers and disputes.
    row("review",          "read",         "y y y y y y f y"),
    row("review",          "update",       "- y y - - - - -"),
    row("review",          "accept",       "- y y - - - - -"),
    row("review",          "accept_with_reservations", "- y y - - - - -"),
    row("review",          "accept_in_part", "- y y - - - - -"),
    row("review",          "reject",       "- y y - - - - -"),
    row("review",          "confirm",      "- y y - - - - -"),
    row("review",          "query",        "- y y - - - - -"),
    row("review",          "answer_query", "- - - - - y f -"),
    row("review",          "meet_condition", "- y y - - - - -"),
    row("review",          "dispute",      "- - - - - y f -"),
    row("review",          "answer_dispute", "- y y - - - - -"),
    row("review",          "revoke",       "- y y - - - - -"),
    row("payable",         "read",         "y y y y y y f y"),
    row("payable",         "update",       "- y - y - - - -"),
    row("payable",         "release",      "- y - y - - - -"),
    row("rate_card",       "read",         "y y y y y y f y"),
    row("rate_card",       "create",       "- y y - - y - -"),
    row("rate_card",       "update",       "- y y - - y - -"),
    row("rate_card",       "delete",       "- y y - - - - -"),
    // By a person who did not draft it.
    row("rate_card",       "approve",      "- y y - - - - -"),
    row("retention_release", "read",       "y y y y y y f y"),
    row("retention_release", "create",     "- y y y - - - -"),
    row("retention_release", "update",     "- y y y - - - -"),
    row("retention_release", "delete",     "- y y - - - - -"),
    // By a person who did not request it.
    row("retention_release", "approve",    "- y - y - - - -"),
    row("retention_release", "reject",     "- y - y - - - -"),
    // A claim by the partner, or entered on its behalf.
    row("invoice",         "read",         "y y y y y y f y"),
    row("invoice",         "create",       "- y y y - y f -"),
    row("invoice",         "update",       "- y y y - y - -"),
    row("invoice",         "delete",       "- y - - - - - -"),
    row("invoice",         "approve",      "- y y y - - - -"),
    row("invoice",         "reject",       "- y y y - - - -"),
    row("invoice",         "withdraw",     "- y y y - y f -"),
    row("invoice",         "accept",       "- - - - - - f -"),
    row("invoice",         "dispute",      "- - - - - - f -"),
    row("invoice",         "answer_dispute", "- y y y - - - -"),
    // Only finance knows what was paid.
    row("invoice",         "record_payment", "- - - y - - - -"),
    row("vendor_statement", "read",        "y y y y y y f y"),
    row("vendor_statement", "create",      "- y y y - y f -"),
    row("vendor_statement", "update",      "- y y y - y - -"),
    row("vendor_statement", "delete",      "- y - - - - - -"),
    // The caller must also be the author of the comment.
    row("comment",         "read",         "y y y y y y f y"),
    row("comment",         "create",       "- y y y y y f -"),
    row("comment",         "update",       "- y y y y y f -"),
    row("comment",         "delete",       "- y y - - - - -"),
    // The caller must also be the author of the attachment.
    row("attachment",      "read",         "y y y y y y f y"),
    row("attachment",      "create",       "- y y y y y f -"),
    row("attachment",      "update",       "- y y y y y f -"),
    row("attachment",      "upload",       "- y y y y y f -"),
    row("attachment",      "delete",       "- y y - - - - -"),
    row("fiscal_calendar", "read",        "y y y y y y - y"),
    row("fiscal_calendar", "create",      "- - - y - - - -"),
    row("fiscal_calendar", "update",      "- - - y - - - -"),
    row("fiscal_calendar", "delete",      "- - - y - - - -"),
    row("legal_entity",    "read",        "y y y y y y - y"),
    row("legal_entity",    "create",      "- - - y - - - -"),
    row("legal_entity",    "update",      "- - - y - - - -"),
    row("legal_entity",    "delete",      "- - - y - - - -"),
    row("fiscal_period",   "read",        "y y y y y y - y"),
    row("fiscal_period",   "create",      "- - - y - - - -"),
    row("fiscal_period",   "update",      "- - - y - - - -"),
    row("fiscal_period",   "delete",      "- - - y - - - -"),
    row("fiscal_period",   "start_closing", "- - - y - - - -"),
    row("fiscal_period",   "cancel_closing", "- - - y - - - -"),
    row("fiscal_period",   "close",       "- - - y - - - -"),
    row("fiscal_period",   "request_reopen", "- - - y - - - -"),
    row("fiscal_period",   "reconcile",   "- y - y - - - y"),
    // Reads the totals of commitments.
    row("fiscal_period",   "propose_accruals", "- y y y - - - y"),
    // By a person other than the one who requested it.
    row("fiscal_period",   "reopen",      "- y - y - - - -"),
    row("cost_category",   "read",        "y y y y y y - y"),
    row("cost_category",   "create",      "- - - y - - - -"),
    row("cost_category",   "update",      "- - - y - - - -"),
    row("cost_category",   "delete",      "- - - y - - - -"),
    row("coding_rule",     "read",        "y y y y y y - y"),
    row("coding_rule",     "create",      "- - - y - - - -"),
    row("coding_rule",     "update",      "- - - y - - - -"),
    row("coding_rule",     "delete",      "- - - y - - - -"),
    row("mapping_profile", "read",        "y y y y y y - y"),
    row("mapping_profile", "create",      "- - - y - - - -"),
    row("mapping_profile", "update",      "- - - y - - - -"),
    row("mapping_profile", "delete",      "- - - y - - - -"),
    // The address is available to its owner only.
    row("calendar_feed",   "read",        "y y y y y y - y"),
    row("calendar_feed",   "create",      "y y y y y y - -"),
    row("calendar_feed",   "update",      "y y y y y y - -"),
    row("calendar_feed",   "delete",      "y y y y y y - -"),
    row("calendar_feed",   "issue_address", "y y y y y y - -"),
    row("calendar_feed",   "revoke",      "y y y y y y - -"),
    // The records themselves require the rights of their own kinds.
    row("import_job",      "read",        "y y y y y y - y"),
    row("import_job",      "create",      "y y y y - y - -"),
    row("import_job",      "update",      "y y y y - y - -"),
    row("import_job",      "delete",      "y y y y - y - -"),
    row("import_job",      "upload",      "y y y y - y - -"),
    row("import_job",      "check",       "y y y y - y - -"),
    row("import_job",      "apply",       "y y y y - y - -"),
    // Only finance posts; requires a grant over the whole organisation.
    row("actuals_batch",   "read",         "- y - y - - - y"),
    row("actuals_batch",   "update",       "- - - y - - - -"),
    row("actuals_batch",   "create",       "- - - y - - - -"),
    // Adjusting entries, which a closing period accepts.
    row("actuals_batch",   "adjust",       "- - - y - - - -"),
    row("actuals_batch",   "reclassify",   "- - - y - - - -"),
    // Without `y`, single entries of sensitive cost categories are not visible; their totals are.
    row("ledger_entry",    "read",         "- f f y f - - y"),
    // Posting above a controlled budget.
    row("actuals_batch",   "override",     "- - - y - - - -"),
    row("purchase_order_batch", "read",    "- y - y - - - y"),
    row("purchase_order_batch", "update",  "- - - y - - - -"),
    row("purchase_order_batch", "create",  "- - - y - - - -"),
    row("exchange_rate",   "read",         "y y y y y y - y"),
    row("exchange_rate",   "create",       "- - - y - - - -"),
    row("exchange_rate",   "update",       "- - - y - - - -"),
    row("exchange_rate",   "delete",       "- - - y - - - -"),
    row("exchange_rate",   "import",       "- - - y - - - -"),
    row("authority_limit", "read",         "y y y y y y - y"),
    row("authority_limit", "create",       "y - - - - - - -"),
    row("authority_limit", "update",       "y - - - - - - -"),
    row("authority_limit", "delete",       "y - - - - - - -"),
    row("budget",          "read",         "y y y y y y - y"),
    row("budget",          "create",       "- y y y - - - -"),
    row("budget",          "update",       "- y y y - - - -"),
    row("budget",          "delete",       "- y y y - - - -"),
    row("budget",          "submit",       "- y y y - - - -"),
    row("budget",          "withdraw",     "- y y y - - - -"),
    // By a person who did not submit it.
    row("budget",          "approve",      "- y - y - - - -"),
    row("budget",          "reject",       "- y - y - - - -"),
    row("forecast",        "read",         "y y y y y y - y"),
    row("forecast",        "create",       "- y y - - - - -"),
    row("forecast",        "update",       "- y y - - - - -"),
    row("forecast",        "delete",       "- y y - - - - -"),
    row("forecast",        "submit",       "- y y - - - - -"),
    row("budget_transfer", "read",         "y y y y y y - y"),
    row("budget_transfer", "create",       "- y y y - - - -"),
    row("budget_transfer", "update",       "- y y y - - - -"),
    row("budget_transfer", "delete",       "- y y y - - - -"),
    // By a person who did not request it, within the authority limits.
    row("budget_transfer", "approve",      "- y y y - - - -"),
    row("budget_transfer", "reject",       "- y y y - - - -"),
    row("budget_transfer", "withdraw",     "- y y y - - - -"),
    row("commitment",      "read",         "y y y y y y - y"),
    row("commitment",      "create",       "- y y y - - - -"),
    row("commitment",      "update",       "- y y y - - - -"),
    row("commitment",      "delete",       "- - - y - - - -"),
    row("commitment",      "commit",       "- y y y - - - -"),
    row("commitment",      "amend",        "- y y y - - - -"),
    row("commitment",      "receive",      "- y y y - - - -"),
    row("commitment",      "invoice",      "- - - y - - - -"),
    row("commitment",      "credit",       "- - - y - - - -"),
    row("commitment",      "pay",          "- - - y - - - -"),
    row("commitment",      "cancel",       "- y y y - - - -"),
    // Committing above a controlled budget.
    row("commitment",      "override",     "- y - y - - - -"),
    // Only by its creator. An admin may delete those of others.
    row("consumer",        "read",         "y y y y y y f y"),
    row("consumer",        "create",       "y y y y y y f -"),
    row("consumer",        "update",       "y y y y y y f -"),
    row("consumer",        "delete",       "y y y y y y f -"),
    row("consumer",        "acknowledge",  "y y y y y y f -"),
    row("consumer",        "replay",       "y y y y y y f -"),
    row("webhook_endpoint", "read",         "y y y y y y f y"),
    row("webhook_endpoint", "create",       "y y y y y y f -"),
    row("webhook_endpoint", "update",       "y y y y y y f -"),
    row("webhook_endpoint", "delete",       "y y y y y y f -"),
    row("webhook_endpoint", "disable",      "y y y y y y f -"),
    row("webhook_endpoint", "enable",       "y y y y y y f -"),
    row("webhook_endpoint", "rotate_secret","y y y y y y f -"),
    row("webhook_endpoint", "test",         "y y y y y y f -"),
    row("webhook_endpoint", "replay",       "y y y y y y f -"),
    // The feed: each event also requires the right to read its kind.
    row("event",           "read",         "y y y y y y y y"),
    // Writing a version effective before the change (`effective_at`); requires the right to update the kind.
    row("history",         "write",        "- y - - - y - -"),
    // Prometheus metrics of the server.
    row("metrics",         "read",         "y y - - - y - y"),
];

//! The table of operations: the standard operations of every resource, and those of features. REST, gRPC, the documents and
//! the command line are derived from it.

use steerco_domain::access::Permission;
use steerco_domain::field::{FieldSpec, Setter};
use steerco_domain::resource::{Act, Kind};
use steerco_domain::{KINDS, RECORDS};

use crate::operation::{Does, Operation, Standard, Under, first_words};
use crate::parameter::{EFFECTIVE_AT, Parameter, VALID_AT};
use crate::standard::{ACT, STANDARD};
use crate::{
    accrual, actuals_batch, actuals_progress, actuals_reclassify, actuals_stream, attachment, bridge, calendar_feed,
    catalogues, consumer, digest, events, exchange_rate, financials, import_job, line_results, ocds, permissions,
    progress, purchase_order_batch, reconciliation, schedule, service_account, statement_of_account, webhook_endpoint,
};

/// Operations of features, by the file that declares them.
pub static FEATURES: &[&[Operation]] = &[
    progress::OPERATIONS,
    bridge::OPERATIONS,
    financials::OPERATIONS,
    accrual::OPERATIONS,
    reconciliation::OPERATIONS,
    actuals_batch::OPERATIONS,
    actuals_progress::OPERATIONS,
    actuals_stream::OPERATIONS,
    actuals_reclassify::OPERATIONS,
    purchase_order_batch::OPERATIONS,
    line_results::OPERATIONS,
    exchange_rate::OPERATIONS,
    statement_of_account::OPERATIONS,
    service_account::OPERATIONS,
    calendar_feed::OPERATIONS,
    import_job::OPERATIONS,
    schedule::OPERATIONS,
    attachment::OPERATIONS,
    ocds::OPERATIONS,
    events::OPERATIONS,
    consumer::OPERATIONS,
    webhook_endpoint::OPERATIONS,
    digest::OPERATIONS,
    catalogues::OPERATIONS,
    permissions::OPERATIONS,
];

/// An operation as callers see it: a standard operation exists once per kind, and a verb once per kind and verb.
#[derive(Clone, Copy)]
pub struct Entry {
    pub operation: &'static Operation,
    /// The kind that it belongs to.
    pub kind: Option<&'static Kind>,
    /// The verb, if it is the operation of a verb.
    pub act: Option<&'static Act>,
}

/// All operations: kind by kind, then those that belong to no kind.
pub fn operations() -> impl Iterator<Item = Entry> {
    KINDS.iter().chain(RECORDS).flat_map(|kind| of_kind(kind)).chain(of_no_kind())
}

/// The operations of a kind.
pub fn of_kind(kind: &'static Kind) -> impl Iterator<Item = Entry> {
    let standard = STANDARD.iter().filter(move |operation| match operation.under {
        Under::Each(which) => which.has(kind),
        _ => false,
    });
    // A verb with its own response is declared by its feature.
    let acts = kind.verbs.iter().filter(move |act| !own(kind).any(|operation| does(operation, act)));
    let acts = acts.map(move |act| Entry { operation: &ACT, kind: Some(kind), act: Some(act) });
    standard.chain(own(kind)).map(move |operation| Entry { operation, kind: Some(kind), act: None }).chain(acts)
}

fn own(kind: &'static Kind) -> impl Iterator<Item = &'static Operation> {
    features().filter(move |operation| matches!(operation.under, Under::Kind(under) if under.name == kind.name))
}

fn does(operation: &Operation, act: &Act) -> bool {
    operation.verb && operation.permission.is_some_and(|row| row.action == act.name)
}

fn of_no_kind() -> impl Iterator<Item = Entry> {
    let beside = features().filter(|operation| matches!(operation.under, Under::Tag(_)));
    beside.map(|operation| Entry { operation, kind: None, act: None })
}

fn features() -> impl Iterator<Item = &'static Operation> {
    FEATURES.iter().flat_map(|operations| operations.iter())
}

impl Entry {
    /// `assess_risk`.
    pub fn id(&self) -> String {
        self.named(self.operation.id, "_")
    }

    /// `AssessRisk`.
    pub fn rpc(&self) -> String {
        match self.operation.rpc {
            "" => self.id().split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect(),
            rpc => rpc.to_owned(),
        }
    }

    /// `RiskService`.
    pub fn service(&self) -> String {
        let name = match (self.operation.service, self.kind) {
            ("", Some(kind)) => kind.title,
            (name, _) => name,
        };
        format!("{name}Service")
    }

    /// `/v1/risks/{id}/assess`.
    pub fn path(&self) -> String {
        self.named(self.operation.path, "-")
    }

    /// The placeholders in its path that callers fill in.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        parts.filter(|part| !["many", "act"].contains(part))
    }

    pub fn summary(&self) -> String {
        match self.act {
            Some(act) => first_words(act.doc).to_owned(),
            None => self.named(self.operation.summary, " "),
        }
    }

    pub fn doc(&self) -> String {
        match (self.act, self.operation.doc, self.kind) {
            (Some(act), ..) => act.doc.to_owned(),
            (None, "{kind}", Some(kind)) => kind.doc.to_owned(),
            (None, doc, _) => self.named(doc, " "),
        }
    }

    /// The comment of its rpc.
    pub fn rpc_doc(&self) -> String {
        match self.operation.rpc_doc {
            "" => self.doc(),
            doc => self.named(doc, " "),
        }
    }

    /// Row in the table of permissions; when absent, every caller with a token may call it.
    pub fn permission(&self) -> Option<&'static Permission> {
        match (self.operation.does, self.kind) {
            (Does::Standard(standard), Some(kind)) => standard.permission(kind, self.act),
            _ => self.operation.permission,
        }
    }

    /// Arguments outside of the body.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let undated = matches!(self.operation.does, Does::Standard(_)) && self.kind.is_some_and(|kind| !kind.dated);
        let of_dated = |parameter: &Parameter| [VALID_AT.name, EFFECTIVE_AT.name].contains(&parameter.name);
        self.operation.parameters.iter().copied().filter(move |parameter| !(undated && of_dated(parameter)))
    }

    /// The members of its body, where the body is an object with declared fields.
    pub fn body(&self) -> impl Iterator<Item = &'static FieldSpec> {
        let (fields, update): (&[FieldSpec], bool) = match (self.operation.does, self.kind, self.act) {
            (Does::Standard(Standard::Act), _, Some(act)) => (act.fields, false),
            (Does::Standard(Standard::Create | Standard::Upsert), Some(kind), _) => (kind.fields, false),
            (Does::Standard(Standard::Update), Some(kind), _) => (kind.fields, true),
            _ => (self.operation.body.map_or(&[], |body| body.fields), false),
        };
        let of_resource = matches!(self.operation.does, Does::Standard(_)) && self.act.is_none();
        fields.iter().filter(move |field| match field.setter {
            Setter::Write => true,
            Setter::Create => !update,
            Setter::System => !of_resource,
        })
    }

    /// Fills in the names of the kind and of the verb.
    fn named(&self, text: &str, between: &str) -> String {
        let Some(kind) = self.kind else { return text.to_owned() };
        let word = |name: &str| name.replace('_', between);
        let one = word(kind.name);
        let article = if one.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        text.replace("{a one}", &format!("{article} {one}"))
            .replace("{one}", &one)
            .replace("{many}", &word(kind.plural))
            .replace("{act}", &self.act.map(|act| word(act.name)).unwrap_or_default())
    }
}

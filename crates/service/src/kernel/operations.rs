//! The table of operations: what every resource has, and what features add. Doors, documents and the command line are
//! renderings of it.

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

/// Those of features, by the files in which they stand.
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

/// An operation as callers have it: a standard one is there for each kind, and an act for each verb.
#[derive(Clone, Copy)]
pub struct Entry {
    pub operation: &'static Operation,
    /// The kind under which it stands.
    pub kind: Option<&'static Kind>,
    /// The verb of a standard act.
    pub act: Option<&'static Act>,
}

/// All of them: kind by kind, then those that are under none.
pub fn operations() -> impl Iterator<Item = Entry> {
    KINDS.iter().chain(RECORDS).flat_map(|kind| of_kind(kind)).chain(of_no_kind())
}

/// The operations under a kind.
pub fn of_kind(kind: &'static Kind) -> impl Iterator<Item = Entry> {
    let standard = STANDARD.iter().filter(move |operation| match operation.under {
        Under::Each(which) => which.has(kind),
        _ => false,
    });
    // A verb with an answer of its own is declared by its feature.
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

    /// What callers fill in of its path.
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

    /// Its row of the table of permissions; without one every caller with a token may.
    pub fn permission(&self) -> Option<&'static Permission> {
        match (self.operation.does, self.kind) {
            (Does::Standard(standard), Some(kind)) => standard.permission(kind, self.act),
            _ => self.operation.permission,
        }
    }

    /// What it takes beside its body.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let undated = matches!(self.operation.does, Does::Standard(_)) && self.kind.is_some_and(|kind| !kind.dated);
        let of_dated = |parameter: &Parameter| [VALID_AT.name, EFFECTIVE_AT.name].contains(&parameter.name);
        self.operation.parameters.iter().copied().filter(move |parameter| !(undated && of_dated(parameter)))
    }

    /// The members of its body, where that is one object of fields.
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

    /// A text with the names of the kind and of the act in it.
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

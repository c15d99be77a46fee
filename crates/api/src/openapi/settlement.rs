//! Statements of account and scorecards.

use steerco_domain::Resource;
use steerco_domain::engagement::Engagement;
use steerco_domain::field::Described;
use steerco_domain::invoice::Invoice;
use steerco_domain::invoice_match::InvoiceMatch;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::partner::Partner;
use steerco_domain::resource::Kind;
use steerco_domain::scorecard::Scorecard;
use steerco_domain::statement_of_account::StatementOfAccount;
use utoipa::openapi::HttpMethod;

use super::answers::answer;
use super::operation::{Access, Operation};
use super::parameters::{id, of_feed};
use super::shape::schema;
use super::vocabulary::{Schemas, reference};
use crate::rest::params;

pub(super) fn operations(schemas: &mut Schemas) -> [Operation; 4] {
    schema(&StatementOfAccount::shape(), schemas);
    schema(&Scorecard::shape(), schemas);
    let statement = Operation {
        method: HttpMethod::Get,
        path: "/v1/engagements/{id}/statement-of-account".to_owned(),
        id: "get_statement_of_account".to_owned(),
        tag: Engagement::KIND.path(),
        summary: "Get the statement of account of an engagement".to_owned(),
        description:
            "What was agreed, accepted, charged and paid, entry by entry, with what is owed after each, and the \
                      disputes that are open. The partner and the organisation read the same numbers."
                .to_owned(),
        access: Access::of(Engagement::KIND.name, "read"),
        parameters: [vec![id(Engagement::KIND)], of_feed(&params::rolling_up())].concat(),
        body: None,
        answers: vec![(200, answer("The statement.", "application/json", reference("StatementOfAccount"), &[]))],
        refusals: vec![404],
    };
    schema(&InvoiceMatch::shape(), schemas);
    [statement, scorecard(Engagement::KIND), scorecard(Partner::KIND), matching()]
}

fn matching() -> Operation {
    Operation {
        method: HttpMethod::Get,
        path: "/v1/invoices/{id}/match".to_owned(),
        id: "get_invoice_match".to_owned(),
        tag: Invoice::KIND.path(),
        summary: "Get an invoice beside the books".to_owned(),
        description: "The commitment of its purchase order line, and the costs that finance posted with its number \
                      (`invoice_reference`) against commitments of its engagement: what was posted more or less than \
                      charged. For who reads the ledger."
            .to_owned(),
        access: Access::of(LedgerEntry::KIND.name, "read"),
        parameters: vec![id(Invoice::KIND)],
        body: None,
        answers: vec![(200, answer("The match.", "application/json", reference("InvoiceMatch"), &[]))],
        refusals: vec![404],
    }
}

fn scorecard(kind: &'static Kind) -> Operation {
    let mut parameters = vec![id(kind)];
    parameters.extend(of_feed(&params::scoring()));
    Operation {
        method: HttpMethod::Get,
        path: format!("/v1/{}/{{id}}/scorecard", kind.path()),
        id: format!("get_{}_scorecard", kind.name),
        tag: kind.path(),
        summary: format!("Get the scorecard of {} {}", if kind.name == "engagement" { "an" } else { "a" }, kind.name),
        description:
            "Computed from facts: what was reached on time, accepted at first, promised and kept, measured and \
                      grown in cost, each with the count of what it rests on; and the mean by weight over what was \
                      measured. Where too little is known there is no score, and the reason. `GET /v1/metrics` defines \
                      the figures."
                .to_owned(),
        access: Access::of(kind.name, "read"),
        parameters,
        body: None,
        answers: vec![(200, answer("The scorecard.", "application/json", reference("Scorecard"), &[]))],
        refusals: vec![404],
    }
}

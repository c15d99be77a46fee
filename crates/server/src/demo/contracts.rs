//! What became of the contracts of the demo's two vendors: one holds its service and is paid, the other's is amended and
//! breached.

use serde_json::{Value, json};
use steerco_domain::engagement_amendment::{
    ApproveEngagementAmendment, EngagementAmendment, SubmitEngagementAmendment,
};
use steerco_domain::grant::Grant;
use steerco_domain::invoice::Invoice;
use steerco_domain::invoice::acts::{ApproveInvoice, RecordPaymentInvoice};
use steerco_domain::person::Person;
use steerco_domain::resource::Verb;
use steerco_domain::service_level_measurement::{ProposeCreditServiceLevelMeasurement, ServiceLevelMeasurement};

use super::load::{Loader, object};

/// Availability of the months from July on in percent, of the builders and of the designers.
const AVAILABILITY: [[&str; 4]; 2] = [["99.9", "99.95", "99.8", "100"], ["99.7", "98.2", "99.1", "99.6"]];
/// Of the designers, the month of the breach for which a credit note is proposed.
const CREDITED: usize = 1;

/// Who acts for the organisation.
pub(super) struct Buyer<'a> {
    pub(super) admin: &'a Loader,
    pub(super) director: &'a Loader,
    pub(super) finance: &'a Loader,
}

/// What is measured in the engagements of both.
pub(super) fn service_level() -> Value {
    json!({
        "name": "Availability", "target": "99.5 % of each month", "target_value": "99.5", "unit": "%",
        "measure": "Hours in which the site office answers", "direction": "at_least", "period": "month",
        "period_fee": { "amount": "20000", "currency": "USD" },
        "credit_tiers": [{ "threshold": "99.5", "credit": 0.05 }, { "threshold": "99", "credit": 0.1 }],
    })
}

pub(super) async fn load(buyer: &Buyer<'_>, engagements: &[String; 2]) -> anyhow::Result<()> {
    let [builders, designers] = engagements;
    for (engagement, months) in engagements.iter().zip(AVAILABILITY) {
        for (i, value) in months.iter().enumerate() {
            let measured = json!({
                "engagement_id": engagement, "service_level": "Availability", "value": value,
                "period_starts_on": format!("2026-{:02}-01", i + 7), "measured_by": "Service desk",
            });
            let measured = buyer.director.create::<ServiceLevelMeasurement>(measured).await?;
            if engagement == designers && i == CREDITED {
                act::<ProposeCreditServiceLevelMeasurement>(buyer.director, &measured, json!({})).await?;
            }
        }
    }
    charge(buyer, builders).await?;
    amend(buyer, designers).await
}

async fn act<V: Verb>(by: &Loader, id: &str, body: Value) -> anyhow::Result<()> {
    by.service.act::<V>(&by.context(None), id, object(body)).await?;
    Ok(())
}

/// Invoices of called-off works that were approved, the first of them paid.
async fn charge(buyer: &Buyer<'_>, engagement: &str) -> anyhow::Result<()> {
    for (number, day, amount, paid) in
        [("NRB-1", "2026-08-31", "412500", Some("2026-09-28")), ("NRB-2", "2026-10-31", "388000", None)]
    {
        let invoice = json!({
            "engagement_id": engagement, "invoice_type": "invoice", "number": number, "issued_on": day,
            "currency": "USD", "lines": [{ "description": "Works called off", "amount": amount }],
        });
        let invoice = buyer.finance.create::<Invoice>(invoice).await?;
        act::<ApproveInvoice>(buyer.director, &invoice, json!({})).await?;
        if let Some(day) = paid {
            let payment = json!({ "amount": amount, "paid_on": day, "document_reference": format!("PAY {number}") });
            act::<RecordPaymentInvoice>(buyer.finance, &invoice, payment).await?;
        }
    }
    Ok(())
}

/// A change of value and duration, drafted by a manager and approved by the director.
async fn amend(buyer: &Buyer<'_>, engagement: &str) -> anyhow::Result<()> {
    let manager = json!({ "name": "Morgan Manager", "email": "morgan@example.org", "title": "Contract manager" });
    let manager = buyer.admin.create::<Person>(manager).await?;
    buyer.admin.create::<Grant>(json!({ "person_id": manager, "role": "program_manager" })).await?;
    let manager = buyer.director.another(&manager).await?;
    let change = json!({
        "engagement_id": engagement, "title": "A third pier", "rationale": "The city added a pier to the park",
        "value_change": { "amount": "360000", "currency": "USD" }, "new_ends_on": "2028-03-31",
        "scope_change": "The design of a third pier", "signed_on": "2026-06-30",
    });
    let amendment = manager.create::<EngagementAmendment>(change).await?;
    act::<SubmitEngagementAmendment>(&manager, &amendment, json!({})).await?;
    act::<ApproveEngagementAmendment>(buyer.director, &amendment, json!({})).await
}

//! Invoices of work by time, what is paid of them, and the statement of account that both sides read.

use serde_json::{Value, json};
use steerco_tests::{Client, Refused, Who, World, scenario};

use crate::all::kernel::bodies::{fresh, unknown};

/// An engagement by time worth 10,000 euros, due in 30 days, with rates in force from 2026 on and dearer ones from July.
pub(crate) struct Works {
    pub(crate) engagement: String,
}

impl Works {
    pub(crate) async fn begin(world: &World, partner: &str) -> Self {
        let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
        let body = json!({
            "partner_id": partner, "program_ids": [world.program], "title": "Design", "kind": "time_and_material",
            "value": {"amount": "10000", "currency": "EUR"}, "payment_terms_days": 30,
            "service_levels": [{"name": "Response", "target": "4 h", "target_value": "4", "unit": "h",
                "direction": "at_most", "period": "month", "period_fee": {"amount": "1000", "currency": "EUR"},
                "credit_tiers": [{"threshold": "8", "credit": 0.1}]}],
        });
        let engagement = director.create("engagement", body).await.unwrap().id().to_owned();
        director.act("engagement", &engagement, "activate", json!({})).await.unwrap();
        for (from, rate) in [("2026-01-01", "95.50"), ("2026-07-01", "100")] {
            let card = json!({"engagement_id": engagement, "title": "Rates", "effective_on": from, "currency": "EUR",
                "rates": [{"role": "Engineer", "unit": "hour", "amount": rate}], "private_notes": "canary"});
            let card = manager.create("rate_card", card).await.unwrap().id().to_owned();
            director.act("rate_card", &card, "approve", json!({})).await.unwrap();
        }
        Self { engagement }
    }

    /// An invoice of one line of work, with a number of its own.
    pub(crate) fn invoice(&self, hours: &str, on: &str) -> Value {
        json!({"engagement_id": self.engagement, "invoice_type": "invoice", "number": format!("R {}", fresh()),
            "issued_on": "2026-07-31", "currency": "EUR",
            "lines": [{"description": "Drawings", "role": "Engineer", "unit": "hour", "quantity": hours, "worked_on": on}]})
    }
}

async fn account(caller: &Client, engagement: &str) -> Value {
    caller.statement_of_account(engagement).await.unwrap().json
}

async fn pay(world: &World, id: &str, amount: &str, on: &str) -> Result<Value, Refused> {
    let body = json!({"amount": amount, "paid_on": on, "document_reference": format!("P {amount}")});
    world.client(Who::Finance).act("invoice", id, "record_payment", body).await.map(|done| done.json)
}

scenario!(work_by_time_is_quantity_times_the_agreed_rate(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let first = vendor.create("invoice", works.invoice("37.5", "2026-06-30")).await.unwrap();
    let line = &first["lines"][0];
    assert_eq!((&line["rate"], &line["amount"]), (&json!("95.5000"), &json!("3581.2500")), "the rate of June");
    assert_eq!((&first["net"], &first["due_on"], &first["state"]), (&json!("3581.2500"), &json!("2026-08-30"), &json!("submitted")));
    let mut taxed = works.invoice("10", "2026-07-01");
    taxed["lines"][0]["tax"] = json!("200");
    let second = vendor.create("invoice", taxed).await.unwrap();
    assert_eq!((&second["lines"][0]["rate"], &second["gross"]), (&json!("100.0000"), &json!("1200.0000")), "of July");
    // What is left of 10000 after 3581.25 and 1000.
    let refused = vendor.create("invoice", works.invoice("54.2", "2026-07-01")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines", "INSUFFICIENT")]);
    assert!(refused.to_string().contains("5418.7500 EUR are left"), "{refused}");
    let with = |name: &str, value: Value| {
        let mut body = works.invoice("1", "2026-07-01");
        body["lines"][0][name] = value;
        body
    };
    for (body, place) in [
        (with("amount", json!("101")), ("/lines/0/amount", "DOES_NOT_FIT")),
        (with("rate", json!("95.5")), ("/lines/0/rate", "DOES_NOT_FIT")),
        (with("role", json!("Director")), ("/lines/0/role", "NO_RATE")),
        (with("unit", json!("day")), ("/lines/0/role", "NO_RATE")),
        (with("worked_on", json!("2025-12-31")), ("/lines/0/role", "NO_RATE")),
        (with("quantity", Value::Null), ("/lines/0", "REQUIRED")),
        (with("quantity", json!("-1")), ("/lines/0/quantity", "OUT_OF_RANGE")),
        (with("payable_id", json!(unknown("payable"))), ("/lines/0", "DOES_NOT_FIT")),
    ] {
        assert_eq!(vendor.create("invoice", body.clone()).await.unwrap_err().places(), [place], "{body}");
    }
    let mut again = works.invoice("1", "2026-07-01");
    again["number"] = first["number"].clone();
    assert_eq!(vendor.create("invoice", again).await.unwrap_err().code, "ALREADY_EXISTS");
    let mut dollars = works.invoice("1", "2026-07-01");
    dollars["currency"] = json!("USD");
    assert_eq!(vendor.create("invoice", dollars).await.unwrap_err().places(), [("/currency", "DOES_NOT_FIT")]);
    let director = world.client(Who::Director);
    director.delete("invoice", second.id()).await.unwrap();
    let instead = vendor.create("invoice", works.invoice("64", "2026-07-01")).await.unwrap();
    let back = director.undelete("invoice", second.id()).await.unwrap_err();
    assert_eq!(back.places(), [("/lines", "INSUFFICIENT")], "its room is taken");
    vendor.act("invoice", instead.id(), "withdraw", json!({})).await.unwrap();
    director.undelete("invoice", second.id()).await.unwrap();
    // An amendment makes room, and none takes what was charged.
    let less = json!({"engagement_id": works.engagement, "title": "Less", "rationale": "No money",
        "value_change": {"amount": "-5418.76", "currency": "EUR"}});
    let less = world.client(Who::ProgramManager).create("engagement_amendment", less).await.unwrap().id().to_owned();
    world.client(Who::ProgramManager).act("engagement_amendment", &less, "submit", json!({})).await.unwrap();
    let refused = director.act("engagement_amendment", &less, "approve", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/value_change/amount", "INSUFFICIENT")]);
    let more = json!({"value_change": {"amount": "1.25", "currency": "EUR"}});
    crate::all::partners::engagement_amendment::approved(&world, &works.engagement, more).await;
    vendor.create("invoice", works.invoice("54.2", "2026-07-01")).await.unwrap();
    world.verify().await;
});

scenario!(an_invoice_moves_no_money_until_finance_says_so(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let (manager, finance) = (world.client(Who::ProgramManager), world.client(Who::Finance));
    let before = world.client(Who::Finance).list("ledger_entry", json!({"include_total": true})).await.unwrap();
    let id = vendor.create("invoice", works.invoice("10", "2026-07-01")).await.unwrap().id().to_owned();
    assert_eq!(pay(&world, &id, "1", "2026-08-01").await.unwrap_err().code, "WRONG_STATE", "it is not approved");
    assert_eq!(vendor.act("invoice", &id, "approve", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let waits = account(&vendor, &works.engagement).await;
    assert_eq!((&waits["waiting"], &waits["outstanding"]), (&json!("1000.0000"), &json!("0.0000")));
    manager.act("invoice", &id, "approve", json!({})).await.unwrap();
    assert_eq!(vendor.act("invoice", &id, "withdraw", json!({})).await.unwrap_err().code, "WRONG_STATE");
    assert_eq!(pay(&world, &id, "1000.01", "2026-08-01").await.unwrap_err().places(), [("/amount", "INSUFFICIENT")]);
    pay(&world, &id, "400", "2026-08-01").await.unwrap();
    assert_eq!(pay(&world, &id, "400", "2026-08-02").await.unwrap_err().places(), [("/document_reference", "DUPLICATE")]);
    let part = account(&manager, &works.engagement).await;
    assert_eq!((&part["paid"], &part["outstanding"]), (&json!("400.0000"), &json!("600.0000")));
    let done = pay(&world, &id, "600", "2026-08-15").await.unwrap();
    assert_eq!((&done["state"], &done["paid_on"]), (&json!("paid"), &json!("2026-08-15")));
    let ours = account(&manager, &works.engagement).await;
    assert_eq!(ours, account(&vendor, &works.engagement).await, "both sides read the same");
    let entries: Vec<_> = ours["entries"].as_array().unwrap().iter()
        .map(|entry| (entry["entry_type"].as_str().unwrap(), entry["amount"].as_str().unwrap(), entry["balance"].as_str().unwrap()))
        .collect();
    assert_eq!(entries, [("invoice", "1000.0000", "1000.0000"), ("payment", "-400.0000", "600.0000"), ("payment", "-600.0000", "0.0000")]);
    let after = finance.list("ledger_entry", json!({"include_total": true})).await.unwrap();
    assert_eq!(after["total"], before["total"], "neither an invoice nor what is said of its payment posts anything");
    world.verify().await;
});

scenario!(credits_and_disputes_stand_in_the_account(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let manager = world.client(Who::ProgramManager);
    let invoice = vendor.create("invoice", works.invoice("10", "2026-07-01")).await.unwrap().id().to_owned();
    manager.act("invoice", &invoice, "approve", json!({})).await.unwrap();
    let credit = |amount: &str| {
        json!({"engagement_id": works.engagement, "invoice_type": "credit_note", "number": format!("C {}", fresh()),
            "issued_on": "2026-08-01", "currency": "EUR", "credited_invoice_id": invoice,
            "lines": [{"description": "Two hours too many", "amount": amount}]})
    };
    let refused = vendor.create("invoice", credit("1000.01")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines", "INSUFFICIENT")]);
    let note = vendor.create("invoice", credit("200")).await.unwrap().id().to_owned();
    let left = vendor.create("invoice", credit("800.01")).await.unwrap_err();
    assert!(left.to_string().contains("800.0000 EUR are left"), "{left}");
    manager.act("invoice", &note, "approve", json!({})).await.unwrap();
    assert_eq!(account(&vendor, &works.engagement).await["outstanding"], "800.0000");
    let wrong = vendor.create("invoice", works.invoice("3", "2026-07-02")).await.unwrap().id().to_owned();
    manager.act("invoice", &wrong, "reject", json!({"reason": "nobody worked"})).await.unwrap();
    vendor.act("invoice", &wrong, "dispute", json!({"dispute": "Ada did"})).await.unwrap();
    let disputed = account(&manager, &works.engagement).await;
    assert_eq!(disputed["disputes"][0]["dispute"], "Ada did");
    assert_eq!(disputed, account(&vendor, &works.engagement).await);
    manager.act("invoice", &wrong, "answer_dispute", json!({"answer": "She was ill"})).await.unwrap();
    assert_eq!(account(&vendor, &works.engagement).await["disputes"].as_array().map_or(0, Vec::len), 0);

    // A breach becomes a credit note that the partner agrees to.
    let breach = json!({"engagement_id": works.engagement, "service_level": "Response", "value": "9",
        "period_starts_on": "2026-07-01", "measured_by": "Desk"});
    let breach = manager.create("service_level_measurement", breach).await.unwrap().id().to_owned();
    manager.act("service_level_measurement", &breach, "propose_credit", json!({})).await.unwrap();
    let again = manager.act("service_level_measurement", &breach, "propose_credit", json!({})).await.unwrap_err();
    assert_eq!(again.code, "WRONG_STATE");
    let filter = json!({"filter": format!("service_level_measurement_id = \"{breach}\"")});
    let proposed = vendor.list("invoice", filter).await.unwrap().items()[0].clone();
    assert_eq!((&proposed["state"], &proposed["gross"]), (&json!("proposed"), &json!("100.0000")));
    let proposed = proposed["id"].as_str().unwrap();
    assert_eq!(manager.act("invoice", proposed, "approve", json!({})).await.unwrap_err().code, "WRONG_STATE");
    assert_eq!(account(&vendor, &works.engagement).await["outstanding"], "800.0000", "it waits");
    vendor.act("invoice", proposed, "accept", json!({})).await.unwrap();
    assert_eq!(account(&vendor, &works.engagement).await["outstanding"], "700.0000");
    let patch = json!({"value": "3"});
    let refused = manager.update("service_level_measurement", &breach, patch).await.unwrap_err();
    assert_eq!(refused.places(), [("/value", "FROZEN")]);
    world.verify().await;
});

scenario!(at_once_no_more_is_charged_than_there_is(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    // 64 invoices of 500 euros each are 20 within the value.
    let bodies: Vec<Value> = (0..64).map(|_| works.invoice("5", "2026-07-01")).collect();
    let done = futures::future::join_all(bodies.into_iter().map(|body| vendor.create("invoice", body))).await;
    let (good, bad): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (20, 44));
    assert!(bad.into_iter().all(|refused| refused.unwrap_err().places() == [("/lines", "INSUFFICIENT")]));
    assert_eq!(account(&vendor, &works.engagement).await["left_to_charge"], "0.0000");
    // The same one sent 64 times is one.
    let other = Works::begin(&world, &world.partner).await;
    let (body, key) = (other.invoice("1", "2026-07-01"), format!("invoice-{}", fresh()));
    let same = futures::future::join_all((0..64).map(|_| {
        let (caller, body) = (vendor.key(&key), body.clone());
        async move { caller.create("invoice", body).await.map(|made| made.id().to_owned()) }
    })).await;
    let ids: std::collections::BTreeSet<String> = same.into_iter().flatten().collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(account(&vendor, &other.engagement).await["waiting"], "100.0000");
    world.verify().await;
});

scenario!(a_rival_learns_of_no_rate_and_no_amount(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let id = vendor.create("invoice", works.invoice("12.34", "2026-07-01")).await.unwrap().id().to_owned();
    let rival_partner = world.new_partner("Rival").await;
    let theirs = Works::begin(&world, &rival_partner).await;
    let rival = world.vendor_of(&rival_partner).await;
    for verb in ["withdraw", "accept", "dispute"] {
        let body = if verb == "dispute" { json!({"dispute": "x"}) } else { json!({}) };
        let said = rival.act("invoice", &id, verb, body.clone()).await.unwrap_err().anonymous();
        assert_eq!(said, rival.act("invoice", &unknown("invoice"), verb, body).await.unwrap_err().anonymous());
    }
    for kind in ["invoice", "rate_card", "vendor_statement", "retention_release"] {
        let all = rival.list(kind, json!({"include_total": true, "show_deleted": true})).await.unwrap();
        assert!(!all.json.to_string().contains(&works.engagement), "{kind}");
        assert!(!all.json.to_string().contains("canary"), "{kind}");
    }
    // Naming what is a rival's is naming nothing.
    let naming = |name: &'static str, value: &str| {
        let mut body = theirs.invoice("1", "2026-07-01");
        if name == "credited_invoice_id" {
            body["invoice_type"] = json!("credit_note");
            body["lines"] = json!([{"description": "x", "amount": "1"}]);
        }
        body[name] = json!(value);
        body
    };
    for (name, foreign, nobody) in [
        ("engagement_id", works.engagement.clone(), unknown("engagement")),
        ("credited_invoice_id", id.clone(), unknown("invoice")),
    ] {
        let said = rival.create("invoice", naming(name, &foreign)).await.unwrap_err();
        let meant = rival.create("invoice", naming(name, &nobody)).await.unwrap_err();
        assert_eq!((said.code.as_str(), said.places()), (meant.code.as_str(), meant.places()), "{name}");
    }
    for refused in [
        rival.statement_of_account(&works.engagement).await, rival.scorecard("engagement", &works.engagement, json!({})).await,
        rival.scorecard("partner", &world.partner, json!({})).await,
    ] {
        assert_eq!(refused.unwrap_err().code, "NOT_FOUND");
    }
    let heard = format!("{:?}", rival.all_events(json!({})).await);
    assert!(!heard.contains(&id) && !heard.contains(&works.engagement), "{heard}");
});

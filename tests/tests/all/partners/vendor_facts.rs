//! Facts beside claims: what is told of both, payments in part, and what was known then.

use serde_json::{Value, json};
use steerco_tests::{Client, Reply, Who, World, scenario};

use crate::all::kernel::bodies::{body, fresh};
use crate::all::ledger::commitment::{Books, step};
use crate::all::ledger::order_invoice::batch;
use crate::all::partners::milestone_update::{Deal, act, company};

fn amounts<const N: usize>(of: &Value, names: [&str; N]) -> [String; N] {
    names.map(|name| of[name].as_str().unwrap().to_owned())
}

async fn payable(caller: &Client, deal: &Deal) -> Value {
    let filter = json!({"filter": format!("milestone_id = \"{}\"", deal.milestone)});
    caller.list("payable", filter).await.unwrap().items()[0].clone()
}

async fn charge(vendor: &Client, deal: &Deal, payable: &Value, amount: &str, tax: &str) -> String {
    let line = json!({"description": "Roof", "payable_id": payable["id"], "amount": amount, "tax": tax});
    let body = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": format!("R {}", fresh()),
        "issued_on": "2026-11-30", "currency": "EUR", "lines": [line]});
    vendor.create("invoice", body).await.unwrap().id().to_owned()
}

async fn pay(world: &World, invoice: &str, amount: &str, on: &str) -> Reply {
    let body = json!({"amount": amount, "paid_on": on, "document_reference": format!("P {}", fresh())});
    world.client(Who::Finance).act("invoice", invoice, "record_payment", body).await
}

scenario!(what_is_claimed_stands_beside_what_is_accepted(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deliverable = json!({"program_id": world.program, "title": "Roof", "earning_rule": "milestones"});
    let deliverable = director.create("deliverable", deliverable).await.unwrap().id().to_owned();
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({"deliverable_id": deliverable, "weight": 3})).await;
    let both = async || {
        let deliverable = director.get("deliverable", &deliverable).await.unwrap();
        let account = vendor.statement_of_account(&deal.engagement).await.unwrap();
        (deliverable["claimed_percent"].clone(), deliverable["accepted_percent"].clone(), amounts(&account.json, ["claimed", "earned"]))
    };
    let sums = |claimed: &str, earned: &str| [claimed.to_owned(), earned.to_owned()];
    assert_eq!(both().await, (Value::Null, Value::Null, sums("0.0000", "0.0000")));
    let early = deal.claim(&vendor, json!({"percent": 0.9})).await.unwrap();
    assert_eq!(both().await, (json!(0.9), Value::Null, sums("90000.0000", "0.0000")), "a claim is no fact");
    vendor.act("milestone_update", early.id(), "withdraw", json!({})).await.unwrap();
    assert_eq!(both().await.2, sums("0.0000", "0.0000"), "and may be taken back");
    let claim = deal.claim(&vendor, json!({"percent": 0.8})).await.unwrap();
    act(&director, &claim, "accept_in_part", json!({"percent": 0.55, "reason": "not all"})).await.unwrap();
    assert_eq!(both().await, (json!(0.8), json!(0.55), sums("80000.0000", "55000.0000")), "says 80 %, accepted 55 %");
    // A dispute of a decision is open in the account of both sides until it is answered.
    act(&vendor, &claim, "dispute", json!({"reason": "it is tight"})).await.unwrap();
    let account = director.statement_of_account(&deal.engagement).await.unwrap().json;
    let [open] = account["review_disputes"].as_array().unwrap().as_slice() else { panic!("{account}") };
    assert_eq!((&open["dispute"], &open["number"], &open["review_id"]), (&json!("it is tight"), &json!(2), &claim["review_id"]));
    assert_eq!((&open["claimed_percent"], &open["accepted_percent"]), (&json!(0.8), &json!(0.55)));
    assert_eq!(vendor.statement_of_account(&deal.engagement).await.unwrap().json, account);
    act(&director, &claim, "answer_dispute", json!({"answer": "it is not"})).await.unwrap();
    let account = director.statement_of_account(&deal.engagement).await.unwrap();
    assert!(account["review_disputes"].as_array().is_none_or(Vec::is_empty));
    world.verify().await;
});

scenario!(a_payment_in_part_reaches_the_payable(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept", json!({})).await.unwrap();
    let due = payable(&vendor, &deal).await;
    // A part of the payable is charged, with 20 % tax: 36,000 in all.
    let invoice = charge(&vendor, &deal, &due, "30000", "6000").await;
    director.act("invoice", &invoice, "approve", json!({})).await.unwrap();
    let seen = payable(&vendor, &deal).await;
    assert_eq!((&seen["state"], amounts(&seen, ["invoiced", "paid"])), (&json!("payable"), ["30000.0000", "0.0000"].map(str::to_owned)));
    pay(&world, &invoice, "12000.01", "2026-12-10").await.unwrap();
    let seen = payable(&vendor, &deal).await;
    assert_eq!((amounts(&seen, ["paid"]), &seen["paid_on"]), (["10000.0000".to_owned()], &json!("2026-12-10")), "without tax, rounded down to the cent");
    pay(&world, &invoice, "23999.99", "2026-12-20").await.unwrap();
    let seen = payable(&vendor, &deal).await;
    assert_eq!((amounts(&seen, ["invoiced", "paid"]), &seen["paid_on"]), (["30000.0000"; 2].map(str::to_owned), &json!("2026-12-20")));
    assert_eq!(deal.fact(&vendor).await["payment_state"], "payable", "the rest is still to be charged");
    // What is over stays open to its vendor until it is settled.
    director.act("engagement", &deal.engagement, "complete", json!({})).await.unwrap();
    let rest = charge(&vendor, &deal, &seen, "70000", "0").await;
    director.act("invoice", &rest, "approve", json!({})).await.unwrap();
    assert_eq!(deal.fact(&vendor).await["payment_state"], "invoiced");
    pay(&world, &rest, "70000", "2026-12-21").await.unwrap();
    assert_eq!((payable(&vendor, &deal).await["state"].clone(), deal.fact(&vendor).await["payment_state"].clone()), (json!("paid"), json!("paid")));
    world.verify().await;
});

scenario!(a_credit_note_is_taken_off_what_is_left_to_pay(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata", "payment_terms_days": 0}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept", json!({})).await.unwrap();
    let due = payable(&vendor, &deal).await;
    let invoice = charge(&vendor, &deal, &due, "1000", "0").await;
    director.act("invoice", &invoice, "approve", json!({})).await.unwrap();
    let note = |amount: &str| {
        json!({"engagement_id": deal.engagement, "invoice_type": "credit_note", "number": format!("C {}", fresh()),
            "issued_on": "2026-12-01", "currency": "EUR", "credited_invoice_id": invoice,
            "lines": [{"description": "Too much", "amount": amount, "payable_id": due["id"]}]})
    };
    let first = vendor.create("invoice", note("200")).await.unwrap().id().to_owned();
    director.act("invoice", &first, "approve", json!({})).await.unwrap();
    let seen = vendor.get("invoice", &invoice).await.unwrap();
    assert_eq!((&seen["credited"], &seen["state"]), (&json!("200.0000"), &json!("approved")));
    let refused = pay(&world, &invoice, "800.01", "2026-12-10").await.unwrap_err();
    assert!(refused.places() == [("/amount", "INSUFFICIENT")] && refused.to_string().contains("800.0000"), "{refused}");
    pay(&world, &invoice, "500", "2026-12-10").await.unwrap();
    // What is left is credited too: nothing is owed any more, and the invoice ends.
    let last = vendor.create("invoice", note("300")).await.unwrap().id().to_owned();
    director.act("invoice", &last, "approve", json!({})).await.unwrap();
    let seen = vendor.get("invoice", &invoice).await.unwrap();
    assert_eq!((&seen["credited"], &seen["state"], &seen["paid_on"]), (&json!("500.0000"), &json!("paid"), &json!("2026-12-10")));
    let account = vendor.statement_of_account(&deal.engagement).await.unwrap();
    assert_eq!(amounts(&account.json, ["outstanding", "overdue"]), ["0.0000"; 2].map(str::to_owned));
    assert_eq!(pay(&world, &invoice, "1", "2026-12-11").await.unwrap_err().code, "WRONG_STATE");
    world.verify().await;
});

scenario!(accounts_and_scorecards_are_told_as_they_were_known(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({})).await;
    let begun = director.get("engagement", &deal.engagement).await.unwrap().text("updated_at").to_owned();
    let created = director.get("engagement", &deal.engagement).await.unwrap().text("created_at").to_owned();
    let claim = deal.claim(&vendor, json!({"percent": 0.5})).await.unwrap();
    let accepted = act(&director, &claim, "accept", json!({})).await.unwrap();
    let then = accepted.text("updated_at").to_owned();
    let before = vendor.statement_of_account(&deal.engagement).await.unwrap().json;
    let args = json!({"minimum_evidence": 1});
    let card = vendor.scorecard("partner", &world.partner, args.clone()).await.unwrap().json;
    let due = payable(&vendor, &deal).await;
    let invoice = charge(&vendor, &deal, &due, "50000", "0").await;
    director.act("invoice", &invoice, "approve", json!({})).await.unwrap();
    pay(&world, &invoice, "50000", "2026-12-10").await.unwrap();
    let again = deal.claim(&vendor, json!({"percent": 0.9})).await.unwrap();
    act(&director, &again, "reject", json!({"reason": "no"})).await.unwrap();
    crate::all::partners::engagement_amendment::approved(&world, &deal.engagement, json!({"value_change": {"amount": "5", "currency": "EUR"}})).await;
    for caller in [&vendor, &director] {
        let known = caller.as_of(&then);
        assert_eq!(known.statement_of_account(&deal.engagement).await.unwrap().json, before);
        assert_ne!(caller.statement_of_account(&deal.engagement).await.unwrap().json, before);
        let nothing = caller.as_of(&begun).statement_of_account(&deal.engagement).await.unwrap();
        assert_eq!(amounts(&nothing.json, ["claimed", "accepted", "paid"]), ["0.0000"; 3].map(str::to_owned));
        let mut with = args.clone();
        with["as_of"] = json!(then);
        assert_eq!(caller.scorecard("partner", &world.partner, with.clone()).await.unwrap().json, card);
        assert_ne!(caller.scorecard("partner", &world.partner, args.clone()).await.unwrap().json, card);
        caller.scorecard("engagement", &deal.engagement, with).await.unwrap();
    }
    // What it was as a draft is no vendor's business.
    assert_eq!(vendor.as_of(&created).statement_of_account(&deal.engagement).await.unwrap_err().code, "NOT_FOUND");
    director.as_of(&created).statement_of_account(&deal.engagement).await.unwrap();
});

scenario!(nothing_is_put_in_force_that_could_not_be_kept(world) {
    let (director, finance) = (world.client(Who::Director), world.client(Who::Finance));
    let draft = async |more: Value| {
        let mut terms = body(&world, "engagement");
        terms["value"] = json!({"amount": "1000", "currency": "EUR"});
        terms.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        director.create("engagement", terms).await.unwrap().id().to_owned()
    };
    let silent = json!({"deemed_acceptance": true, "review_deadline_days": 5});
    let id = draft(silent.clone()).await;
    let refused = director.act("engagement", &id, "activate", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reviewer_id", "REQUIRED")], "somebody must be warned");
    let reviewer = json!({"reviewer_id": world.id(Who::ProgramManager)});
    director.update("engagement", &id, reviewer.clone()).await.unwrap();
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    let refused = director.update("engagement", &id, json!({"reviewer_id": null})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reviewer_id", "REQUIRED")]);
    // Once there are books, both are told at once.
    let (entity, periods) = company(&world).await;
    let id = draft(silent).await;
    let refused = director.act("engagement", &id, "activate", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reviewer_id", "REQUIRED"), ("/legal_entity_id", "REQUIRED")]);
    director.update("engagement", &id, reviewer).await.unwrap();
    director.update("engagement", &id, json!({"legal_entity_id": entity})).await.unwrap();
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    let bound = draft(json!({})).await;
    let order = json!({
        "program_id": world.program, "legal_entity_id": entity, "fiscal_period_id": periods[0], "engagement_id": bound,
        "purchase_order_reference": format!("PO {}", fresh()), "title": "Roof",
        "requested": {"amount": "1000", "currency": "EUR"},
    });
    finance.create("commitment", order).await.unwrap();
    director.act("engagement", &bound, "activate", json!({})).await.unwrap();
    world.verify().await;
});

scenario!(a_collaboration_has_obligations_of_both_sides(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let owed = |key: &str, side: &str, day: &str| json!({"key": key, "owed_by": side, "subject": key, "due_on": day});
    let (ours, theirs) = (owed("site", "organisation", "2026-03-01"), owed("data", "partner", "2026-02-01"));
    let terms = |obligations: Value| {
        json!({"partner_id": world.partner, "program_ids": [world.program], "title": "Joint study", "kind": "collaboration",
            "obligations": obligations})
    };
    let twice = director.create("engagement", terms(json!([ours, ours]))).await.unwrap_err();
    assert_eq!(twice.places(), [("/obligations/1/key", "DUPLICATE")]);
    let id = director.create("engagement", terms(json!([]))).await.unwrap().id().to_owned();
    for obligations in [json!([]), json!([ours])] {
        director.update("engagement", &id, json!({"obligations": obligations})).await.unwrap();
        let refused = director.act("engagement", &id, "activate", json!({})).await.unwrap_err();
        assert_eq!(refused.places(), [("/obligations", "REQUIRED")], "{obligations}");
    }
    let both = director.update("engagement", &id, json!({"obligations": [ours, theirs]})).await.unwrap();
    assert_eq!(both["next_obligation_on"], "2026-02-01");
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    // Both sides read the same, and one of them says what was met.
    let seen = vendor.get("engagement", &id).await.unwrap();
    assert_eq!((&seen["obligations"], &seen["next_obligation_on"]), (&both["obligations"], &json!("2026-02-01")));
    let mut met = theirs.clone();
    met["met_on"] = json!("2026-01-30");
    let refused = vendor.update("engagement", &id, json!({"obligations": [ours, met]})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let due = json!({"filter": "next_obligation_on <= \"2026-02-15\"", "include_total": true});
    assert_eq!(vendor.list("engagement", due.clone()).await.unwrap()["total"], "1");
    let told = director.update("engagement", &id, json!({"obligations": [ours, met]})).await.unwrap();
    assert_eq!(told["next_obligation_on"], "2026-03-01");
    assert_eq!(vendor.list("engagement", due).await.unwrap()["total"], "0");
    world.verify().await;
});

scenario!(an_invoice_is_laid_beside_the_books(world) {
    let (books, vendor) = (Books::open(&world, "ignore").await, world.client(Who::Vendor));
    let (director, finance) = (world.client(Who::Director), world.client(Who::Finance));
    let terms = json!({"payment_rule": "pro_rata", "legal_entity_id": books.entity});
    let deal = Deal::strike(&world, terms, json!({"payment_share": 0.001})).await;
    let mut order = books.body(&world, "100.00");
    order["engagement_id"] = json!(deal.engagement);
    let number = order["purchase_order_reference"].clone();
    let order = finance.create("commitment", order).await.unwrap().id().to_owned();
    step(&finance, &order, "commit", "100.00").await.unwrap();
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    act(&director, &claim, "accept", json!({})).await.unwrap();
    let due = payable(&vendor, &deal).await;
    let bill = format!("R {}", fresh());
    let invoice = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": bill,
        "issued_on": "2026-01-15", "currency": "EUR", "purchase_order_reference": number,
        "lines": [{"description": "Roof", "payable_id": due["id"], "amount": "60"}]});
    let invoice = vendor.create("invoice", invoice).await.unwrap().id().to_owned();
    let matched = async || finance.invoice_match(&invoice).await.unwrap().json;
    let told = |of: &Value| (of["state"].as_str().unwrap().to_owned(), amounts(of, ["net", "posted", "difference"]));
    let wanted = |state: &str, of: [&str; 3]| (state.to_owned(), of.map(str::to_owned));
    let first = matched().await;
    assert_eq!(told(&first), wanted("not_posted", ["60.0000", "0.0000", "-60.0000"]));
    assert_eq!((&first["commitment_id"], &first["committed"], &first["invoiced"]), (&json!(order), &json!("100.0000"), &json!("0.0000")));
    let cost = |amount: &str, of: &Value, bill: &str| {
        let mut line = crate::all::kernel::bodies::line(&format!("inv-{}", fresh()), amount, "2026-01-20");
        line["purchase_order_reference"] = of.clone();
        line["invoice_reference"] = json!(bill);
        line
    };
    // A cost with the same number against the order of somebody else is none of this invoice.
    let mut other = books.body(&world, "50.00");
    other["title"] = json!("Other");
    let theirs = other["purchase_order_reference"].clone();
    let other = finance.create("commitment", other).await.unwrap().id().to_owned();
    step(&finance, &other, "commit", "50.00").await.unwrap();
    let lines = [cost("40.00", &number, &bill), cost("5.00", &number, "another"), cost("7.00", &theirs, &bill)];
    finance.post_actuals(batch(&books, lines, "52.00")).await.unwrap();
    assert_eq!(told(&matched().await), wanted("differs", ["60.0000", "40.0000", "-20.0000"]));
    finance.post_actuals(batch(&books, [cost("20.00", &number, &bill)], "20.00")).await.unwrap();
    let whole = matched().await;
    assert_eq!(told(&whole), wanted("matched", ["60.0000", "60.0000", "0.0000"]));
    let entries: Vec<&Value> = whole["entries"].as_array().unwrap().iter().map(|entry| &entry["amount"]["amount"]).collect();
    assert_eq!((entries, &whole["entry_count"]), (vec![&json!("40.0000"), &json!("20.0000")], &json!(2)));
    assert_eq!(whole["invoiced"], "65.0000");
    // The ledger is no business of the partner, whatever it asks for.
    assert_eq!(vendor.invoice_match(&invoice).await.unwrap_err().code, "PERMISSION_DENIED");
    let nobody = crate::all::kernel::bodies::unknown("invoice");
    assert_eq!(vendor.invoice_match(&nobody).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(finance.invoice_match(&nobody).await.unwrap_err().code, "NOT_FOUND");
    world.verify().await;
});

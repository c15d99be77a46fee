//! What vendors claim and buyers accept: a claim is no fact, an acceptance is one, and both are told side by side.

use serde_json::{Value, json};
use steerco_tests::{Answer, Client, Reply, Who, World, scenario};

use crate::all::kernel::bodies::{body, fresh};

/// An engagement in force and one milestone of it.
pub(crate) struct Deal {
    pub(crate) engagement: String,
    pub(crate) milestone: String,
}

impl Deal {
    /// Worth 100,000 euros, all of it for one milestone.
    pub(crate) async fn strike(world: &World, engagement: Value, milestone: Value) -> Self {
        let director = world.client(Who::Director);
        let mut terms = json!({
            "partner_id": world.partner, "program_ids": [world.program], "title": "Roof", "kind": "milestone",
            "value": {"amount": "100000", "currency": "EUR"},
        });
        terms.as_object_mut().unwrap().extend(engagement.as_object().unwrap().clone());
        let engagement = director.create("engagement", terms).await.unwrap().id().to_owned();
        let mut body = json!({
            "engagement_id": engagement, "title": "Roof is tight", "planned_on": "2026-11-30", "payment_share": 1,
        });
        body.as_object_mut().unwrap().extend(milestone.as_object().unwrap().clone());
        let milestone = director.create("milestone", body).await.unwrap().id().to_owned();
        director.act("engagement", &engagement, "activate", json!({})).await.unwrap();
        Self { engagement, milestone }
    }

    pub(crate) async fn claim(&self, vendor: &Client, more: Value) -> Reply {
        let mut body = json!({"milestone_id": self.milestone, "percent": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        vendor.create("milestone_update", body).await
    }

    pub(crate) async fn fact(&self, caller: &Client) -> Answer {
        caller.get("milestone", &self.milestone).await.unwrap()
    }

    /// Amount, retained, net and state of each payable.
    pub(crate) async fn payables(&self, caller: &Client) -> Vec<(String, String, String, String)> {
        let filter = format!("milestone_id = \"{}\"", self.milestone);
        let all = caller.list_all("payable", json!({"filter": filter, "order_by": "id"})).await.unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| {
            (text(&row["amount"]["amount"]), text(&row["retained"]), text(&row["net"]), text(&row["state"]))
        };
        all.iter().map(row).collect()
    }
}

pub(crate) fn row(amount: &str, retained: &str, net: &str, state: &str) -> (String, String, String, String) {
    (amount.to_owned(), retained.to_owned(), net.to_owned(), state.to_owned())
}

/// An act on the review of a claim, of what the caller has just read.
pub(crate) async fn act(caller: &Client, claim: &Answer, verb: &str, body: Value) -> Reply {
    let id = claim["review_id"].as_str().unwrap();
    let etag = caller.get("review", id).await?.etag.unwrap();
    caller.if_match(&etag).act("review", id, verb, body).await
}

/// A company with three periods of 2026 that have the day of the test, and its budget ignored.
pub(crate) async fn company(world: &World) -> (String, Vec<String>) {
    let finance = world.client(Who::Finance);
    let entity = finance.create("legal_entity", body(world, "legal_entity")).await.unwrap().id().to_owned();
    let mut periods = Vec::new();
    for (year, number) in [(2026, 11), (2026, 12), (2027, 1)] {
        let period = json!({"legal_entity_id": entity, "fiscal_year": year, "number": number});
        periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
    }
    (entity, periods)
}

/// Committed and accrued of the program, in whole euros.
async fn bound(world: &World) -> [String; 2] {
    let found = world.client(Who::Finance).financials("program", &world.program, json!({})).await.unwrap();
    let totals = found["totals"].as_array().unwrap();
    let total = totals.iter().find(|total| total["currency"] == "EUR");
    ["committed", "accrued"]
        .map(|name| total.map_or("0", |total| total[name].as_str().unwrap()).trim_end_matches(".0000").to_owned())
}

scenario!(a_claim_is_no_fact_and_an_acceptance_in_part_is_one(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deliverable = json!({"program_id": world.program, "title": "Roof", "earning_rule": "milestones"});
    let deliverable = director.create("deliverable", deliverable).await.unwrap().id().to_owned();
    let criteria = json!([
        {"key": "tight", "text": "No water in the test", "evidence_required": "Protocol", "weight": 55},
        {"key": "clean", "text": "The site is cleared", "weight": 45},
    ]);
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata", "retention": 0.1, "review_deadline_days": 5}),
        json!({"deliverable_id": deliverable, "acceptance_criteria": criteria})).await;

    // First without what must be shown: it stands, and no time runs.
    let claim = deal.claim(&vendor, json!({"percent": 0.8, "forecast_on": "2026-12-15", "criteria_claimed": ["tight"]}));
    let claim = claim.await.unwrap();
    assert_eq!((&claim["number"], &claim["state"], &claim["complete"]), (&json!(1), &json!("submitted"), &json!(false)));
    assert_eq!(claim["missing_evidence"], json!(["tight"]));
    let review = vendor.get("review", claim["review_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&review["state"], &review["clock"], &review["due_on"]), (&json!("open"), &json!("none"), &Value::Null));
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["claimed_percent"], &fact["accepted_percent"]), (&json!(0.8), &Value::Null));
    assert_eq!((&fact["delivery_state"], &fact["payment_state"]), (&json!("submitted"), &json!("not_due")));
    assert_eq!(fact["claimed_forecast_on"], "2026-12-15");
    assert!(fact["forecast_on"].is_null(), "the forecast of the buyer stays");
    assert_eq!(director.progress("program", &world.program).await.unwrap()["progress"].as_f64(), Some(0.0), "nothing is earned");

    let rejected = act(&director, &claim, "reject", json!({"reason": "where is the protocol?"})).await.unwrap();
    assert_eq!((&rejected["state"], &rejected["reason"]), (&json!("rejected"), &json!("where is the protocol?")));
    assert_eq!(deal.fact(&vendor).await["delivery_state"], "rejected");
    assert_eq!(vendor.get("milestone_update", claim.id()).await.unwrap()["state"], "rejected");

    // The resubmission shows it.
    let shown = json!([{"title": "Protocol", "criterion": "tight", "url": "https://files.example.com/p.pdf",
        "sha256": "ab".repeat(32), "size_bytes": "1200"}]);
    let second = deal.claim(&vendor, json!({"percent": 0.8, "criteria_claimed": ["tight"], "evidence": shown}));
    let second = second.await.unwrap();
    assert_eq!((&second["number"], &second["resubmission"], &second["complete"]), (&json!(2), &json!(1), &json!(true)));
    let open = vendor.get("review", second["review_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&open["clock"], open["due_on"].is_string()), (&json!("running"), true));
    let part = json!({"criteria": ["tight"], "reason": "the site is not cleared"});
    let accepted = act(&director, &second, "accept_in_part", part).await.unwrap();
    assert_eq!((&accepted["state"], &accepted["accepted_percent"]), (&json!("accepted_in_part"), &json!(0.55)));
    assert_eq!(accepted["accepted_value"]["amount"], "55000.0000");
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["claimed_percent"], &fact["accepted_percent"]), (&json!(0.8), &json!(0.55)), "says 80 %, accepted 55 %");
    assert_eq!((&fact["delivery_state"], &fact["payment_state"]), (&json!("accepted_in_part"), &json!("payable")));
    assert_eq!((&fact["update_count"], &fact["resubmission_count"]), (&json!(2), &json!(1)));
    assert_eq!(deal.payables(&vendor).await, [row("55000.0000", "5500.0000", "49500.0000", "payable")]);
    assert_eq!(director.get("deliverable", &deliverable).await.unwrap()["accepted_percent"], json!(0.55));
    assert_eq!(director.progress("program", &world.program).await.unwrap()["progress"], json!(0.55));

    // The rest.
    let third = deal.claim(&vendor, json!({"criteria_claimed": ["clean"]})).await.unwrap();
    assert_eq!(third["resubmission"], 2);
    act(&director, &third, "accept", json!({})).await.unwrap();
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["delivery_state"], fact["accepted_percent"].as_f64()), (&json!("accepted"), Some(1.0)));
    let all = [row("55000.0000", "5500.0000", "49500.0000", "payable"), row("45000.0000", "4500.0000", "40500.0000", "payable")];
    assert_eq!(deal.payables(&vendor).await, all);
    assert_eq!(deal.claim(&vendor, json!({})).await.unwrap_err().code, "WRONG_STATE", "all is accepted");
    world.verify().await;
});

scenario!(where_the_contract_pays_for_the_whole_a_part_pays_nothing(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({}), json!({})).await;
    let claim = deal.claim(&vendor, json!({"percent": 0.8})).await.unwrap();
    let part = json!({"percent": 0.55, "reason": "not all"});
    let accepted = act(&director, &claim, "accept_in_part", part).await.unwrap();
    assert_eq!((&accepted["accepted_value"]["amount"], deal.payables(&vendor).await.len()), (&json!("55000.0000"), 0));
    assert_eq!(deal.fact(&vendor).await["payment_state"], "not_due");
    let rest = deal.claim(&vendor, json!({})).await.unwrap();
    let conditions = json!({"conditions": [{"key": "clean", "text": "Clear the site", "due_on": "2027-01-31"},
        {"key": "paint", "text": "Paint the rail", "due_on": "2026-12-24"}]});
    let accepted = act(&director, &rest, "accept_with_reservations", conditions).await.unwrap();
    assert_eq!(accepted["accepted_value"]["amount"], "45000.0000");
    assert_eq!(accepted["next_condition_on"], "2026-12-24");
    let due = json!({"filter": "next_condition_on <= \"2026-12-31\"", "include_total": true});
    assert_eq!(vendor.list("review", due.clone()).await.unwrap()["total"], "1");
    assert_eq!(deal.payables(&vendor).await, [row("100000.0000", "0.0000", "100000.0000", "payable")]);
    assert_eq!(deal.fact(&vendor).await["delivery_state"], "accepted_with_reservations");
    let met = act(&director, &rest, "meet_condition", json!({"key": "paint"})).await.unwrap();
    assert_eq!((met["conditions"][1]["met_at"].is_string(), &met["next_condition_on"]), (true, &json!("2027-01-31")));
    assert_eq!(vendor.list("review", due).await.unwrap()["total"], "0");
    let unknown = act(&director, &rest, "meet_condition", json!({"key": "x"})).await.unwrap_err();
    assert_eq!(unknown.places(), [("/key", "NOT_FOUND")]);
    let revoked = act(&director, &rest, "revoke", json!({"reason": "it leaks"})).await.unwrap();
    assert!(revoked["next_condition_on"].is_null(), "what is taken back has no conditions to meet");
    world.verify().await;
});

scenario!(acceptance_is_accrued_and_revoking_takes_it_back(world) {
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let (entity, periods) = company(&world).await;
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata", "legal_entity_id": entity}), json!({})).await;
    let order = json!({
        "program_id": world.program, "legal_entity_id": entity, "fiscal_period_id": periods[0],
        "engagement_id": deal.engagement, "purchase_order_reference": format!("PO {}", fresh()), "title": "Roof",
        "requested": {"amount": "40000", "currency": "EUR"},
    });
    let order = finance.create("commitment", order).await.unwrap().id().to_owned();
    finance.act("commitment", &order, "commit", json!({"amount": "40000"})).await.unwrap();
    assert_eq!(bound(&world).await, ["40000", "0"]);
    let claim = deal.claim(&vendor, json!({"percent": 0.8})).await.unwrap();
    assert_eq!(bound(&world).await, ["40000", "0"], "a claim binds nothing");
    let part = json!({"percent": 0.55, "reason": "not all"});
    let accepted = act(&director, &claim, "accept_in_part", part).await.unwrap();
    let ways: Vec<_> = accepted["accruals"].as_array().unwrap().iter().map(|a| (a["way"].as_str().unwrap(), a["amount"].as_str().unwrap())).collect();
    assert_eq!(ways, [("commitment", "40000.0000"), ("entry", "15000.0000")]);
    assert_eq!(bound(&world).await, ["0", "55000"]);
    assert_eq!(finance.get("commitment", &order).await.unwrap()["received"], "40000.0000");
    let filter = format!("review_id = \"{}\"", accepted.id());
    let entries = finance.list_all("ledger_entry", json!({"filter": filter})).await.unwrap();
    assert_eq!(entries.len(), 3, "one falls from committed, two are accrued");
    assert!(vendor.get("review", accepted.id()).await.unwrap()["accruals"].as_array().is_none_or(Vec::is_empty));

    let revoked = act(&director, &claim, "revoke", json!({"reason": "the test was of another roof"})).await.unwrap();
    assert_eq!((&revoked["state"], &revoked["revocation_reason"]), (&json!("revoked"), &json!("the test was of another roof")));
    assert_eq!(bound(&world).await, ["40000", "0"]);
    let both = [row("55000.0000", "0.0000", "55000.0000", "reversed"), row("-55000.0000", "0.0000", "-55000.0000", "reversed")];
    assert_eq!(deal.payables(&vendor).await, both);
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["accepted_percent"], &fact["delivery_state"], &fact["payment_state"]),
        (&Value::Null, &json!("rejected"), &json!("not_due")));
    assert_eq!(act(&director, &claim, "revoke", json!({"reason": "x"})).await.unwrap_err().code, "WRONG_STATE");
    let again = deal.claim(&vendor, json!({"percent": 0.5})).await.unwrap();
    act(&director, &again, "accept", json!({})).await.unwrap();
    assert_eq!(bound(&world).await, ["0", "50000"]);
    world.verify().await;
});

scenario!(who_decides_has_seen_it_and_did_not_claim_it(world) {
    let (director, manager, vendor) = (world.client(Who::Director), world.client(Who::ProgramManager), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({}), json!({})).await;
    let claim = deal.claim(&director, json!({})).await.unwrap();
    assert_eq!(claim["on_behalf"], true);
    let review = claim["review_id"].as_str().unwrap();
    let blind = manager.act("review", review, "accept", json!({})).await.unwrap_err();
    assert_eq!((blind.code.as_str(), blind.status), match world.door {
        steerco_tests::Door::Rest => ("ETAG_REQUIRED", 428),
        steerco_tests::Door::Grpc => ("ETAG_REQUIRED", blind.status),
    });
    let own = act(&director, &claim, "accept", json!({})).await.unwrap_err();
    assert!(own.code == "PERMISSION_DENIED" && own.detail.contains("someone else"), "{own}");
    for who in [Who::Vendor, Who::Finance, Who::Admin, Who::Executive, Who::Integration, Who::Auditor] {
        let refused = world.client(who).if_match("*").act("review", review, "accept", json!({})).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    let stale = manager.if_match("7").act("review", review, "accept", json!({})).await.unwrap_err();
    assert_eq!(stale.code, "ETAG_MISMATCH");
    let refused = vendor.act("milestone_update", claim.id(), "withdraw", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "the organisation made it");
    act(&manager, &claim, "accept", json!({})).await.unwrap();
    world.verify().await;
});

scenario!(a_claim_gives_way_while_nobody_decided(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({}), json!({})).await;
    let first = deal.claim(&vendor, json!({"percent": 0.3})).await.unwrap();
    let refused = deal.claim(&vendor, json!({"percent": 0.4})).await.unwrap_err();
    assert!(refused.code == "WRONG_STATE" && refused.detail.contains("claim 1"), "{refused}");
    let second = deal.claim(&vendor, json!({"percent": 0.4, "supersedes_id": first.id()})).await.unwrap();
    assert_eq!(vendor.get("milestone_update", first.id()).await.unwrap()["state"], "superseded");
    let closed = vendor.get("review", first["review_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&closed["state"], &closed["clock"]), (&json!("closed"), &json!("ended")));
    assert_eq!(act(&director, &first, "accept", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let withdrawn = vendor.act("milestone_update", second.id(), "withdraw", json!({"reason": "too early"})).await.unwrap();
    assert_eq!((&withdrawn["state"], &withdrawn["withdrawal_reason"]), (&json!("withdrawn"), &json!("too early")));
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["delivery_state"], &fact["claimed_percent"]), (&json!("scheduled"), &Value::Null));
    assert_eq!(vendor.act("milestone_update", second.id(), "withdraw", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let third = deal.claim(&vendor, json!({"percent": 0.5})).await.unwrap();
    assert_eq!((&third["number"], &third["resubmission"]), (&json!(3), &json!(0)));
    act(&director, &third, "accept", json!({})).await.unwrap();
    let decided = vendor.act("milestone_update", third.id(), "withdraw", json!({})).await.unwrap_err();
    assert_eq!(decided.code, "WRONG_STATE");
    let less = deal.claim(&vendor, json!({"percent": 0.4})).await.unwrap_err();
    assert_eq!(less.places(), [("/percent", "OUT_OF_RANGE")]);
    world.verify().await;
});

scenario!(what_does_not_fit_is_refused_all_at_once(world) {
    let vendor = world.client(Who::Vendor);
    let criteria = json!([{"key": "tight", "text": "No water"}]);
    let deal = Deal::strike(&world, json!({}), json!({"acceptance_criteria": criteria})).await;
    let evidence = json!([
        {"title": "a"},
        {"title": "b", "url": "http://files.example.com/x", "sha256": "AB", "size_bytes": "-1"},
        {"title": "c", "attachment_id": crate::all::kernel::bodies::unknown("attachment"), "size_bytes": "1"},
    ]);
    let refused = deal.claim(&vendor, json!({"criteria_claimed": ["tight", "tight"], "evidence": evidence})).await.unwrap_err();
    assert_eq!(refused.places(), [
        ("/evidence/0/url", "REQUIRED"),
        ("/evidence/1/url", "BAD_URL"),
        ("/evidence/1/sha256", "BAD_DIGEST"),
        ("/evidence/1/size_bytes", "OUT_OF_RANGE"),
        ("/evidence/2/size_bytes", "READ_ONLY"),
        ("/criteria_claimed/1", "DUPLICATE"),
    ]);
    let refused = deal.claim(&vendor, json!({"criteria_claimed": ["loose"]})).await.unwrap_err();
    assert_eq!(refused.places(), [("/criteria_claimed/0", "NOT_FOUND")]);
    // An attachment of somebody else looks like one that is not there.
    let director = world.client(Who::Director);
    let internal = json!({"subject_id": deal.milestone, "visibility": "internal", "file_name": "a.txt"});
    let internal = director.create("attachment", internal).await.unwrap().id().to_owned();
    let mut said = Vec::new();
    for id in [internal, crate::all::kernel::bodies::unknown("attachment")] {
        let refused = deal.claim(&vendor, json!({"evidence": [{"title": "c", "attachment_id": id}]})).await.unwrap_err();
        said.push((refused.places().iter().map(|(at, code)| format!("{at} {code}")).collect::<Vec<_>>(), refused.detail.clone()));
    }
    assert_eq!(said[0], said[1]);
    let mine = json!({"subject_id": deal.milestone, "visibility": "shared", "file_name": "p.txt"});
    let mine = vendor.create("attachment", mine).await.unwrap().id().to_owned();
    let show = json!([{"title": "Protocol", "criterion": "tight", "attachment_id": mine}]);
    assert!(deal.claim(&vendor, json!({"evidence": show})).await.is_err(), "it has no content yet");
    vendor.upload(&mine, b"no water").await.unwrap();
    let claim = deal.claim(&vendor, json!({"criteria_claimed": ["tight"], "evidence": show})).await.unwrap();
    assert_eq!((&claim["evidence"][0]["size_bytes"], claim["evidence"][0]["sha256"].as_str().unwrap().len()), (&json!("8"), 64));
    let frozen = director.update("milestone", &deal.milestone, json!({"acceptance_criteria": []})).await.unwrap_err();
    assert_eq!(frozen.places(), [("/acceptance_criteria", "FROZEN")]);
    for (name, value) in [("state", json!("accepted")), ("number", json!(9)), ("review_id", json!("x"))] {
        let mut body = json!({"milestone_id": deal.milestone, "percent": 1});
        body[name] = value;
        let refused = vendor.create("milestone_update", body).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_ARGUMENT", "{name}");
    }
    let of_deliverable = json!({"deliverable_id": crate::all::kernel::bodies::make(&world, "deliverable").await, "title": "Inner"});
    let inner = director.create("milestone", of_deliverable).await.unwrap().id().to_owned();
    let refused = director.create("milestone_update", json!({"milestone_id": inner, "percent": 1})).await.unwrap_err();
    assert_eq!(refused.places(), [("/milestone_id", "DOES_NOT_FIT")]);
});

scenario!(what_is_beyond_authority_takes_two(world) {
    let (admin, director, manager, vendor) =
        (world.client(Who::Admin), world.client(Who::Director), world.client(Who::ProgramManager), world.client(Who::Vendor));
    let limit = json!({"role": "program_manager", "act": "acceptance", "limit": {"amount": "60000", "currency": "EUR"}});
    admin.create("authority_limit", limit).await.unwrap();
    let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    let id = claim["review_id"].as_str().unwrap().to_owned();
    let before = (vendor.get("review", &id).await.unwrap(), vendor.all_events(json!({})).await.len());
    let proposed = act(&manager, &claim, "accept", json!({})).await.unwrap();
    assert_eq!((&proposed["state"], &proposed["proposal"]["proposed_by"]), (&json!("open"), &json!(world.id(Who::ProgramManager))));
    let after = (vendor.get("review", &id).await.unwrap(), vendor.all_events(json!({})).await.len());
    assert_eq!((&before.0.json, &before.0.etag, before.1), (&after.0.json, &after.0.etag, after.1), "the partner learns nothing of it");
    assert_eq!(deal.payables(&vendor).await.len(), 0);
    let same = act(&manager, &claim, "confirm", json!({})).await.unwrap_err();
    assert!(same.code == "PERMISSION_DENIED" && same.detail.contains("another person"), "{same}");
    let confirmed = act(&director, &claim, "confirm", json!({})).await.unwrap();
    assert_eq!((&confirmed["state"], &confirmed["decided_by"], &confirmed["confirmed_by"]),
        (&json!("accepted"), &json!(world.id(Who::ProgramManager)), &json!(world.id(Who::Director))));
    assert_eq!(deal.payables(&vendor).await, [row("100000.0000", "0.0000", "100000.0000", "payable")]);
    let small = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({"payment_share": 0.6})).await;
    let claim = small.claim(&vendor, json!({})).await.unwrap();
    assert_eq!(act(&manager, &claim, "accept", json!({})).await.unwrap()["state"], "accepted", "within authority");
    assert_eq!(act(&director, &claim, "confirm", json!({})).await.unwrap_err().code, "WRONG_STATE");
    world.verify().await;
});

scenario!(the_vendor_disputes_and_is_answered(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"review_deadline_days": 5}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    let asked = act(&director, &claim, "query", json!({"query": "which roof?"})).await.unwrap();
    assert_eq!((&asked["state"], &asked["clock"], &asked["days_left"]), (&json!("queried"), &json!("stopped"), &json!(5)));
    let answered = act(&vendor, &claim, "answer_query", json!({"answer": "the north one"})).await.unwrap();
    assert_eq!((&answered["state"], &answered["clock"]), (&json!("open"), &json!("running")));
    act(&director, &claim, "reject", json!({"reason": "it leaks"})).await.unwrap();
    let disputed = act(&vendor, &claim, "dispute", json!({"reason": "it was dry"})).await.unwrap();
    assert_eq!(disputed["disputed"], true);
    assert!(disputed["disputes"][0]["answer_due_on"].is_string());
    assert_eq!(act(&vendor, &claim, "dispute", json!({"reason": "again"})).await.unwrap_err().code, "WRONG_STATE");
    let open = json!({"filter": "disputed = true", "include_total": true});
    assert_eq!(director.list("review", open).await.unwrap()["total"], "1");
    let reopened = act(&director, &claim, "answer_dispute", json!({"answer": "we look again", "reopen": true})).await.unwrap();
    assert_eq!((&reopened["state"], &reopened["clock"], &reopened["disputed"]), (&json!("open"), &json!("running"), &json!(false)));
    assert_eq!(deal.fact(&vendor).await["delivery_state"], "submitted");
    act(&director, &claim, "accept", json!({})).await.unwrap();
    assert_eq!(deal.payables(&vendor).await.len(), 1);
    // A completed engagement stays open to its own vendor.
    director.act("engagement", &deal.engagement, "complete", json!({})).await.unwrap();
    assert_eq!(deal.claim(&vendor, json!({})).await.unwrap_err().code, "WRONG_STATE");
    let late = act(&vendor, &claim, "dispute", json!({"reason": "the price"})).await.unwrap();
    assert_eq!(late["disputed"], true);
    let stands = act(&director, &claim, "answer_dispute", json!({"answer": "it stands"})).await.unwrap();
    assert_eq!((&stands["state"], &stands["disputes"][1]["answer"]), (&json!("accepted"), &json!("it stands")));
    world.verify().await;
});

//! Costs as finance codes them: by account, cost centre, WBS element and tax code, and what of them is tax.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::{body, line, unknown};
use crate::all::ledger::actuals_batch::{Books, id, statuses, totals};

/// A cost with this coding.
fn cost(amount: &str, coding: Value) -> Value {
    let mut line = line(&id("coded"), amount, "2026-01-15");
    line["coding"] = coding;
    line
}

async fn rule(world: &World, codes: Value) -> String {
    let mut rule = json!({"cost_code": "*", "program_id": world.program, "spend": "opex"});
    rule.as_object_mut().unwrap().extend(codes.as_object().unwrap().clone());
    world.client(Who::Finance).create("coding_rule", rule).await.unwrap().id().to_owned()
}

async fn entry(finance: &Client, posted: &Value, n: usize) -> Value {
    let id = posted["results"][n]["ledger_entry_id"].as_str().unwrap();
    finance.get("ledger_entry", id).await.unwrap().json
}

scenario!(a_cost_goes_where_its_codes_say(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let account = id("4200");
    let broad = rule(&world, json!({"gl_account": format!("{account}*")})).await;
    let narrow = rule(&world, json!({"gl_account": account, "cost_centre": "K1", "wbs_element": "P-7.*"})).await;
    let full = json!({
        "gl_account": account, "cost_centre": "K1", "wbs_element": "P-7.2", "tax_code": "V1",
        "net": "10.0000", "tax": "2.0000", "recoverable_tax": "1.5000",
    });
    let lines = [
        cost("10.50", full.clone()),
        cost("1.00", json!({"gl_account": format!("{account}9"), "cost_centre": "K1"})),
        cost("2.00", json!({"cost_centre": "K1"})),
        line(&id("plain"), "3.00", "2026-01-15"),
    ];
    let batch = books.batch(lines, "16.50");
    let posted = finance.post_actuals(batch.clone()).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted", "posted", "suspense", "suspense"]);
    let first = entry(&finance, &posted.json, 0).await;
    assert_eq!((&first["coding"], &first["coding_rule_id"]), (&full, &json!(narrow)));
    assert_eq!(entry(&finance, &posted.json, 1).await["coding_rule_id"], broad);
    let filter = json!({"filter": format!("wbs_element = \"P-7.*\" and gl_account = \"{account}\"")});
    assert_eq!(finance.list("coding_rule", filter).await.unwrap().each("id"), [narrow]);

    // What waits is moved by what it was coded with; what has no code stays.
    rule(&world, json!({"cost_centre": "K1", "source": World::SOURCE})).await;
    let act = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": books.entity});
    let moved = finance.reclassify_actuals(act).await.unwrap();
    assert_eq!(statuses(&moved.json), ["posted", "suspense"]);
    assert_eq!(totals(&finance, &books).await, (135_000, 30_000, -165_000));

    // It is part of what was sent.
    let mut changed = batch["lines"][0].clone();
    changed["coding"]["tax_code"] = json!("V2");
    let mut other = books.batch([changed, batch["lines"][1].clone()], "11.50");
    assert_eq!(finance.post_actuals(other.clone()).await.unwrap_err().places(), [("/lines/0", "CHANGED")]);
    other["corrections"] = json!(true);
    let corrected = finance.post_actuals(other).await.unwrap();
    assert_eq!(statuses(&corrected.json), ["corrected", "duplicate"]);
    assert_eq!(entry(&finance, &corrected.json, 0).await["coding"]["tax_code"], "V2");
    world.verify().await;
});

scenario!(a_cost_says_its_kind_and_the_rule_the_rest(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let category = async || finance.create("cost_category", body(&world, "cost_category")).await.unwrap().id().to_owned();
    let (own, of_rule) = (category().await, category().await);
    let code = id("KIND");
    let kind = |amount: &str, cost_code: &str| {
        let mut line = line(&id("kind"), amount, "2026-01-15");
        line["cost_code"] = json!(cost_code);
        (line["cost_category_id"], line["spend"]) = (json!(own), json!("capex"));
        line
    };
    let mut plain = kind("2.00", &code);
    plain.as_object_mut().unwrap().retain(|name, _| !["cost_category_id", "spend"].contains(&name.as_str()));
    rule(&world, json!({"cost_code": code, "cost_category_id": of_rule})).await;
    let later = id("LATER");
    let posted = finance.post_actuals(books.batch([kind("1.00", &code), plain, kind("4.00", &later)], "7.00")).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted", "posted", "suspense"]);
    for (n, wanted) in [(0, (&own, "capex")), (1, (&of_rule, "opex"))] {
        let entry = entry(&finance, &posted.json, n).await;
        assert_eq!((&entry["cost_category_id"], &entry["spend"]), (&json!(wanted.0), &json!(wanted.1)));
    }
    rule(&world, json!({"cost_code": later, "cost_category_id": of_rule})).await;
    let act = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": books.entity});
    let moved = finance.reclassify_actuals(act).await.unwrap();
    assert_eq!(entry(&finance, &moved.json, 0).await["cost_category_id"], own);
    let mut lost = kind("1.00", &code);
    lost["cost_category_id"] = json!(unknown("cost_category"));
    let refused = finance.post_actuals(books.batch([lost], "1.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "NOT_FOUND")]);
    world.verify().await;
});

scenario!(what_a_rule_would_move_is_told_before_it_is_there(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let account = id("4300");
    let lines = [cost("5.00", json!({"gl_account": account})), cost("7.00", json!({"gl_account": "none"}))];
    finance.post_actuals(books.batch(lines, "12.00")).await.unwrap();
    let act = |rule: Value| json!({
        "source": World::SOURCE, "batch_ref": id("what-if"), "legal_entity_id": books.entity, "proposed_rule": rule,
    });
    let rule = json!({"cost_code": "*", "gl_account": account, "program_id": world.program});
    let dry = finance.validate_only();
    let told = dry.reclassify_actuals(act(rule.clone())).await.unwrap();
    assert_eq!(statuses(&told.json), ["posted", "suspense"]);
    let moved = &told["actuals_batch"]["outcomes"][0];
    assert_eq!((&moved["status"], &moved["totals"][0]["amount"]), (&json!("posted"), &json!("5.0000")));
    assert_eq!(totals(&finance, &books).await, (0, 120_000, -120_000), "nothing has moved");
    let kept = json!({"filter": format!("gl_account = \"{account}\"")});
    assert!(finance.list("coding_rule", kept).await.unwrap().items().is_empty(), "and there is no rule");

    let refused = finance.reclassify_actuals(act(rule.clone())).await.unwrap_err();
    assert_eq!(refused.places(), [("/proposed_rule", "DOES_NOT_FIT")]);
    for (name, value, place) in [
        ("gl_account", json!("4*3"), ("/proposed_rule/gl_account", "BAD_PATTERN")),
        ("program_id", json!(unknown("program")), ("/proposed_rule", "NOT_FOUND")),
        ("program_id", json!("prog_1"), ("/proposed_rule/program_id", "BAD_ID")),
        ("project_id", json!(unknown("project")), ("/proposed_rule", "NOT_FOUND")),
    ] {
        let mut wrong = rule.clone();
        wrong[name] = value;
        assert_eq!(dry.reclassify_actuals(act(wrong)).await.unwrap_err().places(), [place]);
    }
    // What was done under a name tells nothing of what a rule would do.
    let mut done = act(Value::Null);
    done.as_object_mut().unwrap().remove("proposed_rule");
    finance.reclassify_actuals(done.clone()).await.unwrap();
    done["proposed_rule"] = rule;
    assert_eq!(dry.reclassify_actuals(done).await.unwrap_err().places(), [("/batch_ref", "DOES_NOT_FIT")]);
});

scenario!(tax_that_does_not_come_to_the_amount_is_told(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let lines = [
        cost("1.00", json!({"net": "0.9", "tax": "0.2"})),
        cost("1.00", json!({"tax": "0.2"})),
        cost("1.00", json!({"gl_account": "x".repeat(101), "net": "1,0"})),
        cost("-1.20", json!({"net": "-1", "tax": "-0.2"})),
    ];
    let refused = finance.post_actuals(books.batch([lines[2].clone()], "1.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/coding/gl_account", "TOO_LONG"), ("/lines/0/coding/net", "BAD_AMOUNT")]);
    let [first, second, _, fourth] = lines;
    let refused = finance.post_actuals(books.batch([first, second, fourth.clone()], "0.80")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/coding/net", "DOES_NOT_FIT"), ("/lines/1/coding/net", "REQUIRED")]);
    assert_eq!(statuses(&finance.post_actuals(books.batch([fourth], "-1.20")).await.unwrap().json), ["suspense"]);
    let wrong = json!({"cost_code": "*", "program_id": world.program, "gl_account": "4*2", "tax_code": "*1"});
    let refused = finance.create("coding_rule", wrong).await.unwrap_err();
    assert_eq!(refused.places(), [("/gl_account", "BAD_PATTERN"), ("/tax_code", "BAD_PATTERN")]);
});

rest_scenario!(a_file_brings_codes_and_tax(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let account = id("4400");
    rule(&world, json!({"gl_account": account, "tax_code": "V*"})).await;
    let category = finance.create("cost_category", body(&world, "cost_category")).await.unwrap().id().to_owned();
    let mut profile = body(&world, "mapping_profile");
    profile["columns"]["gl_account"] = json!("Account");
    profile["columns"]["tax_code"] = json!("Code");
    profile["columns"]["net"] = json!("Net");
    profile["columns"]["tax"] = json!("Tax");
    profile["columns"]["cost_category_id"] = json!("Category");
    profile["columns"]["spend"] = json!("Spend");
    let profile = finance.create("mapping_profile", profile).await.unwrap()["code"].as_str().unwrap().to_owned();
    let name = id("file");
    let query = [
        ("source", World::SOURCE), ("batch_ref", &name), ("legal_entity_id", &books.entity), ("count", "2"),
        ("totals", "13.00 EUR"), ("profile", &profile),
    ];
    let send = async |file: String| finance.import_file("text/csv", &query, file.into_bytes()).await;
    let file = format!(
        "ID,Date,Amount,Account,Code,Net,Tax,Category,Spend\n{name}-1,2026-01-15,12.00,{account},V1,10.00,2.00,{category},CAPEX\n\
         {name}-2,2026-01-15,1.00,,,,,,\n"
    );
    let refused = send(file.replace("10.00", "1O.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/coding/net", "BAD_AMOUNT")]);
    let refused = send(file.replace("CAPEX", "Asset")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/spend", "UNKNOWN_WORD")]);
    let lost = unknown("cost_category");
    let refused = send(file.replace(&category, &lost)).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "NOT_FOUND")]);
    let posted = send(file).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted", "suspense"]);
    let coding = json!({"gl_account": account, "tax_code": "V1", "net": "10.0000", "tax": "2.0000"});
    let first = entry(&finance, &posted.json, 0).await;
    assert_eq!((&first["coding"], &first["cost_category_id"], &first["spend"]), (&coding, &json!(category), &json!("capex")));
    assert!(entry(&finance, &posted.json, 1).await["coding"].is_null());
    world.verify().await;
});

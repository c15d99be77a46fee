//! Financials in one currency, by vendor, explained, and what is missing of them.

use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{Client, Setup, Who, World, scenario};

use crate::all::kernel::bodies::{fresh, line};
use crate::all::ledger::actuals_batch::{Books, coded, id};

/// Euro reference rates of June 2016; `tests/data/README.md` says where from.
const JUNE: &str = include_str!("../../../data/ecb-june-2016.csv");

/// A company whose fiscal year begins in June 2016, with its first periods.
async fn books_of_2016(world: &World, periods: i32) -> Books {
    let finance = world.client(Who::Finance);
    let calendar = json!({"code": id("cal"), "name": "June to May", "scheme": "calendar_months", "start_month": 6,
        "late_lines": "refuse"});
    let calendar = finance.create("fiscal_calendar", calendar).await.unwrap().id().to_owned();
    let company = json!({"code": id("ent"), "name": "C", "currency": "EUR", "fiscal_calendar_id": calendar});
    let entity = finance.create("legal_entity", company).await.unwrap().id().to_owned();
    let mut books = Books { entity, periods: Vec::new() };
    for number in 1..=periods {
        let period = json!({"legal_entity_id": books.entity, "fiscal_year": 2017, "number": number});
        books.periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
    }
    books
}

/// A cost of the first program in another currency.
fn cost(world: &World, amount: &str, currency: &str, day: &str) -> Value {
    let mut line = coded(world, line(&id("cost"), amount, day));
    line["amount"]["currency"] = json!(currency);
    line
}

/// Posts lines of one currency.
async fn post(world: &World, books: &Books, lines: Vec<Value>, total: &str) {
    let currency = lines[0]["amount"]["currency"].clone();
    let mut batch = books.batch(lines, total);
    batch["control"]["totals"][0]["currency"] = currency;
    world.client(Who::Finance).post_actuals(batch).await.unwrap();
}

async fn close(world: &World, period: &str) {
    for verb in ["start_closing", "close"] {
        world.client(Who::Finance).act("fiscal_period", period, verb, json!({})).await.unwrap();
    }
}

async fn told(caller: &Client, world: &World, args: Value) -> Value {
    caller.financials("program", &world.program, args).await.unwrap().json
}

scenario!(
/// The ledger of the published example: pounds before and after 23 June 2016, dollars on a Saturday.
costs_in_many_currencies_are_told_in_one(world) {
    let (books, finance) = (books_of_2016(&world, 1).await, world.client(Who::Finance));
    let pounds = ["2016-06-01", "2016-06-23", "2016-06-24"].map(|day| {
        cost(&world, if day == "2016-06-01" { "100000.00" } else { "250000.00" }, "GBP", day)
    });
    post(&world, &books, pounds.to_vec(), "600000.00").await;
    post(&world, &books, vec![cost(&world, "80000.00", "USD", "2016-06-25")], "80000.00").await;
    post(&world, &books, vec![cost(&world, "10.00", "EUR", "2016-06-25")], "10.00").await;

    // Without rates nothing becomes 1.
    let bare = told(&finance, &world, json!({"currency": "EUR"})).await;
    assert_eq!((&bare["converted"]["actual"], &bare["complete"]), (&json!("10.0000"), &json!(false)));
    let missing: Vec<_> = bare["unconverted"].as_array().unwrap().iter()
        .map(|it| (it["account"].as_str().unwrap(), it["currency"].as_str().unwrap(), it["amount"].as_str().unwrap()))
        .collect();
    assert_eq!(missing, [("cost", "GBP", "600000.0000"), ("cost", "USD", "80000.0000")]);
    assert_eq!(bare["unconverted"][0]["fiscal_period_ids"], json!([books.periods[0]]));

    finance.import_rates(json!({"document": JUNE})).await.unwrap();
    for (rate_type, actual) in [("spot", "837562.2100"), ("average", "830274.0700")] {
        for (kind, id) in [("program", &world.program), ("portfolio", &world.portfolio)] {
            let args = json!({"currency": "EUR", "rate_type": rate_type});
            let found = finance.financials(kind, id, args).await.unwrap();
            assert_eq!(found["converted"]["actual"], actual, "{kind} by {rate_type}");
            assert_eq!((&found["complete"], &found["unconverted"]), (&json!(true), &json!([])));
            assert_eq!((&found["rate_type"], &found["converted"]["entry_count"]), (&json!(rate_type), &json!(5)));
        }
    }
    // The currency of the portfolio is the one that is meant; by the end of the period it is another sum.
    let end = told(&finance, &world, json!({"rate_type": "period_end"})).await;
    assert_eq!((&end["converted"]["currency"], &end["converted"]["actual"]), (&json!("EUR"), &json!("798021.9000")));
    // Groups are told beside their own currencies, whatever they are by and whenever they are asked for.
    for group_by in ["program", "fiscal_period", "spend", "cost_category", "vendor", "project"] {
        let args = json!({"currency": "EUR", "group_by": group_by});
        let found = told(&finance, &world, args).await;
        assert_eq!(found["groups"][0]["converted"]["actual"], "837562.2100", "by {group_by}");
        assert_eq!(found["groups"][0]["totals"].as_array().unwrap().len(), 3);
    }
    let at = finance.list_all("exchange_rate", json!({})).await.unwrap().last().unwrap()["updated_at"].clone();
    let then = told(&finance, &world, json!({"currency": "EUR", "as_of": at})).await;
    assert_eq!(then["converted"], told(&finance, &world, json!({"currency": "EUR"})).await["converted"]);
    // A pair that nobody quotes is found through the euro.
    let dollars = told(&finance, &world, json!({"currency": "USD", "rate_type": "period_end"})).await;
    assert_eq!((&dollars["complete"], &dollars["converted"]["actual"]), (&json!(true), &json!("885963.9200")));
    world.verify().await;
});

scenario!(what_the_ledger_system_says_goes_before_any_rate(world) {
    let (books, finance) = (books_of_2016(&world, 1).await, world.client(Who::Finance));
    finance.import_rates(json!({"document": JUNE})).await.unwrap();
    let mut stated = cost(&world, "100000.00", "GBP", "2016-06-01");
    stated["local_amount"] = json!({"amount": "130000.00", "currency": "EUR"});
    let mut batch = books.batch(vec![stated], "100000.00");
    batch["control"]["totals"][0]["currency"] = json!("GBP");
    finance.post_actuals(batch).await.unwrap();
    post(&world, &books, vec![cost(&world, "100000.00", "GBP", "2016-06-01")], "100000.00").await;
    // 130,000 as stated, and 100,000 by the rate of 0.77358.
    for rate_type in ["spot", "average"] {
        for group_by in ["program", "spend", "vendor"] {
            let found = told(&finance, &world, json!({"rate_type": rate_type, "group_by": group_by})).await;
            let actual = if rate_type == "spot" { "259269.1100" } else { "256503.2300" };
            assert_eq!(found["converted"]["actual"], actual, "{rate_type} by {group_by}");
            assert_eq!(found["groups"][0]["converted"]["actual"], actual, "{rate_type} by {group_by}");
        }
    }
    let dollars = told(&finance, &world, json!({"currency": "USD"})).await;
    let twice = told(&finance, &world, json!({"currency": "GBP"})).await;
    assert_eq!((&dollars["complete"], &twice["converted"]["actual"]), (&json!(true), &json!("200000.0000")));
    world.verify().await;
});

scenario!(
/// What is older than ten days on the day that it is for converts nothing, unless the caller takes it.
a_stale_rate_is_told_and_not_counted(world) {
    let (books, finance) = (books_of_2016(&world, 1).await, world.client(Who::Finance));
    finance.import_rates(json!({"document": "Date,GBP\n2016-06-01,0.8\n"})).await.unwrap();
    let pounds = ["2016-06-11", "2016-06-12"].map(|day| cost(&world, "100.00", "GBP", day));
    post(&world, &books, pounds.to_vec(), "200.00").await;
    post(&world, &books, vec![cost(&world, "7.00", "USD", "2016-06-11")], "7.00").await;
    let codes = |found: &Value| -> Vec<(String, String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("none").to_owned();
        let rows = found["unconverted"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "code"), text(row, "amount"), text(row, "rate_on"))).collect()
    };
    let row = |code: &str, amount: &str, on: &str| (code.to_owned(), amount.to_owned(), on.to_owned());
    let spot = told(&finance, &world, json!({"currency": "EUR"})).await;
    assert_eq!((&spot["converted"]["actual"], &spot["complete"]), (&json!("125.0000"), &json!(false)));
    assert_eq!(codes(&spot), [row("STALE_RATE", "100.0000", "2016-06-01"), row("NO_RATE", "7.0000", "none")]);
    assert_eq!(spot["oldest_rate_on"], "2016-06-01");
    for rate_type in ["average", "period_end"] {
        let found = told(&finance, &world, json!({"currency": "EUR", "rate_type": rate_type})).await;
        assert_eq!(codes(&found)[0], row("STALE_RATE", "200.0000", "2016-06-01"), "{rate_type}: 29 days at the end");
        assert!(found.get("oldest_rate_on").is_none(), "no rate was used");
        let taken = json!({"currency": "EUR", "rate_type": rate_type, "max_rate_age_days": 29});
        assert_eq!(told(&finance, &world, taken).await["converted"]["actual"], "250.0000", "{rate_type}");
    }
    let plain = finance.financials("program", &world.program, json!({"max_rate_age_days": 29})).await.unwrap_err();
    assert_eq!(plain.faults[0].code, "DOES_NOT_FIT", "{plain}");
    finance.import_rates(json!({"document": "Date,USD,GBP\n2016-06-10,2,0.8\n"})).await.unwrap();
    let full = told(&finance, &world, json!({"currency": "EUR"})).await;
    assert_eq!((&full["converted"]["actual"], &full["complete"]), (&json!("253.5000"), &json!(true)));
    assert_eq!(full["oldest_rate_on"], "2016-06-10");
    world.verify().await;
});

scenario!(
/// A rate that comes or changes after the close moves open periods only.
a_late_rate_does_not_move_a_closed_period(world) {
    let (books, finance) = (books_of_2016(&world, 2).await, world.client(Who::Finance));
    let day = |day: &str, rate: &str| json!({"document": format!("Date,GBP\n{day},{rate}\n")});
    finance.import_rates(day("2016-06-01", "0.8")).await.unwrap();
    post(&world, &books, vec![cost(&world, "100.00", "GBP", "2016-06-10")], "100.00").await;
    post(&world, &books, vec![cost(&world, "100.00", "GBP", "2016-07-10")], "100.00").await;
    close(&world, &books.periods[0]).await;
    let report = async |period: usize, rate_type: &str| {
        told(&finance, &world, json!({"fiscal_period_id": books.periods[period], "rate_type": rate_type,
            "max_rate_age_days": 60})).await
    };
    let mut closed = Vec::new();
    for rate_type in ["spot", "average", "period_end"] {
        closed.push(report(0, rate_type).await.to_string());
    }
    assert_eq!(report(0, "spot").await["converted"]["actual"], "125.0000");
    assert_eq!(report(1, "spot").await["converted"]["actual"], "125.0000");
    // Corrected, late, and an average that nobody had stored.
    finance.import_rates(day("2016-06-01", "0.5")).await.unwrap();
    finance.import_rates(day("2016-06-09", "0.4")).await.unwrap();
    let average = json!({"rate_type": "average", "base_currency": "EUR", "quote_currency": "GBP",
        "effective_on": "2016-06-30", "rate": "0.2"});
    finance.create("exchange_rate", average).await.unwrap();
    for (i, rate_type) in ["spot", "average", "period_end"].into_iter().enumerate() {
        assert_eq!(report(0, rate_type).await.to_string(), closed[i], "{rate_type}");
    }
    assert_eq!(report(1, "spot").await["converted"]["actual"], "250.0000", "an open period follows");
    // Neither a change of its row nor of other periods moves it; once it is reopened and closed again, it is told anew.
    let january = &books.periods[0];
    finance.act("fiscal_period", january, "request_reopen", json!({"reason": "an invoice"})).await.unwrap();
    assert_eq!(report(0, "spot").await.to_string(), closed[0]);
    world.client(Who::Director).act("fiscal_period", january, "reopen", json!({})).await.unwrap();
    assert_eq!(report(0, "spot").await["converted"]["actual"], "250.0000");
    close(&world, january).await;
    finance.import_rates(day("2016-06-10", "1")).await.unwrap();
    assert_eq!(report(0, "spot").await["converted"]["actual"], "250.0000");
    world.verify().await;
});

scenario!(
/// Each budget is converted by the set it names, as it was known; other rates are a step of the bridge.
budgets_name_their_rates(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let manager = world.client(Who::ProgramManager);
    let set = [id("set"), id("set")];
    for (set, rate) in set.iter().zip(["1.10", "1.20"]) {
        let rate = json!({"rate_type": "budget", "rate_set": set, "base_currency": "EUR", "quote_currency": "USD",
            "effective_on": "2026-01-01", "rate": rate});
        finance.create("exchange_rate", rate).await.unwrap();
    }
    let budget = |set: &str, amounts: [&str; 2]| {
        let line = |i: usize| json!({"fiscal_period_id": books.periods[i], "amount": amounts[i]});
        json!({"program_id": world.program, "legal_entity_id": books.entity, "fiscal_year": 2026, "title": "B",
            "currency": "EUR", "rate_set": set, "lines": [line(0), line(1)]})
    };
    let refused = manager.create("budget", budget("none", ["1", "1"])).await.unwrap_err();
    assert_eq!(refused.places(), [("/rate_set", "NOT_FOUND")]);
    let mut versions = Vec::new();
    for (set, amounts) in set.iter().zip([["100.00", "50.00"], ["100.00", "80.05"]]) {
        let id = manager.create("budget", budget(set, amounts)).await.unwrap().id().to_owned();
        manager.if_match("*").act("budget", &id, "submit", json!({})).await.unwrap();
        let frozen = manager.if_match("*").update("budget", &id, json!({"rate_set": null})).await.unwrap_err();
        assert_eq!(frozen.places(), [("/rate_set", "FROZEN")]);
        finance.if_match("*").act("budget", &id, "approve", json!({})).await.unwrap();
        versions.push(id);
        if versions.len() == 1 {
            let dollars = told(&finance, &world, json!({"currency": "USD", "rate_type": "budget"})).await;
            assert_eq!(dollars["converted"]["approved"], "165.0000");
            close(&world, &books.periods[0]).await;
        }
    }
    let dollars = async |args: Value| {
        let mut all = json!({"currency": "USD", "rate_type": "budget"});
        all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
        told(&finance, &world, all).await["converted"]["approved"].as_str().unwrap().to_owned()
    };
    // The closed period keeps the set that was in force when it was closed: 110.00, and 80.05 at 1.20.
    assert_eq!(dollars(json!({})).await, "206.0600");
    assert_eq!(dollars(json!({"fiscal_period_id": books.periods[0]})).await, "110.0000");
    assert_eq!(dollars(json!({"rate_set": set[1]})).await, "216.0600");
    let misplaced = json!({"currency": "USD", "rate_set": set[0]});
    let refused = finance.financials("program", &world.program, misplaced).await.unwrap_err();
    assert!(refused.faults[0].pointer.ends_with("rate_set"), "{refused}");
    assert_eq!(refused.faults[0].code, "DOES_NOT_FIT");

    let bridge = finance.budget_bridge(&versions[1], json!({"currency": "USD"})).await.unwrap();
    let span = &bridge["spans"][0];
    let steps: Vec<_> = span["steps"].as_array().unwrap().iter()
        .map(|step| (step["step_type"].as_str().unwrap(), step["amount"].as_str().unwrap()))
        .collect();
    // 150 at 1.10; 30.05 more is 33.055; 180.05 at 1.20 is 216.06. What rounding leaves is in the last step.
    assert_eq!(steps, [("approved_change", "33.0600"), ("exchange_rates", "18.0000")]);
    let ends = ["from_amount", "unexplained", "to_amount"].map(|name| span[name].as_str().unwrap());
    assert_eq!((ends, &bridge["complete"]), (["165.0000", "0.0000", "216.0600"], &json!(true)));
    let events = finance.all_events(json!({"kinds": ["budget", "exchange_rate"]})).await;
    let known = |id: &Value| events.iter().find(|event| &event["id"] == id).map(|event| event["kind"].clone());
    let of_rates = &span["steps"][1]["event_ids"];
    assert_eq!((known(&of_rates[0]), known(&of_rates[1])), (Some(json!("budget")), Some(json!("exchange_rate"))));
    assert_eq!(span["steps"][0]["event_ids"], json!([span["steps"][0]["event_id"]]));
    let pounds = finance.budget_bridge(&versions[1], json!({"currency": "GBP"})).await.unwrap();
    assert_eq!((&pounds["complete"], &pounds["unconverted"]), (&json!(false), &json!(["EUR"])));
    assert_eq!(pounds["spans"][0]["to_amount"], "180.0500", "what has no rate stays in its own currency");
    world.verify().await;
});

scenario!(
/// Entries behind figures, page by page; of pay only the sum, but for finance and auditors.
figures_are_explained_and_pay_is_masked(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let category = async |sensitive: bool| {
        let body = json!({"code": id("cat"), "name": "C", "sensitive": sensitive});
        finance.create("cost_category", body).await.unwrap().id().to_owned()
    };
    let (plain, pay) = (category(false).await, category(true).await);
    let cost = |category: &str, amount: &str| {
        let mut line = coded(&world, line(&id("x"), amount, "2026-01-15"));
        line["cost_category_id"] = json!(category);
        line
    };
    let lines = vec![cost(&plain, "1.00"), cost(&plain, "2.00"), cost(&plain, "4.00"), cost(&pay, "3000.00"), cost(&pay, "4000.00")];
    finance.post_actuals(books.batch(lines, "7007.00")).await.unwrap();
    for (who, entries) in [
        (Who::Finance, 5), (Who::Auditor, 5), (Who::Director, 3), (Who::ProgramManager, 3), (Who::Executive, 3),
    ] {
        let caller = world.client(who);
        let args = json!({"explain": true, "account": "cost", "page_size": 2});
        let first = told(&caller, &world, args.clone()).await;
        assert_eq!(first["totals"][0]["actual"], "7007.0000", "totals are kept for {who:?}");
        let (mut found, mut page) = (Vec::new(), first["explanation"].clone());
        loop {
            found.extend(page["entries"].as_array().unwrap().clone());
            let Some(token) = page["next_page_token"].as_str().filter(|token| !token.is_empty()) else { break };
            let mut next = args.clone();
            next["page_token"] = json!(token);
            page = told(&caller, &world, next).await["explanation"].clone();
        }
        assert_eq!(found.len(), entries, "{who:?}");
        let masked = &first["explanation"]["masked"];
        if entries == 5 {
            assert_eq!(masked, &json!([]), "{who:?}");
        } else {
            assert!(found.iter().all(|entry| entry["cost_category_id"] == plain.as_str()), "{who:?}");
            let expected = json!([{"cost_category_id": pay, "account": "cost", "currency": "EUR",
                "amount": "7000.0000", "entry_count": 2}]);
            assert_eq!(masked, &expected, "{who:?}");
        }
        // Nor is a single entry told anywhere else.
        let listed = caller.list_all("ledger_entry", json!({})).await.unwrap();
        assert_eq!(listed.len(), entries, "{who:?}");
        let sum: i64 = found.iter().map(units).sum::<i64>() + masked.as_array().unwrap().iter().map(masked_units).sum::<i64>();
        assert_eq!(sum, 70_070_000, "the entries come to the figure");
    }
    let secret = finance.list_all("ledger_entry", json!({"filter": format!("cost_category_id = \"{pay}\"")})).await.unwrap();
    let secret = secret[0]["id"].as_str().unwrap();
    assert_eq!(world.client(Who::Director).get("ledger_entry", secret).await.unwrap_err().code, "NOT_FOUND");
    let events = finance.all_events(json!({"kinds": ["actuals_batch"]})).await;
    let group = json!({"explain": true, "group_by": "cost_category", "group_key": plain});
    let found = told(&finance, &world, group.clone()).await;
    let entries = found["explanation"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| events.iter().any(|event| event["id"] == entry["event_id"])), "{entries:?}");
    let mut other = group;
    other["page_token"] = json!("AAAA");
    let refused = finance.financials("program", &world.program, other).await.unwrap_err();
    assert_eq!(refused.code, "INVALID_PAGE_TOKEN");
    let keyed = json!({"explain": true, "group_key": plain});
    let refused = finance.financials("program", &world.program, keyed).await.unwrap_err();
    assert!(refused.faults[0].pointer.ends_with("group_key"), "{refused}");
    let mut much = json!({"explain": true});
    much["page_size"] = json!(1001);
    assert!(finance.financials("program", &world.program, much).await.is_err());
});

fn units(entry: &Value) -> i64 {
    entry["amount"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

fn masked_units(total: &Value) -> i64 {
    total["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

scenario!(
/// By partner where a source or an engagement names one, else by what finance calls the vendor.
costs_and_commitments_by_vendor(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let cost = |vendor: Option<&str>, amount: &str| {
        let mut line = coded(&world, line(&id("x"), amount, "2026-01-15"));
        if let Some(vendor) = vendor {
            line["vendor_reference"] = json!(vendor);
        }
        line
    };
    let lines = vec![cost(Some("V-7"), "10.00"), cost(Some("V-8"), "5.00"), cost(Some("V-7"), "1.00"), cost(None, "2.00")];
    finance.post_actuals(books.batch(lines, "18.00")).await.unwrap();
    let order = json!({"program_id": world.program, "legal_entity_id": books.entity, "fiscal_period_id": books.periods[0],
        "purchase_order_reference": format!("PO-{}", fresh()), "title": "Steel", "engagement_id": world.engagement,
        "requested": {"amount": "100.00", "currency": "EUR"}});
    let order = finance.create("commitment", order).await.unwrap().id().to_owned();
    finance.act("commitment", &order, "commit", json!({"amount": "100.00"})).await.unwrap();
    let by_vendor = async || {
        let found = told(&finance, &world, json!({"group_by": "vendor"})).await;
        let group = |group: &Value| {
            let total = &group["totals"][0];
            let [actual, committed] = ["actual", "committed"].map(|name| total[name].as_str().unwrap().to_owned());
            (group["key"].as_str().unwrap_or("none").to_owned(), actual, committed)
        };
        let mut groups: Vec<_> = found["groups"].as_array().unwrap().iter().map(group).collect();
        groups.sort();
        groups
    };
    let row = |key: &str, actual: &str, committed: &str| (key.to_owned(), actual.to_owned(), committed.to_owned());
    let mut expected = vec![
        row("V-7", "11.0000", "0.0000"), row("V-8", "5.0000", "0.0000"), row("none", "2.0000", "0.0000"),
        row(&world.partner, "0.0000", "100.0000"),
    ];
    expected.sort();
    assert_eq!(by_vendor().await, expected);
    // Once the partner is known under that reference, what was posted before is its own, too.
    let reference = json!({"external_refs": [{"source": World::SOURCE, "external_id": "V-7"}]});
    world.client(Who::Director).update("partner", &world.partner, reference).await.unwrap();
    let mut expected = vec![
        row("V-8", "5.0000", "0.0000"), row("none", "2.0000", "0.0000"), row(&world.partner, "11.0000", "100.0000"),
    ];
    expected.sort();
    assert_eq!(by_vendor().await, expected);
    let explained = json!({"explain": true, "group_by": "vendor", "group_key": world.partner, "account": "cost"});
    assert_eq!(told(&finance, &world, explained).await["explanation"]["entries"].as_array().unwrap().len(), 2);
    world.verify().await;
});

scenario!(
/// Each caller has the money it should have, and no more.
everyone_sees_the_money_that_is_theirs_to_see(world) {
    let books = Books::open(&world, "refuse", 1).await;
    let mut other = line(&id("o"), "5.00", "2026-01-15");
    other["program_id"] = json!(world.other_program);
    let lines = vec![coded(&world, line(&id("m"), "2.00", "2026-01-15")), other];
    world.client(Who::Finance).post_actuals(books.batch(lines, "7.00")).await.unwrap();
    let args = || json!({"currency": "EUR", "explain": true, "account": "cost"});
    for (who, actual, hidden) in [
        (Who::Finance, "7.0000", 0), (Who::Auditor, "7.0000", 0), (Who::Director, "7.0000", 0),
        (Who::Executive, "7.0000", 0), (Who::ProgramManager, "2.0000", 1),
    ] {
        let caller = world.client(who);
        let found = caller.financials("portfolio", &world.portfolio, args()).await.unwrap();
        assert_eq!((&found["converted"]["actual"], &found["hidden_count"]), (&json!(actual), &json!(hidden)), "{who:?}");
        let entries = found["explanation"]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), if hidden == 0 { 2 } else { 1 }, "{who:?}");
        assert_eq!(found["complete"], hidden == 0, "{who:?}");
    }
    for who in [Who::Vendor, Who::Integration, Who::Admin] {
        for (kind, id) in [("portfolio", &world.portfolio), ("program", &world.program)] {
            let refused = world.client(who).financials(kind, id, args()).await.unwrap_err();
            assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
        }
    }
    let stranger = world.client(Who::Stranger).financials("program", &world.program, args()).await.unwrap_err();
    assert_eq!(stranger.code, "NOT_FOUND");
    for (name, value) in [("currency", "XYZ"), ("currency", "eur"), ("rate_set", "a b")] {
        let mut bad = args();
        bad[name] = json!(value);
        let refused = world.client(Who::Finance).financials("program", &world.program, bad).await.unwrap_err();
        assert!(refused.faults.iter().any(|fault| fault.pointer.ends_with(name)), "{refused}");
    }
});

scenario!(
/// A source that feeds a program is missed once a day of its cadence went by; a closed period misses nothing.
late_sources_are_missing(shared) {
    let clock = Clock::fixed(Instant::parse("2026-01-31T09:00:00Z").unwrap(), 11);
    let world = World::alone(shared.door, shared.server.engine, Setup { clock, ..Setup::default() }).await.unwrap();
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let admin = world.client(Who::Admin);
    admin.update("source", &world.source_id, json!({"cadence": "daily"})).await.unwrap();
    let idle = json!({"code": id("idle"), "name": "Feeds nothing here", "cadence": "daily"});
    admin.create("source", idle).await.unwrap();
    let missing = async |args: Value| {
        let found = told(&finance, &world, args).await;
        (found["missing_sources"].clone(), found["complete"].clone())
    };
    let lines = vec![coded(&world, line(&id("m"), "2.00", "2026-01-15"))];
    finance.post_actuals(books.batch(lines, "2.00")).await.unwrap();
    assert_eq!(missing(json!({})).await, (json!([]), json!(true)));
    close(&world, &books.periods[0]).await;
    world.server.service.clock().advance(2 * 86_400_000_000);
    assert_eq!(missing(json!({})).await, (json!([World::SOURCE]), json!(false)));
    let closed = json!({"fiscal_period_id": books.periods[0]});
    assert_eq!(missing(closed).await, (json!([]), json!(true)), "nothing more can come to it");
    let nowhere = finance.financials("program", &world.other_program, json!({})).await.unwrap();
    assert_eq!(nowhere["missing_sources"], json!([]), "it feeds another program");
    assert_eq!(missing(json!({"as_of": "2026-01-31T23:00:00Z"})).await, (json!([]), json!(true)), "as it was then");
});

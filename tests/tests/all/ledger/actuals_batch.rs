//! Actuals: batches against their control totals, lines against what was sent before, periods against time.

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Engine, Reply, Setup, Who, World, run, scenario};

use crate::all::kernel::bodies::{body, fresh, line, unknown};
use crate::all::kernel::wire::sql;

/// A company with its first periods of 2026, on a calendar that deals so with late lines.
pub(crate) struct Books {
    pub(crate) entity: String,
    pub(crate) periods: Vec<String>,
}

impl Books {
    pub(crate) async fn open(world: &World, late: &str, periods: i32) -> Self {
        let finance = world.client(Who::Finance);
        let mut calendar = body(world, "fiscal_calendar");
        calendar["late_lines"] = json!(late);
        let calendar = finance.create("fiscal_calendar", calendar).await.unwrap().id().to_owned();
        let company =
            json!({"code": format!("ent-{}", fresh()), "name": "C", "currency": "EUR", "fiscal_calendar_id": calendar});
        let entity = finance.create("legal_entity", company).await.unwrap().id().to_owned();
        let mut books = Self { entity, periods: Vec::new() };
        for number in 1..=periods {
            let period = json!({"legal_entity_id": books.entity, "fiscal_year": 2026, "number": number});
            books.periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
        }
        books
    }

    /// A batch of these lines with its control totals in euros.
    pub(crate) fn batch(&self, lines: impl Into<Vec<Value>>, total: &str) -> Value {
        let lines: Vec<Value> = lines.into();
        json!({
            "source": World::SOURCE, "batch_ref": format!("b-{}", fresh()), "legal_entity_id": self.entity,
            "control": {"count": lines.len(), "totals": [{"amount": total, "currency": "EUR"}]},
            "lines": lines,
        })
    }

    pub(crate) async fn close(&self, world: &World, n: usize) {
        let finance = world.client(Who::Finance);
        for verb in ["start_closing", "close"] {
            finance.act("fiscal_period", &self.periods[n], verb, json!({})).await.unwrap();
        }
    }
}

pub(crate) fn id(prefix: &str) -> String {
    format!("{prefix}-{}", fresh())
}

pub(crate) fn statuses(posted: &Value) -> Vec<&str> {
    posted["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect()
}

pub(crate) fn coded(world: &World, mut line: Value) -> Value {
    line["program_id"] = json!(world.program);
    line
}

/// What the entries of a company come to on each account.
pub(crate) async fn totals(caller: &Client, books: &Books) -> (i64, i64, i64) {
    let filter = format!("legal_entity_id = \"{}\"", books.entity);
    let (mut cost, mut suspense, mut clearing) = (0, 0, 0);
    for entry in caller.list_all("ledger_entry", json!({"filter": filter})).await.unwrap() {
        let units: i64 = entry["amount"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap();
        for (side, sign) in [("debit_account", 1), ("credit_account", -1)] {
            match entry[side].as_str().unwrap() {
                "cost" => cost += sign * units,
                "suspense" => suspense += sign * units,
                _ => clearing += sign * units,
            }
        }
    }
    (cost, suspense, clearing)
}

scenario!(a_batch_is_posted_whole_and_answered_once(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let (a, b, c) = (id("a"), id("b"), id("c"));
    let lines = [
        coded(&world, line(&a, "100.25", "2026-01-15")), coded(&world, line(&b, "-0.25", "2026-01-31")),
        line(&c, "7.00", "2026-02-01"),
    ];
    let batch = books.batch(lines, "107.00");
    let dry = finance.validate_only().post_actuals(batch.clone()).await.unwrap();
    assert_eq!(statuses(&dry.json), ["posted", "posted", "suspense"]);
    assert_eq!(totals(&finance, &books).await, (0, 0, 0), "a dry run posts nothing");

    let posted = finance.post_actuals(batch.clone()).await.unwrap();
    assert_eq!((posted.did(), statuses(&posted.json)), ("created", vec!["posted", "posted", "suspense"]));
    let made = &posted["actuals_batch"];
    assert_eq!((&made["line_count"], &made["entry_count"]), (&json!(3), &json!(3)));
    let told: Vec<_> = made["outcomes"].as_array().unwrap().iter()
        .map(|o| (o["status"].as_str().unwrap(), o["count"].as_i64().unwrap(), o["totals"][0]["amount"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("posted", 2, "100.0000"), ("suspense", 1, "7.0000")], "they sum to the control totals");
    assert_eq!(totals(&finance, &books).await, (1_000_000, 70_000, -1_070_000), "the ledger balances");

    let again = finance.post_actuals(batch.clone()).await.unwrap();
    assert_eq!((again.did(), &again.json), ("unchanged", &posted.json), "the first answer, for ever");
    let mut other = batch;
    other["lines"][0]["amount"]["amount"] = json!("1.00");
    assert_eq!(finance.post_actuals(other).await.unwrap_err().code, "ALREADY_EXISTS");
    let batch_id = made["id"].as_str().unwrap();
    let page = finance.actuals_results(batch_id, json!({"page_size": 2})).await.unwrap();
    assert_eq!((page.items().len(), &page["more_after_line"]), (2, &json!(2)));
    let rest = finance.actuals_results(batch_id, json!({"after_line": 2})).await.unwrap();
    assert_eq!((rest.items()[0]["line"].clone(), rest["more_after_line"].clone()), (json!(3), Value::Null));
    let entry = posted["results"][0]["ledger_entry_id"].as_str().unwrap();
    let entry = finance.get("ledger_entry", entry).await.unwrap();
    assert_eq!((entry["external_id"].clone(), entry["fiscal_period_id"].clone()), (json!(a), json!(books.periods[0])));
    let events = finance.all_events(json!({"kinds": ["actuals_batch"]})).await;
    assert_eq!(events.iter().filter(|event| event["resource_id"] == batch_id).count(), 1, "a batch is one event");
    world.verify().await;
});

scenario!(what_does_not_come_to_its_totals_is_refused_whole(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let lines = [
        coded(&world, line(&id("x"), "10.00", "2026-01-15")), coded(&world, line(&id("y"), "-4.00", "2026-01-15")),
    ];
    let good = books.batch(lines, "6.00");
    let wrong: Vec<(Value, Vec<&str>)> = vec![
        (json!({"count": 3, "totals": [{"amount": "6", "currency": "EUR"}]}), vec!["/control/count"]),
        (json!({"count": 2, "totals": [{"amount": "6.0001", "currency": "EUR"}]}), vec!["/control/totals/0/amount"]),
        (json!({"count": 2, "totals": []}), vec!["/control/totals"]),
        (json!({"count": 2, "totals": [{"amount": "6", "currency": "USD"}]}), vec!["/control/totals/0/amount", "/control/totals"]),
        // Two errors that offset each other.
        (json!({"count": 2, "totals": [{"amount": "6", "currency": "EUR", "debits": "11", "credits": "5"}]}),
            vec!["/control/totals/0/debits", "/control/totals/0/credits"]),
    ];
    for (control, places) in wrong {
        let mut bad = good.clone();
        bad["control"] = control;
        let refused = finance.post_actuals(bad).await.unwrap_err();
        assert_eq!(refused.places().iter().map(|(place, _)| *place).collect::<Vec<_>>(), places);
        assert!(refused.faults.iter().all(|fault| fault.code == "CONTROL_TOTAL"), "{refused}");
    }
    assert_eq!(totals(&finance, &books).await, (0, 0, 0));
    assert_eq!(finance.post_actuals(good).await.unwrap().did(), "created", "a refused name is free again");
    world.verify().await;
});

scenario!(a_line_counts_once_whatever_its_batch(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let (a, b) = (id("once"), id("same"));
    let first = coded(&world, line(&a, "10.00", "2026-01-15"));
    finance.post_actuals(books.batch([first.clone()], "10.00")).await.unwrap();
    // The same line again, its like under another name, and twice in one batch.
    let like = coded(&world, line(&b, "10.00", "2026-01-15"));
    let posted = finance.post_actuals(books.batch([first, like.clone(), like], "30.00")).await.unwrap();
    assert_eq!(statuses(&posted.json), ["duplicate", "posted", "duplicate"]);
    assert_eq!(posted["actuals_batch"]["possible_repeat_count"], 1, "perhaps the same thing twice");
    assert_eq!(posted["results"][1]["possible_repeat"], true);
    assert_eq!(totals(&finance, &books).await.0, 200_000);

    let changed = coded(&world, line(&a, "12.50", "2026-01-15"));
    let refused = finance.post_actuals(books.batch([changed.clone()], "12.50")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "CHANGED")]);
    let mut correcting = books.batch([changed], "12.50");
    correcting["corrections"] = json!(true);
    let posted = finance.post_actuals(correcting).await.unwrap();
    assert_eq!((statuses(&posted.json), &posted["actuals_batch"]["entry_count"]), (vec!["corrected"], &json!(2)));
    assert_eq!(totals(&finance, &books).await, (225_000, 0, -225_000), "reversed and posted anew");
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    let corrected = entry["corrects_id"].as_str().unwrap();
    let filter = format!("reverses_id = \"{corrected}\"");
    let reversal = finance.list("ledger_entry", json!({"filter": filter})).await.unwrap();
    assert_eq!((reversal.items().len(), &reversal.items()[0]["entry_type"]), (1, &json!("reversal")));
    world.verify().await;
});

/// What the cost of a company comes to in each of its periods.
async fn by_period(caller: &Client, books: &Books) -> Vec<i64> {
    let filter = format!("legal_entity_id = \"{}\"", books.entity);
    let mut sums = vec![0; books.periods.len()];
    for entry in caller.list_all("ledger_entry", json!({"filter": filter})).await.unwrap() {
        let period = books.periods.iter().position(|period| entry["fiscal_period_id"] == **period).unwrap();
        let units: i64 = entry["amount"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap();
        sums[period] +=
            units * (i64::from(entry["debit_account"] == "cost") - i64::from(entry["credit_account"] == "cost"));
    }
    sums
}

async fn correct(caller: &Client, books: &Books, line: Value, total: &str) -> Reply {
    let mut batch = books.batch([line], total);
    batch["corrections"] = json!(true);
    caller.post_actuals(batch).await
}

scenario!(a_correction_takes_the_cost_from_the_period_it_is_in(world) {
    let (books, finance) = (Books::open(&world, "next_open", 3).await, world.client(Who::Finance));
    let (a, b, c) = (id("moved"), id("lowered"), id("late"));
    let lines = [("2026-02-15", &a), ("2026-01-15", &b), ("2026-01-20", &c)];
    let lines = lines.map(|(day, id)| coded(&world, line(id, "100.00", day)));
    finance.post_actuals(books.batch(lines, "300.00")).await.unwrap();
    assert_eq!(by_period(&finance, &books).await, [2_000_000, 1_000_000, 0]);
    // From February to January; and from January to February with another amount.
    correct(&finance, &books, coded(&world, line(&a, "100.00", "2026-01-15")), "100.00").await.unwrap();
    assert_eq!(by_period(&finance, &books).await, [3_000_000, 0, 0]);
    correct(&finance, &books, coded(&world, line(&b, "60.00", "2026-02-15")), "60.00").await.unwrap();
    assert_eq!(by_period(&finance, &books).await, [2_000_000, 600_000, 0]);
    // What a closed period holds is taken back in the next open one.
    books.close(&world, 0).await;
    let posted = correct(&finance, &books, coded(&world, line(&c, "70.00", "2026-03-01")), "70.00").await.unwrap();
    assert_eq!(by_period(&finance, &books).await, [2_000_000, -400_000, 700_000]);
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    let filter = format!("reverses_id = \"{}\"", entry["corrects_id"].as_str().unwrap());
    let reversal = finance.list("ledger_entry", json!({"filter": filter})).await.unwrap().items()[0].clone();
    assert_eq!((&reversal["fiscal_period_id"], &reversal["prior_period_id"]), (&json!(books.periods[1]), &json!(books.periods[0])));
    // Where none is open any more, the line is rejected and says why.
    books.close(&world, 1).await;
    books.close(&world, 2).await;
    let refused = correct(&finance, &books, coded(&world, line(&c, "80.00", "2026-03-01")), "80.00").await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "PERIOD_CLOSED")]);
    world.verify().await;
});

scenario!(one_line_that_cannot_be_posted_refuses_all_unless_in_part(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut lost = line(&id("lost"), "1.00", "2026-01-15");
    lost["program_id"] = json!(crate::all::kernel::bodies::unknown("program"));
    let lines = [coded(&world, line(&id("ok"), "2.00", "2026-01-15")), lost, line(&id("late"), "4.00", "2027-01-15")];
    let mut batch = books.batch(lines, "7.00");
    let refused = finance.post_actuals(batch.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/1", "NOT_FOUND"), ("/lines/2", "NO_PERIOD")]);
    assert_eq!(totals(&finance, &books).await, (0, 0, 0), "nothing was posted");
    batch["partial"] = json!(true);
    let posted = finance.post_actuals(batch).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted", "rejected", "rejected"]);
    assert_eq!(posted["results"][1]["reason"], "NOT_FOUND");
    assert_eq!(totals(&finance, &books).await.0, 20_000);
    let stored = finance.actuals_results(posted["actuals_batch"]["id"].as_str().unwrap(), json!({})).await.unwrap();
    assert_eq!(stored["results"], posted["results"], "told again as it was told first");
    let mut odd = line(&id("odd"), "1.00", "2026-01-15");
    odd["project_id"] = json!(unknown("project"));
    let refused = finance.post_actuals(books.batch([odd], "1.00")).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/project_id", "DOES_NOT_FIT")]);
});

scenario!(what_nothing_maps_waits_in_suspense(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let code = id("CODE");
    let mut waiting = line(&id("w"), "5.00", "2026-01-15");
    waiting["cost_code"] = json!(code);
    let posted = finance.post_actuals(books.batch([waiting], "5.00")).await.unwrap();
    assert_eq!(statuses(&posted.json), ["suspense"]);
    books.close(&world, 0).await;
    let rule = json!({"cost_code": format!("{code}*"), "program_id": world.program, "spend": "capex"});
    let rule = finance.create("coding_rule", rule).await.unwrap().id().to_owned();
    let act = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": books.entity});
    let preview = finance.validate_only().reclassify_actuals(act.clone()).await.unwrap();
    assert_eq!((statuses(&preview.json), totals(&finance, &books).await.1), (vec!["posted"], 50_000), "a preview");
    let moved = finance.reclassify_actuals(act.clone()).await.unwrap();
    assert_eq!((moved.did(), statuses(&moved.json)), ("created", vec!["posted"]));
    assert_eq!(totals(&finance, &books).await, (50_000, 0, -50_000), "moved by a balanced entry");
    let entry = finance.get("ledger_entry", moved["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(entry["fiscal_period_id"], books.periods[1], "its own period is closed");
    assert_eq!((&entry["prior_period_id"], &entry["coding_rule_id"]), (&json!(books.periods[0]), &json!(rule)));
    let again = finance.reclassify_actuals(act).await.unwrap();
    assert_eq!((again.did(), &again.json), ("unchanged", &moved.json));
    let later = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": books.entity});
    assert_eq!(statuses(&finance.reclassify_actuals(later).await.unwrap().json), Vec::<&str>::new());
    // From now on the rule codes what comes.
    let mut next = line(&id("n"), "3.00", "2026-02-15");
    next["cost_code"] = json!(format!("{code}-7"));
    let posted = finance.post_actuals(books.batch([next], "3.00")).await.unwrap();
    assert_eq!(statuses(&posted.json), ["posted"]);
    world.verify().await;
});

scenario!(a_closed_period_does_not_move(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let post = async |day: &str, adjusting: bool| -> Reply {
        let mut batch = books.batch([coded(&world, line(&id("p"), "1.00", day))], "1.00");
        batch["adjusting"] = json!(adjusting);
        finance.post_actuals(batch).await
    };
    post("2026-01-15", false).await.unwrap();
    let january = &books.periods[0];
    assert_eq!(finance.act("fiscal_period", january, "close", json!({})).await.unwrap_err().code, "WRONG_STATE");
    finance.act("fiscal_period", january, "start_closing", json!({})).await.unwrap();
    let refused = post("2026-01-15", false).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "PERIOD_CLOSED")]);
    assert!(refused.faults[0].detail.contains("2026-P02"), "{refused}");
    post("2026-01-31", true).await.unwrap();
    let closed = finance.act("fiscal_period", january, "close", json!({})).await.unwrap();
    let told: Vec<_> = closed["closing_totals"].as_array().unwrap().iter()
        .map(|total| (total["account"].as_str().unwrap(), total["amount"].as_str().unwrap(), total["entry_count"].clone()))
        .collect();
    assert_eq!(told, [("clearing", "-2.0000", json!(2)), ("cost", "2.0000", json!(2))]);
    assert!(closed["closing_sequence"].is_string() && closed["closed_by"].is_string());
    assert_eq!(post("2026-01-15", true).await.unwrap_err().places(), [("/lines/0", "PERIOD_CLOSED")]);
    assert_eq!(finance.delete("fiscal_period", january).await.unwrap_err().code, "WRONG_STATE");
    post("2026-02-15", false).await.unwrap();
    assert_eq!(finance.delete("fiscal_period", &books.periods[1]).await.unwrap_err().code, "HAS_CHILDREN");

    // Two people reopen it.
    assert_eq!(finance.act("fiscal_period", january, "reopen", json!({})).await.unwrap_err().code, "WRONG_STATE");
    finance.act("fiscal_period", january, "request_reopen", json!({"reason": "an invoice"})).await.unwrap();
    assert_eq!(finance.act("fiscal_period", january, "reopen", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let director = world.client(Who::Director);
    assert_eq!(director.act("fiscal_period", january, "reopen", json!({})).await.unwrap()["state"], "open");
    post("2026-01-15", false).await.unwrap();
    world.verify().await;
});

scenario!(a_late_line_counts_in_the_next_open_period(world) {
    let (books, finance) = (Books::open(&world, "next_open", 3).await, world.client(Who::Finance));
    books.close(&world, 0).await;
    books.close(&world, 1).await;
    let batch = books.batch([coded(&world, line(&id("late"), "1.00", "2026-01-15"))], "1.00");
    let posted = finance.post_actuals(batch).await.unwrap();
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&entry["fiscal_period_id"], &entry["prior_period_id"]), (&json!(books.periods[2]), &json!(books.periods[0])));
});

scenario!(the_ledger_of_then_is_read_again(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let a = id("then");
    finance.post_actuals(books.batch([coded(&world, line(&a, "10.00", "2026-01-15"))], "10.00")).await.unwrap();
    let filter = format!("external_id = \"{a}\"");
    let entry = finance.list("ledger_entry", json!({"filter": filter})).await.unwrap().items()[0].clone();
    let then = entry["created_at"].as_str().unwrap().to_owned();
    let mut correcting = books.batch([coded(&world, line(&a, "12.00", "2026-01-15"))], "12.00");
    correcting["corrections"] = json!(true);
    finance.post_actuals(correcting).await.unwrap();
    assert_eq!(finance.list("ledger_entry", json!({"filter": filter})).await.unwrap().items().len(), 3);
    let before = finance.as_of(&then).list("ledger_entry", json!({"filter": filter})).await.unwrap();
    assert_eq!(before.items(), [entry]);
});

scenario!(each_sees_of_the_ledger_what_is_theirs(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut foreign = line(&id("f"), "2.00", "2026-01-15");
    foreign["program_id"] = json!(world.other_program);
    let lines = [coded(&world, line(&id("own"), "1.00", "2026-01-15")), foreign, line(&id("s"), "4.00", "2026-01-15")];
    finance.post_actuals(books.batch(lines, "7.00")).await.unwrap();
    let filter = json!({"filter": format!("legal_entity_id = \"{}\"", books.entity), "include_total": true});
    let count = async |who: Who| {
        let page = world.client(who).list("ledger_entry", filter.clone()).await;
        page.map(|page| page["total"].clone()).map_err(|refused| refused.code)
    };
    for (who, seen) in [(Who::Finance, "3"), (Who::Director, "3"), (Who::Auditor, "3"), (Who::ProgramManager, "1")] {
        assert_eq!(count(who).await, Ok(json!(seen)), "{who:?}");
    }
    for who in [Who::Vendor, Who::Integration, Who::Admin] {
        assert_eq!(count(who).await, Err("PERMISSION_DENIED".to_owned()), "{who:?}");
    }
    let refused = world.client(Who::Integration).post_actuals(books.batch([], "0.00")).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let mut unnamed = books.batch([], "0.00");
    unnamed["source"] = json!("nobody");
    assert_eq!(finance.post_actuals(unnamed).await.unwrap_err().places(), [("/source", "UNKNOWN_SOURCE")]);
});

/// The lines of a month as the file has them, in the words of this service: see `tests/data/README.md`.
fn payments(month: &str) -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/gla-payments-2008-04-05.csv");
    let mut reader = csv::Reader::from_path(file).unwrap();
    let text = |text: &str| Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    let line = |record: csv::StringRecord| {
        json!({
            "external_id": record[0], "cost_code": text(&record[4]), "posted_on": record[7],
            "amount": {"amount": record[6], "currency": "GBP"}, "vendor_reference": text(&record[2]),
            "document_reference": text(&record[5]),
        })
    };
    let records = reader.records().map(Result::unwrap);
    records.filter(|record| record[8].ends_with(month)).map(line).collect()
}

scenario!(
/// Real payments come out to the penny. The sums are those of `gla-ledger-april-may-2008`, summed from the file with
/// decimals.
payments_of_london_come_out_to_the_penny(world) {
    let finance = world.client(Who::Finance);
    let mut calendar = body(&world, "fiscal_calendar");
    calendar["start_month"] = json!(4);
    let calendar = finance.create("fiscal_calendar", calendar).await.unwrap().id().to_owned();
    let company = json!({"code": id("gla"), "name": "GLA", "currency": "GBP", "fiscal_calendar_id": calendar});
    let entity = finance.create("legal_entity", company).await.unwrap().id().to_owned();
    let catering = json!({"cost_code": "Catering*", "program_id": world.program, "legal_entity_id": entity});
    finance.create("coding_rule", catering).await.unwrap();
    for (number, month, count, net, negative) in
        [(1, "april_2008", 725, "8454355.90", 11), (2, "may_2008", 241, "6738785.97", 2)]
    {
        let period = json!({"legal_entity_id": entity, "fiscal_year": 2009, "number": number});
        let period = finance.create("fiscal_period", period).await.unwrap().id().to_owned();
        let lines = payments(month);
        let below = lines.iter().filter(|line| line["amount"]["amount"].as_str().unwrap().starts_with('-')).count();
        assert_eq!((lines.len(), below), (count, negative));
        let batch = json!({
            "source": World::SOURCE, "batch_ref": id(month), "legal_entity_id": entity,
            "control": {"count": count, "totals": [{"amount": net, "currency": "GBP"}]}, "lines": lines,
        });
        let posted = finance.post_actuals(batch).await.unwrap();
        let made = &posted["actuals_batch"];
        assert_eq!((&made["line_count"], made["entry_count"].as_i64()), (&json!(count), i64::try_from(count).ok()));
        assert!(made["possible_repeat_count"].as_i64().unwrap() > 0, "the file has lines of the same content");
        for verb in ["start_closing", "close"] {
            finance.act("fiscal_period", &period, verb, json!({})).await.unwrap();
        }
        let closed = finance.get("fiscal_period", &period).await.unwrap();
        let totals = closed["closing_totals"].as_array().unwrap();
        let units = |account: &str| -> i64 {
            let of = totals.iter().find(|total| total["account"] == account).unwrap();
            of["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
        };
        let wanted: i64 = format!("{net}00").replace('.', "").parse().unwrap();
        assert_eq!((units("cost") + units("suspense"), units("clearing")), (wanted, -wanted), "to the penny");
        assert!(units("cost") > 0, "catering is coded by its rule");
    }
    world.verify().await;
});

scenario!(a_period_is_reconciled_to_the_row(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let (a, b, c) = (id("a"), id("b"), id("c"));
    let lines = [coded(&world, line(&a, "10.00", "2026-01-15")), line(&b, "5.00", "2026-01-16"), line(&c, "-2.00", "2026-01-17")];
    finance.post_actuals(books.batch(lines, "13.00")).await.unwrap();
    finance.post_actuals(books.batch([line(&id("later"), "99.00", "2026-02-01")], "99.00")).await.unwrap();
    let (january, source) = (&books.periods[0], World::SOURCE);
    let total = |amount: &str| json!({"source": source, "totals": [{"amount": amount, "currency": "EUR"}]});
    let agreed = finance.reconcile(january, total("13")).await.unwrap();
    let three = json!([{"currency": "EUR", "stated": "13.0000", "entries": "13.0000", "balance": "13.0000"}]);
    assert_eq!((&agreed["agrees"], &agreed["totals"]), (&json!(true), &three));
    assert_eq!(finance.reconcile(january, total("12.99")).await.unwrap()["agrees"], false);
    let stated = |id: &str, amount: &str| json!({"external_id": id, "amount": {"amount": amount, "currency": "EUR"}});
    let unknown = id("x");
    let statement = json!({"source": source, "lines": [stated(&a, "10"), stated(&b, "6"), stated(&unknown, "-3")]});
    let differs = finance.reconcile(january, statement).await.unwrap();
    let mut told: Vec<_> = differs["differences"].as_array().unwrap().iter()
        .map(|row| (row["external_id"].as_str().unwrap(), row["difference_type"].as_str().unwrap()))
        .collect();
    told.sort_by_key(|(_, difference)| *difference);
    let expected = [(b.as_str(), "amount_differs"), (&unknown, "missing_in_ledger"), (&c, "missing_in_statement")];
    assert_eq!((told.as_slice(), &differs["agrees"]), (&expected[..], &json!(false)), "though the sums agree");
    assert_eq!(differs["difference_count"], 3);
    assert_eq!(differs["totals"][0]["stated"], "13.0000");

    let both = json!({"source": source, "totals": [{"amount": "1", "currency": "EUR"}], "lines": [stated(&a, "1"), stated(&a, "1")]});
    let refused = finance.reconcile(january, both).await.unwrap_err();
    let pointers: Vec<_> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/totals", "/lines/1/external_id"]);
    let refused = finance.reconcile(january, json!({"source": "nobody"})).await.unwrap_err();
    assert_eq!(refused.faults[0].code, "UNKNOWN_SOURCE");
    assert_eq!(world.client(Who::Auditor).reconcile(january, total("13")).await.unwrap()["agrees"], true);
    assert_eq!(world.client(Who::Stranger).reconcile(january, total("13")).await.unwrap_err().code, "NOT_FOUND");
    for who in [Who::ProgramManager, Who::Integration, Who::Vendor, Who::Executive, Who::Admin] {
        let refused = world.client(who).reconcile(january, total("13")).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
});

/// Whoever has the database has its triggers too.
const TRIGGERS: [&str; 3] = ["UPDATE", "DELETE", "INSERT"];

#[test]
fn tampering_with_the_ledger_shows() {
    run(Door::Rest, Engine::Sqlite, async |shared| {
        drop(shared);
        let world = World::alone(Door::Rest, Engine::Sqlite, Setup::default()).await.unwrap();
        let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
        let lines = [coded(&world, line(&id("t"), "10.00", "2026-01-15")), line(&id("u"), "5.00", "2026-01-16")];
        finance.post_actuals(books.batch(lines, "15.00")).await.unwrap();
        world.verify().await;
        for act in TRIGGERS {
            sql(&world.server, &format!("DROP TRIGGER ledger_entry_guard_{act}")).await.unwrap();
        }
        let ways = [
            (
                "UPDATE ledger_entry SET amount_amount = amount_amount + 1 WHERE line = 1",
                "UPDATE ledger_entry SET amount_amount = amount_amount - 1 WHERE line = 1",
            ),
            (
                "UPDATE ledger_entry SET debit_account = 'cost' WHERE line = 2",
                "UPDATE ledger_entry SET debit_account = 'suspense' WHERE line = 2",
            ),
            ("UPDATE balance SET units = units + 1", "UPDATE balance SET units = units - 1"),
            (
                "UPDATE balance SET entries = 7 WHERE account = 'cost'",
                "UPDATE balance SET entries = 1 WHERE account = 'cost'",
            ),
            ("UPDATE program_balance SET units = units + 1", "UPDATE program_balance SET units = units - 1"),
            (
                "UPDATE ledger_key SET content_digest = content_digest || 'x'",
                "UPDATE ledger_key SET content_digest = rtrim(content_digest, 'x')",
            ),
            (
                "CREATE TABLE kept AS SELECT * FROM ledger_entry; DELETE FROM ledger_entry WHERE line = 2",
                "INSERT INTO ledger_entry SELECT * FROM kept WHERE line = 2",
            ),
            (
                "CREATE TABLE keys AS SELECT * FROM ledger_key; DELETE FROM ledger_key",
                "INSERT INTO ledger_key SELECT * FROM keys",
            ),
        ];
        for (tamper, mend) in ways {
            sql(&world.server, tamper).await.unwrap();
            assert_ne!(world.faults().await, Vec::<String>::new(), "{tamper}");
            sql(&world.server, mend).await.unwrap();
            assert_eq!(world.faults().await, Vec::<String>::new(), "{mend}");
        }
    });
}

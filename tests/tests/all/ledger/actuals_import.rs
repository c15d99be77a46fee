//! Long batches of actuals: lines in a stream are a batch like any other, and a file of a finance system goes in as it is.

use std::time::Duration;

use serde_json::{Value, json};
use steerco_tests::{Door, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::{body, line};
use crate::all::kernel::wire::sql;
use crate::all::ledger::actuals_batch::{Books, coded, id, statuses, totals};

/// Lines of a euro each, every second of them coded.
fn euros(world: &World, name: &str, count: usize) -> Vec<Value> {
    let euro = |i: usize| {
        let mut euro = line(&format!("{name}-{i}"), "1.00", "2026-01-15");
        euro["description"] = json!(format!("Number {i}"));
        if i.is_multiple_of(2) { coded(world, euro) } else { euro }
    };
    (0..count).map(euro).collect()
}

/// Pieces staged in this organisation; what is left over goes soon after the answer.
async fn staged(world: &World) -> i64 {
    let count = format!("SELECT CAST(count(*) AS TEXT) FROM blob_chunk WHERE org = '{}'", world.org);
    for _ in 0..100 {
        let pieces: i64 = sql(&world.server, &count).await.unwrap().parse().unwrap();
        if pieces == 0 {
            return 0;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sql(&world.server, &count).await.unwrap().parse().unwrap()
}

scenario!(a_stream_is_a_batch_like_any_other(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut lines = euros(&world, &id("s"), 2_500);
    lines[1_700] = lines[3].clone();
    lines[2_000]["description"] = lines[2]["description"].clone();
    let batch = books.batch(lines, "2500.00");
    let whole = finance.validate_only().post_actuals(batch.clone()).await.unwrap();
    let dry = finance.validate_only().import_actuals(batch.clone()).await.unwrap();
    for member in ["lines_sha256", "outcomes", "line_count", "entry_count", "possible_repeat_count"] {
        assert_eq!(dry["actuals_batch"][member], whole["actuals_batch"][member], "{member}");
    }
    assert_eq!((statuses(&dry.json), dry["results"].as_array().unwrap().len()), (statuses(&whole.json), 1_000));
    assert_eq!((staged(&world).await, totals(&finance, &books).await), (0, (0, 0, 0)), "a dry run leaves nothing");

    let key = finance.key(&id("key"));
    let posted = key.import_actuals(batch.clone()).await.unwrap();
    assert_eq!((posted.did(), posted.replayed, &posted["more_after_line"]), ("created", false, &json!(1_000)));
    let made = &posted["actuals_batch"];
    assert_eq!((&made["entry_count"], &made["possible_repeat_count"]), (&json!(2_499), &json!(1)));
    assert_eq!((staged(&world).await, totals(&finance, &books).await.2), (0, -24_990_000));
    let replayed = key.import_actuals(batch.clone()).await.unwrap();
    assert_eq!((replayed.replayed, &replayed["actuals_batch"]), (true, made), "the answer of the key");
    for again in [finance.import_actuals(batch.clone()).await.unwrap(), finance.post_actuals(batch.clone()).await.unwrap()] {
        assert_eq!((again.did(), &again.json), ("unchanged", &posted.json), "the same batch by either way");
    }
    let last = finance.actuals_results(made["id"].as_str().unwrap(), json!({"after_line": 2_499})).await.unwrap();
    assert_eq!((last.items().len(), &last.items()[0]["line"]), (1, &json!(2_500)));

    // Begun in one message, repeated in a stream.
    let other = books.batch(euros(&world, &id("o"), 10), "10.00");
    let first = finance.post_actuals(other.clone()).await.unwrap();
    let again = finance.import_actuals(other.clone()).await.unwrap();
    assert_eq!((again.did(), &again.json), ("unchanged", &first.json));
    let mut changed = other;
    changed["lines"][9]["amount"]["amount"] = json!("1.0000");
    assert_eq!(finance.import_actuals(changed.clone()).await.unwrap().did(), "unchanged", "the same amount");
    changed["lines"][9]["description"] = json!("Another");
    assert_eq!(finance.import_actuals(changed).await.unwrap_err().code, "ALREADY_EXISTS");
    world.verify().await;
});

scenario!(what_is_wrong_with_a_stream_is_told_at_once(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let lines = euros(&world, &id("w"), 1_200);
    let good = books.batch(lines, "1200.00");
    let mut bad = good.clone();
    bad["lines"][3]["amount"]["amount"] = json!("1,00");
    bad["lines"][1_100]["posted_on"] = json!("yesterday");
    bad["lines"][1_101]["purchase_order_line"] = json!("10");
    let refused = finance.import_actuals(bad).await.unwrap_err();
    let wanted = [
        ("/lines/3/amount/amount", "BAD_AMOUNT"), ("/lines/1100/posted_on", "BAD_DAY"),
        ("/lines/1101/purchase_order_line", "DOES_NOT_FIT"),
    ];
    assert_eq!(refused.places(), wanted, "{refused}");
    if world.door == Door::Rest {
        assert!(refused.faults[1].detail.starts_with("line 1102: "), "{refused}");
    }
    let mut off = good.clone();
    off["control"] = json!({"count": 1_199, "totals": [{"amount": "1200.01", "currency": "EUR"}]});
    let refused = finance.import_actuals(off).await.unwrap_err();
    assert_eq!(refused.places(), [("/control/count", "CONTROL_TOTAL"), ("/control/totals/0/amount", "CONTROL_TOTAL")]);
    let mut late = good.clone();
    for i in [0, 1_199] {
        late["lines"][i]["posted_on"] = json!("2027-01-01");
    }
    let refused = finance.import_actuals(late.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "NO_PERIOD"), ("/lines/1199", "NO_PERIOD")]);
    let mut unknown = good.clone();
    unknown["source"] = json!("nowhere");
    assert_eq!(finance.import_actuals(unknown).await.unwrap_err().places(), [("/source", "UNKNOWN_SOURCE")]);
    assert_eq!((staged(&world).await, totals(&finance, &books).await), (0, (0, 0, 0)), "nothing was posted");
    late["partial"] = json!(true);
    let posted = finance.import_actuals(late).await.unwrap();
    assert_eq!(posted["results"][0]["reason"], "NO_PERIOD");
    assert_eq!(posted["actuals_batch"]["entry_count"], 1_198);
    let mut corrected = books.batch(good["lines"].as_array().unwrap().clone(), "1201.00");
    corrected["lines"][1_150]["amount"]["amount"] = json!("2.00");
    let places = finance.import_actuals(corrected.clone()).await.unwrap_err();
    assert_eq!(places.places(), [("/lines/1150", "CHANGED")]);
    corrected["corrections"] = json!(true);
    let posted = finance.import_actuals(corrected).await.unwrap();
    assert_eq!(posted["actuals_batch"]["entry_count"], 4, "two new lines, one reversed and posted anew");
    assert_eq!((staged(&world).await, totals(&finance, &books).await.2), (0, -12_010_000));
    world.verify().await;
});

scenario!(a_stream_that_breaks_off_posts_nothing(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let batch = books.batch(euros(&world, &id("c"), 2_200), "2200.00");
    finance.import_cut(batch.clone()).await;
    assert_eq!((staged(&world).await, totals(&finance, &books).await), (0, (0, 0, 0)));
    assert_eq!(finance.import_actuals(batch).await.unwrap().did(), "created", "its name is free");
    world.verify().await;
});

scenario!(
/// A client that cancels has not ended its stream, wherever it was, and be it behind the last line.
a_stream_that_is_reset_posts_nothing(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let batch = books.batch(euros(&world, &id("r"), 40), "40.00");
    for share in [0, 37, 211, 500, 733, 999, 1000, 1000] {
        finance.import_reset(batch.clone(), share).await;
    }
    assert_eq!((staged(&world).await, totals(&finance, &books).await), (0, (0, 0, 0)));
    assert_eq!(finance.import_actuals(batch).await.unwrap().did(), "created", "its name is free");
    world.verify().await;
});

scenario!(twenty_thousand_lines_are_one_batch(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut batch = books.batch(euros(&world, &id("l"), 20_000), "20000.00");
    batch["control"]["totals"][0]["debits"] = json!("20000");
    let posted = finance.import_actuals(batch.clone()).await.unwrap();
    assert_eq!((posted.did(), &posted["actuals_batch"]["entry_count"]), ("created", &json!(20_000)));
    let told: Vec<_> = posted["actuals_batch"]["outcomes"].as_array().unwrap().iter()
        .map(|o| (o["status"].as_str().unwrap(), o["count"].as_i64().unwrap(), o["totals"][0]["amount"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("posted", 10_000, "10000.0000"), ("suspense", 10_000, "10000.0000")]);
    let batch_id = posted["actuals_batch"]["id"].as_str().unwrap();
    let (mut seen, mut after) = (0, 0);
    loop {
        let page = finance.actuals_results(batch_id, json!({"after_line": after})).await.unwrap();
        seen += page.items().len();
        match page["more_after_line"].as_i64() {
            Some(more) => after = more,
            None => break,
        }
    }
    assert_eq!(seen, 20_000);
    batch["batch_ref"] = json!(id("again"));
    let again = finance.import_actuals(batch).await.unwrap();
    assert_eq!((&again["actuals_batch"]["entry_count"], statuses(&again.json)[999]), (&json!(0), "duplicate"));
    world.verify().await;
});

scenario!(
/// How far it is can be read while it runs, and nothing of it is in the ledger before all of it is.
a_long_batch_tells_how_far_it_is(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let batch = books.batch(euros(&world, &id("p"), 4_000), "4000.00");
    let batch_ref = batch["batch_ref"].as_str().unwrap().to_owned();
    let refused = finance.actuals_progress(World::SOURCE, &batch_ref).await.unwrap_err();
    assert_eq!(refused.code, "NOT_FOUND");
    let watching = async {
        let mut seen: Vec<(String, i64, i64)> = Vec::new();
        let until = std::time::Instant::now() + Duration::from_mins(2);
        while seen.last().is_none_or(|(state, ..)| state != "posted") && std::time::Instant::now() < until {
            if let Ok(told) = finance.actuals_progress(World::SOURCE, &batch_ref).await {
                let count = |name: &str| told[name].as_i64().unwrap_or(0);
                let state = told["state"].as_str().unwrap().to_owned();
                assert_eq!(told["actuals_batch_id"].is_string(), state == "posted", "{}", told.json);
                seen.push((state, count("lines_received"), count("lines_done")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        seen
    };
    let (posted, seen) = tokio::join!(finance.import_actuals(batch.clone()), watching);
    let posted = posted.unwrap();
    assert_eq!(posted["actuals_batch"]["entry_count"], 4_000);
    let order = ["staging", "checking", "posting", "posted"];
    let steps: Vec<usize> = seen.iter().map(|(state, ..)| order.iter().position(|it| it == state).unwrap()).collect();
    assert!(steps.is_sorted() && steps[0] < 3, "{seen:?}");
    assert!(seen.is_sorted_by_key(|(_, received, _)| *received), "{seen:?}");
    assert_eq!(seen.last(), Some(&("posted".to_owned(), 4_000, 4_000)));
    let told = finance.actuals_progress(World::SOURCE, &batch_ref).await.unwrap();
    assert_eq!(told["actuals_batch_id"], posted["actuals_batch"]["id"]);

    // Of one that broke off nothing is told, and who may not read batches is told of none.
    let cut = books.batch(euros(&world, &id("q"), 2_200), "2200.00");
    let name = cut["batch_ref"].as_str().unwrap().to_owned();
    finance.import_cut(cut.clone()).await;
    let mut gone = false;
    for _ in 0..100 {
        gone = finance.actuals_progress(World::SOURCE, &name).await.is_err_and(|error| error.code == "NOT_FOUND");
        if gone {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(gone, "it is on its way no longer");
    assert!(world.client(Who::Auditor).actuals_progress(World::SOURCE, &batch_ref).await.is_ok());
    let vendor = world.client(Who::Vendor).actuals_progress(World::SOURCE, &batch_ref).await.unwrap_err();
    assert_eq!(vendor.code, "PERMISSION_DENIED");
    let stranger = world.client(Who::Stranger).actuals_progress(World::SOURCE, &batch_ref).await.unwrap_err();
    assert_eq!(stranger.code, "NOT_FOUND");
    assert_eq!(finance.actuals_progress("", "").await.unwrap_err().code, "INVALID_ARGUMENT");
});

scenario!(who_may_not_post_sends_no_lines(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let batch = books.batch(euros(&world, &id("r"), 3), "3.00");
    for who in [Who::Director, Who::ProgramManager, Who::Vendor, Who::Auditor] {
        assert_eq!(world.client(who).import_actuals(batch.clone()).await.unwrap_err().code, "PERMISSION_DENIED");
    }
    let nobody = finance.token(None).import_actuals(batch.clone()).await.unwrap_err();
    assert_eq!(nobody.code, "UNAUTHENTICATED");
    if world.door == Door::Grpc {
        let said = |error: steerco_tests::Refused| (error.places()[0].0.to_owned(), error.places()[0].1.to_owned());
        let missing = finance.import_messages(vec![json!({"lines": batch["lines"]})]).await.unwrap_err();
        assert_eq!(said(missing), ("/header".to_owned(), "REQUIRED".to_owned()));
        let whole = finance.import_messages(vec![json!({"header": batch})]).await.unwrap_err();
        assert_eq!(said(whole), ("/lines".to_owned(), "DOES_NOT_FIT".to_owned()));
        let mut header = batch.clone();
        header.as_object_mut().unwrap().remove("lines");
        let twice = vec![json!({"header": header}), json!({"header": header, "lines": []})];
        let twice = finance.import_messages(twice).await.unwrap_err();
        assert_eq!(said(twice), ("/header".to_owned(), "DOES_NOT_FIT".to_owned()));
        return;
    }
    let ndjson = "application/x-ndjson";
    for (media, query, file, code) in [
        ("application/json", vec![], batch.to_string(), "UNSUPPORTED_MEDIA_TYPE"),
        (ndjson, vec![], String::new(), "MALFORMED_BODY"),
        (ndjson, vec![], "\n\n".to_owned(), "MALFORMED_BODY"),
        (ndjson, vec![], "{]\n".to_owned(), "MALFORMED_BODY"),
        (ndjson, vec![], batch["lines"][0].to_string(), "INVALID_ARGUMENT"),
        (ndjson, vec![], batch.to_string(), "INVALID_ARGUMENT"),
        (ndjson, vec![("source", "x")], batch.to_string(), "INVALID_ARGUMENT"),
        (ndjson, vec![], " ".repeat(70_000), "BODY_TOO_LARGE"),
        ("text/csv", vec![], String::new(), "INVALID_ARGUMENT"),
    ] {
        let refused = finance.import_file(media, &query, file).await.unwrap_err();
        assert_eq!(refused.code, code, "{media}: {refused}");
    }
    assert_eq!(finance.import_announced(1 << 30).await, "HTTP/1.1 413", "before any of it is sent");
    let stranger = world.client(Who::Vendor).import_announced(1 << 30).await;
    assert_eq!(stranger, "HTTP/1.1 403", "and who it is comes first");
});

/// How the Greater London Authority publishes its payments.
fn payments_profile(code: &str) -> Value {
    json!({
        "code": code, "name": "Payments", "delimiter": "comma", "encoding": "utf8", "date_format": "iso",
        "decimal_separator": "point", "currency": "GBP",
        "columns": {
            "external_id": "ID", "cost_code": "AccountDescription", "posted_on": "Date", "amount": "Amount",
            "document_reference": "DocNo", "vendor_reference": "Vendor",
        },
    })
}

rest_scenario!(
/// The file as it was published comes out to the penny: the sums are those of its two months.
a_file_of_london_goes_in_as_it_is(world) {
    let finance = world.client(Who::Finance);
    let mut calendar = body(&world, "fiscal_calendar");
    calendar["start_month"] = json!(4);
    let calendar = finance.create("fiscal_calendar", calendar).await.unwrap().id().to_owned();
    let company = json!({"code": id("gla"), "name": "GLA", "currency": "GBP", "fiscal_calendar_id": calendar});
    let entity = finance.create("legal_entity", company).await.unwrap().id().to_owned();
    let mut periods = Vec::new();
    for number in [1, 2] {
        let period = json!({"legal_entity_id": entity, "fiscal_year": 2009, "number": number});
        periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
    }
    let code = id("payments");
    finance.create("mapping_profile", payments_profile(&code)).await.unwrap();
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/gla-payments-2008-04-05.csv")).unwrap();
    let batch_ref = id("gla");
    let query = [
        ("source", World::SOURCE), ("batch_ref", &batch_ref), ("legal_entity_id", &entity), ("count", "966"),
        ("totals", "15193141.87 GBP"), ("profile", &code),
    ];
    let media = "text/csv; charset=utf-8";
    let posted = finance.import_file(media, &query, file.clone()).await.unwrap();
    assert_eq!((posted.did(), &posted["actuals_batch"]["entry_count"]), ("created", &json!(966)));
    let again = finance.import_file(media, &query, file.clone()).await.unwrap();
    assert_eq!((again.did(), &again.json), ("unchanged", &posted.json));
    for (period, net) in periods.iter().zip(["8454355.9000", "6738785.9700"]) {
        for verb in ["start_closing", "close"] {
            finance.act("fiscal_period", period, verb, json!({})).await.unwrap();
        }
        let closed = finance.get("fiscal_period", period).await.unwrap();
        let totals = closed["closing_totals"].as_array().unwrap().iter();
        let told: Vec<_> = totals.map(|t| (t["account"].as_str().unwrap(), t["amount"].as_str().unwrap())).collect();
        let clearing = format!("-{net}");
        assert_eq!(told, [("clearing", clearing.as_str()), ("suspense", net)], "to the penny");
    }
    let off = query.map(|(name, value)| (name, if name == "totals" { "15193141.88 GBP" } else { value }));
    let off = off.map(|(name, value)| (name, if name == "batch_ref" { "off" } else { value }));
    let refused = finance.import_file(media, &off, file).await.unwrap_err();
    assert_eq!(refused.places(), [("/control/totals/0/amount", "CONTROL_TOTAL")]);
    assert_eq!(staged(&world).await, 0);
    world.verify().await;
});

rest_scenario!(a_file_is_read_as_its_profile_says(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let code = id("sap");
    let profile = json!({
        "code": code, "name": "SAP", "delimiter": "semicolon", "encoding": "windows1252", "skip_rows": 1,
        "date_format": "dmy_dot", "decimal_separator": "comma", "thousands_separator": "point",
        "negatives": ["trailing_minus", "parentheses"], "currency": "EUR",
        "columns": {"cost_code": "Konto", "posted_on": "Datum", "amount": "Betrag", "vendor_reference": "Kreditor"},
    });
    finance.create("mapping_profile", profile).await.unwrap();
    let file = b"Bericht M\xe4rz;;;\r\nKonto;Datum;Betrag;Kreditor\r\n4711;15.01.2026;1.390,11;B\xe4ckerei\r\n\
        4711;1.2.2026;978-;\"M\xfcller; Sohn\"\r\n;28.02.2026;(0,11);\r\n".to_vec();
    let batch_ref = id("april");
    let query = |totals: &'static str| {
        [("source", World::SOURCE.to_owned()), ("batch_ref", batch_ref.clone()), ("profile", code.clone()),
            ("legal_entity_id", books.entity.clone()), ("count", "3".to_owned()), ("totals", totals.to_owned())]
    };
    let import = async |query: &[(&str, String)], file: &[u8]| {
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        finance.import_file("text/csv", &query, file).await
    };
    let posted = import(&query("412.00 EUR 1390.11 978.11"), &file).await.unwrap();
    assert_eq!(statuses(&posted.json), ["suspense"; 3]);
    assert_eq!(posted["results"][0]["external_id"], format!("{batch_ref}:3"), "the batch and the number of the row");
    let entry = posted["results"][1]["ledger_entry_id"].as_str().unwrap();
    let entry = finance.get("ledger_entry", entry).await.unwrap();
    let told = (&entry["vendor_reference"], &entry["amount"]["amount"], &entry["posted_on"], &entry["cost_code"]);
    assert_eq!(told, (&json!("Müller; Sohn"), &json!("-978.0000"), &json!("2026-02-01"), &json!("4711")));

    let bad = b"x\r\nKonto;Datum;Betrag;Kreditor\r\n1;2026-01-15;1.39;a\r\n1;15.01.2026;1,00;a\r\n1;15.01.2026;-1;a\r\n";
    let refused = import(&query("1 EUR"), bad).await.unwrap_err();
    let wanted = [("/lines/0/posted_on", "BAD_DAY"), ("/lines/0/amount", "BAD_AMOUNT"), ("/lines/2/amount", "BAD_AMOUNT")];
    assert_eq!(refused.places(), wanted);
    assert!(refused.faults[1].detail.starts_with("row 3: column Betrag: "), "{refused}");
    let refused = import(&query("1 EUR"), b"x\nKonto;Datum;Summe\n1;15.01.2026;1,00\n").await.unwrap_err();
    assert_eq!(refused.places(), [("/columns/amount", "NO_COLUMN"), ("/columns/vendor_reference", "NO_COLUMN")]);
    let mut unknown = query("1 EUR");
    "nobody".clone_into(&mut unknown[2].1);
    assert_eq!(import(&unknown, &file).await.unwrap_err().places(), [("?profile", "NOT_FOUND")]);
    let refused = import(&query("1 EUR")[..1], &file).await.unwrap_err();
    assert_eq!(refused.places(), [("?batch_ref", "REQUIRED"), ("?count", "REQUIRED")]);
    assert_eq!(staged(&world).await, 0);
});

rest_scenario!(
/// A file may have what the ledger system made of an amount in the currencies of its books and of the group.
a_file_has_amounts_of_the_books_and_of_the_group(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let code = id("three");
    let mut profile = json!({
        "code": code, "name": "Three amounts", "delimiter": "comma", "encoding": "utf8", "date_format": "iso",
        "decimal_separator": "point", "local_currency": "EUR",
        "columns": {"external_id": "ID", "posted_on": "Date", "amount": "Amount", "currency": "Cur",
            "local_amount": "Local", "group_amount": "Group"},
    });
    let refused = finance.create("mapping_profile", profile.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/group_currency", "REQUIRED")]);
    profile["group_currency"] = json!("GBP");
    finance.create("mapping_profile", profile).await.unwrap();
    let (batch_ref, line) = (id("three"), id("line"));
    let file = format!("ID,Date,Amount,Cur,Local,Group\n{line},2026-01-15,100.00,USD,91.23,78.01\n");
    let query = [
        ("source", World::SOURCE), ("batch_ref", &batch_ref), ("profile", &code), ("legal_entity_id", &books.entity),
        ("count", "1"), ("totals", "100.00 USD"), ("local_totals", "91.23 EUR"), ("group_totals", "78.01 GBP"),
    ];
    let off = query.map(|(name, value)| (name, if name == "group_totals" { "78.02 GBP" } else { value }));
    let refused = finance.import_file("text/csv", &off, file.clone().into_bytes()).await.unwrap_err();
    assert_eq!(refused.places(), [("/control/group_totals/0/amount", "CONTROL_TOTAL")]);
    let posted = finance.import_file("text/csv", &query, file.into_bytes()).await.unwrap();
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(entry["local_amount"], json!({"amount": "91.2300", "currency": "EUR"}));
    assert_eq!(entry["group_amount"], json!({"amount": "78.0100", "currency": "GBP"}));
    world.verify().await;
});

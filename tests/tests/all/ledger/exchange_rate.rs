//! Exchange rates: taken over from the bank's file, corrected, and what they make of amounts.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, scenario};

/// Euro reference rates of June 2016; `tests/data/README.md` says where from.
const JUNE: &str = include_str!("../../../data/ecb-june-2016.csv");

/// Euro reference rates of three days, of which the rouble has no later one; `tests/data/README.md` says where from.
const SELECTED: &str = include_str!("../../../data/ecb-selected.csv");

fn line(on: &str, currency: &str, amount: &str) -> Value {
    json!({"on": on, "amount": {"amount": amount, "currency": currency}})
}

fn pounds(on: &str) -> Value {
    json!({"to": "EUR", "rate_type": "spot", "lines": [line(on, "GBP", "100000.00")]})
}

async fn euros(caller: &Client, wish: Value, as_of: Option<&str>) -> Vec<String> {
    let found = caller.convert(wish, as_of).await.unwrap();
    let lines = found["lines"].as_array().unwrap().iter();
    lines.map(|line| line["amount"].as_str().unwrap_or("none").to_owned()).collect()
}

scenario!(a_month_of_the_bank_converts_as_published(world) {
    let finance = world.client(Who::Finance);
    let import = json!({"document": JUNE, "source_reference": "European Central Bank"});
    let dry = finance.validate_only().import_rates(import.clone()).await.unwrap();
    assert_eq!(dry["created"], 44);
    assert_eq!(euros(&finance, pounds("2016-06-01"), None).await, ["none"], "a dry run stores nothing");
    let taken = finance.import_rates(import.clone()).await.unwrap();
    assert_eq!((&taken["created"], &taken["updated"], &taken["unchanged"]), (&json!(44), &json!(0), &json!(0)));
    let again = finance.import_rates(import).await.unwrap();
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(44)));

    let lines = json!([
        line("2016-06-01", "GBP", "100000.00"), line("2016-06-23", "GBP", "250000.00"),
        line("2016-06-24", "GBP", "250000.00"), line("2016-06-25", "USD", "80000.00"),
    ]);
    let spot = finance.convert(json!({"to": "EUR", "rate_type": "spot", "lines": lines}), None).await.unwrap();
    assert_eq!((&spot["total"], &spot["complete"]), (&json!("837552.2100"), &json!(true)));
    assert_eq!(spot["lines"][3]["rate_on"], "2016-06-24", "a Saturday has the rate of the Friday");
    let average = json!({
        "to": "EUR", "rate_type": "average", "period_starts_on": "2016-06-01", "period_ends_on": "2016-06-30", "lines": lines,
    });
    let expected = ["126503.2300", "316258.0800", "316258.0800", "71244.6800"];
    assert_eq!(euros(&world.client(Who::Executive), average, None).await, expected);
    let filter = json!({"filter": "quote_currency = \"GBP\" and effective_on = \"2016-06-30\""});
    let found = finance.list_all("exchange_rate", filter).await.unwrap();
    assert_eq!((&found[0]["rate"], &found[0]["series"]), (&json!("0.8265"), &json!("spot EUR/GBP")));
});

scenario!(a_corrected_rate_leaves_what_was_converted_then(world) {
    let finance = world.client(Who::Finance);
    let day = |rate: &str| json!({"document": format!("Date,GBP\n2016-06-01,{rate}\n")});
    finance.import_rates(day("0.77358")).await.unwrap();
    let found = finance.list_all("exchange_rate", json!({})).await.unwrap();
    let (id, at) = (found[0]["id"].as_str().unwrap().to_owned(), found[0]["updated_at"].as_str().unwrap().to_owned());
    assert_eq!(finance.import_rates(day("0.8")).await.unwrap()["updated"], 1);
    assert_eq!(finance.get("exchange_rate", &id).await.unwrap()["revision"], 2);
    assert_eq!(euros(&finance, pounds("2016-06-01"), None).await, ["125000.0000"]);
    assert_eq!(euros(&finance, pounds("2016-06-01"), Some(&at)).await, ["129269.1100"]);
    // A later day that comes later hides nothing of what was known, and once deleted nothing at all.
    finance.import_rates(json!({"document": "Date,GBP\n2016-06-02,0.9\n"})).await.unwrap();
    let filter = json!({"filter": "effective_on = \"2016-06-02\""});
    let later = finance.list_all("exchange_rate", filter).await.unwrap()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(euros(&finance, pounds("2016-06-03"), None).await, ["111111.1100"]);
    assert_eq!(euros(&finance, pounds("2016-06-03"), Some(&at)).await, ["129269.1100"]);
    finance.delete("exchange_rate", &later).await.unwrap();
    assert_eq!(euros(&finance, pounds("2016-06-03"), None).await, ["125000.0000"]);
    finance.delete("exchange_rate", &id).await.unwrap();
    let gone = finance.convert(pounds("2016-06-01"), None).await.unwrap();
    let missing = json!([{"amount": "100000.0000", "currency": "GBP"}]);
    assert_eq!((&gone["complete"], &gone["unconverted"], &gone["total"]), (&json!(false), &missing, &json!("0.0000")));
});

scenario!(
/// A direct rate of 2008 does not go before two legs of 2022, and roubles have no rate after March 2022.
the_youngest_rates_convert_and_old_ones_do_not(world) {
    let finance = world.client(Who::Finance);
    finance.import_rates(json!({"document": SELECTED})).await.unwrap();
    let direct = json!({"rate_type": "spot", "base_currency": "GBP", "quote_currency": "USD",
        "effective_on": "2008-04-01", "rate": "1.98"});
    finance.create("exchange_rate", direct).await.unwrap();
    let dollars = |on: &str| json!({"to": "USD", "rate_type": "spot", "lines": [line(on, "GBP", "100")]});
    let young = finance.convert(dollars("2022-09-30"), None).await.unwrap();
    assert_eq!((&young["total"], &young["complete"]), (&json!("110.4000"), &json!(true)));
    assert_eq!((&young["oldest_rate_on"], &young["lines"][0]["rate_on"]), (&json!("2022-09-30"), &json!("2022-09-30")));
    assert!(young["lines"][0].get("code").is_none());
    let then = finance.convert(dollars("2008-04-03"), None).await.unwrap();
    assert_eq!((&then["total"], &then["oldest_rate_on"]), (&json!("198.0000"), &json!("2008-04-01")), "the direct one");

    let mut roubles = json!({"to": "EUR", "rate_type": "spot", "lines": [
        line("2026-10-30", "RUB", "117201"), line("2026-10-30", "JPY", "5"), line("2022-03-11", "RUB", "117201"),
    ]});
    let stale = finance.convert(roubles.clone(), None).await.unwrap();
    assert_eq!((&stale["complete"], &stale["total"]), (&json!(false), &json!("1000.0000")), "ten days are not too old");
    let unconverted = json!([{"amount": "5.0000", "currency": "JPY"}, {"amount": "117201.0000", "currency": "RUB"}]);
    assert_eq!(stale["unconverted"], unconverted);
    let lines = stale["lines"].as_array().unwrap();
    assert_eq!((&lines[0]["code"], &lines[0]["rate_on"]), (&json!("STALE_RATE"), &json!("2022-03-01")));
    assert!(lines[0]["rate"].is_string() && lines[0].get("amount").is_none(), "{}", lines[0]);
    assert_eq!((lines[1]["code"].as_str(), lines[1].get("rate_on")), (Some("NO_RATE"), None));
    roubles["max_rate_age_days"] = json!(2_000);
    let old = finance.convert(roubles.clone(), None).await.unwrap();
    assert_eq!((&old["total"], &old["oldest_rate_on"]), (&json!("2000.0000"), &json!("2022-03-01")));
    for wrong in [0, 36_501] {
        roubles["max_rate_age_days"] = json!(wrong);
        let refused = finance.convert(roubles.clone(), None).await.unwrap_err();
        assert_eq!(refused.places(), [("/max_rate_age_days", "OUT_OF_RANGE")]);
    }
    world.verify().await;
});

scenario!(budget_rates_come_in_sets(world) {
    let finance = world.client(Who::Finance);
    let rate = |set: Option<&str>, rate: &str| {
        let mut body = json!({"rate_type": "budget", "base_currency": "GBP", "quote_currency": "EUR",
            "effective_on": "2026-01-01", "rate": rate});
        if let Some(set) = set {
            body["rate_set"] = json!(set);
        }
        body
    };
    finance.create("exchange_rate", rate(Some("2026"), "1.2")).await.unwrap();
    finance.create("exchange_rate", rate(Some("2026-v2"), "1.25")).await.unwrap();
    assert_eq!(finance.create("exchange_rate", rate(Some("2026"), "1.3")).await.unwrap_err().code, "ALREADY_EXISTS");
    assert_eq!(finance.create("exchange_rate", rate(None, "1.3")).await.unwrap_err().faults[0].pointer, "/rate_set");
    let by = |set: &str| json!({"to": "EUR", "rate_type": "budget", "rate_set": set, "lines": [line("2026-03-01", "GBP", "10")]});
    assert_eq!(euros(&finance, by("2026"), None).await, ["12.0000"]);
    assert_eq!(euros(&finance, by("2026-v2"), None).await, ["12.5000"]);
    assert_eq!(euros(&finance, by("2025"), None).await, ["none"]);
});

scenario!(what_is_no_rate_is_refused_at_its_place(world) {
    let finance = world.client(Who::Finance);
    let place = async |document: &str| {
        let refused = finance.import_rates(json!({"document": document})).await.unwrap_err();
        (refused.faults[0].code.clone(), refused.faults[0].detail.split(':').next().unwrap().to_owned())
    };
    for (document, line) in [("USD,GBP\n", "line 1"), ("Date,USD\n2016-06-24,1.1\n24.6.2016,1.1\n", "line 3"),
        ("Date,USD\n2016-06-24,1.1,99\n", "line 2"), ("Date,USD\n2016-06-24,-1\n", "line 2"), ("Date,USD\n2016-06-24,NaN\n", "line 2"), ("Date,USD\n2016-06-24,0\n", "line 2")] {
        assert_eq!(place(document).await, ("BAD_RATES".to_owned(), line.to_owned()), "{document}");
    }
    assert_eq!(finance.list_all("exchange_rate", json!({})).await.unwrap(), Vec::<Value>::new(), "nothing of them");
    let body = |rate: &str| json!({"rate_type": "spot", "base_currency": "EUR", "quote_currency": "GBP",
        "effective_on": "2026-01-01", "rate": rate});
    for rate in ["0", "-1", "1e3", "12345678", "1.1234567890123", "NaN"] {
        let refused = finance.create("exchange_rate", body(rate)).await.unwrap_err();
        assert_eq!((refused.faults[0].pointer.as_str(), refused.faults[0].code.as_str()), ("/rate", "BAD_RATE"), "{rate}");
    }
    let mut same = body("1");
    same["quote_currency"] = json!("EUR");
    assert_eq!(finance.create("exchange_rate", same).await.unwrap_err().faults[0].pointer, "/quote_currency");
    let nothing = |more: Value| {
        let mut import = json!({"document": "Date,USD\n2016-06-24,1.1\n"});
        import.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        import
    };
    for (more, place) in [
        (json!({"from": "2016-06-25", "until": "2016-06-24"}), ("/until", "OUT_OF_ORDER")),
        (json!({"currencies": ["USD", "GBP"]}), ("/currencies/1", "DOES_NOT_FIT")),
    ] {
        assert_eq!(finance.import_rates(nothing(more)).await.unwrap_err().places(), [place]);
    }
    for who in [Who::Director, Who::ProgramManager, Who::Integration, Who::Vendor, Who::Auditor, Who::Admin] {
        for import in [json!({"document": JUNE}), nothing(json!({"from": "2016-06-25"}))] {
            let refused = world.client(who).import_rates(import).await.unwrap_err();
            assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
        }
    }
    let refused = world.client(Who::Vendor).convert(pounds("2016-06-01"), None).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let wish = json!({"to": "EUR", "rate_type": "period_end", "lines": []});
    assert_eq!(finance.convert(wish, None).await.unwrap_err().faults[0].pointer, "/period_ends_on");
});

//! Lists: filter, order, pages, fields, totals.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, World, scenario};

/// Five risks whose titles are the letters a to e, and what the filters below tell apart.
async fn letters(world: &World) -> Client {
    let director = world.client(Who::Director);
    let risk = |title: &str, rest: Value| {
        let mut body = json!({"program_id": world.program, "title": title, "kind": "threat"});
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        json!({"create": body})
    };
    let euros = |amount: &str| json!({"amount": amount, "currency": "EUR"});
    let items = json!([
        risk("a", json!({"probability": 0.1, "cost_likely": euros("100"), "labels": {"area": "north"}})),
        risk("b", json!({"probability": 0.3, "cost_likely": euros("200.5"), "category": "Weather"})),
        risk("c", json!({"kind": "opportunity", "exposure_from_on": "2026-03-01", "schedule_impact_days": -5})),
        risk("d", json!({"probability": 0.3, "owner_id": world.id(Who::Finance), "category": "100% \"x\" _"})),
        risk("e", json!({"program_id": world.other_program, "labels": {"area": "south"}, "category": "weather"})),
    ]);
    director.batch("risk", json!({"items": items})).await.unwrap();
    director
}

async fn titles(caller: &Client, args: Value) -> String {
    caller.list_all("risk", args).await.unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

scenario!(every_operator_filters(world) {
    let director = letters(&world).await;
    let owner = world.id(Who::Finance);
    let cases = [
        ("title = \"b\"", "b"),
        ("title != 'b'", "acde"),
        ("title < 'c'", "ab"),
        ("title <= 'c'", "abc"),
        ("title > 'c'", "de"),
        ("title >= 'c'", "cde"),
        ("title in ('a', 'e', 'z')", "ae"),
        ("category: 'weather'", "be"),
        ("category = 'weather'", "e"),
        ("category: '100%'", "d"),
        ("category: '_'", "d"),
        ("category: '\"x\"'", "d"),
        ("probability = null", "ce"),
        ("probability != null", "abd"),
        ("probability = 0.3", "bd"),
        ("probability != 0.3", "ace"),
        ("probability >= 0.1 and probability < 0.3", "a"),
        ("not probability = 0.3", "ace"),
        ("not (title = 'a' or title = 'b') and kind = 'threat'", "de"),
        ("title = 'a' or title = 'b' and probability = 0.1", "a"),
        ("kind in ('opportunity')", "c"),
        ("cost_likely.amount > 100 and cost_likely.currency = 'EUR'", "b"),
        ("cost_likely.amount <= 200.5", "ab"),
        ("labels.area = 'north'", "a"),
        ("labels.area != 'north'", "bcde"),
        ("labels.area = null", "bcd"),
        ("schedule_impact_days = -5", "c"),
        ("exposure_from_on >= '2026-03-01'", "c"),
        ("exposure_from_on > '2026-03-01'", ""),
        ("created_at > '2020-01-01T00:00:00Z' and deleted_at = null", "abcde"),
        (&format!("owner_id = '{owner}'"), "d"),
        (&format!("program_id = '{}'", world.other_program), "e"),
    ];
    for (filter, expected) in cases {
        let args = json!({"filter": filter, "order_by": "title", "page_size": 2});
        assert_eq!(titles(&director, args).await, expected, "{filter}");
    }
});

scenario!(filters_that_make_no_sense(world) {
    let director = world.client(Who::Director);
    for filter in ["titel = 'a'", "title =", "title = 5", "kind = 'thread'", "(title = 'a'", "cause = 'x'", "probability: 1"] {
        let refused = director.list("risk", json!({"filter": filter})).await.unwrap_err();
        assert_eq!((refused.code.as_str(), refused.faults[0].pointer.as_str()), ("INVALID_ARGUMENT", "?filter"), "{filter}");
    }
    let refused = director.list("risk", json!({"filter": "titel = 'a'"})).await.unwrap_err();
    assert!(refused.detail.contains("did you mean title"), "{refused}");
    let args = json!({"filter": "titel = 'a'", "order_by": "nothing"});
    let refused = director.list("risk", args).await.unwrap_err();
    let mut pointers: Vec<&str> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(director.list("risk", json!({"page_size": 1001})).await.unwrap_err().places(), [("?page_size", "OUT_OF_RANGE")]);
    assert_eq!(pointers, ["?filter", "?order_by"], "all faults at once");
});

scenario!(order_has_a_place_for_nothing(world) {
    let director = letters(&world).await;
    let cases = [
        ("probability, title", "abdce"),
        ("probability desc, title", "bdace"),
        ("probability desc, title desc", "dbaec"),
        ("title desc", "edcba"),
        ("kind desc, cost_likely.amount desc, title", "badec"),
    ];
    for (order, expected) in cases {
        for page_size in [1, 2, 3, 50] {
            let args = json!({"order_by": order, "page_size": page_size});
            assert_eq!(titles(&director, args).await, expected, "{order}, {page_size} a page");
        }
    }
});

scenario!(pages_lose_nothing_while_others_write(world) {
    let director = world.client(Who::Director);
    let create = |title: String| json!({"create": {"program_id": world.program, "title": title, "kind": "threat"}});
    let items: Vec<Value> = (0..40).map(|n| create(format!("{:02}", n * 2))).collect();
    director.batch("risk", json!({"items": items})).await.unwrap();
    let writer = async {
        for n in 0..40 {
            let body = json!({"program_id": world.program, "title": format!("{:02}", n * 2 + 1), "kind": "threat"});
            director.create("risk", body).await.unwrap();
        }
    };
    let reader = async { titles(&director, json!({"order_by": "title", "page_size": 3})).await };
    let ((), seen) = futures::join!(writer, reader);
    let seen: Vec<&str> = seen.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap()).collect();
    assert!(seen.windows(2).all(|two| two[0] < two[1]), "in order and none twice: {seen:?}");
    for n in 0..40 {
        assert!(seen.contains(&format!("{:02}", n * 2).as_str()), "{n}");
    }
});

scenario!(a_page_token_belongs_to_its_arguments(world) {
    let director = letters(&world).await;
    let args = json!({"filter": "kind = 'threat'", "order_by": "title", "page_size": 2});
    let first = director.list("risk", args.clone()).await.unwrap();
    let token = first.text("next_page_token").to_owned();
    let with = |change: Value| {
        let mut args = args.clone();
        args["page_token"] = json!(token);
        args.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        args
    };
    let second = director.list("risk", with(json!({"page_size": 50}))).await.unwrap();
    assert_eq!(second.each("title"), ["d", "e"], "the size may change");
    for change in [
        json!({"filter": "kind = 'opportunity'"}),
        json!({"order_by": "title desc"}),
        json!({"show_deleted": true}),
        json!({"page_token": format!("{token}x")}),
        json!({"page_token": "AAAA"}),
    ] {
        let refused = director.list("risk", with(change.clone())).await.unwrap_err();
        assert_eq!(refused.code, "INVALID_PAGE_TOKEN", "{change}: {refused}");
    }
    let foreign = world.client(Who::Stranger).list("risk", with(json!({}))).await.unwrap_err();
    assert_eq!(foreign.code, "INVALID_PAGE_TOKEN");
    let other = json!({"page_token": token, "filter": "kind = 'threat'", "order_by": "name"});
    assert_eq!(director.list("project", other).await.unwrap_err().status, 400);
});

scenario!(fields_totals_and_the_deleted(world) {
    let director = letters(&world).await;
    let page = director.fields("title, kind").list("risk", json!({"order_by": "title", "page_size": 1})).await.unwrap();
    let names: Vec<&String> = page.items()[0].as_object().unwrap().keys().collect();
    assert_eq!(names, ["id", "kind", "title"]);
    assert!(page["total"].is_null(), "no total unless asked for");
    let id = page.items()[0]["id"].as_str().unwrap();
    let one = director.fields("category").get("risk", id).await.unwrap();
    assert_eq!(one.json, json!({"id": id}));
    let refused = director.fields("titel,cause").get("risk", id).await.unwrap_err();
    assert_eq!(refused.places(), [("?fields", "UNKNOWN_FIELD")]);
    director.delete("risk", id).await.unwrap();
    let counted = async |args: Value| director.list("risk", args).await.unwrap()["total"].clone();
    assert_eq!(counted(json!({"include_total": true, "page_size": 1})).await, "4");
    assert_eq!(counted(json!({"include_total": true, "show_deleted": true})).await, "5");
    assert_eq!(counted(json!({"include_total": true, "filter": "kind = 'opportunity'"})).await, "1");
    let gone = json!({"filter": "deleted_at != null", "show_deleted": true});
    assert_eq!(titles(&director, gone).await, "a");
});

//! Preconditions: nobody overwrites what they have not seen.

use serde_json::json;
use steerco_tests::{Door, Who, scenario};

scenario!(a_stale_etag_is_told_what_changed(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let read = director.get("risk", &risk).await.unwrap().etag.unwrap();
    let now = director.if_match(&read).update("risk", &risk, json!({"title": "Fire"})).await.unwrap().etag.unwrap();
    director.update("risk", &risk, json!({"category": "Weather"})).await.unwrap();
    let current = director.get("risk", &risk).await.unwrap();
    for stale in [&read, &now] {
        let refused = director.if_match(stale).update("risk", &risk, json!({"title": "Storm"})).await.unwrap_err();
        assert_eq!((refused.code.as_str(), &refused.etag), ("ETAG_MISMATCH", &current.etag));
        assert!(refused.detail.contains("category"), "what changed is named: {refused}");
        assert_eq!(refused.detail.contains("title"), *stale == read, "{refused}");
    }
    assert_eq!(director.if_match(&read).delete("risk", &risk).await.unwrap_err().status, 412);
    assert_eq!(director.if_match("nonsense").act("risk", &risk, "close", json!({})).await.unwrap_err().status, 412);
    assert_eq!(director.get("risk", &risk).await.unwrap().json, current.json, "nothing was changed");
    let etag = current.etag.unwrap();
    assert_eq!(director.if_match(&etag).act("risk", &risk, "close", json!({})).await.unwrap()["state"], "closed");
});

scenario!(an_etag_that_nothing_is_compared_with_is_refused(world) {
    let director = world.client(Who::Director);
    let (risk, caller) = (world.risk("Flood").await, director.if_match("nonsense"));
    let body = json!({"program_id": world.program, "title": "Fire", "kind": "threat"});
    let item = json!({"update": {"id": risk, "patch": {"title": "Fire"}}});
    for refused in [
        caller.create("risk", body).await.map(|_| ()),
        caller.batch("risk", json!({"items": [item]})).await.map(|_| ()),
        caller.import_rates(json!({"document": "Date,USD\n2026-01-03,1.1\n"})).await.map(|_| ()),
        caller.import_rates(json!({"document": "Date,USD\n2026-01-03,N/A\n"})).await.map(|_| ()),
    ] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused.places()[..], [("If-Match" | "/If-Match", "DOES_NOT_FIT")]), "{refused}");
    }
    assert_eq!(director.list("risk", json!({})).await.unwrap().items().len(), 1);
    assert_eq!(director.get("risk", &risk).await.unwrap()["title"], "Flood");
});

scenario!(what_is_fixed_may_be_repeated_and_not_changed(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let kind = director.get("risk", &risk).await.unwrap()["kind"].clone();
    let other = if kind == "threat" { "opportunity" } else { "threat" };
    let refused = director.update("risk", &risk, json!({"kind": other, "title": "Fire"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/kind", "IMMUTABLE")], "{refused}");
    let done = director.update("risk", &risk, json!({"kind": kind, "title": "Fire"})).await.unwrap();
    assert_eq!((&done["title"], &done["kind"]), (&json!("Fire"), &kind));
});

scenario!(two_writers_with_one_etag(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let etag = director.get("risk", &risk).await.unwrap().etag.unwrap();
    let writes = (0..8).map(|n| {
        let caller = director.if_match(&etag);
        let risk = &risk;
        async move { caller.update("risk", risk, json!({"title": format!("Writer {n}")})).await }
    });
    let answers = futures::future::join_all(writes).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|refused| refused.status == 412));
    assert_eq!(director.revisions("risk", &risk, json!({})).await.unwrap().items().len(), 2);
});

scenario!(what_the_caller_holds_is_not_sent(world) {
    let director = world.client(Who::Director).through(Door::Rest);
    let risk = world.risk("Flood").await;
    let etag = director.get("risk", &risk).await.unwrap().etag.unwrap();
    let held = director.if_none_match(&etag).get("risk", &risk).await.unwrap();
    assert_eq!((held.status, held.json.is_null(), held.etag.as_ref()), (Some(304), true, Some(&etag)));
    director.update("risk", &risk, json!({"title": "Fire"})).await.unwrap();
    let sent = director.if_none_match(&etag).get("risk", &risk).await.unwrap();
    assert_eq!((sent.status, &sent["title"]), (Some(200), &json!("Fire")));
});

//! What time does to reviews: working days of the contract, what stops them, and silence.

use serde_json::{Value, json};
use steerco_service::clock::Clock;
use steerco_tests::{Client, Setup, Who, World, scenario};

use crate::all::partners::milestone_update::{Deal, act, row};

/// A world whose time only moves when asked, from a Wednesday noon in Vienna.
async fn wednesday(shared: &World) -> Option<World> {
    let start = steerco_domain::time::Instant::parse("2026-11-25T11:00:00Z").unwrap();
    let setup = Setup { clock: Clock::fixed(start, 7), ..Setup::default() };
    World::alone(shared.door, shared.server.engine, setup).await
}

/// Lets hours pass, and what has come due happen.
async fn pass(world: &World, hours: i64) {
    world.server.service.clock().advance(hours * 3_600_000_000);
    world.server.service.run_deadlines().await.unwrap();
}

/// What a caller hears of events of a type. Of its own rights it hears whatever it asks for.
async fn told(caller: &Client, event_type: &str) -> Vec<Value> {
    let mut events = caller.all_events(json!({"event_types": [event_type]})).await;
    events.retain(|event| event["operation"] == event_type);
    events
}

scenario!(silence_is_acceptance_where_the_contract_says_so(shared) {
    let Some(world) = wednesday(&shared).await else { return };
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let terms = json!({"review_deadline_days": 3, "deemed_acceptance": true, "reviewer_id": world.id(Who::ProgramManager),
        "review_delegate_id": world.id(Who::Director)});
    let deal = Deal::strike(&world, terms, json!({})).await;
    let claim = deal.claim(&vendor, json!({"percent": 1})).await.unwrap();
    let id = claim["review_id"].as_str().unwrap().to_owned();
    let review = async || director.get("review", &id).await.unwrap();
    // Thursday, Friday, Monday.
    assert_eq!((&review().await["due_on"], &review().await["due_at"]),
        (&json!("2026-11-30"), &json!("2026-11-30T23:00:00.000000Z")), "the end of Monday in Vienna");
    pass(&world, 24).await;
    assert!(review().await["warned_at"].is_null(), "Thursday");
    let seen = vendor.all_events(json!({})).await.len();
    pass(&world, 24).await;
    let warned = review().await;
    assert!(warned["warned_at"].is_string(), "Friday, the working day before the last");
    assert_eq!(vendor.all_events(json!({})).await.len(), seen, "the partner is not warned");
    let events = told(&director, "review.warn").await;
    assert_eq!((events.len(), &events[0]["resource_id"]), (1, &json!(id)), "{events:?}");
    let (after, manager) = (&events[0]["after"], world.id(Who::ProgramManager));
    assert_eq!((&after["reviewer_id"], &after["delegate_id"]), (&json!(manager), &json!(world.id(Who::Director))));
    assert_eq!(told(&vendor, "review.warn").await.len(), 0);
    for name in ["reviewer_id", "delegate_id"] {
        let who = if name == "reviewer_id" { manager } else { world.id(Who::Director) };
        let mine = json!({"filter": format!("warned_at != null and {name} = \"{who}\""), "include_total": true});
        assert_eq!(director.list("review", mine).await.unwrap()["total"], "1", "{name}");
    }
    // A question stops the time over the weekend.
    act(&director, &claim, "query", json!({"query": "which roof?"})).await.unwrap();
    assert_eq!((&review().await["clock"], &review().await["days_left"]), (&json!("stopped"), &json!(1)));
    pass(&world, 5 * 24).await;
    assert_eq!(review().await["state"], "queried", "Wednesday");
    act(&vendor, &claim, "answer_query", json!({"answer": "the north one"})).await.unwrap();
    assert_eq!(review().await["due_on"], "2026-12-03");
    // So does a suspension.
    director.act("engagement", &deal.engagement, "suspend", json!({"reason": "the site is closed"})).await.unwrap();
    assert_eq!((&review().await["clock"], &review().await["days_left"]), (&json!("stopped"), &json!(1)));
    pass(&world, 7 * 24).await;
    director.act("engagement", &deal.engagement, "activate", json!({})).await.unwrap();
    assert_eq!((&review().await["clock"], &review().await["due_on"]), (&json!("running"), &json!("2026-12-10")));
    pass(&world, 35).await;
    assert_eq!(review().await["state"], "open", "the last hour of the last day");
    assert_eq!(deal.payables(&vendor).await.len(), 0);
    // Whenever the job runs, the fact is of the deadline.
    pass(&world, 100).await;
    let deemed = review().await;
    assert_eq!((&deemed["state"], &deemed["deemed"], &deemed["accepted_on"]), (&json!("accepted"), &json!(true), &json!("2026-12-10")));
    assert!(deemed["decided_by"].is_null());
    let events = told(&vendor, "review.deem").await;
    assert_eq!((events.len(), &events[0]["resource_id"]), (1, &json!(id)));
    let fact = deal.fact(&vendor).await;
    assert_eq!((&fact["accepted_on"], fact["accepted_percent"].as_f64()), (&json!("2026-12-10"), Some(1.0)));
    assert_eq!(deal.fact(&director).await["effective_at"], "2026-12-10T23:00:00.000000Z");
    assert_eq!(deal.payables(&vendor).await, [row("100000.0000", "0.0000", "100000.0000", "held")], "payment waits");
    let payable = finance.list("payable", json!({"filter": "state = \"held\""})).await.unwrap();
    let payable = payable.each("id")[0].to_owned();
    let refused = vendor.act("payable", &payable, "release", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let released = finance.act("payable", &payable, "release", json!({})).await.unwrap();
    assert_eq!((&released["state"], &released["released_by"]), (&json!("payable"), &json!(world.id(Who::Finance))));
    pass(&world, 24).await;
    assert_eq!(review().await["revision"], deemed["revision"], "once");
    world.verify().await;
});

scenario!(without_the_clause_silence_is_silence(shared) {
    let Some(world) = wednesday(&shared).await else { return };
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"review_deadline_days": 1}), json!({})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    pass(&world, 30 * 24).await;
    let review = director.get("review", claim["review_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&review["state"], review["warned_at"].is_string()), (&json!("open"), true));
    // A dispute of what is still open stops the time until it is answered.
    act(&vendor, &claim, "dispute", json!({"reason": "it takes too long"})).await.unwrap();
    let stopped = director.get("review", review.id()).await.unwrap();
    assert_eq!((&stopped["clock"], &stopped["due_on"]), (&json!("stopped"), &Value::Null));
    act(&director, &claim, "answer_dispute", json!({"answer": "we are sorry"})).await.unwrap();
    let running = director.get("review", review.id()).await.unwrap();
    assert_eq!((&running["clock"], running["due_on"].is_string()), (&json!("running"), true));
    act(&director, &claim, "accept", json!({})).await.unwrap();
    // A suspended partner sees nothing, and its open stream ends.
    director.act("partner", &world.partner, "suspend", json!({})).await.unwrap();
    assert!(vendor.get("milestone", &deal.milestone).await.is_err());
});

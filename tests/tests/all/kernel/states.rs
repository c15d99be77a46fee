//! State machines over the wire: every move there is, and every one there is not.

use serde_json::{Value, json};
use steerco_tests::{Client, Who, scenario};

/// A verb, the state it leads to, and the body it needs.
type Move = (&'static str, &'static str, Value);

/// Walks every path to a state and tries every verb there.
async fn walk(
    caller: &Client,
    kind: &str,
    member: &str,
    moves: &[Move],
    ways: &[(&str, &[&str], &[&str])],
    make: impl AsyncFn(usize) -> String,
) {
    let mut count = 0;
    for (state, way, next) in ways {
        for (verb, to, body) in moves {
            count += 1;
            let id = make(count).await;
            for step in *way {
                let (verb, _, body) = moves.iter().find(|(verb, ..)| verb == step).unwrap();
                caller.act(kind, &id, verb, body.clone()).await.unwrap();
            }
            let before = caller.get(kind, &id).await.unwrap();
            assert_eq!(before[member], *state);
            let done = caller.act(kind, &id, verb, body.clone()).await;
            if next.contains(to) {
                assert_eq!(done.unwrap()[member], *to, "{kind}: {verb} when {state}");
            } else {
                let refused = done.unwrap_err();
                assert_eq!(refused.code, "WRONG_STATE", "{kind}: {verb} when {state}: {refused}");
                assert_eq!(caller.get(kind, &id).await.unwrap().json, before.json, "a refusal changes nothing");
            }
        }
    }
}

const WORK: &[(&str, &[&str], &[&str])] = &[
    ("planned", &[], &["active", "on_hold", "cancelled"]),
    ("active", &["activate"], &["on_hold", "completed", "cancelled"]),
    ("on_hold", &["hold"], &["active", "cancelled"]),
    ("completed", &["activate", "complete"], &[]),
    ("cancelled", &["cancel"], &[]),
];

fn work() -> [Move; 4] {
    [
        ("activate", "active", json!({})),
        ("hold", "on_hold", json!({})),
        ("complete", "completed", json!({})),
        ("cancel", "cancelled", json!({})),
    ]
}

scenario!(of_a_program(world) {
    let director = world.client(Who::Director);
    let make = async |n: usize| {
        let body = json!({"portfolio_id": world.portfolio, "code": format!("p{n}"), "name": "P", "currency": "EUR"});
        director.create("program", body).await.unwrap().id().to_owned()
    };
    walk(&director, "program", "status", &work(), WORK, make).await;
});

scenario!(of_a_project(world) {
    let make = async |n: usize| world.project(&format!("p{n}")).await;
    walk(&world.client(Who::Director), "project", "status", &work(), WORK, make).await;
});

scenario!(of_a_risk(world) {
    let moves = [
        ("assess", "assessed", json!({"probability": 0.5})),
        ("respond", "responding", json!({"response": "mitigate"})),
        ("close", "closed", json!({})),
        ("materialise", "materialised", json!({"realised_cost": {"amount": "5.0000", "currency": "EUR"}})),
        ("expire", "expired", json!({})),
    ];
    let ways: &[(&str, &[&str], &[&str])] = &[
        ("identified", &[], &["assessed", "closed", "materialised", "expired"]),
        ("assessed", &["assess"], &["responding", "closed", "materialised", "expired"]),
        ("responding", &["assess", "respond"], &["assessed", "closed", "materialised", "expired"]),
        ("closed", &["close"], &[]),
        ("materialised", &["materialise"], &[]),
        ("expired", &["expire"], &[]),
    ];
    let make = async |n: usize| world.risk(&format!("Risk {n}")).await;
    let director = world.client(Who::Director);
    // An assessed risk that is assessed the same again is as it was, which is no refusal.
    let risk = make(0).await;
    let body = json!({"probability": 0.5});
    director.act("risk", &risk, "assess", body.clone()).await.unwrap();
    assert_eq!(director.act("risk", &risk, "assess", body).await.unwrap().did(), "unchanged");
    let mut ways = ways.to_vec();
    ways[1].2 = &["assessed", "responding", "closed", "materialised", "expired"];
    walk(&director, "risk", "state", &moves, &ways, make).await;
});

const ACCOUNT: &[(&str, &[&str], &[&str])] = &[("active", &[], &["disabled"]), ("disabled", &["disable"], &["active"])];

fn account() -> [Move; 2] {
    [("disable", "disabled", json!({})), ("enable", "active", json!({}))]
}

scenario!(of_a_person(world) {
    let admin = world.client(Who::Admin);
    let make = async |n: usize| {
        admin.create("person", json!({"name": format!("P{n}")})).await.unwrap().id().to_owned()
    };
    let moves = [&account()[..], &[("erase", "erased", json!({}))]].concat();
    let ways: &[(&str, &[&str], &[&str])] = &[
        ("active", &[], &["disabled", "erased"]),
        ("disabled", &["disable"], &["active", "erased"]),
        ("erased", &["erase"], &[]),
    ];
    walk(&admin, "person", "state", &moves, ways, make).await;
});

scenario!(of_a_principal(world) {
    let admin = world.client(Who::Admin);
    let make = async |n: usize| {
        let body = json!({"person_id": world.id(Who::Finance), "issuer": "https://id", "subject": format!("s{n}")});
        admin.create("principal", body).await.unwrap().id().to_owned()
    };
    walk(&admin, "principal", "state", &account(), ACCOUNT, make).await;
});

scenario!(of_a_service_account(world) {
    let admin = world.client(Who::Admin);
    let make = async |n: usize| {
        admin.create("service_account", json!({"name": format!("A{n}")})).await.unwrap().id().to_owned()
    };
    walk(&admin, "service_account", "state", &account(), ACCOUNT, make).await;
});

scenario!(of_a_parent_with_children(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let refused = director.delete("program", &world.program).await.unwrap_err();
    assert_eq!(refused.code, "HAS_CHILDREN", "{refused}");
    assert_eq!(director.delete("portfolio", &world.portfolio).await.unwrap_err().code, "HAS_CHILDREN");
    director.delete("risk", &risk).await.unwrap();
    let elsewhere = json!({"program_ids": [world.other_program]});
    director.update("engagement", &world.engagement, elsewhere).await.unwrap();
    assert_eq!(director.delete("program", &world.program).await.unwrap().did(), "deleted");
    let orphan = director.undelete("risk", &risk).await.unwrap_err();
    assert_eq!(orphan.places(), [("/program_id", "NOT_FOUND")]);
    let late = json!({"program_id": world.program, "title": "Late", "kind": "threat"});
    assert_eq!(director.create("risk", late).await.unwrap_err().places(), [("/program_id", "NOT_FOUND")]);
});

scenario!(of_a_code_that_is_taken(world) {
    let director = world.client(Who::Director);
    let body = |code: &str| json!({"program_id": world.program, "code": code, "name": "x"});
    let first = director.create("project", body("gym")).await.unwrap();
    let refused = director.create("project", body("gym")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("ALREADY_EXISTS", vec![("/code", "ALREADY_EXISTS")]));
    director.delete("project", first.id()).await.unwrap();
    let second = director.create("project", body("gym")).await.unwrap();
    assert_eq!(director.undelete("project", first.id()).await.unwrap_err().code, "ALREADY_EXISTS");
    director.update("project", second.id(), json!({"code": "hall"})).await.unwrap();
    assert_eq!(director.undelete("project", first.id()).await.unwrap().did(), "undeleted");
});

scenario!(of_a_partner(world) {
    let director = world.client(Who::Director);
    let make = async |_: usize| world.new_partner("Acme").await;
    let states: &[(&str, &[&str], &[&str])] = &[
        ("active", &[], &["suspended", "ended"]),
        ("suspended", &["suspend"], &["active", "ended"]),
        ("ended", &["end"], &[]),
    ];
    let moves = [
        ("suspend", "suspended", json!({})),
        ("resume", "active", json!({})),
        ("end", "ended", json!({})),
    ];
    walk(&director, "partner", "state", &moves, states, make).await;
});

scenario!(of_an_engagement(world) {
    let director = world.client(Who::Director);
    let make = async |_: usize| world.new_draft(&world.partner).await;
    let states: &[(&str, &[&str], &[&str])] = &[
        ("draft", &[], &["active"]),
        ("active", &["activate"], &["suspended", "completed", "terminated"]),
        ("suspended", &["activate", "suspend"], &["active", "completed", "terminated"]),
        ("completed", &["activate", "complete"], &[]),
        ("terminated", &["activate", "terminate"], &[]),
    ];
    let reason = json!({"reason": "by agreement"});
    let moves = [
        ("activate", "active", json!({})),
        ("suspend", "suspended", reason.clone()),
        ("complete", "completed", json!({})),
        ("terminate", "terminated", reason),
    ];
    walk(&director, "engagement", "state", &moves, states, make).await;
});

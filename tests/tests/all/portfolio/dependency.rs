//! Dependencies over all programs: no cycle gets in, however it is tried.

use futures::future::join_all;
use serde_json::{Value, json};
use steerco_tests::{Client, Reply, Who, World, scenario};

async fn deliverable(world: &World, program: &str) -> String {
    let body = json!({"program_id": program, "title": "Node"});
    world.client(Who::Director).create("deliverable", body).await.unwrap().id().to_owned()
}

async fn nodes(world: &World, count: usize) -> Vec<String> {
    let mut nodes = Vec::new();
    for n in 0..count {
        nodes.push(deliverable(world, if n % 2 == 0 { &world.program } else { &world.other_program }).await);
    }
    nodes
}

fn edge(from: &str, to: &str) -> Value {
    json!({"predecessor_id": from, "successor_id": to})
}

async fn join(caller: &Client, from: &str, to: &str) -> Reply {
    caller.create("dependency", edge(from, to)).await
}

scenario!(a_cycle_is_refused_and_told(world) {
    let director = world.client(Who::Director);
    let n = nodes(&world, 4).await;
    let activity = crate::all::kernel::bodies::make(&world, "activity").await;
    let first = join(&director, &n[0], &n[1]).await.unwrap();
    assert_eq!(first["predecessor_program_id"], json!(world.program));
    assert_eq!(first["successor_program_id"], json!(world.other_program));
    join(&director, &n[1], &activity).await.unwrap();
    join(&director, &activity, &n[2]).await.unwrap();
    // A detour that is not the shortest.
    join(&director, &n[1], &n[3]).await.unwrap();
    let refused = join(&director, &n[2], &n[0]).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("CYCLE", 409));
    let members: Vec<&str> =
        refused.faults.iter().filter(|f| f.code == "CYCLE_MEMBER").map(|f| f.detail.as_str()).collect();
    assert_eq!(members, [n[2].as_str(), &n[0], &n[1], &activity]);
    let way = [n[2].as_str(), &n[0], &n[1], &activity, &n[2]].join(" → ");
    assert!(refused.detail.contains(&way), "{refused}");
    let refused = join(&director, &n[0], &n[0]).await.unwrap_err();
    assert_eq!(refused.places(), [("/successor_id", "CYCLE")]);
    world.verify().await;
});

scenario!(a_batch_closes_no_cycle_either(world) {
    let director = world.client(Who::Director);
    let n = nodes(&world, 3).await;
    let items = json!([
        {"create": edge(&n[0], &n[1])}, {"create": edge(&n[1], &n[2])}, {"create": edge(&n[2], &n[0])},
    ]);
    let refused = director.batch("dependency", json!({"items": items})).await.unwrap_err();
    assert_eq!(refused.code, "CYCLE", "{refused}");
    assert!(refused.faults[0].pointer.ends_with("/successor_id"), "{refused}");
    assert!(refused.faults[0].pointer.starts_with("/items/2/"), "{refused}");
    assert!(director.list("dependency", json!({})).await.unwrap().items().is_empty());
    let partly = director.batch("dependency", json!({"items": items, "partial": true})).await.unwrap();
    let outcome: Vec<bool> = partly.items().iter().map(|item| item["outcome"] == "created").collect();
    assert_eq!(outcome, [true, true, false]);
});

scenario!(of_edges_that_come_at_once_some_are_refused(world) {
    let director = world.client(Who::Director);
    for _ in 0..5 {
        let n = nodes(&world, 4).await;
        let ring = (0..n.len()).map(|i| join(&director, &n[i], &n[(i + 1) % n.len()]));
        let replies = join_all(ring).await;
        let refused: Vec<_> = replies.into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1, "one edge of a ring of four is left out: {refused:?}");
        assert_eq!(refused[0].code, "CYCLE");
    }
    world.verify().await;
});

scenario!(a_dropped_dependency_binds_nothing(world) {
    let director = world.client(Who::Director);
    let n = nodes(&world, 2).await;
    let there = join(&director, &n[0], &n[1]).await.unwrap();
    assert_eq!(there["state"], "proposed");
    join(&director, &n[1], &n[0]).await.unwrap_err();
    director.act("dependency", there.id(), "drop", json!({})).await.unwrap();
    let back = join(&director, &n[1], &n[0]).await.unwrap();
    let refused = director.act("dependency", there.id(), "reopen", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "CYCLE");
    director.delete("dependency", back.id()).await.unwrap();
    director.act("dependency", there.id(), "reopen", json!({})).await.unwrap();
    assert_eq!(director.undelete("dependency", back.id()).await.unwrap_err().code, "CYCLE");
    let agreed = director.act("dependency", there.id(), "agree", json!({})).await.unwrap();
    assert_eq!(agreed["state"], "agreed");
    assert_eq!(director.act("dependency", there.id(), "meet", json!({})).await.unwrap()["state"], "met");
    let refused = director.act("dependency", there.id(), "drop", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "WRONG_STATE");
});

scenario!(the_ends_of_a_dependency_stay(world) {
    let director = world.client(Who::Director);
    let n = nodes(&world, 2).await;
    let there = join(&director, &n[0], &n[1]).await.unwrap();
    for end in &n {
        assert_eq!(director.delete("deliverable", end).await.unwrap_err().code, "HAS_CHILDREN");
    }
    director.delete("dependency", there.id()).await.unwrap();
    director.delete("deliverable", &n[0]).await.unwrap();
    let refused = director.undelete("dependency", there.id()).await.unwrap_err();
    assert_eq!(refused.places(), [("/predecessor_id", "NOT_FOUND")]);
    let refused = join(&director, &n[0], &n[1]).await.unwrap_err();
    assert_eq!(refused.places(), [("/predecessor_id", "NOT_FOUND")]);
    let refused = join(&director, &world.program, &n[1]).await.unwrap_err();
    assert_eq!(refused.places(), [("/predecessor_id", "BAD_ID")]);
    assert!(refused.detail.contains("dlv_") && refused.detail.contains("act_"), "{refused}");
});

scenario!(a_manager_joins_its_program_to_others(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let (mine, theirs) = (deliverable(&world, &world.program).await, deliverable(&world, &world.other_program).await);
    let far = deliverable(&world, &world.other_program).await;
    let made = join(&manager, &theirs, &mine).await.unwrap();
    let hidden = join(&director, &far, &theirs).await.unwrap();
    assert_eq!(manager.list("dependency", json!({})).await.unwrap().each("id"), [made.id()]);
    assert_eq!(manager.get("dependency", hidden.id()).await.unwrap_err().code, "NOT_FOUND");
    let refused = join(&manager, &far, &theirs).await.unwrap_err();
    assert_eq!(refused.places(), [("/predecessor_id", "NOT_FOUND"), ("/successor_id", "NOT_FOUND")]);
    manager.update("dependency", made.id(), json!({"needed_on": "2026-06-01"})).await.unwrap();
    // far → theirs → mine: what lies between is not the manager's to see.
    let refused = join(&manager, &mine, &far).await.unwrap_err();
    assert_eq!(refused.code, "CYCLE");
    assert!(refused.detail.contains("(hidden)") && !refused.detail.contains(&theirs), "{refused}");
    let whole = join(&director, &mine, &far).await.unwrap_err();
    assert!(whole.detail.contains(&theirs), "{whole}");
});

scenario!(both_sides_hear_of_a_dependency(world) {
    let (director, admin) = (world.client(Who::Director), world.client(Who::Admin));
    // One side is the program manager's; the other side's is made here, and so is somebody of a third program.
    let manages = async |name: &str, program: &str| {
        let person = admin.create("person", json!({ "name": name })).await.unwrap().id().to_owned();
        let grant = json!({"person_id": person, "role": "program_manager", "program_id": program});
        admin.create("grant", grant).await.unwrap();
        world.client_of(&person)
    };
    let program = json!({"portfolio_id": world.portfolio, "code": "parks", "name": "Parks", "currency": "EUR"});
    let third = director.create("program", program).await.unwrap().id().to_owned();
    let (mine, theirs) = (world.client(Who::ProgramManager), manages("Other side", &world.other_program).await);
    let stranger = manages("Third side", &third).await;
    let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
    let giver = deliverable(&world, &world.program).await;
    let taker = deliverable(&world, &world.other_program).await;
    let made = join(&director, &giver, &taker).await.unwrap().id().to_owned();
    director.act("dependency", &made, "agree", json!({})).await.unwrap();
    let comment = json!({"subject_id": made, "text": "Steel comes on Monday", "visibility": "internal"});
    director.create("comment", comment).await.unwrap();
    director.delete("dependency", &made).await.unwrap();
    for caller in [&mine, &theirs] {
        let events = caller.all_events(json!({"after": head, "kinds": ["dependency"]})).await;
        let told: Vec<&str> = events.iter().map(|event| event["operation"].as_str().unwrap()).collect();
        assert_eq!(told, ["dependency.create", "dependency.agree", "dependency.delete"]);
        assert_eq!(events[0]["after"]["predecessor_id"], json!(giver));
    }
    for program in [&world.program, &world.other_program] {
        let args = json!({"after": head, "kinds": ["dependency"], "program_ids": [program]});
        assert_eq!(director.all_events(args).await.len(), 3, "a filter by either program finds it");
    }
    let elsewhere = json!({"after": head, "kinds": ["dependency"], "program_ids": [third]});
    assert_eq!(director.all_events(elsewhere).await, Vec::<Value>::new());
    let unseen = stranger.all_events(json!({"after": head, "kinds": ["dependency", "comment"]})).await;
    assert_eq!(unseen, Vec::<Value>::new(), "neither the dependency nor what is said of it");
    let said = theirs.all_events(json!({"after": head, "kinds": ["comment"]})).await;
    assert_eq!(said.len(), 1, "what is said of it is said to who takes");
    world.verify().await;
});

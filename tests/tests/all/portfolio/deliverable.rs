//! Deliverables: what they are accepted by, who accepts, and where they belong.

use serde_json::{Value, json};
use steerco_tests::{Client, Setup, Who, World, scenario};

async fn make(world: &World, more: Value) -> String {
    let mut body = json!({"program_id": world.program, "title": "Roof"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.client(Who::Director).create("deliverable", body).await.unwrap().id().to_owned()
}

async fn acts(caller: &Client, id: &str, verbs: &[&str]) {
    for verb in verbs {
        caller.act("deliverable", id, verb, json!({})).await.unwrap();
    }
}

fn criteria() -> Value {
    json!([
        {"key": "tight", "text": "No water comes in", "evidence_required": "Protocol of the water test"},
        {"key": "quiet", "text": "Rain is not heard inside"},
    ])
}

scenario!(every_move_there_is_and_every_one_there_is_not(world) {
    let (sync, director) = (world.client(Who::Integration), world.client(Who::Director));
    let note = |verb: &str| match verb {
        "accept_with_reservations" => json!({"reservations": "mend the gutter"}),
        "reject" => json!({"reason": "it leaks"}),
        _ => json!({}),
    };
    let ways: [(&str, &[&str], &[&str]); 7] = [
        ("planned", &[], &["start", "cancel"]),
        ("in_progress", &["start"], &["submit", "cancel"]),
        ("submitted", &["start", "submit"], &["judge", "accept", "accept_with_reservations", "reject", "cancel"]),
        ("accepted", &["start", "submit", "accept"], &[]),
        ("accepted_with_reservations", &["start", "submit", "accept_with_reservations"], &["accept"]),
        ("rejected", &["start", "submit", "reject"], &["start", "cancel"]),
        ("cancelled", &["cancel"], &[]),
    ];
    let by = |verb: &str| if matches!(verb, "start" | "submit") { &sync } else { &director };
    for (state, way, next) in ways {
        for verb in ["start", "submit", "judge", "accept", "accept_with_reservations", "reject", "cancel"] {
            let id = make(&world, json!({})).await;
            for step in way {
                by(step).act("deliverable", &id, step, note(step)).await.unwrap();
            }
            let before = director.get("deliverable", &id).await.unwrap();
            assert_eq!(before["state"], state);
            let done = by(verb).act("deliverable", &id, verb, note(verb)).await;
            if next.contains(&verb) {
                done.unwrap_or_else(|refused| panic!("{verb} when {state}: {refused}"));
            } else {
                assert_eq!(done.unwrap_err().code, "WRONG_STATE", "{verb} when {state}");
                assert_eq!(director.get("deliverable", &id).await.unwrap().json, before.json);
            }
        }
    }
});

scenario!(nobody_accepts_what_they_submitted(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let id = make(&world, json!({})).await;
    acts(&director, &id, &["start", "submit"]).await;
    for (verb, body) in [
        ("accept", json!({})),
        ("accept_with_reservations", json!({"reservations": "none"})),
        ("reject", json!({"reason": "none"})),
        ("judge", json!({})),
    ] {
        let refused = director.act("deliverable", &id, verb, body).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{verb}: {refused}");
        assert!(refused.detail.contains("someone other"), "{refused}");
    }
    let accepted = manager.act("deliverable", &id, "accept", json!({})).await.unwrap();
    assert_eq!(accepted["submitted_by"], world.id(Who::Director));
    assert_eq!(accepted["reviewed_by"], world.id(Who::ProgramManager));
    assert!(accepted["reviewed_at"].is_string() && accepted["submitted_at"].is_string());
    let sync = world.client(Who::Integration).act("deliverable", &id, "accept", json!({})).await.unwrap_err();
    assert_eq!(sync.code, "PERMISSION_DENIED");
});

scenario!(a_token_without_a_person_accepts_nothing(world) {
    let admin = world.client(Who::Admin);
    let machine = admin.create("service_account", json!({"name": "Robot"})).await.unwrap().id().to_owned();
    admin.create("grant", json!({"service_account_id": machine, "role": "director"})).await.unwrap();
    let robot = world.client_of(&machine);
    let id = make(&world, json!({})).await;
    acts(&world.client(Who::Integration), &id, &["start", "submit"]).await;
    let refused = robot.act("deliverable", &id, "accept", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    assert!(refused.detail.contains("person"), "{refused}");
    assert_eq!(robot.get("deliverable", &id).await.unwrap()["state"], "submitted");
});

scenario!(a_token_made_by_an_operator_accepts_only_where_it_may(shared) {
    let setup = Setup { operator_tokens_approve: false, ..Setup::default() };
    let world = World::alone(shared.door, shared.server.engine, setup).await.unwrap();
    let id = make(&world, json!({})).await;
    acts(&world.client(Who::Integration), &id, &["start", "submit"]).await;
    let refused = world.client(Who::Director).act("deliverable", &id, "accept", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "{refused}");
});

scenario!(criteria_are_judged_one_by_one(world) {
    let (sync, director) = (world.client(Who::Integration), world.client(Who::Director));
    let id = make(&world, json!({"acceptance_criteria": criteria()})).await;
    acts(&sync, &id, &["start", "submit"]).await;
    let refused = director.act("deliverable", &id, "accept", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "WRONG_STATE");
    assert!(refused.detail.contains("tight, quiet"), "{refused}");
    let unknown = json!({"results": [{"key": "warm", "result": "met"}]});
    let refused = director.act("deliverable", &id, "judge", unknown).await.unwrap_err();
    assert_eq!(refused.places(), [("/results/0/key", "NOT_FOUND")]);
    let tight = json!({"results": [{"key": "tight", "result": "met", "note": "protocol 17"}]});
    let judged = director.act("deliverable", &id, "judge", tight).await.unwrap();
    let row = &judged["acceptance_criteria"][0];
    assert_eq!((&row["result"], &row["note"]), (&json!("met"), &json!("protocol 17")));
    assert_eq!((&row["judged_by"], &row["judged_at"]), (&json!(world.id(Who::Director)), &judged["updated_at"]));
    let loud = json!({"results": [{"key": "quiet", "result": "not_met"}]});
    let refused = director.act("deliverable", &id, "accept", loud.clone()).await.unwrap_err();
    assert!(refused.detail.ends_with("quiet"), "{refused}");
    let mut with = loud;
    with["reservations"] = json!("insulate the roof");
    let accepted = director.act("deliverable", &id, "accept_with_reservations", with).await.unwrap();
    assert_eq!(accepted["review_note"], "insulate the roof");
    assert_eq!(accepted["acceptance_criteria"][1]["result"], "not_met");
    let mended = json!({"results": [{"key": "quiet", "result": "met"}]});
    let accepted = director.act("deliverable", &id, "accept", mended).await.unwrap();
    assert_eq!((&accepted["state"], accepted["review_note"].is_null()), (&json!("accepted"), true));
});

scenario!(what_is_submitted_anew_is_judged_anew(world) {
    let (sync, director) = (world.client(Who::Integration), world.client(Who::Director));
    let id = make(&world, json!({"acceptance_criteria": criteria()})).await;
    acts(&sync, &id, &["start", "submit"]).await;
    let body = json!({"reason": "it leaks", "results": [{"key": "tight", "result": "not_met"}]});
    let rejected = director.act("deliverable", &id, "reject", body).await.unwrap();
    assert_eq!((&rejected["state"], &rejected["review_note"]), (&json!("rejected"), &json!("it leaks")));
    let started = sync.act("deliverable", &id, "start", json!({})).await.unwrap();
    assert_eq!(started["acceptance_criteria"][0]["result"], "not_met", "what was wrong is still to be seen");
    assert!(started["started_at"].as_str() < rejected["submitted_at"].as_str(), "the first start stays");
    let again = sync.act("deliverable", &id, "submit", json!({})).await.unwrap();
    assert!(again["acceptance_criteria"][0]["result"].is_null() && again["review_note"].is_null());
});

scenario!(a_judgement_is_not_the_callers_to_write(world) {
    let (sync, director) = (world.client(Who::Integration), world.client(Who::Director));
    let mut forged = criteria();
    forged[1]["result"] = json!("met");
    let body = json!({"program_id": world.program, "title": "Roof", "acceptance_criteria": forged});
    let refused = director.create("deliverable", body).await.unwrap_err();
    assert_eq!(refused.places(), [("/acceptance_criteria/1/result", "READ_ONLY")]);
    let id = make(&world, json!({"acceptance_criteria": criteria()})).await;
    let twice = json!({"acceptance_criteria": [{"key": "a", "text": "A"}, {"key": "a", "text": "B"}]});
    let refused = director.update("deliverable", &id, twice).await.unwrap_err();
    assert_eq!(refused.places(), [("/acceptance_criteria/1/key", "DUPLICATE")]);
    acts(&sync, &id, &["start", "submit"]).await;
    let judge = json!({"results": [{"key": "tight", "result": "met"}, {"key": "quiet", "result": "not_met"}]});
    let judged = director.act("deliverable", &id, "judge", judge).await.unwrap();
    let same = json!({"acceptance_criteria": criteria()});
    assert_eq!(director.update("deliverable", &id, same.clone()).await.unwrap().did(), "unchanged", "keys keep results");
    let seen = json!({"acceptance_criteria": judged["acceptance_criteria"]});
    assert_eq!(director.update("deliverable", &id, seen).await.unwrap().did(), "unchanged", "what is read may be sent");
    let fewer = json!({"acceptance_criteria": []});
    let refused = director.update("deliverable", &id, fewer.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/acceptance_criteria", "FROZEN")]);
    director.act("deliverable", &id, "reject", json!({"reason": "loud"})).await.unwrap();
    let mut reworded = judged["acceptance_criteria"].clone();
    reworded[1]["text"] = json!("Rain is hardly heard inside");
    let changed = director.update("deliverable", &id, json!({"acceptance_criteria": reworded})).await.unwrap();
    assert_eq!(changed["acceptance_criteria"][0]["result"], "met");
    assert!(changed["acceptance_criteria"][1]["result"].is_null(), "another text was not judged");
    director.update("deliverable", &id, fewer).await.unwrap();
    world.verify().await;
});

scenario!(of_a_project_and_its_program(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let body = json!({"program_id": world.other_program, "project_id": project, "title": "Floor"});
    let refused = director.create("deliverable", body.clone()).await.unwrap_err();
    assert!(refused.faults.iter().any(|fault| fault.code == "DOES_NOT_FIT"), "{refused}");
    let mut fits = body;
    fits.as_object_mut().unwrap().remove("program_id");
    let made = director.create("deliverable", fits).await.unwrap();
    assert_eq!((&made["program_id"], &made["project_id"]), (&json!(world.program), &json!(project)));
    for (field, other) in [("program_id", world.other_program.as_str()), ("project_id", "proj_00000000000000000000000001")] {
        let same = director.update("deliverable", made.id(), json!({field: made[field]})).await.unwrap();
        assert_eq!(same.did(), "unchanged", "what is so already may be said");
        let refused = director.update("deliverable", made.id(), json!({field: other})).await.unwrap_err();
        assert_eq!(refused.faults[0].code, "IMMUTABLE");
    }
    let away = json!({"program_id": world.other_program});
    let refused = director.update("project", &project, away.clone()).await.unwrap_err();
    assert_eq!(refused.code, "HAS_CHILDREN", "{refused}");
    assert_eq!(director.delete("project", &project).await.unwrap_err().code, "HAS_CHILDREN");
    director.delete("deliverable", made.id()).await.unwrap();
    director.update("project", &project, away).await.unwrap();
    let refused = director.undelete("deliverable", made.id()).await.unwrap_err();
    assert!(refused.faults.iter().any(|fault| fault.code == "DOES_NOT_FIT"), "{refused}");
    let lost = director.create("deliverable", json!({"title": "Nowhere"})).await.unwrap_err();
    assert_eq!(lost.places(), [("/program_id", "REQUIRED")]);
});

scenario!(what_was_late_known_of_a_deliverable(world) {
    let director = world.client(Who::Director);
    let body = json!({"program_id": world.program, "title": "Roof", "percent_complete": 0.1});
    let made = director.effective_at("2026-01-01T00:00:00Z").create("deliverable", body).await.unwrap();
    director.update("deliverable", made.id(), json!({"percent_complete": 0.9})).await.unwrap();
    let late = json!({"percent_complete": 0.4});
    let done = director.effective_at("2026-02-01T00:00:00Z").update("deliverable", made.id(), late).await.unwrap();
    assert_eq!(done.did(), "backfilled");
    for (at, share) in [("2026-01-15T00:00:00Z", 0.1), ("2026-02-15T00:00:00Z", 0.4), ("2999-01-01T00:00:00Z", 0.9)] {
        let seen = director.valid_at(at).get("deliverable", made.id()).await.unwrap();
        assert_eq!(seen["percent_complete"], share, "{at}");
    }
    world.verify().await;
});

//! The roll-up of progress: maintained with each write, and what a naive sum would give.

use futures::future::join_all;
use serde_json::{Value, json};
use steerco_tests::{Client, Who, World, scenario};

use crate::all::partners::milestone_update::{Deal, act};

async fn deliverable(world: &World, place: Value, more: Value) -> String {
    let mut body = json!({"title": "D", "earning_rule": "percent"});
    for part in [place, more] {
        body.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
    }
    world.client(Who::Director).create("deliverable", body).await.unwrap().id().to_owned()
}

async fn progress(caller: &Client, kind: &str, id: &str) -> Value {
    caller.progress(kind, id).await.unwrap().json
}

scenario!(deliverables_roll_up_to_the_portfolio(world) {
    let director = world.client(Who::Director);
    let empty = progress(&director, "portfolio", &world.portfolio).await;
    assert!(empty["progress"].is_null() && empty["claimed"].is_null() && empty["coverage"].is_null());
    assert_eq!((&empty["undefined_reason"], &empty["complete"]), (&json!("no_weight"), &json!(false)));
    let project = world.project("gym").await;
    let floor = deliverable(&world, json!({"project_id": project}), json!({"weight": 3, "percent_complete": 0.5})).await;
    let walls = deliverable(&world, json!({"project_id": project}), json!({"weight": 1, "percent_complete": 0.1})).await;
    let report = deliverable(&world, json!({"program_id": world.program}), json!({"percent_complete": 1})).await;
    deliverable(&world, json!({"program_id": world.other_program}), json!({"weight": 5})).await;

    let of_project = progress(&director, "project", &project).await;
    assert_eq!((&of_project["progress"], &of_project["coverage"]), (&json!(0.4), &json!(1)));
    assert_eq!(of_project["worst_child"], json!({"id": walls, "progress": 0.1}));
    assert_eq!((&of_project["complete"], &of_project["deliverable_count"]), (&json!(true), &json!(2)));
    let first = director.get("deliverable", &floor).await.unwrap();
    assert_eq!(of_project["oldest_input_at"], first["updated_at"]);
    let of_program = progress(&director, "program", &world.program).await;
    assert_eq!((&of_program["progress"], &of_program["worst_child"]["id"]), (&json!(0.52), &json!(project)));
    // 2.6 of 5, and nothing of another 5.
    let all = progress(&director, "portfolio", &world.portfolio).await;
    assert_eq!((&all["progress"], &all["deliverable_count"], &all["hidden_count"]), (&json!(0.26), &json!(4), &json!(0)));
    assert_eq!(all["worst_child"], json!({"id": world.other_program, "progress": 0}));

    director.act("deliverable", &floor, "start", json!({})).await.unwrap();
    director.update("deliverable", &floor, json!({"percent_complete": null})).await.unwrap();
    let less = progress(&director, "project", &project).await;
    assert_eq!((&less["progress"], &less["coverage"], &less["complete"]), (&json!(0.1), &json!(0.25), &json!(false)));
    director.delete("deliverable", &report).await.unwrap();
    director.act("deliverable", &walls, "cancel", json!({})).await.unwrap();
    let less = progress(&director, "program", &world.program).await;
    assert_eq!((&less["progress"], &less["deliverable_count"]), (&json!(1), &json!(2)), "what is cancelled keeps its 0.1");
    assert_eq!(less["coverage"], json!(0.032_258), "0.1 of 3.1");
    world.verify().await;
});

scenario!(acceptance_earns_the_rest(world) {
    let (sync, director) = (world.client(Who::Integration), world.client(Who::Director));
    let place = json!({"program_id": world.program});
    let rules = ["zero_hundred", "fifty_fifty", "percent", "milestones"];
    let mut made = Vec::new();
    for rule in rules {
        made.push(deliverable(&world, place.clone(), json!({"earning_rule": rule})).await);
    }
    deliverable(&world, place, json!({"earning_rule": "level_of_effort", "weight": 4})).await;
    let now = async || progress(&director, "program", &world.program).await;
    let begun = now().await;
    assert_eq!((&begun["progress"], &begun["level_of_effort_share"]), (&json!(0), &json!(0.5)));
    for id in &made {
        sync.act("deliverable", id, "start", json!({})).await.unwrap();
    }
    let begun = now().await;
    assert_eq!((&begun["progress"], &begun["coverage"]), (&json!(0.25), &json!(0.5)), "a half of two that are measured");
    for id in &made {
        sync.act("deliverable", id, "submit", json!({})).await.unwrap();
        director.act("deliverable", id, "accept", json!({})).await.unwrap();
    }
    let done = now().await;
    assert_eq!((&done["progress"], &done["complete"]), (&json!(1), &json!(true)));
    world.verify().await;
});

scenario!(milestones_earn_for_their_deliverable(world) {
    let director = world.client(Who::Director);
    let rule = json!({"earning_rule": "milestones", "weight": 2});
    let roof = deliverable(&world, json!({"program_id": world.program}), rule).await;
    let mut made = Vec::new();
    for weight in [3, 1] {
        let body = json!({"deliverable_id": roof, "title": "M", "weight": weight});
        made.push(director.create("milestone", body).await.unwrap().id().to_owned());
    }
    let now = async || progress(&director, "program", &world.program).await;
    assert_eq!(now().await["progress"], json!(0));
    let reached = json!({"actual_on": "2026-03-01"});
    director.update("milestone", &made[0], reached.clone()).await.unwrap();
    let then = director.get("milestone", &made[0]).await.unwrap().text("updated_at").to_owned();
    assert_eq!(now().await["progress"], json!(0.75));
    director.delete("milestone", &made[0]).await.unwrap();
    assert_eq!(now().await["progress"], json!(0), "of the one that is left");
    director.update("milestone", &made[1], reached).await.unwrap();
    assert_eq!(now().await["progress"], json!(1));
    director.undelete("milestone", &made[0]).await.unwrap();
    director.update("milestone", &made[1], json!({"actual_on": null, "weight": 2})).await.unwrap();
    assert_eq!(now().await["progress"], json!(0.6));
    // The milestones count from when the rule asks for them.
    director.update("deliverable", &roof, json!({"earning_rule": "zero_hundred"})).await.unwrap();
    assert_eq!(now().await["progress"], json!(0));
    director.update("milestone", &made[0], json!({"weight": 8})).await.unwrap();
    director.update("deliverable", &roof, json!({"earning_rule": "milestones"})).await.unwrap();
    assert_eq!(now().await["progress"], json!(0.8));
    let late = progress(&director.as_of("2999-01-01T00:00:00Z"), "program", &world.program).await;
    assert_eq!(late, now().await);
    assert_eq!(progress(&director.as_of(&then), "program", &world.program).await["progress"], json!(0.75));
    world.verify().await;
});

scenario!(
/// Says 80 %, accepted 55 %: of a quarter of the program, and of an eighth of the portfolio.
what_is_claimed_stands_beside_what_is_earned(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let vendor = world.client(Who::Vendor);
    let roof = deliverable(&world, json!({"program_id": world.program}), json!({"earning_rule": "milestones"})).await;
    let own = json!({"deliverable_id": roof, "title": "Handed over", "weight": 3});
    let own = director.create("milestone", own).await.unwrap().id().to_owned();
    deliverable(&world, json!({"program_id": world.other_program}), json!({"percent_complete": 0})).await;
    let deal = Deal::strike(&world, json!({}), json!({"deliverable_id": roof})).await;
    let beside = async |caller: &Client, kind: &str, id: &str| {
        let found = progress(caller, kind, id).await;
        json!([found["claimed"], found["progress"]])
    };
    assert_eq!(beside(&director, "program", &world.program).await, json!([0, 0]), "nobody claims anything");
    let claim = deal.claim(&vendor, json!({"percent": 0.8})).await.unwrap();
    let then = director.get("milestone", &deal.milestone).await.unwrap().text("updated_at").to_owned();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.2, 0]));
    assert_eq!(beside(&director, "portfolio", &world.portfolio).await, json!([0.1, 0]));
    act(&director, &claim, "accept_in_part", json!({"percent": 0.55, "reason": "the south is open"})).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.2, 0.1375]));
    assert_eq!(beside(&director, "portfolio", &world.portfolio).await, json!([0.1, 0.06875]));
    let part = progress(&manager, "portfolio", &world.portfolio).await;
    assert_eq!((&part["claimed"], &part["hidden_count"]), (&json!(0.2), &json!(1)), "of what is in sight");
    let all = deal.claim(&vendor, json!({})).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.25, 0.1375]));
    vendor.act("milestone_update", all.id(), "withdraw", json!({})).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.2, 0.1375]));
    director.update("milestone", &own, json!({"actual_on": "2026-03-01"})).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.95, 0.8875]), "what is earned is claimed");
    director.delete("milestone", &own).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.8, 0.55]));
    assert_eq!(beside(&director.as_of(&then), "program", &world.program).await, json!([0.2, 0]));
    let known = progress(&director.as_of("2999-01-01T00:00:00Z"), "portfolio", &world.portfolio).await;
    assert_eq!(known, progress(&director, "portfolio", &world.portfolio).await, "history tells the same");
    assert_eq!(vendor.progress("program", &world.program).await.unwrap_err().code, "PERMISSION_DENIED");
    // By another rule the deliverable tells what it says itself.
    director.update("deliverable", &roof, json!({"earning_rule": "zero_hundred"})).await.unwrap();
    assert_eq!(beside(&director, "program", &world.program).await, json!([0.8, 0]));
    world.verify().await;
});

scenario!(a_program_takes_its_progress_along(world) {
    let director = world.client(Who::Director);
    deliverable(&world, json!({"program_id": world.program}), json!({"percent_complete": 0.5})).await;
    deliverable(&world, json!({"program_id": world.other_program}), json!({"percent_complete": 0.1})).await;
    let body = json!({"code": "other", "name": "Other", "base_currency": "EUR"});
    let other = director.create("portfolio", body).await.unwrap().id().to_owned();
    director.update("program", &world.program, json!({"portfolio_id": other})).await.unwrap();
    assert_eq!(progress(&director, "portfolio", &other).await["progress"], json!(0.5));
    let left = progress(&director, "portfolio", &world.portfolio).await;
    assert_eq!((&left["progress"], &left["deliverable_count"]), (&json!(0.1), &json!(1)));
    world.verify().await;
});

scenario!(who_sees_a_part_is_told_of_the_rest(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    deliverable(&world, json!({"program_id": world.program}), json!({"percent_complete": 0.5})).await;
    deliverable(&world, json!({"program_id": world.other_program}), json!({"percent_complete": 0})).await;
    let part = progress(&manager, "portfolio", &world.portfolio).await;
    assert_eq!((&part["progress"], &part["hidden_count"], &part["complete"]), (&json!(0.5), &json!(1), &json!(false)));
    assert_eq!(part["worst_child"]["id"], json!(world.program));
    let known = progress(&manager.as_of("2999-01-01T00:00:00Z"), "portfolio", &world.portfolio).await;
    assert_eq!(known, part, "history tells the same");
    let whole = progress(&director, "portfolio", &world.portfolio).await;
    assert_eq!((&whole["progress"], &whole["hidden_count"]), (&json!(0.25), &json!(0)));
    let refused = manager.progress("program", &world.other_program).await.unwrap_err();
    assert_eq!(refused.code, "NOT_FOUND");
    let stranger = world.client(Who::Stranger).progress("portfolio", &world.portfolio).await.unwrap_err();
    assert_eq!(stranger.code, "NOT_FOUND");
    assert_eq!(world.client(Who::Vendor).progress("program", &world.program).await.unwrap_err().code, "PERMISSION_DENIED");
    let wrong = director.progress("program", &world.portfolio).await.unwrap_err();
    assert_eq!(wrong.places(), [("/id", "BAD_ID")]);
});

scenario!(what_progress_was_known_to_be(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let id = deliverable(&world, json!({"project_id": project}), json!({"percent_complete": 0.2})).await;
    let then = director.get("deliverable", &id).await.unwrap().text("updated_at").to_owned();
    let before = progress(&director, "project", &project).await;
    director.update("deliverable", &id, json!({"percent_complete": 0.9, "weight": 7})).await.unwrap();
    deliverable(&world, json!({"project_id": project}), json!({"percent_complete": 0})).await;
    for (kind, id) in [("project", &project), ("program", &world.program), ("portfolio", &world.portfolio)] {
        let known = progress(&director.as_of(&then), kind, id).await;
        assert_eq!((&known["progress"], &known["deliverable_count"]), (&json!(0.2), &json!(1)), "{kind}");
        let now = progress(&director, kind, id).await;
        assert_eq!(progress(&director.as_of("2999-01-01T00:00:00Z"), kind, id).await, now, "{kind}");
    }
    assert_eq!(progress(&director.as_of(&then), "project", &project).await, before);
    let unborn = director.as_of("2020-01-01T00:00:00Z").progress("project", &project).await.unwrap_err();
    assert_eq!(unborn.code, "NOT_FOUND");
});

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

async fn random_write(world: &World, dice: &mut Dice, projects: &[String], ids: &mut Vec<String>) {
    let (director, sync) = (world.client(Who::Director), world.client(Who::Integration));
    let rules = ["zero_hundred", "fifty_fifty", "percent", "milestones", "level_of_effort"];
    let share = |dice: &mut Dice| json!(f64::from(u32::try_from(dice.below(1_000_001)).unwrap()) / 1e6);
    if ids.len() < 4 || dice.below(5) == 0 {
        let place = match dice.below(3) {
            0 => json!({"program_id": world.program}),
            n => json!({"project_id": projects[usize::try_from(n - 1).unwrap()]}),
        };
        let rule = rules[usize::try_from(dice.below(5)).unwrap()];
        let more = json!({"weight": dice.below(1_000_001), "earning_rule": rule, "percent_complete": share(dice)});
        ids.push(deliverable(world, place, more).await);
        return;
    }
    let id = ids[usize::try_from(dice.below(ids.len() as u64)).unwrap()].clone();
    // Refusals are welcome: they must change nothing.
    let _ = match dice.below(9) {
        0 => director.delete("deliverable", &id).await,
        1 => director.undelete("deliverable", &id).await,
        2 => director.act("deliverable", &id, "cancel", json!({})).await,
        3 => sync.act("deliverable", &id, "start", json!({})).await,
        4 => sync.act("deliverable", &id, "submit", json!({})).await,
        5 => director.act("deliverable", &id, "accept", json!({})).await,
        6 => director.act("deliverable", &id, "reject", json!({"reason": "x"})).await,
        7 => director.update("deliverable", &id, json!({"percent_complete": null})).await,
        _ => {
            let patch = json!({"weight": dice.below(1_000_001), "percent_complete": share(dice)});
            director.update("deliverable", &id, patch).await
        }
    };
}

scenario!(
/// What is maintained equals what history adds up to, and `verify` recomputes every row.
random_writes_leave_the_sums_right(world) {
    let director = world.client(Who::Director);
    let projects = [world.project("a").await, world.project("b").await];
    let (mut dice, mut ids) = (Dice(7), Vec::new());
    for round in 0..12 {
        for _ in 0..10 {
            random_write(&world, &mut dice, &projects, &mut ids).await;
        }
        world.verify().await;
        let subjects = [("project", &projects[0]), ("program", &world.program), ("portfolio", &world.portfolio)];
        for (kind, id) in subjects {
            let kept = progress(&director, kind, id).await;
            let computed = progress(&director.as_of("2999-01-01T00:00:00Z"), kind, id).await;
            assert_eq!(kept, computed, "{kind} after round {round}");
        }
    }
});

scenario!(writes_at_once_lose_nothing(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(deliverable(&world, json!({"project_id": project}), json!({"percent_complete": 0})).await);
    }
    let half = json!({"percent_complete": 0.5, "weight": 2});
    let updates = ids.iter().map(|id| director.update("deliverable", id, half.clone()));
    let body = json!({"project_id": project, "title": "N", "earning_rule": "percent", "percent_complete": 1});
    let items: Vec<Value> = (0..60).map(|_| json!({"create": body})).collect();
    let batch = director.batch("deliverable", json!({"items": items}));
    let (updated, made) = futures::join!(join_all(updates), batch);
    assert!(updated.iter().all(Result::is_ok) && made.is_ok());
    let now = progress(&director, "project", &project).await;
    assert_eq!((&now["deliverable_count"], &now["progress"]), (&json!(66), &json!(0.916_666)), "66 of 72");
    world.verify().await;
});

scenario!(each_metric_is_defined_once(world) {
    let metrics = world.client(Who::Vendor).metrics().await.unwrap();
    let names: Vec<&str> = metrics["metrics"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    for name in ["progress", "claimed", "coverage", "worst_child", "oldest_input_at", "level_of_effort_share"] {
        assert!(names.contains(&name), "{name}");
    }
    let progress = metrics["metrics"].as_array().unwrap().iter().find(|m| m["name"] == "progress").unwrap();
    assert_eq!(progress["undefined"][0]["reason"], "no_weight");
    assert_eq!(world.nobody().metrics().await.unwrap_err().code, "UNAUTHENTICATED");
});

//! Projects: of a program, with dates in order, and moved with what hangs on them.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(dates_and_codes_are_checked_at_once(world) {
    let director = world.client(Who::Director);
    world.project("gym").await;
    let body = json!({
        "program_id": world.program, "code": "hall", "name": "Hall",
        "planned_start_on": "2026-02-01", "planned_finish_on": "2026-01-31",
        "actual_start_on": "2026-03-01", "actual_finish_on": "2026-02-28",
    });
    let refused = director.create("project", body).await.unwrap_err();
    assert_eq!(refused.places(), [("/planned_finish_on", "OUT_OF_ORDER"), ("/actual_finish_on", "OUT_OF_ORDER")]);
    // A code is one project's in the whole organisation, not in a program.
    let body = json!({"program_id": world.other_program, "code": "gym", "name": "Gym"});
    assert_eq!(director.create("project", body).await.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    let cost = json!({"forecast_cost": {"amount": "1.00001", "currency": "EUR"}});
    let project = world.project("hall").await;
    let refused = director.update("project", &project, cost).await.unwrap_err();
    assert_eq!(refused.places(), [("/forecast_cost/amount", "BAD_AMOUNT")]);
    world.verify().await;
});

scenario!(a_project_is_seen_where_its_program_is(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let project = world.project("gym").await;
    manager.get("project", &project).await.unwrap();
    let before = director.get("project", &project).await.unwrap();
    let refused = manager.update("project", &project, json!({"program_id": world.other_program})).await.unwrap_err();
    assert_eq!(refused.places(), [("/program_id", "NOT_FOUND")], "it gives nothing to whom it does not see");
    director.update("project", &project, json!({"program_id": world.other_program})).await.unwrap();
    assert_eq!(manager.get("project", &project).await.unwrap_err().code, "NOT_FOUND");
    let then = director.as_of(before.text("updated_at")).get("project", &project).await.unwrap();
    assert_eq!(then["program_id"].as_str(), Some(world.program.as_str()));
    world.verify().await;
});

scenario!(a_project_with_deliverables_stays(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let body = json!({"project_id": project, "program_id": world.other_program, "title": "Roof"});
    let refused = director.create("deliverable", body).await.unwrap_err();
    assert_eq!(refused.code, "INVALID_ARGUMENT", "a deliverable is of the program of its project: {refused}");
    let roof = director.create("deliverable", json!({"project_id": project, "title": "Roof"})).await.unwrap();
    assert_eq!(director.delete("project", &project).await.unwrap_err().code, "HAS_CHILDREN");
    director.delete("deliverable", roof.id()).await.unwrap();
    assert_eq!(director.delete("project", &project).await.unwrap().did(), "deleted");
    world.verify().await;
});

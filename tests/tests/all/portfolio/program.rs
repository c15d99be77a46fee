//! Programs: dates in order, moves between portfolios that history keeps, and what holds them in place.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(all_dates_are_checked_at_once(world) {
    let director = world.client(Who::Director);
    let body = json!({
        "portfolio_id": world.portfolio, "code": "bridges", "name": "Bridges", "currency": "EUR",
        "planned_start_on": "2026-02-01", "planned_finish_on": "2026-01-31",
        "forecast_start_on": "2026-02-01", "forecast_finish_on": "2026-02-01",
        "actual_start_on": "2026-03-01", "actual_finish_on": "2026-02-28",
        "tolerances": {"days_late_amber": 2, "days_late_red": 1},
    });
    let refused = director.create("program", body).await.unwrap_err();
    let expected = [
        ("/planned_finish_on", "OUT_OF_ORDER"),
        ("/actual_finish_on", "OUT_OF_ORDER"),
        ("/tolerances/days_late_amber", "OUT_OF_ORDER"),
    ];
    assert_eq!(refused.places(), expected);
    let start = json!({"planned_start_on": "2026-06-01"});
    director.update("program", &world.program, start).await.unwrap();
    let refused = director.update("program", &world.program, json!({"planned_finish_on": "2026-05-31"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/planned_finish_on", "OUT_OF_ORDER")]);
    let taken = director.update("program", &world.program, json!({"code": "roads"})).await.unwrap_err();
    assert_eq!(taken.places(), [("/code", "ALREADY_EXISTS")]);
    world.verify().await;
});

scenario!(history_keeps_in_which_portfolio_it_was(world) {
    let director = world.client(Who::Director);
    let body = json!({"code": "energy", "name": "Energy", "base_currency": "EUR"});
    let other = director.create("portfolio", body).await.unwrap().id().to_owned();
    let before = director.get("program", &world.program).await.unwrap();
    let moved = director.update("program", &world.program, json!({"portfolio_id": other})).await.unwrap();
    assert_eq!(moved["portfolio_id"].as_str(), Some(other.as_str()));
    let then = director.as_of(before.text("updated_at")).get("program", &world.program).await.unwrap();
    assert_eq!(then["portfolio_id"].as_str(), Some(world.portfolio.as_str()), "as it was known");
    let valid = director.valid_at(before.text("effective_at")).get("program", &world.program).await.unwrap();
    assert_eq!(valid["portfolio_id"].as_str(), Some(world.portfolio.as_str()), "as it was in force");
    let filter = |id: &str| json!({"filter": format!("portfolio_id = \"{id}\"")});
    assert_eq!(director.list("program", filter(&other)).await.unwrap().each("id"), [world.program.as_str()]);
    assert_eq!(director.list("program", filter(&world.portfolio)).await.unwrap().each("id"), [world.other_program.as_str()]);
    world.verify().await;
});

scenario!(its_manager_moves_it_along_but_does_not_end_it(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    manager.act("program", &world.program, "activate", json!({})).await.unwrap();
    let refused = manager.act("program", &world.program, "cancel", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let refused = manager.act("program", &world.other_program, "activate", json!({})).await.unwrap_err();
    assert_eq!(refused.code, "NOT_FOUND", "beyond its reach");
    let refused = manager.update("program", &world.program, json!({"status": "completed"})).await.unwrap_err();
    assert!(["/status", "/update_mask"].contains(&refused.places()[0].0), "{refused}");
    assert_eq!(director.act("program", &world.program, "cancel", json!({})).await.unwrap()["status"], "cancelled");
    world.verify().await;
});

//! References: what belongs to another organisation and what does not exist look alike.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(foreign_and_unknown_look_alike(world) {
    let (director, stranger) = (world.client(Who::Director), world.client(Who::Stranger));
    let code = &world.org[world.org.len() - 20..];
    let portfolio = json!({"code": code, "name": "Theirs", "base_currency": "EUR"});
    let theirs = stranger.create("portfolio", portfolio).await.unwrap().id().to_owned();
    let program = json!({"portfolio_id": theirs, "code": code, "name": "Theirs", "currency": "EUR"});
    let foreign = stranger.create("program", program).await.unwrap().id().to_owned();
    let unknown = world.portfolio.replace("port_", "prog_");
    let mut answers = Vec::new();
    for id in [&foreign, &unknown] {
        let risk = json!({"program_id": id, "title": "x", "kind": "threat"});
        let project = world.project(&format!("p{}", answers.len())).await;
        answers.push(vec![
            director.get("program", id).await.unwrap_err().anonymous(),
            director.update("program", id, json!({"name": "x"})).await.unwrap_err().anonymous(),
            director.delete("program", id).await.unwrap_err().anonymous(),
            director.undelete("program", id).await.unwrap_err().anonymous(),
            director.act("program", id, "activate", json!({})).await.unwrap_err().anonymous(),
            director.revisions("program", id, json!({})).await.unwrap_err().anonymous(),
            director.create("risk", risk).await.unwrap_err().anonymous(),
            director.update("project", &project, json!({"program_id": id})).await.unwrap_err().anonymous(),
        ]);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].iter().all(|refused| matches!(refused.status, 404 | 400)), "{answers:?}");
    let filter = json!({"filter": format!("program_id = '{foreign}'")});
    assert!(director.list("risk", filter).await.unwrap().items().is_empty());
    let person = json!({"owner_id": world.id(Who::Stranger)});
    let refused = director.update("portfolio", &world.portfolio, person).await.unwrap_err();
    assert_eq!(refused.places(), [("/owner_id", "NOT_FOUND")]);
});

scenario!(beyond_the_reach_of_a_grant(world) {
    let manager = world.client(Who::ProgramManager);
    let director = world.client(Who::Director);
    let body = json!({"program_id": world.other_program, "title": "x", "kind": "threat"});
    let risk = director.create("risk", body.clone()).await.unwrap().id().to_owned();
    assert_eq!(manager.get("risk", &risk).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(manager.update("risk", &risk, json!({"title": "y"})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(manager.create("risk", body).await.unwrap_err().places(), [("/program_id", "NOT_FOUND")]);
    assert!(manager.list("risk", json!({})).await.unwrap().items().is_empty());
    assert_eq!(manager.list("program", json!({})).await.unwrap().each("id"), [world.program.as_str()]);
    let mine = world.project("mine").await;
    let moved = manager.update("project", &mine, json!({"program_id": world.other_program})).await.unwrap_err();
    assert_eq!(moved.places(), [("/program_id", "NOT_FOUND")]);
    assert_eq!(manager.list("portfolio", json!({})).await.unwrap().each("id"), [world.portfolio.as_str()]);
});

scenario!(an_id_of_the_wrong_kind(world) {
    let director = world.client(Who::Director);
    for id in [world.program.as_str(), "risk_", "risk_0", "nonsense", "risk_01m835krypfmv947zcddab7qhU"] {
        let refused = director.get("risk", id).await.unwrap_err();
        assert_eq!(refused.places(), [("/id", "BAD_ID")], "{id}: {refused}");
        assert!(refused.detail.contains("risk_"), "the right prefix is named: {refused}");
    }
    let body = json!({"program_id": world.portfolio, "title": "x", "kind": "threat"});
    let refused = director.create("risk", body).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/program_id");
    assert!(refused.detail.contains("prog_"), "{refused}");
});

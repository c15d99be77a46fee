//! Functional areas: a tree of parts, each with one code, and none a part of itself.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(no_area_is_a_part_of_itself(world) {
    let director = world.client(Who::Director);
    let area = async |code: &str, parent: Option<&str>| {
        let body = json!({"code": code, "name": code, "parent_id": parent});
        director.create("functional_area", body).await.unwrap().id().to_owned()
    };
    let top = area("delivery", None).await;
    let middle = area("works", Some(&top)).await;
    let low = area("civil", Some(&middle)).await;
    let under = async |id: &str, parent: &str| director.update("functional_area", id, json!({"parent_id": parent})).await;
    assert_eq!(under(&top, &top).await.unwrap_err().places(), [("/parent_id", "CYCLE")]);
    let refused = under(&top, &low).await.unwrap_err();
    assert!(refused.code == "CYCLE" || refused.places() == [("/parent_id", "CYCLE")], "over two steps: {refused}");
    assert!(director.get("functional_area", &top).await.unwrap()["parent_id"].is_null());
    assert_eq!(director.delete("functional_area", &middle).await.unwrap_err().code, "HAS_CHILDREN");
    // Without the step between there is no circle.
    under(&low, &top).await.unwrap();
    director.delete("functional_area", &middle).await.unwrap();
    let before = director.get("functional_area", &low).await.unwrap();
    director.update("functional_area", &low, json!({"parent_id": null})).await.unwrap();
    under(&top, &low).await.unwrap();
    let then = director.as_of(before.text("updated_at")).get("functional_area", &low).await.unwrap();
    assert_eq!(then["parent_id"].as_str(), Some(top.as_str()));
    world.verify().await;
});

scenario!(an_area_is_a_directory_for_insiders(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let body = json!({"code": "procurement", "name": "Procurement", "lead_id": world.id(Who::Finance)});
    let made = director.create("functional_area", body.clone()).await.unwrap();
    assert_eq!(manager.get("functional_area", made.id()).await.unwrap()["lead_id"].as_str(), Some(world.id(Who::Finance)));
    assert_eq!(manager.update("functional_area", made.id(), json!({"name": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(world.client(Who::Vendor).get("functional_area", made.id()).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(director.create("functional_area", body).await.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    let nobody = json!({"lead_id": crate::all::kernel::bodies::unknown("person")});
    let refused = director.update("functional_area", made.id(), nobody).await.unwrap_err();
    assert_eq!(refused.places(), [("/lead_id", "NOT_FOUND")]);
    world.verify().await;
});

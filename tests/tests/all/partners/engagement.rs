//! Engagements: contracts with partners, what they may say, and what holds once they are in force.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::unknown;

scenario!(engagements_and_milestones_that_make_no_sense(world) {
    let director = world.client(Who::Director);
    let places = async |kind: &str, change: Value| {
        let mut body = crate::all::kernel::bodies::body(&world, kind);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = director.create(kind, body).await.unwrap_err();
        refused.places().into_iter().map(|(at, code)| format!("{at} {code}")).collect::<Vec<_>>()
    };
    let minus = json!({"amount": "-1", "currency": "EUR"});
    assert_eq!(places("engagement", json!({"program_ids": []})).await, ["/program_ids REQUIRED"]);
    let twice = json!({"program_ids": [world.program, world.program]});
    assert_eq!(places("engagement", twice).await, ["/program_ids/1 DUPLICATE"]);
    let never = json!({"starts_on": "2026-02-01", "ends_on": "2026-01-31"});
    assert_eq!(places("engagement", never).await, ["/ends_on OUT_OF_ORDER"]);
    assert_eq!(places("engagement", json!({"deemed_acceptance": true})).await, ["/deemed_acceptance DOES_NOT_FIT"]);
    assert_eq!(places("engagement", json!({"value": minus})).await, ["/value/amount OUT_OF_RANGE"]);
    assert_eq!(places("partner", json!({"country": "Austria"})).await, ["/country BAD_COUNTRY"]);
    let nobody = json!({"contacts": [{"person_id": unknown("person")}]});
    assert_eq!(places("partner", nobody).await, ["/contacts NOT_FOUND"]);
    assert_eq!(places("milestone", json!({"engagement_id": null})).await, ["/engagement_id REQUIRED"]);
    let paid = json!({"payment": {"amount": "1", "currency": "EUR"}, "payment_share": 0.1});
    assert_eq!(places("milestone", paid).await, ["/payment_share ONE_PAYMENT"]);
    // Of a deliverable alone it has its program, and is nothing that an outsider sees.
    let deliverable = crate::all::kernel::bodies::make(&world, "deliverable").await;
    let body = json!({"deliverable_id": deliverable, "title": "Inside"});
    let inside = director.create("milestone", body).await.unwrap();
    assert_eq!((inside["program_id"].as_str(), inside["partner_id"].is_null()), (Some(world.program.as_str()), true));
    assert_eq!(world.client(Who::Vendor).get("milestone", inside.id()).await.unwrap_err().code, "NOT_FOUND");
    world.client(Who::ProgramManager).get("milestone", inside.id()).await.unwrap();
});

scenario!(what_is_in_force_was_activated_and_stays_its_partners(world) {
    let (director, manager, vendor) =
        (world.client(Who::Director), world.client(Who::ProgramManager), world.client(Who::Vendor));
    let draft = world.new_draft(&world.partner).await;
    let claim = json!({"milestone_id": crate::all::kernel::bodies::make(&world, "milestone").await, "percent": 0.5});
    vendor.create("milestone_update", claim).await.unwrap();
    let stray = json!({"engagement_id": draft, "title": "Shell"});
    let stray = director.create("milestone", stray).await.unwrap();
    let early = json!({"milestone_id": stray.id(), "percent": 0.5});
    let refused = director.create("milestone_update", early.clone()).await.unwrap_err();
    assert!(["WRONG_STATE", "INVALID_ARGUMENT"].contains(&refused.code.as_str()), "a draft has nothing to claim: {refused}");
    let active = manager.act("engagement", &draft, "activate", json!({})).await.unwrap();
    assert_eq!(active["state"], "active");
    vendor.create("milestone_update", early).await.unwrap();
    let other = world.new_partner("Rival").await;
    let refused = director.update("engagement", &draft, json!({"partner_id": other})).await.unwrap_err();
    assert!(["/partner_id", "/update_mask"].contains(&refused.places()[0].0), "whose it is stays: {refused}");
    assert_eq!(director.delete("engagement", &draft).await.unwrap_err().code, "WRONG_STATE", "what is in force stays");
    let refused = manager.act("engagement", &draft, "terminate", json!({"reason": "late"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "only the director ends a contract early");
    let refused = director.act("engagement", &draft, "terminate", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/reason", "REQUIRED")]);
    let ended = director.act("engagement", &draft, "terminate", json!({"reason": "late"})).await.unwrap();
    assert_eq!(ended["state"], "terminated");
    world.verify().await;
});

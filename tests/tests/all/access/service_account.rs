//! Service accounts: tools that write under their sources only, with secrets shown once, and out at once when disabled.

use serde_json::json;
use steerco_tests::{Who, World, scenario};

scenario!(an_account_writes_under_its_sources_only(world) {
    let (admin, sync) = (world.client(Who::Admin), world.client(Who::Integration));
    let other = admin.create("source", json!({"code": "erp", "name": "Ledger"})).await.unwrap().id().to_owned();
    let risk = json!({"program_id": world.program, "title": "Flood", "kind": "threat"});
    sync.upsert("risk", World::SOURCE, "R-1", risk.clone()).await.unwrap();
    let refused = sync.upsert("risk", "erp", "R-1", risk.clone()).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let unknown = json!({"source_ids": [crate::all::kernel::bodies::unknown("source")]});
    let refused = admin.update("service_account", world.id(Who::Integration), unknown).await.unwrap_err();
    assert_eq!(refused.places(), [("/source_ids", "NOT_FOUND")]);
    let both = json!({"source_ids": [world.source_id, other]});
    admin.update("service_account", world.id(Who::Integration), both).await.unwrap();
    assert_eq!(sync.upsert("risk", "erp", "R-1", risk).await.unwrap().did(), "created");
    world.verify().await;
});

scenario!(a_disabled_account_is_out_at_once(world) {
    let (admin, sync) = (world.client(Who::Admin), world.client(Who::Integration));
    let account = world.id(Who::Integration);
    sync.list("risk", json!({})).await.unwrap();
    admin.act("service_account", account, "disable", json!({})).await.unwrap();
    assert_eq!(sync.list("risk", json!({})).await.unwrap_err().code, "UNAUTHENTICATED");
    admin.act("service_account", account, "enable", json!({})).await.unwrap();
    sync.list("risk", json!({})).await.unwrap();
    world.verify().await;
});

scenario!(a_secret_is_shown_once_and_told_to_nobody(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let made = admin.create("service_account", json!({"name": "Warehouse"})).await.unwrap();
    assert!(made["secret_issued_at"].is_null());
    assert_eq!(director.act("service_account", made.id(), "issue_secret", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    let secret = async || {
        let issued = admin.act("service_account", made.id(), "issue_secret", json!({})).await.unwrap().json;
        issued["client_secret"].as_str().or(issued["secret"].as_str()).unwrap_or_else(|| panic!("{issued}")).to_owned()
    };
    let (first, second) = (secret().await, secret().await);
    assert_ne!(first, second, "each is a new one");
    let read = admin.get("service_account", made.id()).await.unwrap();
    assert!(read["secret_issued_at"].is_string());
    let events = admin.all_events(json!({"kinds": ["service_account"]})).await;
    let issues = events.iter().filter(|event| event["operation"] == "service_account.issue_secret").count();
    assert_eq!(issues, 2, "each is an event");
    let told = format!("{}{events:?}", read.json);
    assert!(!told.contains(&first) && !told.contains(&second), "no secret is read again");
    world.verify().await;
});

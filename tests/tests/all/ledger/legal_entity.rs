//! Legal entities: companies with books of their own, whose control of the budget binds what is committed.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::{fresh, unknown};
use crate::all::ledger::budget::Books;

scenario!(currency_and_calendar_of_its_books_stay(world) {
    let (finance, director) = (world.client(Who::Finance), world.client(Who::Director));
    let books = Books::open(&world).await;
    let entity = finance.get("legal_entity", &books.entity).await.unwrap();
    let copy = json!({"code": entity["code"], "name": "Twin", "currency": "EUR", "fiscal_calendar_id": entity["fiscal_calendar_id"]});
    assert_eq!(finance.create("legal_entity", copy.clone()).await.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    let mut nowhere = copy;
    (nowhere["code"], nowhere["fiscal_calendar_id"]) = (json!(format!("e-{}", fresh())), json!(unknown("fiscal_calendar")));
    assert_eq!(finance.create("legal_entity", nowhere).await.unwrap_err().places(), [("/fiscal_calendar_id", "NOT_FOUND")]);
    let refused = finance.update("legal_entity", &books.entity, json!({"currency": "USD"})).await.unwrap_err();
    assert!(["/currency", "/update_mask"].contains(&refused.places()[0].0), "{refused}");
    let refused = director.update("legal_entity", &books.entity, json!({"name": "x"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    assert_eq!(finance.delete("legal_entity", &books.entity).await.unwrap_err().code, "HAS_CHILDREN");
    world.verify().await;
});

scenario!(its_control_of_the_budget_binds_from_then_on(world) {
    let (finance, manager) = (world.client(Who::Finance), world.client(Who::ProgramManager));
    let books = Books::open(&world).await;
    books.approve(&world, &[books.line(0, "100.00")]).await;
    let commitment = async |amount: &str| {
        let body: Value = json!({
            "program_id": world.program, "legal_entity_id": books.entity, "fiscal_period_id": books.periods[0],
            "purchase_order_reference": format!("PO {}", fresh()), "purchase_order_line": "10", "title": "Steel",
            "spend": "capex", "requested": {"amount": amount, "currency": "EUR"},
        });
        manager.create("commitment", body).await.unwrap().id().to_owned()
    };
    let commit = async |id: &str, amount: &str| manager.act("commitment", id, "commit", json!({"amount": amount})).await;
    let (first, second) = (commitment("100").await, commitment("1").await);
    finance.update("legal_entity", &books.entity, json!({"budget_control": "stop"})).await.unwrap();
    commit(&first, "100").await.unwrap();
    let refused = commit(&second, "1").await.unwrap_err();
    assert!(!refused.code.is_empty() && refused.status < 500, "{refused}");
    let before = finance.get("commitment", &second).await.unwrap();
    assert_eq!(before["state"], "requested", "a refusal commits nothing");
    finance.update("legal_entity", &books.entity, json!({"budget_control": "warn"})).await.unwrap();
    commit(&second, "1").await.unwrap();
    let revisions = finance.revisions("legal_entity", &books.entity, json!({})).await.unwrap();
    assert_eq!(revisions.items().len(), 3, "who loosened it when can be read");
    world.verify().await;
});

//! Cost categories: kinds of cost that budgets and ledger share; single costs of a sensitive one are finance's alone.

use serde_json::json;
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::{body, line};
use crate::all::ledger::actuals_batch::{Books, coded, id};

scenario!(single_costs_of_a_sensitive_category_are_finances_alone(world) {
    let (books, finance, director) =
        (Books::open(&world, "refuse", 1).await, world.client(Who::Finance), world.client(Who::Director));
    let mut pay = body(&world, "cost_category");
    pay["sensitive"] = json!(true);
    let pay = finance.create("cost_category", pay).await.unwrap();
    let other = finance.create("cost_category", body(&world, "cost_category")).await.unwrap();
    let cost = |amount: &str, category: &str| {
        let mut line = coded(&world, line(&id("cost"), amount, "2026-01-15"));
        line["cost_category_id"] = json!(category);
        line
    };
    let lines = [cost("70", pay.id()), cost("5", other.id())];
    let posted = finance.post_actuals(books.batch(lines, "75")).await.unwrap();
    let entry = |n: usize| posted["results"][n]["ledger_entry_id"].as_str().unwrap().to_owned();
    finance.get("ledger_entry", &entry(0)).await.unwrap();
    director.get("ledger_entry", &entry(1)).await.unwrap();
    assert_eq!(director.get("ledger_entry", &entry(0)).await.unwrap_err().code, "NOT_FOUND");
    let found = director.financials("program", &world.program, json!({})).await.unwrap();
    let euros = found["totals"].as_array().unwrap().iter().find(|total| total["currency"] == "EUR").unwrap();
    assert_eq!(euros["actual"], "75.0000", "what they come to is no secret");
    // Once it is no longer sensitive, everybody reads its costs.
    finance.update("cost_category", pay.id(), json!({"sensitive": false})).await.unwrap();
    director.get("ledger_entry", &entry(0)).await.unwrap();
    world.verify().await;
});

scenario!(a_category_with_money_stays(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let category = finance.create("cost_category", body(&world, "cost_category")).await.unwrap();
    let mut twin = body(&world, "cost_category");
    twin["code"] = category["code"].clone();
    assert_eq!(finance.create("cost_category", twin).await.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    let mut cost = coded(&world, line(&id("cost"), "5", "2026-01-15"));
    cost["cost_category_id"] = json!(category.id());
    finance.post_actuals(books.batch([cost], "5")).await.unwrap();
    assert_eq!(finance.delete("cost_category", category.id()).await.unwrap_err().code, "HAS_CHILDREN");
    let free = finance.create("cost_category", body(&world, "cost_category")).await.unwrap();
    assert_eq!(finance.delete("cost_category", free.id()).await.unwrap().did(), "deleted");
    let refused = world.client(Who::Director).update("cost_category", category.id(), json!({"name": "x"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    world.verify().await;
});

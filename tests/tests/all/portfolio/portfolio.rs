//! Portfolios: tolerances that make sense, one code each, and a reach that ends at their edge.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

fn body(code: &str) -> Value {
    json!({"code": code, "name": "Portfolio", "base_currency": "EUR"})
}

scenario!(tolerances_of_amber_come_before_those_of_red(world) {
    let director = world.client(Who::Director);
    let mut wrong = body("schools");
    wrong["tolerances"] = json!({"cost_amber": 0.2, "cost_red": 0.1, "days_late_amber": 30, "days_late_red": 10});
    wrong["fiscal_year_start_month"] = json!(13);
    let refused = director.create("portfolio", wrong.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/fiscal_year_start_month", "OUT_OF_RANGE")], "the shape comes first");
    wrong["fiscal_year_start_month"] = json!(4);
    let refused = director.create("portfolio", wrong).await.unwrap_err();
    let expected = [("/tolerances/cost_amber", "OUT_OF_ORDER"), ("/tolerances/days_late_amber", "OUT_OF_ORDER")];
    assert_eq!(refused.places(), expected);
    let mut right = body("schools");
    right["tolerances"] = json!({"cost_amber": 0.1, "cost_red": 0.1});
    let made = director.create("portfolio", right).await.unwrap();
    let refused = director.update("portfolio", made.id(), json!({"tolerances": {"cost_amber": 0.1, "cost_red": 0.05}})).await.unwrap_err();
    assert_eq!(refused.places(), [("/tolerances/cost_amber", "OUT_OF_ORDER")], "a patch is checked too");
    let refused = director.create("portfolio", body("schools")).await.unwrap_err();
    assert_eq!(refused.places(), [("/code", "ALREADY_EXISTS")]);
    world.verify().await;
});

scenario!(a_grant_over_a_portfolio_reaches_its_programs_and_no_others(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let other = director.create("portfolio", body("energy")).await.unwrap().id().to_owned();
    let program = json!({"portfolio_id": other, "code": "grid", "name": "Grid", "currency": "EUR"});
    let program = director.create("program", program).await.unwrap().id().to_owned();
    let person = admin.create("person", json!({"name": "Head"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": person, "role": "executive", "portfolio_id": other});
    admin.create("grant", grant).await.unwrap();
    let head = world.client_of(&person);
    assert_eq!(head.list("portfolio", json!({})).await.unwrap().each("id"), [other.as_str()]);
    assert_eq!(head.list("program", json!({})).await.unwrap().each("id"), [program.as_str()]);
    assert_eq!(head.get("portfolio", &world.portfolio).await.unwrap_err().code, "NOT_FOUND");
    // A program that moves there is seen from then on.
    director.update("program", &world.program, json!({"portfolio_id": other})).await.unwrap();
    assert_eq!(head.list("program", json!({})).await.unwrap().items().len(), 2);
    assert_eq!(director.delete("portfolio", &other).await.unwrap_err().code, "HAS_CHILDREN");
    world.verify().await;
});

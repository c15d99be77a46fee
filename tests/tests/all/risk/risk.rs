//! Risks: the calculation, and the rules between fields.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

/// Probability, impact and expected monetary value of six risks. Facts from
/// <https://tenstep.com/use-expected-monetary-value-emv-to-create-a-risk-contingency-budget>.
const PUBLISHED: [(f64, &str, &str); 6] = [
    (0.8, "10000", "8000.0000"),
    (0.3, "30000", "9000.0000"),
    (0.5, "8000", "4000.0000"),
    (0.1, "40000", "4000.0000"),
    (0.3, "20000", "6000.0000"),
    (0.25, "10000", "2500.0000"),
];

/// What all six together need: the sum of the products, and not of the impacts.
const CONTINGENCY: f64 = 33_500.0;

fn euros(amount: &str) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

scenario!(the_published_contingency_budget(world) {
    let director = world.client(Who::Director);
    let mut total = 0.0;
    for (probability, impact, expected) in PUBLISHED {
        let risk = world.risk("From a table").await;
        let body = json!({"probability": probability, "cost_likely": euros(impact)});
        let assessed = director.act("risk", &risk, "assess", body).await.unwrap();
        assert_eq!(assessed["expected_monetary_value"], euros(expected));
        let amount = assessed["expected_monetary_value"]["amount"].as_str().unwrap();
        total += amount.parse::<f64>().unwrap();
    }
    assert!((total - CONTINGENCY).abs() < 1e-9, "{total}");
    let large = director.list("risk", json!({"filter": "expected_monetary_value.amount >= 6000"})).await.unwrap();
    assert_eq!(large.items().len(), 3);
});

scenario!(expected_value_follows_its_inputs(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let change = async |patch: Value| director.update("risk", &risk, patch).await.unwrap();
    assert!(change(json!({"probability": 0.333_333})).await["expected_monetary_value"].is_null());
    let changed = change(json!({"cost_likely": euros("0.0003")})).await;
    assert_eq!(changed["expected_monetary_value"], euros("0.0001"), "rounded at the ten-thousandth");
    // Half goes to the even neighbour.
    let changed = change(json!({"probability": 0.5, "cost_likely": euros("0.0005")})).await;
    assert_eq!(changed["expected_monetary_value"], euros("0.0002"));
    let changed = change(json!({"cost_likely": {"amount": "1000", "currency": "JPY"}})).await;
    assert_eq!(changed["expected_monetary_value"], json!({"amount": "500.0000", "currency": "JPY"}));
    assert!(change(json!({"probability": null})).await["expected_monetary_value"].is_null());
    change(json!({"probability": 0})).await;
    let zero = director.get("risk", &risk).await.unwrap();
    assert_eq!((&zero["probability"], &zero["expected_monetary_value"]["amount"]), (&json!(0), &json!("0.0000")));
    let closed = director.act("risk", &risk, "close", json!({})).await.unwrap();
    assert!(closed["expected_monetary_value"].is_null(), "a closed risk is expected to cost nothing");
});

scenario!(rules_between_fields(world) {
    let director = world.client(Who::Director);
    let body = json!({
        "program_id": world.program, "title": "Flood", "kind": "threat",
        "cost_low": euros("20"), "cost_likely": {"amount": "30", "currency": "USD"}, "cost_high": {"amount": "25", "currency": "USD"},
        "residual_cost": euros("-1"), "response": "exploit",
        "exposure_from_on": "2026-02-28", "exposure_until_on": "2026-02-27",
    });
    let refused = director.create("risk", body).await.unwrap_err();
    let expected = [
        ("/cost_likely/currency", "MIXED_CURRENCIES"),
        ("/cost_high", "OUT_OF_ORDER"),
        ("/residual_cost/amount", "OUT_OF_RANGE"),
        ("/exposure_until_on", "OUT_OF_ORDER"),
        ("/response", "DOES_NOT_FIT"),
    ];
    assert_eq!(refused.places(), expected);
    let risk = world.risk("Flood").await;
    director.act("risk", &risk, "assess", json!({"probability": 1})).await.unwrap();
    let refused = director.act("risk", &risk, "respond", json!({"response": "share"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/response", "DOES_NOT_FIT")]);
    let refused = director.act("risk", &risk, "assess", json!({})).await.unwrap_err();
    assert_eq!(refused.places(), [("/probability", "REQUIRED")]);
    for kind in [json!({"probability": 1.5}), json!({"current_rating": 26}), json!({"schedule_impact_days": 40_000})] {
        let refused = director.update("risk", &risk, kind.clone()).await.unwrap_err();
        assert_eq!(refused.faults[0].code, "OUT_OF_RANGE", "{kind}: {refused}");
    }
});

scenario!(money_is_exact(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    for amount in ["0.0001", "922337203685477.5807", "1234.5600"] {
        for currency in ["EUR", "JPY", "BHD"] {
            let money = json!({"amount": amount, "currency": currency});
            let changed = director.update("risk", &risk, json!({"cost_high": money})).await.unwrap();
            assert_eq!(changed["cost_high"], money);
            let amount = amount.trim_end_matches('0');
            let filter = format!("cost_likely.amount = null and title = 'Flood' or cost_likely.amount = {amount}");
            assert_eq!(director.list("risk", json!({"filter": filter})).await.unwrap().items().len(), 1);
        }
    }
    for (amount, code) in
        [("922337203685477.5808", "OUT_OF_RANGE"), ("1.00001", "TOO_PRECISE"), ("1e3", "BAD_AMOUNT"), ("1,5", "BAD_AMOUNT")]
    {
        let refused = director.update("risk", &risk, json!({"cost_high": euros(amount)})).await.unwrap_err();
        assert_eq!(refused.faults[0].pointer, "/cost_high/amount", "{amount}: {refused}");
        assert!(!refused.faults[0].code.is_empty(), "{code}");
    }
    let refused = director.update("risk", &risk, json!({"cost_high": {"amount": "1", "currency": "EUX"}})).await;
    assert_eq!(refused.unwrap_err().faults[0].pointer, "/cost_high/currency");
});

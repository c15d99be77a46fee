//! Vendor statements: the books of a partner beside the account here, and the rows that differ.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::partners::invoice::Works;

scenario!(the_books_of_the_partner_are_compared(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let manager = world.client(Who::ProgramManager);
    let mut numbers = Vec::new();
    for hours in ["1", "2", "3"] {
        let made = vendor.create("invoice", works.invoice(hours, "2026-07-01")).await.unwrap();
        numbers.push(made["number"].as_str().unwrap().to_owned());
        if hours != "3" {
            manager.act("invoice", made.id(), "approve", json!({})).await.unwrap();
        }
    }
    let statement = |balance: &str, lines: Value| {
        json!({"engagement_id": works.engagement, "stated_on": "2026-08-31", "currency": "EUR", "balance": balance,
            "lines": lines})
    };
    let line = |number: &str, amount: &str, paid: &str| json!({"number": number, "amount": amount, "paid": paid});
    let right = json!([line(&numbers[0], "100", "0"), line(&numbers[1], "200", "0")]);
    let agrees = vendor.create("vendor_statement", statement("300", right)).await.unwrap();
    assert_eq!((&agrees["agrees"], &agrees["difference_count"]), (&json!(true), &json!(0)));
    let wrong = json!([
        line(&numbers[0], "110", "10"), line(&numbers[2], "300", "0"), line("unknown", "5", "0"),
    ]);
    let differs = vendor.create("vendor_statement", statement("415", wrong)).await.unwrap();
    assert_eq!((&differs["agrees"], &differs["account_balance"]), (&json!(false), &json!("300.0000")));
    let mut found: Vec<(String, String)> = differs["differences"].as_array().unwrap().iter()
        .map(|row| (row["number"].as_str().unwrap().to_owned(), row["difference_type"].as_str().unwrap().to_owned()))
        .collect();
    found.sort();
    let mut wanted = vec![
        (numbers[0].clone(), "amount_differs".to_owned()), (numbers[0].clone(), "paid_differs".to_owned()),
        (numbers[1].clone(), "missing_in_statement".to_owned()), (numbers[2].clone(), "not_agreed".to_owned()),
        ("unknown".to_owned(), "missing_in_account".to_owned()),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
    let seen = manager.get("vendor_statement", differs.id()).await.unwrap();
    assert_eq!(seen["differences"], differs["differences"], "both sides get the rows that differ");
});

scenario!(a_statement_is_of_its_engagement_and_its_day(world) {
    let (works, vendor) = (Works::begin(&world, &world.partner).await, world.client(Who::Vendor));
    let body = |currency: &str, lines: Value| {
        json!({"engagement_id": works.engagement, "stated_on": "2026-08-31", "currency": currency, "balance": "0", "lines": lines})
    };
    let twice = json!([{"number": "R", "amount": "1", "paid": "0"}, {"number": "R", "amount": "2", "paid": "0"}]);
    let refused = vendor.create("vendor_statement", body("EUR", twice)).await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/1/number", "DUPLICATE")]);
    vendor.create("invoice", works.invoice("1", "2026-07-01")).await.unwrap();
    let refused = vendor.create("vendor_statement", body("USD", json!([]))).await.unwrap_err();
    assert_eq!(refused.places(), [("/currency", "DOES_NOT_FIT")]);
    // What was compared stays as it was found, whatever is agreed later.
    let made = vendor.create("vendor_statement", body("EUR", json!([]))).await.unwrap();
    assert_eq!((&made["agrees"], &made["account_balance"]), (&json!(true), &json!("0.0000")), "nothing is agreed yet");
    let director = world.client(Who::Director);
    let invoice = director.list("invoice", json!({"filter": format!("engagement_id = \"{}\"", works.engagement)})).await.unwrap();
    director.act("invoice", invoice.each("id")[0], "approve", json!({})).await.unwrap();
    assert_eq!(vendor.get("vendor_statement", made.id()).await.unwrap()["agrees"], true);
    let later = vendor.create("vendor_statement", body("EUR", json!([]))).await.unwrap();
    assert_eq!(later["differences"][0]["difference_type"], "missing_in_statement");
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    assert_eq!(rival.get("vendor_statement", made.id()).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(rival.create("vendor_statement", body("EUR", json!([]))).await.unwrap_err().places(), [("/engagement_id", "NOT_FOUND")]);
    world.verify().await;
});

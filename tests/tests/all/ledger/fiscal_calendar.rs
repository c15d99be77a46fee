//! Fiscal calendars: how years divide, decided once, and what becomes of a late cost.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::kernel::bodies::fresh;

/// First and last day of a period of a company on this calendar.
async fn span(world: &World, calendar: &str, year: i32, number: i32) -> [String; 2] {
    let finance = world.client(Who::Finance);
    let entity =
        json!({"code": format!("ent-{}", fresh()), "name": "C", "currency": "EUR", "fiscal_calendar_id": calendar});
    let entity = finance.create("legal_entity", entity).await.unwrap();
    let period = json!({"legal_entity_id": entity.id(), "fiscal_year": year, "number": number});
    let period = finance.create("fiscal_period", period).await.unwrap();
    ["starts_on", "ends_on"].map(|name| period[name].as_str().unwrap().to_owned())
}

fn calendar(more: &Value) -> Value {
    let mut body = json!({"code": format!("cal-{}", fresh()), "name": "Calendar", "late_lines": "refuse"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

scenario!(a_year_is_of_months_or_of_weeks(world) {
    let (finance, director) = (world.client(Who::Finance), world.client(Who::Director));
    let refused = finance.create("fiscal_calendar", calendar(&json!({"scheme": "four_four_five", "start_month": 1}))).await;
    let expected = [
        ("/end_month", "REQUIRED"), ("/end_weekday", "REQUIRED"), ("/year_end", "REQUIRED"), ("/start_month", "DOES_NOT_FIT"),
    ];
    assert_eq!(refused.unwrap_err().places(), expected);
    let months = json!({"scheme": "calendar_months", "end_month": 12, "year_end": "last_in_month"});
    let refused = finance.create("fiscal_calendar", calendar(&months)).await.unwrap_err();
    assert_eq!(refused.places(), [("/end_month", "DOES_NOT_FIT"), ("/year_end", "DOES_NOT_FIT")]);
    let months = calendar(&json!({"scheme": "calendar_months", "start_month": 4}));
    assert_eq!(director.create("fiscal_calendar", months.clone()).await.unwrap_err().code, "PERMISSION_DENIED");
    let made = finance.create("fiscal_calendar", months).await.unwrap();
    // A year is named by the calendar year in which it ends.
    assert_eq!(span(&world, made.id(), 2026, 1).await, ["2025-04-01", "2025-04-30"]);
    assert_eq!(span(&world, made.id(), 2026, 12).await, ["2026-03-01", "2026-03-31"]);
    let refused = finance.update("fiscal_calendar", made.id(), json!({"start_month": 1})).await.unwrap_err();
    assert!(["/start_month", "/update_mask"].contains(&refused.places()[0].0), "its days stay: {refused}");
    finance.update("fiscal_calendar", made.id(), json!({"late_lines": "next_open"})).await.unwrap();
    assert_eq!(finance.delete("fiscal_calendar", made.id()).await.unwrap_err().code, "HAS_CHILDREN");
    world.verify().await;
});

scenario!(weeks_fill_a_year_without_a_gap(world) {
    let finance = world.client(Who::Finance);
    let weeks = json!({
        "scheme": "four_four_five", "end_month": 12, "end_weekday": "saturday", "year_end": "last_in_month", "adjustment_periods": 1,
    });
    let made = finance.create("fiscal_calendar", calendar(&weeks)).await.unwrap();
    // The last Saturday of December 2025 is the 27th, that of 2026 the 26th.
    assert_eq!(span(&world, made.id(), 2026, 1).await, ["2025-12-28", "2026-01-24"]);
    assert_eq!(span(&world, made.id(), 2026, 2).await, ["2026-01-25", "2026-02-21"]);
    assert_eq!(span(&world, made.id(), 2026, 3).await, ["2026-02-22", "2026-03-28"]);
    assert_eq!(span(&world, made.id(), 2026, 12).await, ["2026-11-22", "2026-12-26"]);
    assert_eq!(span(&world, made.id(), 2026, 13).await, ["2026-12-26", "2026-12-26"], "adjusting entries, on the last day");
    world.verify().await;
});

//! Work calendars: hours that fit, days that differ once, and holidays taken over from a public calendar.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

use crate::all::kernel::bodies::{make, verb_body};

scenario!(hours_and_days_that_do_not_fit_are_refused_all_at_once(world) {
    let director = world.client(Who::Director);
    let hours = |weekday: &str, from: &str, until: &str| json!({"weekday": weekday, "from": from, "until": until});
    let body = json!({
        "name": "Site", "time_zone": "Europe/Atlantis",
        "week": [hours("monday", "08:00", "12:00"), hours("monday", "11:00", "17:00"), hours("tuesday", "12:00", "08:00")],
        "exceptions": [
            {"day": "2026-12-24", "hours": [{"from": "08:00", "until": "12:00"}, {"from": "10:00", "until": "11:00"}]},
            {"day": "2026-12-24", "hours": []},
        ],
    });
    let refused = director.create("work_calendar", body).await.unwrap_err();
    let expected = [
        ("/time_zone", "UNKNOWN_ZONE"),
        ("/week/1", "OVERLAP"),
        ("/week/2/until", "OUT_OF_ORDER"),
        ("/exceptions/0/hours/1", "OVERLAP"),
        ("/exceptions/1/day", "DUPLICATE"),
    ];
    assert_eq!(refused.places(), expected);
    let body = json!({
        "name": "Site", "time_zone": "Europe/Vienna", "week": [hours("monday", "08:00", "12:00"), hours("monday", "12:00", "24:00")],
    });
    let made = director.create("work_calendar", body).await.unwrap();
    assert_eq!(made["week"].as_array().map(Vec::len), Some(2), "hours may touch, and end with the day");
    world.verify().await;
});

scenario!(holidays_are_imported_once_and_leave_what_is_there(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let calendar = make(&world, "work_calendar").await;
    let own = json!({"exceptions": [{"day": "2026-12-24", "name": "Half a day", "hours": [{"from": "08:00", "until": "12:00"}]}]});
    let before = director.update("work_calendar", &calendar, own).await.unwrap();
    let import = verb_body("work_calendar", "import");
    let refused = manager.act("work_calendar", &calendar, "import", import.clone()).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let changed = |name: &str, value: &str| {
        let mut body = import.clone();
        body[name] = json!(value);
        body
    };
    for (body, at, code) in [
        (changed("until", "2025-12-31"), "/until", "OUT_OF_ORDER"),
        (changed("until", "2036-12-31"), "/until", "OUT_OF_RANGE"),
        (changed("document", "no calendar"), "/document", "BAD_CALENDAR"),
    ] {
        let refused = director.act("work_calendar", &calendar, "import", body).await.unwrap_err();
        assert_eq!(refused.places(), [(at, code)]);
    }
    let done = director.act("work_calendar", &calendar, "import", import.clone()).await.unwrap();
    let days = |calendar: &Value| {
        calendar["exceptions"].as_array().unwrap().iter().map(|day| day["day"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(days(&done.json), ["2026-01-01", "2026-12-24"]);
    assert_eq!(done["exceptions"][1], before["exceptions"][0], "a day that is there stays as it is");
    assert_eq!((done["last_import"]["event_count"].as_f64(), done["last_import"]["day_count"].as_f64()), (Some(1.0), Some(1.0)));
    let again = director.act("work_calendar", &calendar, "import", import).await.unwrap();
    assert_eq!(again["exceptions"], done["exceptions"], "importing again changes nothing");
    let then = director.as_of(before.text("updated_at")).get("work_calendar", &calendar).await.unwrap();
    assert_eq!(days(&then.json), ["2026-12-24"]);
    world.verify().await;
});

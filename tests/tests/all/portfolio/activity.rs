//! Activities, the calendars they are worked by, and the areas of the organisation.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

scenario!(an_activity_is_of_its_projects_program(world) {
    let director = world.client(Who::Director);
    let project = world.project("gym").await;
    let made = director.create("activity", json!({"project_id": project, "title": "Pour floor"})).await.unwrap();
    assert_eq!(made["program_id"], json!(world.program));
    let wrong = json!({"project_id": project, "program_id": world.other_program, "title": "x"});
    let refused = director.create("activity", wrong).await.unwrap_err();
    assert_eq!(refused.places(), [("/program_id", "DOES_NOT_FIT")]);
    let away = json!({"program_id": world.other_program});
    assert_eq!(director.update("project", &project, away).await.unwrap_err().code, "HAS_CHILDREN");
    let manager = world.client(Who::ProgramManager);
    assert_eq!(manager.list("activity", json!({})).await.unwrap().each("id"), [made.id()]);
});

scenario!(percent_complete_is_measured(world) {
    let director = world.client(Who::Director);
    let id = crate::all::kernel::bodies::make(&world, "activity").await;
    let change = async |patch: Value| director.update("activity", &id, patch).await;
    let body = json!({"percent_type": "duration", "duration": 3, "remaining_duration": 2, "duration_unit": "days"});
    assert_eq!(change(body).await.unwrap()["percent_complete"], json!(0.333_333));
    let work = json!({"percent_type": "work", "actual_work_minutes": 60, "remaining_work_minutes": 20});
    assert_eq!(change(work).await.unwrap()["percent_complete"], json!(0.75));
    assert!(change(json!({"percent_type": "physical"})).await.unwrap()["percent_complete"].is_null());
    let refused = change(json!({"percent_complete": 1})).await.unwrap_err();
    assert_eq!(refused.faults[0].code, "READ_ONLY");
    let refused = change(json!({"constraint_type": "must_start_on", "duration_unit": null})).await.unwrap_err();
    assert_eq!(refused.places(), [("/constraint_on", "REQUIRED"), ("/duration_unit", "REQUIRED")]);
    let refused = change(json!({"calendar_id": "cal_00000000000000000000000001"})).await.unwrap_err();
    assert_eq!(refused.places(), [("/calendar_id", "NOT_FOUND")]);
});

scenario!(a_calendar_says_what_is_wrong_with_it(world) {
    let director = world.client(Who::Director);
    let hours = |day: &str, from: &str, until: &str| json!({"weekday": day, "from": from, "until": until});
    let body = json!({
        "name": "Odd", "time_zone": "Europe/Wien",
        "week": [hours("monday", "08:00", "12:00"), hours("monday", "11:00", "13:00"), hours("friday", "17:00", "09:00")],
        "exceptions": [{"day": "2026-12-24", "hours": [{"from": "08:00", "until": "08:00"}]}, {"day": "2026-12-24"}],
    });
    let refused = director.create("work_calendar", body).await.unwrap_err();
    let expected = [
        ("/time_zone", "UNKNOWN_ZONE"),
        ("/week/1", "OVERLAP"),
        ("/week/2/until", "OUT_OF_ORDER"),
        ("/exceptions/0/hours/0/until", "OUT_OF_ORDER"),
        ("/exceptions/1/day", "DUPLICATE"),
    ];
    assert_eq!(refused.places(), expected);
    let bad = json!({"name": "x", "time_zone": "UTC", "week": [hours("monday", "8:00", "24:01")]});
    let refused = director.create("work_calendar", bad).await.unwrap_err();
    assert_eq!(refused.places(), [("/week/0/from", "BAD_TIME"), ("/week/0/until", "BAD_TIME")]);
    let night = json!({"name": "Night", "time_zone": "Asia/Kolkata", "week": [hours("sunday", "00:00", "24:00")]});
    director.create("work_calendar", night).await.unwrap();
    let manager = world.client(Who::ProgramManager);
    let refused = manager.create("work_calendar", json!({"name": "Mine", "time_zone": "UTC"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
});

scenario!(an_area_is_no_part_of_itself(world) {
    let director = world.client(Who::Director);
    let area = async |code: &str, parent: Value| {
        let body = json!({"code": code, "name": code, "parent_id": parent});
        director.create("functional_area", body).await.unwrap().id().to_owned()
    };
    let top = area("top", Value::Null).await;
    let middle = area("middle", json!(top)).await;
    let bottom = area("bottom", json!(middle)).await;
    let refused = director.update("functional_area", &top, json!({"parent_id": bottom})).await.unwrap_err();
    assert_eq!(refused.code, "CYCLE", "{refused}");
    for id in [&top, &middle, &bottom] {
        assert!(refused.detail.contains(id.as_str()), "{refused}");
    }
    let refused = director.update("functional_area", &top, json!({"parent_id": top})).await.unwrap_err();
    assert_eq!(refused.places(), [("/parent_id", "CYCLE")]);
    assert_eq!(director.delete("functional_area", &middle).await.unwrap_err().code, "HAS_CHILDREN");
    director.update("functional_area", &bottom, json!({"parent_id": top})).await.unwrap();
    director.update("functional_area", &middle, json!({"parent_id": bottom})).await.unwrap();
    world.verify().await;
});

/// Two holidays of a public calendar, one of them every year, a day that is half a day, and one that was called off.
const HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//holidays//EN\r\n\
    BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20201225\r\nDTEND;VALUE=DATE:20201227\r\nRRULE:FREQ=YEARLY\r\n\
    SUMMARY:Christmas\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:2\r\nDTSTART;TZID=Europe/Vienna:20261231T120000\r\nDURATION:PT12H\r\nSUMMARY:Half\r\nEND:VEVENT\r\n\
    BEGIN:VEVENT\r\nUID:3\r\nDTSTART;VALUE=DATE:20260501\r\nSTATUS:CANCELLED\r\nSUMMARY:Off\r\nEND:VEVENT\r\n\
    END:VCALENDAR\r\n";

scenario!(holidays_are_imported(world) {
    let director = world.client(Who::Director);
    let own = json!([{"day": "2026-12-25", "hours": [{"from": "08:00", "until": "12:00"}]}]);
    let body = json!({"name": "Vienna", "time_zone": "Europe/Vienna", "exceptions": own});
    let calendar = director.create("work_calendar", body).await.unwrap().id().to_owned();
    let ask = json!({"document": HOLIDAYS, "from": "2026-01-01", "until": "2027-12-31"});
    let dry = director.validate_only().act("work_calendar", &calendar, "import", ask.clone()).await.unwrap();
    assert_eq!(dry.json["exceptions"].as_array().unwrap().len(), 4, "{dry:?}");
    assert_eq!(director.get("work_calendar", &calendar).await.unwrap().json["revision"], 1);

    let done = director.act("work_calendar", &calendar, "import", ask.clone()).await.unwrap();
    let days: Vec<_> = done.json["exceptions"].as_array().unwrap().iter().map(|e| e["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-12-25", "2026-12-26", "2027-12-25", "2027-12-26"]);
    assert_eq!(done.json["exceptions"][0]["hours"][0]["from"], "08:00", "what was there stays");
    assert_eq!(done.json["exceptions"][1]["name"], "Christmas");
    let told = &done.json["last_import"];
    assert_eq!((&told["event_count"], &told["day_count"], &told["skipped_count"]), (&json!(3), &json!(4), &json!(2)));
    let skipped: Vec<_> = told["skipped"].as_array().unwrap().iter().map(|s| s["reason"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["covers no whole day", "is cancelled"]);

    let again = director.act("work_calendar", &calendar, "import", ask).await.unwrap();
    assert_eq!(again.json["revision"], 2, "importing again changes nothing");
    world.verify().await;
});

scenario!(what_is_no_calendar_of_holidays_is_refused(world) {
    let director = world.client(Who::Director);
    let body = json!({"name": "Vienna", "time_zone": "Europe/Vienna"});
    let calendar = director.create("work_calendar", body).await.unwrap().id().to_owned();
    let daily = HOLIDAYS.replace("FREQ=YEARLY", "FREQ=DAILY");
    let cases = [
        (json!({"document": "hello", "from": "2026-01-01", "until": "2026-12-31"}), ("/document", "BAD_CALENDAR")),
        (json!({"document": "a\u{0}b", "from": "2026-01-01", "until": "2026-12-31"}), ("/document", "CONTROL_CHARACTER")),
        (json!({"document": HOLIDAYS, "from": "2026-12-31", "until": "2026-01-01"}), ("/until", "OUT_OF_ORDER")),
        (json!({"document": HOLIDAYS, "from": "2026-01-01", "until": "2036-12-31"}), ("/until", "OUT_OF_RANGE")),
        (json!({"document": daily, "from": "2026-01-01", "until": "2035-12-31"}), ("/until", "TOO_MANY")),
    ];
    for (ask, place) in cases {
        let refused = director.act("work_calendar", &calendar, "import", ask).await.unwrap_err();
        assert_eq!(refused.places(), [place]);
    }
    let ask = json!({"document": HOLIDAYS, "from": "2026-01-01", "until": "2026-12-31"});
    let manager = world.client(Who::ProgramManager);
    let refused = manager.act("work_calendar", &calendar, "import", ask).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    assert_eq!(director.get("work_calendar", &calendar).await.unwrap().json["revision"], 1);
});

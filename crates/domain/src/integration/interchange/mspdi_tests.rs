use serde_json::{Value, json};

use super::super::Record;
use super::*;

/// A file with these calendars, tasks and what follows them.
fn file(tasks: &str, rest: &str) -> String {
    let day = |number: u8| {
        format!(
            "<WeekDay><DayType>{number}</DayType><DayWorking>1</DayWorking><WorkingTimes>\
             <WorkingTime><FromTime>08:00:00</FromTime><ToTime>12:00:00</ToTime></WorkingTime>\
             <WorkingTime><FromTime>13:00:00</FromTime><ToTime>17:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>"
        )
    };
    let week: String = (2..=6).map(day).collect();
    format!(
        "<?xml version=\"1.0\"?><Project xmlns=\"http://schemas.microsoft.com/project\"><Title>Links</Title>\
         <CurrencySymbol>$</CurrencySymbol><CurrencyCode>GBP</CurrencyCode><CalendarUID>1</CalendarUID>\
         <MinutesPerDay>480</MinutesPerDay><Calendars><Calendar><UID>1</UID><Name>Standard</Name>\
         <IsBaseCalendar>1</IsBaseCalendar><WeekDays>{week}</WeekDays></Calendar></Calendars>\
         <Tasks>{tasks}</Tasks>{rest}</Project>"
    )
}

fn task(uid: u8, start: &str, finish: &str, more: &str) -> String {
    format!(
        "<Task><UID>{uid}</UID><Name>Task {uid}</Name><Start>{start}</Start><Finish>{finish}</Finish>\
         <Duration>PT8H0M0S</Duration><RemainingDuration>PT8H0M0S</RemainingDuration>{more}</Task>"
    )
}

fn link(from: u8, kind: u8, lag: i32, format: u8) -> String {
    format!(
        "<PredecessorLink><PredecessorUID>{from}</PredecessorUID><Type>{kind}</Type><LinkLag>{lag}</LinkLag>\
         <LagFormat>{format}</LagFormat></PredecessorLink>"
    )
}

fn records(text: &str) -> Result<Vec<Record>, Error> {
    let target = Target { project_id: Some("proj_1".into()), time_zone: "UTC".into(), ..Target::default() };
    let mut records = Vec::new();
    read(text.as_bytes(), &target, &mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

fn of<'a>(records: &'a [Record], kind: &str) -> Vec<&'a Record> {
    records.iter().filter(|record| record.kind == Some(kind)).collect()
}

/// The links, lags, dates and slack that Microsoft Project 2007 computed for five tasks: facts of `junit/data/
/// mspdirelations.xml` of <https://github.com/joniles/mpxj> at 764fe84 (LGPL 2.1 or later), stated here by hand.
#[test]
fn links_and_dates_of_a_published_example() {
    let slack = "<TotalSlack>4800</TotalSlack>";
    let tasks = [
        task(1, "2006-09-21T08:00:00", "2006-09-21T17:00:00", ""),
        task(2, "2006-09-22T08:00:00", "2006-09-22T17:00:00", &link(1, 1, 0, 7)),
        task(3, "2006-09-25T08:00:00", "2006-09-25T17:00:00", &link(2, 3, 4_800, 7)),
        task(4, "2006-09-25T08:00:00", "2006-09-25T17:00:00", &link(3, 0, 0, 7)),
        task(5, "2006-09-22T08:00:00", "2006-09-25T08:00:00", &format!("{}{slack}", link(4, 2, 0, 7))),
    ];
    let read = records(&file(&tasks.concat(), "")).unwrap();
    assert_eq!(read[0].notes[0].code, "CONTRADICTION", "the symbol is not that of the currency");
    let told: Vec<_> = of(&read, "activity")
        .into_iter()
        .map(|record| {
            ["planned_start_on", "planned_finish_on", "total_float_minutes"].map(|name| record.body[name].clone())
        })
        .collect();
    let day = |start: &str, finish: &str, float: Value| [json!(start), json!(finish), float];
    let expected = [
        day("2006-09-21", "2006-09-21", Value::Null),
        day("2006-09-22", "2006-09-22", Value::Null),
        day("2006-09-25", "2006-09-25", Value::Null),
        day("2006-09-25", "2006-09-25", Value::Null),
        // An end at eight in the morning is the end of the working day before.
        day("2006-09-22", "2006-09-22", json!(480)),
    ];
    assert_eq!(told, expected);
    let links: Vec<_> = of(&read, "dependency")
        .into_iter()
        .map(|record| {
            (record.external_id.as_str(), record.body["relation"].as_str().unwrap(), record.body["lag_days"].clone())
        })
        .collect();
    let expected = [
        ("proj_1:1>2", "finish_to_start", Value::Null),
        ("proj_1:2>3", "start_to_start", json!(1)),
        ("proj_1:3>4", "finish_to_finish", Value::Null),
        ("proj_1:4>5", "start_to_finish", Value::Null),
    ];
    assert_eq!(links, expected);
    assert_eq!(of(&read, "work_calendar")[0].body["week"].as_array().unwrap().len(), 10);
}

/// Costs and rates of assignments: facts of `junit/data/mspdiresource.xml` of the same, stated by hand.
#[test]
fn money_is_in_hundredths() {
    for (text, units) in
        [("120000", 12_000_000), ("180000", 18_000_000), ("240000", 24_000_000), ("80000.00", 8_000_000)]
    {
        assert_eq!(hundredths(text), Some(units), "{text}");
    }
    let tasks = task(1, "2026-01-05T08:00:00", "2026-01-05T17:00:00", "<Cost>120000</Cost><ActualCost>5</ActualCost>");
    let rest = "<Resources><Resource><UID>7</UID><Name>Crane</Name><StandardRate>50</StandardRate></Resource></Resources>\
                <Assignments><Assignment><TaskUID>1</TaskUID><ResourceUID>7</ResourceUID><Work>PT24H0M0S</Work>\
                <Cost>120000</Cost></Assignment><Assignment><TaskUID>1</TaskUID><ResourceUID>-65535</ResourceUID>\
                <Work>PT9H0M0S</Work></Assignment></Assignments>";
    let read = records(&file(&tasks, rest)).unwrap();
    let body = &of(&read, "activity")[0].body;
    assert_eq!(body["budget_at_completion"], json!({"amount": "1200.0000", "currency": "GBP"}));
    assert_eq!(body["actual_cost"], json!({"amount": "0.0500", "currency": "GBP"}));
    let crane = json!([{"name": "Crane", "work_minutes": 1440, "cost": {"amount": "1200.0000", "currency": "GBP"}}]);
    assert_eq!(body["resources"], crane, "nobody is no resource");
    let lost: Vec<&str> =
        read.iter().filter(|r| r.kind.is_none()).flat_map(|r| &r.notes).map(|n| n.pointer.as_str()).collect();
    assert!(lost.contains(&"/Resource/StandardRate"), "{lost:?}");
}

#[test]
fn lags_by_their_format() {
    let tasks = [
        task(1, "2026-01-05T08:00:00", "2026-01-05T17:00:00", ""),
        task(2, "2026-01-05T08:00:00", "2026-01-05T17:00:00", &link(1, 1, 14_400, 8)),
        task(3, "2026-01-05T08:00:00", "2026-01-05T17:00:00", &link(1, 1, -50, 19)),
        task(4, "2026-01-05T08:00:00", "2026-01-05T17:00:00", &link(1, 1, 100, 3)),
        task(5, "2026-01-05T08:00:00", "2026-01-05T17:00:00", &link(1, 1, -9_600, 39)),
        task(6, "2026-01-05T08:00:00", "2026-01-05T17:00:00", &link(9, 1, 0, 7)),
    ];
    let read = records(&file(&tasks.concat(), "")).unwrap();
    let lags: Vec<Value> = of(&read, "dependency")
        .into_iter()
        .map(|record| {
            json!(["lag_days", "lag_minutes", "lag_percent", "lag_kind"].map(|name| record.body[name].clone()))
        })
        .collect();
    let expected = [
        json!([1, null, null, "elapsed"]),
        json!([null, null, -50, null]),
        json!([null, 10, null, null]),
        json!([-2, null, null, null]),
    ];
    assert_eq!(lags, expected);
    let lost = read.iter().find(|record| record.place == "link of task 6").unwrap();
    assert_eq!((lost.kind, lost.notes[0].code.as_ref()), (None, "NOT_IN_FILE"));
}

#[test]
fn rows_of_no_task_and_baselines() {
    let baseline = "<Baseline><Number>0</Number><Start>2026-01-02T08:00:00</Start><Finish>2026-01-02T17:00:00</Finish>\
                    <Duration>PT8H0M0S</Duration><Cost>1000</Cost></Baseline><Baseline><Number>1</Number></Baseline>";
    let tasks = [
        "<Task><UID>0</UID><Name>All</Name></Task><Task><UID>8</UID><IsNull>1</IsNull></Task>".to_owned(),
        task(1, "2026-01-05T08:00:00", "2026-01-05T17:00:00", baseline),
        task(2, "2026-01-05T08:00:00", "2026-01-05T17:00:00", "<Milestone>1</Milestone><Priority>500</Priority>"),
    ];
    let read =
        records(&file(&tasks.concat(), "<ExtendedAttributes><ExtendedAttribute/></ExtendedAttributes>")).unwrap();
    let activities = of(&read, "activity");
    assert_eq!(activities.len(), 2);
    let body = &activities[0].body;
    let expected = [
        ("planned_finish_on", "2026-01-02"),
        ("forecast_finish_on", "2026-01-05"),
        ("baseline_start_on", "2026-01-02"),
    ];
    for (field, day) in expected {
        assert_eq!(body[field], day, "{field}");
    }
    assert_eq!(
        (&body["baseline_cost"]["amount"], activities[0].notes[0].code.as_ref()),
        (&json!("10.0000"), "NOT_KEPT")
    );
    assert!(activities[0].notes[0].detail.ends_with("not kept: 1"), "{:?}", activities[0].notes);
    assert_eq!(activities[1].body["activity_type"], "milestone");
    let lost: Vec<&str> =
        read.iter().filter(|r| r.kind.is_none()).flat_map(|r| &r.notes).map(|n| n.pointer.as_str()).collect();
    assert!(lost.contains(&"/ExtendedAttributes") && lost.contains(&"/Task/Priority"), "{lost:?}");
}

#[test]
fn durations_of_iso() {
    for (text, minutes) in [
        ("PT71H1M0S", Some(4_261)),
        ("PT0H0M0S", Some(0)),
        ("PT0H0M30S", Some(1)),
        ("P1DT2H", Some(1_560)),
        ("PT", Some(0)),
        ("71H", None),
        ("PT5X", None),
        ("PT5", None),
        ("PT99999999999999999999H", None),
        ("", None),
    ] {
        assert_eq!(duration(text), minutes, "{text}");
    }
}

#[test]
fn hostile_files_end_with_a_reason() {
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>\
                  <Project><Title>&lol2;</Title></Project>";
    let entity = "<Project><Title>&lol;</Title></Project>";
    let deep = "<Project>".to_owned() + &"<a>".repeat(100_000);
    let long = format!("<Project><Title>{}</Title></Project>", "x".repeat(3 << 20));
    let tag = format!("<Project><{}", "x".repeat(3 << 20));
    let latin = b"<Project><Title>B\xfcro</Title></Project>".to_vec();
    let cut = file(&task(1, "a", "b", ""), "").replace("</Tasks>", "");
    let cut = &cut[..cut.len() - 40];
    let texts = [laughs, entity, &deep, &long, &tag, cut, "", "x", "<Tasks></Tasks>", "<Project><Tasks>", "{}"];
    for text in texts {
        let error = records(text).unwrap_err();
        assert_eq!(error.reason, Reason::Malformed, "{text:.60}: {error:?}");
    }
    let target = Target { project_id: Some("proj_1".into()), ..Target::default() };
    let error = read(latin.as_slice(), &target, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.reason, Reason::Malformed);
}

#[test]
fn what_cannot_be_read_is_told() {
    let bad =
        "<Deadline>soon</Deadline><Cost>1,000</Cost><ActualWork>8h</ActualWork><PercentComplete>150</PercentComplete>";
    let tasks = [
        task(1, "2006-13-21T08:00:00", "2006-09-21T17:00:00", bad),
        task(1, "2006-09-22T08:00:00", "2006-09-22T17:00:00", ""),
        task(2, "2006-09-22T08:00:00", "2006-09-22T17:00:00", "<Active>0</Active>"),
        task(3, "2006-09-22T08:00:00", "2006-09-22T17:00:00", "<PredecessorLink><Type>1</Type></PredecessorLink>"),
    ];
    let read = records(&file(&tasks.concat(), "")).unwrap();
    let told: Vec<(&str, &str)> =
        read.iter().flat_map(|r| &r.notes).map(|note| (note.pointer.as_str(), note.code.as_ref())).collect();
    for note in [
        ("/Start", "BAD_DAY"),
        ("/Deadline", "BAD_DAY"),
        ("/ActualWork", "BAD_DURATION"),
        ("/Cost", "BAD_AMOUNT"),
        ("/PercentComplete", "OUT_OF_RANGE"),
        ("/UID", "DUPLICATE"),
        ("/Active", "NOT_KEPT"),
        ("/PredecessorLink", "REQUIRED"),
    ] {
        assert!(told.contains(&note), "{note:?} of {told:?}");
    }
    assert_eq!(of(&read, "activity").len(), 2);
    let minutes = ["PT7.5H0M0S", "PT0H1M29S", "PT0H1M30S", "P1DT1H0M0S", "P1W", "PT1", "PT1.23456H"].map(duration);
    assert_eq!(minutes, [Some(450), Some(1), Some(2), Some(1_500), None, None, None]);
}

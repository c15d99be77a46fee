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

/// The elements of a task and what it is with, with values that say something, and the file without one of them.
fn of_all(element: &str, names: &[&[&str]], without: Option<&str>) -> String {
    let value = |name: &str| match name {
        "UID" | "ResourceUID" | "ConstraintType" => "7".to_owned(),
        "PredecessorUID" | "CalendarUID" => "2".to_owned(),
        "Number" | "Type" => "3".to_owned(),
        "IsNull" | "CrossProject" | "Summary" => "0".to_owned(),
        "TaskUID" | "BaseCalendarUID" | "Active" | "Milestone" | "EarnedValueMethod" | "IsBaseCalendar" => {
            "1".to_owned()
        }
        "Start" | "ActualStart" => "2026-03-02T09:30:00".to_owned(),
        "Finish" | "ActualFinish" | "Deadline" | "ConstraintDate" => "2026-03-04T15:30:00".to_owned(),
        "StartDate" | "FinishDate" | "CreationDate" => "2026-03-02T08:00:00".to_owned(),
        "Duration" => "PT24H0M0S".to_owned(),
        "RemainingDuration" | "RemainingWork" => "PT8H0M0S".to_owned(),
        "ActualWork" => "PT7H0M0S".to_owned(),
        "Work" => "PT16H0M0S".to_owned(),
        "DurationFormat" | "LagFormat" => "8".to_owned(),
        "CurrencyCode" => "EUR".to_owned(),
        "CurrencySymbol" => "£".to_owned(),
        "MinutesPerDay" => "600".to_owned(),
        "PercentComplete" => "90".to_owned(),
        "PredecessorLink" => link(2, 3, 100, 7),
        "Baseline" => "<Number>0</Number><Start>2026-03-02T08:00:00</Start><Cost>5</Cost>".to_owned(),
        "WeekDays" => "<WeekDay><DayType>3</DayType><DayWorking>0</DayWorking></WeekDay>".to_owned(),
        "Exceptions" => {
            "<Exception><TimePeriod><FromDate>2026-05-01T00:00:00</FromDate><ToDate>2026-05-01T23:59:00</ToDate>\
             </TimePeriod></Exception>"
                .to_owned()
        }
        "WorkWeeks" => "<WorkWeek><TimePeriod><FromDate>2026-07-06T00:00:00</FromDate>\
                        <ToDate>2026-07-12T23:59:00</ToDate></TimePeriod><WeekDays><WeekDay><DayType>7</DayType>\
                        <DayWorking>0</DayWorking></WeekDay></WeekDays></WorkWeek>"
            .to_owned(),
        "LinkLag" => "14400".to_owned(),
        name => format!("5{}", &"0".repeat(name.len() % 3)),
    };
    let wrapped = |name: &&str| match *name {
        "PredecessorLink" => value(name),
        name => format!("<{name}>{}</{name}>", value(name)),
    };
    let all = names.iter().flat_map(|names| names.iter()).filter(|name| Some(**name) != without);
    format!("<{element}>{}</{element}>", all.map(wrapped).collect::<String>())
}

/// Every element of a file is kept, follows from what is kept, or is told.
#[test]
fn elements_are_kept_computed_or_told() {
    let plain = task(1, "2026-03-02T08:00:00", "2026-03-03T17:00:00", "");
    let second = task(2, "2026-03-02T08:00:00", "2026-03-03T17:00:00", "");
    let whole = |element: &str, names: &Names, extra: &[&str], without: Option<&str>| {
        let lists = [names.kept, names.computed, names.settings, extra];
        let one = of_all(element, &lists, without);
        let within = |more: &str| plain.replace("</Task>", &format!("{more}</Task>"));
        let text = match element {
            "Task" => file(&format!("{second}{one}"), ""),
            "Baseline" => {
                let first = one.replace("<Number>3</Number>", "<Number>0</Number>");
                file(&within(&first), "")
            }
            "PredecessorLink" => file(&format!("{second}{}", within(&one)), ""),
            "Resource" => {
                let work = "<Assignment><TaskUID>1</TaskUID><ResourceUID>7</ResourceUID></Assignment>";
                file(&plain, &format!("<Resources>{one}</Resources><Assignments>{work}</Assignments>"))
            }
            "Assignment" => {
                let crane = "<Resource><UID>7</UID><Name>Crane</Name></Resource>";
                file(&plain, &format!("<Resources>{crane}</Resources><Assignments>{one}</Assignments>"))
            }
            "Calendar" => file(&plain, "").replace("</Calendars>", &format!("{one}</Calendars>")),
            _ => {
                let calendars = file(&plain, "");
                let (_, rest) = calendars.split_once("<Calendars>").unwrap();
                format!("{}<Calendars>{rest}", one.strip_suffix("</Project>").unwrap())
            }
        };
        let target = Target { program_id: Some("prog_1".into()), time_zone: "UTC".into(), ..Target::default() };
        let mut found = Vec::new();
        read(text.as_bytes(), &target, &mut |record| {
            found.push(record);
            Ok(())
        })
        .unwrap();
        found
    };
    let docs = include_str!("../../../../../docs/files.md");
    let mut dropped: Vec<String> = Vec::new();
    for (element, path, names) in [
        ("Project", "/Project", &PROJECT),
        ("Task", "/Task", &TASK),
        ("Baseline", "/Task/Baseline", &BASELINE),
        ("PredecessorLink", "/Task/PredecessorLink", &LINK),
        ("Resource", "/Resource", &RESOURCE),
        ("Assignment", "/Assignment", &ASSIGNMENT),
        ("Calendar", "/Calendar", &CALENDAR),
    ] {
        let all = whole(element, names, &["Invented"], None);
        let told = |text: &str| all.iter().flat_map(|record| &record.notes).any(|note| note.detail.contains(text));
        let pointers: Vec<&str> = all.iter().flat_map(|r| &r.notes).map(|note| note.pointer.as_str()).collect();
        assert!(pointers.contains(&format!("{path}/Invented").as_str()), "{path}: {pointers:?}");
        for name in names.settings {
            assert!(told(&format!("{path}/{name} (1)")), "{path}/{name} is told");
        }
        for name in names.computed {
            assert!(whole(element, names, &["Invented"], Some(name)) == all, "{path}/{name} follows from others");
        }
        for name in names.kept {
            // Where there is something better, these are read no more.
            let second_choice =
                [("/Project", "Name"), ("/Project", "CreationDate"), ("/Task", "OutlineNumber"), ("/Task", "IsNull")];
            let of_a_refused =
                [("/Task/PredecessorLink", "CrossProject"), ("/Task/PredecessorLink", "CrossProjectName")];
            let by_default = [
                ("/Task/Baseline", "Number"),
                ("/Task", "Active"),
                ("/Task", "Summary"),
                ("/Assignment", "UID"),
                ("/Calendar", "IsBaseCalendar"),
            ];
            let exempt = [&second_choice[..], &of_a_refused, &by_default].concat();
            if !exempt.contains(&(path, name)) && whole(element, names, &["Invented"], Some(name)) == all {
                dropped.push(format!("{path}/{name}"));
            }
        }
        let row = docs.lines().filter(|line| line.starts_with(&format!("| `{path}` |"))).collect::<String>();
        for name in [names.kept, names.computed, names.settings].concat() {
            assert!(row.contains(&format!("`{name}`")), "docs/files.md has no {path}/{name}");
        }
    }
    assert_eq!(dropped, [""; 0], "neither kept nor told");
}

/// A day of 600 minutes, a week of other hours in summer, elapsed time, a milestone that is met.
#[test]
fn the_calendar_of_the_project_counts() {
    let hours = |from: &str, until: &str| {
        format!("<WorkingTime><FromTime>{from}:00</FromTime><ToTime>{until}:00</ToTime></WorkingTime>")
    };
    let day = |number: u8, hours: &str| {
        format!(
            "<WeekDay><DayType>{number}</DayType><DayWorking>1</DayWorking><WorkingTimes>{hours}</WorkingTimes></WeekDay>"
        )
    };
    let week: String = (2..=5).map(|n| day(n, &[hours("06:00", "11:00"), hours("11:30", "16:30")].concat())).collect();
    let summer = day(6, &hours("06:00", "10:00"));
    let done = "<Milestone>1</Milestone><PercentComplete>100</PercentComplete><ActualStart>2026-03-10T16:30:00</ActualStart>\
                <ActualFinish>2026-03-10T16:30:00</ActualFinish>";
    let text = format!(
        "<Project><Title>Ten hour days</Title><MinutesPerDay>600</MinutesPerDay><CalendarUID>1</CalendarUID><Calendars>\
         <Calendar><UID>1</UID><Name>Ten hours</Name><IsBaseCalendar>1</IsBaseCalendar><WeekDays>{week}</WeekDays><WorkWeeks>\
         <WorkWeek><TimePeriod><FromDate>2026-07-06T00:00:00</FromDate><ToDate>2026-07-31T23:59:00</ToDate></TimePeriod>\
         <Name>Summer</Name><WeekDays>{summer}</WeekDays></WorkWeek></WorkWeeks></Calendar></Calendars><Tasks>{}{}{}{}</Tasks>\
         </Project>",
        task(1, "2026-03-02T06:00:00", "2026-03-03T16:30:00", "<CalendarUID>-1</CalendarUID><Work>PT20H0M0S</Work>"),
        task(2, "2026-03-05T06:00:00", "2026-03-10T16:30:00", &link(1, 1, 6_000, 7)),
        task(3, "2026-03-05T06:00:00", "2026-03-08T02:00:00", "<DurationFormat>8</DurationFormat>"),
        task(4, "2026-03-10T16:30:00", "2026-03-10T16:30:00", done).replace("PT8H", "PT0H"),
    );
    let read = records(&text).unwrap();
    let calendar = of(&read, "work_calendar")[0];
    assert_eq!((&calendar.body["minutes_per_day"], calendar.notes.len()), (&json!(600), 0));
    let fridays: Vec<&str> =
        calendar.body["exceptions"].as_array().unwrap().iter().map(|one| one["day"].as_str().unwrap()).collect();
    assert_eq!(fridays, ["2026-07-10", "2026-07-17", "2026-07-24", "2026-07-31"]);
    let activities = of(&read, "activity");
    for activity in &activities {
        assert_eq!(activity.links[0].external_id, "proj_1:calendar:1", "{}", activity.place);
    }
    assert_eq!(
        (&activities[0].body["actual_work_minutes"], &activities[0].body["remaining_work_minutes"]),
        (&json!(0), &json!(1_200))
    );
    let elapsed = &activities[2].body;
    assert_eq!((&elapsed["duration_kind"], &elapsed["forecast_finish_on"]), (&json!("elapsed"), &json!("2026-03-08")));
    assert_eq!(elapsed["finish_time"], "02:00");
    assert!(activities[3].notes.is_empty(), "{:?}", activities[3].notes);
    let link = of(&read, "dependency")[0];
    assert_eq!(link.body["lag_days"], 1);
    let out = round_trip(&text);
    assert!(out.contains("<LinkLag>6000</LinkLag>") && out.contains("<MinutesPerDay>600</MinutesPerDay>"), "{out}");
    assert!(out.contains("<Finish>2026-03-08T02:00:00</Finish>") && out.contains("<DurationFormat>8</DurationFormat>"));
    assert!(out.contains("<Work>PT20H0M0S</Work>") && out.contains("<PercentComplete>100</PercentComplete>"), "{out}");
}

/// A milestone of a deliverable has no duration, cost or deadline: each is told.
#[test]
fn a_milestone_tells_what_it_cannot_hold() {
    let more = "<Milestone>1</Milestone><WBS>1.2</WBS><Cost>12500000</Cost><ActualCost>2500000</ActualCost>\
                <Deadline>2026-12-11T17:00:00</Deadline><ConstraintType>4</ConstraintType>\
                <ConstraintDate>2026-12-07T08:00:00</ConstraintDate>";
    let rest = "<Resources><Resource><UID>1</UID><Name>Bench</Name></Resource></Resources><Assignments><Assignment>\
                <UID>1</UID><TaskUID>2</TaskUID><ResourceUID>1</ResourceUID><Work>PT40H0M0S</Work></Assignment></Assignments>";
    let text = file(&task(2, "2026-12-07T08:00:00", "2026-12-11T17:00:00", more), rest);
    let target = Target {
        project_id: Some("proj_1".into()),
        deliverable_id: Some("del_1".into()),
        time_zone: "UTC".into(),
        ..Target::default()
    };
    let mut found = Vec::new();
    read(text.as_bytes(), &target, &mut |record| {
        found.push(record);
        Ok(())
    })
    .unwrap();
    let milestone = of(&found, "milestone")[0];
    let told: Vec<&str> = milestone.notes.iter().map(|note| note.pointer.as_str()).collect();
    for field in [
        "/duration",
        "/remaining_duration",
        "/wbs_code",
        "/budget_at_completion",
        "/actual_cost",
        "/deadline_on",
        "/constraint_type",
        "/constraint_on",
        "/resources",
        "/forecast_start_on",
    ] {
        assert_eq!(told.iter().filter(|pointer| **pointer == field).count(), 1, "{field} of {told:?}");
    }
}

#[test]
fn durations_in_days_alone_are_told_wherever_they_stand() {
    let more = "<Baseline><Number>0</Number><Duration>P5D</Duration></Baseline>";
    let tasks = task(1, "2026-01-05T08:00:00", "2026-01-05T17:00:00", more).replace("PT8H0M0S", "P5D");
    let rest = "<Assignments><Assignment><UID>3</UID><TaskUID>1</TaskUID><ResourceUID>7</ResourceUID><Work>P5D</Work>\
                </Assignment><Assignment><UID>4</UID></Assignment></Assignments>";
    let read = records(&file(&tasks, rest)).unwrap();
    let told: Vec<(&str, &str)> =
        read.iter().flat_map(|r| &r.notes).map(|note| (note.pointer.as_str(), note.code.as_ref())).collect();
    for pointer in ["/Duration", "/RemainingDuration", "/Baseline/Duration", "/Assignment/Work"] {
        assert!(told.contains(&(pointer, "BAD_DURATION")), "{pointer} of {told:?}");
    }
    assert!(told.contains(&("/TaskUID", "REQUIRED")), "{told:?}");
    let seconds = task(1, "2026-01-05T08:00:00", "2026-01-05T16:09:24", "<Work>PT8H0M24S</Work>");
    let read = records(&file(&seconds, "")).unwrap();
    let rounded: Vec<&str> =
        read.iter().flat_map(|r| &r.notes).filter(|n| n.code == "ROUNDED").map(|n| n.pointer.as_str()).collect();
    assert_eq!(rounded, ["/Finish", "/Work"]);
    let group = task(1, "2026-01-05T08:00:00", "2026-01-05T17:00:00", "<Summary>1</Summary><FixedCost>900</FixedCost>");
    let read = records(&file(&group, "")).unwrap();
    assert!(read.iter().flat_map(|r| &r.notes).any(|note| note.pointer == "/FixedCost"), "no sum misses it in silence");
}

/// Projects without an identifier of their own are told apart by where they go and when they were made.
#[test]
fn projects_of_one_name_are_two() {
    let key = |made: &str, program: &str| {
        let text = format!("<Project><Name>Plan.xml</Name><CreationDate>{made}</CreationDate></Project>");
        let target = Target { program_id: Some(program.into()), ..Target::default() };
        let mut keys = Vec::new();
        read(text.as_bytes(), &target, &mut |record| {
            keys.push(record.external_id);
            Ok(())
        })
        .unwrap();
        keys.swap_remove(0)
    };
    let first = key("2026-01-01T08:00:00", "prog_1");
    assert_eq!(first, "project:prog_1:Plan.xml:2026-01-01T08:00:00");
    assert_eq!(first, key("2026-01-01T08:00:00", "prog_1"));
    assert_ne!(first, key("2026-01-02T08:00:00", "prog_1"));
    assert_ne!(first, key("2026-01-01T08:00:00", "prog_2"));
}

/// The file that goes out after this one has come in.
fn round_trip(text: &str) -> String {
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    let ids: HashMap<String, String> = HashMap::new();
    let (mut ids, mut next) = (ids, 0_u128);
    let (mut activities, mut dependencies, mut calendars) = (Vec::new(), Vec::new(), Vec::new());
    let target = Target {
        project_id: Some("proj_00000000000000000000000001".into()),
        time_zone: "UTC".into(),
        ..Target::default()
    };
    let mut records = Vec::new();
    read(text.as_bytes(), &target, &mut |record| {
        records.push(record);
        Ok(())
    })
    .unwrap();
    let at = Instant::from_micros(0);
    for record in records {
        let Some(kind) = record.kind else { continue };
        next += 1;
        let seed = Seed { id: next, at, effective_at: at, by: Actor::system() };
        let mut body = record.body;
        for link in record.links {
            body.insert(link.field, json!(ids[&link.external_id]));
        }
        body.retain(|_, value| !value.is_null());
        body.insert("external_refs".into(), json!([{"source": "ms", "external_id": record.external_id}]));
        let id = match kind {
            "work_calendar" => {
                calendars.push(crate::work_calendar::WorkCalendar::create(&body, &seed).unwrap());
                calendars.last().unwrap().id_text()
            }
            "activity" => {
                activities.push(crate::activity::Activity::create(&body, &seed).unwrap());
                activities.last().unwrap().id_text()
            }
            "dependency" => {
                dependencies.push(crate::dependency::Dependency::create(&body, &seed).unwrap());
                dependencies.last().unwrap().id_text()
            }
            kind => panic!("{kind}"),
        };
        ids.insert(record.external_id, id);
    }
    let body = json!({"program_id": "prog_00000000000000000000000001", "code": "plan", "name": "Plan"});
    let seed = Seed { id: 1, at, effective_at: at, by: Actor::system() };
    let project = crate::project::Project::create(body.as_object().unwrap(), &seed).unwrap();
    let plan = super::super::mspdi_out::Plan {
        project: &project,
        activities: &activities,
        milestones: &[],
        dependencies: &dependencies,
        calendars: &calendars,
    };
    super::super::mspdi_out::write(&plan)
}

/// Writes the files of a folder in and out again beside themselves, to be compared.
#[test]
#[ignore = "long: real schedules, in the folder that SCHEDULES names"]
fn real_schedules_go_out_as_they_came_in() {
    let folder = std::env::var("SCHEDULES").unwrap();
    let out = std::env::var("SCHEDULES_OUT").unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let text = round_trip(&std::fs::read_to_string(&path).unwrap());
            std::fs::write(std::path::Path::new(&out).join(path.file_name().unwrap()), text).unwrap();
        }
    }
}

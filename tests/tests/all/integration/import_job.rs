//! Files of other tools on their way in: dry run, import, report, and the same file again.

use std::fmt::Write;

use serde_json::{Value, json};
use steerco_tests::{Answer, Client, Who, World, scenario};

use crate::all::kernel::bodies::{fresh, make};
use crate::all::kernel::wire::head;

/// A job with its file, ready to run.
async fn ready(caller: &Client, body: Value, file: &[u8]) -> String {
    let id = caller.create("import_job", body).await.unwrap().id().to_owned();
    let job = caller.upload_of("import_job", &id, file).await.unwrap();
    assert_eq!((job["state"].as_str(), &job["size_bytes"]), (Some("ready"), &json!(file.len().to_string())));
    id
}

async fn report(caller: &Client, id: &str) -> Vec<Value> {
    let page = caller.import_records(id, json!({})).await.unwrap();
    page["records"].as_array().unwrap().clone()
}

fn outcomes(report: &[Value]) -> Vec<&str> {
    report.iter().map(|record| record["outcome"].as_str().unwrap()).collect()
}

fn counts(job: &Answer) -> [i64; 6] {
    ["records", "created", "updated", "unchanged", "refused", "lost"].map(|name| job["counts"][name].as_i64().unwrap())
}

/// Deliverables as a PMO keeps them.
async fn profile(world: &World) -> String {
    let code = format!("pmo-{}", fresh());
    let body = json!({
        "code": code, "name": "PMO", "delimiter": "semicolon", "encoding": "windows1252", "date_format": "dmy_dot",
        "decimal_separator": "comma", "kind": "deliverable", "columns": {"external_id": "Nr"}, "fields": [
            {"field": "title", "column": "Titel"}, {"field": "project_id", "column": "Projekt"},
            {"field": "planned_finish_on", "column": "Ende"}, {"field": "labels.area", "column": "Bereich"},
        ],
    });
    world.client(Who::Finance).create("mapping_profile", body).await.unwrap();
    code
}

scenario!(a_table_is_checked_imported_and_imported_again(world) {
    let director = world.client(Who::Director);
    director.upsert("project", World::SOURCE, "P-1", json!({"program_id": world.program, "code": "p1", "name": "P"})).await.unwrap();
    let code = profile(&world).await;
    let job = json!({"name": "d.csv", "format": "csv", "source": World::SOURCE, "profile": code, "program_id": world.program});
    let file = b"Nr;Titel;Projekt;Ende;Bereich;Notiz\r\nD1;B\xfcro;P-1;31.12.2026;Bau;x\r\nD2;Dach;P-1;;;\r\n";
    let before = head(&world, &world.org).await;
    let id = ready(&director, job.clone(), file).await;
    let checked = director.run_import(&id, "check").await.unwrap();
    assert_eq!((checked["state"].as_str(), counts(&checked)), (Some("checked"), [3, 2, 0, 0, 0, 1]), "{checked:?}");
    assert!(director.list("deliverable", json!({})).await.unwrap().items().is_empty(), "a dry run writes nothing");
    let told = report(&director, &id).await;
    assert_eq!(outcomes(&told), ["lost", "created", "created"]);
    assert_eq!((&told[0]["place"], &told[0]["notes"][0]["pointer"]), (&json!("the header"), &json!("/Notiz")));
    assert!(told[1].get("resource_id").is_none() && before != head(&world, &world.org).await);

    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied), &applied["progress"]), (Some("applied"), [3, 2, 0, 0, 0, 1], &json!(1)));
    let made = director.get_by_ref("deliverable", World::SOURCE, "D1").await.unwrap();
    assert_eq!((&made["title"], &made["labels"]["area"], &made["planned_finish_on"]), (&json!("Büro"), &json!("Bau"), &json!("2026-12-31")));
    assert_eq!(report(&director, &id).await[1]["resource_id"], json!(made.id()));
    assert_eq!(director.act("import_job", &id, "apply", json!({})).await.unwrap_err().code, "WRONG_STATE");

    // The same again, but for one line: one event, of that line.
    let changed = String::from_utf8_lossy(file).replace('\u{fffd}', "ue").replace("Dach", "Flachdach");
    let again = ready(&director, job, changed.as_bytes()).await;
    let applied = director.run_import(&again, "apply").await.unwrap();
    assert_eq!(counts(&applied), [3, 0, 2, 0, 0, 1], "the title of the first was written otherwise");
    let third = json!({"name": "d.csv", "format": "csv", "source": World::SOURCE, "profile": code, "program_id": world.program});
    let third = ready(&director, third, changed.as_bytes()).await;
    let cursor = director.list("deliverable", json!({})).await.unwrap()["sync_token"].clone();
    let applied = director.run_import(&third, "apply").await.unwrap();
    assert_eq!(counts(&applied), [3, 0, 0, 2, 0, 1]);
    let events = director.all_events(json!({"after": cursor, "kinds": ["deliverable"]})).await;
    assert!(events.is_empty(), "{events:?}");
    world.verify().await;
});

scenario!(
/// The historical and the daily file, of rates that are stored or not; a column of a currency that is no more is told.
rates_of_the_bank_are_one_import(world) {
    let finance = world.client(Who::Finance);
    finance.import_rates(json!({"document": "Date,USD,GBP\n2016-06-24,1.1066,0.8\n"})).await.unwrap();
    let job = json!({"name": "eurofxref-hist.csv", "format": "ecb_rates", "source": World::SOURCE});
    let historical = "Date,USD,GBP,EEK,\n2016-06-24,1.1066,0.8075,N/A,\n2008-04-01,1.566,0.7888,15.6466,\n";
    let id = ready(&finance, job.clone(), historical.as_bytes()).await;
    let checked = finance.run_import(&id, "check").await.unwrap();
    let expected = [5, 2, 1, 1, 0, 1];
    assert_eq!((checked["state"].as_str(), counts(&checked)), (Some("checked"), expected), "{checked:?}");
    let applied = finance.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), expected), "{applied:?}");
    let told = report(&finance, &id).await;
    assert_eq!(outcomes(&told), ["unchanged", "updated", "created", "created", "lost"]);
    assert_eq!((&told[1]["external_id"], &told[1]["place"]), (&json!("EUR/GBP 2016-06-24"), &json!("line 2 GBP")));
    assert_eq!(told[4]["notes"][0]["code"], "UNKNOWN_CURRENCY");
    let again = ready(&finance, json!({"name": "again", "format": "ecb_rates", "source": World::SOURCE, "partial": true}),
        historical.as_bytes()).await;
    assert_eq!(counts(&finance.run_import(&again, "apply").await.unwrap()), [5, 0, 0, 4, 0, 1]);
    let filter = json!({"filter": "effective_on = \"2016-06-24\" and quote_currency = \"GBP\""});
    let stored = finance.list_all("exchange_rate", filter).await.unwrap();
    assert_eq!((stored.len(), &stored[0]["rate"], &stored[0]["revision"]), (1, &json!("0.8075"), &json!(2)));

    let daily = "Date, USD, JPY, GBP, CHF, \n30 November 2026, 1.0842, 163.20, 0.8391, 0.9412, \n";
    let id = ready(&finance, job.clone(), daily.as_bytes()).await;
    assert_eq!(counts(&finance.run_import(&id, "apply").await.unwrap()), [4, 4, 0, 0, 0, 0]);
    // A file that is cut, or that is another one, writes nothing.
    let cut = "Date,NOK,\n2016-06-24,9.3,\n2016-06-23,9";
    for (file, reason) in [(cut, "line 3: has 2 cells, and the header has 3"), ("Day,NOK\n", "must be a header")] {
        let id = ready(&finance, job.clone(), file.as_bytes()).await;
        let failed = finance.run_import(&id, "apply").await.unwrap();
        assert!(failed["failure"].as_str().unwrap_or_default().contains(reason), "{failed:?}");
    }
    let none = finance.list_all("exchange_rate", json!({"filter": "quote_currency = \"NOK\""})).await.unwrap();
    assert_eq!(none, Vec::<Value>::new());
    // Rates are of the organisation, and of those who may write them.
    let placed = json!({"name": "x", "format": "ecb_rates", "source": World::SOURCE, "program_id": world.program});
    assert_eq!(finance.create("import_job", placed).await.unwrap_err().places(), [("/program_id", "DOES_NOT_FIT")]);
    let director = world.client(Who::Director);
    let id = ready(&director, job, historical.replace("1.566", "2").as_bytes()).await;
    let failed = director.run_import(&id, "apply").await.unwrap();
    assert_eq!(failed["state"], "failed", "{failed:?}");
    world.verify().await;
});

scenario!(one_refused_record_refuses_all_unless_partial(world) {
    let director = world.client(Who::Director);
    let file = format!(
        "external_id,title,kind,program_id,probability\nR1,Flood,threat,{0},0.5\nR2,Fire,danger,{0},2\nR3,,threat,{0},\nR3,x,threat,nowhere,\n",
        world.program
    );
    let body = |partial: bool| json!({
        "name": "r.csv", "format": "csv", "source": World::SOURCE, "record_kind": "risk", "program_id": world.program,
        "partial": partial,
    });
    let id = ready(&director, body(false), file.as_bytes()).await;
    let failed = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((failed["state"].as_str(), counts(&failed)), (Some("failed"), [4, 1, 0, 0, 3, 0]), "{failed:?}");
    assert!(failed["failure"].as_str().unwrap().starts_with("nothing was written"));
    assert!(director.list("risk", json!({})).await.unwrap().items().is_empty());
    let told = report(&director, &id).await;
    let errors = |n: usize| -> Vec<(String, String)> {
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        told[n]["errors"].as_array().unwrap().iter().map(|f| (text(f, "pointer"), text(f, "code"))).collect()
    };
    let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(errors(1), [pair("/kind", "UNKNOWN_WORD"), pair("/probability", "OUT_OF_RANGE")]);
    assert_eq!(errors(2), [pair("/title", "REQUIRED")]);
    assert_eq!(errors(3), [pair("/program_id", "NOT_FOUND")]);

    let id = ready(&director, body(true), file.as_bytes()).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), [4, 1, 0, 0, 3, 0]));
    assert_eq!(director.get_by_ref("risk", World::SOURCE, "R1").await.unwrap()["title"], "Flood");
    let page = director.import_records(&id, json!({"after_record": 1, "page_size": 2})).await.unwrap();
    let numbers: Vec<_> = page["records"].as_array().unwrap().iter().map(|r| r["record"].as_i64().unwrap()).collect();
    assert_eq!((numbers, page["more_after_record"].as_i64()), (vec![2, 3], Some(3)));
    world.verify().await;
});

scenario!(
    /// Records that name others of the same file are checked as they will be written, and what is wrong with one of them
    /// leaves no trace of any.
    a_file_that_names_itself_is_checked_as_a_whole(world) {
        let director = world.client(Who::Director);
        let project = world.project("school").await;
        let body = json!({"name": "plan.xml", "format": "mspdi", "source": World::SOURCE, "project_id": project});
        let second = |link: &str, title: &str| format!(
            "<Task><UID>2</UID><Name>{title}</Name><Duration>PT8H0M0S</Duration>{link}</Task></Tasks></Project>"
        );
        let first = mspdi("Walls").split("<Task><UID>2</UID>").next().unwrap().replace("</UID><Name>Walls</Name>",
            "</UID><Name>Walls</Name><PredecessorLink><PredecessorUID>2</PredecessorUID><Type>1</Type></PredecessorLink>");
        let link = "<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type></PredecessorLink>";
        // Each task waits for the other: both are new, so only the two links together show it.
        let circle = first.clone() + &second(link, "Roof");
        let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
        for run in ["check", "apply"] {
            let id = ready(&director, body.clone(), circle.as_bytes()).await;
            let done = director.run_import(&id, run).await.unwrap();
            assert_eq!(done["counts"]["refused"], 1, "{run}: {done:?}");
            let told = report(&director, &id).await;
            let refused = told.iter().find(|record| record["outcome"] == "refused").unwrap();
            assert_eq!((&refused["kind"], &refused["errors"][0]["pointer"]), (&json!("dependency"), &json!("/successor_id")), "{refused}");
            assert!(refused["errors"][0]["code"].as_str().unwrap().starts_with("CYCLE"), "{refused}");
            assert!(told.iter().all(|record| record.get("resource_id").is_none()), "nothing of it was made: {told:?}");
        }
        let kinds = ["activity", "dependency", "work_calendar"];
        let events = director.all_events(json!({"after": head, "kinds": kinds})).await;
        assert_eq!(events, Vec::<Value>::new(), "all or nothing");
        for kind in kinds {
            assert!(director.list(kind, json!({})).await.unwrap().items().is_empty(), "{kind}");
        }
        let sound = first.replace("<PredecessorUID>2<", "<PredecessorUID>9<") + &second(link, "Roof");
        let id = ready(&director, body, sound.as_bytes()).await;
        let applied = director.run_import(&id, "apply").await.unwrap();
        assert_eq!((applied["state"].as_str(), counts(&applied)[4]), (Some("applied"), 0), "{applied:?}");
        assert_eq!(director.list("activity", json!({})).await.unwrap().items().len(), 2);
        world.verify().await;
    }
);

scenario!(
    /// Rows of a table that name others of the same table: in a dry run as in the import.
    a_row_names_a_row_before_it(world) {
        let director = world.client(Who::Director);
        let body = json!({"name": "a.csv", "format": "csv", "source": World::SOURCE, "record_kind": "functional_area"});
        let file = "external_id,code,name,parent_id\nA,works,Works,\nB,civil,Civil works,A\nC,BAD CODE,,B\nD,far,Far,Z\n";
        let id = ready(&director, body.clone(), file.as_bytes()).await;
        let checked = director.run_import(&id, "check").await.unwrap();
        assert_eq!(counts(&checked), [4, 2, 0, 0, 2, 0], "{checked:?}");
        let told = report(&director, &id).await;
        let errors = |n: usize| -> Vec<&str> {
            told[n]["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect()
        };
        assert_eq!((errors(2), errors(3)), (vec!["/code", "/name"], vec!["/parent_id"]), "all that is wrong, though it names one to come");
        let sound = "external_id,code,name,parent_id\nA,works,Works,\nB,civil,Civil works,A\nC,roads,Roads,B\n";
        let id = ready(&director, body, sound.as_bytes()).await;
        let checked = director.run_import(&id, "check").await.unwrap();
        assert_eq!(counts(&checked), [3, 3, 0, 0, 0, 0], "{checked:?}");
        assert_eq!(director.get_by_ref("functional_area", World::SOURCE, "A").await.unwrap_err().code, "NOT_FOUND");
        let applied = director.run_import(&id, "apply").await.unwrap();
        assert_eq!(counts(&applied), [3, 3, 0, 0, 0, 0], "{applied:?}");
        let area = async |id: &str| director.get_by_ref("functional_area", World::SOURCE, id).await.unwrap();
        assert_eq!((&area("C").await["parent_id"], &area("B").await["parent_id"]), (&json!(area("B").await.id()), &json!(area("A").await.id())));
    }
);

scenario!(
    /// Nothing of a long file is there when its last line is refused, and nobody sees a part of it meanwhile.
    a_file_is_stored_whole_or_not_at_all(world) {
        let director = world.client(Who::Director);
        let file = |last: &str| {
            let mut file = "external_id,title,program_id\n".to_owned();
            for n in 0..2_500 {
                writeln!(file, "W{n},Deliverable {n},{}", world.program).unwrap();
            }
            file + &format!("W9999,{last},{}\n", world.program)
        };
        let body = json!({
            "name": "w.csv", "format": "csv", "source": World::SOURCE, "record_kind": "deliverable", "program_id": world.program,
        });
        let head = director.list("source", json!({})).await.unwrap()["sync_token"].clone();
        let id = ready(&director, body.clone(), file("").as_bytes()).await;
        let failed = director.run_import(&id, "apply").await.unwrap();
        assert_eq!((failed["state"].as_str(), counts(&failed)), (Some("failed"), [2_501, 2_500, 0, 0, 1, 0]), "{failed:?}");
        let events = director.all_events(json!({"after": head, "kinds": ["deliverable"], "page_size": 1000})).await;
        assert_eq!(events.len(), 0);
        let last = director.import_records(&id, json!({"after_record": 2_500})).await.unwrap();
        assert_eq!(last["records"][0]["errors"][0]["pointer"], "/title");

        let id = ready(&director, body, file("The last").as_bytes()).await;
        let (importing, watching) = (director.clone(), director.clone());
        let run = tokio::spawn(async move { importing.run_import(&id, "apply").await.unwrap() });
        let seen = |args: Value| {
            let watching = watching.clone();
            async move { watching.list("deliverable", args).await.unwrap()["total"].clone() }
        };
        while !run.is_finished() {
            let total = seen(json!({"include_total": true, "page_size": 1})).await;
            assert!(total == "0" || total == "2501", "a part of it: {total}");
        }
        assert_eq!(counts(&run.await.unwrap()), [2_501, 2_501, 0, 0, 0, 0]);
        let events = director.all_events(json!({"after": head, "kinds": ["deliverable"], "page_size": 1000})).await;
        assert_eq!(events.len(), 2_501);
        world.verify().await;
    }
);

scenario!(a_long_table_is_reported_line_by_line(world) {
    let director = world.client(Who::Director);
    let mut file = "external_id,title,program_id\n".to_owned();
    for n in 0..2_300 {
        writeln!(file, "L{n},Deliverable {n},{}", world.program).unwrap();
    }
    let body = json!({
        "name": "l.csv", "format": "csv", "source": World::SOURCE, "record_kind": "deliverable", "program_id": world.program,
    });
    let id = ready(&director, body, file.as_bytes()).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!(counts(&applied), [2_300, 2_300, 0, 0, 0, 0], "{applied:?}");
    let (mut after, mut places) = (0, Vec::new());
    loop {
        let page = director.import_records(&id, json!({"after_record": after, "page_size": 700})).await.unwrap();
        places.extend(page["records"].as_array().unwrap().iter().map(|r| r["place"].as_str().unwrap().to_owned()));
        match page["more_after_record"].as_i64() {
            Some(more) => after = more,
            None => break,
        }
    }
    assert_eq!((places.len(), places[0].as_str(), places[2_299].as_str()), (2_300, "row 2", "row 2301"));
});

/// Two tasks, a milestone and a link, as Microsoft Project writes them.
fn mspdi(title: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Project xmlns=\"http://schemas.microsoft.com/project\">\
         <Title>School</Title><CurrencyCode>EUR</CurrencyCode><MinutesPerDay>480</MinutesPerDay><CalendarUID>1</CalendarUID>\
         <Calendars><Calendar><UID>1</UID><Name>Standard</Name><IsBaseCalendar>1</IsBaseCalendar><WeekDays>\
         <WeekDay><DayType>2</DayType><DayWorking>1</DayWorking><WorkingTimes><WorkingTime><FromTime>08:00:00</FromTime>\
         <ToTime>16:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay></WeekDays></Calendar></Calendars><Tasks>\
         <Task><UID>0</UID><Name>School</Name><Summary>1</Summary></Task>\
         <Task><UID>1</UID><Name>{}</Name><WBS>1</WBS><Start>2026-03-02T08:00:00</Start>\
         <Finish>2026-03-09T16:00:00</Finish><Duration>PT16H0M0S</Duration><PercentComplete>25</PercentComplete>\
         <Cost>150000</Cost><CalendarUID>1</CalendarUID></Task>\
         <Task><UID>2</UID><Name>Handover</Name><Milestone>1</Milestone><Finish>2026-03-16T16:00:00</Finish>\
         <Start>2026-03-16T16:00:00</Start><Duration>PT0H0M0S</Duration><PredecessorLink><PredecessorUID>1</PredecessorUID>\
         <Type>1</Type><LinkLag>4800</LinkLag><LagFormat>7</LagFormat></PredecessorLink><Priority>500</Priority></Task>\
         </Tasks></Project>",
        title.replace('&', "&amp;").replace('<', "&lt;")
    )
}

scenario!(a_schedule_becomes_activities_milestones_and_dependencies(world) {
    let director = world.client(Who::Director);
    let project = world.project("school").await;
    let deliverable = make(&world, "deliverable").await;
    let body = json!({
        "name": "plan.xml", "format": "mspdi", "source": World::SOURCE, "project_id": project, "deliverable_id": deliverable,
    });
    let id = ready(&director, body.clone(), mspdi("Foundations").as_bytes()).await;
    assert_eq!(director.get("import_job", &id).await.unwrap()["program_id"], json!(world.program));
    let checked = director.run_import(&id, "check").await.unwrap();
    assert_eq!((checked["state"].as_str(), counts(&checked)), (Some("checked"), [5, 4, 0, 0, 0, 1]), "{checked:?}");
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), [5, 4, 0, 0, 0, 1]), "{applied:?}");
    let activity = director.get_by_ref("activity", World::SOURCE, &format!("{project}:1")).await.unwrap();
    let expected = json!({
        "title": "Foundations", "duration": 960, "remaining_duration": 720, "percent_complete": 0.25, "activity_type": "task",
        "forecast_finish_on": "2026-03-09", "budget_at_completion": {"amount": "1500.0000", "currency": "EUR"},
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&activity[field.as_str()], value, "{field}");
    }
    let milestone = director.get_by_ref("milestone", World::SOURCE, &format!("{project}:2")).await.unwrap();
    assert_eq!((&milestone["deliverable_id"], &milestone["planned_on"]), (&json!(deliverable), &json!("2026-03-16")));
    let dependency = director.get_by_ref("dependency", World::SOURCE, &format!("{project}:1>2")).await.unwrap();
    assert_eq!((&dependency["predecessor_id"], &dependency["successor_id"]), (&json!(activity.id()), &json!(milestone.id())));
    assert_eq!((&dependency["relation"], &dependency["lag_days"]), (&json!("finish_to_start"), &json!(1)));
    let calendar = director.get("work_calendar", activity["calendar_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&calendar["time_zone"], &calendar["week"][0]["until"]), (&json!("Europe/Vienna"), &json!("16:00")));

    let again = ready(&director, body.clone(), mspdi("Foundations").as_bytes()).await;
    assert_eq!(counts(&director.run_import(&again, "apply").await.unwrap()), [5, 0, 0, 4, 0, 1]);
    let renamed = ready(&director, body, mspdi("Basement").as_bytes()).await;
    assert_eq!(counts(&director.run_import(&renamed, "apply").await.unwrap()), [5, 0, 1, 3, 0, 1]);
    world.verify().await;
});

scenario!(a_file_of_p6_makes_its_projects(world) {
    let file = "ERMHDR\t8.4\tUSD\r\n%T\tPROJECT\r\n%F\tproj_id\tproj_short_name\r\n%R\t1\tEC1\r\n%R\t2\tEC2\r\n\
        %T\tTASK\r\n%F\ttask_id\tproj_id\ttask_code\ttask_name\ttask_type\tcomplete_pct_type\tstatus_code\t\
        target_drtn_hr_cnt\tremain_drtn_hr_cnt\r\n%R\t10\t1\tA10\tDig\tTT_Task\tCP_Drtn\tTK_NotStart\t80\t20\r\n\
        %R\t11\t2\tA10\tPour\tTT_LOE\tCP_Drtn\tTK_NotStart\t8\t8\r\n%T\tTASKPRED\r\n\
        %F\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt\r\n%R\t11\t10\tPR_SS\t4\r\n%E\r\n";
    let director = world.client(Who::Director);
    let body = json!({"name": "p.xer", "format": "xer", "source": World::SOURCE, "program_id": world.program});
    let id = ready(&director, body, file.as_bytes()).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), [5, 5, 0, 0, 0, 0]), "{applied:?}");
    let first = director.get_by_ref("activity", World::SOURCE, "project:EC1:A10").await.unwrap();
    assert_eq!((&first["percent_complete"], &first["duration"]), (&json!(0.75), &json!(4_800)));
    let second = director.get_by_ref("activity", World::SOURCE, "project:EC2:A10").await.unwrap();
    let project = director.get("project", second["project_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&project["code"], &second["activity_type"]), (&json!("EC2"), &json!("level_of_effort")));
    let link = director.list("dependency", json!({})).await.unwrap();
    assert_eq!((&link.items()[0]["relation"], &link.items()[0]["lag_minutes"]), (&json!("start_to_start"), &json!(240)));
    let project = world.project("one").await;
    let body = json!({"name": "p.xer", "format": "xer", "source": World::SOURCE, "project_id": project});
    let id = ready(&director, body, file.as_bytes()).await;
    let failed = director.run_import(&id, "apply").await.unwrap();
    assert!(failed["failure"].as_str().unwrap().contains("2 projects (EC1, EC2)"), "{failed:?}");
});

scenario!(a_calendar_becomes_milestones(world) {
    let file = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:roof@example.org\r\n\
        DTSTART;VALUE=DATE:20260301\r\nSUMMARY:Roof closed\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let director = world.client(Who::Director);
    let body = json!({"name": "c.ics", "format": "icalendar", "source": World::SOURCE, "engagement_id": world.engagement});
    let id = ready(&director, body, file.as_bytes()).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), [1, 1, 0, 0, 0, 0]), "{applied:?}");
    let made = director.get_by_ref("milestone", World::SOURCE, "roof@example.org").await.unwrap();
    assert_eq!((&made["title"], &made["planned_on"]), (&json!("Roof closed"), &json!("2026-03-01")));
});

scenario!(an_import_writes_what_its_caller_may_write_and_is_seen_where_it_belongs(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let line = |program: &str| format!("external_id,title,kind,program_id\nX1,Flood,threat,{program}\n");
    let body = |program: Option<&str>| json!({
        "name": "r.csv", "format": "csv", "source": World::SOURCE, "record_kind": "risk", "program_id": program, "partial": true,
    });
    let refused = manager.create("import_job", body(Some(&world.other_program))).await.unwrap_err();
    assert_eq!(refused.places(), [("/program_id", "NOT_FOUND")]);
    let id = ready(&manager, body(Some(&world.program)), line(&world.other_program).as_bytes()).await;
    let applied = manager.run_import(&id, "apply").await.unwrap();
    assert_eq!(counts(&applied), [1, 0, 0, 0, 1, 0], "what is beyond its reach is not there");
    assert_eq!(report(&manager, &id).await[0]["errors"][0]["code"], "NOT_FOUND");
    let theirs = ready(&director, body(Some(&world.program)), line(&world.other_program).as_bytes()).await;
    director.run_import(&theirs, "apply").await.unwrap();
    assert_eq!(manager.get("import_job", &theirs).await.unwrap()["state"], "applied");
    let refused = manager.import_records(&theirs, json!({})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "the report tells of what lies beyond its reach");
    let whole = director.create("import_job", body(None)).await.unwrap().id().to_owned();
    assert_eq!(manager.get("import_job", &whole).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(manager.import_records(&whole, json!({})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(manager.upload_of("import_job", &whole, b"x").await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(world.client(Who::Stranger).get("import_job", &id).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(world.client(Who::Vendor).get("import_job", &id).await.unwrap_err().code, "PERMISSION_DENIED");
    let auditor = world.client(Who::Auditor);
    assert_eq!(auditor.get("import_job", &whole).await.unwrap()["state"], "pending");
    assert_eq!(auditor.act("import_job", &id, "apply", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    // The people who are no administrators make no grants by file either.
    let grants = json!({"name": "g", "format": "csv", "source": World::SOURCE, "record_kind": "grant"});
    assert_eq!(director.create("import_job", grants).await.unwrap_err().places(), [("/record_kind", "UNKNOWN_KIND")]);
});

scenario!(what_is_wrong_with_a_job_is_told(world) {
    let director = world.client(Who::Director);
    for (body, place) in [
        (json!({"name": "x", "format": "csv", "source": World::SOURCE}), ("/profile", "REQUIRED")),
        (json!({"name": "x", "format": "mspdi", "source": World::SOURCE}), ("/project_id", "REQUIRED")),
        (json!({"name": "x", "format": "icalendar", "source": World::SOURCE}), ("/deliverable_id", "REQUIRED")),
        (json!({"name": "x", "format": "xer", "source": World::SOURCE, "program_id": world.program, "profile": "p"}), ("/profile", "DOES_NOT_FIT")),
    ] {
        assert_eq!(director.create("import_job", body.clone()).await.unwrap_err().places(), [place], "{body}");
    }
    let csv = json!({"name": "x", "format": "csv", "source": World::SOURCE, "record_kind": "risk"});
    let pending = director.create("import_job", csv.clone()).await.unwrap().id().to_owned();
    assert_eq!(director.act("import_job", &pending, "check", json!({})).await.unwrap_err().code, "WRONG_STATE");
    assert_eq!(director.import_records(&pending, json!({})).await.unwrap_err().code, "WRONG_STATE");
    let broken = ready(&director, csv.clone(), b"external_id,title\n1,\"").await;
    let checked = director.run_import(&broken, "check").await.unwrap();
    let told = "row 2, line 2: a quote that opens there is open at the end of the file";
    assert!(checked["state"] == "failed" && checked["failure"].as_str().unwrap().contains(told), "{checked:?}");
    let unnamed = ready(&director, csv.clone(), b"ti\x07tle\nx\n").await;
    let failed = director.run_import(&unnamed, "check").await.unwrap();
    assert!(failed["failure"].as_str().unwrap().contains("no column \"external_id\""), "{failed:?}");
    let mut unknown = csv.clone();
    unknown["source"] = json!("nowhere");
    let unknown = ready(&director, unknown, b"external_id,title\n1,x\n").await;
    let failed = director.run_import(&unknown, "apply").await.unwrap();
    assert!(failed["failure"].as_str().unwrap().contains("no source with this code"), "{failed:?}");
    // Another file takes its place, and the run can be started again.
    let mut mspdi = json!({"name": "x", "format": "mspdi", "source": World::SOURCE, "program_id": world.program});
    mspdi["partial"] = json!(true);
    let laughs = b"<!DOCTYPE a [<!ENTITY b \"c\">]><Project><Title>&b;</Title></Project>";
    let id = ready(&director, mspdi, laughs).await;
    let failed = director.run_import(&id, "apply").await.unwrap();
    assert!(failed["state"] == "failed" && failed["failure"].as_str().unwrap().contains("document type"), "{failed:?}");
    let job = director.upload_of("import_job", &id, self::mspdi("Walls").as_bytes()).await.unwrap();
    assert!(job["state"] == "ready" && job["failure"].is_null());
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!(applied["state"], "applied", "{applied:?}");
    let project = director.get_by_ref("project", World::SOURCE, &format!("project:{}:School", world.program)).await.unwrap();
    assert_eq!((&project["code"], &project["program_id"]), (&json!("School"), &json!(world.program)));
    assert_eq!(director.upload_of("import_job", &id, b"other").await.unwrap_err().code, "WRONG_STATE");
});

scenario!(a_schedule_goes_out_as_it_came_in(world) {
    let director = world.client(Who::Director);
    let (project, copy) = (world.project("original").await, world.project("copy").await);
    let deliverable = make(&world, "deliverable").await;
    let body = |project: &str| json!({
        "name": "plan.xml", "format": "mspdi", "source": World::SOURCE, "project_id": project, "deliverable_id": deliverable,
    });
    let id = ready(&director, body(&project), mspdi("Walls & <roofs>").as_bytes()).await;
    assert_eq!(director.run_import(&id, "apply").await.unwrap()["state"], "applied");
    let file = director.schedule(&project).await.unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(text.contains("<Name>Walls &amp; &lt;roofs&gt;</Name>") && text.contains("<Cost>150000</Cost>"), "{text}");
    let id = ready(&director, body(&copy), &file.bytes).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), &applied["counts"]["refused"]), (Some("applied"), &json!(0)), "{applied:?}");
    let of = async |project: &str| {
        let mut found = director.get_by_ref("activity", World::SOURCE, &format!("{project}:1")).await.unwrap().json;
        let own = ["id", "project_id", "calendar_id", "created_at", "updated_at", "external_refs", "revision"];
        found.as_object_mut().unwrap().retain(|name, _| !own.contains(&name.as_str()));
        found
    };
    assert_eq!(of(&project).await, of(&copy).await);
    let manager = world.client(Who::ProgramManager);
    assert!(!manager.schedule(&copy).await.unwrap().bytes.is_empty());
    assert_eq!(world.client(Who::Stranger).schedule(&copy).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(world.client(Who::Vendor).schedule(&copy).await.unwrap_err().code, "PERMISSION_DENIED");
});

/// A day of 600 minutes, work weeks, elapsed time at night and a milestone that is met, without a milestone's deliverable.
fn ten_hour_days(titles: [&str; 3]) -> String {
    let task = |uid: u8, more: &str| {
        let title = titles[usize::from(uid) - 1];
        format!("<Task><UID>{uid}</UID><Name>{title}</Name><WBS>{uid}</WBS>{more}</Task>")
    };
    let day = |number: u8| {
        format!(
            "<WeekDay><DayType>{number}</DayType><DayWorking>1</DayWorking><WorkingTimes><WorkingTime>\
             <FromTime>06:00:00</FromTime><ToTime>16:00:00</ToTime></WorkingTime></WorkingTimes></WeekDay>"
        )
    };
    let week: String = (2..=5).map(day).collect();
    format!(
        "<Project><Name>night.xml</Name><Title>Ten hour days</Title><MinutesPerDay>600</MinutesPerDay>\
         <CalendarUID>1</CalendarUID><Calendars><Calendar><UID>1</UID><Name>Ten hours</Name>\
         <IsBaseCalendar>1</IsBaseCalendar><WeekDays>{week}</WeekDays><WorkWeeks><WorkWeek><TimePeriod>\
         <FromDate>2026-07-06T00:00:00</FromDate><ToDate>2026-07-12T23:59:00</ToDate></TimePeriod><Name>Summer</Name>\
         <WeekDays>{}</WeekDays></WorkWeek></WorkWeeks></Calendar></Calendars><Tasks>{}{}{}</Tasks></Project>",
        day(6),
        task(
            1,
            "<Start>2026-03-02T06:00:00</Start><Finish>2026-03-03T16:00:00</Finish><Duration>PT20H0M0S</Duration>\
                 <Work>PT20H0M0S</Work><RemainingWork>PT20H0M0S</RemainingWork>"
        ),
        task(
            2,
            "<Start>2026-03-05T06:00:00</Start><Finish>2026-03-08T02:00:00</Finish><Duration>PT68H0M0S</Duration>\
                 <DurationFormat>8</DurationFormat><PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type>\
                 <LinkLag>6000</LinkLag><LagFormat>7</LagFormat></PredecessorLink>"
        ),
        task(
            3,
            "<Milestone>1</Milestone><Start>2026-03-10T16:00:00</Start><Finish>2026-03-10T16:00:00</Finish>\
                 <Duration>PT0H0M0S</Duration><PercentComplete>100</PercentComplete>\
                 <ActualStart>2026-03-10T16:00:00</ActualStart><ActualFinish>2026-03-10T16:00:00</ActualFinish>"
        ),
    )
}

scenario!(the_calendar_times_and_work_of_a_schedule_go_out_as_they_came_in(world) {
    let director = world.client(Who::Director);
    let project = world.project("nights").await;
    let body = json!({"name": "night.xml", "format": "mspdi", "source": World::SOURCE, "project_id": project});
    let file = ten_hour_days(["Dig", "Cure", "Handed over"]);
    let id = ready(&director, body, file.as_bytes()).await;
    let applied = director.run_import(&id, "apply").await.unwrap();
    assert_eq!((applied["state"].as_str(), counts(&applied)), (Some("applied"), [5, 5, 0, 0, 0, 0]), "{applied:?}");
    let activity = async |n: u8| director.get_by_ref("activity", World::SOURCE, &format!("{project}:{n}")).await.unwrap();
    let (dig, cure, met) = (activity(1).await, activity(2).await, activity(3).await);
    assert_eq!((&dig["actual_work_minutes"], &dig["remaining_work_minutes"]), (&json!(0), &json!(1_200)));
    assert_eq!((&cure["duration_kind"], &cure["forecast_finish_on"]), (&json!("elapsed"), &json!("2026-03-08")));
    assert_eq!((&cure["finish_time"], &met["percent_complete"]), (&json!("02:00"), &json!(1)));
    let calendar = director.get("work_calendar", dig["calendar_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&calendar["minutes_per_day"], &calendar["exceptions"][0]["day"]), (&json!(600), &json!("2026-07-10")));
    let text = String::from_utf8(director.schedule(&project).await.unwrap().bytes).unwrap();
    for part in [
        "<MinutesPerDay>600</MinutesPerDay>", "<LinkLag>6000</LinkLag>", "<Finish>2026-03-08T02:00:00</Finish>",
        "<DurationFormat>8</DurationFormat>", "<Work>PT20H0M0S</Work>", "<PercentComplete>100</PercentComplete>",
        "<FromDate>2026-07-10T00:00:00</FromDate>", "<Start>2026-03-02T06:00:00</Start>",
    ] {
        assert!(text.contains(part), "{part} of {text}");
    }
    world.verify().await;
});

scenario!(a_file_that_would_replace_another_schedule_is_refused(world) {
    let director = world.client(Who::Director);
    let into = async |extra: Value| {
        let mut body = json!({"name": "night.xml", "format": "mspdi", "source": World::SOURCE, "program_id": world.program});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let first = ten_hour_days(["Dig", "Cure", "Handed over"]);
    let other = ten_hour_days(["Paint", "Dry", "Handed over"]);
    let id = ready(&director, into(json!({})).await, first.as_bytes()).await;
    assert_eq!(director.run_import(&id, "apply").await.unwrap()["state"], "applied");
    for partial in [false, true] {
        let id = ready(&director, into(json!({"partial": partial})).await, other.as_bytes()).await;
        for run in ["check", "apply"] {
            let told = director.run_import(&id, run).await.unwrap();
            assert_eq!(told["state"], "failed", "{run}: {told:?}");
            assert!(told["failure"].as_str().unwrap().contains("2 of the 3 stored"), "{told:?}");
        }
    }
    let key = format!("project:{}:night.xml:1", world.program);
    assert_eq!(director.get_by_ref("activity", World::SOURCE, &key).await.unwrap()["title"], "Dig");
    // One renamed task of three is a change like any other.
    let renamed = ten_hour_days(["Dig deep", "Cure", "Handed over"]);
    let id = ready(&director, into(json!({})).await, renamed.as_bytes()).await;
    assert_eq!(director.run_import(&id, "apply").await.unwrap()["state"], "applied");
    let id = ready(&director, into(json!({"replace": true})).await, other.as_bytes()).await;
    assert_eq!(director.run_import(&id, "apply").await.unwrap()["state"], "applied");
    assert_eq!(director.get_by_ref("activity", World::SOURCE, &key).await.unwrap()["title"], "Paint");
    // The same name and another creation date is another project.
    let made = first.replace("<Title>", "<CreationDate>2026-02-02T08:00:00</CreationDate><Title>");
    let made = made.replace("Ten hour days", "Nights");
    let mut body = into(json!({})).await;
    body["name"] = json!("another");
    let id = ready(&director, body, made.as_bytes()).await;
    assert_eq!(director.run_import(&id, "apply").await.unwrap()["state"], "applied");
    assert_eq!(director.get_by_ref("activity", World::SOURCE, &key).await.unwrap()["title"], "Paint");
    let csv = json!({"name": "x", "format": "csv", "source": World::SOURCE, "record_kind": "risk", "replace": true});
    let error = director.create("import_job", csv).await.unwrap_err();
    assert_eq!(error.places(), [("/replace", "DOES_NOT_FIT")]);
    world.verify().await;
});

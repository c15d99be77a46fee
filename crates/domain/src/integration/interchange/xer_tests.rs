use serde_json::{Value, json};

use super::*;

fn records(bytes: &[u8], project: bool) -> Result<Vec<Record>, Error> {
    let target = Target {
        project_id: project.then(|| "proj_1".to_owned()),
        program_id: Some("prog_1".to_owned()),
        time_zone: "UTC".into(),
        ..Target::default()
    };
    let mut records = Vec::new();
    read(bytes, &target, &mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

fn of<'a>(records: &'a [Record], kind: &str) -> Vec<&'a Record> {
    records.iter().filter(|record| record.kind == Some(kind)).collect()
}

const CALENDAR: &str = "(0||CalendarData()((0||DaysOfWeek()((0||1()())(0||2()((0||0(s|08:00|f|16:00)())))\
    (0||3()((0||0(s|08:00|f|16:00)())))(0||4()((0||0(s|08:00|f|16:00)())))(0||5()((0||0(s|08:00|f|16:00)())))\
    (0||6()((0||0(s|08:00|f|16:00)())))(0||7()())))(0||Exceptions()())))";

/// A file of one project with these rows of tasks and what follows.
fn file(tasks: &[&str], rest: &str) -> String {
    let mut text = format!(
        "ERMHDR\t8.4\t2015-02-25\tProject\tadmin\tadmin\tdb\tProject Management\tUSD\r\n\
         %T\tPROJECT\r\n%F\tproj_id\tproj_short_name\tclndr_id\r\n%R\t1\tEC1\t178\r\n\
         %T\tCALENDAR\r\n%F\tclndr_id\tclndr_name\tclndr_type\tday_hr_cnt\tclndr_data\r\n\
         %R\t178\tStandard\tCA_Base\t8\t{CALENDAR}\r\n\
         %T\tTASK\r\n%F\ttask_id\tproj_id\tclndr_id\tphys_complete_pct\tcomplete_pct_type\ttask_type\tstatus_code\t\
         task_code\ttask_name\tremain_drtn_hr_cnt\tact_work_qty\tremain_work_qty\ttarget_drtn_hr_cnt\ttarget_start_date\t\
         target_end_date\r\n"
    );
    for (i, task) in tasks.iter().enumerate() {
        text.extend(["%R\t", &(100 + i).to_string(), "\t1\t178\t", &task.replace('|', "\t"), "\r\n"]);
    }
    text + rest + "%E\r\n"
}

/// Percent complete by type as Primavera P6 computes it: facts of `junit/data/generated/task-percentcomplete/
/// percent-complete-8.4.xer` of <https://github.com/joniles/mpxj> at 764fe84 (LGPL 2.1 or later), stated by hand.
#[test]
fn percents_of_a_published_example() {
    let dates = "2015-02-24 08:00|2015-07-13 16:00";
    let rows = [
        format!("0|CP_Drtn|TT_Task|TK_NotStart|A1000|D 0|800|0|0|800|{dates}"),
        format!("0|CP_Drtn|TT_Task|TK_NotStart|A1010|D 25|600|0|0|800|{dates}"),
        format!("0|CP_Drtn|TT_Task|TK_NotStart|A1030|D 100|0|0|0|800|{dates}"),
        format!("25|CP_Phys|TT_Task|TK_NotStart|A1050|P 25|800|0|0|800|{dates}"),
        format!("100|CP_Phys|TT_Task|TK_NotStart|A1070|P 100|800|0|0|800|{dates}"),
        format!("0|CP_Units|TT_Task|TK_NotStart|A1090|U 25|800|25|75|800|{dates}"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let read = records(file(&rows, "").as_bytes(), true).unwrap();
    let told: Vec<Value> = of(&read, "activity")
        .into_iter()
        .map(|record| {
            let fields = [
                "percent_type",
                "duration",
                "remaining_duration",
                "physical_percent_complete",
                "actual_work_minutes",
                "remaining_work_minutes",
            ];
            json!(fields.map(|name| record.body[name].clone()))
        })
        .collect();
    let expected = [
        json!(["duration", 48_000, 48_000, 0.0, 0, 0]),
        json!(["duration", 48_000, 36_000, 0.0, 0, 0]),
        json!(["duration", 48_000, 0, 0.0, 0, 0]),
        json!(["physical", 48_000, 48_000, 0.25, 0, 0]),
        json!(["physical", 48_000, 48_000, 1.0, 0, 0]),
        json!(["work", 48_000, 48_000, 0.0, 1_500, 4_500]),
    ];
    assert_eq!(told, expected);
    let body = &of(&read, "activity")[0].body;
    assert_eq!((&body["planned_start_on"], &body["planned_finish_on"]), (&json!("2015-02-24"), &json!("2015-07-13")));
    assert_eq!(of(&read, "work_calendar")[0].body["minutes_per_day"], 480);
}

#[test]
fn links_costs_and_what_is_unknown() {
    let rows = ["0|CP_Drtn|TT_Task|TK_Active|A|One|8|0|0|8||", "0|CP_Drtn|TT_FinMile|TK_Complete|B|Two|0|0|0|0||"];
    let rest = "%T\tTASKPRED\r\n%F\ttask_pred_id\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt\r\n\
                %R\t1\t101\t100\tPR_SS\t16\r\n%R\t2\t101\t100\tPR_FS\t-1.5\r\n%R\t3\t101\t999\tPR_FS\t0\r\n\
                %T\tRSRC\r\n%F\trsrc_id\trsrc_name\r\n%R\t5\tCrane\r\n\
                %T\tTASKRSRC\r\n%F\ttask_id\trsrc_id\ttarget_qty\ttarget_cost\tact_reg_cost\tremain_cost\r\n\
                %R\t100\t5\t2\t100.5\t20\t80.5\r\n%R\t100\t5\t1\t50\t0\t50\r\n\
                %T\tUDFVALUE\r\n%F\ta\r\n%R\t1\r\n%R\t2\r\n";
    let read = records(file(&rows, rest).as_bytes(), true).unwrap();
    let links: Vec<Value> = of(&read, "dependency")
        .into_iter()
        .map(|r| json!([r.external_id, r.body["relation"], r.body["lag_days"], r.body["lag_minutes"]]))
        .collect();
    let expected =
        [json!(["proj_1:A>B", "start_to_start", 2, null]), json!(["proj_1:A>B#2", "finish_to_start", null, -90])];
    assert_eq!(links, expected);
    let body = &of(&read, "activity")[0].body;
    assert_eq!(body["budget_at_completion"], json!({"amount": "150.5000", "currency": "USD"}));
    assert_eq!(
        (&body["actual_cost"]["amount"], &body["resources"][0]["work_minutes"]),
        (&json!("20.0000"), &json!(120))
    );
    let two = of(&read, "activity")[1];
    assert_eq!((&two.body["activity_type"], two.notes[0].code.as_ref()), (&json!("milestone"), "CONTRADICTION"));
    let lost: Vec<(&str, &str)> = read
        .iter()
        .filter(|r| r.kind.is_none())
        .flat_map(|r| &r.notes)
        .map(|n| (n.pointer.as_str(), n.code.as_ref()))
        .collect();
    assert_eq!(lost, [("/predecessor_id", "NOT_IN_FILE"), ("/UDFVALUE", "NOT_KEPT")]);
}

#[test]
fn several_projects_no_header_and_the_characters_of_windows() {
    let text = b"%T\tPROJECT\n%F\tproj_id\tproj_short_name\texport_flag\n%R\t1\tP 1\tY\n%R\t2\tP2\tY\n%R\t3\tP3\tN\n\
        %T\tTASK\n%F\ttask_id\tproj_id\ttask_code\ttask_name\n%R\t1\t1\tA\tB\xfcro \x96 Ost\n%R\t2\t2\tA\tx\n%R\t3\t3\tA\ty\n%E\n";
    let read = records(text, false).unwrap();
    assert_eq!(read[0].notes[0].code, "NO_HEADER");
    let projects: Vec<&Value> = of(&read, "project").into_iter().map(|record| &record.body["code"]).collect();
    assert_eq!(projects, ["P-1", "P2"]);
    let activities = of(&read, "activity");
    assert_eq!(activities.len(), 2, "a project that is only referred to is not imported");
    assert_eq!(
        (activities[0].external_id.as_str(), &activities[0].body["title"]),
        ("project:P 1:A", &json!("B\u{fc}ro \u{2013} Ost"))
    );
    assert_eq!(activities[1].links[0].external_id, "project:P2");
    let error = records(text, true).unwrap_err();
    assert_eq!(error.faults[0].code, "SEVERAL_PROJECTS");
}

#[test]
fn hostile_files_end_with_a_reason() {
    let whole = file(&["0|CP_Drtn|TT_Task|TK_NotStart|A|x|8|0|0|8||"], "");
    let cut = &whole.as_bytes()[..whole.len() - 6];
    let long = [b"%T\tTASK\n%F\ta\n%R\t".to_vec(), vec![b'x'; 3 << 20]].concat();
    let circle = "%T\tPROJECT\n%F\tproj_id\n%R\t1\n%T\tPROJWBS\n%F\twbs_id\tparent_wbs_id\n%R\t1\t2\n%R\t2\t1\n%E\n";
    assert!(records(circle.as_bytes(), true).is_ok(), "a circle ends");
    for bytes in [cut, &long, b"", b"x", b"%R\t1\n%E\n", b"%E\n"] {
        assert_eq!(records(bytes, true).unwrap_err().reason, Reason::Malformed);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let rows = [
        "0|CP_Foo|TT_Foo|TK_NotStart|A|One|many|0|0|8||",
        "0|CP_Drtn|TT_Task|TK_NotStart|A|Two|8|0|0|8||",
        "0|CP_Drtn|TT_Task|TK_NotStart|B|Three|8|0|0|8|||beyond",
    ];
    let rest = "a broken line\r\n%T\tTASKPRED\r\n%F\ttask_pred_id\ttask_id\tpred_task_id\tpred_type\tlag_hr_cnt\r\n\
                %R\t1\t102\t100\tPR_FS\ttwo days\r\n";
    let read = records(file(&rows, rest).as_bytes(), true).unwrap();
    let told: Vec<(&str, &str)> =
        read.iter().flat_map(|r| &r.notes).map(|note| (note.pointer.as_str(), note.code.as_ref())).collect();
    for note in [
        ("/complete_pct_type", "UNKNOWN_WORD"),
        ("/task_type", "UNKNOWN_WORD"),
        ("/task_code", "DUPLICATE"),
        ("/lag_hr_cnt", "BAD_NUMBER"),
        ("/TASK/(beyond the columns)", "NOT_KEPT"),
        ("/TASK/(a broken line)", "NOT_KEPT"),
    ] {
        assert!(told.contains(&note), "{note:?} of {told:?}");
    }
}

//! Schedules as Microsoft Project and Primavera P6 wrote them, whole: `junit/data` of <https://github.com/joniles/mpxj> at
//! 764fe84. They are under the LGPL (2.1 or later), so they are not here: the variable `SCHEDULES` names a folder that has
//! them. What they say is stated by hand; `crates/domain` has the same facts in files of its own.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Engine, Who, World, run};

/// Files of schedules below a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        match path.extension().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => found.extend(files(&path)),
            Some("xml" | "xer") => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}

/// A project that has come out of a file.
struct Plan {
    caller: Client,
    project: String,
}

impl Plan {
    /// Checks the file, imports it, and imports it again.
    async fn import(world: &World, file: &Path, code: &str) -> Self {
        let (caller, project) = (world.client(Who::Director), world.project(code).await);
        let (name, bytes) = (file.file_name().unwrap().to_str().unwrap(), std::fs::read(file).unwrap());
        let format = if file.extension().is_some_and(|end| end == "xer") { "xer" } else { "mspdi" };
        let body = json!({"name": name, "format": format, "source": World::SOURCE, "project_id": project});
        let counts = async |verb: &str| {
            let job = caller.create("import_job", body.clone()).await.unwrap().id().to_owned();
            caller.upload_of("import_job", &job, &bytes).await.unwrap();
            let done = caller.run_import(&job, verb).await.unwrap();
            let count = |of: &str| done["counts"][of].as_i64().unwrap();
            assert_eq!((count("refused"), done["failure"].is_null()), (0, true), "{name}: {done:?}");
            [count("created"), count("updated")]
        };
        let checked = counts("check").await;
        assert_eq!(counts("apply").await, checked, "{name}: as the dry run said");
        assert!(checked[0] > 0, "{name} has something");
        assert_eq!(counts("apply").await, [0, 0], "{name}: the same file changes nothing");
        Self { caller, project }
    }

    async fn get(&self, kind: &str, id: &str) -> Value {
        let id = format!("{}:{id}", self.project);
        self.caller.get_by_ref(kind, World::SOURCE, &id).await.unwrap_or_else(|error| panic!("{id}: {error}")).json
    }

    /// Fields of an activity.
    async fn activity<const N: usize>(&self, id: impl ToString, names: [&str; N]) -> [Value; N] {
        let found = self.get("activity", &id.to_string()).await;
        names.map(|name| found[name].clone())
    }
}

/// Dates, slack, links and lags that Microsoft Project 2007 computed.
async fn relations(plan: &Plan) {
    let days = ["2006-09-21", "2006-09-22", "2006-09-25", "2006-09-25", "2006-09-22"];
    for (n, day) in days.into_iter().enumerate() {
        let told = plan.activity(n + 1, ["planned_start_on", "planned_finish_on", "total_float_minutes"]).await;
        assert_eq!(told, [json!(day), json!(day), json!(if n == 4 { 480 } else { 0 })], "task {}", n + 1);
    }
    for (link, relation, lag) in [
        ("1>2", "finish_to_start", None),
        ("2>3", "start_to_start", Some(1)),
        ("3>4", "finish_to_finish", None),
        ("4>5", "start_to_finish", None),
    ] {
        let found = plan.get("dependency", link).await;
        assert_eq!((&found["relation"], found["lag_days"].as_i64()), (&json!(relation), lag), "{link}");
    }
}

/// Costs are written in hundredths, in the currency of the code and not of the symbol.
async fn costs(plan: &Plan) {
    let money = |amount: &str| json!({"amount": amount, "currency": "GBP"});
    for (uid, cost, actual, remaining) in [
        (2, "5400.0000", "0.0000", "5400.0000"),
        (3, "2000.0000", "0.0000", "2000.0000"),
        (4, "800.0000", "800.0000", "0.0000"),
    ] {
        let told = plan.activity(uid, ["budget_at_completion", "actual_cost", "remaining_cost"]).await;
        assert_eq!(told, [money(cost), money(actual), money(remaining)], "task {uid}");
    }
}

async fn durations(plan: &Plan) {
    let expected = [(1, 9_599), (60, 9_540), (480, 9_120), (2_400, 7_200), (9_600, 960)];
    for (n, (minutes, float)) in expected.into_iter().enumerate() {
        let told = plan.activity(n + 1, ["duration", "total_float_minutes"]).await;
        assert_eq!(told, [json!(minutes), json!(float)], "task {}", n + 1);
    }
}

/// What is complete by duration, by judgement and by units, as Primavera P6 computes it.
async fn percents(plan: &Plan) {
    for (i, kind) in ["duration", "physical", "work"].into_iter().enumerate() {
        for (j, share) in [0.0, 0.25, 0.75, 1.0].into_iter().enumerate() {
            let code = format!("A1{:02}0", i * 4 + j);
            let [by, complete] = plan.activity(&code, ["percent_type", "percent_complete"]).await;
            assert_eq!((by, complete.as_f64()), (json!(kind), Some(share)), "{code}");
        }
    }
}

/// Days that recur by day, week, month and year; two of them fall on one.
async fn exceptions(plan: &Plan) {
    let calendar = plan.get("work_calendar", "calendar:1").await;
    let days = calendar["exceptions"].as_array().unwrap();
    assert_eq!(days.len(), 140);
    let works: Vec<&str> =
        days.iter().filter(|day| day["hours"] != json!([])).map(|day| day["day"].as_str().unwrap()).collect();
    assert_eq!(works, ["2010-01-02", "2010-02-06", "2010-03-06"], "first Saturdays that are worked");
}

async fn every_file(world: World) {
    let Some(folder) = std::env::var_os("SCHEDULES") else { panic!("SCHEDULES names a folder of schedules") };
    let files = files(Path::new(&folder));
    assert!(!files.is_empty(), "there are schedules in {}", folder.display());
    for (n, file) in files.iter().enumerate() {
        let plan = Plan::import(&world, file, &format!("plan-{n}")).await;
        match file.file_name().unwrap().to_str().unwrap() {
            "mspdirelations.xml" => relations(&plan).await,
            "mspdiresource.xml" => costs(&plan).await,
            "mspdiduration.xml" => durations(&plan).await,
            "calendar-recurring-exceptions-project2016-mspdi.xml" => exceptions(&plan).await,
            "percent-complete-8.4.xer" => percents(&plan).await,
            _ => {}
        }
    }
    world.verify().await;
}

#[test]
#[ignore = "long: real schedules, in the folder that SCHEDULES names"]
fn real_schedules_come_in_whole_long() {
    run(Door::Rest, Engine::Sqlite, every_file);
    run(Door::Grpc, Engine::Postgres, every_file);
}

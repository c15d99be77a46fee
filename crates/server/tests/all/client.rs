//! `steerco` as a client of a running server.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::process::{Process, free_address, organisation, token};
use serde_json::{Value, json};

/// A server with an organisation, and a caller of it.
struct World {
    folder: tempfile::TempDir,
    database: String,
    process: Process,
    org: String,
    token: String,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("x.db").display());
        let (org, token) = organisation(&database);
        let process = Process::serve(&database, folder.path()).await;
        Self { folder, database, process, org, token }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steerco"));
        command.args(arguments).env("STEERCO_SERVER", &self.process.base).env("STEERCO_TOKEN", &self.token);
        command.env("XDG_CONFIG_HOME", self.folder.path()).current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What it prints, each line as JSON.
    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const SOURCES: &str =
    "kind: source\nfields: {code: jira, name: Tracker}\n---\nkind: source\nfields: {code: erp, name: Money}\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_can_be_called_by_its_name() {
    let world = World::new().await;
    let call = |arguments: &[&str]| -> Value {
        let output = world.run(&[&["call"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let made = call(&["create_source", "code=jira", "name=Tracker", r#"labels={"area": "east"}"#, "--key", "one"]);
    assert_eq!((&made["code"], &made["labels"]), (&json!("jira"), &json!({"area": "east"})));
    let id = format!("id={}", made["id"].as_str().unwrap());
    let etag = format!("\"{}\"", made["revision"]);
    assert_eq!(call(&["update_source", &id, "name=Other", "--if-match", &etag])["name"], "Other");
    let listed = call(&["list-sources", "filter=code = \"jira\"", "fields=name"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(call(&["list_source_revisions", &id])["items"].as_array().unwrap().len(), 2);
    let file = world.run(&["call", "export_sources", "format=csv"]);
    assert!(text(&file.stdout).contains(",jira,") || text(&file.stdout).contains("jira"), "{file:?}");
    let file = world.write(
        "records.ndjson",
        "{\"source\":\"jira\"}\n{\"external_id\":\"a\",\"body\":{\"name\":\"Ada\"}}\n{\"end\":{\"count\":1}}\n",
    );
    assert_eq!(call(&["upsert_persons", "--body", &file])["results"][0]["outcome"], "created");
    assert_eq!(call(&["create_person", "--body", &world.write("p.json", r#"{"name": "Bo"}"#)])["name"], "Bo");

    // Refused here, with all faults; and refused there.
    for (arguments, code, wanted) in [
        (&["assess_rsik"][..], 1, "there is no operation"),
        (&["update_source", "naem=x", "labels=y"], 1, "naem"),
        (&["update_source", "naem=x", "labels=y"], 1, "id: is a part of the path"),
        (&["update_source", "naem=x", "labels=y"], 1, "labels: must be JSON"),
        (&["stream_events"], 1, "steerco watch"),
        (&["upsert_persons"], 1, "--body FILE"),
        (&["get_source", "id=nobody", "--body", "p.json"], 1, "takes no body"),
        (&["create_source", "code=x", "--body", "p.json"], 1, "not both"),
        (&["get_source", "id=src_01h455vb4pex5vsknk084sn02q"], 5, "NOT_FOUND"),
        (&["create_source", "code=a b"], 4, "/name"),
    ] {
        let output = world.run(&[&["call"], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(wanted), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn the_command_line_has_the_table_of_operations() {
    let operations = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_steerco")).arg("operations").args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let all = operations(&["-o", "json"]);
    let all = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    // What OpenAPI describes below /v1, and nothing else.
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/steerco.json")).unwrap();
    let document: Value = serde_json::from_slice(&file).unwrap();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/"));
    let described: BTreeSet<String> = paths
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, it)| (path, method, it)))
        .map(|(path, method, it)| format!("{} {} {path}", it["operationId"].as_str().unwrap(), method.to_uppercase()))
        .collect();
    let told =
        |one: Value| ["operation", "method", "path"].map(|name| one[name].as_str().unwrap().to_owned()).join(" ");
    let told: BTreeSet<String> = all.map(told).collect();
    let differ: Vec<&String> = told.symmetric_difference(&described).collect();
    assert!(differ.is_empty() && told.len() > 700, "{differ:?}");
    let sheet = operations(&["assess-risk"]);
    for part in ["POST /v1/risks/{id}/assess", "steerco.v1.RiskService/AssessRisk", "risk.assess", "probability  "] {
        assert!(sheet.contains(part), "{sheet}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_creates_changes_and_leaves_alone() {
    let world = World::new().await;
    let file = world.write("sources.yaml", SOURCES);
    let made = world.lines(&["apply", "-f", &file, "-o", "json"]);
    assert_eq!(made.iter().map(|line| line["outcome"].as_str().unwrap()).collect::<Vec<_>>(), ["created", "created"]);
    let people = "kind: person\nsource: jira\nexternal_id: 'a/b c'\nfields: {name: Bea}\n";
    let file = world.write("people.yaml", people);
    let outcome = |arguments: &[&str]| world.lines(arguments)[0]["outcome"].as_str().unwrap().to_owned();
    assert_eq!(outcome(&["apply", "-f", &file, "--dry-run", "-o", "json"]), "created");
    assert_eq!(world.lines(&["list", "persons", "-o", "json", "--filter", "name = \"Bea\""]).len(), 0);
    assert_eq!(outcome(&["apply", "-f", &file, "-o", "json"]), "created");
    assert_eq!(outcome(&["apply", "-f", &file, "-o", "json"]), "unchanged");
    let changed = world.write(
        "people.json",
        &json!({ "kind": "persons", "source": "jira", "external_id": "a/b c",
                                                      "fields": { "title": "Planner" } })
        .to_string(),
    );
    assert_eq!(outcome(&["apply", "-f", &changed, "-o", "json"]), "updated");
    let got: Value = serde_json::from_slice(&world.run(&["get", "person", "jira/a/b c", "-o", "json"]).stdout).unwrap();
    assert_eq!((&got["name"], &got["title"]), (&json!("Bea"), &json!("Planner")));
    let id = got["id"].as_str().unwrap();
    let patched =
        world.write("patch.ndjson", &json!({ "kind": "person", "id": id, "fields": { "title": null } }).to_string());
    assert_eq!(outcome(&["apply", "-f", &patched, "-o", "json"]), "updated");
    let shown = text(&world.run(&["get", "person", id]).stdout);
    assert!(shown.lines().any(|line| line.starts_with("name ") && line.ends_with("  Bea")), "{shown}");
    assert!(!shown.contains("Planner"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_every_fault_and_keep_nothing_back() {
    let world = World::new().await;
    let file = world.write(
        "mixed.yaml",
        "kind: source\nfields: {code: 'not a code', nam: X}\n---\nkind: source\nfields: {code: ok, name: Good}\n",
    );
    let output = world.run(&["apply", "-f", &file]);
    assert_eq!(output.status.code(), Some(4));
    let told = text(&output.stderr);
    for part in ["document 1 (source (new)): 400 ", "/code: ", "/name: ", "/nam: ", "(UNKNOWN_FIELD)", "request "] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(text(&output.stdout).contains("created"), "the second one is made: {}", text(&output.stdout));
    let nothing = world.run(&[
        "apply",
        "-f",
        &world.write("wrong.yaml", "kind: source\nfields: {code: b, name: B}\n---\nkind: nosuch\n"),
    ]);
    assert_eq!(nothing.status.code(), Some(1));
    assert_eq!(
        world.lines(&["list", "source", "-o", "json"]).len(),
        1,
        "nothing is sent when a document cannot be read"
    );
    let missing = world.run(&["get", "source", "src_01kdvdna00e008000000000001"]);
    assert_eq!(missing.status.code(), Some(if text(&missing.stderr).contains("404") { 5 } else { 4 }));
    assert_eq!(world.run(&["get", "person", "pers_01kdvdna00e008000000000001"]).status.code(), Some(5));
    assert_eq!(world.run(&["list", "source", "--filter", "nam = \"x\""]).status.code(), Some(4));
    let stranger = world.command(&["list", "source"]).env("STEERCO_TOKEN", "wrong").output().unwrap();
    assert_eq!(stranger.status.code(), Some(6));
    let away = format!("http://{}", free_address());
    assert_eq!(world.run(&["watch", "--until-now", "--server", &away]).status.code(), Some(7));
    assert_eq!(world.run(&["list", "nosuch"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_exports_are_whole() {
    let world = World::new().await;
    let lines: Vec<String> = (0..25)
        .map(|i| json!({ "kind": "source", "fields": { "code": format!("s{i:02}"), "name": "N" } }).to_string())
        .collect();
    let file = world.write("many.ndjson", &lines.join("\n"));
    assert_eq!(world.lines(&["apply", "-f", &file, "-o", "json"]).len(), 25);
    let one = world.run(&["list", "source", "--page-size", "10", "--order-by", "code desc", "--fields", "code"]);
    let (table, more) = (text(&one.stdout), text(&one.stderr));
    assert_eq!(table.lines().count(), 11, "{table}");
    assert!(table.starts_with("ID ") && table.lines().nth(1).unwrap().ends_with("s24"), "{table}");
    assert!(more.contains("--all"), "{more}");
    let all = world.lines(&["list", "source", "--page-size", "10", "--all", "-o", "json"]);
    assert_eq!(all.len(), 25);

    let export = world.run(&["export", "--all"]);
    assert!(export.status.success());
    let exported: Vec<Value> = text(&export.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let token = exported[0]["sync_token"].as_str().unwrap();
    let kinds: std::collections::HashSet<_> = exported[1..].iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(["organisation", "person", "grant", "source"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert_eq!(world.lines(&["watch", "--until-now", "--after", token]).len(), 0, "nothing happened since");

    // What was exported can be edited and applied again.
    let mut edited: Vec<String> = Vec::new();
    for line in exported.iter().filter(|line| line["kind"] == "source" || line["sync_token"].is_string()) {
        let mut line = line.clone();
        if line["fields"]["code"] == "s07" {
            line["fields"]["name"] = json!("Seven");
        }
        edited.push(line.to_string());
    }
    let file = world.write("edited.ndjson", &edited.join("\n"));
    let done = world.lines(&["apply", "-f", &file, "-o", "json"]);
    let outcomes = |outcome: &str| done.iter().filter(|line| line["outcome"] == outcome).count();
    assert_eq!((outcomes("updated"), outcomes("unchanged")), (1, edited.len() - 2), "{done:?}");
    assert_eq!(world.lines(&["watch", "--until-now", "--after", token]).len(), 1);
    let late = world.run(&["apply", "-f", &file]);
    assert_eq!(late.status.code(), Some(4));
    assert!(
        text(&late.stderr).contains("was changed since: its revision is 2, the document's 1"),
        "{}",
        text(&late.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_and_token_files_say_where_and_who() {
    let world = World::new().await;
    let token = world.write("token", &format!("{}\n", world.token));
    let dir = world.folder.path().join("steerco");
    std::fs::create_dir(&dir).unwrap();
    let profile =
        format!("default = 'here'\n[profiles.here]\nserver = '{}'\ntoken_file = '{token}'\n", world.process.base);
    std::fs::write(dir.join("config.toml"), profile).unwrap();
    let bare = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.env_remove("STEERCO_SERVER").env_remove("STEERCO_TOKEN").output().unwrap()
    };
    assert!(bare(&["list", "person"]).status.success());
    assert!(bare(&["list", "person", "--server", &world.process.base, "--token-file", &token]).status.success());
    assert_eq!(bare(&["list", "person", "--server", &world.process.base]).status.code(), Some(6));
    let unknown = bare(&["list", "person", "--profile", "there"]);
    assert!(text(&unknown.stderr).contains("there are: here"), "{}", text(&unknown.stderr));
    let completion = text(&world.run(&["completion", "bash"]).stdout);
    for word in ["apply", "--exclude-source", "service_account"] {
        assert!(completion.contains(word), "{word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_whole_and_once() {
    let world = World::new().await;
    world.lines(&["apply", "-f", &world.write("sources.yaml", SOURCES), "-o", "json"]);
    let rows: Vec<String> = (0..1_500).map(|n| format!("P-{n},Person {n},Planner\n")).collect();
    let file = world.write("people.csv", &format!("external_id,name,title\n{}", rows.concat()));
    let import =
        |arguments: &[&str]| world.run(&[&["import", "person", &file, "--source", "jira"], arguments].concat());
    let told = |output: &Output| text(&output.stdout).lines().last().unwrap_or_default().to_owned();
    let counts = |created, unchanged| {
        format!("1500 records: {created} created, 0 updated, {unchanged} unchanged, 0 stale, 0 refused")
    };
    let dry = import(&["--dry-run"]);
    assert_eq!((told(&dry), dry.status.code()), (counts(1_500, 0) + " (dry run)", Some(0)), "{}", text(&dry.stderr));
    assert_eq!(told(&import(&["--key", "nightly"])), counts(1_500, 0));
    assert_eq!(told(&import(&["--key", "nightly"])), counts(1_500, 0) + " (before)");
    let state = world.folder.path().join("state").display().to_string();
    world.lines(&["watch", "--until-now", "--state", &state]);
    assert_eq!(told(&import(&[])), counts(0, 1_500));
    assert_eq!(world.lines(&["watch", "--until-now", "--state", &state]).len(), 0, "no event for what is as it was");
    let some = world.write("some.ndjson", "{\"external_id\": \"P-7\", \"title\": null}\n");
    let changed = world.lines(&["import", "person", &some, "--source", "jira", "-o", "json"]);
    assert_eq!((&changed[0]["external_id"], &changed[0]["outcome"]), (&json!("P-7"), &json!("updated")));
    assert_eq!((&changed[1]["updated"], &changed[1]["dry_run"]), (&json!(1), &json!(false)));
    let got = text(&world.run(&["get", "person", "jira/P-7"]).stdout);
    assert!(got.contains("Person 7") && !got.contains("Planner"), "{got}");
    let seen = text(&world.run(&["watch", "--until-now", "--state", &state, "-o", "table"]).stdout);
    assert!(seen.lines().count() == 1 && seen.contains("person.upsert") && seen.contains("title"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_file_has_wrong_is_told_by_its_place() {
    let world = World::new().await;
    world.lines(&["apply", "-f", &world.write("sources.yaml", SOURCES), "-o", "json"]);
    let lines = format!(
        "{{\"external_id\":\"A\",\"name\":\"Ann\"}}\n{{\"external_id\":\"B\",\"nam\":\"Ben\"}}\n\n\
         {{\"external_id\":\"C\",\"name\":\"{}\"}}\n",
        "x".repeat(300)
    );
    let file = world.write("people.ndjson", &lines);
    let import =
        |arguments: &[&str]| world.run(&[&["import", "person", &file, "--source", "jira"], arguments].concat());
    let persons = || world.lines(&["list", "person", "--all", "-o", "json"]).len();
    let before = persons();
    let whole = import(&[]);
    assert_eq!(whole.status.code(), Some(4));
    let told = text(&whole.stderr);
    assert!(told.contains("line 2 (B): /nam ") && told.contains("nothing was sent"), "{told}");
    let partial = import(&["--partial"]);
    let told = text(&partial.stderr);
    assert!(told.contains("line 4 (C): ") && told.contains("line 2 (B): "), "{told}");
    assert_eq!((partial.status.code(), persons()), (Some(4), before + 1));
    assert!(text(&partial.stdout).contains("3 records: 1 created"), "{}", text(&partial.stdout));
    let good = lines.lines().filter(|line| !line.contains("nam\"")).collect::<Vec<_>>().join("\n");
    let file = world.write("rest.ndjson", &good);
    let refused = world.run(&["import", "person", &file, "--source", "jira"]);
    let told = text(&refused.stderr);
    assert!(refused.status.code() == Some(4) && told.contains("line 3 (C) /name"), "{told}");
    let unknown = world.run(&["import", "person", &file, "--source", "nowhere"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", text(&unknown.stderr));
    assert_eq!(world.run(&["import", "person", "missing.csv", "--source", "jira"]).status.code(), Some(1));
    let away = format!("http://{}", free_address());
    assert_eq!(world.run(&["import", "person", &file, "--source", "jira", "--server", &away]).status.code(), Some(7));
    let stranger = world.command(&["import", "person", &file, "--source", "jira"]).env("STEERCO_TOKEN", "x").output();
    assert_eq!(stranger.unwrap().status.code(), Some(6));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_is_imported_like_a_file() {
    let world = World::new().await;
    world.lines(&["apply", "-f", &world.write("sources.yaml", SOURCES), "-o", "json"]);
    let piped = |arguments: &[&str], text: &str| {
        let mut command = world.command(&[&["import", "person", "-", "--source", "jira"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What is refused by its name alone is not read.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        child.wait_with_output().unwrap()
    };
    let csv = |row: &str| piped(&["--format", "csv"], &format!("external_id,name,source_version\n{row}\n"));
    let told = |output: &Output| text(&output.stdout).lines().last().unwrap_or_default().to_owned();
    let counts = |created, updated, unchanged, stale| {
        format!("1 records: {created} created, {updated} updated, {unchanged} unchanged, {stale} stale, 0 refused")
    };
    let first = csv("P-1,Ann,7");
    assert_eq!(told(&first), counts(1, 0, 0, 0), "{}", text(&first.stderr));
    assert_eq!(told(&csv("P-1,Ben,6")), counts(0, 0, 0, 1), "an older one changes nothing");
    assert_eq!(told(&csv("P-1,Cleo,8")), counts(0, 1, 0, 0));
    assert_eq!(told(&csv("P-1,Cleo,")), counts(0, 0, 1, 0), "without a version it counts as it comes");
    let wrong = csv("P-1,Dan,last");
    let why = text(&wrong.stderr);
    assert!(wrong.status.code() == Some(4) && why.contains("row 2 (P-1): /source_version "), "{why}");
    let line = piped(&["--format", "ndjson"], "{\"external_id\": \"P-1\", \"source_version\": 9, \"name\": \"Eve\"}\n");
    assert_eq!(told(&line), counts(0, 1, 0, 0), "{}", text(&line.stderr));
    let nameless = piped(&[], "");
    assert!(nameless.status.code() == Some(1) && text(&nameless.stderr).contains("--format"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_fetches_its_tokens() {
    let world = World::new().await;
    world.lines(&["apply", "-f", &world.write("sources.yaml", SOURCES), "-o", "json"]);
    let made = |text: String| {
        let file = world.write("one.yaml", &text);
        world.lines(&["apply", "-f", &file, "-o", "json"])[0]["id"].as_str().unwrap().to_owned()
    };
    let jira = world.lines(&["list", "source", "-o", "json", "--filter", "code = \"jira\""])[0]["id"].clone();
    let account = made(format!("kind: service_account\nfields: {{name: Tool, source_ids: [{jira}]}}\n"));
    made(format!("kind: grant\nfields: {{service_account_id: {account}, role: integration}}\n"));
    let issue = format!("{}/v1/service-accounts/{account}/issue-secret", world.process.base);
    let issued = reqwest::Client::new().post(issue).bearer_auth(&world.token).send().await.unwrap();
    let issued: Value = serde_json::from_slice(&issued.bytes().await.unwrap()).unwrap();
    let secret = world.write("secret", issued["client_secret"].as_str().unwrap());
    let people = world.write("people.csv", "external_id,name\nP-1,Ann\n");
    let run = |arguments: &[&str], secret: &str| {
        let mut command = world.command(arguments);
        command.args(["--client-id", &account, "--client-secret-file", secret]).env_remove("STEERCO_TOKEN");
        command.output().unwrap()
    };
    for arguments in [
        &["import", "person", &people, "--source", "jira"][..],
        &["get", "person", "jira/P-1"],
        &["list", "person", "--all", "--page-size", "1"],
        &["watch", "--until-now", "--kinds", "person"],
    ] {
        let output = run(arguments, &secret);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        let refused = run(arguments, &people);
        let why = text(&refused.stderr);
        assert!(refused.status.code() == Some(6) && why.contains("no token was issued"), "{arguments:?}: {why}");
    }
}

/// Lines that a running command prints.
struct Following {
    child: Child,
    lines: mpsc::Receiver<Value>,
}

impl Following {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("an event")
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_is_narrowed_to_programs_and_labels() {
    let mut world = World::new().await;
    let apply = |world: &World, kind: &str, all: &[Value]| -> Vec<String> {
        let documents = all.iter().map(|fields| json!({"kind": kind, "fields": fields}).to_string() + "\n");
        let file = world.write("some.ndjson", &documents.collect::<String>());
        let made = world.lines(&["apply", "-f", &file, "-o", "json"]);
        made.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
    };
    let person = apply(&world, "person", &[json!({"name": "Dana"})]).remove(0);
    apply(&world, "grant", &[json!({"person_id": person, "role": "director"})]);
    world.token = token(&world.database, &world.org, &person);
    let portfolio = apply(&world, "portfolio", &[json!({"code": "p", "name": "P", "base_currency": "EUR"})]).remove(0);
    let program = |code: &str, area: &str| {
        let labels = json!({"area": area});
        json!({"portfolio_id": portfolio, "code": code, "name": code, "currency": "EUR", "labels": labels})
    };
    let ids = apply(&world, "program", &[program("a", "north"), program("b", "south")]);
    let watched = |arguments: &[&str]| -> Vec<String> {
        let events = world.lines(&[&["watch", "--until-now", "--kinds", "program, risk"], arguments].concat());
        events.iter().map(|event| event["resource_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(watched(&[]), ids);
    assert_eq!(watched(&["--program-ids", &ids[1]]), [&*ids[1]]);
    assert_eq!(watched(&["--program-ids", &ids.join(",")]), ids);
    assert_eq!(watched(&["--with-labels", "area=north"]), [&*ids[0]]);
    assert_eq!(watched(&["--with-labels", "area", "--program-ids", &ids[1]]), [&*ids[1]]);
    assert_eq!(watched(&["--with-labels", "area=east"]).len(), 0);
    for (flag, wrong) in [("--program-ids", "nonsense"), ("--kinds", ",")] {
        assert_eq!(world.run(&["watch", "--until-now", flag, wrong]).status.code(), Some(4), "{flag} {wrong}");
    }
}

/// The server dies and comes back: the watcher goes on where it was, without loss or repeat.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_outlives_its_server() {
    let mut world = World::new().await;
    let address: SocketAddr = world.process.base.trim_start_matches("http://").parse().unwrap();
    let state = world.folder.path().join("cursor").display().to_string();
    let make = |world: &World, codes: std::ops::Range<u32>| {
        let lines: Vec<String> = codes
            .map(|i| json!({ "kind": "source", "fields": { "code": format!("s{i}"), "name": "N" } }).to_string())
            .collect();
        let file = world.write("some.ndjson", &lines.join("\n"));
        assert!(world.run(&["apply", "-f", &file]).status.success());
    };
    let following = Following::start(world.command(&["watch", "--kinds", "source", "--state", &state]));
    make(&world, 0..3);
    let mut seen: Vec<String> =
        (0..3).map(|_| following.next()["after"]["code"].as_str().unwrap().to_owned()).collect();
    let fresh = Process::serve_at(free_address(), &world.database, world.folder.path(), &[]).await;
    drop(std::mem::replace(&mut world.process, fresh));
    world.process = Process::serve_at(address, &world.database, world.folder.path(), &[]).await;
    make(&world, 3..6);
    seen.extend((0..3).map(|_| following.next()["after"]["code"].as_str().unwrap().to_owned()));
    assert_eq!(seen, ["s0", "s1", "s2", "s3", "s4", "s5"]);
    drop(following);
    make(&world, 6..8);
    let later = world.lines(&["watch", "--kinds", "source", "--state", &state, "--until-now"]);
    let later: Vec<&str> = later.iter().map(|event| event["after"]["code"].as_str().unwrap()).collect();
    // It was killed: what it had printed and not yet noted comes again, and nothing is left out.
    assert!(later == ["s6", "s7"] || later == ["s5", "s6", "s7"], "{later:?}");
    assert_eq!(world.run(&["watch", "--after", "nonsense"]).status.code(), Some(4));
}

/// Passes connections on, and cuts the first `cuts` of them off instead of handing the answer back.
fn cutting_proxy(server: SocketAddr, cuts: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let passed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&passed);
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let n = count.fetch_add(1, Ordering::SeqCst);
            let mut upstream = TcpStream::connect(server).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::thread::spawn(move || {
                if n < cuts {
                    // The server has answered, so it has done what was asked.
                    let _ = upstream.read_exact(&mut [0; 1]);
                    let _ = client.shutdown(std::net::Shutdown::Both);
                } else {
                    let _ = std::io::copy(&mut upstream, &mut client);
                    let _ = client.flush();
                }
            });
        }
    });
    (address, passed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_keeps_its_key() {
    let world = World::new().await;
    let server: SocketAddr = world.process.base.trim_start_matches("http://").parse().unwrap();
    let (proxy, connections) = cutting_proxy(server, 2);
    let file = world.write("one.yaml", "kind: portfolio\nfields: {code: p, name: P, base_currency: EUR}\n");
    let output =
        world.command(&["apply", "-f", &file, "-o", "json"]).env("STEERCO_SERVER", format!("http://{proxy}")).output();
    let output = output.unwrap();
    // An administrator may not make portfolios: the refusal, too, comes through after the cuts.
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(connections.load(Ordering::SeqCst) >= 3);
    let (proxy, connections) = cutting_proxy(server, 2);
    let file = world.write("person.yaml", "kind: person\nfields: {name: Only One}\n");
    let output =
        world.command(&["apply", "-f", &file, "-o", "json"]).env("STEERCO_SERVER", format!("http://{proxy}")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&done["outcome"], &done["replayed"]), (&json!("created"), &json!(true)));
    assert!(connections.load(Ordering::SeqCst) >= 3);
    let made = world.lines(&["list", "person", "--filter", "name = \"Only One\"", "-o", "json"]);
    assert_eq!(made.len(), 1);
    // The same begin of keys makes the same run safe to repeat.
    let run = || world.lines(&["apply", "-f", &file, "--key", "nightly", "-o", "json"]);
    assert_eq!(run()[0]["replayed"], json!(false));
    assert_eq!(run()[0]["replayed"], json!(true));
}

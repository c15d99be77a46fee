//! The command line as an operator uses it.

use crate::process::{Process, organisation, steerco, steerco_json};
use serde_json::{Value, json};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_shows_every_command_with_examples() {
    let help = text(&steerco(&["--help"]).stdout);
    for command in ["init", "serve", "demo", "migrate", "token", "verify", "openapi", "backup", "config"] {
        assert!(help.contains(command), "{command}");
        assert!(steerco(&[command, "--help"]).status.success());
    }
    assert!(help.contains("Examples:"));
}

#[test]
fn wrong_usage_and_failures_have_their_exit_codes() {
    assert_eq!(steerco(&["nosuch"]).status.code(), Some(2));
    let output = steerco(&["serve", "--database", "mysql://x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("sqlite:// or postgres://"));
    let missing = steerco(&["verify", "--database", "sqlite:///nowhere/at/all.db"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn the_openapi_document_is_printed() {
    let document: Value = serde_json::from_slice(&steerco(&["openapi"]).stdout).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn migrate_makes_what_serve_needs() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    assert!(steerco(&["migrate", "--database", &database]).status.success());
    assert!(steerco(&["migrate", "--database", &database]).status.success(), "a second time changes nothing");
}

#[test]
fn a_token_needs_an_organisation_and_a_known_role() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    let (org, _) = organisation(&database);
    let person = "pers_00000000000000000000000001";
    let refused = |arguments: &[&str]| {
        let done = steerco(&[&["token", "--database", &database], arguments].concat());
        assert!(!done.status.success(), "{arguments:?}: {}", text(&done.stdout));
        text(&done.stderr)
    };
    assert!(refused(&["--org", "org_x", "--person", person]).contains(&org), "the organisations there are");
    assert!(refused(&["--org", &org, "--person", person, "--role", "boss"]).contains("program_manager"));
    for (wrong, told) in [
        (["--person", "pers_x", "--seconds", "1"], "must be pers_"),
        (["--account", person, "--seconds", "1"], "a service_account id starts with"),
        (["--person", person, "--partner", "nope"], "must be prt_"),
        (["--person", person, "--program", "nope"], "must be prog_"),
        (["--person", person, "--seconds", "0"], "0 is not in 1.."),
    ] {
        let stderr = refused(&[&["--org", &org], wrong.as_slice()].concat());
        assert!(stderr.contains(told), "{wrong:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_to_the_first_answer() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    let (org, admin) = organisation(&database);
    let process = Process::serve(&database, folder.path()).await;
    let client = reqwest::Client::new();
    let url = format!("{}/v1/organisations/{org}", process.base);
    let answer = client.get(&url).bearer_auth(&admin).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["name"], "City");
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let events: Value = client
        .get(format!("{}/v1/events", process.base))
        .bearer_auth(&admin)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let operations: Vec<&str> =
        events["events"].as_array().unwrap().iter().map(|e| e["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["organisation.bootstrap", "person.bootstrap", "grant.bootstrap"]);
}

/// The main job: the whole public portfolio, through the service's own operations, sound afterwards.
#[test]
fn the_demo_loads_the_portfolio() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let loaded = steerco(&["demo", "--exit", "--data-dir", dir]);
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    assert!(text(&loaded.stderr).contains("loaded 2259 reports on 378 projects in 12 programs, 104 risks, 39 costs"));
    let printed = text(&loaded.stdout);
    for name in ["DIRECTOR=", "FINANCE=", "INTEGRATION=", "VENDOR="] {
        assert!(printed.lines().any(|line| line.starts_with(name)), "{name}");
    }
    let again = steerco(&["demo", "--exit", "--data-dir", dir]);
    assert!(!text(&again.stderr).contains("reports of"), "a folder that has it is not loaded again");
    let report = steerco_json(&["verify", "--data-dir", dir, "--output", "json"]);
    assert_eq!((&report["faults"], &report["resources"]), (&json!([]), &json!(1729)));
}

/// What sends traces is a feature: without it, whoever asks for traces is told before anything is served.
#[cfg(not(feature = "otlp"))]
#[tokio::test(flavor = "multi_thread")]
async fn traces_are_refused_by_a_program_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    let asked = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")];
    let process = Process::spawn_at(crate::process::free_address(), &database, folder.path(), &asked);
    assert_eq!(process.wait(std::time::Duration::from_secs(20)).await, 1);
    let told = std::fs::read_to_string(folder.path().join("steerco.log")).unwrap();
    assert!(told.contains("without the feature otlp"), "{told}");
}

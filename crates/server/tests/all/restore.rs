//! R10: what was backed up comes back, and readers of the feed learn that it did.

use std::process::Command;

use crate::process::{Process, organisation, steerco, steerco_json};
use serde_json::{Value, json};
use sqlx::Connection;
use steerco_tests::postgres;

async fn get(process: &Process, token: &str, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", process.base);
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn make_source(process: &Process, token: &str, code: &str) {
    let call = reqwest::Client::new().post(format!("{}/v1/sources", process.base)).bearer_auth(token);
    let answer = call.json(&json!({ "code": code, "name": "A source" })).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

async fn codes(process: &Process, token: &str) -> Vec<String> {
    let (_, page) = get(process, token, "/v1/sources?order_by=code").await;
    page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

async fn sync_token(process: &Process, token: &str) -> String {
    get(process, token, "/v1/sources?page_size=1").await.1["sync_token"].as_str().unwrap().to_owned()
}

async fn events_after(process: &Process, token: &str, cursor: &str) -> (u16, Value) {
    get(process, token, &format!("/v1/events?after={cursor}")).await
}

fn command(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// After a restore: what was there at the backup is there, what came later is not, old cursors have ended, and the feed
/// goes on.
async fn assert_restored(process: &Process, token: &str, cursors: &[String]) {
    assert_eq!(codes(process, token).await, ["before"]);
    for cursor in cursors {
        let (status, problem) = events_after(process, token, cursor).await;
        assert_eq!((status, &problem["code"]), (410, &json!("CURSOR_EXPIRED")));
    }
    let fresh = sync_token(process, token).await;
    make_source(process, token, "again").await;
    let (status, page) = events_after(process, token, &fresh).await;
    let events = page["events"].as_array().unwrap();
    assert_eq!((status, events.len(), &events[0]["after"]["code"]), (200, 1, &json!("again")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_file_ends_older_cursors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("steerco.db");
    let database = format!("sqlite://{}", file.display());
    let (_, token) = organisation(&database);
    let process = Process::serve(&database, folder.path()).await;
    make_source(&process, &token, "before").await;
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    assert!(steerco(&["backup", "--database", &database, copy]).status.success());
    let mut cursors = vec![sync_token(&process, &token).await];
    make_source(&process, &token, "later").await;
    cursors.push(sync_token(&process, &token).await);
    let overwriting = steerco(&["restore", "--database", &database, copy]);
    assert!(String::from_utf8_lossy(&overwriting.stderr).contains("overwrites nothing"));
    process.kill();
    // Twice, as after a restore that was not the last: the cursors of the time between end too.
    for _ in 0..2 {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
        }
        let output = steerco(&["restore", "--database", &database, copy]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let process = Process::serve(&database, folder.path()).await;
        assert_restored(&process, &token, &cursors).await;
        cursors.push(sync_token(&process, &token).await);
        process.kill();
    }
    let report = steerco_json(&["verify", "--database", &database, "--output", "json"]);
    assert_eq!(report["faults"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsound_backup_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let database = |name: &str| format!("sqlite://{}", folder.path().join(name).display());
    organisation(&database("a.db"));
    let copy = folder.path().join("copy.db");
    assert!(steerco(&["backup", "--database", &database("a.db"), copy.to_str().unwrap()]).status.success());
    let mut connection = sqlx::SqliteConnection::connect(&database("copy.db")).await.unwrap();
    sqlx::query("UPDATE organisation SET name = 'Another'").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let output = steerco(&["restore", "--database", &database("b.db"), copy.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    let broken = folder.path().join("broken.db");
    std::fs::write(&broken, "no database").unwrap();
    let output = steerco(&["restore", "--database", &database("c.db"), broken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_restores_and_ends_older_cursors() {
    let Some(server) = postgres::shared() else { return };
    let (folder, database, restored) =
        (tempfile::tempdir().unwrap(), server.create_database(), server.create_database());
    let (_, token) = organisation(&database.url);
    let process = Process::serve(&database.url, folder.path()).await;
    make_source(&process, &token, "before").await;
    let socket = server.socket_dir().display().to_string();
    let dump = folder.path().join("steerco.dump").display().to_string();
    let tool = |name: &str, arguments: &[&str]| {
        let program = server.program(name).display().to_string();
        command(&program, &[&["-h", &socket, "-U", "postgres"], arguments].concat());
    };
    tool("pg_dump", &["-Fc", "-f", &dump, &database.name]);
    let mut cursors = vec![sync_token(&process, &token).await];
    make_source(&process, &token, "later").await;
    cursors.push(sync_token(&process, &token).await);
    process.kill();
    tool("pg_restore", &["--exit-on-error", "-d", &restored.name, &dump]);
    let done = steerco(&["restore", "--database", &restored.url]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let refused = steerco(&["restore", "--database", &restored.url, &dump]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("pg_restore"));
    let process = Process::serve(&restored.url, folder.path()).await;
    assert_restored(&process, &token, &cursors).await;
    let report = steerco_json(&["verify", "--database", &restored.url, "--output", "json"]);
    assert_eq!(report["faults"], json!([]));
}

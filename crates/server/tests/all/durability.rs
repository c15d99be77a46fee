//! What was acknowledged survives the death of the process; what cannot be done is refused, not lost.
//!
//! The fast form runs with the other tests. The long form of R1:
//! `cargo test --release -p steerco-server -- --ignored acknowledged_writes_survive_kill_long`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::process::{Process, organisation, steerco, steerco_json};
use serde_json::{Value, json};
use steerco_tests::postgres;
use tempfile::TempDir;

/// What a writer was told: titles by the id acknowledged.
type Acknowledged = HashMap<String, String>;

/// Everything a writer needs.
#[derive(Clone)]
struct Target {
    base: String,
    token: String,
    program: String,
}

async fn call(
    client: &reqwest::Client,
    target: &Target,
    path: &str,
    body: &Value,
) -> reqwest::Result<reqwest::Response> {
    let url = format!("{}{path}", target.base);
    client.post(url).bearer_auth(&target.token).json(body).send().await
}

/// Makes a second person a director, and a program to write under: its token and program.
async fn prepare(process: &Process, database: &str, org: &str, admin: &str) -> Target {
    let client = reqwest::Client::new();
    let mut target = Target { base: process.base.clone(), token: admin.to_owned(), program: String::new() };
    let made = async |target: &Target, path: &str, body: Value| -> String {
        let answer = call(&client, target, path, &body).await.unwrap();
        assert_eq!(answer.status(), 201, "{path}");
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let person = made(&target, "/v1/persons", json!({ "name": "Dana" })).await;
    made(&target, "/v1/grants", json!({ "person_id": person, "role": "director" })).await;
    target.token = crate::process::token(database, org, &person);
    let portfolio = made(&target, "/v1/portfolios", json!({ "code": "p", "name": "P", "base_currency": "EUR" })).await;
    let program = json!({ "portfolio_id": portfolio, "code": "p", "name": "P", "currency": "EUR" });
    target.program = made(&target, "/v1/programs", program).await;
    target
}

/// Writes until told to stop or cut off; answers what was acknowledged.
async fn write(target: Target, writer: usize, round: usize, load: Arc<Load>) -> Acknowledged {
    let client = reqwest::Client::new();
    let mut acknowledged = Acknowledged::new();
    for i in 0.. {
        let title = format!("risk {round} {writer} {i}");
        let body = json!({ "program_id": target.program, "title": title, "kind": "threat" });
        match call(&client, &target, "/v1/risks", &body).await {
            Ok(answer) if answer.status() == 201 => {
                // An answer that breaks off is no acknowledgement.
                let Ok(risk) = answer.json::<Value>().await else { break };
                acknowledged.insert(risk["id"].as_str().unwrap().to_owned(), title);
                load.count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => assert_eq!(answer.status(), 503, "{:?}", answer.text().await),
            Err(_) => break,
        }
        if load.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    acknowledged
}

/// How a load goes on, and its end.
#[derive(Default)]
struct Load {
    count: AtomicUsize,
    stop: AtomicBool,
}

impl Load {
    /// Until so many writes are acknowledged.
    async fn reach(&self, count: usize) {
        let enough = async {
            while self.count.load(Ordering::Relaxed) < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), enough).await.expect("the server acknowledges writes");
    }
}

const WRITERS: usize = 8;

fn start_writers(target: &Target, round: usize, load: &Arc<Load>) -> Vec<tokio::task::JoinHandle<Acknowledged>> {
    (0..WRITERS).map(|writer| tokio::spawn(write(target.clone(), writer, round, Arc::clone(load)))).collect()
}

async fn gather(writers: Vec<tokio::task::JoinHandle<Acknowledged>>) -> Acknowledged {
    let mut all = Acknowledged::new();
    for writer in writers {
        all.extend(writer.await.unwrap());
    }
    all
}

/// Every acknowledged risk is there with the title it was given.
async fn assert_all_there(target: &Target, acknowledged: &Acknowledged) {
    let client = reqwest::Client::new();
    let first = format!("{}/v1/risks?page_size=1000&fields=title", target.base);
    let (mut found, mut url) = (Acknowledged::new(), first.clone());
    loop {
        let answer = client.get(&url).bearer_auth(&target.token).send().await.unwrap();
        let page: Value = answer.json().await.unwrap();
        for risk in page["items"].as_array().unwrap() {
            found.insert(risk["id"].as_str().unwrap().to_owned(), risk["title"].as_str().unwrap().to_owned());
        }
        match page["next_page_token"].as_str() {
            Some(next) => url = format!("{first}&page_token={next}"),
            None => break,
        }
    }
    let lost: Vec<_> = acknowledged.iter().filter(|(id, title)| found.get(*id) != Some(title)).collect();
    assert!(lost.is_empty(), "lost {} of {}: {lost:?}", lost.len(), acknowledged.len());
}

/// R1: kill -9 under load, start again, look; `crash` also takes the database down where it is a server.
async fn survive(database: &str, data_dir: &Path, rounds: usize, in_a_round: usize, crash: impl Fn()) {
    let (org, admin) = organisation(database);
    let mut process = Process::serve(database, data_dir).await;
    let mut target = prepare(&process, database, &org, &admin).await;
    let mut all = Acknowledged::new();
    for round in 0..rounds {
        let load = Arc::new(Load::default());
        let writers = start_writers(&target, round, &load);
        load.reach(in_a_round).await;
        process.kill();
        crash();
        all.extend(gather(writers).await);
        process = Process::serve(database, data_dir).await;
        target.base.clone_from(&process.base);
    }
    assert!(all.len() >= rounds * in_a_round);
    assert_all_there(&target, &all).await;
    process.kill();
    let verified = steerco(&["verify", "--database", database]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    println!("acknowledged {}, lost 0", all.len());
}

fn sqlite(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("steerco.db").display())
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_survive_kill_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    survive(&sqlite(&folder), folder.path(), 10, 200, || ()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_survive_kill_on_postgres() {
    let Some(server) = postgres::durable() else { return };
    let (folder, database) = (tempfile::tempdir().unwrap(), server.create_database());
    survive(&database.url, folder.path(), 5, 100, || {
        server.crash();
        server.restart();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "R1 in its long form: 200 rounds, 50,000 acknowledged writes"]
async fn acknowledged_writes_survive_kill_long() {
    let folder = tempfile::tempdir().unwrap();
    survive(&sqlite(&folder), folder.path(), 200, 250, || ()).await;
}

/// L4: SIGTERM under load: what is in flight is answered, nothing acknowledged is lost, the process ends well.
#[tokio::test(flavor = "multi_thread")]
async fn stopping_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let database = sqlite(&folder);
    let (org, admin) = organisation(&database);
    let process = Process::serve(&database, folder.path()).await;
    let mut target = prepare(&process, &database, &org, &admin).await;
    let stream = reqwest::Client::new()
        .get(format!("{}/v1/events/stream", target.base))
        .bearer_auth(&target.token)
        .send()
        .await
        .unwrap();
    let load = Arc::new(Load::default());
    let writers = start_writers(&target, 0, &load);
    load.reach(100).await;
    process.terminate();
    let code = process.wait(Duration::from_secs(20)).await;
    assert_eq!(code, 0);
    let acknowledged = gather(writers).await;
    let streamed = stream.text().await.unwrap();
    assert!(streamed.contains("id:"), "the stream ends whole, with its cursor: {streamed:.100}");
    let process = Process::serve(&database, folder.path()).await;
    target.base.clone_from(&process.base);
    assert_all_there(&target, &acknowledged).await;
    assert!(!acknowledged.is_empty());
}

/// L3: without its database the service says so at once, and recovers by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_away_is_answered_503() {
    let Some(server) = postgres::durable() else { return };
    let (folder, database) = (tempfile::tempdir().unwrap(), server.create_database());
    let (org, admin) = organisation(&database.url);
    let process = Process::serve(&database.url, folder.path()).await;
    let target = prepare(&process, &database.url, &org, &admin).await;
    let client = reqwest::Client::new();
    let body = json!({ "program_id": target.program, "title": "A risk", "kind": "threat" });
    server.stop();
    for _ in 0..20 {
        let answer = call(&client, &target, "/v1/risks", &body).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["retryable"]), (&json!("UNAVAILABLE"), &json!(true)));
    }
    let ready = client.get(format!("{}/readyz", target.base)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let live = client.get(format!("{}/livez", target.base)).send().await.unwrap();
    assert_eq!(live.status(), 200);
    server.start();
    process.wait_ready(Duration::from_secs(20)).await;
    let answer = call(&client, &target, "/v1/risks", &body).await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_all_there(&target, &Acknowledged::new()).await;
}

/// R10, fast: a backup taken under load opens, is sound, and holds everything acknowledged before it began.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_restores() {
    let folder = tempfile::tempdir().unwrap();
    let database = sqlite(&folder);
    let (org, admin) = organisation(&database);
    let process = Process::serve(&database, folder.path()).await;
    let mut target = prepare(&process, &database, &org, &admin).await;
    let load = Arc::new(Load::default());
    let writers = start_writers(&target, 0, &load);
    load.reach(100).await;
    load.stop.store(true, Ordering::Relaxed);
    let before = gather(writers).await;
    let during = start_writers(&target, 1, &Arc::default());
    let copy = folder.path().join("copy.db");
    let output = steerco(&["backup", "--database", &database, copy.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    process.kill();
    gather(during).await;
    let restored = format!("sqlite://{}", copy.display());
    let report = steerco_json(&["verify", "--database", &restored, "--output", "json"]);
    assert_eq!(report["faults"], json!([]));
    let process = Process::serve(&restored, folder.path()).await;
    target.base.clone_from(&process.base);
    assert_all_there(&target, &before).await;
}

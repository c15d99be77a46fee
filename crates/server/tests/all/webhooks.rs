//! Webhooks of nodes that die (R8), and secrets that nothing tells (S7).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use steerco_tests::postgres;

use crate::process::{Process, free_address, organisation, token};

/// Takes messages, or lets them wait for an answer that never comes.
struct Receiver {
    url: String,
    /// Ids of messages as they came.
    heard: Arc<Mutex<Vec<String>>>,
    taking: Arc<AtomicBool>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (heard, taking): (Arc<Mutex<Vec<String>>>, _) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (all, takes) = (Arc::clone(&heard), Arc::clone(&taking));
        let app = axum::Router::new().fallback(move |headers: HeaderMap| {
            let (all, takes) = (Arc::clone(&all), Arc::clone(&takes));
            async move {
                all.lock().unwrap().push(headers["webhook-id"].to_str().unwrap().to_owned());
                if !takes.load(Ordering::Acquire) {
                    std::future::pending::<()>().await;
                }
                StatusCode::NO_CONTENT
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, heard, taking }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    async fn wait(&self, count: usize, at_most: Duration) -> Vec<String> {
        let end = tokio::time::Instant::now() + at_most;
        while self.heard().len() < count {
            assert!(tokio::time::Instant::now() < end, "{} of {count} came", self.heard().len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.heard()
    }
}

async fn node(database: &str, folder: &Path) -> Process {
    let variables = [("STEERCO_WEBHOOKS__ALLOW", "[\"127.0.0.0/8\"]"), ("STEERCO_LOG", "debug")];
    Process::serve_at(free_address(), database, folder, &variables).await
}

/// Posts as somebody who has to be heard.
async fn post(process: &Process, token: &str, path: &str, body: Value) -> Value {
    let call = reqwest::Client::new().post(format!("{}{path}", process.base)).bearer_auth(token).json(&body);
    let answer = call.send().await.unwrap();
    let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {body}");
    body
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A director's token and a program.
async fn prepare(process: &Process, database: &str, (org, admin): (&str, &str)) -> (String, String) {
    let person = text(&post(process, admin, "/v1/persons", json!({ "name": "Dana" })).await["id"]);
    post(process, admin, "/v1/grants", json!({ "person_id": person, "role": "director" })).await;
    let director = token(database, org, &person);
    let portfolio = json!({ "code": "p", "name": "P", "base_currency": "EUR" });
    let portfolio = text(&post(process, &director, "/v1/portfolios", portfolio).await["id"]);
    let program = json!({ "portfolio_id": portfolio, "code": "p", "name": "P", "currency": "EUR" });
    let program = text(&post(process, &director, "/v1/programs", program).await["id"]);
    (director, program)
}

/// An endpoint that is sent to, and its secret.
async fn endpoint(process: &Process, director: &str, url: &str) -> (String, String) {
    let body = json!({ "name": "Warehouse", "url": url, "kinds": ["risk"] });
    let id = text(&post(process, director, "/v1/webhook-endpoints", body).await["id"]);
    let rotated = post(process, director, &format!("/v1/webhook-endpoints/{id}/rotate-secret"), json!({})).await;
    (id, text(&rotated["secret"]))
}

async fn risk(process: &Process, director: &str, program: &str, title: &str) {
    let body = json!({ "program_id": program, "title": title, "kind": "threat" });
    post(process, director, "/v1/risks", body).await;
}

/// A node is killed while its messages are on their way. Whoever is there next sends them under the same ids, and what
/// comes later.
async fn taken_over(database: &str, folders: [&Path; 2], alone: bool, at_most: Duration) {
    let receiver = Receiver::start().await;
    let (org, admin) = organisation(database);
    let first = node(database, folders[0]).await;
    let (director, program) = prepare(&first, database, (&org, &admin)).await;
    endpoint(&first, &director, &receiver.url).await;
    for n in 0..3 {
        risk(&first, &director, &program, &format!("risk {n}")).await;
    }
    let cut = receiver.wait(3, Duration::from_secs(20)).await;
    // The other is there before, but for a database that only one may write.
    let beside = if alone { None } else { Some(node(database, folders[1]).await) };
    first.kill();
    receiver.taking.store(true, Ordering::Release);
    let second = match beside {
        Some(second) => second,
        None => node(database, folders[1]).await,
    };
    risk(&second, &director, &program, "after the crash").await;
    let heard = receiver.wait(7, at_most).await;
    let (before, after) = (BTreeSet::from_iter(&cut), BTreeSet::from_iter(&heard[3..]));
    assert_eq!((before.len(), after.len()), (3, 4), "each once more, and the new one: {heard:?}");
    assert!(before.is_subset(&after), "under the same ids: {heard:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(receiver.heard().len(), 7, "and no more than that");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_takes_over_on_postgres() {
    let Some(server) = postgres::shared() else { return };
    let (database, one, two) = (server.create_database(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // The lease of the dead runs out, and then it is looked for.
    taken_over(&database.url, [one.path(), two.path()], false, Duration::from_mins(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_at_once_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("steerco.db").display());
    taken_over(&database, [folder.path(), folder.path()], true, Duration::from_secs(15)).await;
}

/// S7: what is secret is neither in the log, at its most talkative, nor in the figures, the feed or the attempts.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_told_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("steerco.db").display());
    let (org, admin) = organisation(&database);
    let process = node(&database, folder.path()).await;
    let (director, program) = prepare(&process, &database, (&org, &admin)).await;
    let receiver = Receiver::start().await;
    receiver.taking.store(true, Ordering::Release);
    let (hook, secret) = endpoint(&process, &director, &receiver.url).await;
    // One that is reached and one that is not.
    let gone = format!("http://{}/", free_address());
    let (_, other) = endpoint(&process, &director, &gone).await;
    risk(&process, &director, &program, "Flood").await;
    post(&process, &director, &format!("/v1/webhook-endpoints/{hook}/test"), json!({})).await;
    receiver.wait(2, Duration::from_secs(20)).await;
    let account = text(&post(&process, &admin, "/v1/service-accounts", json!({ "name": "Sync" })).await["id"]);
    let issued = post(&process, &admin, &format!("/v1/service-accounts/{account}/issue-secret"), json!({})).await;
    let client_secret = text(&issued["client_secret"]);
    let client = reqwest::Client::new();
    let asked = client.post(format!("{}/oauth2/token", process.base)).basic_auth(&account, Some(&client_secret));
    let asked = asked.header("content-type", "application/x-www-form-urlencoded");
    let granted: Value = asked.body("grant_type=client_credentials").send().await.unwrap().json().await.unwrap();
    let access = text(&granted["access_token"]);
    let feed = text(&post(&process, &director, "/v1/calendar-feeds", json!({ "name": "Milestones" })).await["id"]);
    let issued = post(&process, &director, &format!("/v1/calendar-feeds/{feed}/issue-address"), json!({})).await;
    let address = text(&issued["address"]);
    let path = &address[address.find("/calendars/").unwrap()..];
    assert!(client.get(format!("{}{path}", process.base)).send().await.unwrap().status().is_success());
    // What is refused is not told of either.
    let forged = format!("{access}x");
    let refused = client.get(format!("{}/v1/risks", process.base)).bearer_auth(&forged).send().await.unwrap();
    assert_eq!(refused.status(), 401);

    let read = async |path: &str, token: &str| {
        let answer = client.get(format!("{}{path}", process.base)).bearer_auth(token).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let mut told = std::fs::read_to_string(folder.path().join("steerco.log")).unwrap();
    assert!(told.len() > 1_000, "the log tells of what happened: {told}");
    told += &read("/metrics", &admin).await;
    for token in [&admin, &director] {
        told += &read("/v1/events?page_size=1000", token).await;
    }
    told += &read(&format!("/v1/webhook-endpoints/{hook}/deliveries"), &director).await;
    told += &refused.text().await.unwrap();
    let calendar = path.trim_start_matches("/calendars/").trim_end_matches(".ics");
    for (name, secret) in [
        ("webhook secret", secret.trim_start_matches("whsec_")),
        ("webhook secret of who is away", other.trim_start_matches("whsec_")),
        ("client secret", &client_secret),
        ("token of an account", &access),
        ("token of a person", &director),
        ("token of who administers", &admin),
        ("address of a calendar", calendar),
    ] {
        assert!(secret.len() >= 20, "{name}: {secret}");
        assert!(!told.contains(secret), "{name} is told");
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!told.contains(signature), "a part of the {name} is told");
    }
}

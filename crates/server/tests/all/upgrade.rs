//! R10: two releases serve one PostgreSQL while the newer one takes over.

use std::time::Duration;

use crate::process::{Process, organisation, steerco, steerco_json};
use serde_json::{Value, json};
use steerco_tests::postgres;

/// What the release after this one could have migrated: a column, a table, and its name among those applied.
const NEWER: &str = "
    ALTER TABLE source ADD COLUMN later text;
    ALTER TABLE source_rev ADD COLUMN later text;
    CREATE TABLE later_kind (org text NOT NULL, id text NOT NULL, PRIMARY KEY (org, id));
    INSERT INTO seaql_migrations (version, applied_at) VALUES ('later_kind_001', 0);
";

async fn write(base: String, token: String, writer: &'static str, count: usize) {
    let client = reqwest::Client::new();
    for i in 0..count {
        let body = json!({ "code": format!("{writer}{i}"), "name": "N" });
        let answer = client.post(format!("{base}/v1/sources")).bearer_auth(&token).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{writer}{i}: {:?}", answer.text().await);
        let id = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        let patch = client.patch(format!("{base}/v1/sources/{id}")).bearer_auth(&token).json(&json!({ "name": "M" }));
        assert_eq!(patch.send().await.unwrap().status(), 200);
    }
}

/// The numbers of the feed from its beginning, read from this process.
async fn numbers(base: &str, token: &str) -> Vec<i64> {
    let client = reqwest::Client::new();
    let (mut numbers, mut after) = (Vec::new(), String::new());
    loop {
        let url = format!("{base}/v1/events?page_size=100&after={after}");
        let page: Value = client.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        let events = page["events"].as_array().unwrap().iter();
        numbers.extend(events.map(|event| event["seq"].as_str().unwrap().parse::<i64>().unwrap()));
        page["next_cursor"].as_str().unwrap().clone_into(&mut after);
        if page["more"] != true {
            return numbers;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_releases_serve_one_database() {
    const EACH: usize = 30;
    let Some(server) = postgres::shared() else { return };
    let (folder, database) = (tempfile::tempdir().unwrap(), server.create_database());
    let (_, token) = organisation(&database.url);
    let before = Process::serve(&database.url, folder.path()).await;
    let writing = tokio::spawn(write(before.base.clone(), token.clone(), "old", EACH));
    // The newer release migrates while the older one writes.
    assert_eq!(server.psql(&database.name, NEWER), Ok(String::new()));
    let after = Process::serve(&database.url, folder.path()).await;
    let both = tokio::spawn(write(after.base.clone(), token.clone(), "new", EACH));
    writing.await.unwrap();
    both.await.unwrap();
    // A process of the older release that is restarted meanwhile comes up on the newer schema.
    let restarted = Process::serve(&database.url, folder.path()).await;
    write(restarted.base.clone(), token.clone(), "again", 5).await;
    let total = i64::try_from(3 + 2 * (2 * EACH + 5)).unwrap();
    for process in [&before, &after, &restarted] {
        assert_eq!(numbers(&process.base, &token).await, (1..=total).collect::<Vec<_>>(), "contiguous everywhere");
    }
    before.terminate();
    assert_eq!(before.wait(Duration::from_secs(20)).await, 0);
    write(after.base.clone(), token.clone(), "last", 1).await;
    let report = steerco_json(&["verify", "--database", &database.url, "--output", "json"]);
    assert_eq!((&report["faults"], &report["entries"]), (&json!([]), &json!(total + 2)));
}

/// Several processes that start at once on an empty database do not migrate it twice.
#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_take_turns() {
    let Some(server) = postgres::shared() else { return };
    let (folder, database) = (tempfile::tempdir().unwrap(), server.create_database());
    let start = || {
        let (url, dir) = (database.url.clone(), folder.path().to_owned());
        tokio::spawn(async move { Process::serve(&url, &dir).await })
    };
    let starting = [start(), start(), start()];
    for process in starting {
        process.await.unwrap();
    }
}

/// The owner of the database need not be an administrator of the cluster.
#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_owner_is_enough() {
    let Some(server) = postgres::shared() else { return };
    let (folder, database) = (tempfile::tempdir().unwrap(), server.create_database());
    let name = &database.name;
    let prepared = server.psql(
        "postgres",
        &format!(
            "DO $$ BEGIN CREATE ROLE steerco_service NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
             CREATE ROLE owner_{name} LOGIN; GRANT steerco_service TO owner_{name};
             ALTER DATABASE {name} OWNER TO owner_{name}"
        ),
    );
    assert_eq!(prepared, Ok(String::new()));
    assert_eq!(server.psql(name, &format!("ALTER SCHEMA public OWNER TO owner_{name}")), Ok(String::new()));
    let url = database.url.replace("postgres://postgres@", &format!("postgres://owner_{name}@"));
    let migrated = steerco(&["migrate", "--database", &url]);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let (_, token) = organisation(&url);
    let process = Process::serve(&url, folder.path()).await;
    write(process.base.clone(), token.clone(), "owned", 1).await;
    assert_eq!(numbers(&process.base, &token).await, [1, 2, 3, 4, 5]);
}

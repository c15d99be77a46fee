//! R9: whoever changes the database behind the service's back is found out.
//!
//! The long form: `cargo test --release -p steerco-server -- --ignored tampering_shows_long`.

use std::path::Path;

use crate::process::{Process, organisation};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use steerco_persistence::Database;
use steerco_service::operator::verify_database;

/// A sound database with some history.
async fn make(file: &Path, dir: &Path) {
    let database = format!("sqlite://{}", file.display());
    let (_, admin) = organisation(&database);
    let process = Process::serve(&database, dir).await;
    let client = reqwest::Client::new();
    for i in 0..8 {
        let made = client.post(format!("{}/v1/sources", process.base)).bearer_auth(&admin);
        let made = made.json(&json!({ "code": format!("s{i}"), "name": "A source" })).send().await.unwrap();
        let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        for change in 0..3 {
            let url = format!("{}/v1/sources/{id}", process.base);
            let patch = json!({ "name": format!("Name {change}") });
            let changed = client.patch(url).bearer_auth(&admin).json(&patch).send().await.unwrap();
            assert_eq!(changed.status(), 200);
        }
    }
    process.terminate();
    process.wait(std::time::Duration::from_secs(20)).await;
}

/// One way to tamper with the row or entry `n`, as SQL.
fn tampering(way: usize, n: i64) -> String {
    let entry = format!("(SELECT {n} % (SELECT max(seq) FROM log) + 1)");
    let source = format!("(SELECT id FROM source ORDER BY id LIMIT 1 OFFSET {})", n % 8);
    let other = format!("(SELECT id FROM source ORDER BY id LIMIT 1 OFFSET {})", (n + 1) % 8);
    match way {
        0 => format!("UPDATE log SET after = replace(after, 'Name', 'Game') || ' ' WHERE seq = {entry}"),
        1 => format!("UPDATE log SET actor = 'somebody' WHERE seq = {entry}"),
        2 => format!("UPDATE log SET at = at + 1 WHERE seq = {entry}"),
        3 => format!("DELETE FROM log WHERE seq = {entry}"),
        4 => format!("DELETE FROM log WHERE seq >= {entry}"),
        5 => format!(
            "UPDATE log SET seq = -1 WHERE seq = {entry};
             UPDATE log SET seq = {entry} WHERE seq = (SELECT max(seq) - 1 FROM log);
             UPDATE log SET seq = (SELECT max(seq) FROM log) + 1 WHERE seq = -1"
        ),
        6 => "INSERT INTO log SELECT org, seq + 1, at, actor, operation, kind, resource_id, revision, changed, after, \
              source, portfolio, program, partner, portfolio_before, program_before, partner_before, \
              engagement, request_id, prev_hash, hash FROM log WHERE seq = (SELECT max(seq) FROM log)"
            .to_owned(),
        7 => format!("UPDATE source SET name = 'Another' WHERE id = {source}"),
        8 => format!("DELETE FROM source WHERE id = {source}"),
        9 => format!("UPDATE source SET name = 'x', revision = revision + 1 WHERE id = {source}"),
        10 => format!("UPDATE source_rev SET name = 'Another' WHERE id = {source} AND revision = 2"),
        11 => format!("DELETE FROM source_rev WHERE id = {source} AND revision = 3"),
        12 => format!("UPDATE source_rev SET until_seq = until_seq - 1 WHERE id = {source} AND revision = 2"),
        13 => format!(
            "UPDATE source SET id = 'x' WHERE id = {source}; UPDATE source SET id = {source} WHERE id = {other}"
        ),
        14 => "UPDATE log_head SET seq = seq - 1".to_owned(),
        15 => "UPDATE \"grant\" SET role = 'director'".to_owned(),
        16 => "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log);
               UPDATE log_head SET seq = (SELECT max(seq) FROM log),
                   hash = (SELECT hash FROM log ORDER BY seq DESC LIMIT 1)"
            .to_owned(),
        _ => format!("UPDATE log SET hash = lower(hex(randomblob(32))) WHERE seq = {entry}"),
    }
}

const WAYS: usize = 18;

async fn tamper(file: &Path, way: usize, n: i64) {
    // Gone again when it is judged: a container's memory holds few of them at once.
    let folder = tempfile::tempdir_in(file.parent().unwrap()).unwrap();
    let copy = folder.path().join("copy.db");
    std::fs::copy(file, &copy).unwrap();
    let url = format!("sqlite://{}", copy.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    // Whoever has the file has the triggers too.
    let triggers = ["UPDATE", "DELETE", "INSERT"].map(|act| format!("DROP TRIGGER log_guard_{act}"));
    for sql in ["PRAGMA foreign_keys = OFF".to_owned()].into_iter().chain(triggers) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    let sql = tampering(way, n);
    // A key that is taken refuses to be tampered with, which is as good as being found.
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone())).execute(&mut connection).await;
    connection.close().await.unwrap();
    let database = Database::open(&url, false).await.unwrap();
    let reports = verify_database(&database, None).await;
    let found = reports.map_or(true, |reports| reports.iter().any(|(_, report)| !report.faults.is_empty()));
    assert!(found || done.is_err(), "not found: {sql}");
}

async fn tamper_times(times: usize) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let file = folder.path().join("sound.db");
    make(&file, folder.path()).await;
    let sound = Database::open(&format!("sqlite://{}", file.display()), false).await.unwrap();
    let reports = verify_database(&sound, None).await.unwrap();
    assert!(reports.iter().all(|(_, report)| report.faults.is_empty()), "{reports:?}");
    // Whole in one file, whatever still stood in the write-ahead log.
    let whole = folder.path().join("whole.db");
    sound.backup(&whole).await.unwrap();
    for i in 0..times {
        let n = i64::try_from(i * 7919).unwrap();
        tamper(&whole, i % WAYS, n).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_shows() {
    tamper_times(200).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "R9 in its long form: 10,000 acts of tampering"]
async fn tampering_shows_long() {
    tamper_times(10_000).await;
}

/// The log refuses to be changed by SQL, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_append_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sound.db");
    let url = format!("sqlite://{}", file.display());
    organisation(&url);
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    for sql in ["UPDATE log SET actor = 'x'", "DELETE FROM log"] {
        let refused = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

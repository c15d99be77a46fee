//! The limits of the same machine in the same run: a bare server with the same token check, and bare statements.

use std::io::{BufRead, BufReader};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use sqlx::{Column, Connection, Executor, Row as _, TypeInfo};
use steerco_service::auth::{SigningKey, TokenRequest, Verifier};
use steerco_service::clock::Clock;

use crate::client::{self, Times};
use crate::data::{BASE_URL, Data, Store};
use crate::process::{Server, cpu};
use crate::work::Row;
use crate::{Done, Flags};

/// As long as the answer to W1.
const ANSWER: &str =
    r#"{"id":"risk_01h455vb4pex5vsknk084sn02q","title":"Ground conditions differ from the survey at section 7"}"#;

/// The bare server, in a process of its own: prints a token it accepts, then serves.
pub(crate) fn serve_bare() -> ExitCode {
    let address = std::env::args().nth(3).unwrap_or_default();
    let served =
        tokio::runtime::Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(bare(&address)));
    if let Err(cause) = served {
        eprintln!("bare server: {cause}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn bare(address: &str) -> Done<()> {
    let key = SigningKey::from_pkcs8(&SigningKey::generate_pkcs8()?)?;
    let now = Clock::system().now().seconds();
    let verifier = Verifier::new(BASE_URL.to_owned(), BASE_URL.to_owned(), vec![key.public_key()], Vec::new())?;
    let token = key.sign(&TokenRequest {
        issuer: BASE_URL.to_owned(),
        audience: BASE_URL.to_owned(),
        subject: "pers_bench".to_owned(),
        jti: "bench".to_owned(),
        org: "org_bench".to_owned(),
        issued_at: now,
        expires_at: now + 3600,
        ..TokenRequest::default()
    });
    let state = Arc::new((verifier, Clock::system()));
    let app = Router::new().route("/", get(answer)).with_state(state);
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("{token}");
    Ok(axum::serve(listener, app).await?)
}

async fn answer(State(state): State<Arc<(Verifier, Clock)>>, headers: HeaderMap) -> Result<&'static str, StatusCode> {
    let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let (verifier, clock) = &*state;
    let verified = verifier.verify(token.unwrap_or_default(), clock.now().seconds()).await;
    verified.map(|_| ANSWER).map_err(|_| StatusCode::UNAUTHORIZED)
}

/// axum, a token check and a constant answer.
pub(crate) fn bare_axum(flags: &Flags) -> Done<Row> {
    let mut server = Server::start("bare", &[], &[], Stdio::inherit())?;
    let mut token = String::new();
    BufReader::new(server.output().ok_or("no output")?).read_line(&mut token)?;
    let request = client::get("/", token.trim());
    let count = flags.requests(20_000);
    let ask = |count| client::load(server.address, 8, count, 200, &|_| request.clone());
    ask(count / 4)?;
    let before = cpu(Some(server.pid()), None);
    let times = ask(count)?;
    Ok(Row::new("none", "limit", "bare axum and token check").measured(cpu(Some(server.pid()), None) - before, &times))
}

/// W1's statement.
const ONE: &str = "SELECT t.* FROM risk t WHERE t.org = $1 AND t.id = $2";
/// W2's statement.
const PAGE: &str = "SELECT t.* FROM risk t WHERE t.org = $1 AND t.program_id = $2 AND t.kind = 'threat' \
                    AND t.deleted_at IS NULL ORDER BY t.id LIMIT 101";
/// W6's statement.
const FEED: &str = "SELECT t.* FROM log t WHERE t.org = $1 AND $2 <> '' AND t.seq > 1000 ORDER BY t.seq LIMIT 101";
const TABLE: &str = "CREATE TABLE bench_insert (org TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, \
                     title TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (org, id))";
/// One row of the length of a risk.
const INSERT: &str = "INSERT INTO bench_insert (org, id, at, title, body) VALUES ($1, $2, $3, $4, $5)";

/// The statements of the rows on the bare driver: one connection, prepared, every column decoded.
pub(crate) fn drivers(flags: &Flags, store: &Store, data: &Data) -> Done<Vec<Row>> {
    if !flags.wants("limit") {
        return Ok(Vec::new());
    }
    eprintln!("{}: limits of the driver", store.name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if store.postgres.is_some() {
        runtime.block_on(postgres(flags, store, data))
    } else {
        runtime.block_on(sqlite(flags, store, data))
    }
}

/// The two drivers have the same methods and no type in common.
macro_rules! driver {
    ($name:ident, $connection:ty) => {
        async fn $name(flags: &Flags, store: &Store, data: &Data) -> Done<Vec<Row>> {
            let mut conn = <$connection>::connect(&store.url).await?;
            if store.postgres.is_none() {
                conn.execute("PRAGMA synchronous = FULL").await?;
            }
            let mut rows = Vec::new();
            for (what, sql, keys, usual) in [
                ("driver: the statement of W1", ONE, &data.risks, 10_000),
                ("driver: the statement of W2", PAGE, &data.programs, 1_000),
                ("driver: the statement of W6", FEED, &data.programs, 1_000),
            ] {
                let mut times = Stopwatch::start(store);
                for number in 0..flags.requests(usual) {
                    let key = &keys[usize::try_from(number * 7919)? % keys.len()];
                    let read = conn.fetch_all(sqlx::query(sql).bind(&data.org).bind(key)).await?;
                    for row in &read {
                        for (i, column) in row.columns().iter().enumerate() {
                            if column.type_info().name() == "TEXT" {
                                std::hint::black_box(row.try_get::<Option<String>, _>(i)?);
                            } else {
                                std::hint::black_box(row.try_get::<Option<i64>, _>(i)?);
                            }
                        }
                    }
                    times.lap()?;
                }
                rows.push(times.stop(Row::new(store.name, "limit", what)));
            }
            conn.execute(TABLE).await?;
            let body = crate::data::risk("program", 1).to_string();
            let mut serial = 0_i64;
            for (what, group, usual) in
                [("driver: one insert, one commit", 1, 500), ("driver: 16 inserts, one commit", 16, 200)]
            {
                let mut times = Stopwatch::start(store);
                for _ in 0..flags.requests(usual) {
                    let mut transaction = conn.begin().await?;
                    for _ in 0..group {
                        serial += 1;
                        let insert = sqlx::query(INSERT).bind(&data.org).bind(serial.to_string()).bind(serial);
                        transaction.execute(insert.bind("title").bind(&body)).await?;
                    }
                    transaction.commit().await?;
                    times.lap()?;
                }
                rows.push(times.stop(Row::new(store.name, "limit", what)));
            }
            Ok(rows)
        }
    };
}

driver!(sqlite, sqlx::SqliteConnection);
driver!(postgres, sqlx::PgConnection);

/// CPU of this process and of the database, and the time of each lap.
struct Stopwatch<'a> {
    store: &'a Store,
    cpu: u64,
    start: Instant,
    lap: Instant,
    micros: Vec<u64>,
}

impl<'a> Stopwatch<'a> {
    fn start(store: &'a Store) -> Self {
        let now = Instant::now();
        Self { store, cpu: cpu(None, store.postgres.as_deref()), start: now, lap: now, micros: Vec::new() }
    }

    fn lap(&mut self) -> Done<()> {
        self.micros.push(u64::try_from(self.lap.elapsed().as_micros())?);
        self.lap = Instant::now();
        Ok(())
    }

    fn stop(mut self, row: Row) -> Row {
        let used = cpu(None, self.store.postgres.as_deref()) - self.cpu;
        self.micros.sort_unstable();
        row.measured(used, &Times { micros: self.micros, wall: self.start.elapsed() })
    }
}

//! The limits of the same machine in the same run: a bare server with the same token check, and bare statements.

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use sqlx::{AssertSqlSafe, Column, Connection, Executor, PgConnection, Row as _, TypeInfo};
use steerco_service::auth::{SigningKey, TokenRequest, Verifier};
use steerco_service::clock::Clock;
use tokio::runtime::Runtime;

use crate::client::{self, Times};
use crate::data::{BASE_URL, Data, Store};
use crate::process::{Server, cpu};
use crate::report::Row;
use crate::{Done, Flags};

/// As long as the answer to W1.
const ANSWER: &str =
    r#"{"id":"risk_01h455vb4pex5vsknk084sn02q","title":"Ground conditions differ from the survey at section 7"}"#;

/// The bare server, in a process of its own: prints a token it accepts, then serves.
pub(crate) fn serve_bare() -> ExitCode {
    let address = std::env::args().nth(3).unwrap_or_default();
    let served = Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(bare(&address)));
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
/// What W5 would be without balances.
const SUM: &str = "SELECT program_id, debit_account, CAST(sum(amount_amount) AS BIGINT) FROM ledger_entry t \
                   WHERE t.org = $1 AND $2 <> '' GROUP BY 1, 2";
const TABLE: &str = "CREATE TABLE bench_insert (org TEXT NOT NULL, id BIGINT NOT NULL, body TEXT NOT NULL, \
                     PRIMARY KEY (org, id))";

/// The statements of the rows on the bare driver: one connection, prepared, every column decoded.
pub(crate) fn drivers(flags: &Flags, store: &Store, data: &Data) -> Done<Vec<Row>> {
    if !flags.wants("limit") {
        return Ok(Vec::new());
    }
    eprintln!("{}: limits of the driver", store.name);
    let mut driver = Driver::open(store)?;
    let mut rows = Vec::new();
    for (what, sql, keys, usual) in [
        ("driver: the statement of W1", ONE, &data.risks, 10_000),
        ("driver: the statement of W2", PAGE, &data.programs, 1_000),
        ("driver: the statement of W6", FEED, &data.programs, 1_000),
    ] {
        let mut times = Stopwatch::start(store);
        for number in 0..flags.requests(usual) {
            driver.read(sql, &data.org, &keys[usize::try_from(number * 7919)? % keys.len()])?;
            times.lap()?;
        }
        rows.push(times.stop(Row::new(store.name, "limit", what)));
    }
    driver.run(TABLE)?;
    let body = crate::data::risk("program", 1).to_string();
    let mut serial = 0;
    for (what, lines, statements, usual) in [
        ("driver: one insert, one commit", 1, 1, 500),
        ("driver: an insert of 16, one commit", 1, 16, 200),
        ("driver: a row of 64 to an insert, 100 to a commit", 64, 100, 10),
    ] {
        let mut times = Stopwatch::start(store);
        for _ in 0..flags.requests(usual) {
            driver.insert(&data.org, &body, &mut serial, lines, statements)?;
            times.lap()?;
        }
        rows.push(times.stop(Row::new(store.name, "limit", what)).each(lines * statements));
    }
    Ok(rows)
}

/// What a roll-up costs that sums the ledger.
pub(crate) fn live_sum(flags: &Flags, store: &Store, data: &Data) -> Done<Option<Row>> {
    if !flags.wants("limit") {
        return Ok(None);
    }
    let mut driver = Driver::open(store)?;
    let mut times = Stopwatch::start(store);
    for _ in 0..3 {
        driver.read(SUM, &data.org, "all")?;
        times.lap()?;
    }
    Ok(Some(times.stop(Row::new(store.name, "limit", "driver: a sum over the ledger"))))
}

/// A connection of the bare driver.
enum Driver {
    Sqlite(rusqlite::Connection),
    Postgres(Runtime, Box<PgConnection>),
}

impl Driver {
    fn open(store: &Store) -> Done<Self> {
        if let Some(file) = store.url.strip_prefix("sqlite://") {
            let connection = rusqlite::Connection::open(file)?;
            connection.execute_batch("PRAGMA synchronous = FULL")?;
            return Ok(Self::Sqlite(connection));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let connection = runtime.block_on(PgConnection::connect(&store.url))?;
        Ok(Self::Postgres(runtime, Box::new(connection)))
    }

    fn run(&mut self, sql: &'static str) -> Done<()> {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(sql)?,
            Self::Postgres(runtime, connection) => {
                runtime.block_on(connection.execute(sql))?;
            }
        }
        Ok(())
    }

    /// Reads every column of what a statement finds for these two keys.
    fn read(&mut self, sql: &'static str, org: &str, key: &str) -> Done<()> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let columns = statement.column_count();
                let mut rows = statement.query([org, key])?;
                while let Some(row) = rows.next()? {
                    for i in 0..columns {
                        black_box(row.get::<_, rusqlite::types::Value>(i)?);
                    }
                }
            }
            Self::Postgres(runtime, connection) => {
                let query = sqlx::query(sql).bind(org).bind(key);
                for row in runtime.block_on(query.fetch_all(&mut **connection))? {
                    for (i, column) in row.columns().iter().enumerate() {
                        if column.type_info().name() == "TEXT" {
                            black_box(row.try_get::<Option<String>, _>(i)?);
                        } else {
                            black_box(row.try_get::<Option<i64>, _>(i)?);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// One transaction of so many statements, each of so many rows as long as a risk.
    fn insert(&mut self, org: &str, body: &str, serial: &mut i64, lines: usize, statements: usize) -> Done<()> {
        let place = |i: usize| match self {
            Self::Sqlite(_) => "(?, ?, ?)".to_owned(),
            Self::Postgres(..) => format!("(${}, ${}, ${})", 3 * i + 1, 3 * i + 2, 3 * i + 3),
        };
        let places = (0..lines).map(place).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO bench_insert VALUES {places}");
        match self {
            Self::Sqlite(connection) => {
                let transaction = connection.transaction()?;
                for _ in 0..statements {
                    let mut statement = transaction.prepare_cached(&sql)?;
                    for line in 0..lines {
                        *serial += 1;
                        statement.raw_bind_parameter(3 * line + 1, org)?;
                        statement.raw_bind_parameter(3 * line + 2, *serial)?;
                        statement.raw_bind_parameter(3 * line + 3, body)?;
                    }
                    statement.raw_execute()?;
                }
                transaction.commit()?;
            }
            Self::Postgres(runtime, connection) => runtime.block_on(async {
                let mut transaction = connection.begin().await?;
                for _ in 0..statements {
                    let mut query = sqlx::query(AssertSqlSafe(sql.as_str()));
                    for _ in 0..lines {
                        *serial += 1;
                        query = query.bind(org).bind(*serial).bind(body);
                    }
                    query.execute(&mut *transaction).await?;
                }
                transaction.commit().await
            })?,
        }
        Ok(())
    }
}

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

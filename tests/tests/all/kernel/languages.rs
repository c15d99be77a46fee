//! Messages of PostgreSQL follow `lc_messages`: errors are told apart by SQLSTATE, whatever the language.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use steerco_domain::{Error, Reason};
use steerco_persistence::Fail;
use steerco_tests::{Door, Engine, Server, Setup, Who, World, postgres, runtime};

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

/// What this statement fails with, as a caller sees it.
async fn failure(connection: &mut PgConnection, sql: &str) -> Fail {
    Fail::from(run(connection, sql).await.unwrap_err())
}

fn cause(error: &Error) -> &str {
    error.cause.as_ref().unwrap().text()
}

async fn every_error_is_told_apart(url: &str, portfolio: &str) {
    let mut one = PgConnection::connect(url).await.unwrap();
    let mut two = PgConnection::connect(url).await.unwrap();
    run(&mut two, "SET lock_timeout = '50ms'").await.unwrap();

    let fail = failure(&mut one, "SELECT 1 / 0").await;
    let error = fail.into_error();
    assert_eq!(error.reason, Reason::Internal);
    assert!(cause(&error).starts_with("SQLSTATE 22012: Division durch Null"), "{}", cause(&error));

    let copy = format!("CREATE TEMP TABLE c AS SELECT * FROM portfolio WHERE id = '{portfolio}'");
    run(&mut one, &copy).await.unwrap();
    run(&mut one, "UPDATE c SET id = 'port_copy'").await.unwrap();
    let error = failure(&mut one, "INSERT INTO portfolio SELECT * FROM c").await.into_error();
    assert_eq!((error.reason, error.faults[0].pointer.as_str()), (Reason::AlreadyExists, "/code"));

    run(&mut one, "UPDATE c SET code = 'other', org = 'nowhere'").await.unwrap();
    run(&mut one, "CREATE TEMP TABLE p AS SELECT * FROM program LIMIT 1").await.unwrap();
    run(&mut one, "UPDATE p SET id = 'prog_copy', code = 'other', portfolio_id = 'port_none'").await.unwrap();
    let error = failure(&mut one, "INSERT INTO program SELECT * FROM p").await.into_error();
    assert_eq!((error.reason, error.faults[0].code.as_ref()), (Reason::Invalid, "NOT_FOUND"));

    run(&mut one, "BEGIN").await.unwrap();
    run(&mut one, "UPDATE portfolio SET name = name").await.unwrap();
    let error = failure(&mut two, "UPDATE portfolio SET name = name").await.into_error();
    assert_eq!(error.reason, Reason::KeyInUse);
    run(&mut one, "ROLLBACK").await.unwrap();

    run(&mut one, "BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    run(&mut one, "SELECT count(*) FROM portfolio").await.unwrap();
    run(&mut two, "UPDATE portfolio SET name = name").await.unwrap();
    let fail = failure(&mut one, "UPDATE portfolio SET name = name").await;
    assert!(fail.is_collision(), "{fail:?}");
    assert_eq!(fail.into_error().reason, Reason::Unavailable);
    run(&mut one, "ROLLBACK").await.unwrap();

    run(&mut one, "SET statement_timeout = '20ms'").await.unwrap();
    let error = failure(&mut one, "SELECT pg_sleep(60)").await.into_error();
    assert_eq!(error.reason, Reason::Unavailable);
    run(&mut one, "SET statement_timeout = 0").await.unwrap();

    let error = failure(&mut one, "SELECT pg_terminate_backend(pg_backend_pid())").await.into_error();
    assert_eq!(error.reason, Reason::Unavailable);
    let error = failure(&mut one, "SELECT 1").await.into_error();
    assert_eq!(error.reason, Reason::Unavailable, "{}", cause(&error));
}

#[test]
fn errors_of_a_german_postgresql_are_told_apart() {
    let Some(postgres) = postgres::german() else { return };
    runtime().block_on(async {
        let server = std::sync::Arc::new(Server::start_in(&postgres, Setup::default()).await);
        let world = World::on(Door::Rest, server).await;
        assert_eq!(world.server.engine, Engine::Postgres);
        every_error_is_told_apart(&world.server.database_url, &world.portfolio).await;
        // Through the service, whose statement waits until the other has committed, and is then second.
        let mut other = PgConnection::connect(&world.server.database_url).await.unwrap();
        let copy = format!("CREATE TEMP TABLE c AS SELECT * FROM portfolio WHERE id = '{}'", world.portfolio);
        run(&mut other, &copy).await.unwrap();
        run(&mut other, "UPDATE c SET id = 'port_copy', code = 'raced'").await.unwrap();
        run(&mut other, "BEGIN; INSERT INTO portfolio SELECT * FROM c").await.unwrap();
        for door in [Door::Rest, Door::Grpc] {
            let director = world.client(Who::Director).through(door);
            let body = json!({"code": "raced", "name": "Raced", "base_currency": "EUR"});
            // Nobody commits: the service waits for as long as a lock may take.
            let refused = director.create("portfolio", body).await.unwrap_err();
            assert_eq!(refused.code, "IDEMPOTENCY_KEY_IN_USE");
        }
        let director = world.client(Who::Director);
        let body = json!({"code": "raced", "name": "Raced", "base_currency": "EUR"});
        let (created, ()) = tokio::join!(director.create("portfolio", body), async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            run(&mut other, "COMMIT").await.unwrap();
        });
        assert_eq!(created.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    });
}

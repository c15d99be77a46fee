//! The log and what stands beside it: heads, idempotency, external references, credentials, keys.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    if postgres {
        run(manager, &[ROLE.to_owned(), "GRANT USAGE ON SCHEMA public TO steerco_service".to_owned()]).await?;
    }
    let text = text_type(postgres);
    let tables = TABLES.replace("TEXT", text);
    run(manager, &tables.split(';').map(str::to_owned).collect::<Vec<_>>()).await?;
    run(manager, &guards(postgres)).await?;
    if postgres {
        wall(manager, "log", "SELECT, INSERT").await?;
        wall(manager, "log_head", "SELECT, INSERT, UPDATE").await?;
        wall(manager, "idempotency", "SELECT, INSERT, DELETE").await?;
        wall(manager, "external_ref", "SELECT, INSERT, UPDATE, DELETE").await?;
        // Read before the organisation of a caller is known, so they lie outside the wall.
        let open = "GRANT SELECT, INSERT, UPDATE ON credential, server_key, tenant TO steerco_service";
        let applied = "GRANT SELECT ON seaql_migrations TO steerco_service";
        run(manager, &[open.to_owned(), applied.to_owned()]).await?;
    }
    Ok(())
}

/// A role of the cluster, so another database may have made it at the same moment, or an administrator beforehand for
/// an owner who may not make roles.
const ROLE: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'steerco_service') THEN \
                    CREATE ROLE steerco_service NOLOGIN; END IF; \
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";

const TABLES: &str = "
CREATE TABLE log (
    org TEXT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, operation TEXT NOT NULL,
    kind TEXT NOT NULL, resource_id TEXT NOT NULL, revision BIGINT NOT NULL, changed TEXT NOT NULL, after TEXT NOT NULL,
    source TEXT, portfolio TEXT, program TEXT, partner TEXT, portfolio_before TEXT, program_before TEXT,
    partner_before TEXT, engagement TEXT, request_id TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (org, seq)
);
CREATE INDEX log_by_at ON log (org, at);
CREATE INDEX log_by_resource ON log (org, resource_id, seq);
CREATE TABLE tenant (org TEXT NOT NULL PRIMARY KEY);
CREATE TABLE log_head (
    org TEXT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL, at BIGINT NOT NULL, hash TEXT NOT NULL, epoch BIGINT NOT NULL
);
CREATE TABLE idempotency (
    org TEXT NOT NULL, subject TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
    at BIGINT NOT NULL, PRIMARY KEY (org, subject, key)
);
CREATE INDEX idempotency_by_at ON idempotency (org, at);
CREATE TABLE external_ref (
    org TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, external_id TEXT NOT NULL, resource_id TEXT NOT NULL,
    source_version BIGINT, PRIMARY KEY (org, kind, source, external_id)
);
CREATE INDEX external_ref_by_resource ON external_ref (org, resource_id);
CREATE TABLE credential (
    org TEXT NOT NULL, account_id TEXT NOT NULL PRIMARY KEY, secret_hash TEXT NOT NULL
);
CREATE TABLE server_key (
    purpose TEXT NOT NULL, created_at BIGINT NOT NULL, secret TEXT NOT NULL, PRIMARY KEY (purpose, created_at)
)";

/// Nobody changes the log, not even through SQL.
fn guards(postgres: bool) -> Vec<String> {
    if postgres {
        return vec![
            "CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
                .to_owned(),
            "CREATE TRIGGER log_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON log \
             FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only()"
                .to_owned(),
        ];
    }
    // REPLACE deletes without asking a trigger for DELETE.
    let known = "WHEN EXISTS (SELECT 1 FROM log WHERE org = NEW.org AND seq = NEW.seq) ";
    [("UPDATE", ""), ("DELETE", ""), ("INSERT", known)]
        .map(|(act, when)| {
            format!(
                "CREATE TRIGGER log_guard_{act} BEFORE {act} ON log {when}\
                 BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            )
        })
        .into()
}

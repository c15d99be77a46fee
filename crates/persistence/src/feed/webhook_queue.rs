//! Writes of webhook sending outside of requests: leases, queued deliveries, results.

use steerco_domain::time::Instant;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::database::Database;
use crate::fail::Fail;
use crate::sql::Sql;
use crate::webhook::{Attempted, Found};

impl Database {
    /// Runs statements on tables that are not resources, all or nothing. Returns the number of affected rows of each.
    async fn keep(&self, org: &str, statements: Vec<Sql>) -> Result<Vec<u64>, Fail> {
        let conn = Conn::Transaction(self.writer.pool().begin(true, org, None).await?);
        let mut met = Vec::with_capacity(statements.len());
        for sql in statements {
            met.push(conn.run(sql).await?);
        }
        conn.close().await?;
        Ok(met)
    }

    /// Takes or renews the lease of an endpoint; returns whether this node has it.
    pub async fn lease_webhook(
        &self,
        org: &str,
        endpoint: &str,
        node: &str,
        now: Instant,
        until: Instant,
    ) -> Result<bool, Fail> {
        let mut sql = Sql::new("UPDATE webhook SET lease_by = ");
        sql.text(node).push(", lease_until = ").int(until.micros()).push(" WHERE org = ").text(org);
        sql.push(" AND endpoint_id = ").text(endpoint).push(" AND (lease_by = ").text(node);
        sql.push(" OR lease_until < ").int(now.micros()).push(")");
        Ok(self.keep(org, vec![sql]).await? == [1])
    }

    /// Releases the lease of an endpoint.
    pub async fn free_webhook(&self, org: &str, endpoint: &str, node: &str) -> Result<(), Fail> {
        let mut sql = Sql::new("UPDATE webhook SET lease_until = 0 WHERE org = ");
        sql.text(org).push(" AND endpoint_id = ").text(endpoint).push(" AND lease_by = ").text(node);
        self.keep(org, vec![sql]).await.map(|_| ())
    }

    /// Releases all leases of an embedded database.
    pub async fn free_webhooks(&self) -> Result<(), Fail> {
        self.writer
            .outside()
            .run(Sql::new("UPDATE webhook SET lease_until = 0 WHERE lease_until > 0"))
            .await
            .map(|_| ())
    }

    /// Queues the events of a part of the log. Events sent before are sent again.
    pub async fn queue_webhook(
        &self,
        org: &str,
        endpoint: &str,
        (from, to): (i64, i64),
        found: &[Found],
        now: Instant,
    ) -> Result<(), Fail> {
        let mut statements = Vec::new();
        for chunk in found.chunks(50) {
            let mut sql = Sql::new(
                "INSERT INTO webhook_delivery (org, endpoint_id, seq, event_id, event_type, subject, state, attempts, next_at, history, created_at) VALUES ",
            );
            for (i, Found { seq, event_id, event_type, subject }) in chunk.iter().enumerate() {
                sql.push(if i == 0 { "(" } else { ", (" }).text(org).push(", ").text(endpoint).push(", ").int(*seq);
                for text in [event_id, event_type, subject] {
                    sql.push(", ").text(text);
                }
                sql.push(", 'pending', 0, ").int(now.micros()).push(", '[]', ").int(now.micros()).push(")");
            }
            sql.push(" ON CONFLICT (org, endpoint_id, seq) DO UPDATE SET state = 'pending', attempts = 0,");
            sql.push(" next_at = excluded.next_at");
            statements.push(sql);
        }
        // A replay request may have moved the position back meanwhile.
        let mut sql = Sql::new("UPDATE webhook SET seq = ");
        sql.int(to).push(" WHERE org = ").text(org).push(" AND endpoint_id = ").text(endpoint);
        sql.push(" AND seq = ").int(from);
        statements.push(sql);
        self.keep(org, statements).await.map(|_| ())
    }

    /// Stores the results of attempts, and since when the endpoint has accepted nothing.
    pub async fn note_webhook(
        &self,
        org: &str,
        endpoint: &str,
        attempted: &[Attempted],
        failing_since: Option<Instant>,
    ) -> Result<(), Fail> {
        let mut statements = Vec::new();
        for Attempted { seq, state, attempts, next_at, history } in attempted {
            let mut sql = Sql::new("UPDATE webhook_delivery SET state = ");
            sql.text(state.word()).push(", attempts = ").int(*attempts).push(", next_at = ").int(next_at.micros());
            sql.push(", history = ").text(history).push(" WHERE org = ").text(org);
            sql.push(" AND endpoint_id = ").text(endpoint).push(" AND seq = ").int(*seq);
            statements.push(sql);
        }
        let mut sql = Sql::new("UPDATE webhook SET failing_since = ");
        match failing_since {
            Some(since) => sql.int(since.micros()),
            None => sql.push("NULL"),
        };
        sql.push(" WHERE org = ").text(org).push(" AND endpoint_id = ").text(endpoint);
        statements.push(sql);
        self.keep(org, statements).await.map(|_| ())
    }

    /// Deletes finished deliveries created before this.
    pub async fn forget_webhooks(&self, org: &str, before: Instant) -> Result<(), Fail> {
        let mut sql = Sql::new("DELETE FROM webhook_delivery WHERE org = ");
        sql.text(org).push(" AND created_at < ").int(before.micros()).push(" AND state <> 'pending'");
        self.keep(org, vec![sql]).await.map(|_| ())
    }
}

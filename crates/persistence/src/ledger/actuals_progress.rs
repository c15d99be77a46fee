//! Progress of a long batch of actuals while it is read and posted. It is stored outside of the transaction of the batch,
//! which is not visible before its end. In PostgreSQL it is a row, because any process may be asked; in an embedded
//! database it is in memory, because the batch itself occupies the only writer.

use steerco_domain::actuals_batch::{ActualsProgress, ActualsProgressState};
use steerco_domain::time::Instant;
use steerco_domain::words::Words;

use crate::conn::Conn;
use crate::database::Database;
use crate::fail::Fail;
use crate::sql::Sql;

impl Database {
    /// Stores the progress of the batch that arrives as this upload.
    pub async fn tell_progress(&self, org: &str, upload: &str, progress: &ActualsProgress) -> Result<(), Fail> {
        let ActualsProgress { source, batch_ref, state, lines_received, lines_done, .. } = progress;
        if !self.is_postgres() {
            self.told.tell(org, upload, progress);
            return Ok(());
        }
        let mut sql = Sql::new("INSERT INTO actuals_progress (org, source, batch_ref, upload, state, lines_received, ");
        sql.push("lines_done, started_at, updated_at) VALUES (").text(org).push(", ").text(source).push(", ");
        sql.text(batch_ref).push(", ").text(upload).push(", ").text(state.word()).push(", ");
        sql.int(i64::from(*lines_received)).push(", ").int(i64::from(*lines_done)).push(", ");
        sql.int(progress.started_at.micros()).push(", ").int(progress.updated_at.micros()).push(")");
        sql.push(
            " ON CONFLICT (org, source, batch_ref) DO UPDATE SET upload = excluded.upload, state = excluded.state, ",
        );
        sql.push("lines_received = excluded.lines_received, lines_done = excluded.lines_done, ");
        sql.push("started_at = excluded.started_at, updated_at = excluded.updated_at");
        self.run_outside(org, sql).await
    }

    /// The progress of the batch of this name, while it is in progress.
    pub async fn find_progress(
        &self,
        conn: &Conn,
        org: &str,
        source: &str,
        batch_ref: &str,
    ) -> Result<Option<ActualsProgress>, Fail> {
        if !self.is_postgres() {
            return Ok(self.told.find(org, source, batch_ref));
        }
        let mut sql =
            Sql::new("SELECT state, lines_received, lines_done, started_at, updated_at FROM actuals_progress");
        sql.push(" WHERE org = ").text(org).push(" AND source = ").text(source);
        sql.push(" AND batch_ref = ").text(batch_ref);
        let Some(row) = conn.one(sql).await? else { return Ok(None) };
        let count = |i: usize| Ok::<_, Fail>(i32::try_from(row.get::<i64>(i)?).unwrap_or(i32::MAX));
        let state: String = row.get(0)?;
        let unknown = || Fail::broken(format!("a batch has the unknown state {state}"));
        Ok(Some(ActualsProgress {
            source: source.to_owned(),
            batch_ref: batch_ref.to_owned(),
            state: ActualsProgressState::from_word(&state).ok_or_else(unknown)?,
            lines_received: count(1)?,
            lines_done: count(2)?,
            started_at: Instant::from_micros(row.get(3)?),
            updated_at: Instant::from_micros(row.get(4)?),
            actuals_batch_id: None,
        }))
    }

    /// Removes the progress of this upload.
    pub async fn end_progress(&self, org: &str, upload: &str) -> Result<(), Fail> {
        if !self.is_postgres() {
            self.told.end(upload);
            return Ok(());
        }
        let mut sql = Sql::new("DELETE FROM actuals_progress WHERE org = ");
        sql.text(org).push(" AND upload = ").text(upload);
        self.run_outside(org, sql).await
    }

    /// Removes the progress of uploads that began before this one: their process has ended.
    pub async fn end_progress_before(&self, org: &str, upload: &str) -> Result<(), Fail> {
        if !self.is_postgres() {
            return Ok(());
        }
        let mut sql = Sql::new("DELETE FROM actuals_progress WHERE org = ");
        sql.text(org).push(" AND upload < ").text(upload);
        self.run_outside(org, sql).await
    }
}

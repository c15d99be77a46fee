//! Pieces of contents, staged as they arrive, outside of the transaction of a write.

use crate::database::Database;
use crate::fail::Fail;
use crate::sql::Sql;

impl Database {
    /// Stores a piece of an upload.
    pub async fn stage(&self, org: &str, upload: &str, n: i64, bytes: Vec<u8>) -> Result<(), Fail> {
        let mut sql = Sql::new("INSERT INTO blob_chunk (org, upload, n, bytes) VALUES (");
        sql.text(org).push(", ").text(upload).push(", ").int(n).push(", ").bytes(bytes).push(")");
        self.run_outside(org, sql).await
    }

    /// Removes the staged pieces of an upload, unless it was linked.
    pub async fn discard_upload(&self, org: &str, upload: &str) -> Result<(), Fail> {
        let mut sql = Sql::new("DELETE FROM blob_chunk WHERE org = ");
        sql.text(org).push(" AND upload = ").text(upload);
        unless_linked(org, &mut sql);
        self.run_outside(org, sql).await
    }

    /// Removes the staged pieces of uploads that began before this one.
    pub async fn discard_uploads_before(&self, org: &str, upload: &str) -> Result<(), Fail> {
        let mut sql = Sql::new("DELETE FROM blob_chunk WHERE org = ");
        sql.text(org).push(" AND upload < ").text(upload);
        unless_linked(org, &mut sql);
        self.run_outside(org, sql).await
    }
}

fn unless_linked(org: &str, sql: &mut Sql) {
    sql.push(" AND upload NOT IN (SELECT upload FROM blob WHERE org = ").text(org).push(")");
}

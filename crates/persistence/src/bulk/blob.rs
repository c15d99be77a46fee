//! Contents of attachments. Pieces are staged as they arrive, and the write that completes an attachment links them. Each
//! content is stored once per organisation. Linked content never changes.

use steerco_domain::{Error, Reason};

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// Bytes of every piece except the last.
pub const PIECE: usize = 256 * 1024;

/// A staged content, to be linked by a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// SHA-256 as 64 lower-case hexadecimal digits.
    pub sha256: String,
    pub size: i64,
    pub upload: String,
    /// Maximum bytes of all contents of the organisation.
    pub quota: i64,
}

/// The upload of this content.
pub async fn find_upload(conn: &Conn, org: &str, sha256: &str) -> Result<Option<String>, Fail> {
    let mut sql = Sql::new("SELECT upload FROM blob WHERE org = ");
    sql.text(org).push(" AND sha256 = ").text(sha256);
    conn.one(sql).await?.map(|row| row.get(0)).transpose()
}

/// A piece of an upload.
pub async fn get_piece(conn: &Conn, org: &str, upload: &str, n: i64) -> Result<Vec<u8>, Fail> {
    let mut sql = Sql::new("SELECT bytes FROM blob_chunk WHERE org = ");
    sql.text(org).push(" AND upload = ").text(upload).push(" AND n = ").int(n);
    let row = conn.one(sql).await?;
    let row = row.ok_or_else(|| Fail::broken(format!("piece {n} of the upload {upload} is missing")))?;
    row.get(0)
}

/// Rejects a content that exceeds the quota. A content that is already stored takes no room.
pub async fn check_quota(conn: &Conn, org: &str, link: &Link) -> Result<(), Fail> {
    if conn.is_postgres() {
        // Concurrent uploads must see each other, so they are serialised by the row of the log head, which both update.
        let mut sql = Sql::new("SELECT seq FROM log_head WHERE org = ");
        sql.text(org).push(" FOR NO KEY UPDATE");
        conn.one(sql).await?;
    }
    if find_upload(conn, org, &link.sha256).await?.is_some() {
        return Ok(());
    }
    let mut sql = Sql::new("SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM blob WHERE org = ");
    sql.text(org);
    let row = conn.one(sql).await?;
    let used: i64 = row.map(|row| row.get(0)).transpose()?.unwrap_or(0);
    if used.saturating_add(link.size) > link.quota {
        let left = link.quota.saturating_sub(used).max(0);
        let detail = format!("the content has {} bytes, but only {left} of {} are left", link.size, link.quota);
        return Err(Error::new(Reason::QuotaExceeded, detail).into());
    }
    Ok(())
}

/// Links the staged pieces as the content of this digest; if the content is already stored, the pieces are deleted.
pub(crate) async fn link(conn: &Conn, org: &str, link: &Link) -> Result<(), Fail> {
    let mut sql = Sql::new("INSERT INTO blob (org, sha256, size_bytes, upload) VALUES (");
    sql.text(org).push(", ").text(&link.sha256).push(", ").int(link.size).push(", ").text(&link.upload);
    sql.push(") ON CONFLICT (org, sha256) DO NOTHING");
    if conn.run(sql).await? == 0 {
        let mut sql = Sql::new("DELETE FROM blob_chunk WHERE org = ");
        sql.text(org).push(" AND upload = ").text(&link.upload);
        conn.run(sql).await?;
    }
    Ok(())
}

//! Positions of consumers of the feed. Moving one is not a change of a resource and makes no event, otherwise a consumer
//! would receive events of its own reading.

use steerco_domain::time::Instant;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// A position in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    pub epoch: i64,
    pub seq: i64,
    /// Time at which the consumer reached the position.
    pub at: Instant,
}

/// A move of a consumer.
#[derive(Clone, Debug)]
pub struct Moved {
    pub consumer: String,
    pub to: Offset,
    /// Whether it may move backwards.
    pub back: bool,
}

/// The position of a consumer; `None` at the beginning.
pub async fn find_offset(conn: &Conn, org: &str, consumer: &str) -> Result<Option<Offset>, Fail> {
    let mut sql = Sql::new("SELECT epoch, seq, at FROM consumer_offset WHERE org = ");
    sql.text(org).push(" AND consumer_id = ").text(consumer);
    let Some(row) = conn.one(sql).await? else { return Ok(None) };
    Ok(Some(Offset { epoch: row.get(0)?, seq: row.get(1)?, at: Instant::from_micros(row.get(2)?) }))
}

pub(crate) async fn set_offset(conn: &Conn, org: &str, moved: &Moved) -> Result<(), Fail> {
    let Moved { consumer, to: Offset { epoch, seq, at }, back } = moved;
    let mut sql = Sql::new("INSERT INTO consumer_offset (org, consumer_id, epoch, seq, at) VALUES (");
    sql.text(org).push(", ").text(consumer).push(", ").int(*epoch).push(", ").int(*seq).push(", ").int(at.micros());
    sql.push(") ON CONFLICT (org, consumer_id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,");
    sql.push(" at = excluded.at");
    if !back {
        sql.push(" WHERE consumer_offset.epoch < excluded.epoch OR (consumer_offset.epoch = excluded.epoch");
        sql.push(" AND consumer_offset.seq < excluded.seq)");
    }
    conn.run(sql).await.map(|_| ())
}

//! The current head of a log, and waiting until it changes.

use std::time::Duration;

use tokio::time::Instant;

use crate::conn::Conn;
use crate::database::Database;
use crate::fail::Fail;
use crate::head::Head;
use crate::log::get_head;
use crate::lookout::Moves;

/// Interval at which a log is polled.
const LOOK: Duration = Duration::from_millis(250);
/// Timeout of a poll: a lost connection may not report an error.
const PATIENCE: Duration = Duration::from_secs(2);

impl Database {
    /// The head of the log; whatever is read after this includes at least that.
    pub async fn head(&self, conn: &Conn, org: &str) -> Result<Head, Fail> {
        let Some(heads) = &self.heads else { return get_head(conn, org, false).await };
        if let Some(head) = heads.get(org) {
            return Ok(head);
        }
        let head = get_head(conn, org, false).await?;
        heads.advance(org, &head);
        Ok(head)
    }

    /// Changes with the log of this organisation, by any process. Earlier commits are already in the log; later ones are
    /// reported.
    pub fn moves(&self, org: &str) -> Moves {
        let (moves, first) = self.lookout.join(org);
        if first && self.is_postgres() {
            let (database, org) = (self.clone(), org.to_owned());
            tokio::spawn(async move { database.look_out(&org).await });
        }
        moves
    }

    /// Polls a log while there are waiters. A failed poll is repeated at once, because the next connection may work.
    async fn look_out(&self, org: &str) {
        let mut blind_since = None;
        loop {
            let since = *blind_since.get_or_insert_with(Instant::now);
            match tokio::time::timeout(PATIENCE, self.look(org)).await {
                Ok(Ok(head)) => {
                    blind_since = None;
                    self.lookout.advance(org, &head);
                }
                _ if since.elapsed() < PATIENCE => {
                    tokio::time::sleep(LOOK / 10).await;
                    continue;
                }
                _ => self.lookout.lose(org),
            }
            if self.lookout.forget(org) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn look(&self, org: &str) -> Result<Head, Fail> {
        let conn = self.read(org).await?;
        let head = get_head(&conn, org, false).await?;
        conn.close().await?;
        Ok(head)
    }
}

//! Where logs end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use steerco_domain::time::Instant;

use crate::sql::Sql;

/// The end of an organisation's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub at: Instant,
    pub hash: String,
    /// Raised when a backup is restored, so that older cursors are told.
    pub epoch: i64,
}

/// Heads of an embedded database, whose one writer tells of every commit before it answers. PostgreSQL has none: another
/// node may have written.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<String, Head>>);

impl Heads {
    pub(crate) fn get(&self, org: &str) -> Option<Head> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned()
    }

    /// Moves on, and never back: what was read before a commit may arrive after it.
    pub(crate) fn advance(&self, org: &str, head: &Head) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.get(org).is_none_or(|known| (known.epoch, known.seq) < (head.epoch, head.seq)) {
            heads.insert(org.to_owned(), head.clone());
        }
    }
}

/// Appends the statement that moves the head.
pub(crate) fn set_head(org: &str, head: &Head, mut sql: Sql) -> Sql {
    sql.push(" UPDATE log_head SET seq = ").int(head.seq).push(", at = ").int(head.at.micros());
    sql.push(", hash = ").text(&head.hash).push(" WHERE org = ").text(org);
    sql
}

//! Heads of logs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use steerco_domain::time::Instant;

use crate::sql::Sql;

/// The head of the log of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub at: Instant,
    pub hash: String,
    /// Raised when a backup is restored, so that older cursors are recognised.
    pub epoch: i64,
}

/// Heads of logs in an embedded database, updated by its only writer with every commit before the response. Empty for
/// PostgreSQL, where another node may have written.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<String, Head>>);

impl Heads {
    pub(crate) fn get(&self, org: &str) -> Option<Head> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned()
    }

    /// Only moves forward: a head that was read before a commit may arrive after it.
    pub(crate) fn advance(&self, org: &str, head: &Head) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.get(org).is_none_or(|known| (known.epoch, known.seq) < (head.epoch, head.seq)) {
            heads.insert(org.to_owned(), head.clone());
        }
    }
}

/// Appends the statement that updates the head.
pub(crate) fn set_head(org: &str, head: &Head, mut sql: Sql) -> Sql {
    sql.push(" UPDATE log_head SET seq = ").int(head.seq).push(", at = ").int(head.at.micros());
    sql.push(", hash = ").text(&head.hash).push(" WHERE org = ").text(org);
    sql
}

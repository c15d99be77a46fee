//! Waiting for the log of an organisation to change. Commits of this process are reported at once. On PostgreSQL other
//! processes write too: there one task polls the log for all waiters, so that they cost together as much as one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::head::Head;

/// Changes with the log of an organisation, and whenever the log cannot be read.
pub type Moves = watch::Receiver<Mark>;

/// The last observed head of a log: epoch and number of its last entry.
pub type Mark = (i64, i64);

/// The logs with waiters.
#[derive(Default)]
pub(crate) struct Lookout(Mutex<HashMap<String, watch::Sender<Mark>>>);

impl Lookout {
    /// Adds a waiter for this log; returns also whether it is the first.
    pub(crate) fn join(&self, org: &str) -> (Moves, bool) {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(org) {
            return (log.subscribe(), false);
        }
        let (log, moves) = watch::channel(Mark::default());
        logs.insert(org.to_owned(), log);
        (moves, true)
    }

    /// Runs this for a log with waiters.
    fn tell(&self, org: &str, tell: impl FnOnce(&watch::Sender<Mark>)) {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(org) {
            tell(log);
        }
    }

    /// Removes a log without waiters; returns whether it was removed. Only the task that polls the log may call this,
    /// otherwise the next waiter would start a second polling task.
    pub(crate) fn forget(&self, org: &str) -> bool {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = logs.get(org).is_none_or(watch::Sender::is_closed);
        if idle {
            logs.remove(org);
        }
        idle
    }

    /// Reports the head of a log; an earlier head than already reported changes nothing.
    pub(crate) fn advance(&self, org: &str, head: &Head) {
        let seen = (head.epoch, head.seq);
        self.tell(org, |log| {
            log.send_if_modified(|mark| {
                let moved = *mark < seen;
                *mark = (*mark).max(seen);
                moved
            });
        });
    }

    /// Reports that a log cannot be read, so that waiters read it themselves.
    pub(crate) fn lose(&self, org: &str) {
        self.tell(org, |log| log.send_modify(|_| ()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(epoch: i64, seq: i64) -> Head {
        Head { seq, at: steerco_domain::time::Instant::from_micros(0), hash: String::new(), epoch }
    }

    #[test]
    fn a_log_moves_on_and_never_back() {
        let lookout = Lookout::default();
        assert!(lookout.forget("a"), "no waiters");
        let (mut moves, first) = lookout.join("a");
        let (other, second) = lookout.join("a");
        assert!(first && !second && !moves.has_changed().unwrap());
        for (seen, moved) in [((1, 5), true), ((1, 5), false), ((1, 4), false), ((2, 3), true)] {
            lookout.advance("a", &head(seen.0, seen.1));
            assert_eq!(moves.has_changed().unwrap(), moved, "{seen:?}");
            moves.mark_unchanged();
        }
        lookout.lose("a");
        assert!(moves.has_changed().unwrap(), "a log that cannot be read may have changed");
        drop((moves, other));
        // The polling task is still running: the next waiter needs no other.
        lookout.advance("a", &head(3, 1));
        let (again, first) = lookout.join("a");
        assert!(!first && !lookout.forget("a"));
        drop(again);
        assert!(lookout.forget("a") && lookout.join("a").1);
    }
}

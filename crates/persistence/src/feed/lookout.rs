//! Who waits for an organisation's log to move. This process's own commits are told at once. To PostgreSQL other processes
//! write too: there one task looks at the log for all who wait, so that they cost together what one of them would.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::head::Head;

/// Moves with the log of an organisation, and whenever it cannot be seen whether that has moved.
pub type Moves = watch::Receiver<Mark>;

/// Where a log was seen to end: epoch and number of its last entry.
pub type Mark = (i64, i64);

/// The logs that somebody waits for.
#[derive(Default)]
pub(crate) struct Lookout(Mutex<HashMap<String, watch::Sender<Mark>>>);

impl Lookout {
    /// Whoever waits for this log, and whether it is the first.
    pub(crate) fn join(&self, org: &str) -> (Moves, bool) {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(org) {
            return (log.subscribe(), false);
        }
        let (log, moves) = watch::channel(Mark::default());
        logs.insert(org.to_owned(), log);
        (moves, true)
    }

    /// Runs this on a log that somebody waits for.
    fn tell(&self, org: &str, tell: impl FnOnce(&watch::Sender<Mark>)) {
        let logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(org) {
            tell(log);
        }
    }

    /// Forgets a log that nobody waits for any more; whether that is so. Only who looks at it for others may: otherwise
    /// the next to wait would have another look at it besides.
    pub(crate) fn forget(&self, org: &str) -> bool {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = logs.get(org).is_none_or(watch::Sender::is_closed);
        if idle {
            logs.remove(org);
        }
        idle
    }

    /// Says that a log was seen to end here; one that was seen to end later already stays there.
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

    /// Says that a log cannot be seen: whoever waits has to look for itself.
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
        assert!(lookout.forget("a"), "nobody waits");
        let (mut moves, first) = lookout.join("a");
        let (other, second) = lookout.join("a");
        assert!(first && !second && !moves.has_changed().unwrap());
        for (seen, moved) in [((1, 5), true), ((1, 5), false), ((1, 4), false), ((2, 3), true)] {
            lookout.advance("a", &head(seen.0, seen.1));
            assert_eq!(moves.has_changed().unwrap(), moved, "{seen:?}");
            moves.mark_unchanged();
        }
        lookout.lose("a");
        assert!(moves.has_changed().unwrap(), "what cannot be seen may have moved");
        drop((moves, other));
        // Who looks is still about: the next to wait needs no other.
        lookout.advance("a", &head(3, 1));
        let (again, first) = lookout.join("a");
        assert!(!first && !lookout.forget("a"));
        drop(again);
        assert!(lookout.forget("a") && lookout.join("a").1);
    }
}

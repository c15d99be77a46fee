//! When a call is made again.

use std::time::Duration;

use rand::Rng;

/// How often a call is made at most, and how long it rests between: twice as long each time, less a random share of up to
/// a half, so that those who failed together do not come back together. What the service asks for is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Attempts of one call; a watch goes on without end.
    pub attempts: u32,
    /// The first rest.
    pub first: Duration,
    /// The longest rest of our own.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, first: Duration::from_millis(250), longest: Duration::from_secs(30) }
    }
}

impl Retry {
    /// How long to rest after so many failures, when the service asks for this long.
    pub(crate) fn rest(&self, failed: u32, asked: Option<Duration>) -> Duration {
        let doubled = self.first.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(self.longest);
        doubled.mul_f64(1.0 - share() / 2.0).max(asked.unwrap_or_default())
    }
}

/// A share of one, at random.
fn share() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "rests of a client are to differ from those of all others")]
    let drawn = rand::rng().random();
    drawn
}

/// A new idempotency key.
pub(crate) fn key() -> String {
    #[expect(clippy::disallowed_methods, reason = "keys of a client are to differ from those of all others")]
    let drawn = rand::rng().random::<u128>();
    format!("{drawn:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_differ_and_end() {
        let retry = Retry::default();
        let within = |failed, low: u64, high: u64| {
            let rest = retry.rest(failed, None);
            rest >= Duration::from_millis(low) && rest <= Duration::from_millis(high)
        };
        for _ in 0..100 {
            assert!(within(1, 125, 250) && within(3, 500, 1_000) && within(90, 15_000, 30_000));
        }
        let rests: std::collections::BTreeSet<_> = (0..20).map(|_| retry.rest(1, None)).collect();
        assert!(rests.len() > 10);
        assert_eq!(retry.rest(1, Some(Duration::from_secs(90))), Duration::from_secs(90));
        assert_ne!(key(), key());
    }
}

//! The rate of each caller, over both doors together.
//!
//! Answers carry `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, the fields most clients know
//! (draft-ietf-httpapi-ratelimit-headers-03): the burst, what is left of it, and the seconds until it is whole again.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::{HeaderMap, HeaderName, HeaderValue};
use steerco_domain::{Error, Reason};

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// A token bucket for every caller.
pub(super) struct Limiter {
    buckets: Keyed,
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

/// What is left to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    limit: u32,
    remaining: u32,
    reset: u32,
}

impl Limiter {
    pub(super) fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { buckets: RateLimiter::dashmap(quota).with_middleware(), per_second, burst }
    }

    /// Takes one request from the caller's bucket.
    pub(super) fn check(&self, key: &str) -> (Rate, Result<(), Error>) {
        match self.buckets.check_key(&key.to_owned()) {
            Ok(state) => (self.rate(state.remaining_burst_capacity()), Ok(())),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
                let detail = format!("more than {} requests a second", self.per_second);
                let error = Error { retry_after: Some(seconds), ..Error::new(Reason::RateLimited, detail) };
                (self.rate(0), Err(error))
            }
        }
    }

    fn rate(&self, remaining: u32) -> Rate {
        let used = self.burst.get().saturating_sub(remaining);
        Rate { limit: self.burst.get(), remaining, reset: used.div_ceil(self.per_second.get()) }
    }

    /// Forgets callers whose bucket is full again.
    pub(super) fn shrink(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }
}

impl Rate {
    pub(super) fn write(self, headers: &mut HeaderMap) {
        let fields = [("ratelimit-limit", self.limit), ("ratelimit-remaining", self.remaining)];
        for (name, value) in fields.into_iter().chain([("ratelimit-reset", self.reset)]) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_its_own_bucket() {
        let limiter = Limiter::new(NonZeroU32::MIN, NonZeroU32::new(2).unwrap());
        let check = |key: &str| limiter.check(key);
        assert_eq!(check("a").0, Rate { limit: 2, remaining: 1, reset: 1 });
        assert!(check("a").1.is_ok());
        let (rate, refused) = check("a");
        let refused = refused.unwrap_err();
        assert_eq!((rate.remaining, refused.reason, refused.retry_after), (0, Reason::RateLimited, Some(1)));
        assert!(check("b").1.is_ok());
        limiter.shrink();
        assert!(check("a").1.is_err());
    }
}

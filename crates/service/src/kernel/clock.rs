//! The only source of time, ids and randomness.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use steerco_domain::time::Instant;

/// Source of time, ids and randomness.
pub struct Clock {
    /// Microseconds of a test clock; the system clock is used when absent.
    fixed: Option<AtomicI64>,
    random: Mutex<StdRng>,
}

impl Clock {
    /// The system clock and randomness.
    pub fn system() -> Self {
        Self { fixed: None, random: Mutex::new(StdRng::from_os_rng()) }
    }

    /// A clock for tests: starts at the given instant, advances by a microsecond with every reading, and draws randomness
    /// from a seed.
    pub fn fixed(start: Instant, seed: u64) -> Self {
        Self { fixed: Some(AtomicI64::new(start.micros())), random: Mutex::new(StdRng::seed_from_u64(seed)) }
    }

    pub fn now(&self) -> Instant {
        #[expect(clippy::disallowed_methods, reason = "the only place that may read the system clock")]
        let system = || {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
        };
        let micros = self.fixed.as_ref().map_or_else(system, |fixed| fixed.fetch_add(1, Ordering::Relaxed));
        Instant::from_micros(micros)
    }

    /// Advances a test clock.
    pub fn advance(&self, micros: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(micros, Ordering::Relaxed);
        }
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A UUIDv7.
    pub fn new_id(&self) -> u128 {
        let millis = u64::try_from(self.now().micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random()).into_uuid().as_u128()
    }
}

//! What an operator may set about the doors.

use std::num::NonZeroU32;
use std::time::Duration;

/// Limits and addresses of the doors.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where clients reach this service, such as `https://steerco.example.org`, without a slash at its end. Discovery
    /// documents need it; when empty they name the built-in issuer's address.
    pub base_url: String,
    /// Bytes a request body may have over REST.
    pub body_limit: usize,
    /// Requests a caller may send every second, over both doors together.
    pub rate_per_second: NonZeroU32,
    /// Requests a caller may send at once before the rate counts.
    pub rate_burst: NonZeroU32,
    /// Requests for a token that one address may send every second, and at once.
    pub tokens_per_second: NonZeroU32,
    /// Requests that may run at the same time; more are answered 503.
    pub concurrency: usize,
    /// Requests of one caller that may run at the same time; more are answered 429.
    pub concurrency_per_caller: usize,
    /// How long a REST request may take until its answer begins.
    pub request_timeout: Duration,
    /// Whether each request has a span, for the tracer of the process to send on.
    pub traces: bool,
}

/// A non-zero constant, checked by the compiler.
const fn non_zero(value: u32) -> NonZeroU32 {
    match NonZeroU32::new(value) {
        Some(value) => value,
        None => NonZeroU32::MIN,
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            body_limit: 4 * 1024 * 1024,
            rate_per_second: const { non_zero(2000) },
            rate_burst: const { non_zero(4000) },
            tokens_per_second: const { non_zero(50) },
            concurrency: 1024,
            concurrency_per_caller: 256,
            request_timeout: Duration::from_secs(30),
            traces: false,
        }
    }
}

//! An attempt to deliver a message, and its consequences.

use steerco_derive::answer;
use steerco_domain::time::Instant;

/// An attempt to deliver a message.
#[answer]
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct WebhookAttempt {
    /// Time of the attempt (UTC).
    pub at: Instant,
    /// HTTP status of the response; absent when there was none.
    #[field(min = 100, max = 999)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// Why there was no response; absent when there was one.
    #[field(one_of("timeout", "no_connection", "broken_off", "refused_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds until the response.
    #[field(min = 0)]
    pub millis: i32,
}

/// An attempt, and the consequences for later attempts.
pub(crate) struct Sent {
    pub(crate) told: WebhookAttempt,
    pub(crate) retry_after: Option<u32>,
}

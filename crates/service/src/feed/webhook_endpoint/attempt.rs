//! One sending of a message, and what follows from it.

use steerco_derive::answer;
use steerco_domain::time::Instant;

/// One sending of a message.
#[answer]
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct WebhookAttempt {
    /// When it was sent (UTC).
    pub at: Instant,
    /// The HTTP status that was answered; absent when nothing was.
    #[field(min = 100, max = 999)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// Why nothing was answered.
    #[field(one_of("timeout", "no_connection", "broken_off", "refused_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds until the answer.
    #[field(min = 0)]
    pub millis: i32,
}

/// An attempt and what follows from it.
pub(crate) struct Sent {
    pub(crate) told: WebhookAttempt,
    pub(crate) retry_after: Option<u32>,
}

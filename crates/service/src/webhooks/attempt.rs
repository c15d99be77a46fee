//! One sending of a message, and what follows from it.

use steerco_domain::time::Instant;

/// One sending.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct WebhookAttempt {
    pub at: Instant,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub millis: i64,
}

/// An attempt and what follows from it.
pub(crate) struct Sent {
    pub(crate) told: WebhookAttempt,
    pub(crate) retry_after: Option<u32>,
}

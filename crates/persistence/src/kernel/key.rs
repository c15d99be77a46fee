//! Idempotency keys and the responses stored under them.

/// Idempotency key with its caller and organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub org: String,
    pub subject: String,
    pub key: String,
}

/// Stored response: fingerprint of the request and response.
pub(crate) type Kept = (String, String);

//! Idempotency keys, and what was answered under them.

/// Whose key, in which organisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub org: String,
    pub subject: String,
    pub key: String,
}

/// What was answered: fingerprint of the request and answer.
pub(crate) type Kept = (String, String);

//! The id of a request: the caller's own if it has one, else one made here.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;

/// The id of a request, in the extensions of every request of both doors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Characters an id may have.
const LENGTH: usize = 64;

/// The id of the request with these headers.
pub(super) fn of(headers: &HeaderMap) -> RequestId {
    let given = headers.get(super::REQUEST_ID).and_then(|value| value.to_str().ok());
    RequestId(given.filter(|id| is_valid(id)).map_or_else(made, str::to_owned))
}

fn is_valid(id: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=LENGTH).contains(&id.len()) && id.bytes().all(allowed)
}

/// Whether this can be an idempotency key: 1 to 255 printable ASCII characters, over both doors.
pub(crate) fn is_idempotency_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// A count hashed with keys that every process draws anew: unique here, and different after a restart. It names a
/// request in logs and nothing else, so that it need not be unguessable.
fn made() -> String {
    static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("req-{:016x}-{count:x}", KEYS.hash_one(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        let with = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(super::super::REQUEST_ID, id.parse().unwrap());
            of(&headers).0
        };
        assert_eq!(with("trace-1.a_B"), "trace-1.a_B");
        for bad in ["", "a b", "a/b", &"x".repeat(65), "\"quoted\""] {
            assert!(with(bad).starts_with("req-"), "{bad}");
        }
        assert_ne!(made(), made());
        assert!(is_valid(&made()));
    }
}

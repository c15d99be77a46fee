//! Page tokens and cursors, encrypted so that a caller learns nothing from them and cannot forge one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use steerco_domain::field::Cell;
use steerco_domain::{Error, Reason};

use crate::clock::Clock;

/// Encrypts and decrypts tokens that callers send back.
pub(crate) struct Sealer(LessSafeKey);

impl Sealer {
    pub(crate) fn new(key: &[u8]) -> Result<Self, String> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| "the cursor key must be 256 bits".to_owned())?;
        Ok(Self(LessSafeKey::new(key)))
    }

    pub(crate) fn seal(&self, clock: &Clock, purpose: &str, mut plain: Vec<u8>) -> String {
        let nonce: [u8; NONCE_LEN] = clock.random();
        let aad = Aad::from(purpose.as_bytes());
        if self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut plain).is_err() {
            return String::new();
        }
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &plain].concat())
    }

    pub(crate) fn open(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok().filter(|sealed| sealed.len() > NONCE_LEN)?;
        let (nonce, rest) = sealed.split_at(NONCE_LEN);
        let mut rest = rest.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.0.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut rest).ok()?;
        Some(plain.to_vec())
    }
}

/// Position at the end of a page of a list.
#[derive(Serialize, Deserialize)]
pub(crate) struct PageToken {
    /// Digest of the arguments that the token was made for.
    pub(crate) arguments: String,
    /// Sort keys of the last row.
    pub(crate) keys: Vec<Value>,
    /// Epoch and position of the feed before the first page.
    pub(crate) sync: (i64, i64),
}

impl PageToken {
    pub(crate) fn seal(&self, sealer: &Sealer, clock: &Clock, org: &str) -> String {
        sealer.seal(clock, &format!("page {org}"), serde_json::to_vec(self).unwrap_or_default())
    }

    pub(crate) fn open(sealer: &Sealer, org: &str, text: &str, arguments: &str) -> Result<Self, Error> {
        let plain = sealer.open(&format!("page {org}"), text);
        plain
            .and_then(|plain| serde_json::from_slice::<Self>(&plain).ok())
            .filter(|token| token.arguments == arguments)
            .ok_or_else(|| {
                let detail = "page_token is not from this list, or the filter, order or other arguments have changed";
                Error::new(Reason::InvalidToken, detail)
            })
    }
}

/// A position in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) epoch: i64,
    pub(crate) seq: i64,
}

impl Cursor {
    pub(crate) fn seal(self, sealer: &Sealer, clock: &Clock, org: &str) -> String {
        let plain = [self.epoch.to_be_bytes(), self.seq.to_be_bytes()].concat();
        sealer.seal(clock, &format!("feed {org}"), plain)
    }

    pub(crate) fn open(sealer: &Sealer, org: &str, text: &str) -> Result<Self, Error> {
        let plain = sealer.open(&format!("feed {org}"), text);
        let numbers = plain.as_ref().and_then(|plain| {
            let (epoch, seq) = plain.split_at_checked(8)?;
            Some((i64::from_be_bytes(epoch.try_into().ok()?), i64::from_be_bytes(seq.try_into().ok()?)))
        });
        let (epoch, seq) = numbers.ok_or_else(|| {
            Error::new(Reason::InvalidToken, "the cursor does not belong to the feed of this organisation")
        })?;
        Ok(Self { epoch, seq })
    }
}

pub(crate) fn cell_to_json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(int) => Value::from(*int),
        Cell::Text(text) => Value::from(text.as_str()),
    }
}

pub(crate) fn cell_from_json(value: &Value) -> Cell {
    match value {
        Value::String(text) => Cell::Text(text.clone()),
        other => other.as_i64().map_or(Cell::Null, Cell::Int),
    }
}

/// The mark of a secret in the tokens obtained with it: it tells secrets apart and reveals nothing of their hash.
pub(crate) fn mark_of(secret_hash: &str) -> String {
    let mut mark = digest(&["mark", secret_hash]);
    mark.truncate(16);
    mark
}

/// A digest as text.
pub(crate) fn digest(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    URL_SAFE_NO_PAD.encode(sha.finalize())
}

//! Cache of verified signatures. Only the signature check is cached: times are checked at every use, and an entry is
//! valid only while the key set that verified it is in force.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Signer;
use super::claims::{Claims, Times};

/// Number of entries in one generation; two generations are kept.
const GENERATION: usize = 2048;

/// The token itself is not stored, so that no memory dump contains a valid token.
pub(super) type TokenDigest = [u8; 32];

pub(super) fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

/// A token whose signature and claims were verified.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) claims: Arc<Claims>,
    pub(super) times: Times,
    pub(super) signer: Signer,
}

impl Entry {
    /// Whether the keys that verified the signature are still in force.
    pub(super) fn is_current(&self) -> bool {
        Arc::ptr_eq(&self.signer.keys, &self.signer.issuer.keys.current())
    }
}

/// Two generations: when the young one is full it replaces the old one, which is dropped. Entries in use move back to the
/// young generation, so only tokens that are no longer presented are dropped.
#[derive(Debug, Default)]
pub(super) struct Cache {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<TokenDigest, Entry>,
    old: HashMap<TokenDigest, Entry>,
}

impl Cache {
    pub(super) fn find(&self, digest: &TokenDigest) -> Option<Entry> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.young.get(digest) {
            return Some(entry.clone());
        }
        let entry = generations.old.remove(digest)?;
        generations.insert(*digest, entry.clone());
        Some(entry)
    }

    pub(super) fn insert(&self, digest: TokenDigest, entry: Entry) {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, entry);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }
}

impl Generations {
    fn insert(&mut self, digest: TokenDigest, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, entry);
    }
}

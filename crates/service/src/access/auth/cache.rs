//! Signatures that were already checked. Only that is remembered: times are looked at with every use, and an entry
//! counts only as long as the very key set it was checked with is in force.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::Signer;
use super::claims::{Claims, Times};

/// Entries of one generation; two are kept.
const GENERATION: usize = 2048;

/// The token itself is never kept, so that no memory dump holds one that still works.
pub(super) type TokenDigest = [u8; 32];

pub(super) fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

/// A token whose signature and claims were found good.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) claims: Arc<Claims>,
    pub(super) times: Times,
    pub(super) signer: Signer,
}

impl Entry {
    /// Whether the keys are still those the signature was checked with.
    pub(super) fn is_current(&self) -> bool {
        Arc::ptr_eq(&self.signer.keys, &self.signer.issuer.keys.current())
    }
}

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten. What is in use
/// moves back to the young one, so only what nobody presents any more, as expired tokens, is dropped.
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

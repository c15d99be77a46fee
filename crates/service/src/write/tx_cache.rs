//! Cache of look-ups in one transaction, because many writes in a batch need the same data.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use steerco_domain::AnyBox;
use steerco_domain::access::Permission;
use steerco_domain::field::Cell;
use steerco_persistence::Fail;

/// Results by key.
pub(crate) struct Memory<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn put(&self, key: K, value: V) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    /// The cached result, or the result of `find`.
    pub(crate) async fn of(&self, key: K, find: impl Future<Output = Result<V, Fail>>) -> Result<V, Fail> {
        if let Some(known) = self.get(&key) {
            return Ok(known);
        }
        let found = find.await?;
        self.put(key, found.clone());
        Ok(found)
    }
}

/// Rows locked for a write, by the permission for the change and their id.
type Held = Mutex<HashMap<(&'static str, String), AnyBox>>;

/// Kind and id of a parent, and the fields that its children inherit.
type Heirloom = (&'static str, String, Vec<&'static str>);

/// The caches.
#[derive(Default)]
pub(crate) struct TxCache {
    /// Ids of sources by code.
    pub(crate) sources: Memory<String, Option<String>>,
    /// Whether a parent is visible or another resource exists: kind, id, whether it is a parent.
    pub(crate) living: Memory<(&'static str, String, bool), bool>,
    /// Inherited values.
    pub(crate) heirlooms: Memory<Heirloom, Option<Vec<Cell>>>,
    held: Held,
}

impl TxCache {
    /// Stores rows that were read to be changed under this permission.
    pub(crate) fn hold(&self, row: &Permission, rows: Vec<AnyBox>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend(rows.into_iter().map(|found| ((row.action, found.id_text()), found)));
    }

    /// Takes a stored row, once.
    pub(crate) fn take_held(&self, row: &Permission, id: &str) -> Option<AnyBox> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_empty() {
            return None;
        }
        held.remove(&(row.action, id.to_owned()))
    }
}

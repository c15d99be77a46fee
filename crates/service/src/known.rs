//! What one transaction has looked up already: many writes at once ask the same again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use steerco_domain::AnyBox;
use steerco_domain::access::Row;
use steerco_domain::field::Cell;
use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::Kind;
use steerco_persistence::{Fail, query};

use crate::execute::{Item, WriteContext};

/// Answers by their questions.
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

    /// What is known, or what `find` finds.
    pub(crate) async fn of(&self, key: K, find: impl Future<Output = Result<V, Fail>>) -> Result<V, Fail> {
        if let Some(known) = self.get(&key) {
            return Ok(known);
        }
        let found = find.await?;
        self.put(key, found.clone());
        Ok(found)
    }
}

/// Rows held for a write, by the action that may change them and their id.
type Held = Mutex<HashMap<(&'static str, String), AnyBox>>;

/// Kind and id of a parent, and the fields that its children inherit.
type Heirloom = (&'static str, String, Vec<&'static str>);

/// What was found, by what was asked for.
#[derive(Default)]
pub(crate) struct Known {
    /// Ids of sources by their codes.
    pub(crate) sources: Memory<String, Option<String>>,
    /// Whether a parent is in reach, or another resource there: kind, id, whether it is a parent.
    pub(crate) living: Memory<(&'static str, String, bool), bool>,
    /// What children inherit.
    pub(crate) heirlooms: Memory<Heirloom, Option<Vec<Cell>>>,
    held: Held,
}

impl Known {
    /// A row that was held before, once.
    pub(crate) fn take_held(&self, row: &Row, id: &str) -> Option<AnyBox> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_empty() {
            return None;
        }
        held.remove(&(row.action, id.to_owned()))
    }
}

/// Looks up at once what the upserts of a batch will ask one by one: ids behind references, and the rows to be changed.
pub(crate) async fn prefetch(write: &WriteContext<'_>, kind: &'static Kind, items: &[Item]) -> Result<(), Fail> {
    let mut by_source: HashMap<(&'static str, &str), Vec<&str>> = HashMap::new();
    let mut named = Vec::new();
    for item in items {
        let Item::Upsert { source, external_id, body, .. } = item else { continue };
        by_source.entry((kind.name, source)).or_default().push(external_id);
        crate::crosswalk::collect(kind.fields, body, &mut named);
    }
    for (kind, reference) in &named {
        by_source.entry((kind.name, reference.source.as_str())).or_default().push(reference.external_id.as_str());
    }
    let org = write.context.caller.organisation();
    let mut own = Vec::new();
    for ((name, source), mut external_ids) in by_source {
        let Some(of) = steerco_domain::find_kind(name) else { continue };
        external_ids.sort_unstable();
        external_ids.dedup();
        // What is no identifier has nothing behind it: its item is refused in its turn.
        let references = external_ids.iter().filter_map(|id| ExternalRef::parse(&format!("{source}/{id}")));
        let references: Vec<ExternalRef> = references.collect();
        let external_ids: Vec<&str> = references.iter().map(|reference| reference.external_id.as_str()).collect();
        let mut found: HashMap<String, (String, Option<i64>)> = HashMap::new();
        for (external_id, id, version) in query::find_refs(write.conn, org, of, source, &external_ids).await? {
            found.insert(external_id, (id, version));
        }
        for reference in references {
            let behind = found.remove(reference.external_id.as_str());
            own.extend(behind.iter().filter(|_| of.name == kind.name).map(|(id, _)| id.clone()));
            write.crosswalk.know(of, reference, behind);
        }
    }
    own.sort_unstable();
    own.dedup();
    let Some((row, scope)) = kind.rows.update.and_then(|row| Some((row, write.scope(Some(row)).ok()?))) else {
        return Ok(());
    };
    let rows = query::find_many_for_update(write.conn, &scope, kind, &own).await?;
    let mut held = write.known.held.lock().unwrap_or_else(PoisonError::into_inner);
    held.extend(rows.into_iter().map(|found| ((row.action, found.id_text()), found)));
    Ok(())
}

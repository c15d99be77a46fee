//! Reads data for all items of a batch at once, instead of item by item.

use std::collections::HashMap;

use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::Kind;
use steerco_persistence::{Fail, query};

use crate::command::Item;
use crate::write_context::WriteContext;

/// Reads at once what the upserts of a batch need: ids of references, and the rows to be changed.
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
        // An invalid identifier has no resource; its item is rejected later.
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
    write.known.hold(row, rows);
    Ok(())
}

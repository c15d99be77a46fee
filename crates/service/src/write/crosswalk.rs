//! The crosswalk: an external reference (`source/external_id`) can be used instead of the id of its resource.
//!
//! A reference that resolves to nothing becomes an id that no resource has, so that it is rejected like an unknown id,
//! with the same text and together with all other faults.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};
use steerco_domain::field::{Cell, FieldSpec, Shape};
use steerco_domain::filter::{Column, Filter};
use steerco_domain::refs::ExternalRef;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, dependency_end, find_kind};
use steerco_persistence::{Conn, Fail, query};

use crate::tx_cache::Memory;

/// The id of a reference, and the latest version of the record that its source wrote.
pub(crate) type Behind = Option<(String, Option<i64>)>;

/// References resolved in one transaction.
#[derive(Default)]
pub(crate) struct Crosswalk(Memory<(&'static str, ExternalRef), Behind>);

impl Crosswalk {
    pub(crate) async fn find(
        &self,
        conn: &Conn,
        org: &str,
        kind: &'static Kind,
        reference: &ExternalRef,
    ) -> Result<Behind, Fail> {
        let (source, external_id) = (reference.source.as_str(), reference.external_id.as_str());
        let find = query::find_ref(conn, org, kind, source, external_id);
        self.0.of((kind.name, reference.clone()), find).await
    }

    pub(crate) fn know(&self, kind: &'static Kind, reference: ExternalRef, behind: Behind) {
        self.0.put((kind.name, reference), behind);
    }
}

/// Resolves references of one caller.
pub(crate) struct Resolver<'a> {
    pub(crate) conn: &'a Conn,
    pub(crate) org: &'a str,
    pub(crate) crosswalk: &'a Crosswalk,
    /// A caller that cannot see external references resolves none either.
    pub(crate) sees: bool,
}

impl Resolver<'_> {
    /// The id of a text: an unused id if it resolves in none of these kinds, or in several.
    async fn id_of(&self, kinds: &[&'static Kind], reference: &ExternalRef) -> Result<String, Fail> {
        let mut found = Vec::new();
        for kind in kinds.iter().filter(|_| self.sees) {
            found.extend(self.crosswalk.find(self.conn, self.org, kind, reference).await?);
        }
        let nobody = || kinds.first().map(|kind| steerco_domain::id::encode(kind.prefix, 0)).unwrap_or_default();
        Ok(if found.len() == 1 { found.remove(0).0 } else { nobody() })
    }

    /// The id of a resource named in a path.
    pub(crate) async fn id<'i>(&self, kind: &'static Kind, id: &'i str) -> Result<Cow<'i, str>, Fail> {
        let Some(reference) = ExternalRef::parse(id) else { return Ok(Cow::Borrowed(id)) };
        let found = if self.sees { self.crosswalk.find(self.conn, self.org, kind, &reference).await? } else { None };
        let (id, _) = found.ok_or_else(|| Error::not_found(kind.name))?;
        Ok(Cow::Owned(id))
    }

    /// A body in which every reference is replaced by its id.
    pub(crate) async fn body<'b>(
        &self,
        fields: &[FieldSpec],
        body: &'b Map<String, Value>,
    ) -> Result<Cow<'b, Map<String, Value>>, Fail> {
        if !body.values().any(has_slash) {
            return Ok(Cow::Borrowed(body));
        }
        let mut resolved = body.clone();
        let mut named = Vec::new();
        walk(fields, &mut resolved, &mut |kinds, text| {
            named.extend(ExternalRef::parse(text).map(|reference| (kinds, text.clone(), reference)));
        });
        let mut ids = HashMap::new();
        for (kinds, text, reference) in named {
            ids.insert((kinds[0].name, text), self.id_of(&kinds, &reference).await?);
        }
        walk(fields, &mut resolved, &mut |kinds, text| {
            if let Some(id) = ids.get(&(kinds[0].name, text.clone())) {
                text.clone_from(id);
            }
        });
        Ok(Cow::Owned(resolved))
    }

    /// Replaces references in the values that a filter compares with ids.
    pub(crate) async fn filter(&self, kind: &Kind, filter: &mut Filter) -> Result<(), Fail> {
        let mut waiting = vec![filter];
        while let Some(filter) = waiting.pop() {
            match filter {
                Filter::And(parts) | Filter::Or(parts) => waiting.extend(parts.iter_mut()),
                Filter::Not(part) => waiting.push(&mut **part),
                Filter::Compare { column, value, .. } => self.cell(kind, column, value).await?,
                Filter::In { column, values } => {
                    for value in values {
                        self.cell(kind, column, value).await?;
                    }
                }
                Filter::Contains { .. } => {}
            }
        }
        Ok(())
    }

    async fn cell(&self, kind: &Kind, column: &Column, cell: &mut Cell) -> Result<(), Fail> {
        let (Column::Field { field, .. }, Cell::Text(text)) = (column, &*cell) else { return Ok(()) };
        let named = if *field == "id" { find_kind(kind.name) } else { kind.field(field).and_then(Kind::named_by) };
        if let (Some(named), Some(reference)) = (named, ExternalRef::parse(text)) {
            *cell = Cell::Text(self.id_of(&[named], &reference).await?);
        }
        Ok(())
    }
}

fn has_slash(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('/'),
        Value::Array(items) => items.iter().any(has_slash),
        Value::Object(members) => members.values().any(has_slash),
        _ => false,
    }
}

/// Collects every reference of a body, with the kinds it may belong to.
pub(crate) fn collect(fields: &[FieldSpec], body: &Map<String, Value>, named: &mut Vec<(&'static Kind, ExternalRef)>) {
    if body.values().any(has_slash) {
        walk(fields, &mut body.clone(), &mut |kinds, text| {
            let reference = ExternalRef::parse(text);
            named.extend(
                reference
                    .into_iter()
                    .flat_map(|r| kinds.iter().map(move |kind| (*kind, r.clone())).collect::<Vec<_>>()),
            );
        });
    }
}

/// Visits every text that must be an id, with the kinds it may belong to; there is at least one.
fn walk(fields: &[FieldSpec], object: &mut Map<String, Value>, visit: &mut dyn FnMut(Vec<&'static Kind>, &mut String)) {
    for field in fields {
        if let Some(value) = object.get_mut(field.name) {
            walk_value(&(field.shape)(), value, visit);
        }
    }
}

fn walk_value(shape: &Shape, value: &mut Value, visit: &mut dyn FnMut(Vec<&'static Kind>, &mut String)) {
    match (shape, value) {
        (Shape::Id { prefix }, Value::String(text)) => {
            if let Some(kind) = Kind::of_prefix(prefix) {
                visit(vec![kind], text);
            }
        }
        (Shape::Text { pattern: Some(dependency_end::PATTERN), .. }, Value::String(text)) => {
            visit(dependency_end::kinds().collect(), text);
        }
        (Shape::List { of, .. }, Value::Array(items)) => {
            for item in items {
                walk_value(of, item, visit);
            }
        }
        (Shape::Object { fields, .. }, Value::Object(object)) => walk(fields, object, visit),
        _ => {}
    }
}

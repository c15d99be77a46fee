//! External references: identifiers of a resource in other systems.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::error::Error;
use crate::field::{Cell, Cells, ColumnType, Described, Field, FieldSpec, Setter, Shape, Spot, json_cell};
use crate::input::Reader;
use crate::text::{Code, Text};

/// One identifier in one source system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExternalRef {
    pub source: Code,
    pub external_id: Text<200>,
}

impl Encode for ExternalRef {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&|members| {
            members.member("source", &self.source);
            members.member("external_id", &self.external_id);
        });
    }
}

impl ExternalRef {
    /// `source/external_id`, the form in which a reference can be used in place of an id. Ids contain no slash.
    pub fn parse(text: &str) -> Option<Self> {
        let (source, external_id) = text.split_once('/')?;
        Some(Self { source: Code::parse(source)?, external_id: Text::parse(external_id).ok()? })
    }
}

/// All external references, ordered by source and identifier. One source may have several: it may hold one resource as two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalRefs(pub Vec<ExternalRef>);

impl ExternalRefs {
    /// The references of one source.
    pub fn of<'a>(&'a self, source: &'a str) -> impl Iterator<Item = &'a ExternalRef> {
        self.0.iter().filter(move |r| r.source.as_str() == source)
    }

    /// Adds a reference, unless it is already present.
    pub fn add(&mut self, reference: ExternalRef) -> Result<(), Error> {
        if self.0.contains(&reference) {
            return Ok(());
        }
        if self.0.len() >= REFS_MAX {
            let detail = format!("a resource has at most {REFS_MAX} external references");
            return Err(Error::fault("/external_id", "TOO_MANY", detail));
        }
        self.0.push(reference);
        self.0.sort();
        Ok(())
    }

    /// Removes a reference, if it is present.
    pub fn remove(&mut self, reference: &ExternalRef) {
        self.0.retain(|r| r != reference);
    }
}

const fn spec(name: &'static str, doc: &'static str, shape: fn() -> Shape) -> FieldSpec {
    FieldSpec {
        name,
        doc,
        setter: Setter::Write,
        filter: false,
        private: false,
        personal: false,
        parent: false,
        inherited: false,
        unique: false,
        nullable: false,
        optional: false,
        columns: &[],
        wire: crate::field::Wire::Text,
        shape,
        moves: None,
    }
}

const FIELDS: &[FieldSpec] = &[
    spec("source", "Code of the source system, as registered under sources.", Code::shape),
    spec("external_id", "Identifier in the source system.", Text::<200>::shape),
];

/// Maximum number of external references of a resource.
pub const REFS_MAX: usize = 20;

impl Encode for ExternalRefs {
    fn encode(&self, to: &mut dyn Encoder) {
        self.0.encode(to);
    }
}

impl Described for ExternalRefs {
    const WIRE: crate::field::Wire = crate::field::Wire::List { of: &crate::field::Wire::Object("ExternalRef") };

    fn shape() -> Shape {
        let of = Shape::Object { title: "ExternalRef", doc: "An identifier in another system.", fields: FIELDS };
        Shape::List { of: Box::new(of), max: REFS_MAX }
    }
}

impl Field for ExternalRefs {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(json_cell(self));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| serde_json::from_str(&text).ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(items) = value.as_array() else { return spot.wrong_type("an array", value) };
        if items.len() > REFS_MAX {
            return spot.fault("TOO_MANY", format!("at most {REFS_MAX} external references"));
        }
        let mut refs = Self::default();
        for (i, item) in items.iter().enumerate() {
            let mut here = spot.below(&i.to_string());
            let Some(object) = item.as_object() else { return here.wrong_type("an object", item) };
            let mut reader = Reader::new(object, here.pointer.clone());
            reader.only(FIELDS);
            let (source, external_id) = (reader.field("source"), reader.field("external_id"));
            here.faults.append(&mut reader.faults);
            let reference = ExternalRef { source: source?, external_id: external_id? };
            if refs.0.contains(&reference) {
                return here.fault("DUPLICATE", "the external reference is given twice");
            }
            refs.0.push(reference);
        }
        refs.0.sort();
        Some(refs)
    }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

//! The two ends of a dependency: activities, deliverables and milestones, told apart by the prefix of the id.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};
use crate::resource::Kind;

/// Kinds that a dependency can connect.
const KINDS: [&str; 3] = ["activity", "deliverable", "milestone"];

/// Pattern of their ids.
pub const PATTERN: &str = "^[a-z]{2,12}_[0-7][0-9a-hjkmnp-tv-z]{25}$";

/// Id of an activity, deliverable or milestone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DependencyEnd {
    kind: &'static Kind,
    id: u128,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

/// Kinds that a dependency can connect.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter_map(|name| crate::find_kind(name))
}

impl DependencyEnd {
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Parses an id. The error describes the expected prefixes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let prefix = text.rsplit_once('_').map_or("", |(prefix, _)| prefix);
        let Some(kind) = kinds().find(|kind| kind.prefix == prefix) else {
            let known: Vec<String> = kinds().map(|kind| format!("{}_ ({})", kind.prefix, kind.name)).collect();
            return Err(format!("must be an id that starts with one of: {}", known.join(", ")));
        };
        crate::id::parse(kind.prefix, kind.name, text).map(|id| Self { kind, id })
    }
}

impl std::fmt::Display for DependencyEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::id::encode(self.kind.prefix, self.id))
    }
}

impl std::fmt::Debug for DependencyEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for DependencyEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DependencyEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Encode for DependencyEnd {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for DependencyEnd {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 40, pattern: Some(PATTERN), example: Some("dlv_01kdvdna00e008000000000001") }
    }
}

impl Field for DependencyEnd {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.to_string()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| Self::parse(&text).ok())
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
        visit(self.kind.name, self.to_string());
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("an id, a string", value) };
        Self::parse(text).map_or_else(|detail| spot.fault("BAD_ID", detail), Some)
    }
}

//! The actor of a change.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// The id of a person or a service account, or `system`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(pub String);

impl Actor {
    pub fn system() -> Self {
        Self("system".to_owned())
    }
}

impl Encode for Actor {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.0);
    }
}

impl Described for Actor {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 64, pattern: None, example: Some("system") }
    }
}

impl Field for Actor {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.0.clone()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        value.as_str().map(|text| Self(text.to_owned())).or_else(|| spot.wrong_type("a string", value))
    }
}

//! Free-form labels.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot, json_cell};
use crate::text::Text;

/// Labels by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

const LABELS_MAX: usize = 64;
const KEY_MAX: usize = 63;
const VALUE_MAX: usize = 200;

impl Labels {
    /// Applies a merge patch: a null value removes its key.
    fn patched(mut self, value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(object) = value.as_object() else { return spot.wrong_type("an object of strings", value) };
        let before = spot.faults.len();
        for (key, value) in object {
            if !is_key(key) {
                spot.below(key).fault::<()>("BAD_KEY", "a key is 1 to 63 of a-z, 0-9, _, -, ., starting with a letter");
            } else if value.is_null() {
                self.0.remove(key);
            } else if let Some(text) = Text::<VALUE_MAX>::read(value, &mut spot.below(key)) {
                self.0.insert(key.clone(), text.as_str().to_owned());
            }
        }
        if self.0.len() > LABELS_MAX {
            spot.fault::<()>("TOO_MANY", format!("at most {LABELS_MAX} labels"));
        }
        (spot.faults.len() == before).then_some(self)
    }
}

pub(crate) fn is_key(key: &str) -> bool {
    key.len() <= KEY_MAX
        && key.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.'))
}

impl Encode for Labels {
    fn encode(&self, to: &mut dyn Encoder) {
        to.map(&self.0);
    }
}

impl Described for Labels {
    const WIRE: crate::field::Wire = crate::field::Wire::Map;

    fn shape() -> Shape {
        Shape::Map { max: LABELS_MAX, key_max: KEY_MAX, value_max: VALUE_MAX }
    }
}

impl Field for Labels {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];
    const OPTIONAL: bool = true;

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(json_cell(self));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| serde_json::from_str(&text).ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        Self::default().patched(value, spot)
    }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
    fn merged(&self, patch: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        self.clone().patched(patch, spot)
    }
}

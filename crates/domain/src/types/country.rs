//! Countries.

use serde::Serialize;
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// A country code of two letters (ISO 3166-1 alpha-2). Any two letters are accepted, because assignments change over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Country(String);

impl Country {
    pub fn parse(code: &str) -> Option<Self> {
        let fits = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        fits.then(|| Self(code.to_owned()))
    }

    pub fn code(&self) -> &str {
        &self.0
    }
}

impl Encode for Country {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(self.code());
    }
}

impl Described for Country {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 2, pattern: Some("^[A-Z]{2}$"), example: Some("AT") }
    }
}

impl Field for Country {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.0.clone()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|code| Self::parse(&code))
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(code) = value.as_str() else { return spot.wrong_type("two letters, a string", value) };
        Self::parse(code)
            .or_else(|| spot.fault("BAD_COUNTRY", "must be two upper-case letters such as AT (ISO 3166-1)"))
    }
}

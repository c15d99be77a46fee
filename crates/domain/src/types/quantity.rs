//! Measured quantities as exact decimals, never floating point.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};
use crate::money::{Amount, parse_amount};

/// A number with at most four decimals, in a unit that is given beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i64);

impl Quantity {
    /// From ten-thousandths of the unit.
    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    /// In ten-thousandths of the unit.
    pub const fn units(self) -> i64 {
        self.0
    }
}

/// The shortest decimal text.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = Amount::new(self.0).to_string();
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Encode for Quantity {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for Quantity {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 21, pattern: Some("^-?[0-9]{1,15}(\\.[0-9]{1,4})?$"), example: Some("99.5") }
    }
}

impl Field for Quantity {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(self.0));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a decimal as a string", value) };
        parse_amount(text).map_or_else(|detail| spot.fault("BAD_NUMBER", detail), |units| Some(Self(units)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_short() {
        for (text, shown) in [("99.5000", "99.5"), ("0.0", "0"), ("-7.1250", "-7.125"), ("100", "100")] {
            assert_eq!(Quantity::new(parse_amount(text).unwrap()).to_string(), shown);
        }
    }
}

//! Ratios as integer millionths.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// A share from 0 to 1, exact to the millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(i32);

impl Ratio {
    pub const ONE: i32 = 1_000_000;

    pub fn from_millionths(millionths: i32) -> Option<Self> {
        (0..=Self::ONE).contains(&millionths).then_some(Self(millionths))
    }

    pub const fn millionths(self) -> i32 {
        self.0
    }

    /// Parses a number. The error describes the expected form.
    pub fn from_number(number: f64) -> Result<Self, (&'static str, &'static str)> {
        let scaled = number * f64::from(Self::ONE);
        if !(0.0..=f64::from(Self::ONE)).contains(&scaled) {
            return Err(("OUT_OF_RANGE", "must be a number from 0 to 1"));
        }
        if (scaled - scaled.round()).abs() > 1e-4 {
            return Err(("TOO_PRECISE", "at most 6 decimals"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked to lie between 0 and a million")]
        Ok(Self(scaled.round() as i32))
    }

    pub fn as_number(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ONE)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_number())
    }
}

impl Encode for Ratio {
    fn encode(&self, to: &mut dyn Encoder) {
        to.number(self.as_number());
    }
}

impl Described for Ratio {
    const WIRE: crate::field::Wire = crate::field::Wire::Number;

    fn shape() -> Shape {
        Shape::Ratio { max: 1 }
    }
}

impl Field for Ratio {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        self.0.store(out);
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        i32::load(cells).and_then(Self::from_millionths)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(number) = value.as_f64() else { return spot.wrong_type("a number from 0 to 1", value) };
        Self::from_number(number).map_or_else(|(code, detail)| spot.fault(code, detail), Some)
    }
}

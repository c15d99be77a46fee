//! Exchange rates as exact decimals: seven digits before the point and twelve after it, never floating point.

use num_bigint::BigInt;
use num_rational::BigRational;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

const WHOLE_MAX: usize = 7;
const FRACTION_MAX: usize = 12;
/// The rate 1, in units of the last decimal.
const ONE: u128 = 1_000_000_000_000;

/// Number of units of one currency per unit of another; above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u128);

impl Rate {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let detail = "must be a decimal above 0 with at most 7 digits before and 12 after the point, such as 1.1066";
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, max| (1..=max).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, WHOLE_MAX) || !digits(fraction, FRACTION_MAX) {
            return Err(detail);
        }
        let units = format!("{whole}{fraction:0<12}").parse().map_err(|_| detail)?;
        if units == 0 { Err(detail) } else { Ok(Self(units)) }
    }

    /// The exact value.
    pub fn value(self) -> BigRational {
        BigRational::new(BigInt::from(self.0), BigInt::from(ONE))
    }
}

/// The shortest decimal text.
impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{}.{:012}", self.0 / ONE, self.0 % ONE);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Encode for Rate {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for Rate {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 20, pattern: Some("^[0-9]{1,7}(\\.[0-9]{1,12})?$"), example: Some("1.1066") }
    }
}

impl Field for Rate {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.to_string()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| Self::parse(&text).ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a decimal as a string", value) };
        Self::parse(text).map_or_else(|detail| spot.fault("BAD_RATE", detail), Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact_and_short() {
        for (text, shown) in
            [("1.1066", "1.1066"), ("0001.10", "1.1"), ("9999999.999999999999", "9999999.999999999999")]
        {
            assert_eq!(Rate::parse(text).unwrap().to_string(), shown);
        }
        for bad in ["0", "0.0", "-1", "+1", "1e3", "NaN", "1.", ".5", "", "1,5", "12345678", "1.1234567890123", "1 "] {
            assert!(Rate::parse(bad).is_err(), "{bad}");
        }
    }
}

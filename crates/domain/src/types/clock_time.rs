//! Times of day.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// A time of day to the minute, from `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClockTime(u16);

impl ClockTime {
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok());
        let (hours, minutes): (u16, u16) = (two(hours)??, two(minutes)??);
        (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(Self(hours * 60 + minutes))
    }

    /// Minutes since midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a time of day"))
    }
}

impl Encode for ClockTime {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for ClockTime {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 5, pattern: Some("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"), example: Some("08:00") }
    }
}

impl Field for ClockTime {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.to_string()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| Self::parse(&text))
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a time of day, a string", value) };
        Self::parse(text).or_else(|| spot.fault("BAD_TIME", "must be a time of day such as 08:00, at most 24:00"))
    }
}

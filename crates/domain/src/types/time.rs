//! Calendar days and UTC instants.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// An instant (UTC), in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Its day in UTC; the last day of the calendar for an instant beyond it.
    pub fn day(self) -> Day {
        let zoned = Timestamp::from_microsecond(self.0).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date());
        Day(zoned.unwrap_or(Date::MAX))
    }

    /// Parses an RFC 3339 text with any offset. More precision than microseconds is rejected.
    pub fn parse(text: &str) -> Option<Self> {
        let timestamp: Timestamp = text.parse().ok()?;
        let fine = timestamp.subsec_nanosecond() % 1_000 != 0;
        let year = timestamp.to_zoned(jiff::tz::TimeZone::UTC).year();
        (!fine && (1..=9999).contains(&year)).then(|| Self(timestamp.as_microsecond()))
    }
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(f, "{timestamp:.6}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no instant"))
    }
}

impl Encode for Instant {
    fn encode(&self, to: &mut dyn Encoder) {
        to.instant(self.micros(), self);
    }
}

impl Described for Instant {
    const WIRE: crate::field::Wire = crate::field::Wire::Instant;

    fn shape() -> Shape {
        Shape::Instant
    }
}

impl Field for Instant {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(self.0));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("an RFC 3339 instant, a string", value) };
        Self::parse(text).or_else(|| {
            spot.fault(
                "BAD_INSTANT",
                "must be an RFC 3339 instant with at most microseconds, such as 2026-01-31T09:30:00Z",
            )
        })
    }
}

/// A calendar day, without a time or a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// `YYYY-MM-DD`, years 0001 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let strict = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date: Date = text.parse().ok()?;
        (strict && date.year() >= 1).then_some(Self(date))
    }

    /// Message for a text that is not a day.
    pub const MUST: &str = "must be a calendar day such as 2026-01-31";

    pub(crate) const fn date(self) -> Date {
        self.0
    }

    pub(crate) const fn from_date(date: Date) -> Self {
        Self(date)
    }

    /// The day this many days later; `None` beyond the calendar.
    pub fn plus_days(self, days: i64) -> Option<Self> {
        let span = jiff::Span::new().try_days(days).ok()?;
        self.0.checked_add(span).ok().map(Self)
    }

    /// Number of days from this day to the other.
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }
}

/// Placeholder for a value that the service has not computed yet.
impl Default for Day {
    fn default() -> Self {
        Self(Date::ZERO)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not a day"))
    }
}

impl Encode for Day {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for Day {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Day
    }
}

impl Field for Day {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.to_string()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| Self::parse(&text))
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a calendar day, a string", value) };
        Self::parse(text).or_else(|| spot.fault("BAD_DAY", Self::MUST))
    }
}

//! Typed, sortable, opaque ids: TypeID (`risk_01h…`), a prefix and a UUIDv7 in base32.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// A type that has ids.
pub trait HasId {
    const PREFIX: &'static str;
    const KIND_NAME: &'static str;
}

/// The id of a `T`.
pub struct Id<T>(u128, PhantomData<fn() -> T>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits in base32 digits of five bits.
const DIGITS: usize = 26;

impl<T> Id<T> {
    pub const fn from_u128(value: u128) -> Self {
        Self(value, PhantomData)
    }

    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl<T: HasId> Id<T> {
    /// Parses an id. The error describes the expected form.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse(T::PREFIX, T::KIND_NAME, text).map(Self::from_u128)
    }
}

/// The number of an id with this prefix. The error describes the expected form.
pub fn parse(prefix: &str, kind: &str, text: &str) -> Result<u128, String> {
    let digits = text.rsplit_once('_').filter(|(found, _)| *found == prefix).map(|(_, digits)| digits);
    digits.and_then(decode).ok_or_else(|| match text.rsplit_once('_') {
        Some((found, _)) if found != prefix => format!("a {kind} id starts with {prefix}_"),
        _ => format!("must be {prefix}_ and {DIGITS} characters of 0-9 a-z without i, l, o, u"),
    })
}

/// The text of an id of any kind.
pub fn encode(prefix: &str, value: u128) -> String {
    let mut text = String::with_capacity(prefix.len() + 1 + DIGITS);
    text.push_str(prefix);
    text.push('_');
    for digit in (0..DIGITS).rev() {
        let index = usize::try_from((value >> (5 * digit)) & 31).unwrap_or(0);
        text.push(char::from(ALPHABET[index]));
    }
    text
}

fn decode(digits: &str) -> Option<u128> {
    // The first digit has only three bits: more would exceed 128 bits.
    if digits.len() != DIGITS || digits.as_bytes()[0] > b'7' {
        return None;
    }
    digits.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|c| *c == byte)?;
        Some((value << 5) | digit as u128)
    })
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T: HasId> std::fmt::Display for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&encode(T::PREFIX, self.0))
    }
}
impl<T: HasId> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
impl<T: HasId> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(T::PREFIX, self.0))
    }
}
impl<'de, T: HasId> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<T: HasId> Encode for Id<T> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&encode(T::PREFIX, self.as_u128()));
    }
}

impl<T: HasId> Described for Id<T> {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Id { prefix: T::PREFIX }
    }
}

impl<T: HasId> Field for Id<T> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(encode(T::PREFIX, self.0)));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|text| Self::parse(&text).ok())
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("an id, a string", value) };
        Self::parse(text).map_or_else(|detail| spot.fault("BAD_ID", detail), Some)
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, String)) {
        visit(T::KIND_NAME, self.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl HasId for Thing {
        const PREFIX: &'static str = "prefix";
        const KIND_NAME: &'static str = "thing";
    }

    /// The valid example of the TypeID specification (v0.3, valid.yml).
    #[test]
    fn typeid_specification() {
        let uuid = 0x0189_0a5d_ac96_774b_bcce_b302_099a_8057;
        assert_eq!(encode("prefix", uuid), "prefix_01h455vb4pex5vsknk084sn02q");
        assert_eq!(Id::<Thing>::parse("prefix_01h455vb4pex5vsknk084sn02q").unwrap().as_u128(), uuid);
        assert_eq!(encode("prefix", u128::MAX), "prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz");
    }

    #[test]
    fn refusals_say_what_is_right() {
        for bad in ["", "prefix", "prefix_", "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz", "prefix_01H455VB4PEX5VSKNK084SN02Q"] {
            assert!(Id::<Thing>::parse(bad).unwrap_err().contains("prefix_"), "{bad}");
        }
        assert_eq!(
            Id::<Thing>::parse("risk_01h455vb4pex5vsknk084sn02q").unwrap_err(),
            "a thing id starts with prefix_"
        );
    }
}

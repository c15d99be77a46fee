//! Text with a maximum length.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};

/// Text of 1 to `MAX` characters without control characters, except line feed and tab.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Parses a text. The error has a code and a detail.
    pub fn parse(text: &str) -> Result<Self, (&'static str, String)> {
        if text.trim().is_empty() {
            return Err(("BLANK", "must not be blank".to_owned()));
        }
        let length = text.chars().count();
        if length > MAX {
            return Err(("TOO_LONG", format!("must have at most {MAX} characters, not {length}")));
        }
        if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n' && *c != '\t') {
            return Err(("CONTROL_CHARACTER", format!("must not contain the control character U+{:04X}", c as u32)));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text produced by the program, such as a digest.
    pub const fn ours(text: String) -> Self {
        Self(text)
    }
}

/// Placeholder for a value that the service has not computed yet.
impl<const MAX: usize> Default for Text<MAX> {
    fn default() -> Self {
        Self(String::new())
    }
}

impl<const MAX: usize> std::fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Encode for Text<MAX> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(self.as_str());
    }
}

impl<const MAX: usize> Described for Text<MAX> {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: MAX, pattern: None, example: None }
    }
}

impl<const MAX: usize> Field for Text<MAX> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.0.clone()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a string", value) };
        Self::parse(text).map_or_else(|(code, detail)| spot.fault(code, detail), Some)
    }
}

/// A document of 1 to `MAX` characters: like `Text`, and with carriage returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document<const MAX: usize>(String);

impl<const MAX: usize> Document<MAX> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Encode for Document<MAX> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(self.as_str());
    }
}

impl<const MAX: usize> Described for Document<MAX> {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        let pattern = "^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F]*$";
        Shape::Text { max: MAX, pattern: Some(pattern), example: None }
    }
}

impl<const MAX: usize> Field for Document<MAX> {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.0.clone()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a string", value) };
        let plain = text.replace('\r', "");
        Text::<MAX>::parse(&plain)
            .map_or_else(|(code, detail)| spot.fault(code, detail), |_| Some(Self(text.to_owned())))
    }
}

/// A short code typed by people: letters, digits, `.`, `_`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(String);

/// Maximum length of a code.
const CODE_MAX: usize = 64;

impl Code {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=CODE_MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Encode for Code {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(self.as_str());
    }
}

impl Described for Code {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: CODE_MAX, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("DEP-26W") }
    }
}

impl Field for Code {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.0.clone()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a string", value) };
        Self::parse(text).or_else(|| {
            spot.fault("BAD_CODE", format!("must be 1 to {CODE_MAX} letters, digits, dots, underscores or hyphens"))
        })
    }
}

//! The left side of a comparison, and its values in stored form.

use super::{Column, LENGTH_MAX, Name};
use crate::field::{Cell, ColumnType, Shape};
use crate::money::{Currency, parse_amount};
use crate::refs::ExternalRef;
use crate::time::{Day, Instant};

/// A literal value in a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
}

impl Literal {
    const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

/// The left side of a comparison.
pub(super) struct Subject {
    pub(super) text: String,
    pub(super) column: Column,
    pub(super) shape: Shape,
    pub(super) ty: ColumnType,
}

impl Subject {
    pub(super) fn field(name: &Name) -> Self {
        let Name { text, spec, column, ty } = name;
        let column = Column::Field { column: column.clone(), field: spec.name, nullable: spec.nullable, ty: *ty };
        Self { text: text.clone(), column, shape: (spec.shape)(), ty: *ty }
    }

    pub(super) fn label(key: &str) -> Self {
        let shape = Shape::Text { max: LENGTH_MAX, pattern: None, example: None };
        Self { text: format!("labels.{key}"), column: Column::Label(key.to_owned()), shape, ty: ColumnType::Text }
    }

    pub(super) const fn is_text(&self) -> bool {
        matches!((&self.shape, self.ty), (Shape::Text { .. }, ColumnType::Text))
    }

    /// Whether the values have an order.
    pub(super) fn is_ordered(&self) -> bool {
        match self.shape {
            Shape::Money => self.ty == ColumnType::Int,
            Shape::Id { .. } | Shape::Word { .. } | Shape::Bool => false,
            _ => true,
        }
    }

    /// The value in the stored form of this column, or an error.
    pub(super) fn cell(&self, literal: &Literal) -> Result<Cell, (&'static str, String)> {
        use Literal::{Bool, Number, Text};
        match (&self.shape, self.ty, literal) {
            (Shape::Text { .. }, ColumnType::Text, Text(text)) => Ok(Cell::Text(text.clone())),
            (Shape::Id { prefix }, _, Text(id)) if is_id(prefix, id) || ExternalRef::parse(id).is_some() => {
                Ok(Cell::Text(id.clone()))
            }
            (Shape::Id { prefix }, _, Text(_)) => {
                Err(("BAD_ID", format!("must be an id: {prefix}_ and 26 characters of 0-9 a-z without i, l, o, u")))
            }
            (Shape::Word { words, .. }, _, Text(word)) => word_cell(word, words),
            (Shape::Bool, _, Bool(truth)) => Ok(Cell::Int(i64::from(*truth))),
            (Shape::Int { .. } | Shape::Long, _, Number(number)) | (Shape::Long, _, Text(number)) => {
                scaled(number, 0).map(Cell::Int)
            }
            (Shape::Ratio { max }, _, Number(number)) => ratio_cell(number, *max),
            // Written as a decimal, stored as an integer number of ten-thousandths.
            (Shape::Money | Shape::Text { .. }, ColumnType::Int, Number(amount) | Text(amount)) => {
                parse_amount(amount).map(Cell::Int).map_err(|detail| ("BAD_AMOUNT", detail.to_owned()))
            }
            (Shape::Money, ColumnType::Text, Text(code)) => Currency::parse(code)
                .map(|currency| Cell::Text(currency.code().to_owned()))
                .ok_or_else(|| ("BAD_CURRENCY", "must be an ISO 4217 code such as EUR".to_owned())),
            (Shape::Day, _, Text(day)) => {
                Day::parse(day).map(|day| Cell::Text(day.to_string())).ok_or_else(|| ("BAD_DAY", Day::MUST.to_owned()))
            }
            (Shape::Instant, _, Text(instant)) => Instant::parse(instant)
                .map(|instant| Cell::Int(instant.micros()))
                .ok_or_else(|| ("BAD_INSTANT", "must be an instant such as 2026-01-31T09:30:00Z".to_owned())),
            (_, _, literal) => Err(("WRONG_TYPE", format!("must be {}, not {}", self.wanted(), literal.what()))),
        }
    }

    /// Description of the expected value, for messages.
    fn wanted(&self) -> &'static str {
        match (&self.shape, self.ty) {
            (Shape::Bool, _) => "true or false",
            (Shape::Int { .. } | Shape::Long, _) => "a whole number",
            (Shape::Ratio { .. } | Shape::Money, ColumnType::Int) => "a number",
            (Shape::Day, _) => "a day in quotes, such as \"2026-01-31\"",
            (Shape::Instant, _) => "an instant in quotes, such as \"2026-01-31T09:30:00Z\"",
            _ => "a text in quotes",
        }
    }
}

pub(super) fn word_cell(word: &str, words: &[(&str, &str)]) -> Result<Cell, (&'static str, String)> {
    if words.iter().any(|(known, _)| *known == word) {
        return Ok(Cell::Text(word.to_owned()));
    }
    let choices: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
    Err(("UNKNOWN_WORD", format!("must be one of: {}", choices.join(", "))))
}

pub(super) fn ratio_cell(number: &str, max: u32) -> Result<Cell, (&'static str, String)> {
    let millionths = scaled(number, 6)?;
    if (0..=i64::from(max) * 1_000_000).contains(&millionths) {
        return Ok(Cell::Int(millionths));
    }
    Err(("OUT_OF_RANGE", format!("must be a number from 0 to {max}")))
}

/// Converts a decimal to an integer by moving the decimal point. Exact, unlike floating point.
pub(super) fn scaled(number: &str, places: usize) -> Result<i64, (&'static str, String)> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || !digits(decimals) {
        return Err(("BAD_NUMBER", "must be a plain decimal, without exponent or separators".to_owned()));
    }
    let decimals = decimals.trim_end_matches('0');
    match decimals.len() {
        over if over > places && places == 0 => return Err(("WRONG_TYPE", "must be a whole number".to_owned())),
        over if over > places => return Err(("TOO_PRECISE", format!("at most {places} decimals"))),
        _ => {}
    }
    format!("{whole}{decimals:0<places$}").parse().map_err(|_| ("OUT_OF_RANGE", "must fit in 64 bits".to_owned()))
}

/// Whether a text has the form of an id with this prefix.
pub(super) fn is_id(prefix: &str, text: &str) -> bool {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default().as_bytes();
    let digit = |b: &u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !b"ilou".contains(b));
    // The first digit carries only three bits.
    digits.len() == 26 && digits[0] <= b'7' && digits.iter().all(digit)
}

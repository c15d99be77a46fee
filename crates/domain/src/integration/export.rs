//! Lists as tables: which columns the fields of a kind become, and what stands in their cells.

use std::borrow::Cow;

use serde_json::{Map, Value};
use steerco_derive::words;

use crate::field::Shape;
use crate::mask::Mask;
use crate::resource::Kind;

/// File format of an exported list.
#[words]
pub enum ExportFormat {
    /// CSV (RFC 4180): UTF-8, commas, a header.
    Csv,
    /// One JSON object per line, in the form of the items of the list.
    Ndjson,
    /// Excel workbook with one sheet.
    Xlsx,
}

impl ExportFormat {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Text,
    Bool,
    /// A number, in decimal digits.
    Number,
    /// A calendar day.
    Day,
    /// An instant in UTC.
    Instant,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field; of money `field.amount` and `field.currency`, as filters name them.
    pub name: String,
    pub holds: Holds,
    field: &'static str,
    member: Option<&'static str>,
}

/// The columns of a kind, for the fields in the mask. Lists and objects stand in one column, as JSON.
pub fn columns(kind: &Kind, mask: Mask) -> Vec<Column> {
    let shown = kind.fields.iter().enumerate().filter(|(i, _)| mask.has(*i));
    let column = |field, member: Option<&'static str>, holds| {
        let name = member.map_or_else(|| String::from(field), |member| format!("{field}.{member}"));
        Column { name, holds, field, member }
    };
    let of_field = |(_, field): (usize, &crate::field::FieldSpec)| match (field.shape)() {
        Shape::Money => {
            vec![column(field.name, Some("amount"), Holds::Number), column(field.name, Some("currency"), Holds::Text)]
        }
        Shape::Bool => vec![column(field.name, None, Holds::Bool)],
        Shape::Int { .. } | Shape::Long | Shape::Ratio { .. } => vec![column(field.name, None, Holds::Number)],
        Shape::Day => vec![column(field.name, None, Holds::Day)],
        Shape::Instant => vec![column(field.name, None, Holds::Instant)],
        _ => vec![column(field.name, None, Holds::Text)],
    };
    shown.flat_map(of_field).collect()
}

impl Column {
    /// What a resource, as it is on the wire, has in this column.
    pub fn cell<'a>(&self, resource: &'a Map<String, Value>) -> Option<Cow<'a, str>> {
        let value = resource.get(self.field)?;
        let value = match self.member {
            Some(member) => value.get(member)?,
            None => value,
        };
        match value {
            Value::Null => None,
            Value::String(text) => Some(text.as_str().into()),
            other => Some(other.to_string().into()),
        }
    }
}

/// What a spreadsheet might take for a formula. Apostrophes before it count too, so that a guard is known from a text
/// that had one already.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// A text for a cell of a CSV file: one that a spreadsheet might run as a formula begins with an apostrophe.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_risky(text) { format!("'{text}").into() } else { text.into() }
}

/// The text behind a guard.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Resource;
    use crate::risk::Risk;
    use serde_json::json;

    #[test]
    fn formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "＝1"] {
            let cell = guarded(text);
            assert!(cell.starts_with('\'') && cell.len() == text.len() + 1, "{text}");
            assert_eq!(unguarded(&cell), text);
        }
        for text in ["", "a=1", "'tis", " =1", "1-2", "'"] {
            assert_eq!((guarded(text).as_ref(), unguarded(text)), (text, text));
        }
    }

    #[test]
    fn money_stands_in_two_columns_and_lists_in_one() {
        let names: Vec<String> = columns(Risk::KIND, Mask::ALL).into_iter().map(|column| column.name).collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        assert!(has("expected_monetary_value.amount") && has("expected_monetary_value.currency"));
        assert!(has("labels") && !has("expected_monetary_value"));
        let resource = json!({"labels": {"a": "b"}, "probability": 0.25, "expected_monetary_value": {"amount": "1.5"}});
        let cell = |name: &str| {
            let column = columns(Risk::KIND, Mask::ALL).into_iter().find(|column| column.name == name).unwrap();
            column.cell(resource.as_object().unwrap()).map(Cow::into_owned)
        };
        assert_eq!(cell("labels").as_deref(), Some("{\"a\":\"b\"}"));
        assert_eq!(cell("probability").as_deref(), Some("0.25"));
        assert_eq!(cell("expected_monetary_value.amount").as_deref(), Some("1.5"));
        assert_eq!((cell("expected_monetary_value.currency"), cell("title")), (None, None));
        let title = Mask::of(Risk::KIND.fields, |field| field.name == "title");
        assert_eq!(columns(Risk::KIND, title).len(), 1);
    }
}

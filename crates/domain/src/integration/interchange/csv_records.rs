//! Lines of a CSV file as resources of any kind, as a mapping profile says; without one, columns are named like fields,
//! as in an export, `external_id` names the line, and `source_version` may number it.

use std::borrow::Cow;
use std::io::{self, BufRead};

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value, json};

use super::bounded::Bounded;
use super::{Link, Record, Sink};
use crate::csv_lines::{amount_text, beyond, day, decode, delimiter, example};
use crate::error::{Error, Fault, Reason};
use crate::export::unguarded;
use crate::field::{FieldSpec, Shape};
use crate::mapping_profile::{
    CsvDateFormat, CsvDelimiter, CsvEncoding, DecimalSeparator, MappingProfile, NegativeForm, ProfileField,
    ThousandsSeparator, settable,
};
use crate::money::{Currency, parse_amount};
use crate::resource::Kind;
use crate::text::Text;

/// Bytes of a row and what is read ahead of it.
const ROW_MAX: usize = 1 << 20;
/// The column that has the version of a line at its source.
const VERSION: &str = "source_version";
/// Columns a row may have.
const COLUMNS_MAX: usize = 1_000;

/// How a file is written.
pub struct Layout {
    pub kind: &'static Kind,
    delimiter: CsvDelimiter,
    encoding: CsvEncoding,
    skip_rows: usize,
    headerless: bool,
    date_format: CsvDateFormat,
    decimal: DecimalSeparator,
    thousands: Option<ThousandsSeparator>,
    negatives: Vec<NegativeForm>,
    currency: Option<Currency>,
    empty_clears: bool,
    external_id: String,
    /// None where the header itself names fields.
    fields: Option<Vec<ProfileField>>,
}

impl Layout {
    /// As a profile says.
    pub fn of(profile: &MappingProfile, kind: &'static Kind) -> Self {
        Self {
            kind,
            delimiter: profile.delimiter,
            encoding: profile.encoding,
            skip_rows: profile.skip_rows.and_then(|rows| usize::try_from(rows.get()).ok()).unwrap_or_default(),
            headerless: profile.headerless,
            date_format: profile.date_format,
            decimal: profile.decimal_separator,
            thousands: profile.thousands_separator,
            negatives: profile.negatives.clone(),
            currency: profile.currency,
            empty_clears: profile.empty_clears,
            external_id: profile.columns.external_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            fields: Some(profile.fields.clone()),
        }
    }

    /// As an export is written, with a column `external_id`.
    pub fn plain(kind: &'static Kind) -> Self {
        Self {
            kind,
            delimiter: CsvDelimiter::Comma,
            encoding: CsvEncoding::Utf8,
            skip_rows: 0,
            headerless: false,
            date_format: CsvDateFormat::Iso,
            decimal: DecimalSeparator::Point,
            thousands: None,
            negatives: Vec::new(),
            currency: None,
            empty_clears: false,
            external_id: "external_id".to_owned(),
            fields: None,
        }
    }

    /// Digits with a sign and a point, out of how numbers are written here.
    fn number(&self, text: &str) -> Result<String, String> {
        amount_text(text, self.decimal, self.thousands, &self.negatives)
    }
}

/// A column that brings a field.
struct Column {
    field: &'static FieldSpec,
    /// The whole name, with a member.
    name: String,
    member: Option<String>,
    place: Option<usize>,
    constant: Option<String>,
    percent: bool,
    /// What stands in the file, in lower case, and what it means.
    words: Vec<(String, String)>,
}

/// Where everything stands.
#[derive(Default)]
struct Table {
    /// How many columns the header has; none where there is no header.
    width: Option<usize>,
    external_id: usize,
    source_version: Option<usize>,
    columns: Vec<Column>,
}

type Cells<'a> = Vec<Option<Cow<'a, str>>>;

/// A row behind the end of every file. A quote that is left open takes it into its cell.
const END: &[u8] = b"\n\x1e\n";

/// Reads a file.
pub fn read(input: impl BufRead, layout: &Layout, sink: Sink<'_>) -> Result<(), Error> {
    let (bounded, budget) = Bounded::new(input);
    let mut builder = ReaderBuilder::new();
    builder.delimiter(delimiter(layout.delimiter)).has_headers(false).flexible(true);
    let mut reader = builder.from_reader(io::Read::chain(bounded, END));
    let (mut row, mut number) = (ByteRecord::new(), 0_usize);
    let mut table = if layout.headerless { Some(placed(layout, &[], sink)?) } else { None };
    loop {
        budget.grant(ROW_MAX);
        let refused = |error: csv::Error| {
            let detail =
                format!("row {}: {error}: a row has at most {ROW_MAX} bytes; is a quote left open?", number + 1);
            Error::new(Reason::Malformed, detail)
        };
        if !reader.read_byte_record(&mut row).map_err(refused)? {
            break;
        }
        if row.len() == 1 && row.get(0) == END.get(1..2) {
            if reader.read_byte_record(&mut row).map_err(refused)? {
                let detail = format!("row {} is nothing but the control character U+001E", number + 1);
                return Err(Error::new(Reason::Malformed, detail));
            }
            break;
        }
        number += 1;
        if row.iter().next_back().is_some_and(|cell| cell.ends_with(END)) {
            let line = row.position().map_or(0, csv::Position::line);
            let detail = format!("row {number}, line {line}: a quote that opens there is open at the end of the file");
            return Err(Error::new(Reason::Malformed, detail));
        }
        if number <= layout.skip_rows {
            continue;
        }
        if row.len() > COLUMNS_MAX {
            return Err(Error::new(Reason::Malformed, format!("row {number} has more than {COLUMNS_MAX} columns")));
        }
        let cells: Cells<'_> = row.iter().map(|cell| decode(layout.encoding, cell)).collect();
        match &table {
            None => {
                let names: Vec<&str> = cells.iter().map(|cell| cell.as_deref().unwrap_or_default().trim()).collect();
                table = Some(placed(layout, &names, sink)?);
            }
            Some(_) if cells.iter().all(|cell| cell.as_deref().is_some_and(|text| text.trim().is_empty())) => {}
            Some(table) => sink(line(layout, table, &cells, number))?,
        }
    }
    table.map(|_| ()).ok_or_else(|| Error::new(Reason::Malformed, "the file has no header"))
}

/// Where the columns stand. Those that bring nothing are told once.
fn placed(layout: &Layout, header: &[&str], sink: Sink<'_>) -> Result<Table, Error> {
    let mut faults = Vec::new();
    let place = |column: &str, at: &str, faults: &mut Vec<Fault>| find(layout, header, column, at, faults);
    let external_id = place(&layout.external_id, "/columns/external_id", &mut faults).unwrap_or_default();
    let width = (!layout.headerless).then_some(header.len());
    let mut table = Table { width, external_id, ..Table::default() };
    let mut others = Vec::new();
    match &layout.fields {
        Some(fields) => {
            for (i, said) in fields.iter().enumerate() {
                let column = said.column.as_ref().map(Text::as_str);
                let place = column.and_then(|column| place(column, &format!("/fields/{i}/column"), &mut faults));
                match settable(layout.kind, said.field.as_str()) {
                    Ok((field, member)) => table.columns.push(Column::new(field, member, place, said)),
                    Err((code, detail)) => faults.push(Fault::new(format!("/fields/{i}/field"), code, detail)),
                }
            }
        }
        None => {
            for (place, name) in header.iter().enumerate().filter(|(place, _)| *place != external_id) {
                match settable(layout.kind, name) {
                    _ if *name == VERSION => table.source_version = Some(place),
                    Ok((field, member)) => table.columns.push(Column::plain(field, member, place)),
                    Err((code, detail)) => others.push(Fault::new(format!("/{name:.100}"), code, detail)),
                }
            }
        }
    }
    if layout.fields.is_none() {
        let again = header.iter().enumerate().filter(|(i, name)| !name.is_empty() && header[..*i].contains(name));
        let kept = again.filter(|(_, name)| **name == VERSION || settable(layout.kind, name).is_ok());
        faults.extend(kept.map(|(_, name)| several(&format!("/{name:.100}"), name)));
    }
    let whole =
        |column: &Column| table.columns.iter().any(|it| it.field.name == column.field.name && it.member.is_none());
    let parts = table.columns.iter().filter(|column| column.member.is_some() && whole(column));
    faults.extend(parts.map(|column| {
        Fault::new(format!("/{}", column.name), "DUPLICATE", format!("{} is there as a whole, too", column.field.name))
    }));
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    if layout.fields.is_some() {
        let named = |place: usize| place == external_id || table.columns.iter().any(|c| c.place == Some(place));
        let others_of = header.iter().enumerate().filter(|(place, name)| !name.is_empty() && !named(*place));
        let detail = "the profile names no field for this column";
        others.extend(others_of.map(|(_, name)| Fault::new(format!("/{name:.100}"), "NOT_KEPT", detail)));
    }
    if !others.is_empty() {
        sink(Record::lost("the header", others))?;
    }
    Ok(table)
}

fn find(layout: &Layout, header: &[&str], column: &str, at: &str, faults: &mut Vec<Fault>) -> Option<usize> {
    if layout.headerless {
        return column.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    }
    let mut found = header.iter().enumerate().filter(|(_, text)| **text == column.trim()).map(|(place, _)| place);
    let first = found.next();
    match (first, found.next()) {
        (Some(place), None) => return Some(place),
        (Some(_), Some(_)) => faults.push(several(at, column)),
        (None, _) => {
            let shown: String = header.join(", ").chars().take(300).collect();
            let detail = format!("the header has no column {column:?}; it has: {shown}");
            faults.push(Fault::new(at, "NO_COLUMN", detail));
        }
    }
    None
}

fn several(at: &str, column: &str) -> Fault {
    Fault::new(at, "NO_COLUMN", format!("the header has several columns {column:?}"))
}

impl Column {
    fn plain(field: &'static FieldSpec, member: Option<&str>, place: usize) -> Self {
        let member = member.map(str::to_owned);
        let name = member.as_ref().map_or_else(|| field.name.to_owned(), |member| format!("{}.{member}", field.name));
        Self { field, name, member, place: Some(place), constant: None, percent: false, words: Vec::new() }
    }

    fn new(field: &'static FieldSpec, member: Option<&str>, place: Option<usize>, said: &ProfileField) -> Self {
        let words = said.words.iter().map(|word| (word.from.as_str().trim().to_lowercase(), word.to.to_string()));
        Self {
            place,
            constant: said.constant.as_ref().map(ToString::to_string),
            percent: said.percent,
            words: words.collect(),
            ..Self::plain(field, member, 0)
        }
    }

    /// What stands in a line; `None` where it is not in the encoding of the file.
    fn text<'a>(&'a self, cells: &'a Cells<'_>) -> Option<&'a str> {
        let cell = match (&self.constant, self.place.and_then(|place| cells.get(place))) {
            (Some(constant), _) => constant.as_str(),
            (None, Some(Some(text))) => unguarded(text.trim()),
            (None, Some(None)) => return None,
            (None, None) => "",
        };
        let lower = cell.to_lowercase();
        Some(self.words.iter().find(|(from, _)| *from == lower).map_or(cell, |(_, to)| to.as_str()))
    }
}

/// Money of a line, until its parts are together.
type Money = Vec<(&'static str, Map<String, Value>)>;

fn line(layout: &Layout, table: &Table, cells: &Cells<'_>, number: usize) -> Record {
    let mut record = Record { place: format!("row {number}"), kind: Some(layout.kind.name), ..Record::default() };
    let id = cells.get(table.external_id).and_then(|cell| cell.as_deref()).map(str::trim).unwrap_or_default();
    if id.is_empty() {
        record.faults.push(Fault::new("/external_id", "REQUIRED", "the line has no identifier"));
    }
    unguarded(id).clone_into(&mut record.external_id);
    record.faults.extend(table.width.and_then(|width| beyond(width, cells)));
    let version =
        table.source_version.and_then(|place| cells.get(place)?.as_deref()).map(str::trim).unwrap_or_default();
    match version.parse() {
        _ if version.is_empty() => {}
        Ok(version) => record.source_version = Some(version),
        Err(_) => record.faults.push(Fault::new("/source_version", "BAD_NUMBER", "must be a whole number")),
    }
    let mut money = Money::new();
    for column in &table.columns {
        match column.text(cells) {
            None => {
                let detail = "is not in the encoding that the file is said to have";
                record.faults.push(Fault::new(format!("/{}", column.name), "BAD_ENCODING", detail));
            }
            Some("") if layout.empty_clears => clear(column, &mut record),
            Some("") => {}
            Some(text) => put(layout, column, text, &mut record, &mut money),
        }
    }
    for (field, mut amount) in money {
        if let Some(currency) = layout.currency.filter(|_| !amount.contains_key("currency")) {
            amount.insert("currency".to_owned(), currency.code().into());
        }
        if amount.contains_key("amount") {
            record.body.insert(field.to_owned(), amount.into());
        }
    }
    record
}

/// Takes away what the column of an empty cell brings; money is there or not by its amount.
fn clear(column: &Column, record: &mut Record) {
    let field = column.field.name;
    match (&(column.field.shape)(), &column.member) {
        (Shape::Map { .. }, Some(member)) => {
            let members = record.body.entry(field).or_insert_with(|| json!({}));
            if let Some(members) = members.as_object_mut() {
                members.insert(member.clone(), Value::Null);
            }
        }
        (Shape::Money, Some(member)) if member != "amount" => {}
        _ => drop(record.body.insert(field.to_owned(), Value::Null)),
    }
}

fn put(layout: &Layout, column: &Column, text: &str, record: &mut Record, money: &mut Money) {
    let field = column.field.name;
    match (&(column.field.shape)(), &column.member) {
        (Shape::Money, Some(member)) => {
            let value =
                if member == "amount" { layout.number(text).and_then(|plain| exact(&plain)) } else { Ok(json!(text)) };
            match value {
                Ok(value) => {
                    if !money.iter().any(|(known, _)| *known == field) {
                        money.push((field, Map::new()));
                    }
                    let found = money.iter_mut().find(|(known, _)| *known == field);
                    if let Some((_, amount)) = found {
                        amount.insert(member.clone(), value);
                    }
                }
                Err(detail) => fault(record, column, "BAD_AMOUNT", text, &detail),
            }
        }
        (_, Some(member)) => {
            let members = record.body.entry(field).or_insert_with(|| json!({}));
            if let Some(members) = members.as_object_mut() {
                members.insert(member.clone(), json!(text));
            }
        }
        (shape, None) => match value(layout, column, shape, text) {
            Ok(Read::Value(value)) => drop(record.body.insert(field.to_owned(), value)),
            Ok(Read::Named(kind)) => {
                record.links.push(Link { field: field.to_owned(), kind, external_id: text.to_owned() });
            }
            Err((code, detail)) => fault(record, column, code, text, &detail),
        },
    }
}

fn fault(record: &mut Record, column: &Column, code: &'static str, text: &str, detail: &str) {
    let shown: String = text.chars().take(40).collect();
    record.faults.push(Fault::new(format!("/{}", column.name), code, format!("{shown:?}: {detail}")));
}

fn exact(plain: &str) -> Result<Value, String> {
    parse_amount(plain).map(|_| json!(plain)).map_err(str::to_owned)
}

/// What a cell came to.
enum Read {
    Value(Value),
    /// The identifier of another record, of this kind.
    Named(&'static str),
}

fn value(layout: &Layout, column: &Column, shape: &Shape, text: &str) -> Result<Read, (&'static str, String)> {
    let number = || {
        layout.number(text).map_err(|_| ("BAD_NUMBER", "is no number as the profile says they are written".to_owned()))
    };
    let value = match shape {
        Shape::Int { .. } => {
            let plain = number()?;
            let whole = plain.strip_suffix(".0").unwrap_or(&plain).parse::<i64>();
            json!(whole.map_err(|_| ("BAD_NUMBER", "must be a whole number".to_owned()))?)
        }
        Shape::Long => json!(number()?),
        Shape::Ratio { .. } => json!(ratio(&number()?, column.percent)?),
        Shape::Bool => match text.to_lowercase().as_str() {
            "true" | "yes" | "y" | "1" | "x" => json!(true),
            "false" | "no" | "n" | "0" => json!(false),
            _ => return Err(("BAD_FLAG", "must be true or false, yes or no, 1 or 0".to_owned())),
        },
        Shape::Day => match day(text, layout.date_format) {
            Some(day) => json!(day.to_string()),
            None => return Err(("BAD_DAY", format!("must be like {}", example(layout.date_format)))),
        },
        Shape::Word { words, .. } => {
            let plain = text.to_lowercase().replace([' ', '-'], "_");
            json!(words.iter().map(|(word, _)| *word).find(|word| *word == plain).unwrap_or(text))
        }
        Shape::Id { prefix } => return Ok(named(prefix, text)),
        Shape::List { .. } if !text.starts_with('[') => {
            json!(text.split(';').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>())
        }
        Shape::List { .. } | Shape::Map { .. } | Shape::Object { .. } => {
            serde_json::from_str(text).map_err(|_| ("BAD_JSON", "must be JSON".to_owned()))?
        }
        _ => json!(text),
    };
    Ok(Read::Value(value))
}

/// An id of ours, or the identifier of another record of the source.
fn named(prefix: &str, text: &str) -> Read {
    let kind = crate::KINDS.iter().find(|kind| kind.prefix == prefix);
    match kind.filter(|kind| crate::id::parse(kind.prefix, kind.name, text).is_err()) {
        Some(kind) => Read::Named(kind.name),
        None => Read::Value(json!(text)),
    }
}

/// A share of one, exactly: of a percentage the point moves by two.
fn ratio(plain: &str, percent: bool) -> Result<serde_json::Number, (&'static str, String)> {
    let bad = || ("BAD_NUMBER", "must be a number".to_owned());
    let moved = if percent {
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |digits| ("-", digits));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let padded = format!("{whole:0>3}");
        let (left, right) = padded.split_at(padded.len() - 2);
        format!("{sign}{left}.{right}{decimals}")
    } else {
        plain.to_owned()
    };
    moved.parse::<f64>().ok().and_then(serde_json::Number::from_f64).ok_or_else(bad)
}

#[cfg(test)]
#[path = "csv_records_tests.rs"]
mod tests;

//! Lines of actuals out of a CSV file, as a mapping profile says: bytes go in as they arrive, lines come out. Amounts are
//! read exactly, digit by digit.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::{Map, Value, json};

use crate::actuals_line::RawLine;
use crate::cost_coding::CostCoding;
use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::input::Input;
use crate::mapping_profile::{
    CsvDateFormat, CsvDelimiter, CsvEncoding, DecimalSeparator, MappingProfile, NegativeForm, ThousandsSeparator,
};
use crate::money::{Amount, Currency, parse_amount};
use crate::time::Day;

/// Bytes a row may have.
pub const ROW_MAX: usize = 64 * 1024;
/// Columns a row may have.
const COLUMNS_MAX: usize = 1_000;

/// Reads lines out of the bytes of a file.
pub struct CsvLines {
    profile: MappingProfile,
    /// The name of the batch, for lines without an identifier of their own.
    batch_ref: String,
    core: Reader,
    row: Vec<u8>,
    ends: Vec<usize>,
    filled: (usize, usize),
    /// Rows that are whole.
    rows: usize,
    columns: Vec<(&'static str, usize)>,
    /// How many columns the header has; any number where there is no header.
    width: usize,
}

impl CsvLines {
    pub fn new(profile: MappingProfile, batch_ref: &str) -> Self {
        let number = |column: &str| column.parse::<usize>().unwrap_or(1).saturating_sub(1);
        let placed = profile.columns.named().filter(|_| profile.headerless);
        let columns = placed.map(|(member, column)| (member, number(column))).collect();
        Self {
            core: ReaderBuilder::new().delimiter(delimiter(profile.delimiter)).build(),
            row: vec![0; ROW_MAX],
            ends: vec![0; COLUMNS_MAX],
            filled: (0, 0),
            rows: 0,
            columns,
            width: usize::MAX,
            batch_ref: batch_ref.to_owned(),
            profile,
        }
    }

    /// The lines that these bytes complete; no bytes at all end the file.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<RawLine>, Error> {
        if !bytes.is_empty() {
            return self.take(bytes, false);
        }
        // The end of a line ends a row, unless a quote is open.
        let mut lines = self.take(b"\n", false)?;
        if self.filled != (0, 0) {
            let detail = format!("row {}: a quote that opens there is open at the end of the file", self.rows + 1);
            return Err(Error::new(Reason::Malformed, detail));
        }
        lines.append(&mut self.take(&[], true)?);
        Ok(lines)
    }

    fn take(&mut self, mut bytes: &[u8], at_end: bool) -> Result<Vec<RawLine>, Error> {
        let mut lines = Vec::new();
        loop {
            let (written, ended) = self.filled;
            let (result, taken, more, ends) =
                self.core.read_record(bytes, &mut self.row[written..], &mut self.ends[ended..]);
            bytes = &bytes[taken..];
            self.filled = (written + more, ended + ends);
            match result {
                ReadRecordResult::Record => {
                    lines.extend(self.take_row()?);
                    self.filled = (0, 0);
                }
                ReadRecordResult::InputEmpty if !at_end => return Ok(lines),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::End => {
                    // A file without its header has no lines either.
                    return if self.columns.is_empty() { Err(self.no_header(&[])) } else { Ok(lines) };
                }
                ReadRecordResult::OutputFull => {
                    let detail = format!("row {} has more than {ROW_MAX} bytes: is a quote left open?", self.rows + 1);
                    return Err(Error::new(Reason::Malformed, detail));
                }
                ReadRecordResult::OutputEndsFull => {
                    let detail = format!("row {} has more than {COLUMNS_MAX} columns", self.rows + 1);
                    return Err(Error::new(Reason::Malformed, detail));
                }
            }
        }
    }

    fn take_row(&mut self) -> Result<Option<RawLine>, Error> {
        self.rows += 1;
        let skipped = self.profile.skip_rows.map_or(0, Whole::get);
        if usize::try_from(skipped).is_ok_and(|skipped| self.rows <= skipped) {
            return Ok(None);
        }
        let mut from = 0;
        let cells = self.ends[..self.filled.1].iter().map(|end| {
            let cell = &self.row[from..*end];
            from = *end;
            decode(self.profile.encoding, cell)
        });
        let cells: Vec<Option<Cow<'_, str>>> = cells.collect();
        if self.columns.is_empty() {
            self.columns = self.find_columns(&cells)?;
            self.width = cells.len();
            return Ok(None);
        }
        Ok(Some(RawLine { at: Some(("row", self.rows)), read: self.line(&cells) }))
    }

    fn find_columns(&self, cells: &[Option<Cow<'_, str>>]) -> Result<Vec<(&'static str, usize)>, Error> {
        let header: Vec<&str> = cells.iter().map(|cell| cell.as_deref().unwrap_or_default().trim()).collect();
        let place = |(member, column): (&'static str, &str)| {
            let mut found = header.iter().enumerate().filter(|(_, text)| **text == column.trim()).map(|(i, _)| i);
            Some((member, found.next()?)).filter(|_| found.next().is_none())
        };
        let columns: Option<Vec<_>> = self.profile.columns.named().map(place).collect();
        columns.ok_or_else(|| self.no_header(&header))
    }

    /// Every column that the header should have once and has not.
    fn no_header(&self, header: &[&str]) -> Error {
        let count = |column: &str| header.iter().filter(|text| **text == column.trim()).count();
        let shown: String = header.join(", ").chars().take(300).collect();
        let wrong = self.profile.columns.named().filter(|(_, column)| count(column) != 1);
        let fault = |(member, column): (&str, &str)| {
            let detail = match count(column) {
                0 => format!("row {} has no column {column:?}; it has: {shown}", self.rows),
                _ => format!("row {} has several columns {column:?}", self.rows),
            };
            Fault::new(format!("/columns/{member}"), "NO_COLUMN", detail)
        };
        Error::invalid(wrong.map(fault).collect())
    }

    /// The object of a line, or every cell that cannot be read.
    fn line(&self, cells: &[Option<Cow<'_, str>>]) -> Result<Value, Vec<Fault>> {
        let (mut line, mut coding, mut faults) = (Map::new(), Map::new(), Vec::new());
        let mut amounts = Amounts::new(&self.profile);
        faults.extend(beyond(self.width, cells));
        for (member, place) in &self.columns {
            let mut fault = |code, detail: String| {
                let detail = format!("column {}: {detail}", self.column(member, *place));
                let below = if is_of_coding(member) { "/coding" } else { "" };
                faults.push(Fault::new(format!("{below}/{member}"), code, detail));
            };
            let text = match cells.get(*place) {
                Some(Some(text)) => text.trim(),
                Some(None) => {
                    fault("BAD_ENCODING", "is not in the encoding that the profile names".to_owned());
                    continue;
                }
                None => "",
            };
            if text.is_empty() {
                continue;
            }
            let shown: String = text.chars().take(40).collect();
            match *member {
                "posted_on" => match day(text, self.profile.date_format) {
                    Some(day) => drop(line.insert((*member).to_owned(), day.to_string().into())),
                    None => fault("BAD_DAY", format!("{shown:?} must be like {}", example(self.profile.date_format))),
                },
                "amount" | "local_amount" | "group_amount" => match self.amount(text) {
                    Ok(found) => amounts.of(member).amount = Some(found),
                    Err(detail) => fault("BAD_AMOUNT", format!("{shown:?}: {detail}")),
                },
                "currency" | "local_currency" | "group_currency" => amounts.of(member).currency = Some(text.to_owned()),
                "net" | "tax" | "recoverable_tax" => match self.amount(text) {
                    Ok(found) => drop(coding.insert((*member).to_owned(), json!(found.to_string()))),
                    Err(detail) => fault("BAD_AMOUNT", format!("{shown:?}: {detail}")),
                },
                "spend" => drop(line.insert((*member).to_owned(), text.to_ascii_lowercase().into())),
                _ if is_of_coding(member) => drop(coding.insert((*member).to_owned(), text.into())),
                _ => drop(line.insert((*member).to_owned(), text.into())),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        amounts.put(&mut line);
        if !coding.is_empty() {
            line.insert("coding".to_owned(), Value::Object(coding));
        }
        if self.profile.columns.external_id.is_none() {
            line.insert("external_id".to_owned(), json!(format!("{}:{}", self.batch_ref, self.rows)));
        }
        Ok(Value::Object(line))
    }

    fn column(&self, member: &str, place: usize) -> String {
        let named = self.profile.columns.named().find(|(known, _)| *known == member);
        named.map_or_else(|| (place + 1).to_string(), |(_, column)| column.to_owned())
    }

    fn amount(&self, text: &str) -> Result<Amount, String> {
        let profile = &self.profile;
        let plain = amount_text(text, profile.decimal_separator, profile.thousands_separator, &profile.negatives)?;
        parse_amount(&plain).map(Amount::new).map_err(str::to_owned)
    }
}

/// Whether a member is one of how finance coded the line.
fn is_of_coding(member: &str) -> bool {
    CostCoding::FIELDS.iter().any(|field| field.name == member)
}

/// An amount of a line, as far as its cells tell it.
#[derive(Default)]
struct Stated {
    amount: Option<Amount>,
    currency: Option<String>,
}

/// Those of a line: of the transaction, of the books and of the group.
struct Amounts([(&'static str, Stated); 3]);

impl Amounts {
    fn new(profile: &MappingProfile) -> Self {
        let stated = |currency: Option<Currency>| {
            let currency = currency.map(|currency| currency.code().to_owned());
            Stated { amount: None, currency }
        };
        Self([
            ("amount", stated(profile.currency)),
            ("local_amount", stated(profile.local_currency)),
            ("group_amount", stated(profile.group_currency)),
        ])
    }

    /// The one that a column brings a member of.
    fn of(&mut self, member: &str) -> &mut Stated {
        let place = match member {
            "local_amount" | "local_currency" => 1,
            "group_amount" | "group_currency" => 2,
            _ => 0,
        };
        &mut self.0[place].1
    }

    /// Those of the books and of the group are absent where their cell is empty; without its own a line is refused.
    fn put(self, line: &mut Map<String, Value>) {
        for (name, Stated { amount, currency }) in self.0 {
            if name != "amount" && amount.is_none() {
                continue;
            }
            let amount = amount.map(|amount| ("amount".to_owned(), json!(amount.to_string())));
            let currency = currency.map(|currency| ("currency".to_owned(), json!(currency)));
            line.insert(name.to_owned(), Value::Object(amount.into_iter().chain(currency).collect()));
        }
    }
}

/// What stands behind the last column of the header belongs nowhere: mostly a separator that is not in quotes has moved
/// everything.
pub(crate) fn beyond(width: usize, cells: &[Option<Cow<'_, str>>]) -> Option<Fault> {
    let says = |cell: &Option<Cow<'_, str>>| cell.as_deref().is_none_or(|text| !text.trim().is_empty());
    let detail = || format!("the line has {} cells, the header {width}: is a separator not in quotes?", cells.len());
    cells.iter().skip(width).any(says).then(|| Fault::new("", "DOES_NOT_FIT", detail()))
}

pub(crate) const fn delimiter(delimiter: CsvDelimiter) -> u8 {
    match delimiter {
        CsvDelimiter::Comma => b',',
        CsvDelimiter::Semicolon => b';',
        CsvDelimiter::Tab => b'\t',
        CsvDelimiter::Pipe => b'|',
    }
}

pub(crate) fn decode(encoding: CsvEncoding, cell: &[u8]) -> Option<Cow<'_, str>> {
    match encoding {
        CsvEncoding::Utf8 => std::str::from_utf8(cell).ok().map(|text| text.trim_start_matches('\u{feff}').into()),
        CsvEncoding::Windows1252 => encoding_rs::WINDOWS_1252.decode_without_bom_handling_and_without_replacement(cell),
        CsvEncoding::Latin1 => Some(encoding_rs::mem::decode_latin1(cell)),
    }
}

/// The date in a text; `None` where it is written otherwise or no such day is.
pub(crate) fn day(text: &str, format: CsvDateFormat) -> Option<Day> {
    let parts = |separator| {
        let mut parts = text.split(separator);
        let three = [parts.next()?, parts.next()?, parts.next()?];
        let digits = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
        let fits = parts.next().is_none() && three.iter().all(digits);
        fits.then_some(three)
    };
    let [year, month, day] = match format {
        CsvDateFormat::Iso => return Day::parse(text),
        CsvDateFormat::YmdCompact => {
            let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
            return digits.then(|| Day::parse(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))).flatten();
        }
        CsvDateFormat::YmdSlash => parts('/')?,
        CsvDateFormat::DmySlash => parts('/').map(|[day, month, year]| [year, month, day])?,
        CsvDateFormat::MdySlash => parts('/').map(|[month, day, year]| [year, month, day])?,
        CsvDateFormat::DmyDot => parts('.').map(|[day, month, year]| [year, month, day])?,
        CsvDateFormat::DmyHyphen => parts('-').map(|[day, month, year]| [year, month, day])?,
    };
    // A year of two digits could be any century's.
    Day::parse(&format!("{year}-{month:0>2}-{day:0>2}"))
}

pub(crate) const fn example(format: CsvDateFormat) -> &'static str {
    match format {
        CsvDateFormat::Iso => "2008-04-30",
        CsvDateFormat::DmySlash => "30/04/2008",
        CsvDateFormat::MdySlash => "04/30/2008",
        CsvDateFormat::DmyDot => "30.04.2008",
        CsvDateFormat::DmyHyphen => "30-04-2008",
        CsvDateFormat::YmdSlash => "2008/04/30",
        CsvDateFormat::YmdCompact => "20080430",
    }
}

/// The amount as a plain decimal: sign, digits, a point, decimals.
pub(crate) fn amount_text(
    text: &str,
    decimal: DecimalSeparator,
    thousands: Option<ThousandsSeparator>,
    negatives: &[NegativeForm],
) -> Result<String, String> {
    let forms = [
        (NegativeForm::Minus, text.strip_prefix('-')),
        (NegativeForm::TrailingMinus, text.strip_suffix('-')),
        (NegativeForm::Parentheses, text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))),
    ];
    let named = |form| negatives.contains(&form) || (negatives.is_empty() && form == NegativeForm::Minus);
    let negative = forms.into_iter().find_map(|(form, rest)| rest.filter(|_| named(form)));
    let (sign, digits) = negative.map_or(("", text), |rest| ("-", rest.trim()));
    let point = match decimal {
        DecimalSeparator::Point => '.',
        DecimalSeparator::Comma => ',',
    };
    let (whole, decimals) = digits.split_once(point).map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let is_separator = |c: char| match thousands {
        None => false,
        Some(ThousandsSeparator::Point) => c == '.',
        Some(ThousandsSeparator::Comma) => c == ',',
        Some(ThousandsSeparator::Space) => matches!(c, ' ' | '\u{a0}' | '\u{202f}'),
        Some(ThousandsSeparator::Apostrophe) => matches!(c, '\'' | '\u{2019}'),
    };
    let groups: Vec<&str> = whole.split(is_separator).collect();
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let grouped = groups.len() == 1 || (groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3));
    if !groups.iter().all(|group| numeric(group)) || !decimals.is_none_or(numeric) {
        return Err("is no amount as the profile says they are written".to_owned());
    }
    if !grouped {
        return Err("digits must stand in groups of three between the thousands separators".to_owned());
    }
    Ok(format!("{sign}{}{}", groups.concat(), decimals.map(|rest| format!(".{rest}")).unwrap_or_default()))
}

#[cfg(test)]
#[path = "csv_lines_tests.rs"]
mod tests;

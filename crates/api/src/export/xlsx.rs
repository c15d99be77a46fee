//! Workbooks: typed cells under a frozen header. Rows go to a temporary file as they come, so that memory stays small.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bytes::Bytes;
use futures::{StreamExt, stream};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use steerco_domain::export::{Column, Holds};
use steerco_domain::{Cause, Error, Fault, Reason};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::spawn_blocking;

use super::{Pages, Pieces, rows};

/// Rows a sheet has, its header apart.
const ROWS_MAX: i64 = 1_048_575;
/// Characters a cell has.
const CELL_MAX: usize = 32_767;
/// Digits a number of a spreadsheet keeps.
const DIGITS_MAX: usize = 15;
/// Bytes that are sent at a time.
const PIECE: usize = 64 * 1024;

/// Refuses what does not fit into a sheet.
pub(super) fn check_rows(total: Option<i64>) -> Result<(), Error> {
    if total.is_some_and(|total| total > ROWS_MAX) {
        let detail = format!("a sheet has at most {ROWS_MAX} rows: narrow the list by a filter, or ask for csv");
        return Err(Error::invalid(vec![Fault::new("?format", "TOO_MANY", detail)]));
    }
    Ok(())
}

/// What is known of a sheet.
struct Sheet {
    name: String,
    table: Vec<Column>,
}

type Rows = Vec<Vec<Option<String>>>;

pub(super) fn pieces(pages: Pages, table: Vec<Column>, name: String) -> Pieces {
    let file = async move {
        let (to_sheet, rows_to_write) = channel::<Rows>(2);
        let sheet = Sheet { name, table: table.clone() };
        let writing = spawn_blocking(move || write(&sheet, rows_to_write));
        let mut pages = pages;
        while let Some(page) = pages.next().await {
            // Nobody takes them where the writer has failed; it says why.
            if to_sheet.send(rows(&page?, &table)).await.is_err() {
                break;
            }
        }
        drop(to_sheet);
        writing.await.map_err(|cause| Error::internal(cause))?
    };
    stream::once(file)
        .flat_map(|file| match file {
            Ok(file) => read(file),
            Err(error) => stream::iter([Err(error)]).boxed(),
        })
        .boxed()
}

fn read(file: File) -> Pieces {
    stream::try_unfold(file, |mut file| async move {
        let next = spawn_blocking(move || {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece)?;
            piece.truncate(read);
            Ok::<_, std::io::Error>((piece, file))
        });
        let (piece, file) = next.await.map_err(|cause| Error::internal(cause))?.map_err(|error| unwritten(&error))?;
        Ok::<_, Error>((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
    })
    .boxed()
}

/// Temporary files need a place that can be written to.
fn unwritten(error: &dyn std::error::Error) -> Error {
    Error::new(Reason::Internal, "the workbook could not be written; ask for csv").because(Cause::chain(error))
}

fn write(sheet: &Sheet, mut rows_to_write: Receiver<Rows>) -> Result<File, Error> {
    let mut workbook = Workbook::new();
    let formats = Formats::new();
    let page = workbook.add_worksheet_with_constant_memory().map_err(|error| unwritten(&error))?;
    begin(page, sheet).map_err(|error| unwritten(&error))?;
    let mut number = 0;
    while let Some(rows) = rows_to_write.blocking_recv() {
        for row in rows {
            number += 1;
            if i64::from(number) > ROWS_MAX {
                return Err(Error::new(Reason::TooLarge, "the list grew beyond the rows of a sheet while it was read"));
            }
            let cells = (0_u16..).zip(&row).zip(&sheet.table);
            for ((place, cell), column) in
                cells.filter_map(|((place, cell), column)| Some(((place, cell.as_ref()?), column)))
            {
                put(page, (number, place), cell, column.holds, &formats).map_err(|error| unwritten(&error))?;
            }
        }
    }
    let mut file = tempfile::tempfile().map_err(|error| unwritten(&error))?;
    workbook.save_to_writer(&mut file).map_err(|error| unwritten(&error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| unwritten(&error))?;
    Ok(file)
}

fn begin(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    // A name has at most 31 characters; all of ours are shorter.
    page.set_name(sheet.name.chars().take(31).collect::<String>())?;
    page.set_freeze_panes(1, 0)?;
    let bold = Format::new().set_bold();
    for (place, column) in (0_u16..).zip(&sheet.table) {
        let wide = if column.holds == Holds::Text { 24 } else { 14 };
        page.set_column_width(place, wide)?;
        page.write_string_with_format(0, place, &column.name, &bold)?;
    }
    Ok(())
}

struct Formats {
    day: Format,
    instant: Format,
}

impl Formats {
    fn new() -> Self {
        let format = |code: &str| Format::new().set_num_format(code);
        Self { day: format("yyyy-mm-dd"), instant: format("yyyy-mm-dd hh:mm:ss") }
    }
}

/// A cell of the type of its column; as text where a spreadsheet could not hold it. Text is never read as a formula.
fn put(
    page: &mut Worksheet,
    (row, place): (u32, u16),
    cell: &str,
    holds: Holds,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let typed = match holds {
        Holds::Text => None,
        Holds::Bool => cell.parse().ok().map(|flag| page.write_boolean(row, place, flag).map(|_| ())),
        Holds::Number => number(cell).map(|number| page.write_number(row, place, number).map(|_| ())),
        Holds::Day => date(cell).map(|day| page.write_datetime_with_format(row, place, &day, &formats.day).map(|_| ())),
        Holds::Instant => {
            instant(cell).map(|at| page.write_datetime_with_format(row, place, &at, &formats.instant).map(|_| ()))
        }
    };
    match typed {
        Some(written) => written,
        None if cell.chars().count() > CELL_MAX => {
            let told = format!("longer than the {CELL_MAX} characters of a cell: ask for csv or ndjson");
            page.write_string(row, place, told).map(|_| ())
        }
        None => page.write_string(row, place, cell).map(|_| ()),
    }
}

/// A number that keeps all of its digits.
fn number(cell: &str) -> Option<f64> {
    let digits = cell.trim_start_matches('-').trim_start_matches(['0', '.']);
    let digits = digits.bytes().filter(u8::is_ascii_digit).count();
    (digits <= DIGITS_MAX).then(|| cell.parse().ok()).flatten()
}

fn date(cell: &str) -> Option<ExcelDateTime> {
    let mut parts = cell.get(..10)?.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    ExcelDateTime::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// To the millisecond, which is all that a spreadsheet keeps.
fn instant(cell: &str) -> Option<ExcelDateTime> {
    let mut parts = cell.get(11..19)?.splitn(3, ':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let milli: u16 = cell.get(20..23).and_then(|milli| milli.parse().ok()).unwrap_or_default();
    let seconds = second.parse::<u8>().ok()?;
    date(cell)?.and_hms_milli(hour.parse().ok()?, minute.parse().ok()?, seconds, milli).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_or_stay_text() {
        assert_eq!(number("-12.5000"), Some(-12.5));
        assert_eq!(number("123456789012345"), Some(123_456_789_012_345.0));
        assert_eq!(number("1234567890123456"), None);
        assert_eq!(number("0.000001"), Some(0.000_001));
        assert_eq!(number("x"), None);
    }

    #[test]
    fn days_and_instants() {
        assert!(date("2026-02-28").is_some() && date("2026-02-30").is_none() && date("1850-01-01").is_none());
        assert!(instant("2026-02-28T09:30:00.123456Z").is_some() && instant("2026-02-28").is_none());
    }
}

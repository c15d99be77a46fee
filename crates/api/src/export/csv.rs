//! Tables in text (RFC 4180).

use bytes::Bytes;
use csv::{Terminator, Writer, WriterBuilder};
use futures::{StreamExt, stream};
use steerco_domain::Error;
use steerco_domain::export::{Column, Holds, guarded};
use steerco_service::Page;

use super::{Pages, Pieces, rows};

pub(super) fn pieces(pages: Pages, table: Vec<Column>) -> Pieces {
    let header = written(|csv| csv.write_record(table.iter().map(|column| column.name.as_str())));
    let lines = pages.map(move |page| lines(&page?, &table));
    stream::iter([header]).chain(lines).boxed()
}

fn lines(page: &Page, table: &[Column]) -> Result<Bytes, Error> {
    let rows = rows(page, table);
    written(|csv| {
        for row in &rows {
            let cells = row.iter().zip(table).map(|(cell, column)| {
                let text = cell.as_deref().unwrap_or_default();
                // A number below zero is no formula.
                if column.holds == Holds::Text { guarded(text) } else { text.into() }
            });
            let cells: Vec<_> = cells.collect();
            csv.write_record(cells.iter().map(|cell| cell.as_bytes()))?;
        }
        Ok(())
    })
}

fn written(write: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> Result<Bytes, Error> {
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let written = write(&mut csv).map_err(|error| error.to_string());
    let bytes = written.and_then(|()| csv.into_inner().map_err(|error| error.to_string()));
    bytes.map(Bytes::from).map_err(|cause| Error::internal(format!("rows cannot be encoded as CSV: {cause}")))
}

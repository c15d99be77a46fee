//! Lists as files, for both doors: bytes in pieces, page after page, never a whole file in memory.

mod csv;
mod ndjson;
mod xlsx;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use steerco_domain::export::{Column, ExportFormat, columns};
use steerco_domain::resource::Kind;
use steerco_domain::{AnyBox, Error, KINDS, RECORDS, find_kind};
use steerco_service::{Caller, Export, ListArgs, Page, Service};

/// A file on its way.
pub(crate) struct Exported {
    pub(crate) format: ExportFormat,
    pub(crate) file_name: String,
    /// Cursor of the feed from which everything after this list follows.
    pub(crate) sync_token: String,
    pub(crate) pieces: Pieces,
}

/// The bytes of a file.
pub(crate) type Pieces = BoxStream<'static, Result<Bytes, Error>>;

/// The pages of a list, the first among them.
type Pages = BoxStream<'static, Result<Page, Error>>;

pub(crate) async fn export(
    service: &Service,
    kind: &'static Kind,
    caller: &Caller,
    args: ListArgs,
    format: ExportFormat,
) -> Result<Exported, Error> {
    let args = ListArgs { include_total: format == ExportFormat::Xlsx, ..args };
    let Export { first, rest } = service.export(kind, caller, args).await?;
    let (sync_token, table) = (first.sync_token.clone(), columns(kind, first.mask));
    if format == ExportFormat::Xlsx {
        xlsx::check_rows(first.total)?;
    }
    let pages = stream::iter([Ok(first)]).chain(rest).boxed();
    let pieces = match format {
        ExportFormat::Csv => csv::pieces(pages, table),
        ExportFormat::Ndjson => ndjson::pieces(pages),
        ExportFormat::Xlsx => xlsx::pieces(pages, table, kind.path()),
    };
    let word = steerco_domain::words::Words::word(format);
    Ok(Exported { format, file_name: format!("{}.{word}", kind.path()), sync_token, pieces })
}

/// The same of the kind with this name.
pub(crate) async fn export_kind(
    service: &Service,
    caller: &Caller,
    kind: &str,
    args: ListArgs,
    format: ExportFormat,
) -> Result<Exported, Error> {
    let Some(kind) = find_kind(kind) else {
        let known: Vec<&str> = KINDS.iter().chain(RECORDS).map(|kind| kind.name).collect();
        return Err(Error::fault("/kind", "UNKNOWN_KIND", steerco_domain::input::unknown_name(kind, &known)));
    };
    export(service, kind, caller, args, format).await
}

/// The rows of a page: a cell for each column, where there is something to say.
fn rows(page: &Page, table: &[Column]) -> Vec<Vec<Option<String>>> {
    let row = |resource: &AnyBox| {
        let object = resource.to_object(page.mask);
        table.iter().map(|column| column.cell(&object).map(std::borrow::Cow::into_owned)).collect()
    };
    page.items.iter().map(row).collect()
}

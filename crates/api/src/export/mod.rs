//! Lists as files, for both doors: bytes in pieces, page after page, never a whole file in memory.

mod csv;
mod ndjson;
mod xlsx;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Map, Value};
use steerco_domain::export::{Column, ExportFormat, columns};
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::mask::View;
use steerco_domain::{Error, Resource};
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
type Pages<R> = BoxStream<'static, Result<Page<R>, Error>>;

pub(crate) async fn export<R: Resource>(
    service: &Service,
    caller: &Caller,
    args: ListArgs,
    format: ExportFormat,
) -> Result<Exported, Error> {
    let args = ListArgs { include_total: format == ExportFormat::Xlsx, ..args };
    let Export { first, rest } = service.export::<R>(caller, args).await?;
    let (sync_token, table) = (first.sync_token.clone(), columns(R::KIND, first.mask));
    if format == ExportFormat::Xlsx {
        xlsx::check_rows(first.total)?;
    }
    let pages = stream::iter([Ok(first)]).chain(rest).boxed();
    let pieces = match format {
        ExportFormat::Csv => csv::pieces(pages, table),
        ExportFormat::Ndjson => ndjson::pieces(pages),
        ExportFormat::Xlsx => xlsx::pieces(pages, table, R::KIND.path()),
    };
    let word = steerco_domain::words::Words::word(format);
    Ok(Exported { format, file_name: format!("{}.{word}", R::KIND.path()), sync_token, pieces })
}

macro_rules! of_any_kind {
    ([] $($module:ident::$name:ident),* $(,)?) => {
        /// The same of the kind with this name.
        pub(crate) async fn export_kind(
            service: &Service,
            caller: &Caller,
            kind: &str,
            args: ListArgs,
            format: ExportFormat,
        ) -> Result<Exported, Error> {
            $(if kind == <steerco_domain::$module::$name as Resource>::KIND.name {
                return Box::pin(export::<steerco_domain::$module::$name>(service, caller, args, format)).await;
            })*
            if kind == LedgerEntry::KIND.name {
                return export::<LedgerEntry>(service, caller, args, format).await;
            }
            let known: Vec<&str> =
                steerco_domain::KINDS.iter().chain(steerco_domain::RECORDS).map(|kind| kind.name).collect();
            Err(Error::fault("/kind", "UNKNOWN_KIND", steerco_domain::input::unknown_name(kind, &known)))
        }
    };
}
steerco_domain::for_each_resource!(of_any_kind);

/// The rows of a page: a cell for each column, where there is something to say.
fn rows<R: Resource>(page: &Page<R>, table: &[Column]) -> Result<Vec<Vec<Option<String>>>, Error> {
    let row = |resource: &R| {
        let object = object(&View { resource, mask: page.mask })?;
        Ok(table.iter().map(|column| column.cell(&object).map(std::borrow::Cow::into_owned)).collect())
    };
    page.items.iter().map(row).collect()
}

fn object<R: Resource>(view: &View<'_, R>) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(view) {
        Ok(Value::Object(object)) => Ok(object),
        other => {
            tracing::error!(?other, "a resource cannot be written as a JSON object");
            Err(Error::internal())
        }
    }
}

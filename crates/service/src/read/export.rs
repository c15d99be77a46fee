//! Exports a complete list, page by page as the caller reads it.

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use steerco_domain::Error;
use steerco_domain::resource::Kind;

use crate::{Caller, ListArgs, Page, Service};

/// Number of rows in memory at a time.
const ROWS: i64 = 500;

/// A complete list. Rights are read with every page, so that the export ends when a right is revoked.
pub struct Export {
    /// The first page, so that errors in the arguments are reported before anything is sent.
    pub first: Page,
    /// The pages after the first.
    pub rest: BoxStream<'static, Result<Page, Error>>,
}

impl Service {
    /// Reads a list from beginning to end. Page size and page token of the arguments are ignored.
    pub fn export<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        args: ListArgs,
    ) -> BoxFuture<'a, Result<Export, Error>> {
        Box::pin(async move {
            let args = ListArgs { page_size: Some(ROWS), page_token: None, ..args };
            let first = self.list_any(kind, caller, &args).await?;
            let args = ListArgs { include_total: false, ..args };
            let next = first.next_page_token.clone();
            let state = (self.clone(), kind, caller.clone(), args, next);
            let rest = stream::try_unfold(state, |(service, kind, caller, args, next)| async move {
                let Some(token) = next else { return Ok(None) };
                let args = ListArgs { page_token: Some(token), ..args };
                let page = service.list_any(kind, &caller, &args).await?;
                let next = page.next_page_token.clone();
                Ok::<_, Error>(Some((page, (service, kind, caller, args, next))))
            });
            Ok(Export { first, rest: rest.boxed() })
        })
    }
}

//! One JSON object a line.

use bytes::Bytes;
use futures::StreamExt;
use steerco_domain::Error;
use steerco_service::Page;

use super::{Pages, Pieces};

pub(super) fn pieces(pages: Pages) -> Pieces {
    pages.map(|page| lines(&page?)).boxed()
}

fn lines(page: &Page) -> Result<Bytes, Error> {
    let mut lines = Vec::new();
    for resource in &page.items {
        resource.write_json(page.mask, &mut lines).map_err(|error| {
            tracing::error!(%error, "a resource cannot be written as JSON");
            Error::internal()
        })?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}

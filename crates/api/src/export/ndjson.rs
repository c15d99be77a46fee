//! One JSON object a line.

use bytes::Bytes;
use futures::StreamExt;
use steerco_domain::mask::View;
use steerco_domain::{Error, Resource};
use steerco_service::Page;

use super::{Pages, Pieces};

pub(super) fn pieces<R: Resource>(pages: Pages<R>) -> Pieces {
    pages.map(|page| lines(&page?)).boxed()
}

fn lines<R: Resource>(page: &Page<R>) -> Result<Bytes, Error> {
    let mut lines = Vec::new();
    for resource in &page.items {
        let view = View { resource, mask: page.mask };
        serde_json::to_writer(&mut lines, &view).map_err(|error| {
            tracing::error!(%error, "a resource cannot be written as JSON");
            Error::internal()
        })?;
        lines.push(b'\n');
    }
    Ok(lines.into())
}

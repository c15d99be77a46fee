//! One JSON object a line.

use bytes::Bytes;
use futures::StreamExt;
use steerco_service::Page;

use super::{Pages, Pieces};

pub(super) fn pieces(pages: Pages) -> Pieces {
    pages.map(|page| page.map(|page| lines(&page))).boxed()
}

fn lines(page: &Page) -> Bytes {
    let mut lines = Vec::new();
    for resource in &page.items {
        resource.write_json(page.mask, &mut lines);
        lines.push(b'\n');
    }
    lines.into()
}

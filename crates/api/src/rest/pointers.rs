//! Pointers of a batch. The service counts items; a pointer into the request also names the part of the item.

use steerco_domain::Error;
use steerco_service::BatchItem;

/// Where the body of each item stands below it.
pub(super) fn parts(items: &[BatchItem]) -> Vec<&'static str> {
    let part = |item: &BatchItem| match item {
        BatchItem::Create { .. } => "/create",
        BatchItem::Update { .. } => "/update/patch",
        BatchItem::Upsert { .. } => "/upsert/body",
        BatchItem::Delete { .. } => "/delete",
    };
    items.iter().map(part).collect()
}

/// Of an item that was refused alone: its pointers count from the item.
pub(super) fn placed(mut error: Error, index: usize, parts: &[&'static str]) -> Error {
    for fault in &mut error.faults {
        let pointer = format!("/items/{index}{}", fault.pointer);
        if error.detail.starts_with(&format!("{}: ", fault.pointer)) {
            error.detail.insert_str(0, &format!("/items/{index}"));
        }
        fault.pointer = pointer;
    }
    complete(error, parts)
}

/// Puts the part into every pointer below an item: `/items/17/title` → `/items/17/create/title`.
pub(super) fn complete(mut error: Error, parts: &[&'static str]) -> Error {
    for fault in &mut error.faults {
        if let Some(pointer) = completed(&fault.pointer, parts) {
            if error.detail.starts_with(&fault.pointer) {
                error.detail = format!("{pointer}{}", &error.detail[fault.pointer.len()..]);
            }
            fault.pointer = pointer;
        }
    }
    error
}

fn completed(pointer: &str, parts: &[&'static str]) -> Option<String> {
    let (index, below) = pointer.strip_prefix("/items/")?.split_once('/')?;
    let part = parts.get(index.parse::<usize>().ok()?)?;
    let own = matches!(below, "id" | "if_match" | "source" | "external_id" | "source_version");
    let part = match (own, *part) {
        (true, "/update/patch") => "/update",
        (true, "/upsert/body") => "/upsert",
        (_, part) => part,
    };
    (!below.starts_with(part.get(1..7)?)).then(|| format!("/items/{index}{part}/{below}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_into_the_request() {
        let parts = ["/create", "/update/patch", "/upsert/body"];
        let error = complete(Error::fault("/items/0/title", "X", "is wrong"), &parts);
        assert_eq!(error.detail, "/items/0/create/title: is wrong");
        let at = |pointer| complete(Error::fault(pointer, "X", "y"), &parts).faults[0].pointer.clone();
        assert_eq!(at("/items/1/title"), "/items/1/update/patch/title");
        assert_eq!(at("/items/1/if_match"), "/items/1/update/if_match");
        assert_eq!(at("/items/2/external_id"), "/items/2/upsert/external_id");
        assert_eq!(at("/items/0/create/title"), "/items/0/create/title");
        assert_eq!(at("/items/9/title"), "/items/9/title");
        assert_eq!(at("/partial"), "/partial");
        let alone = placed(Error::fault("/title", "X", "is wrong"), 1, &parts);
        assert_eq!(alone.detail, "/items/1/update/patch/title: is wrong");
        assert_eq!(placed(Error::fault("", "X", "y"), 2, &parts).faults[0].pointer, "/items/2");
    }
}

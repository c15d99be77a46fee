//! Reading: get, list, revisions.
use steerco_domain::mask::Mask;
use steerco_domain::{Error, Resource};
use crate::{Caller, ListArgs, ReadArgs, Service};

/// A resource as the caller sees it.
#[derive(Clone, Debug)]
pub struct Seen<R> {
    pub resource: R,
    /// The fields the caller sees and asked for.
    pub mask: Mask,
    /// Strong validator over what this caller sees, without quotes.
    pub etag: String,
    /// Whether `fields` trimmed the answer.
    pub trimmed: bool,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<R> {
    pub items: Vec<R>,
    /// The fields the caller sees and asked for, in every item.
    pub mask: Mask,
    pub next_page_token: Option<String>,
    pub total: Option<i64>,
    /// Cursor of the feed from which everything after this list follows.
    pub sync_token: String,
    pub trimmed: bool,
}

impl Service {
    pub async fn get<R: Resource>(&self, caller: &Caller, id: &str, args: &ReadArgs) -> Result<Seen<R>, Error> { todo!() }
    /// By external reference.
    pub async fn get_by_ref<R: Resource>(&self, caller: &Caller, source: &str, external_id: &str, args: &ReadArgs) -> Result<Seen<R>, Error> { todo!() }
    pub async fn list<R: Resource>(&self, caller: &Caller, args: &ListArgs) -> Result<Page<R>, Error> { todo!() }
    /// All versions of one resource, newest first. Only page_size, page_token and read.fields of the arguments count.
    pub async fn revisions<R: Resource>(&self, caller: &Caller, id: &str, args: &ListArgs) -> Result<Page<R>, Error> { todo!() }
}

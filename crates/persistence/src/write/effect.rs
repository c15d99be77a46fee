//! Effects of a decision, as one list: changes of resources and what is written with them.

use crate::blob::{self, Link};
use crate::conn::Conn;
use crate::consumer::Moved;
use crate::fail::Fail;
use crate::flush::{Change, SourceVersion};
use crate::ledger::Postings;
use crate::webhook::Setting;

/// One effect. Effects are written by variant, in the order of the declaration; effects of one variant in the order of
/// the list.
#[derive(Clone)]
pub enum Effect {
    /// A change that is logged before the resources of the request, so that ledger entries have a later number.
    Before(Change),
    /// A change of a resource of the request.
    Change(Change),
    /// A change that is logged after the resources of the request, because it refers to one of them.
    After(Change),
    /// Entries added to the ledger.
    Posting(Postings),
    SourceVersion(SourceVersion),
    /// A content that is linked with the changes; without changes it is not linked.
    Link(Link),
    /// A consumer of the feed that is moved.
    Moved(Moved),
    /// A change of webhook sending.
    Webhook(Setting),
    /// The secret of an account, as its hash.
    Credential {
        account: String,
        hash: String,
    },
}

impl Effect {
    pub const fn is_change(&self) -> bool {
        matches!(self, Self::Before(_) | Self::Change(_) | Self::After(_))
    }
}

/// Rejects effects that exceed a quota, before anything is written.
pub async fn check(conn: &Conn, org: &str, effects: &[Effect]) -> Result<(), Fail> {
    if !effects.iter().any(Effect::is_change) {
        return Ok(());
    }
    for effect in effects {
        if let Effect::Link(link) = effect {
            blob::check_quota(conn, org, link).await?;
        }
    }
    Ok(())
}

/// Effects grouped by variant.
#[derive(Default)]
pub(crate) struct Sorted {
    /// In the order in which they are logged.
    pub(crate) changes: Vec<Change>,
    pub(crate) postings: Option<Postings>,
    pub(crate) source_versions: Vec<SourceVersion>,
    pub(crate) links: Vec<Link>,
    pub(crate) moved: Vec<Moved>,
    pub(crate) webhooks: Vec<Setting>,
    pub(crate) credentials: Vec<(String, String)>,
}

impl Sorted {
    pub(crate) fn of(effects: Vec<Effect>) -> Self {
        let mut sorted = Self::default();
        let (mut named, mut after) = (Vec::with_capacity(effects.len()), Vec::new());
        for effect in effects {
            match effect {
                Effect::Before(change) => sorted.changes.push(change),
                Effect::Change(change) => named.push(change),
                Effect::After(change) => after.push(change),
                Effect::Posting(more) => {
                    sorted.postings = Some(match sorted.postings.take() {
                        Some(postings) => postings.and(more),
                        None => more,
                    });
                }
                Effect::SourceVersion(version) => sorted.source_versions.push(version),
                Effect::Link(link) => sorted.links.push(link),
                Effect::Moved(moved) => sorted.moved.push(moved),
                Effect::Webhook(setting) => sorted.webhooks.push(setting),
                Effect::Credential { account, hash } => sorted.credentials.push((account, hash)),
            }
        }
        sorted.changes.append(&mut named);
        sorted.changes.append(&mut after);
        if sorted.changes.is_empty() {
            sorted.links.clear();
        }
        sorted
    }
}

//! Digests of collections, by which a client verifies that its copy is complete and correct.
//!
//! Each resource is a line: its id, a space, its version and a line feed. Lines are ordered by id; the digest is the
//! SHA-256 over all lines, in hexadecimal. The version is the revision. Revisions are not visible to partners: for them
//! the version is the SHA-256 of the resource in canonical JSON (RFC 8785).

use futures::future::BoxFuture;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use steerco_derive::answer;
use steerco_domain::access::TABLE;
use steerco_domain::error::Fault;
use steerco_domain::event_type::check_kinds;
use steerco_domain::field::Long;
use steerco_domain::hex::hex;
use steerco_domain::list::parse_order;
use steerco_domain::mask::Mask;
use steerco_domain::resource::Kind;
use steerco_domain::{Error, KINDS};
use steerco_persistence::query::{self, ListQuery, Moment};
use steerco_persistence::scope::authorise;
use steerco_persistence::{Access, Conn, Fail, Scope, digest, log};

use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::parameter::{AT, FILTER, KINDS as KINDS_WANTED, SHOW_DELETED};
use crate::read::plan_list;
use crate::token::Cursor;
use crate::visibility::FEED;
use crate::{Caller, DigestArgs, ListArgs, Service};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "get_digest",
    service: "Event",
    permission: Some(FEED),
    path: "/v1/digest",
    under: Under::Tag("events"),
    summary: "Compute digests of collections",
    doc: "One digest per kind, all of the same moment. A client computes the same digests over its own copy to verify \
          that it missed nothing. With `at`, the digests are of the moment of a cursor of the feed, so that a copy can \
          be compared while others write.",
    parameters: &[&KINDS_WANTED, &FILTER, &SHOW_DELETED, &AT],
    answer: AnswerDoc::of::<Digest>("The digests."),
    refusals: &[410],
    ..Operation::get(|service, context, mut arguments| {
        let args = DigestArgs {
            kinds: arguments.names(&KINDS_WANTED),
            filter: arguments.text(&FILTER),
            show_deleted: arguments.flag(&SHOW_DELETED),
            at: arguments.text(&AT),
        };
        Box::pin(async move { Ok(Answered::of(service.digest(&context.caller, &args).await?)) })
    })
}];

/// Digest of one collection.
#[answer]
#[derive(Clone, Debug)]
pub struct CollectionDigest {
    /// Kind of the resources.
    pub kind: &'static str,
    /// Number of visible resources.
    pub count: Long,
    /// Number of the last event of any of the resources; absent where there is none, and for partners.
    pub max_seq: Option<Long>,
    /// SHA-256, in hexadecimal, over one line per resource, ordered by id: its id, a space, its version and a line feed.
    /// The version is the revision; for partners it is the SHA-256 of the resource in canonical JSON (RFC 8785).
    pub hash: String,
}

/// Digests of collections at the same moment.
#[answer]
#[derive(Clone, Debug)]
pub struct Digest {
    /// One digest per kind.
    pub collections: Vec<CollectionDigest>,
    /// Number of the last event that the digests include; absent for partners.
    pub max_seq: Option<Long>,
    /// Cursor of the same position in the feed.
    pub cursor: String,
}

impl Service {
    /// The digests of collections, over the resources that are visible to the caller.
    pub fn digest<'a>(&'a self, caller: &'a Caller, args: &'a DigestArgs) -> BoxFuture<'a, Result<Digest, Error>> {
        Box::pin(async move {
            let conn = self.inner.database.snapshot(caller.organisation()).await.map_err(Fail::into_error)?;
            let digests = self.digest_in(&conn, caller, args).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(digests)
        })
    }

    async fn digest_in(&self, conn: &Conn, caller: &Caller, args: &DigestArgs) -> Result<Digest, Fail> {
        let org = caller.organisation();
        // Read first, so that the position matches the rows.
        let head = log::head_in(conn, org).await?;
        let (access, feed) = self.authorise(conn, caller, FEED).await?;
        check_args(args)?;
        let seq = match args.at.as_deref().filter(|text| !text.is_empty()) {
            Some(cursor) => self.position(conn, org, cursor, &head).await?,
            None => head.seq,
        };
        let moment = if seq == head.seq { Moment::Now } else { Moment::Known { seq } };
        let mut collections = Vec::new();
        let named = |kind: &&&Kind| args.kinds.is_empty() || args.kinds.iter().any(|name| name == kind.name);
        for kind in KINDS.iter().copied().filter(|kind| named(&kind)) {
            match self.read_scope(caller, &access, kind) {
                Ok(scope) => collections.push(of_kind(conn, &scope, kind, args, moment).await?),
                // A request for all kinds leaves out kinds without permission.
                Err(_) if args.kinds.is_empty() => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        Ok(Digest {
            collections,
            max_seq: (!feed.is_partner()).then_some(Long(seq)),
            cursor: self.seal_cursor(caller, Cursor { epoch: head.epoch, seq }),
        })
    }

    fn read_scope(&self, caller: &Caller, access: &Access, kind: &Kind) -> Result<Scope, Error> {
        let row = TABLE.iter().find(|row| row.kind == kind.name && row.action == "read");
        let row = row.ok_or_else(|| Error::internal("the permission of a digest is missing"))?;
        authorise(caller.organisation(), access, caller.narrow(), row, self.inner.clock.now())
    }
}

fn check_args(args: &DigestArgs) -> Result<(), Error> {
    let mut faults = Vec::new();
    check_kinds(args.kinds.iter().map(String::as_str), |_| "?kinds".to_owned(), &mut faults);
    if args.filter.is_some() && args.kinds.len() != 1 {
        let detail = "a filter requires exactly one kind";
        faults.push(Fault::new("?filter", "DOES_NOT_FIT", detail));
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

async fn of_kind(
    conn: &Conn,
    scope: &Scope,
    kind: &'static Kind,
    args: &DigestArgs,
    moment: Moment,
) -> Result<CollectionDigest, Fail> {
    let mask = scope.mask(kind);
    let list = ListArgs { filter: args.filter.clone(), ..ListArgs::default() };
    let plan = plan_list(kind, &list, mask)?;
    let filter = plan.filter.as_ref();
    let query = ListQuery { filter, order: &plan.order, after: None, limit: 0, show_deleted: args.show_deleted };
    let mut sum = Sum::default();
    if scope.sees_private() {
        let add = |id: &str, revision: i64, seq: i64| {
            sum.add(id, &revision.to_string());
            sum.max_seq = sum.max_seq.max(Some(seq));
        };
        digest::for_each_revision(conn, scope, kind, &query, moment, add).await?;
        return Ok(sum.done(kind));
    }
    // Resources whose revision is not visible to the caller; there are few.
    let by_id = parse_order(Some("id"), kind, Mask::ALL).map_err(Error::invalid)?;
    let query = ListQuery { order: &by_id, limit: u32::MAX, ..query };
    for resource in query::list(conn, scope, kind, &query, moment).await? {
        let mut text = String::new();
        canonical(&Value::Object(resource.to_object(mask)), &mut text);
        sum.add(&resource.id_text(), &hex(&Sha256::digest(text)));
    }
    Ok(sum.done(kind))
}

/// Canonical JSON (RFC 8785): names sorted, no spaces, numbers as ECMAScript prints them. Numbers of the service are small
/// integers and ratios, which Rust prints the same way.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) if number.is_f64() => text.push_str(&number.as_f64().unwrap_or_default().to_string()),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { "," });
                canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (i, (name, member)) in members.into_iter().enumerate() {
                text.push_str(if i == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(member, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[derive(Default)]
struct Sum {
    count: i64,
    max_seq: Option<i64>,
    sha: Sha256,
}

impl Sum {
    fn add(&mut self, id: &str, version: &str) {
        self.count += 1;
        for part in [id, " ", version, "\n"] {
            self.sha.update(part);
        }
    }

    fn done(self, kind: &'static Kind) -> CollectionDigest {
        let Self { count, max_seq, sha } = self;
        CollectionDigest { kind: kind.name, count: Long(count), max_seq: max_seq.map(Long), hash: hex(&sha.finalize()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The example of RFC 8785, 3.2.2 and 3.2.3, reduced to JSON that this service can contain.
    #[test]
    fn json_is_written_as_the_rfc_has_it() {
        let mut text = String::new();
        let value = json!({
            "numbers": [333_333_333.333_333_3, 4.50, 0.002, 1.0, 0.000_001],
            "string": "\u{20ac}$\u{f}\nA'B\"\\\\\"/",
            "literals": [null, true, false],
        });
        canonical(&value, &mut text);
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,4.5,0.002,1,0.000001],\
                        \"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(text, expected);
    }
}

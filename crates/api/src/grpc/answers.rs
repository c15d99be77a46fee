//! What rpcs answer beside resources: pages, results of batches, refusals.

use steerco_domain::encode::{Encode, Encoder, MemberEncoder};
use steerco_domain::field::Long;
use steerco_domain::resource::Kind;
use steerco_domain::view::View;
use steerco_domain::{Error, Fault};
use steerco_service::{Outcome, Page, RecordResult, Seen, Upserted, Written};
use tonic::Response;

use super::call::set;

/// A message of the members that a function encodes.
pub(super) struct Object<F>(pub(super) F);

impl<F: Fn(&mut dyn MemberEncoder)> Encode for Object<F> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&self.0);
    }
}

/// A list of values.
pub(super) struct Items<T>(pub(super) Vec<T>);

impl<T: Encode> Encode for Items<T> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.list(&mut self.0.iter().map(|item| item as &dyn Encode));
    }
}

/// A page of a list. Its items are named after their kind.
pub(super) struct PageOf<'a>(pub(super) &'static Kind, pub(super) &'a Page);

impl Encode for PageOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let Self(kind, page) = self;
        let item = |resource| View { resource, mask: page.mask };
        let items = Items(page.items.iter().map(|resource| item(&**resource)).collect());
        to.object(&|members| {
            members.member(kind.plural, &items);
            members.member("next_page_token", &page.next_page_token);
            members.member("total", &page.total.map(Long));
            members.member("sync_token", &page.sync_token);
        });
    }
}

/// What a batch did, item by item.
pub(super) struct BatchOf<'a>(pub(super) &'static Kind, pub(super) &'a [Result<Written, Error>]);

impl Encode for BatchOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let results = Items(self.1.iter().map(|result| ItemOf(self.0, result)).collect());
        to.object(&|members| members.member("results", &results));
    }
}

struct ItemOf<'a>(&'static Kind, &'a Result<Written, Error>);

impl Encode for ItemOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&|members| match self.1 {
            Ok(Written { seen, outcome, .. }) => {
                members.member("outcome", &outcome.word());
                members.member("etag", &seen.etag);
                members.member(self.0.name, &view(seen));
            }
            Err(error) => members.member("error", &Problem(error)),
        });
    }
}

/// Why something was refused, within an answer.
struct Problem<'a>(&'a Error);

impl Encode for Problem<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let error = self.0;
        let errors = Items(error.faults.iter().map(FaultOf).collect());
        to.object(&|members| {
            members.member("status", &error.reason.grpc_code());
            members.member("code", &error.reason.code());
            members.member("detail", &error.detail);
            members.member("retryable", &error.reason.retryable());
            members.member("errors", &errors);
            members.member("etag", &error.etag);
        });
    }
}

struct FaultOf<'a>(&'a Fault);

impl Encode for FaultOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let Fault { pointer, code, detail } = self.0;
        to.object(&|members| {
            members.member("pointer", pointer);
            members.member("code", &code.as_ref());
            members.member("detail", detail);
        });
    }
}

/// How many records of a stream were created, changed and refused.
pub(super) struct CountsOf<'a>(pub(super) &'a Upserted);

impl Encode for CountsOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let done = self.0;
        let counts = [
            ("records", done.records),
            ("created", done.created),
            ("updated", done.updated),
            ("unchanged", done.unchanged),
            ("stale", done.stale),
            ("refused", done.refused),
        ];
        to.object(&|members| {
            for (name, count) in counts {
                members.member(name, &Long(i64::try_from(count).unwrap_or(i64::MAX)));
            }
        });
    }
}

/// What became of one record of a stream.
pub(super) struct RecordOf(pub(super) &'static Kind, pub(super) RecordResult);

impl Encode for RecordOf {
    fn encode(&self, to: &mut dyn Encoder) {
        let RecordResult { line, done } = &self.1;
        to.object(&|members| {
            members.member("line", &Long((*line).into()));
            match done {
                Ok((outcome, id)) => {
                    members.member("outcome", &outcome.word());
                    members.member("id", &steerco_domain::id::encode(self.0.prefix, *id));
                }
                Err(error) => members.member("error", &Problem(error)),
            }
        });
    }
}

/// The resource as its reader sees it.
pub(super) fn view(seen: &Seen) -> View<'_> {
    View { resource: &*seen.resource, mask: seen.mask }
}

pub(super) const REPLAYED: &str = "idempotency-replayed";

pub(super) fn set_etag<T>(response: &mut Response<T>, etag: &str) {
    set(response, "etag", &format!("\"{etag}\""));
}

/// Says what a write did, and whether it did it before.
pub(super) fn mark<T>(response: &mut Response<T>, outcome: Outcome, replayed: bool) {
    set(response, "steerco-outcome", outcome.word());
    if replayed {
        set(response, REPLAYED, "true");
    }
}

//! What rpcs answer beside resources: pages, results of batches, refusals.

use serde_json::value::RawValue;
use steerco_domain::encode::{Encode, Encoder, MemberEncoder};
use steerco_domain::field::Long;
use steerco_domain::resource::Kind;
use steerco_domain::view::View;
use steerco_domain::{Error, Fault};
use steerco_service::{Event, EventPage, Outcome, Page, RecordResult, Seen, Upserted, Written};
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

/// A page of the feed. That of a stream has no `more`: its message has no such field.
pub(super) struct EventsOf<'a>(pub(super) &'a EventPage);

impl Encode for EventsOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let EventPage { events, next_cursor, more } = self.0;
        let events = Items(events.iter().map(EventOf).collect());
        to.object(&|members| {
            members.member("events", &events);
            members.member("next_cursor", next_cursor);
            members.member("more", more);
        });
    }
}

struct EventOf<'a>(&'a Event);

impl Encode for EventOf<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        let event = self.0;
        let changed = Items(event.changed.clone());
        to.object(&|members| {
            members.member("cursor", &event.cursor);
            members.member("id", &event.id);
            members.member("at", &event.at);
            members.member("actor", &event.actor);
            members.member("operation", &event.operation);
            members.member("kind", &event.kind);
            members.member("resource_id", &event.resource_id);
            members.member("seq", &event.seq.map(Long));
            members.member("revision", &event.revision);
            members.member("changed", &changed);
            members.member("after", &event.after.as_deref().map(Json));
            members.member("deleted", &event.deleted);
            members.member("visibility", &event.visibility);
            members.member("request_id", &event.request_id);
        });
    }
}

/// A JSON object that is text already.
struct Json<'a>(&'a RawValue);

impl Encode for Json<'_> {
    fn encode(&self, to: &mut dyn Encoder) {
        to.json(self.0.get());
    }
}

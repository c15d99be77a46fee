//! The feed over gRPC.

use std::pin::Pin;

use futures::{Stream, StreamExt, future, stream};
use prost_types::{ListValue, Struct, Value as PbValue, value};
use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_domain::event_type::{EventType, event_types};
use steerco_proto::v1 as pb;
use steerco_service::{CollectionDigest, DigestArgs, Digests, Event, EventArgs, EventFilter, EventPage, Service};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::call::{Answer, Call, Deadline, answer, given, instant, page_size};
use super::gate::expired;
use super::wire::Scalar;
use super::{Door, limited};
use crate::event_types::{find, schema};
use crate::problem::to_status;

/// The service of the feed.
pub(super) fn server(door: &Door) -> pb::event_service_server::EventServiceServer<Door> {
    limited!(pb::event_service_server::EventServiceServer::new(door.clone()))
}

type Pages = Pin<Box<dyn Stream<Item = Result<pb::WatchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl pb::event_service_server::EventService for Door {
    async fn list_events(&self, request: Request<pb::ListEventsRequest>) -> Answer<pb::ListEventsResponse> {
        answer(request, |call, body| list_events(&self.0, call, body)).await
    }

    async fn get_digest(&self, request: Request<pb::GetDigestRequest>) -> Answer<pb::Digest> {
        answer(request, |call, body| get_digest(&self.0, call, body)).await
    }

    async fn list_event_types(
        &self,
        request: Request<pb::ListEventTypesRequest>,
    ) -> Answer<pb::ListEventTypesResponse> {
        answer(request, async |call, pb::ListEventTypesRequest {}| {
            self.0.admit(&call.caller).await?;
            Ok(Response::new(pb::ListEventTypesResponse {
                event_types: event_types().map(|ty| event_type(&ty)).collect(),
            }))
        })
        .await
    }

    async fn get_event_type(&self, request: Request<pb::GetEventTypeRequest>) -> Answer<pb::EventType> {
        answer(request, async |call, body: pb::GetEventTypeRequest| {
            self.0.admit(&call.caller).await?;
            let ty = find(&body.name)?;
            let schema = schema(self.0.issuer(), &ty).as_object().cloned().map(to_struct);
            Ok(Response::new(pb::EventType { schema, ..event_type(&ty) }))
        })
        .await
    }

    type WatchStream = Pages;

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Answer<Pages> {
        answer(request, |call, body| future::ready(watch(&self.0, call, body).map(Response::new))).await
    }
}

async fn list_events(
    service: &Service,
    call: Call,
    body: pb::ListEventsRequest,
) -> Result<Response<pb::ListEventsResponse>, Error> {
    let pb::ListEventsRequest {
        after,
        kinds,
        exclude_source,
        page_size: size,
        event_types,
        program_ids,
        with_labels,
        consumer_id,
        since,
    } = body;
    let exclude_source = given(exclude_source);
    let args = EventArgs {
        after: given(after),
        since: instant("since", since)?,
        consumer: given(consumer_id),
        filter: EventFilter { kinds, event_types, program_ids, with_labels, exclude_source },
        page_size: page_size(size),
    };
    let EventPage { events, next_cursor, more } = service.events(&call.caller, &args).await?;
    let events = events.into_iter().map(event).collect();
    Ok(Response::new(pb::ListEventsResponse { events, next_cursor, more }))
}

async fn get_digest(service: &Service, call: Call, body: pb::GetDigestRequest) -> Result<Response<pb::Digest>, Error> {
    let pb::GetDigestRequest { kinds, filter, show_deleted, at } = body;
    let args = DigestArgs { kinds, filter: given(filter), show_deleted, at: given(at) };
    let Digests { collections, max_seq, cursor } = service.digest(&call.caller, &args).await?;
    let collection = |CollectionDigest { kind, count, max_seq, hash }| pb::CollectionDigest {
        kind: kind.to_owned(),
        count,
        hash,
        max_seq,
    };
    Ok(Response::new(pb::Digest { collections: collections.into_iter().map(collection).collect(), max_seq, cursor }))
}

fn watch(service: &Service, call: Call, body: pb::WatchRequest) -> Result<Pages, Error> {
    let pb::WatchRequest { after, kinds, exclude_source, event_types, program_ids, with_labels, consumer_id, since } =
        body;
    let exclude_source = given(exclude_source);
    let args = EventArgs {
        after: given(after),
        since: instant("since", since)?,
        consumer: given(consumer_id),
        filter: EventFilter { kinds, event_types, program_ids, with_labels, exclude_source },
        page_size: None,
    };
    let Call { caller, request_id, deadline, .. } = call;
    let id = request_id.clone();
    let pages = service.watch(caller, args).map(move |page| match page {
        Ok(EventPage { events, next_cursor, more: _ }) => {
            Ok(pb::WatchResponse { events: events.into_iter().map(event).collect(), next_cursor })
        }
        Err(error) => Err(to_status(&error, &id)),
    });
    Ok(match deadline {
        Some(Deadline(end)) => Box::pin(until(pages, end, to_status(&expired(), &request_id))),
        None => Box::pin(pages),
    })
}

/// The stream, ended with a status at the deadline.
pub(super) fn until<T>(
    stream: impl Stream<Item = Result<T, Status>>,
    end: Instant,
    status: Status,
) -> impl Stream<Item = Result<T, Status>> {
    let last = stream::once(async move { (Instant::now() >= end).then_some(Err(status)) });
    stream.take_until(tokio::time::sleep_until(end)).chain(last.filter_map(future::ready))
}

fn event_type(ty: &EventType) -> pb::EventType {
    pb::EventType { name: ty.name(), kind: ty.kind.name.to_owned(), description: ty.doc(), schema: None }
}

fn event(event: Event) -> pb::Event {
    let Event {
        cursor,
        id,
        at,
        actor,
        operation,
        kind,
        resource_id,
        seq,
        revision,
        changed,
        after,
        deleted,
        visibility,
        request_id,
    } = event;
    pb::Event {
        cursor,
        id,
        at: Some(at.out()),
        actor,
        operation,
        kind: kind.to_owned(),
        resource_id,
        seq,
        revision,
        changed,
        after: after.and_then(|after| serde_json::from_str(after.get()).ok()).map(to_struct),
        deleted,
        visibility: visibility.map(str::to_owned),
        request_id,
    }
}

/// Our own JSON, a few levels deep at most; its numbers are small whole ones and ratios.
fn to_struct(map: Map<String, Value>) -> Struct {
    Struct { fields: map.into_iter().map(|(name, value)| (name, to_value(value))).collect() }
}

fn to_value(json: Value) -> PbValue {
    let kind = match json {
        Value::Null => value::Kind::NullValue(0),
        Value::Bool(bool) => value::Kind::BoolValue(bool),
        Value::Number(number) => value::Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::String(text) => value::Kind::StringValue(text),
        Value::Array(items) => value::Kind::ListValue(ListValue { values: items.into_iter().map(to_value).collect() }),
        Value::Object(map) => value::Kind::StructValue(to_struct(map)),
    };
    PbValue { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_ends_at_its_deadline() {
        let end = Instant::now() + std::time::Duration::from_millis(300);
        let ticks = stream::unfold(0, |n| async move {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Some((Ok(n), n + 1))
        });
        let seen: Vec<_> = until(ticks, end, Status::deadline_exceeded("")).collect().await;
        assert!(seen.len() > 1 && seen.last().unwrap().as_ref().unwrap_err().code() == tonic::Code::DeadlineExceeded);
        let short = stream::iter([Ok(1)]);
        let seen: Vec<_> = until(short, end + std::time::Duration::from_secs(9), Status::ok("")).collect().await;
        assert_eq!(seen.len(), 1);
    }
}

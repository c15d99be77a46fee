//! The feed: pages, and a stream of server-sent events.

use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue};
use steerco_domain::Error;
use steerco_domain::encode::{Encode, Json};
use steerco_service::{Event, EventArgs, EventPage};

use super::Rest;
use super::call::Call;
use super::params::Set;
use crate::problem::{Answer, Problem};

/// Header by which a client that lost its stream says where it was.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// After which a client whose stream broke off comes back.
const RETRY: Duration = Duration::from_secs(2);

/// A cursor that has expired, a kind that does not exist and a missing right are refused with their status: once a
/// stream runs, it could only break off.
pub(crate) async fn stream_events(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let mut args = call.query(&takes)?.event_args();
    // A client that lost its stream asks the same again, and says with this where it was.
    if let Some(cursor) = call.only(&LAST_EVENT_ID)?.filter(|cursor| !cursor.is_empty()) {
        (args.after, args.since) = (Some(cursor.to_owned()), None);
    }
    rest.service.events(&call.caller, &EventArgs { page_size: Some(1), ..args.clone() }).await?;
    let pages = rest.service.watch(call.caller, args);
    Ok(sse(pages, call.request_id))
}

fn sse(pages: impl Stream<Item = Result<EventPage, Error>> + Send + 'static, request_id: String) -> Response {
    let first = stream::iter([Ok(Sent::default().retry(RETRY).comment("steerco"))]);
    let sent = pages.flat_map(move |page| stream::iter(page_events(page, &request_id)));
    // After an error there is nothing more to say.
    let sent = sent.scan(false, |ended, (event, last)| {
        let before = std::mem::replace(ended, last);
        std::future::ready((!before).then_some(event))
    });
    let mut response = Sse::new(first.chain(sent)).keep_alive(KeepAlive::new()).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // Proxies of the nginx family hold streams back unless told not to.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// What is sent for a page, each with whether it is the last.
fn page_events(page: Result<EventPage, Error>, request_id: &str) -> Vec<(Result<Sent, axum::Error>, bool)> {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            return vec![(Sent::default().event("error").json_data(Problem::new(&error, request_id)), true)];
        }
    };
    let one = |event: &Event| Ok(Sent::default().id(plain(&event.cursor)).data(json(event)));
    let mut sent: Vec<_> = page.events.iter().map(|event| (one(event), false)).collect();
    if page.events.is_empty() {
        let data = serde_json::json!({"cursor": page.next_cursor});
        let bookmark = Sent::default().event("bookmark").id(plain(&page.next_cursor)).json_data(data);
        sent.push((bookmark, false));
    }
    sent
}

/// One line: JSON has no line breaks but in texts, where they are escaped.
fn json(event: &Event) -> String {
    let mut text = Vec::new();
    event.encode(&mut Json(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

/// An id must not break its line; cursors have no such characters, and this keeps the encoder from panicking.
fn plain(cursor: &str) -> String {
    cursor.chars().filter(char::is_ascii_graphic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use steerco_domain::Reason;
    use steerco_domain::encode::to_value;
    use steerco_domain::field::Long;
    use steerco_domain::time::Instant;

    fn event(cursor: &str) -> Event {
        Event {
            cursor: cursor.into(),
            id: "evt_1".into(),
            at: Instant::parse("2026-01-31T09:30:00Z").unwrap(),
            actor: "system".into(),
            operation: "risk.create".into(),
            kind: "risk",
            resource_id: "risk_1".into(),
            seq: Some(Long(i64::MAX)),
            revision: None,
            changed: vec!["title".into()],
            after: None,
            deleted: false,
            visibility: None,
            request_id: "r".into(),
        }
    }

    #[test]
    fn long_numbers_are_strings_and_absent_stays_away() {
        let value = to_value(&event("c1"));
        assert_eq!(value["seq"], "9223372036854775807");
        assert_eq!(value["at"], "2026-01-31T09:30:00.000000Z");
        assert!(value.get("revision").is_none() && value.get("after").is_none());
    }

    #[tokio::test]
    async fn the_stream_marks_its_place_and_ends_after_an_error() {
        let page = |events, next: &str| Ok(EventPage { events, next_cursor: next.into(), more: false });
        let expired = Err(Error::new(Reason::CursorExpired, "gone"));
        let pages = vec![page(vec![event("c1")], "c1"), page(vec![], "c2"), expired, page(vec![event("c3")], "c3")];
        let body = sse(stream::iter(pages), "r".into()).into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.starts_with("retry: 2000\n: steerco\n\nid: c1\ndata: {"), "{text}");
        assert!(text.contains("event: bookmark\nid: c2\ndata: {\"cursor\":\"c2\"}"), "{text}");
        assert!(text.contains("event: error\ndata: {") && text.contains("CURSOR_EXPIRED"), "{text}");
        assert!(!text.contains("c3"), "{text}");
    }
}

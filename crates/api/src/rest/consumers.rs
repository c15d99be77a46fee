//! Readers of the feed, and the digests by which they prove what they have.

use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use steerco_domain::Resource;
use steerco_domain::consumer::Consumer;
use steerco_domain::time::Instant;
use steerco_service::{CollectionDigest, ConsumerPosition, Digests};

use super::call::{Call, JSON};
use super::{Rest, params, reply};
use crate::problem::Answer;

pub(crate) async fn acknowledge(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(Consumer::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.acknowledge(&context, call.path("id"), &object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

pub(crate) async fn replay(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(Consumer::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.replay(&context, call.path("id"), &object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

#[derive(Serialize)]
struct PositionView<'a> {
    consumer_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<Instant>,
    events_behind: i64,
    more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest_unread_at: Option<Instant>,
    seconds_behind: String,
}

pub(crate) async fn get_position(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let found = rest.service.consumer_position(&call.caller, call.path("id")).await?;
    let ConsumerPosition {
        consumer_id,
        cursor,
        acknowledged_at,
        events_behind,
        more,
        oldest_unread_at,
        seconds_behind,
    } = &found;
    let view = PositionView {
        consumer_id,
        cursor: cursor.as_deref(),
        acknowledged_at: *acknowledged_at,
        events_behind: *events_behind,
        more: *more,
        oldest_unread_at: *oldest_unread_at,
        seconds_behind: seconds_behind.to_string(),
    };
    Ok(reply::json(StatusCode::OK, reply::JSON, &view)?)
}

#[derive(Serialize)]
struct DigestView<'a> {
    collections: Vec<CollectionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_seq: Option<String>,
    cursor: &'a str,
}

#[derive(Serialize)]
struct CollectionView {
    kind: &'static str,
    count: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_seq: Option<String>,
    hash: String,
}

pub(crate) async fn get_digest(State(rest): State<Rest>, call: Call) -> Answer {
    let args = call.query(&params::digest())?.digest_args();
    let Digests { collections, max_seq, cursor } = &rest.service.digest(&call.caller, &args).await?;
    let collection = |CollectionDigest { kind, count, max_seq, hash }: &CollectionDigest| CollectionView {
        kind,
        count: count.to_string(),
        max_seq: max_seq.map(|seq| seq.to_string()),
        hash: hash.clone(),
    };
    let collections = collections.iter().map(collection).collect();
    let view = DigestView { collections, max_seq: max_seq.map(|seq| seq.to_string()), cursor };
    Ok(reply::json(StatusCode::OK, reply::JSON, &view)?)
}

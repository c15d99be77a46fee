//! Parameters: those of queries, as declared, those of paths, and the headers of requests.

use std::collections::BTreeMap;

use steerco_domain::field::Shape;
use steerco_domain::list::NAMES_MAX;
use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, RECORDS};
use utoipa::openapi::path::{self, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::{Ref, RefOr, Required};

use super::shape::{self, TEXT, flow};
use super::vocabulary::{self, Schema, Schemas, limited, list, text};
use crate::rest::params::{self, Parameter as Declared};

/// A parameter, in place or by reference.
pub(super) type Parameter = RefOr<path::Parameter>;

/// Every parameter that several operations share.
pub(super) fn all() -> BTreeMap<String, Parameter> {
    let queries = [
        &params::AS_OF,
        &params::VALID_AT,
        &params::FILTER,
        &params::ORDER_BY,
        &params::PAGE_SIZE,
        &params::PAGE_TOKEN,
        &params::INCLUDE_TOTAL,
        &params::SHOW_DELETED,
        &params::VALIDATE_ONLY,
        &params::EFFECTIVE_AT,
        &params::SOURCE_VERSION,
        &params::AFTER,
        &params::SINCE,
        &params::CONSUMER_ID,
        &params::EVENT_TYPES,
        &params::PROGRAM_IDS,
        &params::WITH_LABELS,
        &params::AT,
        &params::STATE,
        &params::EXCLUDE_SOURCE,
        &params::AFTER_LINE,
        &params::AFTER_RECORD,
        &params::FROM_ID,
        &params::GROUP_BY,
        &params::FISCAL_YEAR,
        &params::FISCAL_PERIOD_ID,
        &params::CURRENCY,
        &params::RATE_TYPE,
        &params::RATE_SET,
        &params::MAX_RATE_AGE_DAYS,
        &params::ROUNDING,
        &params::COUNT_RESERVES,
        &params::COUNT_REQUESTS,
        &params::EXPLAIN,
        &params::ACCOUNT,
        &params::GROUP_KEY,
        &params::SOURCE,
        &params::BATCH_REF,
        &params::LEGAL_ENTITY_ID,
        &params::COUNT,
        &params::TOTALS,
        &params::LOCAL_TOTALS,
        &params::GROUP_TOTALS,
        &params::PARTIAL,
        &params::CORRECTIONS,
        &params::OVERRIDE_REASON,
        &params::ADJUSTING,
        &params::PROFILE,
        &params::FORMAT,
        &params::FROM,
        &params::UNTIL,
        &params::MINIMUM_EVIDENCE,
    ];
    let queries = queries.into_iter().map(|param| (param.name.to_owned(), query(param)));
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let fields = KINDS.iter().chain(RECORDS).map(|kind| {
        let names: Vec<&str> = kind.fields.iter().map(|field| field.name).collect();
        (format!("{}_fields", kind.name), words(&params::FIELDS, &names))
    });
    let kinds = [("kinds".to_owned(), words(&params::KINDS, &kinds))];
    let all = queries.chain(fields).chain(kinds).chain(headers());
    all.map(|(key, parameter)| (key, parameter.build().into())).collect()
}

fn parameter(place: ParameterIn, name: &str, doc: &str, schema: impl Into<Schema>) -> ParameterBuilder {
    // Utoipa itself turns the latter into true for parts of a path.
    let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(Required::False);
    parameter.description(Some(flow(doc))).schema(Some(schema))
}

/// A parameter that lists words, separated by commas.
fn words(param: &Declared, words: &[&str]) -> ParameterBuilder {
    let schema = list(vocabulary::words(words.iter().copied())).min_items(Some(1)).max_items(Some(NAMES_MAX));
    parameter(ParameterIn::Query, param.name, param.doc, schema).style(Some(ParameterStyle::Form)).explode(Some(false))
}

/// The schema of a parameter; words stand in place.
fn in_place(param: &Declared) -> Schema {
    match &param.shape {
        Shape::Text { max, pattern: None, .. } => limited(*max, "^[^\\u0000-\\u001F\\u007F-\\u009F]*$").into(),
        Shape::Word { words, .. } => vocabulary::words(words.iter().map(|(word, _)| *word)).into(),
        other => shape::schema(other, &mut Schemas::new()),
    }
}

fn query(param: &Declared) -> ParameterBuilder {
    parameter(ParameterIn::Query, param.name, param.doc, in_place(param))
}

fn headers() -> [(String, ParameterBuilder); 6] {
    let header =
        |key: &str, name: &str, doc: &str, schema| (key.to_owned(), parameter(ParameterIn::Header, name, doc, schema));
    let key = limited(255, "^[!-~]([ -~]*[!-~])?$").min_length(Some(1));
    // The pattern bounds the length.
    let etag = text().pattern(Some("^(\\*|(W/)?\"[!#-~]{1,200}\")$"));
    [
        header(
            "idempotency_key",
            "Idempotency-Key",
            "Makes the write safe to repeat: the same key with the same request returns the stored response.",
            key,
        ),
        header(
            "if_match",
            "If-Match",
            "The ETag that the caller read. When the resource now has another ETag, the response is 412.",
            etag,
        ),
        header(
            "if_none_match",
            "If-None-Match",
            "ETags that the caller has stored. When one of them is current, the response is 304.",
            text(),
        ),
        header(
            "preview_as_partner",
            "Preview-As-Partner",
            "Id of a partner. Returns what is visible both to the caller and to that partner, without private fields. \
             Not allowed on writes.",
            shape::id("prt"),
        ),
        header("range", "Range", "One range of bytes, such as `bytes=0-99`. Other forms are ignored.", text()),
        header(
            "last_event_id",
            "Last-Event-ID",
            "Cursor of the last event received. Takes precedence over `after`.",
            text(),
        ),
    ]
}

/// References to shared parameters.
pub(super) fn shared(names: &[&str]) -> Vec<Parameter> {
    names.iter().map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")))).collect()
}

/// References to the parameters of a set. Which fields there are depends on the kind.
pub(super) fn of(kind: &Kind, set: impl Iterator<Item = &'static Declared>) -> Vec<Parameter> {
    let fields = format!("{}_fields", kind.name);
    let name = |param: &'static Declared| if param.name == "fields" { fields.as_str() } else { param.name };
    shared(&set.map(name).collect::<Vec<_>>())
}

/// References to the parameters of the feed.
pub(super) fn of_feed(set: Vec<&'static Declared>) -> Vec<Parameter> {
    shared(&set.into_iter().map(|param| param.name).collect::<Vec<_>>())
}

/// A part of a path.
pub(super) fn path(name: &str, doc: &str, schema: impl Into<Schema>) -> Parameter {
    parameter(ParameterIn::Path, name, doc, schema).build().into()
}

/// A part of a path that is declared.
pub(super) fn part(param: &Declared) -> Parameter {
    let schema = match param.shape {
        // The pattern bounds its length.
        Shape::Text { max, pattern: Some(pattern), .. } => limited(max, pattern).into(),
        _ => in_place(param),
    };
    path(param.name, param.doc, schema)
}

/// The id of a resource.
pub(super) fn id(kind: &Kind) -> Parameter {
    let doc = format!("Id that starts with `{}_`, or `source/external_id`, percent-encoded.", kind.prefix);
    path("id", &doc, shape::named(&shape::id_pattern(kind.prefix)))
}

/// An external reference.
pub(super) fn reference() -> [Parameter; 2] {
    let code = limited(64, "^[A-Za-z0-9._-]{1,64}$").min_length(Some(1));
    [
        path("source", "Code of the source system, as registered under sources.", code),
        path(
            "external_id",
            "Identifier in the source system, percent-encoded.",
            limited(200, TEXT).min_length(Some(1)),
        ),
    ]
}

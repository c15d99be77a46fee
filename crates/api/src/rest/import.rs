//! Long batches of actuals: lines in a stream, as JSON or as a CSV file.

use std::collections::VecDeque;

use axum::body::Body;
use axum::extract::State;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::header::CONTENT_LENGTH;
use serde_json::{Map, Value, json};
use steerco_domain::actuals_batch::{ActualsBatch, PostActualsBatch};
use steerco_domain::actuals_line::RawLine;
use steerco_domain::csv_lines::CsvLines;
use steerco_domain::input::read_input;
use steerco_domain::mapping_profile::MappingProfile;
use steerco_domain::resource::Resource;
use steerco_domain::{Error, Fault, Reason};
use steerco_service::{Context, ListArgs, PostedBatch, STREAM_BYTES_MAX};

use super::call::Call;
use super::query::Query;
use super::{Rest, body, params, reply};
use crate::problem::Answer;

/// JSON objects, one a line.
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// A CSV file.
pub(crate) const CSV: &str = "text/csv";
/// Bytes a line of JSON may have.
const LINE_MAX: usize = 64 * 1024;
/// How many bytes of a refused body are read all the same: a client that is still sending when the connection closes
/// never sees why.
pub(super) const DRAINED: u64 = 64 << 20;

pub(crate) async fn import(takes: params::Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let announced = call.header(&CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    let mut pieces = body.into_data_stream().map_err(|_| Error::new(Reason::Malformed, "the body broke off"));
    match imported(&rest, &call, &takes, announced, &mut pieces).await {
        Ok((done, dry)) => Ok(reply::answered(&done.into(), Some(ActualsBatch::KIND), true, dry)?),
        Err(error) => {
            if announced.is_some_and(|length| length <= DRAINED) {
                while let Some(Ok(_)) = pieces.next().await {}
            }
            Err(error.into())
        }
    }
}

async fn imported(
    rest: &Rest,
    call: &Call,
    takes: &[&'static params::Parameter],
    announced: Option<u64>,
    pieces: &mut (impl Stream<Item = Result<Bytes, Error>> + Send + Unpin),
) -> Result<(PostedBatch, bool), Error> {
    let is_csv = call.is_media(&[CSV]);
    let query = if is_csv { call.query(takes)? } else { call.query(&[&params::VALIDATE_ONLY])? };
    let context = call.context(&query)?;
    rest.service.may_post_actuals(&context.caller).await?;
    if !is_csv && !call.is_media(&[NDJSON]) {
        let detail = format!("the body must be {NDJSON} or {CSV}");
        return Err(Error::new(Reason::UnsupportedMediaType, detail));
    }
    let too_large = || Error::new(Reason::TooLarge, format!("the lines of a batch may have {STREAM_BYTES_MAX} bytes"));
    if announced.is_some_and(|length| length > STREAM_BYTES_MAX) {
        return Err(too_large());
    }
    let mut size = 0;
    let pieces = pieces.map(move |piece| {
        let piece = piece?;
        size += piece.len() as u64;
        if size > STREAM_BYTES_MAX { Err(too_large()) } else { Ok(piece) }
    });
    let posted =
        if is_csv { of_csv(rest, &context, &query, pieces).await? } else { of_ndjson(rest, &context, pieces).await? };
    Ok((posted, context.validate_only))
}

async fn of_csv(
    rest: &Rest,
    context: &Context,
    query: &Query,
    pieces: impl Stream<Item = Result<Bytes, Error>> + Send + Unpin,
) -> Result<PostedBatch, Error> {
    let header = header(query)?;
    let profile = find_profile(rest, context, query).await?;
    let reader = CsvLines::new(profile, header.batch_ref.as_str());
    // No bytes at all end the file.
    let pieces = pieces.try_filter(|piece| std::future::ready(!piece.is_empty()));
    let pieces = pieces.chain(stream::iter([Ok(Bytes::new())]));
    let mut lines = Box::pin(pieces.scan(reader, |reader, piece| {
        let read = piece.and_then(|piece| reader.read(&piece));
        std::future::ready(Some(read))
    }));
    rest.service.import_actuals(context, header, &mut lines).await
}

/// The header of a batch, out of the parameters.
fn header(query: &Query) -> Result<PostActualsBatch, Error> {
    let texts = [
        (&params::SOURCE, "source"),
        (&params::BATCH_REF, "batch_ref"),
        (&params::LEGAL_ENTITY_ID, "legal_entity_id"),
        (&params::OVERRIDE_REASON, "override_reason"),
    ];
    let given = texts.into_iter().filter_map(|(param, name)| Some((name.to_owned(), query.text(param)?.into())));
    let mut object: Map<String, Value> = given.collect();
    for (param, name) in
        [(&params::PARTIAL, "partial"), (&params::CORRECTIONS, "corrections"), (&params::ADJUSTING, "adjusting")]
    {
        object.insert(name.to_owned(), query.flag(param).into());
    }
    let totals = |(param, name): (&params::Parameter, &str)| {
        let text = query.text(param).unwrap_or_default();
        let totals: Vec<Value> = text.split(',').filter(|total| !total.trim().is_empty()).map(total).collect();
        (name.to_owned(), totals.into())
    };
    let sums =
        [(&params::TOTALS, "totals"), (&params::LOCAL_TOTALS, "local_totals"), (&params::GROUP_TOTALS, "group_totals")];
    let mut control: Map<String, Value> = sums.map(totals).into_iter().collect();
    control.extend(query.whole(&params::COUNT).map(|count| ("count".to_owned(), count.into())));
    object.insert("control".to_owned(), control.into());
    read_input(&object).map_err(|mut error: Error| {
        for fault in &mut error.faults {
            fault.pointer = parameter(&fault.pointer);
        }
        error
    })
}

/// `8454355.90 GBP`, or with the sums of debits and credits behind it.
fn total(text: &str) -> Value {
    let mut words = text.split_whitespace();
    let mut total = Map::new();
    for name in ["amount", "currency", "debits", "credits"] {
        total.extend(words.next().map(|word| (name.to_owned(), json!(word))));
    }
    total.extend(words.next().map(|word| ("more".to_owned(), json!(word))));
    total.into()
}

/// The parameter that says what stands at this place of a header.
fn parameter(pointer: &str) -> String {
    let place = pointer.strip_prefix("/control").unwrap_or(pointer).trim_start_matches('/');
    format!("?{}", place.split('/').next().unwrap_or_default())
}

async fn find_profile(rest: &Rest, context: &Context, query: &Query) -> Result<MappingProfile, Error> {
    let code = query.text(&params::PROFILE);
    let code =
        code.ok_or_else(|| Error::fault("?profile", "REQUIRED", "is required: the code of a mapping profile"))?;
    // Its shape was checked: nothing in it could end the text.
    let args = ListArgs { filter: Some(format!("code = \"{code}\"")), ..ListArgs::default() };
    let found = rest.service.list::<MappingProfile>(&context.caller, &args).await?.items.pop();
    let found =
        found.ok_or_else(|| Error::fault("?profile", "NOT_FOUND", format!("there is no mapping_profile {code}")))?;
    match &found.kind {
        None => Ok(found),
        Some(kind) => {
            let detail = format!("the profile is of files of {kind}: send them as an import job");
            Err(Error::fault("?profile", "DOES_NOT_FIT", detail))
        }
    }
}

async fn of_ndjson(
    rest: &Rest,
    context: &Context,
    mut pieces: impl Stream<Item = Result<Bytes, Error>> + Send + Unpin,
) -> Result<PostedBatch, Error> {
    let mut ndjson = Ndjson::default();
    let mut first = VecDeque::new();
    while first.is_empty() {
        let Some(piece) = pieces.next().await else {
            first.extend(ndjson.end());
            break;
        };
        first.extend(ndjson.read(&piece?)?);
    }
    let (_, header) =
        first.pop_front().ok_or_else(|| Error::new(Reason::Malformed, "the first line must be the header"))?;
    let object =
        body::object(&header).map_err(|error| Error { detail: format!("line 1: {}", error.detail), ..error })?;
    let header: PostActualsBatch = read_input(&object)?;
    let first: Vec<RawLine> = first.into_iter().map(raw).collect();
    let state = Some((pieces, ndjson));
    let rest_of = stream::try_unfold(state, |state| async move {
        let Some((mut pieces, mut ndjson)) = state else { return Ok(None) };
        match pieces.next().await {
            Some(piece) => {
                let lines: Vec<RawLine> = ndjson.read(&piece?)?.into_iter().map(raw).collect();
                Ok(Some((lines, Some((pieces, ndjson)))))
            }
            None => Ok::<_, Error>(Some((ndjson.end().into_iter().map(raw).collect(), None))),
        }
    });
    let mut lines = Box::pin(stream::iter([Ok(first)]).chain(rest_of));
    rest.service.import_actuals(context, header, &mut lines).await
}

/// A line and its number.
pub(super) type Numbered = (usize, Bytes);

fn raw((number, bytes): Numbered) -> RawLine {
    let read = body::object(&bytes)
        .map(Value::Object)
        .map_err(|error| vec![Fault::new("", error.reason.code(), error.detail)]);
    RawLine { at: Some(("line", number)), read }
}

/// Cuts bytes into lines as they arrive.
#[derive(Default)]
pub(super) struct Ndjson {
    waiting: BytesMut,
    /// Lines so far, empty ones too.
    number: usize,
}

impl Ndjson {
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Vec<Numbered>, Error> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.wait(&rest[..end])?;
            lines.extend(self.end());
            rest = &rest[end + 1..];
        }
        self.wait(rest)?;
        Ok(lines)
    }

    fn wait(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.waiting.len() + bytes.len() > LINE_MAX {
            let detail = format!("line {} has more than {LINE_MAX} bytes", self.number + 1);
            return Err(Error::new(Reason::TooLarge, detail));
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// The line that ends here, unless it is empty.
    pub(super) fn end(&mut self) -> Option<Numbered> {
        self.number += 1;
        let line = self.waiting.split().freeze();
        (!line.trim_ascii().is_empty()).then_some((self.number, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_in_any_pieces() {
        let text = b"{\"a\":1}\r\n\n{\"b\":\n{}";
        for size in [1, 2, 5, 100] {
            let mut ndjson = Ndjson::default();
            let mut lines: Vec<Numbered> = Vec::new();
            for piece in text.chunks(size) {
                lines.extend(ndjson.read(piece).unwrap());
            }
            lines.extend(ndjson.end());
            let numbers: Vec<usize> = lines.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [1, 3, 4], "pieces of {size}");
            let read: Vec<bool> = lines.into_iter().map(|line| raw(line).read.is_ok()).collect();
            assert_eq!(read, [true, false, true]);
        }
        assert_eq!(Ndjson::default().read(&vec![b' '; LINE_MAX + 1]).unwrap_err().reason, Reason::TooLarge);
    }

    const TAKES: &[&params::Parameter] =
        &[&params::SOURCE, &params::BATCH_REF, &params::COUNT, &params::TOTALS, &params::PARTIAL, &params::PROFILE];

    #[test]
    fn parameters_make_a_header() {
        assert_eq!(
            total(" 1.00 GBP 2.00 1.00"),
            json!({"amount": "1.00", "currency": "GBP", "debits": "2.00", "credits": "1.00"})
        );
        for (pointer, wanted) in
            [("/source", "?source"), ("/control/count", "?count"), ("/control/totals/0/amount", "?totals")]
        {
            assert_eq!(parameter(pointer), wanted);
        }
        let raw = "source=gla&batch_ref=a&count=1&totals=1.00+GBP,2+EUR&partial=true&profile=p";
        let query = Query::read(Some(raw), TAKES).unwrap_or_else(|_| panic!("refused"));
        let read = header(&query).unwrap();
        assert_eq!((read.control.count.get(), read.control.totals.len(), read.partial), (1, 2, true));
        let query = Query::read(Some("totals=x"), TAKES).unwrap_or_else(|_| panic!("refused"));
        let mut places: Vec<String> =
            header(&query).unwrap_err().faults.into_iter().map(|fault| fault.pointer).collect();
        places.dedup();
        assert_eq!(places, ["?source", "?batch_ref", "?count", "?totals"]);
    }
}

//! One call: who makes it, and the metadata that means what the HTTP headers mean.

use http::Extensions;
use prost_types::Timestamp;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason};
use steerco_service::{Caller, Context, ReadArgs};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Response, Status};

use super::wire::Scalar;
use crate::door::{RequestId, is_idempotency_key};
use crate::problem::to_status;

/// What every rpc answers.
pub(super) type Answer<T> = Result<Response<T>, Status>;

/// When the caller stops waiting; left with the request by the gate.
#[derive(Clone, Copy)]
pub(super) struct Deadline(pub(super) tokio::time::Instant);

/// Everything about a call beside its message.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) request_id: String,
    pub(super) deadline: Option<Deadline>,
    idempotency_key: Option<String>,
    if_match: Option<String>,
}

impl Call {
    fn read(metadata: &MetadataMap, extensions: &Extensions, request_id: String) -> Result<Self, Error> {
        let caller = extensions.get::<Caller>().cloned();
        Ok(Self {
            caller: caller.ok_or_else(|| Error::new(Reason::Unauthenticated, "an access token is needed"))?,
            request_id,
            deadline: extensions.get::<Deadline>().copied(),
            idempotency_key: idempotency_key(metadata)?,
            if_match: text(metadata, "if-match")?.map(|etag| unquoted(&etag).to_owned()),
        })
    }

    /// The context of a write from that instant on.
    pub(super) fn context_at(self, validate_only: bool, effective_at: Option<Instant>) -> Context {
        Context {
            caller: self.caller,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key,
            if_match: self.if_match,
            validate_only,
            effective_at,
        }
    }

    /// The context of a write.
    pub(super) fn context(self, validate_only: bool, effective_at: Option<Timestamp>) -> Result<Context, Error> {
        Ok(Context {
            caller: self.caller,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key,
            if_match: self.if_match,
            validate_only,
            effective_at: instant("effective_at", effective_at)?,
        })
    }
}

/// Opens a request, runs it, and turns a refusal into a status.
pub(super) async fn answer<T, U, F>(request: Request<T>, run: impl FnOnce(Call, T) -> F) -> Answer<U>
where
    F: Future<Output = Result<Response<U>, Error>>,
{
    let (metadata, extensions, body) = request.into_parts();
    let request_id = extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let answered = match Call::read(&metadata, &extensions, request_id.clone()) {
        Ok(call) => run(call, body).await,
        Err(error) => Err(error),
    };
    answered.map_err(|error| to_status(&error, &request_id))
}

/// The one value of this metadata key. Of two, nobody could say which counts.
fn text(metadata: &MetadataMap, name: &'static str) -> Result<Option<String>, Error> {
    let mut values = metadata.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::fault(name, "DUPLICATE", "must be given once"));
    }
    let text = value.to_str().map_err(|_| Error::fault(name, "CONTROL_CHARACTER", "must be visible ASCII"))?;
    Ok(Some(text.to_owned()))
}

fn idempotency_key(metadata: &MetadataMap) -> Result<Option<String>, Error> {
    let key = text(metadata, "idempotency-key")?;
    if key.as_deref().is_some_and(|key| !is_idempotency_key(key)) {
        return Err(Error::fault("idempotency-key", "BAD_KEY", "must be 1 to 255 printable ASCII characters, once"));
    }
    Ok(key)
}

/// HTTP writes an `ETag` in quotes; one without is welcome too.
fn unquoted(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).unwrap_or(etag)
}

/// Sets metadata of an answer; values are our own words and always fit.
pub(super) fn set<T>(response: &mut Response<T>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse::<MetadataValue<Ascii>>() {
        response.metadata_mut().insert(name, value);
    }
}

/// An instant beside the resource, named as the query parameter of REST.
pub(super) fn instant(name: &str, message: Option<Timestamp>) -> Result<Option<Instant>, Error> {
    let Some(message) = message else { return Ok(None) };
    let parsed = Instant::json(message).as_str().and_then(Instant::parse);
    let wrong = || {
        Error::fault(
            format!("?{name}"),
            "BAD_INSTANT",
            "must be an instant of the years 1 to 9999, in whole microseconds",
        )
    };
    parsed.map(Some).ok_or_else(wrong)
}

/// How resources are read.
pub(super) fn read_args(
    as_of: Option<Timestamp>,
    valid_at: Option<Timestamp>,
    fields: String,
) -> Result<ReadArgs, Error> {
    Ok(ReadArgs { as_of: instant("as_of", as_of)?, valid_at: instant("valid_at", valid_at)?, fields: given(fields) })
}

/// Proto3 cannot tell an empty text from an absent one.
pub(super) fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Nor zero.
pub(super) fn page_size(size: i32) -> Option<i64> {
    (size != 0).then(|| size.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_once_and_unquoted() {
        let mut metadata = MetadataMap::new();
        assert_eq!(text(&metadata, "if-match").unwrap(), None);
        metadata.insert("if-match", "\"abc\"".parse().unwrap());
        assert_eq!(text(&metadata, "if-match").unwrap().as_deref().map(unquoted), Some("abc"));
        assert_eq!((unquoted("abc"), unquoted("\""), unquoted("W/\"a\"")), ("abc", "\"", "W/\"a\""));
        metadata.append("if-match", "def".parse().unwrap());
        assert_eq!(text(&metadata, "if-match").unwrap_err().faults[0].code, "DUPLICATE");
    }

    #[test]
    fn instants_beside_the_resource() {
        let read = |seconds, nanos| instant("as_of", Some(Timestamp { seconds, nanos }));
        assert_eq!(read(1, 2_000).unwrap(), Some(Instant::from_micros(1_000_002)));
        assert_eq!(read(-1, 0).unwrap(), Some(Instant::from_micros(-1_000_000)));
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000), (0, 1), (1 << 40, 0)] {
            assert_eq!(read(seconds, nanos).unwrap_err().faults[0].pointer, "?as_of", "{seconds} {nanos}");
        }
    }
}

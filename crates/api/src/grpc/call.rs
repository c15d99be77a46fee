//! One call: who makes it, and the metadata that means what the HTTP headers mean.

use http::Extensions;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason};
use steerco_service::{Caller, Context};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Request, Response, Status};

use crate::door::{RequestId, is_idempotency_key};
use crate::problem::to_status;

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

    /// The context of a write.
    pub(super) fn context(self, validate_only: bool, effective_at: Option<Instant>) -> Context {
        Context {
            caller: self.caller,
            request_id: self.request_id,
            idempotency_key: self.idempotency_key,
            if_match: self.if_match,
            validate_only,
            effective_at,
        }
    }
}

/// Opens a request, runs it, and turns a refusal into a status.
pub(super) async fn answer<T, U, F>(request: Request<T>, run: impl FnOnce(Call, T) -> F) -> Result<Response<U>, Status>
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
}

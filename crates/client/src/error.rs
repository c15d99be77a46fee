//! Why a call has no answer.

use std::fmt;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

pub use steerco_proto::v1::Fault;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The service said no.
    Refused(Box<Refusal>),
    /// Nobody answered, or the answer broke off: whether something was done is not known.
    Unreachable(String),
    /// The call could not be made at all.
    Local(String),
}

/// What the service said instead of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Why, as a word a program can compare, such as `NOT_FOUND`; `/errors` of the service explains each.
    pub code: String,
    /// The status code of gRPC.
    pub grpc_code: Code,
    /// What is wrong and what would be right.
    pub detail: String,
    /// Every fault of the request, each with a JSON pointer to its place.
    pub faults: Vec<Fault>,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long to wait before that.
    pub retry_after: Option<Duration>,
    /// The current `ETag`, when the caller's was stale.
    pub etag: Option<String>,
    /// By which the log of the service knows the request.
    pub request_id: String,
}

impl Error {
    /// The refusal, if the service refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unreachable(_) | Self::Local(_) => None,
        }
    }

    /// Whether the same request may succeed later; a write then needs the same idempotency key.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.retryable,
            Self::Unreachable(_) => true,
            Self::Local(_) => false,
        }
    }

    /// Whether the feed no longer reaches back to the cursor: read the lists again, and go on from their `sync_token`.
    pub fn is_cursor_expired(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == "CURSOR_EXPIRED")
    }

    pub(crate) fn is_unauthenticated(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.grpc_code == Code::Unauthenticated)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.refusal().and_then(|refusal| refusal.retry_after)
    }
}

impl From<&Status> for Error {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let Some(info) = details.error_info().filter(|info| info.domain == "steerco") else {
            return foreign(status);
        };
        let said = |name: &str| info.metadata.get(name).cloned();
        let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
        let fault = |v: tonic_types::FieldViolation| Fault {
            pointer: pointer(&v.field),
            code: v.reason,
            detail: v.description,
        };
        Self::Refused(Box::new(Refusal {
            code: info.reason.clone(),
            grpc_code: status.code(),
            detail: status.message().to_owned(),
            faults: violations.into_iter().map(fault).collect(),
            retryable: said("retryable").is_some_and(|word| word == "true"),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            etag: said("etag"),
            request_id: details.request_info().map(|info| info.request_id.clone()).unwrap_or_default(),
        }))
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::from(&status)
    }
}

/// What is not in the words of the service: of the connection, or of what stands between.
fn foreign(status: &Status) -> Error {
    let code = status.code();
    match code {
        Code::Unavailable
        | Code::ResourceExhausted
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Unknown
        | Code::Internal
        | Code::Aborted
        | Code::DataLoss => Error::Unreachable(status.message().to_owned()),
        // The service explains its own; this one is of this crate.
        Code::FailedPrecondition => Error::Local(status.message().to_owned()),
        _ => Error::Refused(Box::new(Refusal {
            code: format!("{code:?}"),
            grpc_code: code,
            detail: status.message().to_owned(),
            faults: Vec::new(),
            retryable: false,
            retry_after: None,
            etag: None,
            request_id: String::new(),
        })),
    }
}

/// `external_refs.0.source`, as `BadRequest` writes places, as a JSON pointer.
fn pointer(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("/{}", field.replace('.', "/")) }
}

impl fmt::Display for Refusal {
    /// What is wrong, each fault on a line of its own, and by which id the log of the service knows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        for Fault { pointer, code, detail } in &self.faults {
            let at = if pointer.is_empty() { "the request" } else { pointer };
            write!(f, "\n  {at}: {detail} ({code})")?;
        }
        if !self.request_id.is_empty() {
            write!(f, "\n  request {}", self.request_id)?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unreachable(why) | Self::Local(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::{ErrorDetails, FieldViolation};

    #[test]
    fn a_refusal_is_read_whole() {
        let metadata =
            HashMap::from([("retryable".to_owned(), "true".to_owned()), ("etag".to_owned(), "e1".to_owned())]);
        let mut details = ErrorDetails::with_error_info("RATE_LIMITED", "steerco", metadata);
        details.set_request_info("req-1", "").set_retry_info(Some(Duration::from_secs(3)));
        details.set_bad_request([FieldViolation {
            field: "external_refs.0.source".into(),
            description: "is no source".into(),
            reason: "UNKNOWN_SOURCE".into(),
            ..FieldViolation::default()
        }]);
        let error = Error::from(Status::with_error_details(Code::ResourceExhausted, "slowly", details));
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.code.as_str(), refusal.etag.as_deref()), ("RATE_LIMITED", Some("e1")));
        assert_eq!((error.is_retryable(), error.retry_after()), (true, Some(Duration::from_secs(3))));
        assert_eq!(
            error.to_string(),
            "RATE_LIMITED: slowly\n  /external_refs/0/source: is no source (UNKNOWN_SOURCE)\n  request req-1"
        );
    }

    #[test]
    fn what_others_say_is_told_apart() {
        assert!(matches!(Error::from(Status::unavailable("cut")), Error::Unreachable(_)));
        assert!(matches!(Error::from(Status::resource_exhausted("a proxy")), Error::Unreachable(_)));
        assert!(!Error::from(Status::unimplemented("no such service")).is_retryable());
        // A quota has the code of a rate limit, and no time mends it.
        let details = ErrorDetails::with_error_info("QUOTA_EXCEEDED", "steerco", HashMap::new());
        let full = Error::from(Status::with_error_details(Code::ResourceExhausted, "full", details));
        assert!(!full.is_retryable());
    }
}

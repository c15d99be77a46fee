//! Errors: every reason with its HTTP status, its gRPC code and its documentation.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};
use steerco_derive::answer;

use crate::cause::Cause;

/// One error in a request.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer into the request body, `?name` for a query parameter, or the name of a header.
    pub pointer: String,
    /// Code of the error, for programs.
    pub code: Cow<'static, str>,
    /// Description of the error and of the expected value.
    pub detail: String,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $http:literal $grpc:literal $title:literal;)*) => {
        /// Reason why a request failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $name),* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// Error code on the wire.
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code),* } }
            /// HTTP status.
            pub const fn http_status(self) -> u16 { match self { $(Self::$name => $http),* } }
            /// gRPC status code.
            pub const fn grpc_code(self) -> i32 { match self { $(Self::$name => $grpc),* } }
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title),* } }
            /// Meaning and remedy, for the documentation page.
            pub const fn doc(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc, "\n"),+)),* }
            }
        }
    };
}

// gRPC codes: 3 INVALID_ARGUMENT, 4 DEADLINE_EXCEEDED, 5 NOT_FOUND, 6 ALREADY_EXISTS, 7 PERMISSION_DENIED,
// 8 RESOURCE_EXHAUSTED, 9 FAILED_PRECONDITION, 10 ABORTED, 11 OUT_OF_RANGE, 12 UNIMPLEMENTED, 13 INTERNAL,
// 14 UNAVAILABLE, 16 UNAUTHENTICATED.
reasons! {
    /// The request violates the contract. `errors` lists every error with its position and the expected value. Correct
    /// the request; the same request will be rejected again.
    Invalid "INVALID_ARGUMENT" 400 3 "The request is not valid";
    /// The body is not well-formed JSON. The detail gives line and column.
    Malformed "MALFORMED_BODY" 400 3 "The body cannot be read";
    /// A page token or cursor was not issued by this service, or was issued for other parameters. Start with the first
    /// page.
    InvalidToken "INVALID_PAGE_TOKEN" 400 3 "The page token is not valid here";
    /// The access token is missing, malformed, expired or not issued for this service, or its account is disabled. Get a
    /// new token.
    Unauthenticated "UNAUTHENTICATED" 401 16 "A valid access token is required";
    /// The caller is authenticated and can read the resource, but no grant or token scope allows this operation. The
    /// detail names the missing scope.
    Forbidden "PERMISSION_DENIED" 403 7 "Not permitted";
    /// The resource does not exist or is not visible to the caller. The two cases cannot be told apart.
    NotFound "NOT_FOUND" 404 5 "Not found";
    /// No operation has this path.
    NoRoute "NO_SUCH_ROUTE" 404 12 "No such path";
    /// The path exists, but not with this method. `Allow` lists the methods.
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 12 "Method not allowed";
    /// Another resource already has this identifier, code or external reference.
    AlreadyExists "ALREADY_EXISTS" 409 6 "Already exists";
    /// The state of the resource does not allow this operation. The detail names the state and what is allowed.
    WrongState "WRONG_STATE" 409 9 "Not allowed in this state";
    /// Other resources that are not deleted depend on the resource.
    HasChildren "HAS_CHILDREN" 409 9 "Other resources depend on it";
    /// A resource would depend on itself or be a part of itself. The detail and `errors` list the members of the cycle in
    /// order, as far as they are visible to the caller.
    Cycle "CYCLE" 409 9 "The change would create a cycle";
    /// A field is owned by another source system. The detail names the owner.
    FieldOwned "FIELD_OWNED" 409 9 "The field is owned by another source";
    /// The attachments of the organisation have reached their storage quota. Content that is already stored does not
    /// count again.
    QuotaExceeded "QUOTA_EXCEEDED" 409 8 "The quota is used up";
    /// A request with the same idempotency key is still running. Try again after `Retry-After`.
    KeyInUse "IDEMPOTENCY_KEY_IN_USE" 409 10 "The first request with this key is still running";
    /// The cursor is older than the retention of the feed, or from before a restore. Read the lists again and continue
    /// from their `sync_token`.
    CursorExpired "CURSOR_EXPIRED" 410 11 "The cursor has expired";
    /// The resource has changed since the caller read it. Read it again, check the changes, and repeat the request.
    StaleEtag "ETAG_MISMATCH" 412 10 "The resource has changed";
    /// The body is larger than the limit.
    TooLarge "BODY_TOO_LARGE" 413 8 "The body is too large";
    /// The operation does not accept the media type of the body.
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 3 "Unsupported media type";
    /// The idempotency key was already used with another request. Use a new key.
    KeyReused "IDEMPOTENCY_KEY_REUSED" 422 9 "The key was used with another request";
    /// This operation requires `If-Match`.
    EtagRequired "ETAG_REQUIRED" 428 9 "If-Match is required";
    /// The caller has exceeded its request limit. Try again after `Retry-After`.
    RateLimited "RATE_LIMITED" 429 8 "Too many requests";
    /// An error in the service. It was logged with the request id.
    Internal "INTERNAL" 500 13 "Internal error";
    /// The service or its database is not available. Nothing was changed. Try again after `Retry-After`.
    Unavailable "UNAVAILABLE" 503 14 "Unavailable";
    /// Processing took longer than the deadline. A write may have been applied: repeat it with the same idempotency key.
    Deadline "DEADLINE_EXCEEDED" 504 4 "Deadline exceeded";
}

impl Reason {
    /// Whether the same request may succeed later without a change.
    pub const fn retryable(self) -> bool {
        matches!(self, Self::KeyInUse | Self::RateLimited | Self::Unavailable | Self::Deadline)
    }
}

/// A failed request. The caller receives reason, detail and faults. The cause is for the log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub reason: Reason,
    pub detail: String,
    pub faults: Vec<Fault>,
    /// Seconds after which to try again.
    pub retry_after: Option<u32>,
    /// Current ETag, if that of the caller was outdated.
    pub etag: Option<String>,
    /// Why the service failed. No door sends it and no text of the error contains it.
    pub cause: Option<Cause>,
}

impl Error {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into(), faults: Vec::new(), retry_after: None, etag: None, cause: None }
    }

    /// An error with all faults of a request.
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} faults, see errors", many.len()),
        };
        Self { faults, ..Self::new(Reason::Invalid, detail) }
    }

    /// An error with one fault.
    pub fn fault(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, code, detail)])
    }

    /// Code and detail of the first fault, or of the error itself if it has no faults.
    pub fn into_first(self) -> (String, String) {
        match self.faults.into_iter().next() {
            Some(fault) => (fault.code.into_owned(), fault.detail),
            None => (self.reason.code().to_owned(), self.detail),
        }
    }

    /// The resource does not exist or is not visible to the caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(Reason::NotFound, format!("there is no such {what}"))
    }

    /// A fault of the service, with its cause for the log.
    #[track_caller]
    pub fn internal(cause: impl Display) -> Self {
        Self::from(Cause::new(cause))
    }

    /// The same error with this cause.
    #[must_use]
    pub fn because(self, cause: Cause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(1), ..Self::new(Reason::Unavailable, detail) }
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self::new(Reason::Internal, "the error was logged with the request id").because(cause)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.detail)?;
        self.faults.iter().try_for_each(|fault| write!(f, "; {} {}", fault.pointer, fault.detail))
    }
}

impl std::error::Error for Error {}

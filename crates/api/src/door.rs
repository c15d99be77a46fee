//! What the outer layer leaves with a request.

/// The id of a request, the same in the answer and in the log.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

//! Errors on the wire.

use steerco_domain::Error;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The status of a refusal.
pub(crate) fn to_status(error: &Error, request_id: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(error.reason.code(), "steerco", std::collections::HashMap::new());
    for fault in &error.faults {
        let field = fault.pointer.trim_start_matches(['/', '?']).replace('/', ".");
        details.add_bad_request_violation(field, format!("{}: {}", fault.code, fault.detail));
    }
    details.set_request_info(request_id, "");
    Status::with_error_details(Code::from(error.reason.grpc_code()), error.detail.clone(), details)
}

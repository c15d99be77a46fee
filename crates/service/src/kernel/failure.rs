//! The one place that logs why the service failed. The doors call it for a request, jobs for themselves.

use steerco_domain::{Cause, Error, Reason};

/// Where an error came up.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub request_id: &'a str,
    /// Id in the table of operations, or the name of a job.
    pub operation: &'a str,
    /// Account or person.
    pub caller: &'a str,
    pub organisation: &'a str,
}

/// Logs a fault of the service, and a database that cannot be used. All other errors are for the caller alone.
pub fn log_failure(error: &Error, origin: &Origin<'_>) {
    let Origin { request_id, operation, caller, organisation } = *origin;
    let (cause, statement, at) = parts(error.cause.as_ref());
    match error.reason {
        Reason::Internal => {
            tracing::error!(request_id, operation, caller, organisation, cause, statement, at, "request failed");
        }
        Reason::Unavailable if error.cause.is_some() => {
            tracing::warn!(request_id, operation, caller, organisation, cause, statement, at, "request failed");
        }
        _ => {}
    }
}

/// Logs an error of a job, which answers nobody. `subject` is the resource the job was about.
pub fn log_job(error: &Error, operation: &str, organisation: &str, subject: &str) {
    let (cause, statement, at) = parts(error.cause.as_ref());
    if error.reason == Reason::Internal {
        tracing::error!(operation, organisation, subject, %error, cause, statement, at, "job failed");
    } else {
        tracing::warn!(operation, organisation, subject, %error, cause, statement, at, "job failed");
    }
}

fn parts(cause: Option<&Cause>) -> (&str, Option<&str>, Option<String>) {
    (cause.map_or("not known", Cause::text), cause.and_then(Cause::statement), cause.map(Cause::place))
}

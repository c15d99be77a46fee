//! Lists as files.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use steerco_domain::Error;
use steerco_domain::export::ExportFormat;
use steerco_domain::resource::Kind;
use steerco_domain::words::Words;

use super::Rest;
use super::call::Call;
use super::params::{self, Set};
use crate::export::export;
use crate::problem::Answer;

/// Media type of the XML of Microsoft Project.
pub(crate) const MSPDI: &str = "application/xml";
/// Header that says from where the feed continues after a list.
const SYNC_TOKEN: HeaderName = HeaderName::from_static("steerco-sync-token");

/// The schedule of a project, as XML of Microsoft Project.
pub(crate) async fn schedule(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&takes)?;
    let (text, file_name) = rest.service.schedule_as_mspdi(&call.caller, call.path("id")).await?;
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MSPDI));
    let disposition = format!("attachment; filename=\"{file_name}\"");
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(|cause| Error::internal(cause))?);
    Ok(response)
}

/// Once the file has begun, a failure can only break it off: what arrives whole is whole.
pub(crate) async fn list(kind: &'static Kind, takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&takes)?;
    let format = query.text(&params::FORMAT).and_then(|word| ExportFormat::from_word(&word));
    let missing = || Error::fault("?format", "REQUIRED", format!("is required: one of {}", ExportFormat::choices()));
    let exported = export(&rest.service, kind, &call.caller, query.list_args(), format.ok_or_else(missing)?).await?;
    let mut response = Response::new(Body::from_stream(exported.pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(exported.format.media_type()));
    let disposition = format!("attachment; filename=\"{}\"", exported.file_name);
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(|cause| Error::internal(cause))?);
    headers.insert(SYNC_TOKEN, HeaderValue::from_str(&exported.sync_token).map_err(|cause| Error::internal(cause))?);
    Ok(response)
}

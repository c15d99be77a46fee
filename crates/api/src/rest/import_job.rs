//! Import jobs: their files, runs and reports.

use axum::body::Body;
use axum::extract::State;
use futures::{StreamExt, TryStreamExt};
use http::header::CONTENT_LENGTH;
use steerco_domain::{Error, Reason};
use steerco_service::IMPORT_BYTES_MAX;

use super::call::Call;
use super::content::OCTETS;
use super::params::Set;
use super::{Rest, reply};
use crate::problem::Answer;

/// The file comes as it is, whatever it holds.
pub(crate) async fn upload(takes: Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let announced = call.header(&CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if !call.is_media(&[OCTETS]) {
        return Err(Error::new(Reason::UnsupportedMediaType, format!("the body must be {OCTETS}")).into());
    }
    let mut pieces = body.into_data_stream().map_err(|_| Error::new(Reason::Malformed, "the body broke off"));
    match rest.service.upload_import(&context, call.path("id"), announced, &mut pieces).await {
        Ok(written) => Ok(reply::written(&written, context.validate_only)?),
        Err(error) => {
            // A client that is still sending when the connection closes never sees why.
            if announced.is_some_and(|length| length <= IMPORT_BYTES_MAX) {
                while let Some(Ok(_)) = pieces.next().await {}
            }
            Err(error.into())
        }
    }
}

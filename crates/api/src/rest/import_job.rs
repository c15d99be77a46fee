//! Import jobs: their files, runs and reports.

use axum::body::Body;
use axum::extract::State;
use futures::{StreamExt, TryStreamExt};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use serde::Serialize;
use steerco_domain::import_job::ImportJob;
use steerco_domain::list::parse_page_size;
use steerco_domain::resource::Verb;
use steerco_domain::{Error, Reason, Resource};
use steerco_service::{IMPORT_BYTES_MAX, ImportRecord, PIECE_RECORDS};

use super::call::{Call, JSON};
use super::content::OCTETS;
use super::{Rest, params, reply};
use crate::problem::Answer;

/// The file comes as it is, whatever it holds.
pub(crate) async fn upload(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ImportJob::KIND))?)?;
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

pub(crate) async fn start<V: Verb<On = ImportJob>>(State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&params::writing(ImportJob::KIND))?)?;
    let object = call.object(&rest, body, JSON, true).await?;
    let written = rest.service.start_import::<V>(&context, call.path("id"), object).await?;
    Ok(reply::written(&written, context.validate_only)?)
}

#[derive(Serialize)]
struct RecordPage {
    records: Vec<ImportRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_after_record: Option<i32>,
}

pub(crate) async fn list_records(State(rest): State<Rest>, call: Call) -> Answer {
    let query = call.query(&params::records())?;
    let after = query.whole(&params::AFTER_RECORD).unwrap_or_default();
    let size = match query.whole(&params::PAGE_SIZE) {
        None => PIECE_RECORDS,
        given => usize::try_from(parse_page_size(given).map_err(|fault| Error::invalid(vec![fault]))?)
            .unwrap_or(PIECE_RECORDS),
    };
    let (records, more_after_record) = rest.service.page_of_import(&call.caller, call.path("id"), after, size).await?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &RecordPage { records, more_after_record })?)
}

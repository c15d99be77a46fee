//! Contents of attachments: streamed in, streamed out, and never shown in a browser's window.

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures::{StreamExt, TryStreamExt};
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_RANGE, RANGE,
};
use http::{HeaderName, HeaderValue, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use steerco_domain::{Error, Reason};

use super::call::Call;
use super::params::Set;
use super::{Rest, reply};
use crate::problem::Answer;

/// Media type of every content on the wire: what it is stands in the attachment, and nothing here is to be run.
pub(crate) const OCTETS: &str = "application/octet-stream";
/// How many times the limit a content may have that is read to its end though it is refused: a client that is still
/// sending when the connection closes never sees why.
const DRAINED: u64 = 4;

pub(crate) async fn upload(takes: Set, State(rest): State<Rest>, call: Call, body: Body) -> Answer {
    let context = call.context(&call.query(&takes)?)?;
    let announced = call.header(&CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if !call.is_media(&[OCTETS]) {
        return Err(Error::new(Reason::UnsupportedMediaType, format!("the body must be {OCTETS}")).into());
    }
    let broken = |_| Error::new(Reason::Malformed, "the body broke off");
    let mut pieces = body.into_data_stream().map_err(broken);
    match rest.service.upload(&context, call.path("id"), announced, &mut pieces).await {
        Ok(written) => Ok(reply::written(&written, context.validate_only)?),
        Err(error) => {
            let most = rest.service.attachment_limits().max_bytes.saturating_mul(DRAINED);
            if announced.is_some_and(|length| length <= most) {
                while let Some(Ok(_)) = pieces.next().await {}
            }
            Err(error.into())
        }
    }
}

pub(crate) async fn download(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&takes)?;
    let found = rest.service.download(&call.caller, call.path("id")).await?;
    let (etag, size) = (format!("\"{}\"", found.sha256), found.size);
    let disposition = disposition(&found.file_name);
    let mut response = Response::new(Body::empty());
    if call.holds(&found.sha256) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        // A part of another version is of no use to the caller (RFC 9110, 13.1.5).
        let same = call.header(&IF_RANGE).is_none_or(|known| known == etag);
        let part = call.header(&RANGE).filter(|_| same).and_then(|text| range(text, size));
        let wanted = part.clone().unwrap_or(0..size);
        if part.is_some() {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let place = format!("bytes {}-{}/{size}", wanted.start, wanted.end.saturating_sub(1));
            set(&mut response, CONTENT_RANGE, &place)?;
        }
        set(&mut response, CONTENT_LENGTH, &(wanted.end - wanted.start).to_string())?;
        set(&mut response, CONTENT_TYPE, OCTETS)?;
        *response.body_mut() = Body::from_stream(rest.service.pieces(found, wanted.start, wanted.end));
    }
    set(&mut response, ETAG, &etag)?;
    set(&mut response, ACCEPT_RANGES, "bytes")?;
    set(&mut response, CONTENT_DISPOSITION, &disposition)?;
    set(&mut response, CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'")?;
    Ok(response)
}

fn set(response: &mut Response, name: HeaderName, text: &str) -> Result<(), Error> {
    let value = HeaderValue::from_str(text).map_err(|cause| Error::internal(cause))?;
    response.headers_mut().insert(name, value);
    Ok(())
}

/// What RFC 8187 lets stand as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Kept under its name, never shown.
fn disposition(file_name: &str) -> String {
    format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(file_name, PLAIN))
}

/// The one range asked for. Anything else may be overlooked (RFC 9110, 14.2), and the whole is answered.
fn range(text: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let wanted = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => number(first)?..number(last)?.saturating_add(1).min(size),
    };
    (wanted.start < wanted.end).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_and_no_other() {
        let cases = [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-", Some(2..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("bytes=4-99", Some(4..10)),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=-0", None),
            ("bytes=-", None),
            ("bytes=0-1,3-4", None),
            ("bytes=+1-2", None),
            ("lines=1-2", None),
            ("bytes=0-99999999999999999999", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(range(text, 10), wanted, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("a b\".html;x=1"), "attachment; filename*=UTF-8''a%20b%22.html%3Bx%3D1");
        assert_eq!(disposition("ü"), "attachment; filename*=UTF-8''%C3%BC");
    }
}

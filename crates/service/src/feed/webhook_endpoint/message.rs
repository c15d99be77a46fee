//! The message of a delivery: an event in the format of CloudEvents 1.0, signed according to Standard Webhooks.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use steerco_domain::encode::to_value;
use steerco_domain::field::Long;
use steerco_domain::webhook_endpoint::WebhookContent;

use crate::Event;

/// Prefix of every secret.
pub(crate) const PREFIX: &str = "whsec_";
/// Type of a test message.
pub(crate) const TEST: &str = "steerco.webhook.test";

/// The body of the message of an event.
pub(crate) fn body(base_url: &str, org: &str, event: &Event, content: Option<WebhookContent>) -> Value {
    let mut data = to_value(event);
    if let (Some(WebhookContent::Thin), Some(members)) = (content, data.as_object_mut()) {
        members.remove("after");
    }
    let mut message = json!({
        "specversion": "1.0",
        "id": event.id,
        "source": format!("{base_url}/v1/organisations/{org}"),
        "type": format!("steerco.{}", event.operation),
        "subject": event.resource_id,
        "time": event.at,
        "datacontenttype": "application/json",
        "dataschema": format!("{base_url}/v1/event-types/{}", event.operation),
        "data": data,
    });
    if let Some(Long(seq)) = event.seq {
        // The `sequence` extension of CloudEvents must sort as text.
        message["sequence"] = json!(format!("{seq:020}"));
    }
    message
}

/// The body of a test message.
pub(crate) fn test_body(base_url: &str, org: &str, id: &str, endpoint: &str, at: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("{base_url}/v1/organisations/{org}"),
        "type": TEST,
        "subject": endpoint,
        "time": at,
        "datacontenttype": "application/json",
        "data": {"webhook_endpoint_id": endpoint},
    })
}

/// `v1,…` for each secret, the newest first.
pub(crate) fn signatures(secrets: &[String], id: &str, timestamp: i64, body: &str) -> String {
    let sign = |secret: &String| {
        let key = STANDARD.decode(secret.trim_start_matches(PREFIX)).unwrap_or_default();
        let signed = format!("{id}.{timestamp}.{body}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    };
    secrets.iter().map(sign).collect::<Vec<_>>().join(" ")
}

/// Seconds to wait by `Retry-After`, which is a number of seconds or an HTTP date.
pub(crate) fn wait_of(retry_after: &str, now_seconds: i64) -> Option<u32> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let until = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let seconds = i64::try_from(until.as_secs()).ok()?.saturating_sub(now_seconds).max(0);
    Some(u32::try_from(seconds).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The date is the example of RFC 9110, section 5.6.7, in the three formats that must be accepted.
    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 784_111_777 - 90;
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(90)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(90)),
            ("Sun Nov  6 08:49:37 1994", Some(90)),
            ("Sat, 05 Nov 1994 08:49:37 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(wait_of(text, now), seconds, "{text}");
        }
    }

    /// The example of the Standard Webhooks specification (MIT licence), as tested by its libraries.
    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let body = "{\"test\": 2432232314}";
        let signed = signatures(std::slice::from_ref(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(&[secret.clone(), secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(both, format!("{signed} {signed}"));
    }
}

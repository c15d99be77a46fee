use super::*;
use serde_json::{Value, json};

fn rendered(error: &Error) -> Value {
    serde_json::to_value(Problem::new(error, "req-1")).unwrap()
}

#[test]
fn a_problem_names_every_fault() {
    let faults = vec![Fault::new("/title", "REQUIRED", "is required"), Fault::new("?page_size", "X", "y")];
    assert_eq!(
        rendered(&Error::invalid(faults)),
        json!({
            "type": "/errors/invalid-argument", "title": "The request is not valid", "status": 400,
            "detail": "2 faults, see errors", "code": "INVALID_ARGUMENT", "request_id": "req-1", "retryable": false,
            "errors": [
                {"pointer": "/title", "code": "REQUIRED", "detail": "is required"},
                {"pointer": "?page_size", "code": "X", "detail": "y"},
            ],
        })
    );
}

#[test]
fn headers_follow_the_reason() {
    let stale = Error { etag: Some("abc".into()), ..Error::new(Reason::StaleEtag, "changed") };
    let response = to_response(&stale, "r");
    assert_eq!((response.status().as_u16(), &response.headers()[ETAG]), (412, &HeaderValue::from_static("\"abc\"")));
    let busy = to_response(&Error::unavailable("later"), "r");
    assert_eq!((busy.status().as_u16(), &busy.headers()[RETRY_AFTER]), (503, &HeaderValue::from_static("1")));
    assert_eq!(busy.headers()[CONTENT_TYPE], PROBLEM);
}

#[test]
fn every_reason_has_both_faces() {
    for reason in Reason::ALL {
        let error = Error::new(*reason, "detail");
        assert_eq!(rendered(&error)["status"], reason.http_status());
        let status = to_status(&error, "req-1");
        assert_eq!(status.code() as i32, reason.grpc_code());
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason.code(), "steerco"));
        assert_eq!(status.get_details_request_info().unwrap().request_id, "req-1");
    }
}

#[test]
fn a_flood_of_faults_stays_small() {
    let fault = |i| Fault::new(format!("/unknown_{i}"), "UNKNOWN_FIELD", "x".repeat(100));
    let error = Error::invalid((0..100_000).map(fault).collect());
    assert_eq!(rendered(&error)["errors"].as_array().unwrap().len(), FAULTS_MAX);
    let status = to_status(&error, "req-1");
    assert!(status.details().len() < 8_000, "{}", status.details().len());
    assert!(!status.get_details_bad_request().unwrap().field_violations.is_empty());
}

//! The request in the log: its span, and the line of its failure.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use steerco_domain::Error;
use steerco_service::failure::{Origin, log_failure};
use steerco_service::operation::Method;
use tracing::Span;

use super::Protocol;
use crate::operations::operations;

tokio::task_local! {
    /// The request that this task serves. Its body is polled within it too.
    static ASKED: Arc<Asked>;
}

/// A request as logs name it.
pub(super) struct Asked {
    request_id: String,
    operation: &'static str,
    /// Account or person, and organisation.
    caller: OnceLock<(String, String)>,
    span: Span,
}

/// Operations by path and method over REST, by path alone over gRPC.
static OPERATIONS: LazyLock<HashMap<String, Vec<(&'static str, String)>>> = LazyLock::new(|| {
    let mut found: HashMap<String, Vec<(&'static str, String)>> = HashMap::new();
    for entry in operations() {
        let method = match entry.operation.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        found.entry(entry.path()).or_default().push((method, entry.id()));
        let rpc = format!("/steerco.v1.{}/{}", entry.service(), entry.rpc());
        found.entry(rpc).or_default().push(("POST", entry.id()));
    }
    found
});

/// The id of the operation; of paths beside the table, such as `/docs`, there is none.
fn operation(via: Protocol, method: &str, route: &str) -> &'static str {
    // HEAD is answered as GET.
    let method = if via == Protocol::Rest && method == "HEAD" { "GET" } else { method };
    let found = OPERATIONS.get(route).and_then(|ids| ids.iter().find(|(known, _)| *known == method));
    found.map_or("none", |(_, id)| id)
}

impl Asked {
    pub(super) fn new(via: Protocol, method: &str, route: &str, request_id: &str) -> Arc<Self> {
        let operation = operation(via, method, route);
        let empty = tracing::field::Empty;
        let span = tracing::info_span!("request", request_id, operation, caller = empty, organisation = empty);
        Arc::new(Self { request_id: request_id.to_owned(), operation, caller: OnceLock::new(), span })
    }

    pub(super) fn set_caller(&self, caller: &str, organisation: &str) {
        self.span.record("caller", caller).record("organisation", organisation);
        let _ = self.caller.set((caller.to_owned(), organisation.to_owned()));
    }

    /// Runs what serves the request.
    pub(super) async fn serve<F: Future>(self: &Arc<Self>, serve: F) -> F::Output {
        use tracing::Instrument;
        ASKED.scope(Arc::clone(self), serve.instrument(self.span.clone())).await
    }

    /// The same for a step of its body.
    pub(super) fn step<T>(self: &Arc<Self>, step: impl FnOnce() -> T) -> T {
        let _entered = self.span.enter();
        ASKED.sync_scope(Arc::clone(self), step)
    }

    /// Logs an error that this request met, where the service failed.
    pub(super) fn log(&self, error: &Error) {
        let (caller, organisation) = self.caller.get().map_or(("-", "-"), |(caller, org)| (caller, org));
        let (request_id, operation) = (self.request_id.as_str(), self.operation);
        log_failure(error, &Origin { request_id, operation, caller, organisation });
    }
}

/// Logs an error that is being rendered, where the service failed: every rendering calls this once.
pub(crate) fn log(error: &Error, request_id: &str) {
    let beside = Origin { request_id, operation: "none", caller: "-", organisation: "-" };
    ASKED.try_with(|asked| asked.log(error)).unwrap_or_else(|_| log_failure(error, &beside));
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::door::{RequestId, refuse};
    use crate::rest::reply;

    /// A value that fails to serialize.
    struct Unwritable;

    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("a bent value"))
        }
    }

    /// Appends to a log.
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_encoded_is_logged_once_and_told_to_nobody() {
        for via in [Protocol::Rest, Protocol::Grpc] {
            let log: Arc<Mutex<Vec<u8>>> = Arc::default();
            let sink = Arc::clone(&log);
            let lines = tracing_subscriber::fmt().json().flatten_event(true);
            let lines = lines.with_writer(move || Sink(Arc::clone(&sink))).finish();
            let _logged = tracing::subscriber::set_default(lines);
            let route = if via == Protocol::Rest { "/v1/risks" } else { "/steerco.v1.RiskService/CreateRisk" };
            let asked = Asked::new(via, "POST", route, "req-7");
            asked.set_caller("pers_1", "org_1");
            let answer = asked.serve(async { reply::json(http::StatusCode::OK, reply::JSON, &Unwritable) }).await;
            let response = asked.step(|| refuse(via, &answer.unwrap_err(), &RequestId("req-7".to_owned())));
            let headers = format!("{:?}", response.headers());
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            let told = headers + &String::from_utf8_lossy(&body);
            assert!(!told.contains("bent"), "{told}");

            let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
            assert_eq!(log.lines().count(), 1, "{log}");
            let line: serde_json::Value = serde_json::from_str(&log).unwrap();
            let told = ["level", "request_id", "operation", "caller", "organisation", "cause"].map(|name| &line[name]);
            let cause = "an answer cannot be encoded: a bent value";
            assert_eq!(told, ["ERROR", "req-7", "create_risk", "pers_1", "org_1", cause], "{line}");
        }
    }

    #[test]
    fn requests_are_named_by_the_table_of_operations() {
        assert_eq!(operation(Protocol::Rest, "POST", "/v1/risks"), "create_risk");
        assert_eq!(operation(Protocol::Rest, "HEAD", "/v1/risks/{id}"), "get_risk");
        assert_eq!(operation(Protocol::Grpc, "POST", "/steerco.v1.RiskService/CreateRisk"), "create_risk");
        assert_eq!(operation(Protocol::Rest, "GET", "/docs"), "none");
    }
}

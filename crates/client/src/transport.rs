//! One call over the connection: with a token, and again while that can help.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use steerco_proto::STREAMS;
use tonic::body::Body;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::{Service, ServiceExt};

use crate::{Client, Error, retry};

/// Makes equal requests one.
const KEY: &str = "idempotency-key";

type Answer = Result<Response<Body>, Status>;

/// What generated clients call: `RiskServiceClient::new(client)`.
impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let client = self.clone();
        async move {
            if STREAMS.contains(&request.uri().path()) {
                client.once(request).await
            } else {
                client.unary(request).await
            }
        }
        .boxed()
    }
}

/// Sends a request, once there is a connection.
pub(crate) async fn send(channel: &Channel, request: Request<Body>) -> Answer {
    let mut channel = channel.clone();
    let sent = async { channel.ready().await?.call(request).await };
    sent.await.map_err(|error: tonic::transport::Error| Status::unavailable(innermost(&error)))
}

/// The last cause says what happened; those above only where.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// Whether an rpc only reads.
fn reads(path: &str) -> bool {
    let rpc = path.rsplit('/').next().unwrap_or_default();
    rpc.starts_with("Get") || rpc.starts_with("List")
}

/// An answer that has come to its end.
struct Whole {
    head: http::response::Parts,
    body: Bytes,
    trailers: Option<HeaderMap>,
}

impl Whole {
    /// Why it is no good answer.
    fn refusal(&self) -> Option<Status> {
        let said = self.trailers.as_ref().and_then(Status::from_header_map);
        match said.or_else(|| Status::from_header_map(&self.head.headers)) {
            Some(status) => Some(status).filter(|status| status.code() != Code::Ok),
            None if self.head.status == StatusCode::OK => Some(Status::unavailable("the answer broke off")),
            // What stands between has answered.
            None => match self.head.status.as_u16() {
                429 | 502..=504 => Some(Status::unavailable(format!("answered {}", self.head.status))),
                _ => Some(Status::unimplemented(format!("answered {}, as Steerco does not", self.head.status))),
            },
        }
    }

    fn into_response(self) -> Response<Body> {
        let Self { head, body, trailers } = self;
        let body = Full::new(body).with_trailers(async move { trailers.map(Ok) });
        Response::from_parts(head, Body::new(body))
    }
}

impl Client {
    /// The access token of the next call, for requests beside this client.
    pub async fn access_token(&self) -> Result<Option<String>, Error> {
        Ok(self.inner.tokens.token(&self.channel).await?)
    }

    /// Makes a call, once.
    pub(crate) async fn once(&self, mut request: Request<Body>) -> Answer {
        if let Some(token) = self.inner.tokens.authorization(&self.channel).await? {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        send(&self.channel, request).await.map_err(|status| self.told(&status))
    }

    /// Makes a call of one message and one answer, again while that can help. All attempts have one key, so that a write
    /// has one effect, however often its answer is lost.
    async fn unary(&self, request: Request<Body>) -> Answer {
        let (mut head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        if !reads(head.uri.path()) && !head.headers.contains_key(KEY) {
            let key = HeaderValue::try_from(retry::key()).map_err(|error| Status::internal(error.to_string()))?;
            head.headers.insert(KEY, key);
        }
        let (mut failed, mut renewed) = (0, false);
        loop {
            let request = Request::from_parts(head.clone(), Body::new(Full::new(body.clone())));
            let status = match self.whole(request).await {
                Ok(whole) => match whole.refusal() {
                    Some(status) => status,
                    None => return Ok(whole.into_response()),
                },
                Err(status) => status,
            };
            let error = Error::from(&status);
            if error.is_unauthenticated() && !renewed && self.inner.tokens.renew().await {
                renewed = true;
                continue;
            }
            failed += 1;
            if !error.is_retryable() || failed >= self.inner.retry.attempts {
                return Err(status);
            }
            self.rest(&error, failed).await;
        }
    }

    /// The whole answer, in time.
    async fn whole(&self, request: Request<Body>) -> Result<Whole, Status> {
        let exchange = async {
            let (head, body) = self.once(request).await?.into_parts();
            let body = body.collect().await.map_err(|status| self.told(&Status::unavailable(innermost(&status))))?;
            let trailers = body.trailers().cloned();
            Ok(Whole { head, body: body.to_bytes(), trailers })
        };
        let timeout = self.inner.timeout;
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| {
            Err(Status::unavailable(format!("{} did not answer within {} s", self.inner.server, timeout.as_secs())))
        })
    }

    /// The same, with the address that was called.
    fn told(&self, status: &Status) -> Status {
        Status::new(status.code(), format!("{} cannot be reached: {}", self.inner.server, status.message()))
    }

    /// Rests before another attempt.
    pub(crate) async fn rest(&self, error: &Error, failed: u32) {
        let rest = self.inner.retry.rest(failed, error.retry_after());
        if let Some(tell) = &self.inner.on_retry {
            tell(error, rest);
        }
        tokio::time::sleep(rest).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(status: u16, headers: &[(&'static str, &'static str)], trailers: Option<&'static str>) -> Whole {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let trailer = |code| HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static(code))]);
        Whole { head: response.body(()).unwrap().into_parts().0, body: Bytes::new(), trailers: trailers.map(trailer) }
    }

    #[test]
    fn only_a_whole_answer_is_one() {
        assert!(whole(200, &[], Some("0")).refusal().is_none());
        assert_eq!(whole(200, &[], None).refusal().unwrap().code(), Code::Unavailable);
        assert_eq!(whole(200, &[("grpc-status", "5")], None).refusal().unwrap().code(), Code::NotFound);
        assert_eq!(whole(200, &[], Some("14")).refusal().unwrap().code(), Code::Unavailable);
        assert_eq!(whole(502, &[], None).refusal().unwrap().code(), Code::Unavailable);
        assert_eq!(whole(404, &[], None).refusal().unwrap().code(), Code::Unimplemented);
    }

    #[test]
    fn reads_need_no_key() {
        assert!(reads("/steerco.v1.RiskService/ListRisks") && reads("/steerco.v1.EventService/GetDigest"));
        assert!(!reads("/steerco.v1.RiskService/AssessRisk"));
        assert!(STREAMS.contains(&"/steerco.v1.EventService/Watch"));
    }
}

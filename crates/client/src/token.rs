//! Where access tokens come from.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic::transport::Channel;

use crate::transport::send;

/// Where the access token comes from.
#[derive(Clone, Default)]
pub enum Token {
    /// From nowhere: only what needs none can be called.
    #[default]
    None,
    /// This one, as long as it lasts.
    Text(String),
    /// A file, read with every call: others renew it.
    File(PathBuf),
    /// The token endpoint of the service; the next one is fetched before one ends.
    Credentials {
        /// Id of the service account.
        client_id: String,
        /// Its secret.
        client_secret: String,
    },
}

impl fmt::Debug for Token {
    /// Secrets stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Text(_) => f.write_str("Text(…)"),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Credentials { client_id, .. } => f.debug_tuple("Credentials").field(client_id).finish(),
        }
    }
}

/// A token of the endpoint, and when it is time for the next.
struct Fetched {
    token: String,
    renew_at: Instant,
}

/// The tokens of a client.
pub(crate) struct Tokens {
    from: Token,
    fetched: Mutex<Option<Fetched>>,
}

impl Tokens {
    pub(crate) fn new(from: Token) -> Self {
        Self { from, fetched: Mutex::new(None) }
    }

    /// The token of a call.
    pub(crate) async fn token(&self, channel: &Channel) -> Result<Option<String>, Status> {
        let token = match &self.from {
            Token::None => return Ok(None),
            Token::Text(text) => text.clone(),
            Token::File(file) => tokio::fs::read_to_string(file).await.map_err(|error| {
                Status::failed_precondition(format!("the token file {} cannot be read: {error}", file.display()))
            })?,
            Token::Credentials { client_id, client_secret } => {
                let mut fetched = self.fetched.lock().await;
                match &*fetched {
                    Some(held) if Instant::now() < held.renew_at => held.token.clone(),
                    _ => fetched.insert(fetch(channel, client_id, client_secret).await?).token.clone(),
                }
            }
        };
        Ok(Some(token.trim().to_owned()))
    }

    /// The `authorization` of a call.
    pub(crate) async fn authorization(&self, channel: &Channel) -> Result<Option<HeaderValue>, Status> {
        let Some(token) = self.token(channel).await? else { return Ok(None) };
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Status::failed_precondition("the access token is no line of visible ASCII"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// Lets go of a token that was refused; whether there may be another now.
    pub(crate) async fn renew(&self) -> bool {
        *self.fetched.lock().await = None;
        matches!(self.from, Token::File(_) | Token::Credentials { .. })
    }
}

/// Asks the token endpoint (RFC 6749, client credentials), over the same connection.
async fn fetch(channel: &Channel, client_id: &str, client_secret: &str) -> Result<Fetched, Status> {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        encoded(client_id),
        encoded(client_secret)
    );
    let asked = Instant::now();
    let mut request = Request::post("/oauth2/token").body(Body::new(Full::new(Bytes::from(form))));
    if let Ok(request) = &mut request {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    let request = request.map_err(|error| Status::internal(error.to_string()))?;
    let (head, body) = send(channel, request).await?.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let said =
        |name: &str| answer[name].as_str().or_else(|| answer["detail"].as_str()).unwrap_or("no reason was given");
    match head.status {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(Status::unauthenticated(format!("no token was issued: {}", said("error_description"))));
        }
        status => return Err(Status::unavailable(format!("no token was issued: {status}: {}", said("error")))),
    }
    let (Some(token), Some(seconds)) = (answer["access_token"].as_str(), answer["expires_in"].as_u64()) else {
        return Err(Status::unavailable("the token endpoint does not answer as Steerco does"));
    };
    // With a fifth of its life left, there is time to try again.
    Ok(Fetched { token: token.to_owned(), renew_at: asked + Duration::from_millis(seconds.saturating_mul(800)) })
}

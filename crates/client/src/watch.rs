//! The feed as it happens, over cut connections.

use std::time::Duration;

use steerco_proto::v1::event_service_client::EventServiceClient;
use steerco_proto::v1::{WatchRequest, WatchResponse};
use tonic::Streaming;

use crate::{Client, Error, MESSAGE_MAX};

/// The service says something at least every 15 seconds: a stream that is silent for longer has been cut.
const SILENCE: Duration = Duration::from_secs(45);

/// A stream of changes that is taken up again where it broke off; see [`Client::watch`].
pub struct Watch {
    client: Client,
    request: WatchRequest,
    stream: Option<Streaming<WatchResponse>>,
    /// Failures since the last message.
    failed: u32,
    renewed: bool,
}

impl Client {
    /// Follows the feed from `request.after` on. Nothing is left out and nothing comes twice, however often the connection
    /// breaks, as long as this value lives; keep [`Watch::cursor`] with what you stored to go on in another process.
    pub fn watch(&self, request: WatchRequest) -> Watch {
        Watch { client: self.clone(), request, stream: None, failed: 0, renewed: false }
    }
}

impl Watch {
    /// What happened since the last message; without events it is a bookmark that only moves the cursor. An error is final:
    /// the rights or the token of the caller ended, or the cursor has expired ([`Error::is_cursor_expired`]).
    pub async fn next(&mut self) -> Result<WatchResponse, Error> {
        loop {
            let error = match self.attempt().await {
                Ok(said) => {
                    (self.failed, self.renewed) = (0, false);
                    self.request.after.clone_from(&said.next_cursor);
                    self.request.since = None;
                    return Ok(said);
                }
                Err(error) => error,
            };
            self.stream = None;
            if error.is_unauthenticated() && !self.renewed && self.client.inner.tokens.renew().await {
                self.renewed = true;
                continue;
            }
            if !error.is_retryable() {
                return Err(error);
            }
            self.failed += 1;
            self.client.rest(&error, self.failed).await;
        }
    }

    /// Where another watch would go on; what it was given before the first message.
    pub fn cursor(&self) -> &str {
        &self.request.after
    }

    async fn attempt(&mut self) -> Result<WatchResponse, Error> {
        let stream = if let Some(stream) = &mut self.stream {
            stream
        } else {
            let mut service = EventServiceClient::new(self.client.clone()).max_decoding_message_size(MESSAGE_MAX);
            let opening = tokio::time::timeout(self.client.inner.timeout, service.watch(self.request.clone()));
            let opened = opening.await.map_err(|_| Error::Unreachable("the stream was not opened in time".into()))?;
            self.stream.insert(opened?.into_inner())
        };
        let said = tokio::time::timeout(SILENCE, stream.message()).await;
        let said = said.map_err(|_| Error::Unreachable("the stream fell silent".into()))??;
        said.ok_or_else(|| Error::Unreachable("the stream ended".into()))
    }
}

//! Batches in streams that are cut where no client would: behind any byte, without an end.

use std::time::Duration;

use prost::Message;
use serde_json::{Value, json};

use crate::Door;
use crate::client::{Client, header_and_lines};
use crate::{codec, grpc};

/// What is sent of a batch: the bytes of the whole stream.
fn stream_of(client: &Client, batch: Value) -> Vec<u8> {
    let (header, lines) = header_and_lines(batch);
    match client.door {
        Door::Rest => {
            let lines = [header].into_iter().chain(lines).map(|line| line.to_string() + "\n");
            lines.collect::<String>().into_bytes()
        }
        Door::Grpc => {
            let method = grpc::method("ActualsBatchService", "ImportActuals");
            let messages = [json!({"header": header})].into_iter();
            let messages = messages.chain(lines.chunks(2).map(|lines| json!({"lines": lines})));
            let mut bytes = Vec::new();
            for message in messages {
                let message = codec::message(&method.input(), &message).encode_to_vec();
                bytes.push(0);
                bytes.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
                bytes.extend(message);
            }
            bytes
        }
    }
}

impl Client {
    /// Sends a batch over HTTP/2 as far as `share` says (in thousandths of its bytes) and resets the stream. With 1000
    /// everything has arrived but the end.
    pub async fn import_reset(&self, batch: Value, share: usize) {
        let bytes = stream_of(self, batch);
        let some = bytes[..bytes.len() * share / 1000].to_vec();
        let address = self.server.url.trim_start_matches("http://");
        let tcp = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let (client, connection) = h2::client::handshake(tcp).await.expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let (path, media) = match self.door {
            Door::Rest => ("/v1/actuals-batches/import", "application/x-ndjson"),
            Door::Grpc => ("/steerco.v1.ActualsBatchService/ImportActuals", "application/grpc"),
        };
        let request = http::Request::post(format!("http://{address}{path}"))
            .header("authorization", format!("Bearer {}", self.with.token.as_deref().unwrap_or_default()))
            .header("content-type", media)
            .header("te", "trailers")
            .body(())
            .expect("a request");
        let mut client = client.ready().await.expect("a stream");
        let (answer, mut sending) = client.send_request(request, false).expect("sent");
        sending.send_data(some.into(), false).expect("sent");
        // Time to arrive, so that only the end is missing.
        tokio::time::sleep(Duration::from_millis(150)).await;
        sending.send_reset(h2::Reason::CANCEL);
        drop(answer);
        tokio::time::sleep(Duration::from_millis(150)).await;
        connection.abort();
    }
}

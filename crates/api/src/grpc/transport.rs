//! Calls of tonic whose messages are bytes: one codec for all rpcs, so that the door is compiled once.

use axum::extract::Request as HttpRequest;
use axum::response::Response as HttpResponse;
use bytes::{Buf, BufMut, Bytes};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EnabledCompressionEncodings, EncodeBuf, Encoder};
use tonic::server::{Grpc, StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming};

use super::MESSAGE_MAX;
use super::encode::Encoded;

/// The messages of a stream of requests.
pub(super) type Messages = Streaming<Bytes>;
/// The messages of a stream of answers.
pub(super) type Answers = BoxStream<'static, Result<Encoded, Status>>;

/// An rpc of one message and one answer.
pub(super) type Unary = Box<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Result<Response<Encoded>, Status>> + Send>;
/// An rpc of which a side is a stream.
pub(super) type Streams =
    Box<dyn Fn(Request<Messages>) -> BoxFuture<'static, Result<Response<Answers>, Status>> + Send>;

/// Bytes in, bytes out.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Encoded;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Encoded;
    type Error = Status;

    fn encode(&mut self, message: Encoded, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

struct OneForOne(Unary);

impl UnaryService<Bytes> for OneForOne {
    type Response = Encoded;
    type Future = BoxFuture<'static, Result<Response<Encoded>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        (self.0)(request)
    }
}

struct ManyForMany(Streams);

impl StreamingService<Bytes> for ManyForMany {
    type Response = Encoded;
    type ResponseStream = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Messages>) -> Self::Future {
        (self.0)(request)
    }
}

/// The limits of every rpc.
fn grpc() -> Grpc<Raw> {
    let mut gzip = EnabledCompressionEncodings::default();
    gzip.enable(CompressionEncoding::Gzip);
    Grpc::new(Raw).apply_compression_config(gzip, gzip).apply_max_message_size_config(Some(MESSAGE_MAX), None)
}

pub(super) fn unary(rpc: Unary, request: HttpRequest) -> BoxFuture<'static, HttpResponse> {
    Box::pin(async move { grpc().unary(OneForOne(rpc), request).await.map(axum::body::Body::new) })
}

pub(super) fn streams(rpc: Streams, request: HttpRequest) -> BoxFuture<'static, HttpResponse> {
    Box::pin(async move { grpc().streaming(ManyForMany(rpc), request).await.map(axum::body::Body::new) })
}

//! Methods of whatever messages behind one server: what is the same for all is compiled once and not for each method anew.

use std::convert::Infallible;
use std::marker::PhantomData;

use bytes::{Buf, Bytes};
use prost::Message;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EnabledCompressionEncodings, EncodeBuf, Encoder};
use tonic::codegen::{BoxFuture, http};
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

/// What a server is set to.
#[derive(Clone, Copy)]
pub struct Limits {
    pub accept: EnabledCompressionEncodings,
    pub send: EnabledCompressionEncodings,
    pub max_decoding: Option<usize>,
    pub max_encoding: Option<usize>,
}

/// An answer on its way out.
pub trait Outgoing: Send {
    fn write(&self, out: &mut EncodeBuf<'_>) -> Result<(), Status>;
}

impl<M: Message> Outgoing for M {
    fn write(&self, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        self.encode(out).map_err(|error| Status::internal(error.to_string()))
    }
}

/// The bytes of a request in, an answer out.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Box<dyn Outgoing>;
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
    type Item = Box<dyn Outgoing>;
    type Error = Status;

    fn encode(&mut self, item: Box<dyn Outgoing>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.write(out)
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}

type Answered = BoxFuture<Response<Box<dyn Outgoing>>, Status>;

/// A method of whatever messages.
pub trait Unary: Send {
    fn call(&mut self, request: Request<Bytes>) -> Answered;
}

/// A method of these messages.
struct Typed<S, I>(S, PhantomData<fn() -> I>);

/// A method of these messages as one of whatever messages.
pub fn typed<I, O, S>(service: S) -> Box<dyn Unary>
where
    I: Message + Default + 'static,
    O: Message + 'static,
    S: UnaryService<I, Response = O, Future = BoxFuture<Response<O>, Status>> + Send + 'static,
{
    Box::new(Typed(service, PhantomData))
}

impl<I, O, S> Unary for Typed<S, I>
where
    I: Message + Default,
    O: Message + 'static,
    S: UnaryService<I, Response = O, Future = BoxFuture<Response<O>, Status>> + Send,
{
    fn call(&mut self, request: Request<Bytes>) -> Answered {
        let (metadata, extensions, bytes) = request.into_parts();
        match I::decode(bytes) {
            Ok(message) => {
                let answer = self.0.call(Request::from_parts(metadata, extensions, message));
                Box::pin(async move { answer.await.map(|response| response.map(|message| Box::new(message) as _)) })
            }
            Err(error) => Box::pin(std::future::ready(Err(Status::internal(error.to_string())))),
        }
    }
}

struct Erased(Box<dyn Unary>);

impl UnaryService<Bytes> for Erased {
    type Response = Box<dyn Outgoing>;
    type Future = Answered;

    fn call(&mut self, request: Request<Bytes>) -> Answered {
        self.0.call(request)
    }
}

/// Serves a call of a method.
pub fn unary(
    limits: Limits,
    method: Box<dyn Unary>,
    request: http::Request<Body>,
) -> BoxFuture<http::Response<Body>, Infallible> {
    Box::pin(async move {
        let mut grpc = Grpc::new(Raw)
            .apply_compression_config(limits.accept, limits.send)
            .apply_max_message_size_config(limits.max_decoding, limits.max_encoding);
        Ok(grpc.unary(Erased(method), request).await)
    })
}

/// A message that is written already.
pub struct Encoded(pub Vec<u8>);

impl Outgoing for Encoded {
    fn write(&self, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(out, &self.0);
        Ok(())
    }
}

/// Answers, one after the other.
pub type Answers = std::pin::Pin<Box<dyn tonic::codegen::tokio_stream::Stream<Item = Result<Box<dyn Outgoing>, Status>> + Send>>;

/// A method of whatever messages, both sides of which are streams.
pub trait Streams: Send {
    fn call(&mut self, request: Request<tonic::Streaming<Bytes>>) -> BoxFuture<Response<Answers>, Status>;
}

struct ErasedStreams(Box<dyn Streams>);

impl tonic::server::StreamingService<Bytes> for ErasedStreams {
    type Response = Box<dyn Outgoing>;
    type ResponseStream = Answers;
    type Future = BoxFuture<Response<Answers>, Status>;

    fn call(&mut self, request: Request<tonic::Streaming<Bytes>>) -> Self::Future {
        self.0.call(request)
    }
}

/// Serves a call of a method of streams.
pub fn streams(
    limits: Limits,
    method: Box<dyn Streams>,
    request: http::Request<Body>,
) -> BoxFuture<http::Response<Body>, Infallible> {
    Box::pin(async move {
        let mut grpc = Grpc::new(Raw)
            .apply_compression_config(limits.accept, limits.send)
            .apply_max_message_size_config(limits.max_decoding, limits.max_encoding);
        Ok(grpc.streaming(ErasedStreams(method), request).await)
    })
}

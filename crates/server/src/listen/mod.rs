//! The accept loop of the one port: HTTP/1.1 and HTTP/2, plain or under TLS, REST and gRPC in one
//! router.
//!
//! `axum::serve` leaves a slow, silent or flooding peer its connection for as long as it likes;
//! this loop gives every phase of a connection a bound:
//!
//! | phase | bound |
//! |---|---|
//! | too many connections | [`Limits::max_connections`], [`Limits::max_connections_per_peer`] |
//! | TLS handshake | [`Limits::tls_handshake_timeout`] |
//! | first bytes, HTTP/2 preface, first request head | [`Limits::header_timeout`] |
//! | a later HTTP/1 head | [`Limits::header_timeout`] |
//! | a later HTTP/2 head that is never finished | [`Limits::ping_interval`] + [`Limits::ping_timeout`] |
//! | nothing asked | [`Limits::header_timeout`] (HTTP/1), [`Limits::idle_timeout`] (HTTP/2) |
//! | a peer that does not read its answer | [`Limits::write_timeout`] |
//! | the stop of the service | [`Limits::drain_timeout`] |
//!
//! The time a request body or a handler may take is a matter of the router's layers.

mod activity;
mod caps;
mod limits;
mod stall;
#[cfg(test)]
mod tests;
mod tls;

pub use limits::Limits;
pub use tls::server_config;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use activity::{Activity, Open};
use caps::{Admitted, Caps};
use stall::Stall;

/// What a connection without a request in flight still gets once it shall end: time for a request
/// that was already on its way when the service was told to stop, and for the HTTP/2 farewell.
const GRACE: Duration = Duration::from_secs(1);

/// Callers who may wait in the kernel's queue, and so are let in late at the stop. The 128 of
/// `TcpListener::bind` overflow under a burst, and then an innocent caller's handshake is dropped
/// and retried only after a second.
const BACKLOG: u32 = 1024;

/// What is left for aborted connections to unwind after the drain.
const ABORT: Duration = Duration::from_secs(1);

/// What every connection of the port shares.
struct Port {
    app: Router,
    tls: Option<TlsAcceptor>,
    http: auto::Builder<TokioExecutor>,
    limits: Limits,
}

/// Listens on `addr`, with room for a burst of callers. Needs a tokio runtime around it.
pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A restart shall not wait for the connections of the process before it; elsewhere this would
    // share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// Serves `app` on `listener` until `shutdown` resolves, then lets requests in flight be answered
/// for at most [`Limits::drain_timeout`] and drops what is left.
///
/// Handlers find the peer as `ConnectInfo<SocketAddr>` in the request's extensions. Dropping the
/// future drops every connection.
///
/// # Errors
/// `InvalidInput` when a limit makes no sense. A failing accept is no error: it is logged and tried
/// again.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    app: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    limits.check().map_err(|fault| io::Error::new(io::ErrorKind::InvalidInput, fault))?;
    let drain_timeout = limits.drain_timeout;
    let caps = Caps::new(&limits);
    let port = Arc::new(Port { app, tls: tls.map(TlsAcceptor::from), http: http_builder(&limits), limits });
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let caller = tokio::select! {
            biased;
            () = &mut shutdown => break,
            caller = caps.accept(&listener) => caller,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(connection(port.clone(), caller, stopped.clone()));
    }
    // Whoever connected before the stop is answered too. The zero timeout takes only those already
    // there, and the count keeps a flood of them from holding up the stop.
    for _ in 0..BACKLOG {
        let Ok(caller) = timeout(Duration::ZERO, caps.accept(&listener)).await else {
            break;
        };
        connections.spawn(connection(port.clone(), caller, stopped.clone()));
    }
    drop(listener);
    stopping.send_replace(true);
    drain(connections, drain_timeout).await;
    Ok(())
}

/// Waits for the connections to end, and drops those that do not.
async fn drain(mut connections: JoinSet<()>, drain_timeout: Duration) {
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(drain_timeout, all).await.is_err() {
        tracing::warn!(connections = connections.len(), "dropped at the end of the drain");
        // A handler that blocks its thread cannot be aborted; it shall not hold up the exit.
        let _ = timeout(ABORT, connections.shutdown()).await;
    }
}

/// The protocol limits; see [`Limits`] for their reasons.
fn http_builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // The one bound of a head that the sniffing builder passes on; hyper answers 431 when it is
        // full.
        .max_buf_size(usize::try_from(limits.max_header_size).unwrap_or(usize::MAX));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.max_header_size)
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_pending_accept_reset_streams(limits.max_reset_streams)
        .max_local_error_reset_streams(limits.max_error_streams)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .max_send_buf_size(limits.max_send_buffer)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}

/// One connection from accept to close; its slot is free again when this ends.
async fn connection(port: Arc<Port>, caller: Admitted, stopped: watch::Receiver<bool>) {
    let Admitted { stream, peer, slot: _slot } = caller;
    // Answers are written whole: waiting to fill a segment only delays them.
    let _ = stream.set_nodelay(true);
    match &port.tls {
        None => converse(&port, stream, peer, stopped).await,
        Some(acceptor) => {
            if let Some(stream) = handshake(&port.limits, acceptor, stream, stopped.clone()).await {
                converse(&port, stream, peer, stopped).await;
            }
        }
    }
}

async fn handshake(
    limits: &Limits,
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    mut stopped: watch::Receiver<bool>,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let late = async {
        stop(&mut stopped).await;
        sleep(GRACE).await;
    };
    tokio::select! {
        done = timeout(limits.tls_handshake_timeout, acceptor.accept(stream)) => match done {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(fault)) => {
                tracing::debug!(%fault, "TLS handshake failed");
                None
            }
            Err(_) => None,
        },
        () = late => None,
    }
}

/// Speaks HTTP on a stream until either side ends it.
async fn converse<S>(port: &Port, stream: S, peer: SocketAddr, stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let io = TokioIo::new(Stall::new(stream, port.limits.write_timeout));
    let service = {
        let (app, activity) = (port.app.clone(), activity.clone());
        hyper::service::service_fn(move |request| answer(app.clone(), peer, activity.open(), request))
    };
    let conn = pin!(port.http.serve_connection(io, service));
    drive(conn, &activity, &port.limits, stopped).await;
}

/// Polls a connection to its end, and ends it when it asks nothing or the service stops.
async fn drive<C: GracefulConnection + Send>(
    mut conn: Pin<&mut C>,
    activity: &Activity,
    limits: &Limits,
    mut stopped: watch::Receiver<bool>,
) {
    // The connection comes first: a request that has arrived is begun before the stop is seen.
    tokio::select! {
        biased;
        _ = conn.as_mut() => return,
        () = activity.idle(limits.header_timeout, limits.idle_timeout) => {}
        () = stop(&mut stopped) => {
            tokio::select! {
                biased;
                _ = conn.as_mut() => return,
                () = activity.first_or(GRACE) => {}
            }
        }
    }
    conn.as_mut().graceful_shutdown();
    if timeout(GRACE, conn.as_mut()).await.is_err() && activity.has_begun() {
        let _ = timeout(limits.drain_timeout, conn).await;
    }
}

/// Resolves when the service stops.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Hands one request to the router; it counts as open until its answer is sent to the last byte.
async fn answer(
    app: Router,
    peer: SocketAddr,
    open: Open,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = app.oneshot(request).await?;
    Ok(response.map(|body| open.until_sent(body)))
}

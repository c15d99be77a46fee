use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::to_bytes;
use axum::http::{StatusCode, Version};
use axum::routing::get;
use hyper::client::conn::http2;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::*;

/// Generous for a loaded machine; what it bounds takes about a second.
const SOON: Duration = Duration::from_secs(15);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://h/` in HPACK.
const GET_ROOT: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'h'];

struct Server {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    done: JoinHandle<io::Result<()>>,
}

fn start(limits: Limits) -> Server {
    start_tls(limits, None)
}

fn start_tls(limits: Limits, tls: Option<Arc<rustls::ServerConfig>>) -> Server {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async {
        let _ = stopped.await;
    };
    let done = tokio::spawn(serve(listener, tls, app(), limits, shutdown));
    Server { addr, stop, done }
}

impl Server {
    async fn stop(self) {
        self.stop.send(()).unwrap();
        soon(self.done).await.unwrap().unwrap();
    }
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/big", get(|| async { vec![0; 32 << 20] }))
        .route("/stuck", get(std::future::pending::<String>))
        .route("/peer", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
        .route(
            "/slow",
            get(|| async {
                sleep(Duration::from_millis(500)).await;
                "slow"
            }),
        )
}

/// Short enough for a test, long enough for an innocent caller on a loaded machine.
fn short() -> Limits {
    Limits {
        header_timeout: Duration::from_secs(1),
        tls_handshake_timeout: Duration::from_secs(1),
        ..Limits::default()
    }
}

async fn soon<F: Future>(future: F) -> F::Output {
    timeout(SOON, future).await.unwrap()
}

async fn connect(addr: SocketAddr) -> TcpStream {
    soon(TcpStream::connect(addr)).await.unwrap()
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
}

/// All that comes until the connection closes.
async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is a close too.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, path: &str) -> String {
    stream.write_all(request(path).as_bytes()).await.unwrap();
    rest(stream).await
}

async fn assert_served(addr: SocketAddr) {
    let answer = ask(&mut connect(addr).await, "/").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("hello"), "{answer}");
}

type Sender = http2::SendRequest<Body>;

async fn http2_client<S>(stream: S) -> (Sender, JoinHandle<hyper::Result<()>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = http2::Builder::new(TokioExecutor::new());
    let (sender, conn) = soon(builder.handshake(TokioIo::new(stream))).await.unwrap();
    (sender, tokio::spawn(conn))
}

async fn ask_http2(sender: &mut Sender, path: &str, header: &str) -> (StatusCode, String) {
    let request = Request::get(format!("http://h{path}")).header("x-any", header).body(Body::empty()).unwrap();
    let response = soon(sender.send_request(request)).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let status = response.status();
    let body = soon(to_bytes(Body::new(response.into_body()), 1 << 20)).await;
    (status, String::from_utf8_lossy(&body.unwrap()).into_owned())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn opening() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

/// Sends `start`, then `drip` again and again, until the server closes.
async fn drip_until_closed(addr: SocketAddr, start: Vec<u8>, drip: &[u8]) {
    let mut stream = connect(addr).await;
    let _ = stream.write_all(&start).await;
    let mut buf = [0; 1024];
    let closed = async {
        loop {
            tokio::select! {
                read = stream.read(&mut buf) => if matches!(read, Ok(0) | Err(_)) { return },
                () = sleep(Duration::from_millis(100)) => {
                    if stream.write_all(drip).await.is_err() { return }
                }
            }
        }
    };
    soon(closed).await;
}

#[tokio::test]
async fn slow_heads_are_closed_while_an_innocent_caller_is_answered() {
    let server = start(short());
    let half_head = || [opening(), frame(HEADERS, END_STREAM, 1, GET_ROOT)].concat();
    let padding = frame(CONTINUATION, 0, 1, &[]);
    // Both ends live in this process: more would not fit into 1024 file descriptors.
    let slow: Vec<_> = (0..450)
        .map(|i| {
            let (start, drip) = match i % 5 {
                0 => (Vec::new(), Vec::new()),
                1 => (b"GET / HTTP/1.1\r\nx: ".to_vec(), b"y".to_vec()),
                2 => (PREFACE[..10].to_vec(), Vec::new()),
                3 => (opening(), Vec::new()),
                _ => (half_head(), padding.clone()),
            };
            let addr = server.addr;
            tokio::spawn(async move { drip_until_closed(addr, start, &drip).await })
        })
        .collect();
    for _ in 0..5 {
        assert_served(server.addr).await;
    }
    for caller in slow {
        caller.await.unwrap();
    }
    assert_served(server.addr).await;
    server.stop().await;
}

#[tokio::test]
async fn a_slow_head_after_a_served_request_is_closed() {
    let limits =
        Limits { ping_interval: Duration::from_millis(300), ping_timeout: Duration::from_millis(700), ..short() };
    let server = start(limits);
    let whole = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET_ROOT);
    let half = frame(HEADERS, END_STREAM, 3, GET_ROOT);
    let http2 = [opening(), whole, half].concat();
    drip_until_closed(server.addr, http2, &frame(CONTINUATION, 0, 3, &[])).await;
    let http1 = b"GET / HTTP/1.1\r\nhost: h\r\n\r\nGET / HTTP/1.1\r\nx: ".to_vec();
    drip_until_closed(server.addr, http1, b"y").await;
    server.stop().await;
}

/// Writes what `flood` makes until the server closes; the bytes it took.
async fn flood(addr: SocketAddr, mut flood: impl FnMut() -> Vec<u8>) -> usize {
    const ENOUGH: usize = 64 << 20;
    let (mut read, mut write) = connect(addr).await.into_split();
    let reader = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
    let mut sent = 0;
    let mut next = opening();
    while sent < ENOUGH && !reader.is_finished() && soon(write.write_all(&next)).await.is_ok() {
        sent += next.len();
        next = flood();
    }
    assert!(sent < ENOUGH, "the flood was never stopped");
    let _ = soon(reader).await;
    sent
}

#[tokio::test]
async fn a_rapid_reset_flood_is_closed() {
    let server = start(Limits::default());
    let mut stream = 1;
    let burst = || {
        let mut burst = Vec::new();
        for _ in 0..1000 {
            burst.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, GET_ROOT));
            burst.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
            stream += 2;
        }
        burst
    };
    let (_, ()) = tokio::join!(flood(server.addr, burst), assert_served(server.addr));
    assert_served(server.addr).await;
    server.stop().await;
}

#[tokio::test]
async fn a_continuation_flood_is_closed() {
    let server = start(Limits::default());
    let mut begun = false;
    // A header that says: not indexed, name "a", value of 16000 bytes.
    let header = [&[0, 1, b'a', 0x7f, 0x81, 0x7c][..], &[b'v'; 16000]].concat();
    let burst = || {
        let kind = if begun { CONTINUATION } else { HEADERS };
        begun = true;
        frame(kind, 0, 1, &header)
    };
    let (_, ()) = tokio::join!(flood(server.addr, burst), assert_served(server.addr));
    assert_served(server.addr).await;
    server.stop().await;
}

#[tokio::test]
async fn oversize_heads_are_answered_431() {
    let server = start(Limits::default());
    let long = "v".repeat(17 * 1024);
    let mut stream = connect(server.addr).await;
    let head = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {long}");
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let (mut sender, _conn) = http2_client(connect(server.addr).await).await;
    let (status, _) = ask_http2(&mut sender, "/", &long).await;
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let (status, _) = ask_http2(&mut sender, "/", "short").await;
    assert_eq!(status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_caller_above_the_cap_waits_and_is_answered() {
    let limits = Limits { max_connections: 1, write_timeout: Duration::from_secs(1), ..short() };
    let server = start(limits);
    let silent = connect(server.addr).await;
    assert_served(server.addr).await;
    drop(silent);
    let mut deaf = connect(server.addr).await;
    deaf.write_all(request("/big").as_bytes()).await.unwrap();
    assert_served(server.addr).await;
    server.stop().await;
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed_and_a_busy_one_is_not() {
    let limits = Limits { idle_timeout: Duration::from_millis(100), ..short() };
    let server = start(limits);
    let (mut idle, idle_conn) = http2_client(connect(server.addr).await).await;
    let (mut busy, busy_conn) = http2_client(connect(server.addr).await).await;
    ask_http2(&mut idle, "/", "").await;
    let stuck = Request::get("http://h/stuck").body(Body::empty()).unwrap();
    let stuck = tokio::spawn(busy.send_request(stuck));
    soon(idle_conn).await.unwrap().unwrap();
    assert!(!busy_conn.is_finished() && !stuck.is_finished());
    stuck.abort();
}

#[tokio::test]
async fn the_stop_answers_what_is_in_flight() {
    let server = start(Limits::default());
    let addr = server.addr;
    let (mut sender, conn) = http2_client(connect(addr).await).await;
    let (mut http1, mut idle, mut late) = (connect(addr).await, connect(addr).await, connect(addr).await);
    let keep = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";
    idle.write_all(keep).await.unwrap();
    let mut buf = [0; 1024];
    assert!(soon(idle.read(&mut buf)).await.unwrap() > 0);
    let in_flight = tokio::spawn(async move { ask_http2(&mut sender, "/slow", "").await });
    http1.write_all(request("/slow").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let stopped = tokio::spawn(server.stop());
    let late_answer = ask(&mut late, "/").await;
    assert!(late_answer.ends_with("hello"), "{late_answer}");
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut http1).await.ends_with("slow"));
    assert_eq!(in_flight.await.unwrap(), (StatusCode::OK, "slow".into()));
    soon(conn).await.unwrap().unwrap();
    stopped.await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn the_stop_drops_what_does_not_end() {
    let limits = Limits { drain_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = start(limits);
    let mut stuck = connect(server.addr).await;
    stuck.write_all(request("/stuck").as_bytes()).await.unwrap();
    let (mut sender, _conn) = http2_client(connect(server.addr).await).await;
    let request = Request::get("http://h/stuck").body(Body::empty()).unwrap();
    let answer = tokio::spawn(sender.send_request(request));
    sleep(Duration::from_millis(100)).await;
    server.stop().await;
    assert_eq!(rest(&mut stuck).await, "");
    assert!(soon(answer).await.unwrap().is_err());
}

#[tokio::test]
async fn a_senseless_limit_is_refused() {
    let limits = Limits { max_connections: 0, ..Limits::default() };
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let fault = serve(listener, None, app(), limits, std::future::pending()).await;
    assert_eq!(fault.unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

/// A directory of its own with `cert.pem`, `key.pem` and another certificate's `other.pem`.
struct Pems {
    dir: PathBuf,
    cert: CertificateDer<'static>,
}

impl Pems {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("steerco-listen-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = pair.signing_key.serialize_pem();
        std::fs::write(dir.join("cert.pem"), pair.cert.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), key).unwrap();
        std::fs::write(dir.join("other.pem"), other.signing_key.serialize_pem()).unwrap();
        let cert = pair.cert.der().clone();
        Self { dir, cert }
    }

    fn config(&self, cert: &str, key: &str) -> Result<Arc<rustls::ServerConfig>, String> {
        server_config(&self.dir.join(cert), &self.dir.join(key))
    }

    fn client(&self, alpn: &[u8]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        TlsConnector::from(Arc::new(config))
    }
}

impl Drop for Pems {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test]
async fn tls_serves_both_protocols_and_closes_a_silent_peer() {
    let pems = Pems::new();
    let config = pems.config("cert.pem", "key.pem").unwrap();
    let server = start_tls(short(), Some(config));
    let name = ServerName::try_from("localhost").unwrap();
    let silent = tokio::spawn(drip_until_closed(server.addr, Vec::new(), &[]));
    let connector = pems.client(b"http/1.1");
    let tcp = connect(server.addr).await;
    let own_addr = tcp.local_addr().unwrap();
    let mut http1 = soon(connector.connect(name.clone(), tcp)).await.unwrap();
    assert!(ask(&mut http1, "/peer").await.ends_with(&own_addr.to_string()));
    let connector = pems.client(b"h2");
    let tcp = connect(server.addr).await;
    let http2 = soon(connector.connect(name, tcp)).await.unwrap();
    assert_eq!(http2.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, _conn) = http2_client(http2).await;
    let (status, body) = ask_http2(&mut sender, "/", "").await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "hello"));
    silent.await.unwrap();
    server.stop().await;
}

#[test]
fn a_bad_certificate_or_key_is_named() {
    let pems = Pems::new();
    std::fs::write(pems.dir.join("empty.pem"), "").unwrap();
    std::fs::write(pems.dir.join("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    for (cert, key, wanted) in [
        ("none.pem", "key.pem", "none.pem: cannot read"),
        ("cert.pem", "none.pem", "none.pem: cannot read"),
        ("empty.pem", "key.pem", "empty.pem: holds no PEM certificate"),
        ("key.pem", "key.pem", "key.pem: holds no PEM certificate"),
        ("cert.pem", "cert.pem", "cert.pem: holds no PEM private key"),
        ("cert.pem", "other.pem", "does not belong to the certificate"),
        ("junk.pem", "key.pem", "junk.pem: invalid certificate"),
    ] {
        let fault = pems.config(cert, key).unwrap_err();
        assert!(fault.contains(wanted), "{fault}");
    }
}

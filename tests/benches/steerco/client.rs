//! A client that costs little: HTTP/1.1 with keep-alive, a thread a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Done;

/// No answer takes longer, not even that to a push of 100,000 lines while others use the machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A connection that stays open.
pub(crate) struct Connection {
    reader: BufReader<TcpStream>,
    head: String,
    body: Vec<u8>,
    /// The validator of the last answer.
    etag: String,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Done<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            reader: BufReader::with_capacity(1 << 16, stream),
            head: String::new(),
            body: Vec::new(),
            etag: String::new(),
        })
    }

    /// Sends a request and reads its answer: status and body.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Done<(u16, &[u8])> {
        self.reader.get_mut().write_all(request)?;
        let status = self.line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or("no status line")?;
        let (mut length, mut etag) = (0, String::new());
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("etag")
            {
                value.trim().clone_into(&mut etag);
            }
            if line.to_ascii_lowercase().starts_with("transfer-encoding") {
                return Err("the answer has no length".into());
            }
        }
        self.etag = etag;
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        Ok((status, &self.body))
    }

    fn line(&mut self) -> Done<&str> {
        self.head.clear();
        if self.reader.read_line(&mut self.head)? == 0 {
            return Err("the server hung up".into());
        }
        Ok(self.head.trim_end())
    }
}

/// A request without a body.
pub(crate) fn get(path: &str, token: &str) -> Vec<u8> {
    get_if(path, token, "")
}

/// The same by whoever holds an answer, with the header that says so.
pub(crate) fn get_if(path: &str, token: &str, condition: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n{condition}\r\n").into_bytes()
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, token: &str, key: &str, body: &str) -> Vec<u8> {
    post_as("application/json", path, token, key, body)
}

/// A request with a body of this media type.
pub(crate) fn post_as(media: &str, path: &str, token: &str, key: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
         content-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The answer to one request, as JSON.
pub(crate) fn ask_json(address: SocketAddr, request: &[u8]) -> Done<serde_json::Value> {
    let mut connection = Connection::open(address)?;
    let (status, body) = connection.ask(request)?;
    if status != 200 {
        return Err(format!("status {status}: {}", String::from_utf8_lossy(body)).into());
    }
    Ok(serde_json::from_slice(body)?)
}

/// The validator of the answer to one request, if it has one.
pub(crate) fn ask_etag(address: SocketAddr, request: &[u8]) -> Done<Option<String>> {
    let mut connection = Connection::open(address)?;
    let (status, _) = connection.ask(request)?;
    if status != 200 {
        return Err(format!("status {status}").into());
    }
    Ok(Some(connection.etag).filter(|etag| !etag.is_empty()))
}

/// How long requests took.
pub(crate) struct Times {
    /// Microseconds of each, sorted.
    pub(crate) micros: Vec<u64>,
    pub(crate) wall: Duration,
}

/// Sends `count` requests over so many connections at once. Every answer must have this status.
pub(crate) fn load(
    address: SocketAddr,
    connections: usize,
    count: u64,
    expected: u16,
    request: &(dyn Fn(u64) -> Vec<u8> + Sync),
) -> Done<Times> {
    let next = AtomicU64::new(0);
    let worker = || -> Done<Vec<u64>> {
        let mut connection = Connection::open(address)?;
        let mut micros = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(micros);
            }
            let request = request(number);
            let start = Instant::now();
            let (status, body) = connection.ask(&request)?;
            if status != expected {
                return Err(format!("status {status}: {}", String::from_utf8_lossy(body)).into());
            }
            micros.push(u64::try_from(start.elapsed().as_micros())?);
        }
    };
    let start = Instant::now();
    let mut micros = Vec::new();
    std::thread::scope(|scope| -> Done<()> {
        let workers: Vec<_> = (0..connections).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            micros.extend(worker.join().map_err(|_| "a connection's thread panicked")??);
        }
        Ok(())
    })?;
    let wall = start.elapsed();
    micros.sort_unstable();
    Ok(Times { micros, wall })
}

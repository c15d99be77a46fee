//! A receiver of webhooks that answers as it is told, and remembers what it heard.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    /// What was answered; 0 where the connection was cut.
    pub(crate) status: u16,
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn subject(&self) -> String {
        self.json()["subject"].as_str().unwrap().to_owned()
    }

    /// How many of its signatures are by this secret.
    pub(crate) fn signed_by(&self, secret: &str) -> usize {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let signed = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), signed.as_bytes());
        let right = format!("v1,{}", STANDARD.encode(tag));
        self.headers["webhook-signature"].split(' ').filter(|signature| *signature == right).count()
    }
}

/// What a receiver does with a request.
pub(crate) enum Act {
    Answer(u16),
    /// With a header.
    With(u16, &'static str, String),
    /// Answers after a while.
    Slowly(Duration, u16),
    Cut,
}

type Behave = dyn Fn(usize, &Heard) -> Act + Send + Sync;

pub(crate) struct Receiver {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// `behave` is told how many requests came before.
    pub(crate) async fn start(behave: impl Fn(usize, &Heard) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // What is still sent to an earlier receiver at this port is not taken for its own.
        let path = format!("/hook/{}", crate::all::kernel::bodies::fresh());
        let url = format!("http://{}{path}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (all, behave): (_, Arc<Behave>) = (Arc::clone(&heard), Arc::new(behave));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, path.clone(), Arc::clone(&all), Arc::clone(&behave)));
            }
        });
        Self { url, heard, task }
    }

    /// One that takes everything.
    pub(crate) async fn willing() -> Self {
        Self::start(|_, _| Act::Answer(204)).await
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What it took.
    pub(crate) fn taken(&self) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| (200..300).contains(&heard.status)).collect()
    }

    /// What it has taken once there are so many; panics when they do not come.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Heard> {
        let until = Instant::now() + Duration::from_mins(1);
        while self.taken().len() < count {
            assert!(Instant::now() < until, "{} of {count} came: {:?}", self.taken().len(), self.heard().last());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.taken()
    }
}

async fn serve(mut stream: TcpStream, path: String, all: Arc<Mutex<Vec<Heard>>>, behave: Arc<Behave>) {
    while let Some(mut heard) = read(&mut stream).await {
        if !heard.path.starts_with(&path) {
            return;
        }
        let act = {
            let mut all = all.lock().unwrap();
            let act = behave(all.len(), &heard);
            heard.status = match &act {
                Act::Answer(status) | Act::With(status, ..) | Act::Slowly(_, status) => *status,
                Act::Cut => 0,
            };
            all.push(heard.clone());
            act
        };
        let header = match act {
            Act::Answer(_) => String::new(),
            Act::With(_, name, value) => format!("{name}: {value}\r\n"),
            Act::Slowly(wait, _) => {
                tokio::time::sleep(wait).await;
                String::new()
            }
            Act::Cut => return,
        };
        let answer = format!("HTTP/1.1 {} X\r\ncontent-length: 0\r\n{header}\r\n", heard.status);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> =
        lines.filter_map(|line| line.split_once(": ").map(|(k, v)| (k.to_lowercase(), v.to_owned()))).collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < head + 4 + length {
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    }
    let body = String::from_utf8(bytes[head + 4..head + 4 + length].to_vec()).unwrap();
    Some(Heard { at: Instant::now(), path, headers, body, status: 0 })
}

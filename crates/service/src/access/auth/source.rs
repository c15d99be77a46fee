//! Sources of the keys of issuers, and refreshing them.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::Refusal;
use super::jwks::KeySet;

/// Timeout of one reading.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum bytes of a key set.
const MAX_SET: usize = 256 * 1024;

/// When keys are read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Minimum time since the start of the last reading, whatever its result.
    pub(super) gap: Duration,
    /// Keys older than this are read again in the background.
    pub(super) stale: Duration,
}

impl Pace {
    pub(super) const USUAL: Self = Self { gap: Duration::from_secs(30), stale: Duration::from_mins(10) };
}

/// Source of keys.
#[derive(Debug)]
pub(super) enum Origin {
    /// Keys given by the program itself.
    Given(KeySet),
    File(PathBuf),
    Address(Client, Url),
}

impl Origin {
    /// Parses a path or an address: https, or http on loopback.
    pub(super) fn parse(jwks: &str) -> Result<Self, String> {
        if !jwks.contains("://") {
            return if jwks.is_empty() { Err("jwks is empty".to_owned()) } else { Ok(Self::File(jwks.into())) };
        }
        let url = Url::parse(jwks).map_err(|fault| format!("jwks is not an address: {fault}"))?;
        let loopback = is_loopback(&url);
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err("jwks must be a file, an https address, or an http address on loopback".to_owned());
        }
        // Debug output shows addresses, so they must not contain a secret.
        if !url.username().is_empty() || url.password().is_some() {
            return Err("jwks must not hold a password".to_owned());
        }
        // No redirects, so that the configured address is the only source; no proxy, because it cannot reach loopback.
        let client = Client::builder().redirect(Policy::none());
        let client = if loopback { client.no_proxy() } else { client };
        let client = client.build().map_err(|fault| format!("cannot create a TLS client for jwks: {fault}"))?;
        Ok(Self::Address(client, url))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Keys {
    issuer: String,
    origin: Origin,
    pace: Pace,
    held: RwLock<Held>,
    /// Start of the last reading. The lock is held during a reading, so that only one runs at a time.
    begun: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug)]
struct Held {
    set: Arc<KeySet>,
    read_at: Option<Instant>,
}

impl Keys {
    pub(super) fn new(issuer: String, mut origin: Origin, pace: Pace) -> Self {
        let set = match &mut origin {
            Origin::Given(set) => std::mem::take(set),
            Origin::File(_) | Origin::Address(..) => KeySet::default(),
        };
        let held = RwLock::new(Held { set: Arc::new(set), read_at: None });
        Self { issuer, origin, pace, held, begun: Arc::default() }
    }

    /// The keys in force. Starts a background reading when they are stale.
    pub(super) fn current(self: &Arc<Self>) -> Arc<KeySet> {
        let (set, read_at) = self.held();
        if read_at.is_some_and(|at| at.elapsed() > self.pace.stale)
            && let Ok(begun) = Arc::clone(&self.begun).try_lock_owned()
        {
            self.begin(begun);
        }
        set
    }

    /// The keys in force, read again first if they do not contain this key.
    pub(super) async fn having(self: &Arc<Self>, key_id: &str) -> Result<Arc<KeySet>, Refusal> {
        let set = self.current();
        if set.get(key_id).is_some() || matches!(self.origin, Origin::Given(_)) {
            return Ok(set);
        }
        self.read().await;
        match self.held() {
            (set, Some(_)) => Ok(set),
            (_, None) => Err(Refusal::KeysUnavailable),
        }
    }

    /// Reads the keys again, or waits for a reading in progress; not more often than the gap allows.
    pub(super) async fn read(self: &Arc<Self>) {
        let begun = Arc::clone(&self.begun).lock_owned().await;
        if let Some(task) = self.begin(begun) {
            // The current keys stay in force whatever the result.
            let _ = task.await;
        }
    }

    /// Puts a new set in force. An equal set changes nothing, so that cached verifications stay valid.
    pub(super) fn replace(&self, set: KeySet) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.read_at = Some(Instant::now());
        if *held.set != set {
            tracing::info!(issuer = self.issuer, keys = set.len(), "keys of an issuer changed");
            held.set = Arc::new(set);
        }
    }

    fn held(&self) -> (Arc<KeySet>, Option<Instant>) {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&held.set), held.read_at)
    }

    /// A separate task, so that a caller that disconnects does not end the reading and use up the gap for other callers.
    fn begin(self: &Arc<Self>, mut begun: OwnedMutexGuard<Option<Instant>>) -> Option<JoinHandle<()>> {
        let too_soon = begun.is_some_and(|at| at.elapsed() < self.pace.gap);
        if too_soon || matches!(self.origin, Origin::Given(_)) {
            return None;
        }
        *begun = Some(Instant::now());
        let keys = Arc::clone(self);
        Some(tokio::spawn(async move {
            let bytes = tokio::time::timeout(READ_TIMEOUT, keys.origin.bytes()).await.unwrap_or(Err("took too long"));
            match bytes.and_then(|bytes| KeySet::parse(&bytes)) {
                Ok(set) => keys.replace(set),
                Err(reason) => tracing::warn!(issuer = keys.issuer, reason, "keys of an issuer could not be read"),
            }
            drop(begun);
        }))
    }
}

impl Origin {
    async fn bytes(&self) -> Result<Vec<u8>, &'static str> {
        let bytes = match self {
            Self::Given(_) => return Err("no source to read"),
            Self::File(path) => {
                let file = File::open(path).await.map_err(|_| "the file does not exist")?;
                let mut bytes = Vec::new();
                file.take(MAX_SET as u64 + 1).read_to_end(&mut bytes).await.map_err(|_| "the file cannot be read")?;
                bytes
            }
            Self::Address(client, url) => fetch(client, url).await?,
        };
        if bytes.len() > MAX_SET { Err("the key set is too large") } else { Ok(bytes) }
    }
}

/// Stops reading soon after the limit is exceeded.
async fn fetch(client: &Client, url: &Url) -> Result<Vec<u8>, &'static str> {
    let request = client.get(url.clone()).header(ACCEPT, "application/json");
    let mut response = request.send().await.map_err(|_| "no response")?;
    if response.status() != StatusCode::OK {
        return Err("the response status is not 200");
    }
    let mut bytes = Vec::new();
    while bytes.len() <= MAX_SET
        && let Some(chunk) = response.chunk().await.map_err(|_| "the response was cut off")?
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::Limits;

/// The wait after a failed accept. Out of file descriptors, the next try fails as well, and at
/// once: without a wait the loop would spin until some connection ends.
const BACK_OFF: Duration = Duration::from_millis(200);

type PerPeer = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Who is connected: in total and per peer.
pub(super) struct Caps {
    total: Arc<Semaphore>,
    per_peer: PerPeer,
    max_per_peer: usize,
}

/// A connection that was let in.
pub(super) struct Admitted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) slot: Slot,
}

/// The place of one connection, free again when dropped.
pub(super) struct Slot {
    per_peer: PerPeer,
    key: Option<IpAddr>,
    _total: OwnedSemaphorePermit,
}

impl Caps {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            total: Arc::new(Semaphore::new(limits.max_connections)),
            per_peer: PerPeer::default(),
            max_per_peer: limits.max_connections_per_peer,
        }
    }

    /// The next caller whom the caps let in. May be dropped at any time without losing one.
    pub(super) async fn accept(&self, listener: &TcpListener) -> Admitted {
        loop {
            // The place is taken before the caller: with none free, callers wait in the kernel's
            // queue.
            let Ok(total) = self.total.clone().acquire_owned().await else {
                // The semaphore is never closed.
                return std::future::pending().await;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(slot) = self.admit(peer.ip(), total) {
                        return Admitted { stream, peer, slot };
                    }
                    tracing::debug!(%peer, "too many connections of one peer");
                }
                Err(fault) if concerns_one_caller(&fault) => {}
                Err(fault) => {
                    tracing::warn!(%fault, "accept failed");
                    sleep(BACK_OFF).await;
                }
            }
        }
    }

    fn admit(&self, peer: IpAddr, total: OwnedSemaphorePermit) -> Option<Slot> {
        let key = peer_key(peer);
        if let Some(key) = key {
            let mut counts = lock(&self.per_peer);
            let count = counts.entry(key).or_default();
            if *count >= self.max_per_peer {
                return None;
            }
            *count += 1;
        }
        Some(Slot { per_peer: self.per_peer.clone(), key, _total: total })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut counts = lock(&self.per_peer);
        if let Some(count) = counts.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&key);
            }
        }
    }
}

/// No code can panic while it holds the counts, so a poisoned lock is still sound.
fn lock(counts: &PerPeer) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What counts as one peer; none for loopback, which is not counted.
fn peer_key(peer: IpAddr) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    match peer {
        _ if peer.is_loopback() => None,
        IpAddr::V4(_) => Some(peer),
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            Some(IpAddr::V6(Ipv6Addr::from_bits(network)))
        }
    }
}

/// A caller who left before he was accepted; the next one may be accepted at once.
fn concerns_one_caller(fault: &io::Error) -> bool {
    matches!(
        fault.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
    }

    #[test]
    fn a_peer_has_its_share_and_gets_it_back() {
        let caps = Caps::new(&Limits { max_connections_per_peer: 2, ..Limits::default() });
        let peer = "2001:db8::1".parse().unwrap();
        let neighbour = "2001:db8::2".parse().unwrap();
        let stranger = "::ffff:192.0.2.1".parse().unwrap();
        let first = caps.admit(peer, permit());
        let second = caps.admit(neighbour, permit());
        assert!(first.is_some() && second.is_some());
        assert!(caps.admit(peer, permit()).is_none());
        assert!(caps.admit(stranger, permit()).is_some());
        drop(first);
        assert!(caps.admit(peer, permit()).is_some());
        drop(second);
        assert!(lock(&caps.per_peer).is_empty());
    }

    #[test]
    fn loopback_is_not_counted() {
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(peer_key(peer.parse().unwrap()), None);
        }
    }
}

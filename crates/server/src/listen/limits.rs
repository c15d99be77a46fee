use std::time::Duration;

/// The bounds of one port. The defaults hold for a service on the open internet and for one behind
/// a proxy.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time (4096). Beyond it callers wait in the kernel's queue: hostile
    /// connections leave within seconds, so a caller who waits is served, where one who is refused
    /// is not.
    pub max_connections: usize,
    /// Connections at a time of one peer (512): an IPv4 address, or an IPv6 /64, which is what one
    /// customer gets. Beyond it a connection is closed at once, because its own peer is to blame.
    /// Loopback is exempt: that is a local proxy which speaks for everybody. For a proxy elsewhere,
    /// raise it.
    pub max_connections_per_peer: usize,
    /// For the first request head, and for every later HTTP/1 head (10 s). hyper counts the wait for
    /// a later head in, so this also ends idle HTTP/1 connections: a proxy in front must drop its
    /// idle connections sooner.
    pub header_timeout: Duration,
    /// For the TLS handshake (4 s: with the first head and the farewell it stays within 15 s).
    pub tls_handshake_timeout: Duration,
    /// How long an HTTP/2 connection may ask nothing, with nothing in flight (300 s).
    pub idle_timeout: Duration,
    /// How long a peer may leave our bytes unread (30 s).
    pub write_timeout: Duration,
    /// Bytes of a request head (16 KiB, at least 8 KiB); beyond it the answer is 431. HTTP/1
    /// buffers no more than this each way.
    pub max_header_size: u32,
    /// HTTP/2 streams at a time per connection (128).
    pub max_concurrent_streams: u32,
    /// HTTP/2 streams a peer may reset before they are begun (20), before the connection is closed
    /// as a flood.
    pub max_reset_streams: usize,
    /// HTTP/2 streams that we may have to reset for a peer's errors (256), before the same. More,
    /// because a good client makes such an error when it still sends what was refused already.
    pub max_error_streams: usize,
    /// HTTP/2 bytes a peer may send ahead per stream (64 KiB).
    pub stream_window: u32,
    /// HTTP/2 bytes a peer may send ahead per connection (256 KiB): what one hostile connection can
    /// make us hold.
    pub connection_window: u32,
    /// HTTP/2 bytes of an answer buffered per stream (64 KiB).
    pub max_send_buffer: usize,
    /// HTTP/2 pings when nothing was heard for so long (8 s). A peer that drips a header block
    /// cannot answer a ping, so interval and timeout together (14 s) also bound a slow head.
    pub ping_interval: Duration,
    /// How long the answer to a ping may take (6 s).
    pub ping_timeout: Duration,
    /// How long requests in flight may take once the service stops (8 s, for an exit within 10).
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_connections_per_peer: 512,
            header_timeout: Duration::from_secs(10),
            tls_handshake_timeout: Duration::from_secs(4),
            idle_timeout: Duration::from_mins(5),
            write_timeout: Duration::from_secs(30),
            max_header_size: 16 * 1024,
            max_concurrent_streams: 128,
            max_reset_streams: 20,
            max_error_streams: 256,
            stream_window: 64 * 1024,
            connection_window: 256 * 1024,
            max_send_buffer: 64 * 1024,
            ping_interval: Duration::from_secs(8),
            ping_timeout: Duration::from_secs(6),
            drain_timeout: Duration::from_secs(8),
        }
    }
}

/// The widest window HTTP/2 can express.
const MAX_WINDOW: u32 = i32::MAX.unsigned_abs();

/// The smallest buffer hyper accepts; below it hyper panics.
const MIN_HEADER_SIZE: u32 = 8 * 1024;

impl Limits {
    /// Names the first limit that would panic a library below or let nobody in.
    pub(super) fn check(&self) -> Result<(), String> {
        let faults = [
            (
                self.max_connections == 0 || self.max_connections > tokio::sync::Semaphore::MAX_PERMITS,
                "max_connections is out of range",
            ),
            (self.max_connections_per_peer == 0, "max_connections_per_peer must not be 0"),
            (self.max_header_size < MIN_HEADER_SIZE, "max_header_size must be at least 8 KiB"),
            (self.max_concurrent_streams == 0, "max_concurrent_streams must not be 0"),
            (
                self.stream_window > MAX_WINDOW || self.connection_window > MAX_WINDOW,
                "stream_window and connection_window must be below 2 GiB",
            ),
            (u32::try_from(self.max_send_buffer).is_err(), "max_send_buffer must be below 4 GiB"),
        ];
        match faults.iter().find(|(broken, _)| *broken) {
            Some((_, fault)) => Err((*fault).to_owned()),
            None => Ok(()),
        }
    }
}

//! A proxy that cuts answers: of what the server says, a share never arrives, and its connection ends there.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A running proxy. It stops with its runtime.
pub struct CuttingProxy {
    /// `http://127.0.0.1:port`.
    pub url: String,
    cuts: Arc<AtomicUsize>,
}

/// What all connections of a proxy share.
#[derive(Clone)]
struct Cutting {
    server: String,
    per_cent: u64,
    draw: Arc<AtomicU64>,
    cuts: Arc<AtomicUsize>,
}

impl CuttingProxy {
    /// Passes on what goes to this server (`http://…`), and cuts so many per cent of what comes back.
    pub async fn start(server: &str, per_cent: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let cuts = Arc::new(AtomicUsize::new(0));
        let server = server.trim_start_matches("http://").to_owned();
        let cutting = Cutting { server, per_cent, draw: Arc::new(AtomicU64::new(1)), cuts: Arc::clone(&cuts) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(cutting.clone().pass(client));
            }
        });
        Self { url, cuts }
    }

    /// How many answers were cut.
    pub fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }
}

impl Cutting {
    /// Draws that are spread evenly, and the same in every run.
    fn cuts(&self) -> bool {
        let drawn = self.draw.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        drawn % 100 < self.per_cent
    }

    async fn pass(self, client: TcpStream) {
        let Ok(server) = TcpStream::connect(&self.server).await else { return };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let up = async move { tokio::io::copy(&mut from_client, &mut to_server).await };
        let down = async {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(size @ 1..) = from_server.read(&mut buffer).await {
                if self.cuts() {
                    self.cuts.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                if to_client.write_all(&buffer[..size]).await.is_err() {
                    return;
                }
            }
        };
        // Whichever side ends, both are closed.
        tokio::select! {
            _ = up => {}
            () = down => {}
        }
    }
}

//! The real binary as a process of its own: started, called, killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A server process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) base: String,
}

/// Runs a command to its end.
pub(crate) fn steerco(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_steerco")).args(arguments).env("RUST_BACKTRACE", "0").output().unwrap()
}

/// The same, its JSON answer.
pub(crate) fn steerco_json(arguments: &[&str]) -> Value {
    let output = steerco(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl Process {
    /// Starts `steerco serve` on this database and waits until it is ready.
    pub(crate) async fn serve(database: &str, data_dir: &Path) -> Self {
        Self::serve_at(free_address(), database, data_dir, &[]).await
    }

    /// The same at this address, with these variables; its log goes to `steerco.log` in the folder.
    pub(crate) async fn serve_at(
        address: SocketAddr,
        database: &str,
        data_dir: &Path,
        variables: &[(&str, &str)],
    ) -> Self {
        let process = Self::spawn_at(address, database, data_dir, variables);
        process.wait_ready(Duration::from_secs(30)).await;
        process
    }

    /// The same, without waiting for it.
    pub(crate) fn spawn_at(address: SocketAddr, database: &str, data_dir: &Path, variables: &[(&str, &str)]) -> Self {
        let log = std::fs::File::create(data_dir.join("steerco.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_steerco"))
            .args(["serve", "--listen", &address.to_string(), "--database", database])
            .arg("--data-dir")
            .arg(data_dir)
            .env("STEERCO_LOG", "error")
            .env("STEERCO_LIMITS__REQUESTS_PER_SECOND", "100000")
            .env("STEERCO_LIMITS__BURST", "100000")
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, base: format!("http://{address}") }
    }

    /// Waits until `/readyz` says so.
    pub(crate) async fn wait_ready(&self, at_most: Duration) {
        let end = tokio::time::Instant::now() + at_most;
        let client = reqwest::Client::new();
        loop {
            let answer = client.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "the server is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The most memory it ever held, in KiB, as the kernel counts it.
    #[cfg(target_os = "linux")]
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        most.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// As a power cut would: no chance to say goodbye.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Its exit code, once it has stopped by itself.
    pub(crate) async fn wait(mut self, at_most: Duration) -> i32 {
        let end = tokio::time::Instant::now() + at_most;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(tokio::time::Instant::now() < end, "the server does not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An organisation on this database with a director: organisation and token.
pub(crate) fn organisation(database: &str) -> (String, String) {
    let made = steerco_json(&[
        "init",
        "--database",
        database,
        "--organisation",
        "City",
        "--person",
        "Ada",
        "--output",
        "json",
    ]);
    let org = made["organisation_id"].as_str().unwrap().to_owned();
    let admin = token(database, &org, made["person_id"].as_str().unwrap());
    (org, admin)
}

/// A token for this person.
pub(crate) fn token(database: &str, org: &str, person: &str) -> String {
    let minted = steerco_json(&["token", "--database", database, "--org", org, "--person", person, "--output", "json"]);
    minted["access_token"].as_str().unwrap().to_owned()
}

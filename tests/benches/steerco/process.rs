//! Child processes and what the kernel says of them.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Done;

/// Microseconds of a tick of `/proc/PID/stat`: the kernel always shows hundredths of a second.
const TICK: u64 = 10_000;

/// A folder that is removed with its owner.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Done<Self> {
        let unique = (0..1000).map(|i| std::env::temp_dir().join(format!("{name}-{}-{i}", std::process::id())));
        for path in unique {
            if fs::create_dir(&path).is_ok() {
                return Ok(Self(path));
            }
        }
        Err("no folder could be made for the data".into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// This program again, in another role, with a free port as its `--listen`.
    pub(crate) fn start(role: &str, arguments: &[&str], settings: &[(&str, &str)], log: Stdio) -> Done<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(std::env::current_exe()?)
            .args([role, "--listen", &address.to_string()])
            .args(arguments)
            .env_clear()
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        Ok(Self { child, address })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn output(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Resident memory in KiB: now, and the most there ever was.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        (of("VmRSS:").unwrap_or(0.0), of("VmHWM:").unwrap_or(0.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Microseconds of CPU that a process has used, with the children it has waited for.
fn cpu_of(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it, those of
    // the children the two after.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(4));
    fields.map_or(0, |fields| fields.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * TICK)
}

/// Microseconds of CPU of a server and of the database whose processes work in this folder.
pub(crate) fn cpu(server: Option<u32>, database: Option<&Path>) -> u64 {
    let own = server.map_or_else(|| cpu_of("self"), |pid| cpu_of(&pid.to_string()));
    let Some(folder) = database else { return own };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let theirs =
        entries.filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder)));
    own + theirs.filter_map(|entry| Some(cpu_of(entry.file_name().to_str()?))).sum::<u64>()
}

//! A real `PostgreSQL` for the tests, started by the tests themselves.
//!
//! A watchdog, a small shell script in a process group of its own, makes the folder, runs the
//! server and obeys one word a line on its standard input. That pipe closes however the test
//! process ends (return, panic, Ctrl-C, `kill -9`), and the watchdog then stops the server and
//! removes the folder; nothing depends on a destructor. The server listens on a unix socket in
//! that folder only, so that any number of them run beside each other.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::{env, fs, thread};

use crate::folder::Folder;

/// The port names the socket; it is spelled out so that no `PGPORT` of the caller changes it.
const PORT: &str = "5432";

/// The folder's parent and the settings of a server that no test crashes: a lost one is made anew.
/// A database is 300 files, made ten times as fast in memory as on a busy disk.
const FAST: [&str; 7] = ["/dev/shm", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];

/// The same where durability is real: a disk, and the server's own settings.
const DURABLE: [&str; 1] = ["/tmp"];

/// The folder lies in `/tmp` or a roomy `/dev/shm` (containers often have a tiny one), whatever
/// `TMPDIR` says, because the path of a unix socket must stay under 108 bytes. A closed pipe must
/// not kill the watchdog in the middle of starting (PIPE). Dynamic shared memory lies in the
/// folder, so that a crashed server leaves none elsewhere; the interlock segment it does leave is
/// the one that `ipcrm` removes.
const WATCHDOG: &str = r#"
trap '' PIPE
root=$1
shift
df -Pk "$root" | { read -r _; read -r _ _ _ free _; [ "$free" -gt 4000000 ]; } || root=/tmp
dir=$(mktemp -d "$root/steerco-pg.XXXXXX") || exit
exec 2>"$dir/log"
data=$dir/data
pid=

start() {
    [ -z "$pid" ] || return 0
    postgres -D "$data" -k "$dir" -c listen_addresses= -c max_connections=300 -c timezone=UTC \
        -c dynamic_shared_memory_type=mmap "$@" </dev/null >&2 &
    pid=$!
    until pg_isready -q -h "$dir"; do
        kill -s 0 "$pid" || { pid=; return 1; }
        sleep 0.02
    done
}

halt() {
    [ -z "$pid" ] || { kill -s "$1" "$pid"; wait "$pid"; pid=; }
}

stop() {
    halt INT
}

# The postmaster is frozen first: it can neither notice its dying children nor fork another.
crash() {
    [ -n "$pid" ] || return 0
    kill -s STOP "$pid"
    children=$(cat "/proc/$pid/task/$pid/children")
    kill -s KILL $children
    halt KILL
    for child in $children; do
        while [ -e "/proc/$child/cwd" ]; do sleep 0.01; done
    done
}

clean() {
    trap '' INT HUP TERM
    halt QUIT
    [ ! -e "$data/postmaster.pid" ] || ipcrm -m "$(sed -n '7s/.* //p' "$data/postmaster.pid")"
    rm -rf "$dir"
}

trap clean EXIT
trap exit INT HUP TERM
initdb -D "$data" --no-sync --auth=trust -U postgres --locale=C --encoding=UTF8 >&2
echo "$dir"
while read -r verb; do
    "$verb" "$@" && echo ok || echo failed
done
"#;

/// The server that all tests of this process share, started on first use.
///
/// `None` where `PostgreSQL` is not installed, said for each test on standard error; with
/// `STEERCO_TEST_ALL=1` a skipped test is a failure, and this panics.
pub fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Server> = OnceLock::new();
    let bin = installed()?;
    Some(SHARED.get_or_init(|| launch(bin, &FAST)))
}

/// A server of the caller's own that keeps what it has acknowledged, for tests that crash it.
///
/// `None` and panics as [`shared`].
pub fn durable() -> Option<Server> {
    Some(launch(installed()?, &DURABLE))
}

/// A server whose messages are in German; `None` and panics as [`shared`], and where the locale cannot be made.
///
/// The locale is compiled into a folder of its own, and the machine keeps the ones it has.
pub fn german() -> Option<Server> {
    static LOCALES: OnceLock<Option<Folder>> = OnceLock::new();
    let bin = installed()?;
    let locales = LOCALES.get_or_init(|| {
        let folder = Folder::create();
        let made = Command::new("localedef")
            .args(["-i", "de_DE", "-f", "UTF-8"])
            .arg(folder.path().join("de_DE.utf8"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let readable = Command::new("chmod").args(["-R", "a+rX"]).arg(folder.path()).status();
        (made.is_ok_and(|made| made.success()) && readable.is_ok_and(|made| made.success())).then_some(folder)
    });
    let Some(locales) = locales else { return skip("the locale de_DE cannot be made (Debian: locales)") };
    let arguments = [&FAST[..], &["-c", "lc_messages=de_DE.UTF-8"]].concat();
    Some(Server::launch(bin, &arguments, Some(locales.path())).expect("PostgreSQL starts"))
}

/// An installed server that does not start fails the test that asked for it.
fn launch(bin: &Path, arguments: &[&str]) -> Server {
    Server::launch(bin, arguments, None).expect("PostgreSQL starts")
}

/// A running server; dropping it stops it and removes its folder.
#[derive(Debug)]
pub struct Server {
    watchdog: Mutex<Watchdog>,
    psql: Psql,
    databases: AtomicU64,
}

impl Server {
    fn launch(bin: &Path, arguments: &[&str], locales: Option<&Path>) -> io::Result<Self> {
        let (watchdog, dir) = Watchdog::spawn(bin, arguments, locales)?;
        let server = Self {
            watchdog: Mutex::new(watchdog),
            psql: Psql { program: bin.join("psql"), dir },
            databases: AtomicU64::new(1),
        };
        server.start();
        Ok(server)
    }

    /// An empty database under a fresh name.
    pub fn create_database(&self) -> Database {
        self.create_database_from("template1")
    }

    /// A copy of `template`, which nobody may be connected to: migrate once, copy for each test.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn create_database_from(&self, template: &str) -> Database {
        let name = format!("steerco_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        // Copying files takes half the time of the default, copying through the log.
        let create = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY"#);
        assert_eq!(self.psql("postgres", &create), Ok(String::new()));
        let dir = self.socket_dir().display();
        Database {
            url: format!("postgres://postgres@localhost:{PORT}/{name}?host={dir}"),
            name,
            psql: self.psql.clone(),
        }
    }

    /// The folder of the unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.psql.dir
    }

    /// A program of the same installation, such as `pg_dump`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.psql.program.with_file_name(name)
    }

    /// Runs `sql` as one transaction; the answer is its rows, one a line, columns parted by `|`.
    ///
    /// A connection of its own, apart from the code under test and its driver.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        self.psql.run(database, sql)
    }

    /// Kills every process of the server with `kill -9`; nothing is flushed, nobody told.
    pub fn crash(&self) {
        self.tell("crash");
    }

    /// Stops the server if it runs, and starts it again: after [`Self::crash`], this recovers.
    pub fn restart(&self) {
        self.stop();
        self.start();
    }

    /// Stops the server cleanly: clients are cut off, later ones refused.
    pub fn stop(&self) {
        self.tell("stop");
    }

    /// Starts the server again, unless it runs, and returns when it accepts connections.
    pub fn start(&self) {
        self.tell("start");
    }

    fn tell(&self, verb: &str) {
        let reply = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner).tell(verb);
        let obeyed = reply.as_ref().is_ok_and(|reply| reply == "ok");
        let log = || fs::read_to_string(self.socket_dir().join("log")).unwrap_or_default();
        assert!(obeyed, "PostgreSQL: {verb}: {reply:?}\n{}", log());
    }
}

/// A database of one test; dropping it drops it on the server, whoever is still connected.
#[derive(Debug)]
pub struct Database {
    pub name: String,
    /// The form that sqlx reads: the `host` parameter names the socket's folder.
    pub url: String,
    psql: Psql,
}

impl Drop for Database {
    /// The answer is of no interest: a server that is stopped or gone needs no tidying.
    fn drop(&mut self) {
        let drop = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name);
        let _ = self.psql.run("postgres", &drop);
    }
}

#[derive(Clone, Debug)]
struct Psql {
    program: PathBuf,
    dir: PathBuf,
}

impl Psql {
    fn run(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(&self.program)
            .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", "postgres"])
            .args(["-p", PORT, "-d", database, "-c", sql, "-h"])
            .arg(&self.dir)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let text = |bytes| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

#[derive(Debug)]
struct Watchdog {
    process: Child,
    replies: BufReader<ChildStdout>,
}

impl Watchdog {
    /// The watchdog and its folder. It gets none of our environment and none of our outputs: a
    /// reader of the test's output must not wait for the server to end.
    fn spawn(bin: &Path, arguments: &[&str], locales: Option<&Path>) -> io::Result<(Self, PathBuf)> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", WATCHDOG, "steerco-pg"])
            .args(arguments)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .env("PGPORT", PORT)
            .envs(locales.map(|folder| ("LOCPATH", folder)))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = unprivileged() {
            command.uid(uid).gid(gid);
        }
        let mut process = command.spawn()?;
        let replies = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut watchdog = Self { process, replies: BufReader::new(replies) };
        let dir = watchdog.reply()?;
        Ok((watchdog, PathBuf::from(dir)))
    }

    fn tell(&mut self, verb: &str) -> io::Result<String> {
        let mut words = self.process.stdin.as_ref();
        let words = words.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(words, "{verb}")?;
        self.reply()
    }

    fn reply(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.replies.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Watchdog {
    /// `wait` closes the watchdog's input first; afterwards the folder is gone.
    fn drop(&mut self) {
        let _ = self.process.wait();
    }
}

/// The folder of the programs, looked for once. Whoever asks in vain skips a test, and that is said.
fn installed() -> Option<&'static Path> {
    static BIN: OnceLock<Option<PathBuf>> = OnceLock::new();
    let bin = BIN.get_or_init(find_programs).as_deref();
    if bin.is_none() {
        return skip("PostgreSQL not found (Debian: postgresql; else set STEERCO_POSTGRES_BIN)");
    }
    bin
}

/// Says that a test is skipped and why. With `STEERCO_TEST_ALL=1` that is a failure.
fn skip<T>(why: &str) -> Option<T> {
    let all = env::var_os("STEERCO_TEST_ALL");
    assert_ne!(all.as_deref(), Some(OsStr::new("1")), "{why}");
    // Not `eprintln!`: the test runner keeps that to itself when the test passes, and it names threads after tests.
    let _ = writeln!(io::stderr(), "skipped {}: {why}", thread::current().name().unwrap_or("a test"));
    None
}

/// `STEERCO_POSTGRES_BIN` alone if set; else Debian's versions, newest first; else the `PATH`.
fn find_programs() -> Option<PathBuf> {
    let complete = |bin: &PathBuf| {
        let programs = ["initdb", "postgres", "pg_isready", "psql"];
        programs.iter().all(|program| bin.join(program).is_file())
    };
    let found = if let Some(bin) = env::var_os("STEERCO_POSTGRES_BIN") {
        Some(PathBuf::from(bin)).filter(complete)
    } else {
        let debian = Path::new("/usr/lib/postgresql");
        let entries = fs::read_dir(debian).into_iter().flatten().flatten();
        let mut versions: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        versions.sort_unstable();
        let path = env::var_os("PATH").unwrap_or_default();
        let newest_first = versions.iter().rev();
        newest_first
            .map(|version| debian.join(version.to_string()).join("bin"))
            .chain(env::split_paths(&path))
            .find(complete)
    };
    found.and_then(|bin| bin.canonicalize().ok())
}

/// The user and group to become if we are root, as whom `PostgreSQL` refuses to start.
fn unprivileged() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    let users = fs::read_to_string("/etc/passwd").ok().filter(|_| root)?;
    ["postgres", "nobody"].iter().find_map(|wanted| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == *wanted).then_some(())?;
            let (uid, gid) = (fields.nth(1)?, fields.next()?);
            Some((uid.parse().ok()?, gid.parse().ok()?))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;
    use std::time::Duration;

    /// Set for the child process that is to be killed.
    const VICTIM: &str = "STEERCO_TEST_VICTIM";

    /// Every process of a server works in its data folder.
    fn processes(dir: &Path) -> usize {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| fs::read_link(entry.path().join("cwd")).ok())
            .filter(|cwd| cwd.starts_with(dir))
            .count()
    }

    #[test]
    fn databases_are_copied_and_dropped() -> Result<(), String> {
        let Some(server) = shared() else {
            return Ok(());
        };
        let template = server.create_database();
        server.psql(&template.name, "CREATE TABLE t (a int); INSERT INTO t VALUES (7)")?;
        let copy = server.create_database_from(&template.name);
        assert_eq!(server.psql(&copy.name, "SELECT a, a + 1 FROM t")?, "7|8");
        let settings = "SELECT current_setting('fsync'), current_setting('max_connections')";
        assert_eq!(server.psql(&copy.name, settings)?, "off|300");
        let refused = server.psql(&copy.name, "SELECT * FROM absent");
        assert!(refused.is_err_and(|error| error.contains("absent")));

        let name = copy.name.clone();
        drop(copy);
        assert!(server.psql(&name, "SELECT 1").is_err());
        Ok(())
    }

    #[test]
    fn a_durable_server_survives_crash_and_stop() -> Result<(), String> {
        let Some(server) = durable() else {
            return Ok(());
        };
        let database = server.create_database();
        let ask = |sql| server.psql(&database.name, sql);
        assert_eq!(ask("SELECT current_setting('fsync'), current_setting('synchronous_commit')")?, "on|on");
        ask("CREATE TABLE t (a int)")?;
        for _ in 0..3 {
            ask("INSERT INTO t VALUES (1)")?;
            server.crash();
            assert!(ask("SELECT 1").is_err());
            assert_eq!(processes(server.socket_dir()), 0);
            server.restart();
        }
        server.stop();
        assert!(ask("SELECT 1").is_err());
        server.start();
        assert_eq!(ask("SELECT sum(a) FROM t")?, "3");

        let dir = server.socket_dir().to_owned();
        drop(database);
        drop(server);
        assert_eq!(processes(&dir), 0);
        assert!(!dir.exists());
        Ok(())
    }

    #[test]
    fn nothing_is_left_after_kill_9() -> io::Result<()> {
        let Some(server) = installed() else {
            return Ok(());
        };
        if env::var_os(VICTIM).is_some() {
            let server = Server::launch(server, &FAST, None)?;
            println!("folder={}", server.socket_dir().display());
            sleep(Duration::from_mins(1));
            return Ok(());
        }
        let this_test = concat!(module_path!(), "::nothing_is_left_after_kill_9");
        let (_crate, name) = this_test.split_once("::").unwrap_or_default();
        let mut victim = Command::new(env::current_exe()?)
            .args([name, "--exact", "--nocapture"])
            .env(VICTIM, "1")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = victim.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let dir = BufReader::new(output).lines().find_map(|line| {
            let line = line.ok()?;
            Some(PathBuf::from(line.split_once("folder=")?.1))
        });
        let dir = dir.ok_or(io::ErrorKind::UnexpectedEof)?;
        assert!(processes(&dir) > 1, "the server runs");
        victim.kill()?;
        victim.wait()?;
        for _ in 0..200 {
            if processes(&dir) == 0 && !dir.exists() {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err(io::Error::other(format!("{} is left", dir.display())))
    }
}

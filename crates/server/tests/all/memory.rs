//! Memory while a file comes in: bounded by how it is staged, and not by how long it is.

use std::fmt::Write;
use std::process::Command;

use serde_json::json;

use crate::process::{Process, organisation};

/// Bytes of a record, in labels.
const RECORD: usize = 4_000;
/// What a file may take beside what one an eighth as long took.
const MORE_KIB: u64 = 24 * 1024;

struct World {
    folder: tempfile::TempDir,
    process: Process,
    token: String,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("x.db").display());
        let (_, token) = organisation(&database);
        let process = Process::serve(&database, folder.path()).await;
        Self { folder, process, token }
    }

    fn steerco(&self, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steerco"));
        command.args(arguments).env("STEERCO_SERVER", &self.process.base).env("STEERCO_TOKEN", &self.token);
        command.env("XDG_CONFIG_HOME", self.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    /// Imports a file of so many records that are new, and says what memory the server took at most until then.
    fn import(&self, name: &str, count: usize) -> u64 {
        let labels: serde_json::Map<_, _> =
            (0..RECORD / 200).map(|n| (format!("l{n}"), json!("x".repeat(200)))).collect();
        let mut lines = String::new();
        for n in 0..count {
            let record = json!({"external_id": format!("{name}-{n}"), "code": format!("{name}-{n}"), "name": "Long", "labels": labels});
            writeln!(lines, "{record}").unwrap();
        }
        let file = self.write(&format!("{name}.ndjson"), &lines);
        self.steerco(&["import", "source", &file, "--source", "jira", "--timeout", "600"]);
        self.process.most_memory()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_takes_no_more_memory_than_a_short_one() {
    let world = World::new().await;
    let source = world.write("source.yaml", "kind: source\nfields: {code: jira, name: Tracker}\n");
    world.steerco(&["apply", "-f", &source]);
    let short = world.import("short", 2_000);
    let long = world.import("long", 16_000);
    println!("8 MB: {short} KiB; 64 MB: {long} KiB");
    assert!(long < short + MORE_KIB, "8 MB took {short} KiB, 64 MB {long} KiB");
}

//! Folders that are gone when the test process is, however it ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Statics are never dropped and a killed process tidies nothing, so a shell waits for the end of its input, which is
/// the end of this process, and then removes the folder. In memory where there is room: the syncs of many small
/// databases would take most of the time.
const KEEPER: &str = r#"
trap '' INT HUP TERM
root=/dev/shm
df -Pk "$root" | { read -r _; read -r _ _ _ free _; [ "$free" -gt 1000000 ]; } || root=${TMPDIR:-/tmp}
dir=$(mktemp -d "$root/steerco-tests.XXXXXX") || exit
echo "$dir"
read -r _
rm -rf "$dir"
"#;

/// A new folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    keeper: Child,
}

impl Folder {
    pub(crate) fn create() -> Self {
        let mut keeper = Command::new("/bin/sh")
            .args(["-c", KEEPER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut path = String::new();
        let said = BufReader::new(keeper.stdout.take().expect("its output")).read_line(&mut path);
        assert!(said.is_ok_and(|length| length > 1), "no temporary folder");
        Self { path: PathBuf::from(path.trim_end()), keeper }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    /// `wait` closes the keeper's input first; afterwards the folder is gone.
    fn drop(&mut self) {
        let _ = self.keeper.wait();
    }
}

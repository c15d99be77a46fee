//! Backups of the embedded database, and what a restored database of either kind needs before it serves.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde_json::json;
use steerco_persistence::{Database, Fail};
use steerco_service::clock::Clock;

use crate::cli::Output;
use crate::commands::{say, tell_verified};
use crate::config::Config;

pub(crate) async fn backup(config: &Config, target: &Path) -> anyhow::Result<ExitCode> {
    if target.exists() {
        bail!("{} exists already; a backup overwrites nothing", target.display());
    }
    let database = Database::open(&config.database_url()?, false).await.map_err(|cause| anyhow!(cause))?;
    database.backup(target).await.map_err(|cause| anyhow!(cause))?;
    say(&target.display().to_string());
    Ok(ExitCode::SUCCESS)
}

/// Puts the backup in place if one is given, verifies, and begins a new epoch of the feed.
pub(crate) async fn restore(config: &Config, backup: Option<&Path>, output: Output) -> anyhow::Result<ExitCode> {
    let url = config.database_url()?;
    if let Some(backup) = backup {
        put_in_place(&url, backup)?;
    }
    let database = Database::open(&url, true).await.map_err(|cause| anyhow!(cause))?;
    if !tell_verified(&database, None, output).await? {
        eprintln!("steerco: the restored database is not sound; its feed was left as it is");
        return Ok(ExitCode::from(3));
    }
    let begun = database.begin_epoch(Clock::system().now()).await.map_err(Fail::into_error)?;
    match output {
        Output::Json => say(&json!({ "epoch_begun_for": begun }).to_string()),
        Output::Table => say(&format!("older cursors have ended for {begun} organisations")),
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the backup to where the database belongs. What is there already is never overwritten.
fn put_in_place(url: &str, backup: &Path) -> anyhow::Result<()> {
    let Some(file) = url.strip_prefix("sqlite://") else {
        bail!("PostgreSQL is restored by pg_restore; then run `steerco restore` without a file");
    };
    let file = file.split('?').next().unwrap_or(file);
    for suffix in ["", "-wal", "-shm"] {
        let there = format!("{file}{suffix}");
        if Path::new(&there).exists() {
            bail!("{there} exists already; move it away first: a restore overwrites nothing");
        }
    }
    // Whole or not at all: a copy that breaks off must not look like a database.
    let beside = format!("{file}.restoring");
    std::fs::copy(backup, &beside).with_context(|| format!("{} cannot be copied", backup.display()))?;
    std::fs::File::open(&beside)?.sync_all()?;
    std::fs::rename(&beside, file)?;
    Ok(())
}

//! `steerco import`: the records of a file into a service, by the ids of their source.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use futures::StreamExt;
use serde_json::{Value, json};
use steerco_client::v1::{Outcome, Problem, UpsertedCounts, UpsertedRecord};
use steerco_client::{Client, Upsert, Upserted};
use steerco_domain::Fault;

use super::http::Failure;
use super::rows::Rows;
use crate::cli::Output;
use crate::commands::say;

/// Records that are refused before anything is sent, and told.
const TOLD_MAX: usize = 100;
/// Records between two words of progress.
const PROGRESS: usize = 1_000;

/// A record that is sent: where it stands in the file, and its id.
struct Sent {
    place: Box<str>,
    external_id: Box<str>,
}

/// What a first look at the file found.
#[derive(Default)]
struct Checked {
    sent: Vec<Sent>,
    /// Records with faults.
    refused: usize,
}

/// Sends the records of a file; the exit code.
pub(crate) async fn import(client: &Client, rows: &Rows, how: Upsert, output: Output) -> Result<u8, Failure> {
    let checked = check(rows, output)?;
    if checked.refused > 0 && !how.partial {
        eprintln!("steerco: nothing was sent: {} records are refused; --partial sends the others", checked.refused);
        return Ok(4);
    }
    let path = rows.path.parse().map_err(|_| Failure::Local(anyhow!("{} is no path", rows.path)))?;
    let key = how.key.clone().unwrap_or_else(key);
    let how = Upsert { key: Some(key.clone()), ..how };
    let done = client.upsert_at(path, &how, || {
        let progress = Progress::new(checked.sent.len());
        rows.records().inspect(move |_| progress.step())
    });
    match done.await {
        Ok(done) => Ok(tell(&done, &checked, how.validate_only, output)),
        Err(error) => {
            if error.is_retryable() {
                eprintln!("steerco: `--key {key}` repeats this run and doubles nothing");
            }
            Err(placed(Failure::from(error), &checked.sent))
        }
    }
}

/// A new begin of idempotency.
fn key() -> String {
    format!("import-{:032x}", u128::from_be_bytes(steerco_service::clock::Clock::system().random()))
}

/// Reads the file once, and tells every fault, before anything is sent.
fn check(rows: &Rows, output: Output) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let read = rows.read(&mut |row| {
        for note in &row.notes {
            eprintln!("steerco: {}{}: {}", row.place, note.pointer, note.detail);
        }
        if row.external_id.is_empty() && !row.notes.is_empty() {
            return Ok(());
        }
        match rows.record(&row) {
            Ok(_) => checked.sent.push(Sent { place: row.place.into(), external_id: row.external_id.into() }),
            Err(faults) => {
                checked.refused += 1;
                if checked.refused <= TOLD_MAX {
                    refuse(&row.place, &row.external_id, &faults, output);
                }
            }
        }
        Ok(())
    });
    read.map(|()| checked).map_err(|error| Failure::Local(anyhow!("the file cannot be read: {error}")))
}

/// Tells of a record that cannot be sent.
fn refuse(place: &str, external_id: &str, faults: &[Fault], output: Output) {
    if output == Output::Json {
        say(
            &json!({ "place": place, "external_id": external_id, "outcome": "refused", "error": { "errors": faults } })
                .to_string(),
        );
    }
    for fault in faults {
        eprintln!("steerco: {place} ({external_id}): {} {} ({})", fault.pointer, fault.detail, fault.code);
    }
}

/// Tells what became of the records; the exit code.
fn tell(done: &Upserted, checked: &Checked, dry_run: bool, output: Output) -> u8 {
    for result in &done.results {
        let UpsertedRecord { line, id, error, .. } = result;
        let sent = usize::try_from(*line).ok().and_then(|line| checked.sent.get(line.checked_sub(1)?));
        let (place, external_id) = sent.map_or(("", ""), |sent| (&*sent.place, &*sent.external_id));
        if let Some(Problem { code, detail, .. }) = error {
            eprintln!("steerco: {place} ({external_id}): {detail} ({code})");
        }
        if output == Output::Json {
            let mut line = json!({ "place": place, "external_id": external_id, "outcome": word(result), "id": id });
            if let Some(error) = error {
                line["error"] = problem(error);
            }
            say(&line.to_string());
        }
    }
    let UpsertedCounts { records, created, updated, unchanged, stale, refused } = done.counts;
    let refused = refused + i64::try_from(checked.refused).unwrap_or(i64::MAX);
    let records = records + i64::try_from(checked.refused).unwrap_or(i64::MAX);
    match output {
        Output::Json => say(&json!({ "records": records, "created": created, "updated": updated,
            "unchanged": unchanged, "stale": stale, "refused": refused, "dry_run": dry_run, "replayed": done.replayed })
        .to_string()),
        Output::Table => {
            let dry = if dry_run { " (dry run)" } else { "" };
            let before = if done.replayed { " (before)" } else { "" };
            say(&format!(
                "{records} records: {created} created, {updated} updated, {unchanged} unchanged, {stale} stale, \
                 {refused} refused{dry}{before}"
            ));
        }
    }
    if refused > 0 { 4 } else { 0 }
}

fn word(result: &UpsertedRecord) -> String {
    match result.outcome() {
        Outcome::Unspecified => "refused".to_owned(),
        done => done.as_str_name().trim_start_matches("OUTCOME_").to_ascii_lowercase(),
    }
}

fn problem(problem: &Problem) -> Value {
    let fault =
        |fault: &steerco_client::Fault| json!({ "pointer": fault.pointer, "code": fault.code, "detail": fault.detail });
    json!({ "code": problem.code, "detail": problem.detail, "errors": problem.errors.iter().map(fault).collect::<Vec<_>>() })
}

/// `/lines/7/title` as a place of the file.
fn placed(mut failure: Failure, sent: &[Sent]) -> Failure {
    if let Failure::Refused(problem) = &mut failure {
        for fault in &mut problem.errors {
            let line = fault.pointer.strip_prefix("/lines/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
            let at = line.and_then(|(line, rest)| {
                let sent = sent.get(line.parse::<usize>().ok()?.checked_sub(1)?)?;
                Some(format!("{} ({}) /{rest}", sent.place, sent.external_id))
            });
            fault.pointer = at.unwrap_or_else(|| std::mem::take(&mut fault.pointer));
        }
    }
    failure
}

/// Tells a person at a terminal how far the sending is.
#[derive(Clone)]
struct Progress {
    total: usize,
    sent: Arc<AtomicUsize>,
    shown: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { total, sent: Arc::default(), shown: std::io::stderr().is_terminal() }
    }

    fn step(&self) {
        let sent = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.shown || !(sent.is_multiple_of(PROGRESS) || sent == self.total) {
            return;
        }
        eprint!("\r{sent} of {} records sent", self.total);
        if sent == self.total {
            eprintln!("; the service applies them");
        }
    }
}

//! A statement as it runs: what fails is told with its text, and at level debug each is logged with its duration.

use std::sync::Arc;
use std::time::Instant;

use crate::fail::Fail;

/// Runs a statement of PostgreSQL.
pub(crate) async fn run<T>(
    text: &Arc<String>,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Fail> {
    let started = start();
    let done = statement.await;
    end(started, text);
    done.map_err(|error| Fail::from(error).in_statement(text))
}

/// When a statement starts, where anybody wants to know.
pub(crate) fn start() -> Option<Instant> {
    tracing::enabled!(tracing::Level::DEBUG).then(Instant::now)
}

pub(crate) fn end(started: Option<Instant>, text: &str) {
    if let Some(started) = started {
        let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (verb, table) = name(text);
        tracing::debug!(verb, table, us, "statement");
    }
}

/// The verb of a statement and its first table.
fn name(text: &str) -> (&str, &str) {
    let mut words = text.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default();
    let table = if verb == "UPDATE" {
        words.next()
    } else {
        words.skip_while(|word| !matches!(*word, "FROM" | "INTO" | "UPDATE")).nth(1)
    };
    (verb, table.unwrap_or_default().trim_matches(['"', '(', ')', ';']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_its_verb_and_its_table() {
        assert_eq!(name("SELECT t.id FROM \"risk\" t WHERE t.org = $1"), ("SELECT", "risk"));
        assert_eq!(name("INSERT INTO \"log\" (org) VALUES ($1)"), ("INSERT", "log"));
        assert_eq!(name(" UPDATE log_head SET seq = $1"), ("UPDATE", "log_head"));
        assert_eq!(name("COMMIT"), ("COMMIT", ""));
    }
}

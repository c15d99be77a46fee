//! Why the service failed, for its log. It is never serialised and never sent.

use std::fmt::Display;
use std::panic::Location;

/// Characters of a statement that are kept: a batch of rows has a text as long as the batch.
const STATEMENT_MAX: usize = 2_000;

/// Why the service failed: the texts of the errors, the place in the code, and the statement if one failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    text: String,
    statement: Option<String>,
    at: &'static Location<'static>,
}

impl Cause {
    #[track_caller]
    pub fn new(text: impl Display) -> Self {
        Self(Box::new(Inner { text: text.to_string(), statement: None, at: Location::caller() }))
    }

    /// The texts of an error and of its sources, joined by colons.
    #[track_caller]
    pub fn chain(error: &dyn std::error::Error) -> Self {
        let (mut text, mut next) = (error.to_string(), error.source());
        while let Some(source) = next {
            let source_text = source.to_string();
            // Many errors repeat their source in their own text.
            if !text.contains(&source_text) {
                text = format!("{text}: {source_text}");
            }
            next = source.source();
        }
        Self::new(text)
    }

    /// The same cause in this SQL statement. Values are bound, so the text has none. The first statement counts.
    #[must_use]
    pub fn in_statement(mut self, sql: &str) -> Self {
        let statement = || sql.trim_start().chars().take(STATEMENT_MAX).collect();
        self.0.statement.get_or_insert_with(statement);
        self
    }

    /// The texts of the errors.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The statement that failed.
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// File and line of the code.
    pub fn place(&self) -> String {
        format!("{}:{}", self.0.at.file(), self.0.at.line())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn a_cause_has_its_chain_its_statement_and_its_place() {
        let source = std::fmt::Error;
        let cause = Cause::chain(&std::io::Error::other(source)).in_statement(" SELECT 1").in_statement("SELECT 2");
        assert_eq!((cause.text(), cause.statement()), (source.to_string().as_str(), Some("SELECT 1")));
        assert!(cause.place().contains("cause.rs:"), "{}", cause.place());
    }

    #[test]
    fn the_texts_of_an_error_do_not_have_its_cause() {
        let error = Error::internal("the lock of the vault");
        assert_eq!(error.cause.as_ref().map(Cause::text), Some("the lock of the vault"));
        assert!(!error.to_string().contains("vault"));
        let (code, detail) = error.into_first();
        assert_eq!((code.as_str(), detail.as_str()), ("INTERNAL", "the error was logged with the request id"));
    }
}

//! `steerco watch`: the stream of events, taken up again where it broke off.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::http::{Api, Call, Failure, Problem, pause};
use super::sse::{Lines, Message};
use crate::commands::say;

/// The server says something at least every 15 seconds: a stream that is silent for longer has been cut.
const SILENCE: Duration = Duration::from_secs(45);

/// What is followed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watching {
    pub(crate) after: Option<String>,
    pub(crate) kinds: Option<String>,
    pub(crate) exclude_source: Option<String>,
}

impl Watching {
    fn call(&self, path: &str) -> Call {
        Call::get(path.to_owned())
            .with("after", self.after.as_deref())
            .with("kinds", self.kinds.as_deref())
            .with("exclude_source", self.exclude_source.as_deref())
    }

    /// Goes on from the cursor that an earlier run left.
    pub(crate) fn resume(&mut self, state: &Path) -> anyhow::Result<()> {
        match std::fs::read_to_string(state) {
            Ok(cursor) => self.after = Some(cursor.trim().to_owned()).filter(|cursor| !cursor.is_empty()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| state.display().to_string()),
        }
        Ok(())
    }
}

/// Keeps the cursor, whole or not at all.
fn keep(state: Option<&Path>, cursor: &str) -> Result<(), Failure> {
    let Some(state) = state else { return Ok(()) };
    let beside = state.with_extension("new");
    let written = std::fs::write(&beside, format!("{cursor}\n")).and_then(|()| std::fs::rename(&beside, state));
    written.with_context(|| state.display().to_string()).map_err(Failure::Local)
}

/// Prints what happened so far and stops.
pub(crate) async fn until_now(api: &Api, mut what: Watching, state: Option<&Path>) -> Result<(), Failure> {
    loop {
        let page = api.call(&what.call("/v1/events").with("page_size", Some("1000"))).await?.body;
        for event in page["events"].as_array().into_iter().flatten() {
            say(&event.to_string());
        }
        let next = page["next_cursor"].as_str().unwrap_or_default().to_owned();
        keep(state, &next)?;
        what.after = Some(next);
        if page["more"] != true {
            return Ok(());
        }
    }
}

/// Prints events as they come, until the server ends the stream for good.
pub(crate) async fn follow(api: &Api, mut what: Watching, state: Option<&Path>) -> Result<(), Failure> {
    let mut failed = 0;
    loop {
        let broke = match stream(api, &mut what, state, &mut failed).await {
            Ok(()) => "the stream ended".to_owned(),
            Err(failure) if failure.is_final() => return Err(failure),
            Err(failure) => failure.to_string(),
        };
        failed += 1;
        if failed > 1 {
            eprintln!("steerco: {broke}; trying again");
        }
        tokio::time::sleep(pause(failed)).await;
    }
}

/// One connection, to its end.
async fn stream(api: &Api, what: &mut Watching, state: Option<&Path>, failed: &mut u32) -> Result<(), Failure> {
    let mut response = api.open(&what.call("/v1/events/stream")).await?;
    let mut lines = Lines::default();
    loop {
        let cut = |why: &str| Failure::Unreachable(format!("the stream broke off: {why}"));
        let chunk = tokio::time::timeout(SILENCE, response.chunk()).await.map_err(|_| cut("silence"))?;
        let Some(chunk) = chunk.map_err(|error| cut(&error.to_string()))? else { return Ok(()) };
        for message in lines.feed(&chunk) {
            *failed = 0;
            take(message, what, state)?;
        }
    }
}

fn take(message: Message, what: &mut Watching, state: Option<&Path>) -> Result<(), Failure> {
    match message.event.as_deref() {
        None | Some("message") => {
            // As one line, whatever the stream makes of it.
            let event: Value = serde_json::from_str(&message.data).map_err(|error| Failure::Local(error.into()))?;
            say(&event.to_string());
        }
        Some("error") => {
            let problem: Problem = serde_json::from_str(&message.data).unwrap_or_default();
            return Err(Failure::Refused(Box::new(problem)));
        }
        Some(_) => {}
    }
    if let Some(cursor) = message.id.filter(|cursor| !cursor.is_empty()) {
        keep(state, &cursor)?;
        what.after = Some(cursor);
    }
    Ok(())
}

//! `steerco watch`: the feed, taken up again where it broke off.

use std::path::Path;

use anyhow::Context;
use steerco_client::v1::event_service_client::EventServiceClient;
use steerco_client::v1::{Event, ListEventsRequest, WatchRequest};
use steerco_client::{Client, Error};

use super::args::EventSelection;
use super::event;
use super::http::Failure;
use crate::cli::Output;
use crate::commands::say;

/// What is followed, and how it is told.
pub(crate) struct Watching {
    pub(crate) wanted: EventSelection,
    pub(crate) output: Output,
}

/// What stands between commas.
fn parts(list: Option<&String>) -> Vec<String> {
    list.into_iter().flat_map(|list| list.split(',')).map(|part| part.trim().to_owned()).collect()
}

impl Watching {
    /// Goes on from the cursor that an earlier run left.
    pub(crate) fn resume(&mut self, state: &Path) -> anyhow::Result<()> {
        match std::fs::read_to_string(state) {
            Ok(cursor) => cursor.trim().clone_into(&mut self.wanted.after),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| state.display().to_string()),
        }
        Ok(())
    }

    fn tell(&self, events: &[Event]) {
        for event in events {
            match self.output {
                Output::Json => say(&event::json(event).to_string()),
                Output::Table => say(&event::line(event)),
            }
        }
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
pub(crate) async fn until_now(client: &Client, what: &Watching, state: Option<&Path>) -> Result<(), Failure> {
    let mut service = EventServiceClient::new(client.clone()).max_decoding_message_size(64 << 20);
    let wanted = &what.wanted;
    let mut request = ListEventsRequest {
        after: wanted.after.clone(),
        kinds: parts(wanted.kinds.as_ref()),
        event_types: parts(wanted.event_types.as_ref()),
        program_ids: parts(wanted.program_ids.as_ref()),
        with_labels: parts(wanted.with_labels.as_ref()),
        exclude_source: wanted.exclude_source.clone(),
        page_size: 1_000,
        ..ListEventsRequest::default()
    };
    loop {
        let page = service.list_events(request.clone()).await.map_err(|status| Failure::from(Error::from(status)))?;
        let page = page.into_inner();
        what.tell(&page.events);
        keep(state, &page.next_cursor)?;
        request.after = page.next_cursor;
        if !page.more {
            return Ok(());
        }
    }
}

/// Prints events as they come, until the service ends the stream for good.
pub(crate) async fn follow(client: &Client, what: &Watching, state: Option<&Path>) -> Result<(), Failure> {
    let wanted = &what.wanted;
    let request = WatchRequest {
        after: wanted.after.clone(),
        kinds: parts(wanted.kinds.as_ref()),
        event_types: parts(wanted.event_types.as_ref()),
        program_ids: parts(wanted.program_ids.as_ref()),
        with_labels: parts(wanted.with_labels.as_ref()),
        exclude_source: wanted.exclude_source.clone(),
        ..WatchRequest::default()
    };
    let mut watch = client.watch(request);
    loop {
        // One by one: what is printed and not yet noted comes again after a crash.
        for event in watch.next().await?.events {
            what.tell(std::slice::from_ref(&event));
            keep(state, &event.cursor)?;
        }
        keep(state, watch.cursor())?;
    }
}

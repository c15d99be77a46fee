//! The feed as it arrives, the same over both doors.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use crate::{Refused, contract, grpc, rest};

/// What a stream of the feed says.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Event(Value),
    /// A cursor from which to go on, without an event.
    Bookmark(String),
}

/// A stream of the feed; dropping it ends it.
pub struct Feed {
    wire: Wire,
    ready: VecDeque<Result<Item, Refused>>,
}

enum Wire {
    Rest { response: reqwest::Response, text: String },
    Grpc(Box<grpc::Pages>),
}

/// How long a test waits for what must come: far more than it takes, far less than a bookmark's interval.
const PATIENCE: Duration = Duration::from_secs(10);

impl Feed {
    pub(crate) fn rest(response: reqwest::Response) -> Self {
        Self { wire: Wire::Rest { response, text: String::new() }, ready: VecDeque::new() }
    }

    pub(crate) fn grpc(pages: grpc::Pages) -> Self {
        Self { wire: Wire::Grpc(Box::new(pages)), ready: VecDeque::new() }
    }

    /// What comes next, or `None` at the end of the stream. Panics when nothing comes for ten seconds.
    pub async fn next(&mut self) -> Option<Result<Item, Refused>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let more = tokio::time::timeout(PATIENCE, self.read()).await;
            if !more.expect("the feed says something within ten seconds") {
                return None;
            }
        }
    }

    /// The next event; bookmarks are passed over.
    pub async fn event(&mut self) -> Value {
        loop {
            match self.next().await.expect("the stream goes on").expect("without an error") {
                Item::Event(event) => return event,
                Item::Bookmark(_) => {}
            }
        }
    }

    /// Whether anything was read.
    async fn read(&mut self) -> bool {
        match &mut self.wire {
            Wire::Rest { response, text } => {
                let Ok(Some(chunk)) = response.chunk().await else { return false };
                text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
                while let Some(end) = text.find("\n\n") {
                    let block: String = text.drain(..end + 2).collect();
                    self.ready.extend(parse(&block));
                }
                true
            }
            Wire::Grpc(pages) => {
                let Some(items) = pages.next().await else { return false };
                self.ready.extend(items);
                true
            }
        }
    }
}

/// One block of server-sent events; comments and `retry` say nothing.
fn parse(block: &str) -> Option<Result<Item, Refused>> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let all: Vec<&str> = lines.collect();
        (!all.is_empty()).then(|| all.join("\n"))
    };
    let mut data: Value = serde_json::from_str(&field("data")?).expect("JSON");
    rest::settle_numbers(&mut data);
    Some(match field("event").as_deref() {
        None => {
            contract::check_schema("Event", &data);
            assert_eq!(field("id").as_deref(), data["cursor"].as_str(), "the id is the cursor");
            Ok(Item::Event(data))
        }
        Some("bookmark") => {
            assert_eq!(field("id").as_deref(), data["cursor"].as_str(), "the id is the cursor");
            Ok(Item::Bookmark(data["cursor"].as_str().expect("a cursor").to_owned()))
        }
        Some("error") => Err(rest::refused_in_stream(data)),
        Some(other) => panic!("an event named {other}"),
    })
}

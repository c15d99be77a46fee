//! Members of a decoded request message.

use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_domain::time::Instant;
use steerco_service::{EventArgs, EventFilter, ListArgs, ReadArgs};

/// A request message, or one within it.
pub(super) struct Members(pub(super) Map<String, Value>);

impl Members {
    /// A text; one that is absent is empty, as proto3 cannot tell them apart.
    pub(super) fn text(&mut self, name: &str) -> String {
        match self.0.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// A text that was given.
    pub(super) fn given(&mut self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let text = |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        };
        self.list(name).into_iter().filter_map(text).collect()
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.0.remove(name) == Some(Value::Bool(true))
    }

    /// A 64-bit integer.
    pub(super) fn long(&mut self, name: &str) -> Option<i64> {
        self.given(name).and_then(|text| text.parse().ok())
    }

    /// A 64-bit integer that may not be negative.
    pub(super) fn count(&mut self, name: &str) -> Result<Option<u64>, Error> {
        let below = |_| Error::fault(format!("/{name}"), "OUT_OF_RANGE", "must not be negative");
        self.long(name).map(u64::try_from).transpose().map_err(below)
    }

    /// The size of a page; 0 is none.
    pub(super) fn page_size(&mut self) -> Option<i64> {
        self.0.remove("page_size").and_then(|size| size.as_i64())
    }

    /// An instant beside the resource, named as the query parameter of REST.
    pub(super) fn instant(&mut self, name: &str) -> Result<Option<Instant>, Error> {
        let Some(text) = self.given(name) else { return Ok(None) };
        let detail = "must be an instant of the years 1 to 9999, in whole microseconds";
        Instant::parse(&text).map(Some).ok_or_else(|| Error::fault(format!("?{name}"), "BAD_INSTANT", detail))
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.0.remove(name) {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// A message within this one.
    pub(super) fn message(&mut self, name: &str) -> Option<Self> {
        self.object(name).map(Self)
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.0.remove(name) {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        }
    }

    /// The messages of a list.
    pub(super) fn messages(&mut self, name: &str) -> impl Iterator<Item = Self> + use<> {
        self.list(name).into_iter().filter_map(|item| match item {
            Value::Object(object) => Some(Self(object)),
            _ => None,
        })
    }

    /// Paths of an update mask.
    pub(super) fn paths(&mut self) -> Vec<String> {
        self.message("update_mask").map(|mut mask| mask.texts("paths")).unwrap_or_default()
    }

    /// How resources are read.
    pub(super) fn read_args(&mut self) -> Result<ReadArgs, Error> {
        Ok(ReadArgs {
            as_of: self.instant("as_of")?,
            valid_at: self.instant("valid_at")?,
            fields: self.given("fields"),
        })
    }

    pub(super) fn list_args(&mut self) -> Result<ListArgs, Error> {
        Ok(ListArgs {
            filter: self.given("filter"),
            order_by: self.given("order_by"),
            page_size: self.page_size(),
            page_token: self.given("page_token"),
            include_total: self.flag("include_total"),
            show_deleted: self.flag("show_deleted"),
            read: self.read_args()?,
        })
    }

    /// Which events are wanted.
    pub(super) fn event_args(&mut self) -> Result<EventArgs, Error> {
        Ok(EventArgs {
            after: self.given("after"),
            since: self.instant("since")?,
            consumer: self.given("consumer_id"),
            filter: EventFilter {
                kinds: self.texts("kinds"),
                event_types: self.texts("event_types"),
                program_ids: self.texts("program_ids"),
                with_labels: self.texts("with_labels"),
                exclude_source: self.given("exclude_source"),
            },
            page_size: self.page_size(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        let Value::Object(object) = value else { panic!("an object is needed") };
        Members(object)
    }

    #[test]
    fn what_is_absent_is_empty() {
        let mut none = members(json!({}));
        assert_eq!(
            (none.text("id"), none.given("id"), none.flag("partial"), none.long("n")),
            (String::new(), None, false, None)
        );
        assert_eq!(none.page_size(), None);
        assert!(none.texts("kinds").is_empty() && none.paths().is_empty() && none.messages("items").next().is_none());
    }

    #[test]
    fn instants_are_refused_by_the_name_of_their_parameter() {
        let mut good = members(json!({"as_of": "1970-01-01T00:00:01.000002Z"}));
        assert_eq!(good.instant("as_of").unwrap(), Some(Instant::from_micros(1_000_002)));
        let mut bad = members(json!({"as_of": "1 s 1 ns"}));
        assert_eq!(bad.instant("as_of").unwrap_err().faults[0].pointer, "?as_of");
        let mut negative = members(json!({"size_bytes": "-1"}));
        assert_eq!(negative.count("size_bytes").unwrap_err().faults[0].pointer, "/size_bytes");
    }
}

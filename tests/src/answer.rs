//! What a door answers, the same for both.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

use serde_json::Value;
use steerco_domain::Reason;

/// What every call comes to.
pub type Reply = Result<Answer, Refused>;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The body in the words of REST.
    pub json: Value,
    /// Without quotes.
    pub etag: Option<String>,
    /// What a write did, such as `created`.
    pub outcome: Option<String>,
    /// Whether it is the stored answer to an earlier request with this key.
    pub replayed: bool,
    /// Status over REST.
    pub status: Option<u16>,
    /// Headers or metadata, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Answer {
    /// The id of the resource answered.
    pub fn id(&self) -> &str {
        self.json["id"].as_str().expect("a resource")
    }

    /// The items of a page, or the results of a batch, or the events of a page of the feed.
    pub fn items(&self) -> &[Value] {
        let list = ["items", "results", "events", "deliveries"].iter().find_map(|name| self.json[name].as_array());
        list.expect("a page")
    }

    /// A member of every item, as text.
    pub fn each(&self, member: &str) -> Vec<&str> {
        self.items().iter().map(|item| item[member].as_str().unwrap_or("(none)")).collect()
    }

    /// The outcome of a write.
    pub fn did(&self) -> &str {
        self.outcome.as_deref().expect("a write")
    }

    /// A text member.
    pub fn text(&self, member: &str) -> &str {
        self.json[member].as_str().unwrap_or_else(|| panic!("no text {member} in {}", self.json))
    }
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.json[member]
    }
}

/// One fault of a refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    pub code: String,
    pub detail: String,
}

/// A refusal. Both doors have answered the status that belongs to its code, or the test has failed by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Such as `WRONG_STATE`.
    pub code: String,
    /// Status over REST, also where gRPC refused.
    pub status: u16,
    pub detail: String,
    pub faults: Vec<Fault>,
    pub retryable: bool,
    pub retry_after: Option<u64>,
    /// The current `ETag` where the one given was stale.
    pub etag: Option<String>,
    pub request_id: String,
    /// Headers or metadata, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Refused {
    /// Pointer and code of each fault.
    pub fn places(&self) -> Vec<(&str, &str)> {
        self.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect()
    }

    /// What may be compared between two refusals: everything but the request.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { request_id: String::new(), headers: BTreeMap::new(), ..self }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} {:?}", self.status, self.code, self.detail, self.faults)
    }
}

/// The reason behind a code.
pub(crate) fn reason(code: &str) -> Reason {
    let found = Reason::ALL.iter().find(|reason| reason.code() == code);
    *found.unwrap_or_else(|| panic!("{code:?} is not the code of any reason"))
}

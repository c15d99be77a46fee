//! Fields that a caller without full visibility may set.

use serde_json::{Map, Value};
use steerco_domain::Error;
use steerco_domain::error::Fault;
use steerco_domain::input::unknown_name;
use steerco_domain::resource::Kind;
use steerco_persistence::Scope;

/// A caller cannot set a field that it cannot see, neither to change it nor to learn of it from an error.
pub(crate) fn refuse_hidden(kind: &Kind, scope: &Scope, body: &Map<String, Value>) -> Result<(), Error> {
    if scope.sees_private() {
        return Ok(());
    }
    let known: Vec<&str> = kind.fields.iter().filter(|field| !field.private).map(|field| field.name).collect();
    let hidden = |name: &&String| kind.field(name).is_some_and(|field| field.private);
    let faults: Vec<Fault> = body
        .keys()
        .filter(hidden)
        .map(|name| Fault::new(format!("/{name}"), "UNKNOWN_FIELD", unknown_name(name, &known)))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
}

//! Fingerprints that tell requests with the same idempotency key apart.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::Context;
use crate::command::Command;
use crate::token::digest;

/// The same for REST and gRPC.
pub(crate) fn fingerprint(context: &Context, command: &Command) -> String {
    let effective = context.effective_at.map(|at| at.to_string()).unwrap_or_default();
    digest(&[
        command.kind.name,
        command.action,
        context.if_match.as_deref().unwrap_or_default(),
        &effective,
        &text(&command.input),
    ])
}

/// Formats integral numbers without a fraction: REST reads `1` where gRPC reads `1.0`.
struct Plain;

impl Formatter for Plain {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // `Display` writes 1.0 as 1, and never uses an exponent.
        write!(writer, "{value}")
    }
}

fn text(input: &Value) -> String {
    let mut bytes = Vec::with_capacity(256);
    // A JSON value can always be serialised, and writing to memory does not fail.
    drop(input.serialize(&mut Serializer::with_formatter(&mut bytes, Plain)));
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_number_is_one_number() {
        assert_eq!(text(&json!({"percent": 1.0, "share": 0.5})), text(&json!({"percent": 1, "share": 0.5})));
        assert_ne!(text(&json!({"percent": 1.0})), text(&json!({"percent": 1.5})));
        assert_eq!(text(&json!({"a": "1.0", "b": -0.0, "c": 1e3})), r#"{"a":"1.0","b":-0,"c":1000}"#);
    }
}

//! What tells one request under an idempotency key from another.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use crate::Context;
use crate::command::Command;
use crate::token::digest;

/// The same over both doors.
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

/// Whole numbers without their fraction: what REST reads as `1` comes as `1.0` over gRPC.
struct Plain;

impl Formatter for Plain {
    fn write_f64<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // `Display` writes 1.0 as 1, and never an exponent.
        write!(writer, "{value}")
    }
}

fn text(input: &Value) -> String {
    let mut bytes = Vec::with_capacity(256);
    // A value of JSON has nothing that cannot be written, and memory does not refuse.
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

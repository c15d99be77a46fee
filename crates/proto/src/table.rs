//! The contract as tables: messages with their fields, and rpcs. Made from the descriptors when this crate is compiled.

/// A message.
#[derive(Debug)]
pub struct Message {
    pub name: &'static str,
    /// In the order of the file.
    pub fields: &'static [Field],
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub number: u32,
    pub holds: Holds,
    pub repeated: bool,
    /// Whether a value that equals the default can be told from none.
    pub presence: bool,
    /// The `oneof` it is an alternative of.
    pub oneof: Option<i32>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    Text,
    Bytes,
    Bool,
    Int,
    Long,
    Number,
    /// `google.protobuf.Timestamp`.
    Instant,
    /// An enum: its words in lower case, without prefix, and their numbers. The unspecified one is left out.
    Word(&'static [(&'static str, i32)]),
    /// `map<string, string>`.
    Map,
    /// `google.protobuf.Struct`.
    Json,
    Object(&'static Message),
}

/// An rpc.
#[derive(Debug)]
pub struct Rpc {
    /// `/steerco.v1.RiskService/GetRisk`.
    pub path: &'static str,
    /// `RiskService`.
    pub service: &'static str,
    /// `GetRisk`.
    pub name: &'static str,
    pub input: &'static Message,
    pub output: &'static Message,
    /// Whether a side is a stream.
    pub streams: bool,
}

impl Message {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Whether two texts are equal, for the compiler.
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The message of this name. In a constant, one that is not there does not compile.
///
/// # Panics
///
/// When there is none.
#[expect(clippy::panic, reason = "it stops the compiler, which calls it")]
pub const fn message(name: &str) -> &'static Message {
    let mut i = 0;
    while i < MESSAGES.len() {
        if same(MESSAGES[i].name, name) {
            return MESSAGES[i];
        }
        i += 1;
    }
    panic!("{}", name)
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

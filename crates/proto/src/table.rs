//! The messages of the contract as tables: what a field is called, its number, what it holds. Made from the descriptors.

/// A message.
#[derive(Debug)]
pub struct Message {
    pub name: &'static str,
    pub fields: &'static [Field],
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub number: u32,
    pub holds: Holds,
    pub repeated: bool,
    /// Whether it can be told from its default.
    pub presence: bool,
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
    Instant,
    Word(&'static [(&'static str, i32)]),
    Map,
    Object(&'static Message),
}

/// An rpc of which neither side is a stream, or both are.
#[derive(Debug)]
pub struct Rpc {
    /// `/steerco.v1.RiskService/GetRisk`.
    pub path: &'static str,
    pub input: &'static Message,
    pub output: &'static Message,
    /// Whether it is served by tables alone.
    pub plain: bool,
}

impl Message {
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn of_number(&self, number: u32) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.number == number)
    }
}

/// Whether two texts are one, for the compiler.
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

/// The message of this name; one that is not there does not compile.
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

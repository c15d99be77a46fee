//! Elements of XML, one record at a time, within limits: depth, number, length. Entities that a document declares itself
//! are refused, so that none can grow.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::bounded::{Bounded, Budget};
use crate::error::{Error, Reason};

/// Bytes of one piece of text or tag.
const VALUE_MAX: usize = 1 << 20;
/// Elements within each other.
const DEPTH_MAX: usize = 32;
/// Elements of one record.
const NODES_MAX: usize = 100_000;
/// Bytes of text in one record.
const TEXT_MAX: usize = 4 << 20;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XmlRecord {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<XmlRecord>,
}

impl XmlRecord {
    /// The text of a child; none where it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        Some(child.text.trim()).filter(|text| !text.is_empty())
    }

    /// The children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The children of a list.
    pub(super) fn list<'a>(&'a self, list: &'a str, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.all(list).flat_map(move |list| list.all(name))
    }

    /// Whether it says something: zeros and noes are what tools write where there is nothing to say.
    pub(super) fn says_something(&self) -> bool {
        let text = self.text.trim();
        let nothing = matches!(text, "" | "0" | "0.00" | "0.0" | "-1" | "false" | "NA" | "PT0H0M0S");
        !nothing || self.children.iter().any(Self::says_something)
    }
}

/// What comes next in a document.
pub(super) enum Step {
    /// An element that is no record begins.
    Open(String),
    /// It ends.
    Close,
    /// A record, whole.
    Whole(XmlRecord),
    End,
}

/// Reads a document record by record.
pub(super) struct XmlRecords<R: BufRead> {
    reader: Reader<Bounded<R>>,
    budget: Budget,
    buffer: Vec<u8>,
    depth: usize,
}

impl<R: BufRead> XmlRecords<R> {
    pub(super) fn new(input: R) -> Self {
        let (bounded, budget) = Bounded::new(input);
        let mut reader = Reader::from_reader(bounded);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, budget, buffer: Vec::new(), depth: 0 }
    }

    fn refused(&self, detail: impl std::fmt::Display) -> Error {
        Error::new(Reason::Malformed, format!("byte {}: {detail}", self.reader.buffer_position()))
    }

    fn event(&mut self) -> Result<Seen, Error> {
        self.buffer.clear();
        self.budget.grant(VALUE_MAX);
        let position = self.reader.buffer_position();
        let refused = |detail: String| Error::new(Reason::Malformed, format!("byte {position}: {detail}"));
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| refused(error.to_string()))?;
        Ok(match event {
            Event::Start(tag) => Seen::Start(tag.local_name().as_ref().to_owned()),
            Event::End(_) => Seen::End,
            Event::Text(piece) => Seen::Text((*piece).to_owned()),
            Event::CData(piece) => Seen::Text((*piece).to_owned()),
            Event::GeneralRef(reference) => match resolved(&reference) {
                Some(c) => Seen::Text(c),
                None => return Err(refused("has an entity that XML itself does not know".to_owned())),
            },
            Event::DocType(_) => return Err(refused("declares a document type, which is not read".to_owned())),
            Event::Eof => Seen::Eof,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => Seen::Nothing,
        })
    }

    /// The next step. `is_record` says of an element whether it is read whole.
    pub(super) fn next(&mut self, is_record: impl Fn(&str) -> bool) -> Result<Step, Error> {
        loop {
            match self.event()? {
                Seen::Start(name) if is_record(&name) => return self.whole(name).map(Step::Whole),
                Seen::Start(name) => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Err(self.refused(format!("has elements more than {DEPTH_MAX} within each other")));
                    }
                    return Ok(Step::Open(name));
                }
                Seen::End => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Step::Close);
                }
                Seen::Eof if self.depth > 0 => return Err(self.refused("ends in the middle")),
                Seen::Eof => return Ok(Step::End),
                Seen::Text(_) | Seen::Nothing => {}
            }
        }
    }

    fn whole(&mut self, name: String) -> Result<XmlRecord, Error> {
        let (mut open, mut nodes, mut bytes) = (vec![XmlRecord { name, ..XmlRecord::default() }], 1, 0);
        loop {
            match self.event()? {
                Seen::Start(name) => {
                    nodes += 1;
                    if open.len() + self.depth > DEPTH_MAX || nodes > NODES_MAX {
                        let detail = format!("has a record of more than {NODES_MAX} elements, or {DEPTH_MAX} deep");
                        return Err(self.refused(detail));
                    }
                    open.push(XmlRecord { name, ..XmlRecord::default() });
                }
                Seen::Text(text) => {
                    bytes += text.len();
                    if bytes > TEXT_MAX {
                        return Err(self.refused(format!("has a record of more than {TEXT_MAX} bytes")));
                    }
                    if let Some(node) = open.last_mut() {
                        node.text.push_str(&text);
                    }
                }
                Seen::End => match (open.pop(), open.last_mut()) {
                    (Some(node), Some(parent)) => parent.children.push(node),
                    (Some(node), None) => return Ok(node),
                    (None, _) => return Err(self.refused("ends an element that never began")),
                },
                Seen::Eof => return Err(self.refused("ends in the middle")),
                Seen::Nothing => {}
            }
        }
    }
}

enum Seen {
    Start(String),
    End,
    Text(String),
    Eof,
    Nothing,
}

/// The five entities of XML, and characters by number.
fn resolved(name: &str) -> Option<String> {
    let c = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)?
        }
    };
    Some(c.to_string())
}

//! Files of other tools, read into records that are stored like those of any caller.
//!
//! A reader takes bytes as they come and hands out [`Record`]s: what to store, under which identifier of the source, and
//! what of the file has no place here. Nothing is dropped in silence: what is not kept is a note of its record, or a
//! record of its own that says how often it occurred. Readers hold no more than their limits say.

mod bounded;
pub mod csv_records;
pub mod ecb_rates;
mod hours;
pub mod icalendar_events;
pub mod icalendar_out;
pub mod mspdi;
mod mspdi_calendar;
mod mspdi_names;
pub mod mspdi_out;
pub mod schedule;
pub mod xer;
mod xer_calendar;
mod xer_names;
mod xml_records;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

use crate::error::{Error, Fault};

/// Records a file may have.
pub const RECORDS_MAX: usize = 1_000_000;

/// The name of a kind, which is never borrowed from what is read.
type KindName = &'static str;

/// One record of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it stands in the file, such as `row 7` or `task 12`.
    pub place: String,
    /// The kind of resource that it becomes; none where nothing here can hold it.
    #[serde(deserialize_with = "read_kind")]
    pub kind: Option<KindName>,
    /// Its identifier in the source.
    pub external_id: String,
    /// Version of the record there.
    #[serde(default)]
    pub source_version: Option<i64>,
    /// The fields of the resource.
    pub body: Map<String, Value>,
    /// Fields that name other records of the source.
    pub links: Vec<Link>,
    /// What of it is not kept, or not kept as it was.
    pub notes: Vec<Fault>,
    /// Why it cannot be read.
    pub faults: Vec<Fault>,
}

/// A field that names another record of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub field: String,
    #[serde(deserialize_with = "read_name")]
    pub kind: KindName,
    pub external_id: String,
}

fn known<E: de::Error>(name: &str) -> Result<&'static str, E> {
    crate::find_kind(name).map(|kind| kind.name).ok_or_else(|| E::custom(format_args!("{name} is no kind")))
}

fn read_name<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    known(&String::deserialize(from)?)
}

fn read_kind<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static str>, D::Error> {
    Option::<String>::deserialize(from)?.map(|name| known(&name)).transpose()
}

/// Takes the records of a file, in an order in which what is named comes before what names it.
pub type Sink<'a> = &'a mut dyn FnMut(Record) -> Result<(), Error>;

impl Record {
    /// What of a file has no place here.
    pub fn lost(place: impl Into<String>, notes: Vec<Fault>) -> Self {
        Self { place: place.into(), notes, ..Self::default() }
    }

    pub(crate) fn set(&mut self, field: &str, value: Option<impl Into<Value>>) {
        self.body.insert(field.to_owned(), value.map_or(Value::Null, Into::into));
    }
}

/// Notes the values of these names that are there and of which `read` can make nothing.
fn note_unread<'a, T>(
    names: &[&str],
    get: impl Fn(&str) -> Option<&'a str>,
    read: impl Fn(&str) -> Option<T>,
    code: &'static str,
    notes: &mut Vec<Fault>,
) {
    for name in names {
        if let Some(text) = get(name).filter(|text| !text.trim().is_empty() && read(text).is_none()) {
            notes.push(Fault::new(format!("/{name}"), code, format!("{text:.40} cannot be read, and is not kept")));
        }
    }
}

/// Text cut to what a field holds, with a note where something is cut off.
pub(crate) fn fitted(field: &str, text: &str, max: usize, notes: &mut Vec<Fault>) -> Option<String> {
    let clean: String = text.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let fits: String = clean.chars().take(max).collect();
    if fits.len() < clean.len() {
        let detail = format!("only the first {max} of {} characters are kept", clean.chars().count());
        notes.push(Fault::new(format!("/{field}"), "CUT", detail));
    }
    Some(fits.trim().to_owned()).filter(|text| !text.is_empty())
}

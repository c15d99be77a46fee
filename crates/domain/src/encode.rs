//! How a value is written to the wire, once for every format: it calls an [`Encoder`], and the encoders of JSON and of
//! protobuf messages each write what they are called with.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use crate::actor::Actor;
use crate::clock_time::ClockTime;
use crate::country::Country;
use crate::field::{List, Long, Whole};
use crate::id::{HasId, Id, encode};
use crate::labels::Labels;
use crate::money::{Amount, Currency, Money};
use crate::node::Node;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::ratio::Ratio;
use crate::refs::{ExternalRef, ExternalRefs};
use crate::text::{Code, Document, Text};
use crate::time::{Day, Instant};

/// Writes one value in some format.
pub trait Encoder {
    fn text(&mut self, text: &str);
    fn bool(&mut self, is: bool);
    fn int(&mut self, int: i32);
    /// A string in JSON.
    fn long(&mut self, int: i64);
    fn number(&mut self, number: f64);
    fn instant(&mut self, at: Instant);
    /// A word of an enum, and its position there.
    fn word(&mut self, position: usize, word: &'static str);
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>);
    fn map(&mut self, members: &BTreeMap<String, String>);
    /// Any JSON object, as text.
    fn json(&mut self, text: &str);
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder));
}

/// Writes the members of an object.
pub trait MemberEncoder {
    fn member(&mut self, name: &'static str, value: &dyn Encode);
}

/// A value of the wire.
pub trait Encode {
    fn encode(&self, to: &mut dyn Encoder);
}

macro_rules! encode {
    ($([$($generics:tt)*] $name:ty, $this:ident, $to:ident => $how:expr;)*) => {$(
        impl<$($generics)*> Encode for $name {
            fn encode(&self, $to: &mut dyn Encoder) {
                let $this = self;
                $how;
            }
        }
    )*};
}
encode! {
    [const MAX: usize] Text<MAX>, text, to => to.text(text.as_str());
    [const MAX: usize] Document<MAX>, text, to => to.text(text.as_str());
    [T: HasId] Id<T>, id, to => to.text(&encode(T::PREFIX, id.as_u128()));
    [] std::borrow::Cow<'static, str>, text, to => to.text(text);
    [] Box<RawValue>, json, to => to.json(json.get());
    [] String, text, to => to.text(text);
    [] &str, text, to => to.text(text);
    [] Code, code, to => to.text(code.as_str());
    [] Rate, rate, to => to.text(&rate.to_string());
    [] Country, country, to => to.text(country.code());
    [] Currency, currency, to => to.text(currency.code());
    [] Actor, actor, to => to.text(&actor.0);
    [] Quantity, quantity, to => to.text(&quantity.to_string());
    [] Amount, amount, to => to.text(&amount.to_string());
    [] Day, day, to => to.text(&day.to_string());
    [] ClockTime, time, to => to.text(&time.to_string());
    [] Node, node, to => to.text(&node.to_string());
    [] bool, is, to => to.bool(*is);
    [] i32, int, to => to.int(*int);
    [const MIN: i64, const MAX: i64] Whole<MIN, MAX>, int, to => to.int(int.get());
    [] Long, long, to => to.long(long.0);
    [] Ratio, ratio, to => to.number(ratio.as_number());
    [] Instant, at, to => to.instant(*at);
    [T: Encode] &[T], items, to => to.list(&mut items.iter().map(|item| item as &dyn Encode));
    [T: Encode] Vec<T>, items, to => to.list(&mut items.iter().map(|item| item as &dyn Encode));
    [T: Encode, const MAX: usize] List<T, MAX>, items, to => items.0.encode(to);
    [] Labels, labels, to => to.map(&labels.0);
    [] ExternalRefs, refs, to => refs.0.encode(to);
    [] ExternalRef, reference, to => to.object(&|members| {
        members.member("source", &reference.source);
        members.member("external_id", &reference.external_id);
    });
    [] Money, money, to => to.object(&|members| {
        members.member("amount", &Amount::new(money.units));
        members.member("currency", &money.currency);
    });
}

/// None encodes nothing.
impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut dyn Encoder) {
        if let Some(value) = self {
            value.encode(to);
        }
    }
}

/// Writes JSON behind what is written already.
pub struct Json<'a>(pub &'a mut Vec<u8>);

impl Json<'_> {
    fn plain(&mut self, value: &impl serde::Serialize) {
        // Memory does not refuse.
        drop(serde_json::to_writer(&mut *self.0, value));
    }
}

impl Encoder for Json<'_> {
    fn text(&mut self, text: &str) {
        self.plain(&text);
    }
    fn bool(&mut self, is: bool) {
        self.plain(&is);
    }
    fn int(&mut self, int: i32) {
        self.plain(&int);
    }
    fn long(&mut self, int: i64) {
        self.0.push(b'"');
        self.plain(&int);
        self.0.push(b'"');
    }
    fn number(&mut self, number: f64) {
        self.plain(&number);
    }
    fn instant(&mut self, at: Instant) {
        drop(write!(self.0, "\"{at}\""));
    }
    fn word(&mut self, _position: usize, word: &'static str) {
        self.0.push(b'"');
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        self.0.push(b'[');
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            item.encode(self);
        }
        self.0.push(b']');
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        self.plain(members);
    }
    fn json(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        let mut object = JsonMembers { out: &mut *self.0, first: true };
        object.out.push(b'{');
        members(&mut object);
        object.out.push(b'}');
    }
}

struct JsonMembers<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl MemberEncoder for JsonMembers<'_> {
    /// Names are words of ours: none needs escapes. A member without a value is left out.
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let before = self.out.len();
        if !self.first {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        let named = self.out.len();
        value.encode(&mut Json(self.out));
        if self.out.len() == named {
            self.out.truncate(before);
        } else {
            self.first = false;
        }
    }
}

/// Makes a [`Value`].
struct ToValue(Value);

/// The value as JSON.
pub fn to_value(value: &dyn Encode) -> Value {
    let mut made = ToValue(Value::Null);
    value.encode(&mut made);
    made.0
}

impl Encoder for ToValue {
    fn text(&mut self, text: &str) {
        self.0 = Value::String(text.to_owned());
    }
    fn bool(&mut self, is: bool) {
        self.0 = Value::Bool(is);
    }
    fn int(&mut self, int: i32) {
        self.0 = Value::from(int);
    }
    fn long(&mut self, int: i64) {
        self.0 = Value::String(int.to_string());
    }
    fn number(&mut self, number: f64) {
        self.0 = Number::from_f64(number).map_or(Value::Null, Value::Number);
    }
    fn instant(&mut self, at: Instant) {
        self.0 = Value::String(at.to_string());
    }
    fn word(&mut self, _position: usize, word: &'static str) {
        self.text(word);
    }
    fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Encode>) {
        self.0 = Value::Array(items.map(to_value).collect());
    }
    fn map(&mut self, members: &BTreeMap<String, String>) {
        self.0 = members.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
    }
    fn json(&mut self, text: &str) {
        self.0 = serde_json::from_str(text).unwrap_or_default();
    }
    fn object(&mut self, members: &dyn Fn(&mut dyn MemberEncoder)) {
        let mut object = Map::new();
        members(&mut object);
        self.0 = Value::Object(object);
    }
}

impl MemberEncoder for Map<String, Value> {
    /// A member without a value is left out.
    fn member(&mut self, name: &'static str, value: &dyn Encode) {
        let value = to_value(value);
        if !value.is_null() {
            self.insert(name.to_owned(), value);
        }
    }
}

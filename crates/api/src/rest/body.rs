//! Reading JSON bodies strictly: one object, no name twice, at most 32 levels, faults with line and column.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use steerco_domain::{Error, Reason};

/// Levels of objects and arrays a body may have.
pub(crate) const DEPTH_MAX: usize = 32;

/// The object in the body.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    let malformed = |error: serde_json::Error| Error::new(Reason::Malformed, error.to_string());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Error::new(Reason::Malformed, "the body must be a JSON object")),
    }
}

/// A value in which no name stands twice, at most 32 levels deep, from JSON or what is read like it.
pub struct Strictly(pub Value);

impl<'de> Deserialize<'de> for Strictly {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Strict { depth: 0 }.deserialize(deserializer).map(Self)
    }
}

/// A value below so many others.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > DEPTH_MAX { Err(E::custom(format!("more than {DEPTH_MAX} levels"))) } else { Ok(Self { depth }) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let below = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let below = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if object.contains_key(&name) {
                let shown: String = name.chars().take(80).collect();
                return Err(A::Error::custom(format!("the name {shown:?} stands twice in one object")));
            }
            let value = map.next_value_seed(below)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let error = object(text.as_bytes()).unwrap_err();
        assert_eq!(error.reason, Reason::Malformed);
        error.detail
    }

    #[test]
    fn reads_what_json_says() {
        let text = r#"{"a":[1,-2,3.5,true,null,"ü"],"b":{"c":18446744073709551615}}"#;
        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn says_where_it_broke() {
        assert!(refusal("{\n  \"a\": }").ends_with("at line 2 column 8"));
        assert!(refusal("{\"a\":1,\"a\":2}").starts_with("the name \"a\" stands twice in one object at line 1 column"));
        for bad in ["", "[]", "1", "{} {}", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}", "{\"a\":NaN}", "\u{feff}{}"] {
            refusal(bad);
        }
        object(&[b'{', b'"', 0xff, b'"', b':', b'1', b'}']).unwrap_err();
    }

    #[test]
    fn depth_is_limited() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(object(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(refusal(&nested(DEPTH_MAX + 1)).starts_with("more than 32 levels"));
        refusal(&nested(100_000));
    }
}

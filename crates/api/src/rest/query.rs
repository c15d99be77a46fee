//! Reading query strings: known names only, each once, every fault at once.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use steerco_domain::field::Shape;
use steerco_domain::input::{plain_int, unknown_name};
use steerco_domain::time::Instant;
use steerco_domain::{Error, Fault};
use steerco_service::{EventArgs, EventFilter, ListArgs, ReadArgs};

use super::params::{self, Parameter};

/// Pairs a query string or form may have.
const PAIRS_MAX: usize = 100;

/// The parameters of a request, all of them as declared.
pub(crate) struct Query(Map<String, Value>);

impl Query {
    pub(crate) fn read(raw: Option<&str>, known: &[&'static Parameter]) -> Result<Self, Error> {
        let pairs = pairs(raw.unwrap_or("")).map_err(|detail| Error::fault("?", "BAD_ENCODING", detail))?;
        let mut faults = Vec::new();
        let mut read = Map::new();
        for (name, value) in pairs {
            let mut fault = |code, detail: String| {
                let shown: String = name.chars().take(80).collect();
                faults.push(Fault::new(format!("?{shown}"), code, detail));
            };
            let Some(param) = known.iter().find(|param| param.name == name) else {
                let names: Vec<&str> = known.iter().map(|param| param.name).collect();
                fault("UNKNOWN_PARAMETER", unknown_name(&name, &names));
                continue;
            };
            let value = as_value(param, value);
            if read.contains_key(param.name) {
                fault("DUPLICATE", "is given more than once".to_owned());
            } else if let Err((code, detail)) = param.check(&value) {
                fault(code, detail);
            } else {
                read.insert(param.name.to_owned(), value);
            }
        }
        if faults.is_empty() { Ok(Self(read)) } else { Err(Error::invalid(faults)) }
    }

    /// An empty text is none.
    pub(crate) fn text(&self, param: &Parameter) -> Option<String> {
        let found = self.0.get(param.name).and_then(Value::as_str);
        found.filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(crate) fn flag(&self, param: &Parameter) -> bool {
        self.0.get(param.name) == Some(&Value::Bool(true))
    }

    pub(crate) fn whole(&self, param: &Parameter) -> Option<i64> {
        let value = self.0.get(param.name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// The same as the arguments of an operation, where names are lists.
    pub(crate) fn into_arguments(self, known: &[&Parameter]) -> Map<String, Value> {
        let mut arguments = self.0;
        for param in known.iter().filter(|param| param.is_names()) {
            if let Some(Value::String(text)) = arguments.get_mut(param.name).map(Value::take) {
                let parts = text.split(',').map(|part| Value::from(part.trim()));
                arguments.insert(param.name.to_owned(), parts.collect());
            }
        }
        arguments
    }

    pub(crate) fn instant(&self, param: &Parameter) -> Option<Instant> {
        self.text(param).and_then(|text| Instant::parse(&text))
    }

    pub(crate) fn read_args(&self) -> ReadArgs {
        ReadArgs {
            as_of: self.instant(&params::AS_OF),
            valid_at: self.instant(&params::VALID_AT),
            fields: self.text(&params::FIELDS),
        }
    }

    pub(crate) fn list_args(&self) -> ListArgs {
        ListArgs {
            filter: self.text(&params::FILTER),
            order_by: self.text(&params::ORDER_BY),
            page_size: self.whole(&params::PAGE_SIZE),
            page_token: self.text(&params::PAGE_TOKEN),
            include_total: self.flag(&params::INCLUDE_TOTAL),
            show_deleted: self.flag(&params::SHOW_DELETED),
            read: self.read_args(),
        }
    }

    /// The parts of a text separated by commas.
    fn parts(&self, param: &Parameter) -> Vec<String> {
        self.text(param).iter().flat_map(|text| text.split(',')).map(|part| part.trim().to_owned()).collect()
    }

    pub(crate) fn event_args(&self) -> EventArgs {
        EventArgs {
            after: self.text(&params::AFTER),
            since: self.instant(&params::SINCE),
            consumer: self.text(&params::CONSUMER_ID),
            filter: EventFilter {
                kinds: self.parts(&params::KINDS),
                event_types: self.parts(&params::EVENT_TYPES),
                program_ids: self.parts(&params::PROGRAM_IDS),
                with_labels: self.parts(&params::WITH_LABELS),
                exclude_source: self.text(&params::EXCLUDE_SOURCE),
            },
            page_size: self.whole(&params::PAGE_SIZE),
        }
    }
}

/// A value as it would be in JSON. What is none stays a text, which no check takes.
fn as_value(param: &Parameter, text: String) -> Value {
    match &param.shape {
        Shape::Int { .. } => plain_int(&text).map_or(Value::String(text), Value::from),
        Shape::Bool if text == "true" || text == "false" => Value::Bool(text == "true"),
        // A plus sign in a query means a space: an offset like `+02:00` arrives as one.
        Shape::Instant => Value::String(text.replace(' ', "+")),
        _ => Value::String(text),
    }
}

/// The pairs of a form-encoded text.
pub(crate) fn pairs(raw: &str) -> Result<Vec<(String, String)>, &'static str> {
    let parts: Vec<&str> = raw.split('&').filter(|part| !part.is_empty()).collect();
    if parts.len() > PAIRS_MAX {
        return Err("there are too many parameters");
    }
    let decode = |text: &str| decode(text).ok_or("a name or value is not percent-encoded UTF-8");
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Ok((decode(name)?, decode(value)?))
    };
    parts.into_iter().map(pair).collect()
}

/// A form-encoded part, decoded strictly.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let whole = bytes.iter().enumerate().all(|(i, b)| *b != b'%' || (hex(i + 1) && hex(i + 2)));
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    whole.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKES: &[&Parameter] = &[
        &params::AS_OF,
        &params::FIELDS,
        &params::FILTER,
        &params::PAGE_SIZE,
        &params::PAGE_TOKEN,
        &params::INCLUDE_TOTAL,
    ];

    fn read(raw: &str) -> Result<Query, Vec<(String, std::borrow::Cow<'static, str>)>> {
        let refused = |error: Error| error.faults.into_iter().map(|f| (f.pointer, f.code)).collect();
        Query::read(Some(raw), TAKES).map_err(refused)
    }

    #[test]
    fn all_faults_at_once() {
        let faults = read("page_size=ten&pagesize=1&as_of=today&include_total=yes&filter=a&filter=b&fields=%00").err();
        let expected = [
            ("?page_size", "OUT_OF_RANGE"),
            ("?pagesize", "UNKNOWN_PARAMETER"),
            ("?as_of", "BAD_INSTANT"),
            ("?include_total", "WRONG_TYPE"),
            ("?filter", "DUPLICATE"),
            ("?fields", "CONTROL_CHARACTER"),
        ];
        assert_eq!(faults.unwrap(), expected.map(|(pointer, code)| (pointer.to_owned(), code.into())));
        assert!(read("valid_at=2026-01-01T00:00:00Z").is_err(), "risks are not dated");
    }

    #[test]
    fn arguments_arrive() {
        let args = read("filter=title+%3D+%22%C3%BC%22&page_size=7&include_total=true&as_of=2026-01-01T02:00:00+02:00")
            .unwrap_or_else(|faults| panic!("{faults:?}"))
            .list_args();
        assert_eq!(
            (args.filter.as_deref(), args.page_size, args.include_total),
            (Some("title = \"ü\""), Some(7), true)
        );
        assert_eq!(args.read.as_of, Instant::parse("2026-01-01T00:00:00Z"));
        for empty in ["fields=", "fields=,", "fields=id,,title", "fields=+", "fields=id,"] {
            assert_eq!(read(empty).err().unwrap(), [("?fields".to_owned(), "REQUIRED".into())], "{empty}");
        }
        assert!(read("page_token=").unwrap_or(Query(Map::new())).list_args().page_token.is_none());
    }

    #[test]
    fn every_parameter_takes_its_example_and_no_other_shape() {
        for param in params::ALL {
            let example = match crate::openapi::example::value(&param.shape) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let check = |text: &str| param.check(&as_value(param, text.to_owned()));
            assert!(check(&example).is_ok(), "{} {example:?}", param.name);
            assert!(check("2026-02-30\u{c}").is_err(), "{}", param.name);
        }
    }

    #[test]
    fn broken_encoding_is_refused() {
        for bad in ["filter=%", "filter=%ff", "%zz=1"] {
            assert_eq!(read(bad).err().unwrap()[0].1, "BAD_ENCODING", "{bad}");
        }
        assert!(pairs(&"a=1&".repeat(101)).is_err());
    }
}

//! What nobody sends in good faith.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, Value as Pb};
use serde_json::{Value, json};

/// Texts that have broken other programs. Where text is allowed they are text and nothing else.
pub(crate) const TEXTS: &[&str] = &[
    "",
    " ",
    "\u{0}",
    "a\u{0}b",
    "\u{1}\u{1f}",
    "\u{7f}",
    "\u{85}\u{9f}",
    "\u{200b}",
    "\u{feff}bom",
    "\u{202e}gnp.exe\u{202c}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{1f3fd}",
    "Z\u{351}\u{36b}\u{343}\u{32c}a\u{329}\u{32b}l\u{328}g\u{321}o",
    "\u{10ffff}\u{e000}",
    "\u{2028}\u{2029}",
    "line\nbreak\ttab",
    "carriage\rreturn",
    "'; DROP TABLE risk; --",
    "\" OR \"\"=\"",
    "\\'; SELECT pg_sleep(20); --",
    "%27%20OR%201=1",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "${jndi:ldap://127.0.0.1/a}",
    "$(id)`id`|id;id",
    "%s%n%x%d",
    "../../../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "\\u0000\\x00\\0",
    "NaN",
    "Infinity",
    "1e400",
    "-0",
    "0x10",
    "\u{0967}\u{0968}\u{0969}",
    "null",
    "true",
    "2026-02-30",
    "0000-01-01",
    "+10000-01-01",
    "9999-12-31T23:59:60Z",
    "-9999-01-01T00:00:00Z",
    "2026-01-01T00:00:00.0000001Z",
    "risk_7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "prog_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "risk_",
    "_",
    "__proto__",
];

/// Values of every JSON type, right for hardly any field.
pub(crate) fn values() -> Vec<Value> {
    let mut deep = json!("bottom");
    for _ in 0..24 {
        deep = json!([deep]);
    }
    let map: serde_json::Map<String, Value> = (0..65).map(|i| (format!("k{i}"), json!("v"))).collect();
    let money = |amount: Value, currency: Value| json!({"amount": amount, "currency": currency});
    let mut values = vec![
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(-0.0),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e308),
        json!(5e-324),
        json!(2_147_483_648_i64),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null]),
        json!({"": ""}),
        json!({"__proto__": {"admin": true}}),
        deep,
        json!(vec!["x"; 101]),
        json!(vec![json!({}); 101]),
        Value::Object(map),
        json!("x".repeat(201)),
        json!("\u{1f600}".repeat(4_001)),
        json!("y".repeat(100_000)),
        money(json!("999999999999999999999"), json!("EUR")),
        money(json!("922337203685477.5807"), json!("EUR")),
        money(json!("922337203685477.5808"), json!("EUR")),
        money(json!("-922337203685477.5808"), json!("JPY")),
        money(json!("0.00001"), json!("EUR")),
        money(json!("1e9"), json!("EUR")),
        money(json!(" 1"), json!("EUR")),
        money(json!("\u{ff11}"), json!("EUR")),
        money(json!(1), json!("EUR")),
        money(json!("1"), json!("XBT")),
        money(json!("1"), json!("eur")),
        money(json!("1"), json!("\u{0}")),
        money(json!("-.5"), json!("")),
    ];
    values.extend(TEXTS.iter().map(|text| json!(text)));
    values
}

/// JSON that only a text can say, put where a value belongs.
pub(crate) const RAW: &[&str] = &[
    "1e400",
    "-1e400",
    "1e-400",
    "-0",
    "NaN",
    "Infinity",
    "01",
    "+1",
    ".5",
    "1.",
    "0x1",
    "'x'",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u0000\"",
    "\"\\x00\"",
    "\"unclosed",
    "\"a\nb\"",
    "{\"a\":1,\"a\":2}",
    "{\"a\":}",
    "[1,]",
    "nul",
    "/* */1",
    "1 2",
    "undefined",
];

/// Values of a field's own type that hardly any field allows.
pub(crate) fn of_field(field: &FieldDescriptor) -> Vec<Pb> {
    if field.is_map() {
        let entry = |key: &str, text: &str| (MapKey::String(key.to_owned()), Pb::String(text.to_owned()));
        let mut maps: Vec<_> = TEXTS.iter().map(|text| [entry("key", text)].into()).collect();
        maps.extend(TEXTS.iter().map(|text| [entry(text, "value")].into()));
        maps.push((0..65).map(|i| entry(&format!("k{i}"), "v")).collect());
        return maps.into_iter().map(Pb::Map).collect();
    }
    let single = singles(field.kind());
    if field.is_list() {
        let many = Pb::List(vec![single[0].clone(); 101]);
        return single.into_iter().map(|value| Pb::List(vec![value])).chain([many]).collect();
    }
    single
}

fn singles(kind: Kind) -> Vec<Pb> {
    match kind {
        Kind::String => {
            let mut texts: Vec<Pb> = TEXTS.iter().map(|text| Pb::String((*text).to_owned())).collect();
            texts.push(Pb::String("z".repeat(100_000)));
            texts.push(Pb::String("(".repeat(5_000)));
            texts.push(Pb::String("a,".repeat(5_000)));
            texts
        }
        Kind::Double => {
            let doubles = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, f64::MIN_POSITIVE, 0.1 + 0.2];
            doubles.into_iter().map(Pb::F64).collect()
        }
        Kind::Int32 => [i32::MIN, -1, 0, 1_001, i32::MAX].into_iter().map(Pb::I32).collect(),
        Kind::Int64 => [i64::MIN, -1, 0, i64::MAX].into_iter().map(Pb::I64).collect(),
        Kind::Bool => vec![Pb::Bool(true)],
        Kind::Bytes => vec![Pb::Bytes(vec![0xff; 300_000].into()), Pb::Bytes(vec![0; (1 << 20) + 1].into())],
        Kind::Enum(_) => [i32::MIN, -1, 0, 99, i32::MAX].into_iter().map(Pb::EnumNumber).collect(),
        Kind::Message(message) => {
            let times = [(i64::MIN, 0), (i64::MAX, 999_999_999), (0, -1), (0, i32::MAX), (253_402_300_800, 0)];
            let times = times.into_iter().map(|(seconds, nanos)| {
                let mut time = DynamicMessage::new(message.clone());
                if message.get_field_by_name("nanos").is_some() {
                    time.set_field_by_name("seconds", Pb::I64(seconds));
                    time.set_field_by_name("nanos", Pb::I32(nanos));
                }
                Pb::Message(time)
            });
            times.collect()
        }
        other => panic!("{other:?} is new in the contract: say here what is hostile of it"),
    }
}

/// Numbers that look random and are the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn bytes_of(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }

    pub(crate) fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % (most + 1);
        (0..length).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

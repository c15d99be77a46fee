//! Parameters of lists other than the filter: order, page size, selection of fields.

use crate::error::Fault;
use crate::field::{ColumnType, FieldSpec};
use crate::filter::{Name, names};
use crate::input::unknown_name;
use crate::mask::Mask;
use crate::resource::Kind;

/// Default page size.
pub const PAGE_SIZE: u32 = 50;
/// Maximum page size.
pub const PAGE_SIZE_MAX: u32 = 1000;
/// Maximum number of sort keys besides `id`.
pub const KEYS_MAX: usize = 3;
/// Maximum number of names in `fields`: more than any kind has.
pub const NAMES_MAX: usize = 200;

const ID: &str = "id";

/// A total order: it always ends with `id`, so that no row is lost or repeated between pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub keys: Vec<OrderKey>,
}

/// One column to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderKey {
    pub column: String,
    pub field: &'static str,
    pub descending: bool,
    pub nullable: bool,
    pub ty: ColumnType,
}

impl OrderKey {
    fn new(name: &Name, descending: bool) -> Self {
        let FieldSpec { name: field, nullable, .. } = *name.spec;
        Self { column: name.column.clone(), field, descending, nullable, ty: name.ty }
    }

    fn id() -> Self {
        Self { column: ID.to_owned(), field: ID, descending: false, nullable: false, ty: ColumnType::Text }
    }
}

/// Parses `probability desc, title`. Absent or blank: ordered by `id`.
pub fn parse_order(text: Option<&str>, kind: &'static Kind, visible: Mask) -> Result<Order, Vec<Fault>> {
    let fault = |code, detail: String| Fault::new("?order_by", code, detail);
    let parts = parts(text);
    if parts.len() > KEYS_MAX + 1 {
        return Err(vec![fault("TOO_MANY", format!("at most {KEYS_MAX} fields and {ID}"))]);
    }
    let names = names(kind, visible);
    let (mut keys, mut faults) = (Vec::<OrderKey>::new(), Vec::new());
    for part in parts {
        match order_key(part, &names) {
            Err((code, detail)) => faults.push(fault(code, detail)),
            Ok(key) if keys.iter().any(|k| k.column == key.column) => {
                faults.push(fault("DUPLICATE", format!("{:?} sorts by what was sorted by before", shortened(part))));
            }
            Ok(key) => keys.push(key),
        }
    }
    // Keys after the id cannot change the order any more.
    let before_id = keys.iter().position(|key| key.field == ID);
    keys.truncate(before_id.map_or(keys.len(), |position| position + 1));
    if before_id.is_none() {
        keys.push(OrderKey::id());
    }
    if keys.len() > KEYS_MAX + 1 {
        faults.push(fault("TOO_MANY", format!("at most {KEYS_MAX} fields and {ID}")));
    }
    if faults.is_empty() { Ok(Order { keys }) } else { Err(faults) }
}

fn order_key(part: &str, names: &[Name]) -> Result<OrderKey, (&'static str, String)> {
    let mut words = part.split_whitespace();
    let text = words.next().ok_or_else(|| ("BAD_ORDER", "a field is missing between two commas".to_owned()))?;
    let descending = match (words.next().map(str::to_ascii_lowercase).as_deref(), words.next()) {
        (None | Some("asc"), None) => false,
        (Some("desc"), None) => true,
        _ => return Err(("BAD_ORDER", format!("{:?} must be a field, then asc, desc or nothing", shortened(part)))),
    };
    let found = names.iter().find(|name| name.text == text).map(|name| OrderKey::new(name, descending));
    let known = || names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>();
    found.ok_or_else(|| ("UNKNOWN_FIELD", unknown_name(text, &known())))
}

/// 1 to 1000; 50 if absent.
pub fn parse_page_size(value: Option<i64>) -> Result<u32, Fault> {
    let Some(value) = value else { return Ok(PAGE_SIZE) };
    let size = u32::try_from(value).ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
    let fault = || Fault::new("?page_size", "OUT_OF_RANGE", format!("must be a number from 1 to {PAGE_SIZE_MAX}"));
    size.ok_or_else(fault)
}

/// Parses `id,title`. Absent or blank: all visible fields. The response always contains the id, and never a field that is not
/// visible.
pub fn parse_fields(text: Option<&str>, kind: &'static Kind, visible: Mask) -> Result<Mask, Vec<Fault>> {
    let fault = |code, detail: String| Fault::new("?fields", code, detail);
    let wanted = parts(text);
    if wanted.is_empty() {
        return Ok(visible);
    }
    if wanted.len() > NAMES_MAX {
        return Err(vec![fault("TOO_MANY", format!("at most {NAMES_MAX} names"))]);
    }
    let seen = kind.fields.iter().enumerate().filter(|(i, f)| visible.has(*i) || f.name == ID);
    let known: Vec<&str> = seen.map(|(_, f)| f.name).collect();
    let unknown = wanted.iter().filter(|name| !known.contains(name));
    let faults: Vec<Fault> = unknown.map(|name| fault("UNKNOWN_FIELD", unknown_name(name, &known))).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Mask::of(kind.fields, |f| f.name == ID || wanted.contains(&f.name)))
}

/// The parts between commas; none for blank text. The number of parts is limited before splitting.
fn parts(text: Option<&str>) -> Vec<&str> {
    let text = text.unwrap_or_default();
    if text.trim().is_empty() { Vec::new() } else { text.split(',').map(str::trim).take(NAMES_MAX + 1).collect() }
}

/// Shortened for messages.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resource;
    use crate::risk::Risk;
    use proptest::prelude::*;

    fn order(text: &str) -> Result<Vec<(String, bool)>, Vec<String>> {
        parse_order(Some(text), Risk::KIND, Mask::ALL)
            .map(|order| order.keys.into_iter().map(|key| (key.column, key.descending)).collect())
            .map_err(|faults| faults.iter().map(|fault| fault.code.to_string()).collect())
    }

    fn fields(text: &str, visible: Mask) -> Result<Vec<&'static str>, Vec<Fault>> {
        let mask = parse_fields(Some(text), Risk::KIND, visible)?;
        Ok(Risk::KIND.fields.iter().enumerate().filter(|(i, _)| mask.has(*i)).map(|(_, f)| f.name).collect())
    }

    #[test]
    fn an_order_ends_with_the_id() {
        let keys = |keys: &[(&str, bool)]| Ok(keys.iter().map(|(name, down)| ((*name).to_owned(), *down)).collect());
        assert_eq!(order(" "), keys(&[("id", false)]));
        assert_eq!(parse_order(None, Risk::KIND, Mask::ALL), Ok(Order { keys: vec![OrderKey::id()] }));
        assert_eq!(order("id"), keys(&[("id", false)]));
        assert_eq!(order("id desc, title"), keys(&[("id", true)]));
        let expected = keys(&[("probability", true), ("title", false), ("id", false)]);
        assert_eq!(order("probability DESC ,title asc"), expected);
        let expected = keys(&[("cost_likely_amount", true), ("kind", false), ("title", false), ("id", true)]);
        assert_eq!(order("cost_likely.amount desc, kind, title, id desc"), expected);
    }

    #[test]
    fn keys_know_their_column() {
        let keys = parse_order(Some("cost_likely.amount"), Risk::KIND, Mask::ALL).unwrap().keys;
        assert_eq!((keys[0].field, keys[0].nullable, keys[0].ty), ("cost_likely", true, ColumnType::Int));
        // The default key must match the declaration of the id.
        assert_eq!(order_key("id", &names(Risk::KIND, Mask::ALL)), Ok(OrderKey::id()));
    }

    #[test]
    fn wrong_orders_are_refused() {
        for (text, codes) in [
            ("title, title desc", vec!["DUPLICATE"]),
            ("titel, event, title down", vec!["UNKNOWN_FIELD", "UNKNOWN_FIELD", "BAD_ORDER"]),
            ("title,", vec!["BAD_ORDER"]),
            ("title desc desc", vec!["BAD_ORDER"]),
            ("title; drop table risks", vec!["BAD_ORDER"]),
            ("labels.x", vec!["UNKNOWN_FIELD"]),
            ("title, kind, state, category", vec!["TOO_MANY"]),
        ] {
            assert_eq!(order(text).unwrap_err(), codes, "{text}");
        }
        assert_eq!(order(&"a,".repeat(100_000)).unwrap_err(), ["TOO_MANY"]);
        let hidden =
            parse_order(Some("updated_at"), Risk::KIND, Mask::of(Risk::KIND.fields, |f| !f.private)).unwrap_err();
        assert_eq!((hidden[0].pointer.as_str(), hidden[0].code.as_ref()), ("?order_by", "UNKNOWN_FIELD"));
        assert!(hidden[0].detail.contains("created_at"), "{hidden:?}");
    }

    #[test]
    fn page_sizes() {
        assert_eq!(parse_page_size(None), Ok(PAGE_SIZE));
        assert_eq!((parse_page_size(Some(1)), parse_page_size(Some(1000))), (Ok(1), Ok(1000)));
        for bad in [0, -1, 1001, i64::MAX, i64::MIN] {
            let fault = parse_page_size(Some(bad)).unwrap_err();
            assert_eq!((fault.pointer.as_str(), fault.code.as_ref()), ("?page_size", "OUT_OF_RANGE"));
        }
    }

    #[test]
    fn fields_always_have_the_id_and_never_what_is_hidden() {
        let visible = Mask::of(Risk::KIND.fields, |f| !f.private);
        assert_eq!(fields("title, cause,title", visible), Ok(vec!["id", "title", "cause"]));
        assert_eq!(parse_fields(None, Risk::KIND, visible), Ok(visible));
        assert_eq!(parse_fields(Some(""), Risk::KIND, visible), Ok(visible));
        for bad in ["updated_at", "labels", "titel", "title,,kind", "*", "TITLE"] {
            let faults = fields(bad, visible).unwrap_err();
            assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_ref()), ("?fields", "UNKNOWN_FIELD"), "{bad}");
            assert!(!faults[0].detail.contains("did you mean updated_at"));
        }
        assert_eq!(fields(&"a,".repeat(100_000), visible).unwrap_err()[0].code, "TOO_MANY");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = (order(&text), fields(&text, Mask::ALL));
        }
    }
}

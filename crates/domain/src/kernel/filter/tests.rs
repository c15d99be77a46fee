//! Tests of the module above.

use super::*;
use crate::Resource;
use crate::risk::Risk;
use proptest::prelude::*;

const ID: &str = "psn_01h455vb4pex5vsknk084sn02q";

fn read(text: &str) -> Result<Filter, Vec<Fault>> {
    parse(text, Risk::KIND, Mask::ALL)
}

/// The codes of the faults, all of which must say where.
fn codes(text: &str) -> Vec<String> {
    let faults = read(text).unwrap_err();
    assert!(faults.iter().all(|f| f.pointer == "?filter" && f.detail.starts_with("at character ")), "{faults:?}");
    faults.iter().map(|f| f.code.to_string()).collect()
}

fn details(text: &str) -> String {
    read(text).unwrap_err().iter().map(|f| f.detail.as_str()).collect::<Vec<_>>().join("; ")
}

fn column(name: &str) -> Column {
    Subject::field(names(Risk::KIND, Mask::ALL).iter().find(|n| n.text == name).unwrap()).column
}

fn compare(name: &str, op: Op, value: Cell) -> Filter {
    Filter::Compare { column: column(name), op, value }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

#[test]
fn values_are_as_stored() {
    let owner = crate::id::encode(crate::person::Person::KIND.prefix, 7);
    let cases = [
        ("title = 'a'", "title", Op::Equal, text("a")),
        ("state != \"closed\"", "state", Op::NotEqual, text("closed")),
        ("probability >= 0.3", "probability", Op::GreaterOrEqual, Cell::Int(300_000)),
        ("probability < 1.0000000", "probability", Op::Less, Cell::Int(1_000_000)),
        ("schedule_impact_days <= -5", "schedule_impact_days", Op::LessOrEqual, Cell::Int(-5)),
        ("current_rating > 0", "current_rating", Op::Greater, Cell::Int(0)),
        ("exposure_from_on > '2026-02-28'", "exposure_from_on", Op::Greater, text("2026-02-28")),
        ("updated_at>'1970-01-01T01:00:00.5+01:00'", "updated_at", Op::Greater, Cell::Int(500_000)),
        ("cost_likely.amount >= 100.5", "cost_likely.amount", Op::GreaterOrEqual, Cell::Int(1_005_000)),
        ("cost_likely.amount = '-0.0001'", "cost_likely.amount", Op::Equal, Cell::Int(-1)),
        ("cost_likely.currency = 'EUR'", "cost_likely.currency", Op::Equal, text("EUR")),
        ("category = NULL", "category", Op::Equal, Cell::Null),
        ("deleted_at != null", "deleted_at", Op::NotEqual, Cell::Null),
        (&format!("owner_id = '{owner}'"), "owner_id", Op::Equal, text(&owner)),
    ];
    for (filter, name, op, value) in cases {
        assert_eq!(read(filter), Ok(compare(name, op, value)), "{filter}");
    }
    let money = Column::Field {
        column: "cost_likely_amount".to_owned(),
        field: "cost_likely",
        nullable: true,
        ty: ColumnType::Int,
    };
    assert_eq!(column("cost_likely.amount"), money);
}

#[test]
fn truth_and_long_numbers() {
    let column = || Column::Label("any".to_owned());
    let subject = |shape| Subject { text: String::new(), column: column(), shape, ty: ColumnType::Int };
    let truth = subject(Shape::Bool);
    assert_eq!(truth.cell(&Literal::Bool(true)), Ok(Cell::Int(1)));
    assert_eq!(truth.cell(&Literal::Number("1".to_owned())).unwrap_err().0, "WRONG_TYPE");
    assert!(!truth.is_ordered());
    let long = subject(Shape::Long);
    let least = i64::MIN.to_string();
    assert_eq!(long.cell(&Literal::Text(least.clone())), Ok(Cell::Int(i64::MIN)));
    assert_eq!(long.cell(&Literal::Number(least)), Ok(Cell::Int(i64::MIN)));
}

#[test]
fn joins_bind_as_documented() {
    let one = |title| compare("title", Op::Equal, text(title));
    let not = |filter| Filter::Not(Box::new(filter));
    let expected = Filter::Or(vec![one("a"), Filter::And(vec![not(one("b")), one("c")])]);
    assert_eq!(read("title='a' or not title='b' and title='c'"), Ok(expected));
    let expected = Filter::And(vec![Filter::Or(vec![one("a"), one("b")]), not(Filter::And(vec![one("c"), one("d")]))]);
    assert_eq!(read("(title='a' OR title='b') And NOT (title='c' and ((title='d')))"), Ok(expected));
    assert_eq!(read(" \n"), Ok(Filter::And(Vec::new())));
}

#[test]
fn lists_texts_and_labels() {
    let values = vec![text("threat"), text("opportunity")];
    assert_eq!(read("kind IN ('threat','opportunity')"), Ok(Filter::In { column: column("kind"), values }));
    let contains = Filter::Contains { column: column("title"), text: "50%_é".to_owned() };
    assert_eq!(read("title:'50%_é'"), Ok(contains));
    let label = Column::Label("cost-center.1".to_owned());
    assert!(label.nullable());
    let expected = Filter::Compare { column: label, op: Op::Equal, value: text("x") };
    assert_eq!(read("labels.cost-center.1 = 'x'"), Ok(expected));
    assert_eq!(codes("labels.Region = 'x'"), ["BAD_KEY"]);
    assert_eq!(codes("labels.$[0] = 'x'"), ["BAD_FILTER"]);
    assert_eq!(codes("labels = 'x'"), ["UNKNOWN_FIELD"]);
}

#[test]
fn what_looks_like_a_query_stays_a_value() {
    for value in ["x' OR '1'='1", "'; DROP TABLE risks; --", "$1", "?", "%", "\\", "a\"b", "日本語 🦀", "(", ") and ("]
    {
        let quoted = value.replace('\\', r"\\").replace('"', r#"\""#);
        assert_eq!(read(&format!("title = \"{quoted}\"")), Ok(compare("title", Op::Equal, text(value))));
    }
}

#[test]
fn one_fault_a_comparison() {
    let filter = format!(
        "(titel = 'a' or state in ('closed', 'shut')) and owner_id = '{ID}' and probability > 2 \
        and not (updated_at > 'yesterday') and title = 'b' and current_rating = 1.5 and kind < 'threat' \
        and cost_likely.currency = 'eur' and title = and exposure_from_on = '2026-02-30' and title = 7"
    );
    let expected = [
        "UNKNOWN_FIELD",
        "UNKNOWN_WORD",
        "BAD_ID",
        "OUT_OF_RANGE",
        "BAD_INSTANT",
        "WRONG_TYPE",
        "WRONG_TYPE",
        "BAD_CURRENCY",
        "BAD_FILTER",
        "BAD_DAY",
        "WRONG_TYPE",
    ];
    assert_eq!(codes(&filter), expected);
}

#[test]
fn faults_say_what_is_right() {
    assert_eq!(details("titel = 'a'"), "at character 1: \"titel\" is not known here; did you mean title?");
    assert!(details("event = 'a'").contains("title"), "not filterable: {}", details("event = 'a'"));
    assert!(details("cost_likely = 1").contains("cost_likely.amount"));
    assert!(details("é = 1").starts_with("at character 1: 'é'"));
    assert!(details("title = 'ééé' @").starts_with("at character 15: "));
    assert!(details("title = 'a' state = 'closed'").starts_with("at character 13: expected `and`, `or` or the end"));
    assert!(details("state = 'open'").contains("identified, assessed, responding"));
    assert!(details("title").ends_with("expected one of = != < <= > >= : in, found the end"));
    assert!(details("exposure_from_on > 2026-01-31").contains("in quotes"));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for filter in [
        "state > 'closed'",
        "id < 'x'",
        "category >= null",
        "cost_likely.currency < 'EUR'",
        "state : 'clo'",
        "title : 5",
        "category in (null)",
        "title = true",
    ] {
        assert_eq!(codes(filter), ["WRONG_TYPE"], "{filter}");
    }
    for (filter, code) in [
        ("probability = 0.0000001", "TOO_PRECISE"),
        ("probability = 1e-3", "BAD_NUMBER"),
        ("probability = -0.1", "OUT_OF_RANGE"),
        ("current_rating = 99999999999999999999", "OUT_OF_RANGE"),
        ("current_rating = --1", "BAD_NUMBER"),
        ("cost_likely.amount = 1.23456", "BAD_AMOUNT"),
        ("id = 'risk_81h455vb4pex5vsknk084sn02q'", "BAD_ID"),
        ("id = 'risk_'", "BAD_ID"),
    ] {
        assert_eq!(codes(filter), [code], "{filter}");
    }
}

#[test]
fn a_hidden_field_is_an_unknown_one() {
    let visible = Mask::of(Risk::KIND.fields, |f| !f.private && f.name != "labels");
    for name in ["updated_at", "labels.x"] {
        let fault = |name: &str| parse(&format!("{name} = 'x'"), Risk::KIND, visible).unwrap_err().remove(0);
        assert_eq!(fault(name).code, "UNKNOWN_FIELD");
        let list = fault("zzz").detail;
        assert!(!list.contains("updated_at") && !list.contains("labels"), "{list}");
    }
}

#[test]
fn broken_filters_are_refused() {
    for filter in [
        "(",
        ")",
        "and",
        "not",
        "or or",
        "title",
        "title =",
        "= 'a'",
        "title = 'a' and",
        "(title = 'a'",
        "title = 'a')",
        "title in",
        "title in ()",
        "title in ('a'",
        "title in ('a',)",
        "title in ('a' 'b') and title = 'c'",
        "title = 'a",
        "title = \"a'",
        "title = '\\",
        "title = '\\n'",
        "title ! 'a'",
        "title <> 'a'",
        "title == 'a'",
        "title = 'a';",
        "title = “a”",
        "title\0 = 'a'",
        "not not not",
        "-",
        ",",
        "()",
        "in = 'a'",
    ] {
        assert!(codes(filter).iter().any(|code| code == "BAD_FILTER"), "{filter}");
    }
    assert_eq!(codes("title = 'a\0'"), ["CONTROL_CHARACTER"]);
    assert_eq!(codes("title in ('a' 'b') and titel = 'c'"), ["BAD_FILTER", "UNKNOWN_FIELD"]);
}

#[test]
fn limits_hold() {
    let nested = |n: usize| format!("{}title='a'{}", "(".repeat(n), ")".repeat(n));
    assert!(read(&nested(NESTING_MAX)).is_ok());
    assert_eq!(codes(&nested(NESTING_MAX + 1)), ["TOO_DEEP"]);
    assert_eq!(codes(&nested(1900)), ["TOO_DEEP"]);
    assert_eq!(codes(&"(".repeat(LENGTH_MAX)), ["TOO_DEEP"]);
    assert_eq!(codes(&"not ".repeat(1000)), ["TOO_DEEP"]);
    let many = |n: usize| vec!["title='a'"; n].join(" or ");
    assert!(read(&many(COMPARISONS_MAX)).is_ok());
    assert_eq!(codes(&many(COMPARISONS_MAX + 1)), ["TOO_MANY"]);
    let list = |n: usize| format!("title in ({})", vec!["'a'"; n].join(","));
    assert!(read(&list(VALUES_MAX)).is_ok());
    assert_eq!(codes(&list(VALUES_MAX + 1)), ["TOO_MANY"]);
    assert_eq!(read(&"é".repeat(LENGTH_MAX + 1)).unwrap_err()[0].code, "TOO_LONG");
    assert!(read(&"x=".repeat(2000)).unwrap_err().len() <= COMPARISONS_MAX + 1);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn any_row_of_tokens_is_answered(
        words in prop::collection::vec(prop::sample::select(vec![
            "(", ")", ",", ":", "=", "!=", "<", "and", "or", "not", "in", "null", "true", "'a'", "\"", "\\", "1",
            "-1.5", "title", "state", "probability", "labels.a", "cost_likely.amount", "'closed'", "x",
        ]), 0..60),
    ) {
        if let Err(faults) = read(&words.join(" ")) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn any_text_can_be_a_value(value in "[^\\p{Cc}]{0,80}") {
        let quoted = value.replace('\\', r"\\").replace('\'', r"\'");
        prop_assert_eq!(read(&format!("title = '{quoted}'")), Ok(compare("title", Op::Equal, text(&value))));
    }

    #[test]
    fn numbers_are_exact(millionths in 0_i64..=1_000_000) {
        let number = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        let expected = compare("probability", Op::Equal, Cell::Int(millionths));
        prop_assert_eq!(read(&format!("probability = {number}")), Ok(expected));
    }
}

use steerco_domain::Resource;
use steerco_domain::field::FieldSpec;
use steerco_domain::risk::Risk;
use steerco_domain::source::Source;

use super::*;

/// A kind like this one with other fields.
fn with(kind: &'static Kind, name: &'static str, fields: Vec<FieldSpec>) -> &'static Kind {
    let title = if name == kind.name { kind.title } else { "Gadget" };
    let plural = if name == kind.name { kind.plural } else { "gadgets" };
    let Kind { prefix, doc, scope, dated, reach, verbs, rights, .. } = *kind;
    let rows = steerco_domain::access::Rows::of(kind.name, kind.reach);
    let make = steerco_domain::Maker::of::<Risk>();
    let fields = fields.leak();
    Box::leak(Box::new(Kind {
        name,
        plural,
        prefix,
        title,
        doc,
        scope,
        dated,
        reach,
        fields,
        verbs,
        rights,
        rows,
        make,
    }))
}

/// The number that the next field of a risk gets.
fn next() -> i32 {
    Known::read().message("Risk").unwrap().greatest() + 1
}

/// The lines of a message, comments left out.
fn lines<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let body = text.split_once(&format!("\n{head} {{\n")).unwrap().1.split("\n}").next().unwrap();
    body.lines().map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty()).collect()
}

#[test]
fn a_new_field_gets_a_new_number_and_that_of_a_removed_one_is_not_given_again() {
    let mut fields = Risk::KIND.fields.to_vec();
    let place = fields.iter().position(|field| field.name == "category").unwrap();
    fields[place].name = "nearness";
    let text = &files(&[with(Risk::KIND, "risk", fields)])["steerco/v1/risk.proto"];
    let lines = lines(text, "message Risk");
    assert!(lines.contains(&&*format!("optional string nearness = {};", next())), "{lines:#?}");
    assert!(lines.ends_with(&["reserved 20;", "reserved \"category\";"]), "{lines:#?}");
}

#[test]
fn a_field_between_others_takes_no_number_of_theirs() {
    let mut fields = Risk::KIND.fields.to_vec();
    let place = fields.iter().position(|field| field.name == "category").unwrap();
    fields.insert(place, FieldSpec { name: "first", ..fields[place] });
    fields.insert(place, FieldSpec { name: "second", nullable: false, ..fields[place] });
    let text = &files(&[with(Risk::KIND, "risk", fields)])["steerco/v1/risk.proto"];
    let lines = lines(text, "message Risk");
    let wanted = [format!("string second = {};", next()), format!("optional string first = {};", next() + 1)];
    let place = lines.iter().position(|line| **line == wanted[0]).unwrap();
    assert_eq!(lines[place + 1..place + 3], [&*wanted[1], "optional string category = 20;"]);
}

#[test]
fn a_new_resource_gets_a_file() {
    let gadget = with(Source::KIND, "gadget", Source::KIND.fields.to_vec());
    let mut kinds = all();
    kinds.push(gadget);
    let files = files(&kinds);
    let (source, text) = (&files["steerco/v1/source.proto"], &files["steerco/v1/gadget.proto"]);
    let renamed = source
        .replace("SourceRecord", "OfRecord")
        .replace("a source", "a gadget")
        .replace("A source", "A gadget")
        .replace("deleted source", "deleted gadget")
        .replace(" sources", " gadgets")
        .replace(" source = 1", " gadget = 1")
        .replace(" source = 2", " gadget = 2")
        .replace(" source = 3", " gadget = 3")
        .replace("Which source", "Which gadget")
        .replace("Source", "Gadget")
        .replace("OfRecord", "SourceRecord");
    for head in ["message Gadget", "message BatchGadgetsResult", "message UpsertGadgetRequest", "service GadgetService"]
    {
        assert_eq!(lines(text, head), lines(&renamed, head), "{head}");
    }
}

#[test]
fn a_word_that_is_gone_is_reserved() {
    let known = Known::read();
    let words = shapes::enumeration("RiskKind", "", &[("chance", ""), ("threat", "")], &known);
    let values: Vec<(&str, i32)> = words.values.iter().map(|value| (&*value.name, value.number)).collect();
    assert_eq!(values, [("RISK_KIND_UNSPECIFIED", 0), ("RISK_KIND_CHANCE", 3), ("RISK_KIND_THREAT", 1)]);
    assert_eq!(words.reserved.names, ["RISK_KIND_OPPORTUNITY"]);
    assert_eq!(words.reserved.numbers, [(2, 2)]);
}

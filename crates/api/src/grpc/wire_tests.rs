use serde_json::json;
use steerco_domain::field::{Field, Spot};
use steerco_domain::mask::Mask;
use steerco_domain::resource::Seed;
use steerco_domain::risk::Risk;
use steerco_domain::view::View;
use steerco_domain::{Fault, Resource};

use super::*;
use crate::grpc::bridge::Bridge;

const PROGRAM: &str = "prog_01h455vb4pex5vsknk084sn02q";

fn seed() -> Seed {
    let at = Instant::from_micros(-1);
    Seed { id: 7, at, effective_at: at, by: Actor::system() }
}

fn faults<T: Field>(json: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    T::read(json, &mut Spot { pointer: "/it".to_owned(), faults: &mut faults });
    faults
}

/// Protobuf leaves out what JSON may call null.
fn without_nulls(mut json: Value) -> Value {
    match &mut json {
        Value::Object(map) => {
            let members = std::mem::take(map).into_iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(items) => std::mem::take(items).into_iter().map(without_nulls).collect(),
        _ => json,
    }
}

/// Out as a message and back as JSON gives what REST writes.
fn there_and_back<R: Bridge>(body: &Value) {
    let resource = R::create(body.as_object().unwrap(), &seed()).unwrap();
    let rest = serde_json::to_value(View { resource: &resource, mask: Mask::ALL }).unwrap();
    let back = Value::Object(R::to_map(resource.to_pb(Mask::ALL)));
    for (name, value) in without_nulls(rest).as_object().unwrap() {
        // Protobuf does not tell an empty list from none.
        let empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        assert_eq!(back.get(name), Some(value).filter(|_| !empty), "{name}");
    }
}

#[test]
fn resources_go_there_and_back() {
    there_and_back::<Risk>(&json!({
        "program_id": PROGRAM, "title": "Flood", "kind": "threat", "probability": 0.0, "schedule_impact_days": 0,
        "cost_likely": {"amount": "-0.0000", "currency": "EUR"}, "exposure_from_on": "2026-01-31",
        "response": "mitigate", "current_rating": 25, "labels": {"a": "b"},
        "external_refs": [{"source": "jira", "external_id": "R-1"}],
    }));
    there_and_back::<steerco_domain::program::Program>(&json!({
        "portfolio_id": "port_01h455vb4pex5vsknk084sn02q", "code": "P", "name": "P", "currency": "EUR",
        "tolerances": {"cost_amber": 0.05, "days_late_red": 0},
    }));
    there_and_back::<steerco_domain::source::Source>(&json!({
        "code": "jira", "name": "Jira", "owned_fields": [{"kind": "risk", "field": "title"}], "cadence": "daily",
    }));
    there_and_back::<steerco_domain::grant::Grant>(&json!({
        "person_id": "pers_01h455vb4pex5vsknk084sn02q", "role": "program_manager",
        "valid_from": "2026-01-31T09:30:00.000001Z",
    }));
}

#[test]
fn what_the_mask_hides_is_not_sent() {
    let body = json!({"program_id": PROGRAM, "title": "Flood", "kind": "threat", "labels": {"a": "b"}});
    let risk = Risk::create(body.as_object().unwrap(), &seed()).unwrap();
    let mask = Mask::of(Risk::KIND.fields, |field| field.name == "title");
    assert_eq!(risk.to_pb(mask), pb::Risk { title: "Flood".to_owned(), ..pb::Risk::default() });
}

#[test]
fn every_fault_of_a_hostile_message_is_found_at_its_place() {
    let message = pb::Risk {
        revision: 3,
        created_at: Some(Timestamp { seconds: i64::MIN, nanos: -1 }),
        external_refs: vec![pb::ExternalRef::default()],
        program_id: "risk_01h455vb4pex5vsknk084sn02q".to_owned(),
        title: String::new(),
        kind: 99,
        state: -1,
        category: Some(String::new()),
        probability: Some(f64::NAN),
        residual_probability: Some(f64::NEG_INFINITY),
        cost_low: Some(pb::Money::default()),
        cost_high: Some(pb::Money { amount: "1e9".to_owned(), currency: "XYZ".to_owned() }),
        schedule_impact_days: Some(i32::MIN),
        current_rating: Some(0),
        response: i32::MAX,
        ..pb::Risk::default()
    };
    let error = Risk::create(&Risk::to_map(message), &seed()).unwrap_err();
    let mut found: Vec<_> = error.faults.iter().map(|fault| (fault.pointer.as_str(), &*fault.code)).collect();
    found.sort_unstable();
    let wanted = [
        ("/category", "BLANK"),
        ("/cost_high/amount", "BAD_AMOUNT"),
        ("/cost_high/currency", "BAD_CURRENCY"),
        ("/cost_low/amount", "REQUIRED"),
        ("/cost_low/currency", "REQUIRED"),
        ("/created_at", "READ_ONLY"),
        ("/current_rating", "OUT_OF_RANGE"),
        ("/external_refs/0/external_id", "REQUIRED"),
        ("/external_refs/0/source", "REQUIRED"),
        ("/kind", "UNKNOWN_WORD"),
        ("/probability", "WRONG_TYPE"),
        ("/program_id", "BAD_ID"),
        ("/residual_probability", "WRONG_TYPE"),
        ("/response", "UNKNOWN_WORD"),
        ("/revision", "READ_ONLY"),
        ("/schedule_impact_days", "OUT_OF_RANGE"),
        ("/state", "READ_ONLY"),
        ("/title", "REQUIRED"),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn instants_that_are_none_are_refused() {
    for (seconds, nanos) in [
        (i64::MIN, 0),
        (i64::MAX, 999_999_999),
        (0, -1),
        (0, i32::MIN),
        (0, 1_000_000_000),
        (0, 999),
        (253_402_300_800, 0),
        (-62_135_596_801, 0),
    ] {
        let json = Instant::json(Timestamp { seconds, nanos });
        assert_eq!(faults::<Instant>(&json)[0].code, "BAD_INSTANT", "{json}");
    }
    for micros in [-62_135_596_800_000_000, -1, 0, 1, 253_402_207_199_999_999] {
        let json = Instant::json(Instant::from_micros(micros).out());
        assert_eq!(json.as_str().and_then(Instant::parse), Some(Instant::from_micros(micros)), "{json}");
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1.000_001, f64::MAX, f64::MIN_POSITIVE * 0.5 - 1.0]
    {
        assert_eq!(faults::<Ratio>(&Ratio::json(number)).len(), 1, "{number}");
    }
    for millionths in [0, 1, 333_333, 999_999, 1_000_000] {
        let json = Ratio::json(Ratio::from_millionths(millionths).unwrap().out());
        assert!(faults::<Ratio>(&json).is_empty(), "{json}");
    }
}

#[test]
fn enum_names_are_the_words() {
    fn check<T: Words + Scalar<i32>>(name: fn(i32) -> &'static str) {
        for word in T::ALL {
            let number = word.out();
            assert!(name(number).ends_with(&format!("_{}", word.word().to_uppercase())), "{}", name(number));
            assert_eq!(T::json(number), json!(word.word()));
        }
    }
    check::<RiskState>(|n| pb::RiskState::try_from(n).unwrap().as_str_name());
    check::<WorkStatus>(|n| pb::WorkStatus::try_from(n).unwrap().as_str_name());
    check::<Role>(|n| pb::Role::try_from(n).unwrap().as_str_name());
    assert_eq!(<Option<RiskResponse> as Wire<i32>>::to_json(0), None);
    assert_eq!(<RiskState as Wire<i32>>::to_json(7), Some(json!("7")));
}

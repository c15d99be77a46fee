//! Messages read by the tables are what an independent reader of the descriptors finds in them.

use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value as Pb,
};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use serde_json::json;
use steerco_domain::error::Fault;
use steerco_domain::mask::Mask;
use steerco_domain::resource::Seed;
use steerco_domain::risk::Risk;
use steerco_domain::view::View;
use steerco_domain::{AnyBox, Resource};
use steerco_proto::table::{RPCS, message};
use steerco_proto::{FILE_DESCRIPTOR_SET, v1 as pb};

use super::*;
use crate::grpc::encode::encode;

const PROGRAM: &str = "prog_01h455vb4pex5vsknk084sn02q";

fn seed() -> Seed {
    let at = Instant::from_micros(-1);
    Seed { id: 7, at, effective_at: at, by: steerco_domain::actor::Actor::system() }
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap()
}

fn descriptor(pool: &DescriptorPool, message: &Message) -> MessageDescriptor {
    let package = if message.name == "FieldMask" { "google.protobuf" } else { "steerco.v1" };
    pool.get_message_by_name(&format!("{package}.{}", message.name)).unwrap()
}

// ---- what the independent reader finds, as JSON ----

fn found(message: &DynamicMessage) -> Map<String, Value> {
    let set = message.fields().filter(|(field, _)| field.kind() != Kind::Bytes);
    set.map(|(field, value)| (field.name().to_owned(), found_value(&field, value))).collect()
}

fn found_value(field: &FieldDescriptor, value: &Pb) -> Value {
    match value {
        Pb::Bool(is) => json!(is),
        Pb::I32(int) => json!(int),
        Pb::I64(long) => json!(long.to_string()),
        Pb::F64(number) => Number::from_f64(*number).map_or_else(|| json!(number.to_string()), Value::Number),
        Pb::String(text) => json!(text),
        Pb::EnumNumber(number) => json!(word(field, *number)),
        Pb::List(items) => items.iter().map(|item| found_value(field, item)).collect(),
        Pb::Map(members) => {
            let text = |key: &MapKey, value: &Pb| Some((key.as_str()?.to_owned(), json!(value.as_str()?)));
            Value::Object(members.iter().filter_map(|(key, value)| text(key, value)).collect())
        }
        Pb::Message(inner) if inner.descriptor().full_name() == "google.protobuf.Timestamp" => {
            let part = |name| inner.get_field_by_name(name).unwrap().into_owned();
            let (seconds, nanos) = (part("seconds").as_i64().unwrap(), part("nanos").as_i32().unwrap());
            let micros = seconds.checked_mul(1_000_000).and_then(|m| m.checked_add(i64::from(nanos) / 1_000));
            let exact = (0..1_000_000_000).contains(&nanos) && nanos % 1_000 == 0;
            let text = micros.filter(|_| exact).map(|micros| Instant::from_micros(micros).to_string());
            let text = text.filter(|text| Instant::parse(text).is_some());
            json!(text.unwrap_or_else(|| format!("{seconds} s {nanos} ns")))
        }
        Pb::Message(inner) => Value::Object(found(inner)),
        other => panic!("{} holds {other:?}", field.full_name()),
    }
}

fn word(field: &FieldDescriptor, number: i32) -> String {
    let Kind::Enum(words) = field.kind() else { panic!("{} is no enum", field.full_name()) };
    let known = words.get_value(number).filter(|_| number != 0);
    let zero = words.get_value(0).unwrap().name().strip_suffix("UNSPECIFIED").unwrap().to_owned();
    known.map_or(number.to_string(), |known| known.name().strip_prefix(&zero).unwrap().to_lowercase())
}

// ---- arbitrary messages ----

fn arbitrary(descriptor: &MessageDescriptor, random: &mut StdRng, depth: u32) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if random.random_bool(0.5) && (depth < 4 || !matches!(field.kind(), Kind::Message(_))) {
            let value = if field.is_map() {
                let entry = |random: &mut StdRng| (MapKey::String(text(random)), Pb::String(text(random)));
                Pb::Map((0..random.random_range(0..3)).map(|_| entry(random)).collect())
            } else if field.is_list() {
                Pb::List((0..random.random_range(0..4)).map(|_| one(&field, random, depth)).collect())
            } else {
                one(&field, random, depth)
            };
            message.set_field(&field, value);
        }
    }
    message
}

fn text(random: &mut StdRng) -> String {
    (0..random.random_range(0..5)).map(|_| random.random::<char>()).collect()
}

fn one(field: &FieldDescriptor, random: &mut StdRng, depth: u32) -> Pb {
    match field.kind() {
        Kind::Bool => Pb::Bool(random.random()),
        Kind::Int32 => Pb::I32(if random.random() { random.random() } else { random.random_range(-1..2) }),
        Kind::Int64 => Pb::I64(if random.random() { random.random() } else { random.random_range(-1..2) }),
        Kind::Double => Pb::F64([0.0, 0.25, -1.5, f64::NAN, f64::INFINITY][random.random_range(0..5)]),
        Kind::String => Pb::String(text(random)),
        Kind::Bytes => Pb::Bytes(text(random).into_bytes().into()),
        Kind::Enum(_) => Pb::EnumNumber(random.random_range(-1..12)),
        Kind::Message(inner) => Pb::Message(arbitrary(&inner, random, depth + 1)),
        other => panic!("{} is {other:?}", field.full_name()),
    }
}

fn inputs() -> Vec<&'static Message> {
    let mut inputs: Vec<_> = RPCS.iter().map(|rpc| rpc.input).collect();
    inputs.sort_by_key(|message| message.name);
    inputs.dedup_by_key(|message| message.name);
    inputs
}

/// Every request there is, with arbitrary values; cut off and broken, it is refused where the other reader refuses it.
#[test]
fn messages_are_read_as_an_independent_reader_reads_them() {
    let (pool, mut random) = (pool(), StdRng::seed_from_u64(1));
    for message in inputs() {
        let descriptor = descriptor(&pool, message);
        for _ in 0..6 {
            let sent = arbitrary(&descriptor, &mut random, 0);
            let bytes = sent.encode_to_vec();
            let read = decode(message, &bytes.clone().into()).unwrap();
            assert_eq!(read.object, found(&sent), "{}", message.name);
            for _ in 0..6 {
                let broken = broken(bytes.clone(), &mut random);
                compare(message, &descriptor, &broken);
            }
        }
    }
}

fn broken(mut bytes: Vec<u8>, random: &mut StdRng) -> Vec<u8> {
    if bytes.is_empty() {
        return (0..random.random_range(0..20)).map(|_| random.random()).collect();
    }
    let at = random.random_range(0..bytes.len());
    match random.random_range(0..3) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.random(),
        _ => bytes.insert(at, random.random()),
    }
    bytes
}

fn compare(message: &'static Message, descriptor: &MessageDescriptor, bytes: &[u8]) {
    let theirs = DynamicMessage::decode(descriptor.clone(), bytes);
    let ours = decode(message, &bytes.to_vec().into());
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours.object, found(&theirs), "{} of {bytes:?}", message.name),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{} of {bytes:?}: {ours:?}, but {theirs:?}", message.name),
    }
}

#[test]
fn arbitrary_bytes_are_read_as_an_independent_reader_reads_them() {
    let (pool, mut random) = (pool(), StdRng::seed_from_u64(2));
    for message in inputs() {
        let descriptor = descriptor(&pool, message);
        for _ in 0..30 {
            let mut bytes = vec![0; random.random_range(0..40)];
            random.fill_bytes(&mut bytes);
            compare(message, &descriptor, &bytes);
        }
    }
}

// ---- resources ----

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

/// Out as a message, the resource is what REST writes, and is read again as it was.
fn there_and_back<R: Resource>(body: &Value) {
    let resource: AnyBox = (R::KIND.make.create)(body.as_object().unwrap(), &seed()).unwrap();
    let bytes = encode(message(R::KIND.title), &View { resource: &*resource, mask: Mask::ALL });
    let independent = DynamicMessage::decode(descriptor(&pool(), message(R::KIND.title)), bytes.as_slice()).unwrap();
    assert!(independent.unknown_fields().next().is_none());
    let back = decode(message(R::KIND.title), &bytes.into()).unwrap().object;
    assert_eq!(back, found(&independent));
    for (name, value) in without_nulls(Value::Object(resource.to_object(Mask::ALL))).as_object().unwrap() {
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
    let bytes = encode(message("Risk"), &View { resource: &risk, mask });
    let seen = pb::Risk::decode(bytes.as_slice()).unwrap();
    assert_eq!(seen, pb::Risk { title: "Flood".to_owned(), ..pb::Risk::default() });
}

fn read(message: &'static Message, sent: &impl prost::Message) -> Map<String, Value> {
    decode(message, &sent.encode_to_vec().into()).unwrap().object
}

#[test]
fn every_fault_of_a_hostile_message_is_found_at_its_place() {
    let sent = pb::Risk {
        revision: 3,
        created_at: Some(prost_types::Timestamp { seconds: i64::MIN, nanos: -1 }),
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
    let error = Risk::create(&read(message("Risk"), &sent), &seed()).unwrap_err();
    let mut found: Vec<_> = error.faults.iter().map(|fault: &Fault| (fault.pointer.as_str(), &*fault.code)).collect();
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
    let instant = |seconds, nanos| {
        let sent = pb::Risk { created_at: Some(prost_types::Timestamp { seconds, nanos }), ..pb::Risk::default() };
        let read = read(message("Risk"), &sent);
        Instant::parse(read["created_at"].as_str().unwrap())
    };
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
        assert_eq!(instant(seconds, nanos), None, "{seconds} {nanos}");
    }
    for micros in [-62_135_596_800_000_000_i64, -1, 0, 1, 253_402_207_199_999_999] {
        let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap();
        assert_eq!(instant(micros.div_euclid(1_000_000), nanos), Some(Instant::from_micros(micros)));
    }
}

// ---- bytes ----

#[test]
fn a_fault_is_told_with_its_place() {
    let request = message("CreateRiskRequest");
    let error = |bytes: &'static [u8]| decode(request, &Bytes::from_static(bytes)).unwrap_err().to_string();
    // Risk 1 of one byte: the key of its title, and no more.
    assert_eq!(error(&[0x0a, 1, 0xff]), "CreateRiskRequest.risk: invalid varint");
    assert_eq!(error(&[0x0a, 9, 0]), "CreateRiskRequest.risk: the message is cut off");
    assert_eq!(error(&[0x0a, 2, 0x0a, 5]), "CreateRiskRequest.risk: Risk.id: the message is cut off");
    assert_eq!(error(&[0x08, 1]), "CreateRiskRequest.risk: invalid wire type");
    assert_eq!(
        error(&[0x0a, 3, 0x0a, 1, 0xff]),
        "CreateRiskRequest.risk: Risk.id: invalid string value: data is not UTF-8 encoded"
    );
    assert_eq!(error(&[0]), "invalid tag value");
}

#[test]
fn groups_of_groups_end_somewhere() {
    let deep: Vec<u8> = std::iter::repeat_n([0xfb, 0x07], 100_000).flatten().collect();
    assert_eq!(decode(message("GetRequest"), &deep.into()).unwrap_err().to_string(), "recursion limit reached");
}

#[test]
fn a_piece_is_taken_out_of_its_message() {
    let sent = pb::UploadAttachmentRequest { id: "att_1".to_owned(), chunk: b"abc".to_vec(), ..Default::default() };
    let read = decode(message("UploadAttachmentRequest"), &sent.encode_to_vec().into()).unwrap();
    assert_eq!((read.object, &read.chunk[..]), (json!({"id": "att_1"}).as_object().unwrap().clone(), &b"abc"[..]));
}

#[test]
fn of_alternatives_the_last_counts() {
    let item = |action| pb::BatchRisksItem { action: Some(action), if_match: None };
    let create = item(pb::batch_risks_item::Action::Create(pb::CreateRiskRequest::default())).encode_to_vec();
    let delete = item(pb::batch_risks_item::Action::Delete(pb::DeleteRequest::default())).encode_to_vec();
    let read = decode(message("BatchRisksItem"), &[create, delete].concat().into()).unwrap();
    assert_eq!(read.object, json!({"delete": {}}).as_object().unwrap().clone());
}

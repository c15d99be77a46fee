//! The same over gRPC: hostile fields, bytes that are no message, frames that are none.

use std::sync::atomic::{AtomicI64, Ordering};

use futures::{StreamExt, stream};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value as Pb};
use serde_json::json;
use steerco_domain::KINDS;
use steerco_tests::{Door, Engine, World, run};

use crate::all::kernel::bodies::{body, fresh, is_fixed, make, unknown};
use crate::all::kernel::hostile::bearer;
use crate::all::kernel::hostile_values::{Random, of_field};
use crate::all::kernel::wire::{Heard, Wire, frame, head, rpc_path, rpcs};

/// Requests under way at a time.
const AT_ONCE: usize = 8;

/// The name of the kind an rpc is about.
fn kind_of(rpc: &MethodDescriptor) -> &'static str {
    let service = rpc.parent_service().name().trim_end_matches("Service").to_owned();
    let title = |name: &str| -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        name.split('_').map(capital).collect()
    };
    KINDS.iter().find(|kind| title(kind.name) == service).map_or("risk", |kind| kind.name)
}

/// A request that would succeed, so that what is hostile in it is all that is wrong.
fn valid(world: &World, rpc: &MethodDescriptor, on: &str) -> DynamicMessage {
    let (input, kind) = (rpc.input(), kind_of(rpc));
    let mut json = json!({});
    if input.get_field_by_name(kind).is_some() && !is_fixed(kind) {
        json[kind] = body(world, kind);
        if rpc.name().starts_with("Update") {
            json[kind] = json!({"id": on, "labels": {"n": "1"}});
        }
    } else if is_fixed(kind) && rpc.name().starts_with("Update") {
        json[kind] = json!({"id": on, "labels": {"n": "1"}});
    }
    if input.get_field_by_name("id").is_some() {
        json["id"] = json!(on);
    }
    if input.get_field_by_name("source_record").is_some() {
        json["source_record"] = json!({"source": World::SOURCE, "external_id": format!("G-{}", fresh())});
    }
    if input.get_field_by_name("external_id").is_some() {
        json["source"] = json!(World::SOURCE);
        json["external_id"] = json!("none");
    }
    if ["CreateActualsBatch", "CreatePurchaseOrderBatch"].contains(&rpc.name()) {
        json = body(world, kind);
    }
    if rpc.name().starts_with("Batch") {
        json["items"] = json!([{"create": {kind: body(world, kind)}}]);
    }
    steerco_tests::message(&input, &json)
}

/// Every field a request can set, below messages too.
fn leaves(message: &MessageDescriptor, at: &[FieldDescriptor], found: &mut Vec<Vec<FieldDescriptor>>) {
    for field in message.fields() {
        let path = [at, std::slice::from_ref(&field)].concat();
        match field.kind() {
            Kind::Message(inner) if !field.is_map() && inner.full_name() != "google.protobuf.Timestamp" => {
                leaves(&inner, &path, found);
            }
            _ => found.push(path),
        }
    }
}

/// Puts a value below messages, which are kept where they are there already.
fn put(message: &mut DynamicMessage, path: &[FieldDescriptor], value: Pb) {
    let (field, rest) = path.split_first().unwrap();
    if rest.is_empty() {
        message.set_field(field, value);
        return;
    }
    let Kind::Message(of) = field.kind() else { panic!("{} is no message", field.full_name()) };
    let known = match &*message.get_field(field) {
        Pb::Message(inner) => Some(inner.clone()),
        Pb::List(items) => items.first().and_then(Pb::as_message).cloned(),
        _ => None,
    };
    let mut inner = known.unwrap_or_else(|| DynamicMessage::new(of));
    put(&mut inner, rest, value);
    let inner = Pb::Message(inner);
    message.set_field(field, if field.is_list() { Pb::List(vec![inner]) } else { inner });
}

fn fault_of(heard: &Heard) -> Option<String> {
    let shown: String = heard.text().chars().take(300).collect();
    let wrong = heard.blames_itself() || (heard.grpc.is_none() && heard.http != 415);
    wrong.then(|| format!("HTTP {} gRPC {:?} {shown}", heard.http, heard.grpc))
}

/// A stream that is opened after all ends by itself.
fn headers<'a>(token: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [("authorization", token), ("grpc-timeout", "15S")].iter().chain(more).copied().collect()
}

async fn hostile_fields(world: &World, step: usize) {
    let (wire, written) = (Wire::new(&world.server), AtomicI64::new(0));
    let mut requests = Vec::new();
    let mut count = 0_usize;
    for rpc in rpcs().into_iter().filter(|rpc| !rpc.is_server_streaming()) {
        let kind = kind_of(&rpc);
        let on = if rpc.name().starts_with("Update") { make(world, kind).await } else { unknown(kind) };
        let (mut paths, token) = (Vec::new(), bearer(world, kind));
        leaves(&rpc.input(), &[], &mut paths);
        let step = if rpc.name().starts_with("Batch") { step * 6 } else { step };
        for path in &paths {
            for value in of_field(path.last().unwrap()) {
                count += 1;
                if count.is_multiple_of(step) {
                    let mut message = valid(world, &rpc, &on);
                    put(&mut message, path, value);
                    requests.push((rpc.clone(), token.clone(), message));
                }
            }
        }
    }
    let before = head(world, &world.org).await;
    let (wire, written_by) = (&wire, &written);
    let calls = requests.iter().map(|(rpc, token, message)| async move {
        let heard = wire.grpc(&rpc_path(rpc), &headers(token, &[]), frame(&message.encode_to_vec())).await;
        let did = heard.headers.get("steerco-outcome").map_or("", String::as_str);
        let mut changes = i64::from(["created", "updated", "deleted", "undeleted"].contains(&did));
        if rpc.name().starts_with("Batch") && heard.is_success() {
            let said = DynamicMessage::decode(rpc.output(), &heard.body[5..]).unwrap();
            let results = said.get_field_by_name("results").unwrap();
            let done = |result: &Pb| {
                let outcome = result.as_message().unwrap().get_field_by_name("outcome").unwrap().as_enum_number();
                i64::from(matches!(outcome, Some(1 | 2 | 5 | 6)))
            };
            let dry = message.get_field_by_name("validate_only").unwrap().as_bool() == Some(true);
            changes = if dry { 0 } else { results.as_list().unwrap().iter().map(done).sum() };
        } else if message.get_field_by_name("validate_only").is_some_and(|dry| dry.as_bool() == Some(true)) {
            changes = 0;
        }
        written_by.fetch_add(changes, Ordering::Relaxed);
        let text: String = format!("{message:?}").chars().take(300).collect();
        fault_of(&heard).map(|fault| format!("{} {text}: {fault}", rpc.name()))
    });
    let faults: Vec<String> =
        stream::iter(calls).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(requests.len() > 1_000, "{}", requests.len());
    assert_eq!(faults, Vec::<String>::new());
    let written = written.into_inner();
    assert!(written > 20, "{written}");
    assert_eq!(head(world, &world.org).await - before, written, "what is refused leaves nothing behind");
    world.verify().await;
}

mod hostile_fields_of_every_rpc {
    use super::{Door, Engine, hostile_fields, run};

    #[test]
    fn sqlite() {
        run(Door::Grpc, Engine::Sqlite, async |world| hostile_fields(&world, 11).await);
    }

    #[test]
    fn postgres() {
        run(Door::Grpc, Engine::Postgres, async |world| hostile_fields(&world, 11).await);
    }

    #[test]
    #[ignore = "long: every value in every field"]
    fn all_of_them() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            run(Door::Grpc, engine, async |world| hostile_fields(&world, 1).await);
        }
    }
}

/// Bodies that are no framed message, or hold none.
fn frames(random: &mut Random) -> Vec<Vec<u8>> {
    let mut frames: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0],
        vec![0, 0, 0],
        vec![0, 0, 0, 0, 9, 1],
        vec![0, 255, 255, 255, 255],
        vec![0, 127, 255, 255, 255, 0],
        vec![0, 0, 64, 0, 1],
        vec![1, 0, 0, 0, 0],
        vec![1, 0, 0, 0, 2, 8, 1],
        vec![2, 0, 0, 0, 2, 8, 1],
        vec![255, 0, 0, 0, 0],
        [frame(&[8]), frame(&[8])].concat(),
        frame(&[0xff; 11]),
        frame(&[0x0b, 0x0b, 0x0b]),
        frame(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        frame(&[0x0a, 0x02, 0xff, 0xfe]),
        frame(&[0x07, 0x06]),
        frame(&[0x0a; 1_000]),
        frame(&[0x13; 10_000]),
    ];
    frames.extend((0..6).map(|_| frame(&random.bytes(200))));
    frames.extend((0..2).map(|_| random.bytes(100)));
    frames
}

async fn hostile_bytes(world: &World) {
    let wire = Wire::new(&world.server);
    let before = head(world, &world.org).await;
    let (wire, mut random) = (&wire, Random::new(7));
    let mut requests = Vec::new();
    for rpc in rpcs() {
        let token = bearer(world, kind_of(&rpc));
        requests.extend(frames(&mut random).into_iter().map(|bytes| (rpc.clone(), token.clone(), bytes)));
    }
    let calls = requests.iter().map(|(rpc, token, bytes)| async move {
        // A stream that a lucky message opens ends soon.
        let soon = [
            ("authorization", token.as_str()),
            ("grpc-timeout", if rpc.is_server_streaming() { "100m" } else { "15S" }),
        ];
        let heard = wire.grpc(&rpc_path(rpc), &soon, bytes.clone()).await;
        let shown = &bytes[..bytes.len().min(40)];
        fault_of(&heard).map(|fault| format!("{} {shown:?}: {fault}", rpc.name()))
    });
    let faults: Vec<String> =
        stream::iter(calls).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(head(world, &world.org).await, before, "nothing was stored");
}

async fn hostile_headers(world: &World) {
    let wire = Wire::new(&world.server);
    let (token, mut faults) = (bearer(world, "risk"), Vec::new());
    let create = rpcs().into_iter().find(|rpc| rpc.name() == "CreateRisk").unwrap();
    let mut random = Random::new(11);
    let noise: String = (0..9_000).map(|_| char::from(b'!' + random.next().to_le_bytes()[3] % 90)).collect();
    let cases = [
        ("content-type", "application/grpc+json"),
        ("content-type", "application/grpc-web"),
        ("content-type", "application/grpc-web-text"),
        ("content-type", "application/grpcx"),
        ("grpc-encoding", "gzip"),
        ("grpc-encoding", "br"),
        ("grpc-encoding", "identity"),
        ("grpc-encoding", "\u{e9}"),
        ("grpc-accept-encoding", "nonsense,,,"),
        ("idempotency-key", ""),
        ("idempotency-key", "\u{e9}"),
        ("idempotency-key", &noise[..255]),
        ("idempotency-key", &noise[..256]),
        ("idempotency-key", &noise),
        ("if-match", ""),
        ("if-match", &noise),
        ("x-request-id", &noise),
        ("x-request-id", "\" onerror=1"),
        ("grpc-trace-bin", "!!!"),
        ("x-bin", "%%%"),
    ];
    for (name, value) in cases {
        for bytes in [frame(&valid(world, &create, "").encode_to_vec()), vec![1, 0, 0, 0, 3, 1, 2, 3]] {
            let heard = wire.grpc(&rpc_path(&create), &headers(&token, &[(name, value)]), bytes).await;
            let shown: String = value.chars().take(40).collect();
            faults.extend(fault_of(&heard).map(|fault| format!("{name}: {shown}: {fault}")));
        }
    }
    let timeouts = ["", "1", "-1S", "99999999999S", "1e9S", "S", "NaN", "\u{e9}"];
    for timeout in timeouts {
        let both = [("authorization", token.as_str()), ("grpc-timeout", timeout)];
        let heard = wire.grpc(&rpc_path(&create), &both, frame(&[])).await;
        faults.extend((heard.grpc != Some(3)).then(|| format!("grpc-timeout {timeout:?}: {heard:?}")));
    }
    assert_eq!(faults, Vec::<String>::new());
    world.verify().await;
}

mod hostile_bytes_to_every_rpc {
    use super::{Door, Engine, hostile_bytes, run};

    #[test]
    fn sqlite() {
        run(Door::Grpc, Engine::Sqlite, async |world| hostile_bytes(&world).await);
    }

    #[test]
    fn postgres() {
        run(Door::Grpc, Engine::Postgres, async |world| hostile_bytes(&world).await);
    }
}

mod hostile_metadata {
    use super::{Door, Engine, hostile_headers, run};

    #[test]
    fn sqlite() {
        run(Door::Grpc, Engine::Sqlite, async |world| hostile_headers(&world).await);
    }

    #[test]
    fn postgres() {
        run(Door::Grpc, Engine::Postgres, async |world| hostile_headers(&world).await);
    }
}

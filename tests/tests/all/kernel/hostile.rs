//! No input makes the service blame itself, hang, or store what it refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::access::TABLE;
use steerco_domain::field::{FieldSpec, Setter, Shape};
use steerco_domain::resource::Kind;
use steerco_tests::{Door, Engine, Who, World, rest_scenario, run};

use crate::all::kernel::bodies::{body, fresh, is_fixed, is_verb, keeper_of, make, verb_body};
use crate::all::kernel::hostile_values::{RAW, TEXTS, values};
use crate::all::kernel::wire::{Heard, Operation, Wire, head, operations};

/// Requests under way at a time.
const AT_ONCE: usize = 8;

/// A caller that may do everything with a kind, as a header.
pub(crate) fn bearer(world: &World, kind: &str) -> String {
    format!("Bearer {}", world.mint(&world.org, world.id(keeper_of(kind)), |_| ()))
}

/// The places of a value: below a field, every member and element.
fn places(field: &FieldSpec) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    below(&[field.name.to_owned()], &(field.shape)(), &mut found);
    found
}

fn below(at: &[String], shape: &Shape, found: &mut Vec<Vec<String>>) {
    found.push(at.to_vec());
    let further = |name: &str| [at, &[name.to_owned()]].concat();
    match shape {
        Shape::Object { fields, .. } => {
            for field in *fields {
                below(&further(field.name), &(field.shape)(), found);
            }
        }
        Shape::List { of, .. } => below(&further("0"), of, found),
        Shape::Map { .. } => found.extend([further("key"), further("BAD KEY"), further("")]),
        Shape::Money => found.extend([further("amount"), further("currency")]),
        _ => {}
    }
}

/// A body with this value at its place, siblings kept where there are some.
fn placed(mut body: Value, place: &[String], value: Value) -> Value {
    match place {
        [] => value,
        [name, rest @ ..] if name == "0" => json!([placed(Value::Null, rest, value)]),
        [name, rest @ ..] => {
            if !body.is_object() {
                body = json!({});
            }
            let inner = body.get(name).cloned().unwrap_or_default();
            body[name] = placed(inner, rest, value);
            body
        }
    }
}

/// A request and what is written when it succeeds.
struct Attempt {
    method: &'static str,
    path: String,
    kind: &'static str,
    body: String,
    /// A field that must be answered as it was sent if it is taken at all.
    echo: Option<(String, String)>,
}

/// What went wrong; counts what was written.
async fn attempt(wire: &Wire, token: &str, attempt: &Attempt, written: &AtomicI64) -> Option<String> {
    let media = if attempt.method == "POST" { "application/json" } else { "application/merge-patch+json" };
    let headers = [("authorization", token), ("content-type", media)];
    let heard = wire.rest(attempt.method, &attempt.path, &headers, attempt.body.clone()).await;
    let shown: String = attempt.body.chars().take(300).collect();
    let what = format!("{} {} {shown}", attempt.method, attempt.path);
    if heard.is_success() {
        let did = heard.headers.get("steerco-outcome").map_or("", String::as_str);
        written.fetch_add(i64::from(["created", "updated", "deleted", "undeleted"].contains(&did)), Ordering::Relaxed);
        let (name, sent) = attempt.echo.as_ref()?;
        let answered = &heard.json()[name.as_str()];
        return (answered != sent).then(|| format!("{what} answers {answered} for {sent:?}"));
    }
    fault_of(&heard, &attempt.body).map(|fault| format!("{what}: {fault}"))
}

/// What is wrong with a refusal.
fn fault_of(heard: &Heard, asked: &str) -> Option<String> {
    let shown: String = heard.text().chars().take(400).collect();
    if heard.blames_itself() {
        return Some(format!("{} {:?} {shown}", heard.http, heard.grpc));
    }
    let known = ["sqlx", "sqlite", "postgres", "SELECT ", "INSERT ", "panicked", ".rs:", "thread '"];
    let body = String::from_utf8_lossy(&heard.body);
    let told = known.iter().find(|word| body.contains(**word) && !asked.contains(**word));
    told.map(|word| format!("a refusal tells of {word:?}: {shown}"))
}

/// Every `step`th of places times values, for creating and changing each kind.
async fn attempts(world: &World, step: usize) -> Vec<Attempt> {
    let (values, mut attempts, mut count) = (values(), Vec::new(), 0_usize);
    for kind in KINDS {
        let (base, on) = (format!("/v1/{}", kind.path()), make(world, kind.name).await);
        for field in kind.fields {
            let system = field.setter == Setter::System;
            let is_text = matches!((field.shape)(), Shape::Text { pattern: None, .. });
            for place in places(field).iter().take(if system { 1 } else { usize::MAX }) {
                for value in values.iter().take(if system { 3 } else { usize::MAX }) {
                    count += 1;
                    if count % step != 0 && !(is_text && value.is_string() && count % 2 == 0) {
                        continue;
                    }
                    let echo = value.as_str().filter(|_| is_text).map(|text| (field.name.to_owned(), text.to_owned()));
                    let patches = is_fixed(kind.name) || attempts.len() % 3 == 2;
                    let whole = if patches { json!({}) } else { body(world, kind.name) };
                    let (method, path) = match attempts.len() % 3 {
                        _ if patches => ("PATCH", format!("{base}/{on}")),
                        0 => ("POST", base.clone()),
                        _ => ("PUT", format!("{base}/by-ref/{}/H-{}", World::SOURCE, fresh())),
                    };
                    let body = placed(whole, place, value.clone()).to_string();
                    attempts.push(Attempt { method, path, kind: kind.name, body, echo });
                }
            }
        }
    }
    attempts
}

async fn hostile_leaves(world: &World, step: usize) {
    let attempts = attempts(world, step).await;
    let verbs = verb_attempts(world).await;
    let before = head(world, &world.org).await;
    let (wire, written) = (Wire::new(&world.server), AtomicI64::new(0));
    let tokens: HashMap<&str, String> = KINDS.iter().map(|kind| (kind.name, bearer(world, kind.name))).collect();
    let token = |kind: &str| tokens[kind].as_str();
    let calls = attempts.iter().chain(&verbs).map(|one| attempt(&wire, token(one.kind), one, &written));
    let faults: Vec<String> =
        stream::iter(calls).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(attempts.len() > 1_000, "{}", attempts.len());
    assert_eq!(faults, Vec::<String>::new());
    let written = written.into_inner();
    assert!(written > 50, "some of it is text and nothing else: {written}");
    // Some change more than what they name.
    let wrote = crate::all::kernel::one_effect::requests_since(world, before).await;
    assert_eq!(wrote, written, "what is refused leaves nothing behind");
    world.verify().await;
}

/// Bodies of verbs: every member the contract names, and one it does not.
async fn verb_attempts(world: &World) -> Vec<Attempt> {
    let (mut attempts, values) = (Vec::new(), values());
    let acts = |kind: &'static str| {
        // Content is no JSON verb; what of it is refused stands in the scenarios of attachments.
        TABLE.iter().filter(move |row| row.kind == kind && row.action != "upload" && is_verb(row))
    };
    for kind in KINDS {
        for row in acts(kind.name) {
            let on = make(world, kind.name).await;
            let path = format!("/v1/{}/{on}/{}", kind.path(), row.action.replace('_', "-"));
            let names = [
                "reason",
                "probability",
                "cost_likely",
                "schedule_impact_days",
                "current_rating",
                "response",
                "response_plan",
                "realised_cost",
                "id",
                "validate_only",
                "",
            ];
            for (i, value) in values.iter().enumerate() {
                let name = names[i % names.len()];
                let mut body = verb_body(kind.name, row.action);
                body[name] = value.clone();
                attempts.push(Attempt {
                    method: "POST",
                    path: path.clone(),
                    kind: kind.name,
                    body: body.to_string(),
                    echo: None,
                });
            }
        }
    }
    attempts
}

mod hostile_values_at_every_leaf {
    use super::{Door, Engine, hostile_leaves, run};

    #[test]
    fn sqlite() {
        run(Door::Rest, Engine::Sqlite, async |world| hostile_leaves(&world, 9).await);
    }

    #[test]
    fn postgres() {
        run(Door::Rest, Engine::Postgres, async |world| hostile_leaves(&world, 9).await);
    }

    #[test]
    #[ignore = "long: every value at every place"]
    fn all_of_them() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            run(Door::Rest, engine, async |world| hostile_leaves(&world, 1).await);
        }
    }
}

/// Very many members.
fn many(name: &str) -> String {
    (0..20_000).map(|i| format!("\"{name}{i}\":0,")).collect::<Vec<_>>().concat()
}

/// A body around a piece of text that is no JSON, or hardly.
fn raw_bodies(kind: &Kind) -> Vec<Vec<u8>> {
    let field = kind.fields.iter().find(|field| field.setter == Setter::Write).unwrap().name;
    let mut bodies: Vec<Vec<u8>> = RAW.iter().map(|raw| format!("{{\"{field}\":{raw}}}").into_bytes()).collect();
    bodies.extend(RAW.iter().map(|raw| raw.as_bytes().to_vec()));
    let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + &close.repeat(levels);
    bodies.extend([
        Vec::new(),
        b"[]".to_vec(),
        b"\xff\xfe{\0}\0".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"\xff\":1}".to_vec(),
        b"{\"labels\":{\"a\":\"\xc3\x28\"}}".to_vec(),
        format!("{{\"{field}\":{}}}", nested("[", "]", 31)).into_bytes(),
        format!("{{\"{field}\":{}}}", nested("[", "]", 100_000)).into_bytes(),
        nested("{\"a\":", "}", 50_000).into_bytes(),
        "[".repeat(1_000_000).into_bytes(),
        format!("{{\"{field}\":{}}}", "9".repeat(100_000)).into_bytes(),
        format!("{{\"{field}\":1e{}}}", "9".repeat(10_000)).into_bytes(),
        format!("{{\"{field}\":\"{}\"}}", "\\u0041".repeat(100_000)).into_bytes(),
        format!("{{\"{}\":1}}", "k".repeat(1_000_000)).into_bytes(),
        format!("{{{}\"z\":0}}", many("unknown")).into_bytes(),
        format!("{{\"labels\":{{{}\"z\":\"\"}}}}", many("A")).into_bytes(),
        format!("{{\"external_refs\":[{}{{}}]}}", "{},".repeat(20_000)).into_bytes(),
        vec![b' '; 5 << 20],
    ]);
    bodies
}

rest_scenario!(bodies_that_are_hardly_json(world) {
    let (wire, before) = (Wire::new(&world.server), head(&world, &world.org).await);
    let mut faults = Vec::new();
    for kind in KINDS.iter().filter(|kind| ["person", "source", "risk"].contains(&kind.name)) {
        let token = bearer(&world, kind.name);
        let base = format!("/v1/{}", kind.path());
        for (i, body) in raw_bodies(kind).into_iter().enumerate() {
            let requests = [("POST", base.clone()), ("POST", format!("{base}/batch"))];
            let (method, path) = &requests[i % 2];
            for body in [body.clone(), [b"{\"items\":[{\"create\":", body.as_slice(), b"}]}"].concat()] {
                let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
                let since = std::time::Instant::now();
                let heard = wire.rest(method, path, &headers, body.clone()).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
                let slow = since.elapsed() > std::time::Duration::from_secs(8);
                faults.extend(slow.then(|| format!("{path} took {:?} for {shown}", since.elapsed())));
                faults.extend(heard.is_success().then(|| format!("{path} takes {shown}")));
                faults.extend(fault_of(&heard, &shown).map(|fault| format!("{path} {shown}: {fault}")));
                faults.extend((heard.body.len() > 200_000).then(|| format!("{path} answers a book to {shown}")));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(head(&world, &world.org).await, before, "nothing was stored");
});

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

rest_scenario!(hostile_queries_and_paths(world) {
    let wire = Wire::new(&world.server);
    let before = head(&world, &world.org).await;
    let broken = ["%", "%zz", "%ff", "%c3%28", "a=b=c", "&&&", "=", "a;b", "%00=%00", "+", "[]=1", "a[b]=c"];
    let names = ["filter", "order_by", "page_size", "page_token", "fields", "as_of", "valid_at", "include_total",
        "show_deleted", "validate_only", "effective_at", "source_version", "after", "kinds", "exclude_source", "none"];
    let filters = ["name = ", "name = \"\\u0000\"", "((((((((((((((((((((((((", "not not not not not not not not name",
        "labels.\"' or 1=1\" = \"x\"", "id in ()", "created_at > \"9999-99-99\"", "name contains \"%_\\\\\"",
        "probability > 1e999", "revision = 99999999999999999999", "a.b.c.d = 1", "\u{0}", "name = \"\u{0}\""];
    let operations: Vec<Operation> = operations(Door::Rest).into_iter().filter(|o| !o.is_stream()).collect();
    let tokens = [bearer(&world, "risk"), bearer(&world, "person")];
    let mut requests = Vec::new();
    for (i, operation) in operations.iter().enumerate() {
        let Operation::Rest { method, path, template, .. } = operation else { continue };
        for (j, text) in TEXTS.iter().enumerate() {
            let name = names[(i + j) % names.len()];
            requests.push((method, format!("{path}?{name}={}", encoded(text)), *text));
            if template.contains('{') && j % 3 == i % 3 {
                let hostile = template.replace("{id}", &encoded(text)).replace("{source}", &encoded(text));
                requests.push((method, hostile.replace("{external_id}", &encoded(text)), text));
            }
        }
        requests.push((method, format!("{path}?{}", broken[i % broken.len()]), ""));
        requests.push((method, format!("{path}?filter={}", encoded(filters[i % filters.len()])), ""));
        requests.push((method, format!("{path}?page_size=1&page_size=2&{}", "a=1&".repeat(150)), ""));
        requests.push((method, format!("{path}?filter={}", "x".repeat(4_500)), ""));
    }
    let wire = &wire;
    let tokens = &tokens;
    let calls = requests.iter().enumerate().map(|(i, (method, path, asked))| async move {
        let headers = [("authorization", tokens[i % 2].as_str()), ("content-type", "application/json")];
        let heard = wire.rest(method, path, &headers, "{}").await;
        fault_of(&heard, asked).map(|fault| format!("{method} {path}: {fault}"))
    });
    let faults: Vec<String> =
        stream::iter(calls).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(head(&world, &world.org).await, before, "nothing was stored");
});

rest_scenario!(hostile_headers(world) {
    let wire = Wire::new(&world.server);
    let (token, on) = (bearer(&world, "risk"), make(&world, "risk").await);
    let long = ["k".repeat(255), "k".repeat(256), "k".repeat(8_000)];
    let mut texts: Vec<String> = ["", " ", "\"", "\"\"", "\"a", "W/\"1\"", "*", "\"1\", \"2\"", "\u{e9}\u{ff}", "'; --",
        "\t", "a\tb", "<script>", "${7*7}", "0", "-1", "\"\u{7f3}\""].map(str::to_owned).into();
    texts.extend(long);
    let names = ["idempotency-key", "if-match", "if-none-match", "x-request-id", "last-event-id", "accept",
        "accept-encoding", "content-encoding", "content-type", "traceparent", "x-forwarded-for", "expect-ct",
        "x-http-method-override", "range", "origin"];
    let mut faults = Vec::new();
    for name in names {
        for text in &texts {
            let mut headers = vec![("authorization", token.as_str())];
            if name != "content-type" {
                headers.push(("content-type", "application/merge-patch+json"));
            }
            headers.push((name, text));
            let path = format!("/v1/risks/{on}");
            let body = json!({"category": format!("c{}", fresh())}).to_string();
            for (method, path, body) in [("PATCH", path.as_str(), body.as_str()), ("GET", path.as_str(), "")] {
                let heard = wire.rest(method, path, &headers, body).await;
                let what = format!("{method} with {name}: {:?}", text.chars().take(40).collect::<String>());
                faults.extend(fault_of(&heard, text).map(|fault| format!("{what}: {fault}")));
                let id = heard.headers.get("x-request-id").map_or("", String::as_str);
                faults.extend((id.is_empty() || id.len() > 64).then(|| format!("{what}: request id {id:?}")));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
    world.verify().await;
});

rest_scenario!(what_would_be_overlooked_is_refused(world) {
    let wire = Wire::new(&world.server);
    let (token, on) = (bearer(&world, "risk"), make(&world, "risk").await);
    let risk = format!("/v1/risks/{on}");
    let before = head(&world, &world.org).await;
    let (json, patch) = (("content-type", "application/json"), ("content-type", "application/merge-patch+json"));
    let name = format!("{risk}/external-refs/{}/H-overlooked", World::SOURCE);
    for (method, path, header, more, body, status) in [
        ("PATCH", &risk, patch, Some(("if-none-match", "*")), r#"{"title": "x"}"#, 400),
        ("PATCH", &risk, patch, Some(("content-encoding", "gzip")), r#"{"title": "x"}"#, 415),
        ("PATCH", &risk, patch, Some(("content-range", "bytes 0-4/10")), r#"{"title": "x"}"#, 400),
        ("PATCH", &risk, patch, Some(json), r#"{"title": "x"}"#, 400),
        ("DELETE", &risk, json, None, r#"{"reason": "x"}"#, 400),
        ("POST", &format!("{risk}/undelete"), json, None, "{\"a\"", 400),
        ("PUT", &name, json, None, r#"{"a": 1}"#, 400),
        ("GET", &"/v1/risks?fields=".to_owned(), json, None, "", 400),
        ("GET", &"/v1/digest?kinds=risk,".to_owned(), json, None, "", 400),
    ] {
        let headers: Vec<_> = [("authorization", token.as_str()), header].into_iter().chain(more).collect();
        let heard = wire.rest(method, path, &headers, body).await;
        assert_eq!(heard.http, status, "{method} {path} {more:?}: {}", heard.text());
    }
    // Where it was counts before since when it asks: what is wrong is the cursor alone.
    let since = "/v1/events/stream?since=2026-01-01T00:00:00Z";
    let lost = wire.rest("GET", since, &[("authorization", token.as_str()), ("last-event-id", "nonsense")], "").await;
    assert!(lost.http == 400 && !lost.text().contains("not both"), "{}", lost.text());
    let two = [("authorization", token.as_str()), ("last-event-id", "a"), ("last-event-id", "b")];
    assert!(wire.rest("GET", since, &two, "").await.text().contains("DUPLICATE"));
    let twice = [("authorization", token.as_str()), ("preview-as-partner", "a"), ("preview-as-partner", "b")];
    assert_eq!(wire.rest("GET", &risk, &twice, "").await.http, 400);
    assert_eq!(head(&world, &world.org).await, before, "nothing was stored");
    let headers = [("authorization", token.as_str()), json];
    assert_eq!(wire.rest("DELETE", &risk, &headers, "{}").await.http, 200, "an empty object says nothing");
});

rest_scenario!(hostile_text_is_found_by_what_it_says(world) {
    let director = world.client(Who::Director);
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    for text in TEXTS.iter().filter(|text| !text.trim().is_empty()) {
        let body = json!({"program_id": world.program, "title": text, "kind": "threat", "labels": {"t": text}});
        let Ok(made) = director.create("risk", body).await else {
            assert!(text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?} is refused");
            continue;
        };
        assert_eq!(director.get("risk", made.id()).await.unwrap()["title"], **text);
        if text.chars().any(char::is_control) {
            continue;
        }
        let filter = format!("title = {0} and labels.t = {0}", quoted(text));
        let found = director.list("risk", json!({"filter": filter})).await;
        let found = found.unwrap_or_else(|refused| panic!("{filter}: {refused}"));
        assert_eq!(found.each("id"), [made.id()], "{text:?}");
        let page = json!({"order_by": "title", "page_size": 1, "filter": filter});
        assert_eq!(director.list_all("risk", page).await.unwrap().len(), 1);
    }
    let seen = director.all_events(json!({"kinds": ["risk"]})).await;
    assert!(seen.len() > 20);
});

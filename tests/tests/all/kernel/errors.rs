//! Refusals: every fault at once, each with its place, the same over both doors.

use serde_json::json;
use steerco_api::Options;
use steerco_domain::access::Role;
use steerco_tests::{Door, Setup, Who, World, rest_scenario, scenario};

scenario!(all_faults_at_once(world) {
    let director = world.client(Who::Director);
    let body = json!({
        "title": "x".repeat(201), "kind": "threat", "probability": 1.5, "inherent_rating": 0,
        "cost_likely": {"amount": "1.23456", "currency": "EUX"}, "exposure_from_on": "2026-02-30",
        "labels": {"Bad Key": "x"}, "external_refs": [{"source": "jira", "external_id": ""}],
    });
    let refused = director.create("risk", body.clone()).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retryable), ("INVALID_ARGUMENT", false));
    let mut pointers: Vec<&str> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    let expected = [
        "/cost_likely/amount", "/cost_likely/currency", "/exposure_from_on", "/external_refs/0/external_id",
        "/inherent_rating", "/labels/Bad Key", "/probability", "/program_id", "/title",
    ];
    assert_eq!(pointers, expected);
    assert!(refused.faults.iter().all(|fault| !fault.code.is_empty() && !fault.detail.is_empty()));
});

scenario!(all_faults_of_a_list_at_once(world) {
    let args = json!({"filter": "titel = 1", "order_by": "nothing", "page_size": 5000});
    let refused = world.client(Who::Director).list("risk", args).await.unwrap_err();
    let mut pointers: Vec<&str> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["?filter", "?order_by", "?page_size"], "{refused}");
});

scenario!(both_doors_refuse_alike(world) {
    let here = world.client(Who::Director);
    let there = here.through(if world.door == Door::Rest { Door::Grpc } else { Door::Rest });
    let risk = world.risk("Flood").await;
    let mut pairs = Vec::new();
    for caller in [&here, &there] {
        let body = json!({"program_id": world.program, "title": "x", "kind": "threat", "probability": 2, "target_rating": 99});
        pairs.push(vec![
            caller.create("risk", body).await.unwrap_err().anonymous(),
            caller.get("risk", "nonsense").await.unwrap_err().anonymous(),
            caller.list("risk", json!({"filter": "titel = 1"})).await.unwrap_err().anonymous(),
            caller.if_match("9").delete("risk", &risk).await.unwrap_err().anonymous(),
            caller.act("risk", &risk, "respond", json!({"response": "avoid"})).await.unwrap_err().anonymous(),
            caller.create("person", json!({"name": "x", "email": "nobody"})).await.unwrap_err().anonymous(),
            caller.token(Some("nonsense")).get("risk", &risk).await.unwrap_err().anonymous(),
            caller.token(None).get("risk", &risk).await.unwrap_err().anonymous(),
            world.client(Who::Auditor).through(caller.door).delete("risk", &risk).await.unwrap_err().anonymous(),
        ]);
    }
    assert_eq!(pairs[0], pairs[1]);
});

scenario!(the_request_id_comes_back(world) {
    let director = world.client(Who::Director).request_id("trace-7.a");
    let refused = director.get("risk", &world.portfolio.replace("port_", "risk_")).await.unwrap_err();
    assert_eq!(refused.request_id, "trace-7.a");
    let answered = director.list("risk", json!({})).await.unwrap();
    assert_eq!(answered.headers["x-request-id"], "trace-7.a");
});

scenario!(unknown_fields_are_named(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let refused = director.update("risk", &risk, json!({"titel": "x"})).await.unwrap_err();
    let pointer = if world.door == Door::Rest { "/titel" } else { "/update_mask" };
    assert_eq!(refused.places(), [(pointer, "UNKNOWN_FIELD")]);
    assert!(refused.detail.contains("did you mean title"), "{refused}");
    let refused = director.update("risk", &risk, json!({"state": "closed"})).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/state", "what the service sets is refused, not ignored: {refused}");
    let body = json!({"program_id": world.program, "title": "x", "kind": "threat", "created_by": "me"});
    assert_eq!(director.create("risk", body).await.unwrap_err().faults[0].pointer, "/created_by");
});

rest_scenario!(what_only_http_can_say(world) {
    let director = world.client(Who::Director);
    let post = || director.raw("POST", "/v1/risks").header("content-type", "application/json");
    let malformed = post().body("{\n  \"title\": }").send().await.unwrap_err();
    assert_eq!(malformed.code, "MALFORMED_BODY");
    assert!(malformed.detail.contains("line 2 column"), "{malformed}");
    for body in ["[]", "{\"a\":1,\"a\":2}", "", "{\"a\":\"\\ud800\"}"] {
        assert_eq!(post().body(body).send().await.unwrap_err().code, "MALFORMED_BODY", "{body}");
    }
    let media = director.raw("POST", "/v1/risks").header("content-type", "text/plain").body("{}").send().await;
    assert_eq!(media.unwrap_err().code, "UNSUPPORTED_MEDIA_TYPE");
    let method = director.raw("PUT", "/v1/risks").json(&json!({})).send().await.unwrap_err();
    assert_eq!(method.code, "METHOD_NOT_ALLOWED");
    let allowed = &method.headers["allow"];
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    assert_eq!(director.raw("GET", "/v1/rsks").send().await.unwrap_err().code, "NO_SUCH_ROUTE");
    let query = director.raw("GET", "/v1/risks").query("filtr", "x").query("page_size", "ten").send().await.unwrap_err();
    assert_eq!(query.places(), [("?filtr", "UNKNOWN_PARAMETER"), ("?page_size", "OUT_OF_RANGE")]);
    let types = json!({"title": 7, "probability": "high", "labels": [], "cost_low": "12 EUR", "kind": "thread", "unknwon": 1});
    let refused = post().json(&types).send().await.unwrap_err();
    let mut pointers: Vec<&str> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
    pointers.sort_unstable();
    let expected = ["/cost_low", "/kind", "/labels", "/probability", "/program_id", "/title", "/unknwon"];
    assert_eq!(pointers, expected, "{refused}");
    let key = post().json(&json!({})).header("idempotency-key", "").send().await.unwrap_err();
    assert_eq!(key.faults[0].pointer, "Idempotency-Key");
});

rest_scenario!(a_body_that_announces_too_much_is_not_read(world) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let token = world.mint(&world.org, world.id(Who::Director), |_| ());
    let address = world.server.url.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/risks HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 5000000000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = socket.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
});

scenario!(
/// The callers ask through both doors; the bodies that never end come over HTTP/1.1.
unfinished_bodies_of_one_shut_nobody_else_out(shared) {
    use futures::StreamExt;
    use futures::stream::FuturesUnordered;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const MOST: usize = 3;
    let usual = Setup::default();
    let options = Options { concurrency_per_caller: MOST, ..usual.options };
    let world = World::alone(shared.door, shared.server.engine, Setup { options, ..Setup::default() }).await.unwrap();
    let token = world.mint(&world.org, world.id(Who::Vendor), |_| ());
    let address = world.server.url.trim_start_matches("http://");
    let head = format!(
        "POST /v1/milestone-updates HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
    );
    // Twice as many as may run: those beyond are answered at once, the others wait for the rest of their body.
    let mut answers = FuturesUnordered::new();
    for _ in 0..2 * MOST {
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        answers.push(async move {
            let mut start = [0; 12];
            socket.read_exact(&mut start).await.unwrap();
            String::from_utf8_lossy(&start).into_owned()
        });
    }
    for _ in 0..MOST {
        assert_eq!(answers.next().await.unwrap(), "HTTP/1.1 429");
    }
    let vendor = world.client(Who::Vendor);
    let refused = vendor.list("engagement", json!({})).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status, refused.retryable), ("RATE_LIMITED", 429, true));
    world.client(Who::Director).list("engagement", json!({})).await.unwrap();
    drop(answers);
    while vendor.list("engagement", json!({})).await.is_err() {
        tokio::task::yield_now().await;
    }
});

rest_scenario!(what_belongs_to_no_resource(world) {
    let nobody = world.nobody();
    for path in ["/livez", "/readyz", "/openapi.json", "/errors", "/.well-known/jwks.json"] {
        assert_eq!(nobody.raw("GET", path).plain().await.status, Some(200), "{path}");
    }
    let page = nobody.raw("GET", "/errors/wrong-state").plain().await;
    assert_eq!(page.status, Some(200));
    assert_eq!(nobody.raw("GET", "/metrics").send().await.unwrap_err().status, 401);
    assert_eq!(world.client(Who::Auditor).raw("GET", "/metrics").plain().await.status, Some(200));
    assert!(world.client(Who::Vendor).raw("GET", "/metrics").send().await.is_err());
});

scenario!(everyone_may_read_the_table_of_permissions(world) {
    for who in Who::ALL {
        let table = world.client(who).permissions().await.unwrap();
        for (row, told) in steerco_domain::access::TABLE.iter().zip(table["operations"].as_array().unwrap()) {
            assert_eq!(told["operation"], format!("{}.{}", row.kind, row.action));
            assert_eq!(told["cells"]["vendor"], row.right(Role::Vendor).word(), "{who:?} {told}");
        }
    }
});

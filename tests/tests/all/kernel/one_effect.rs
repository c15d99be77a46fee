//! One key, one effect, on every POST and DELETE of the OpenAPI document: a new operation is found there and called
//! with the rest.

use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::access::TABLE;
use steerco_domain::resource::Kind;
use steerco_tests::{Client, Reply, Who, World, scenario};
use tokio::io::AsyncWriteExt;

use crate::all::kernel::bodies::{COMPUTED, body, fresh, is_verb, keeper, keeper_of, make, verb_body};
use crate::all::kernel::wire::{document, head, sql};

/// Equal requests sent at once.
const AT_ONCE: usize = 64;
/// Who takes the steps that a verb needs before it.
const PERSONS: [Who; 3] = [Who::Director, Who::Finance, Who::Admin];

/// How an operation is called.
#[derive(Clone, Debug, PartialEq)]
enum Act {
    Create,
    Batch,
    UpsertMany,
    Delete,
    Undelete,
    RemoveRef,
    Verb(&'static str),
    ImportActuals,
    Reclassify,
    ImportRates,
}

/// A write of the document.
#[derive(Debug)]
struct Write {
    id: String,
    method: String,
    path: String,
    kind: &'static Kind,
    act: Act,
}

/// Operations that need no key: they write nothing, or give a token anew each time. A test of an endpoint sends it an
/// example.
fn needs_no_key(id: &str) -> bool {
    ["issue_token", "test_webhook_endpoint"].contains(&id) || COMPUTED.contains(&id)
}

/// Every POST and DELETE that takes an idempotency key.
fn writes() -> Vec<Write> {
    let document = document();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in
            item.as_object().unwrap().iter().filter(|(name, _)| *name == "post" || *name == "delete")
        {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            if needs_no_key(&id) {
                continue;
            }
            let takes_key = parameters.iter().any(|known| known["$ref"] == "#/components/parameters/idempotency_key");
            assert!(takes_key, "{id} writes and takes no key");
            let (kind, act) = act_of(&id, method, path);
            found.push(Write { id, method: method.to_uppercase(), path: path.clone(), kind, act });
        }
    }
    assert!(found.len() > 100, "the document was read: {}", found.len());
    found
}

fn act_of(id: &str, method: &str, path: &str) -> (&'static Kind, Act) {
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    let kind = *KINDS.iter().find(|kind| kind.path() == parts[0]).unwrap();
    let act = match parts[1..] {
        ["{id}"] if method == "delete" => Act::Delete,
        [] => Act::Create,
        ["batch"] => Act::Batch,
        ["upsert"] => Act::UpsertMany,
        ["{id}", "undelete"] => Act::Undelete,
        ["{id}", "external-refs", ..] => Act::RemoveRef,
        ["{id}", verb] => {
            let known = verbs(kind).find(|known| known.replace('_', "-") == verb);
            Act::Verb(known.unwrap_or_else(|| panic!("the verb of {id}")))
        }
        ["import"] if kind.name == "actuals_batch" => Act::ImportActuals,
        ["reclassify"] => Act::Reclassify,
        ["import"] if kind.name == "exchange_rate" => Act::ImportRates,
        _ => panic!("say here how {id} is called"),
    };
    (kind, act)
}

fn verbs(kind: &Kind) -> impl Iterator<Item = &'static str> + use<> {
    let name = kind.name;
    TABLE.iter().filter(move |row| row.kind == name && is_verb(row)).map(|row| row.action)
}

/// An operation made ready: who calls it, on what, and with what.
struct Ready {
    who: Who,
    id: String,
    body: Value,
}

impl Write {
    async fn ready(&self, world: &World) -> Ready {
        let kind = self.kind.name;
        let (who, id) = (keeper_of(kind), String::new());
        match self.act {
            Act::Create | Act::ImportActuals => Ready { who, id, body: body(world, kind) },
            Act::Batch => Ready { who, id, body: json!({"items": [{"create": body(world, kind)}]}) },
            Act::UpsertMany => {
                let body = json!({"external_id": format!("E-{}", fresh()), "body": body(world, kind)});
                Ready { who, id, body }
            }
            Act::Delete => Ready { who, id: make(world, kind).await, body: json!({}) },
            Act::Undelete => {
                let id = make(world, kind).await;
                // What cannot be deleted is refused 64 times.
                drop(keeper(world, kind).delete(kind, &id).await);
                Ready { who, id, body: json!({}) }
            }
            Act::RemoveRef => {
                let id = make(world, kind).await;
                keeper(world, kind).add_ref(kind, &id, World::SOURCE, &id).await.unwrap();
                Ready { who, id, body: json!({}) }
            }
            Act::Verb(verb) => reached(world, self.kind, verb).await,
            Act::Reclassify => {
                let mut body = body(world, kind);
                let members = ["source", "batch_ref", "legal_entity_id"];
                body.as_object_mut().unwrap().retain(|name, _| members.contains(&name.as_str()));
                Ready { who, id, body }
            }
            Act::ImportRates => Ready { who, id, body: verb_body(kind, "import") },
        }
    }

    async fn call(&self, client: &Client, Ready { id, body, .. }: &Ready) -> Reply {
        let (kind, body) = (self.kind.name, body.clone());
        match self.act {
            Act::Create => client.create(kind, body).await,
            Act::Batch => client.batch(kind, body).await,
            Act::UpsertMany => client.upsert_many(kind, false, vec![body]).await,
            Act::Delete => client.delete(kind, id).await,
            Act::Undelete => client.undelete(kind, id).await,
            Act::RemoveRef => client.remove_ref(kind, id, World::SOURCE, id).await,
            // Of some kinds who decides must have seen it.
            Act::Verb(verb) => client.if_match("*").act(kind, id, verb, body).await,
            Act::ImportActuals => client.import_actuals(body).await,
            Act::Reclassify => client.reclassify_actuals(body).await,
            Act::ImportRates => client.import_rates(body).await,
        }
    }

    /// Another request of the same operation, as valid.
    async fn another(&self, client: &Client, ready: &Ready) -> Reply {
        let mut body = ready.body.clone();
        match self.act {
            Act::Delete | Act::Undelete | Act::RemoveRef => {
                return self.call(&client.if_match("another"), ready).await;
            }
            Act::Verb(verb) => return client.if_match("another").act(self.kind.name, &ready.id, verb, body).await,
            Act::Create if self.kind.name == "milestone_update" => body["narrative"] = json!("another"),
            Act::Create if body.get("batch_ref").is_none() => body["labels"] = json!({"another": "yes"}),
            Act::Batch => body["partial"] = json!(true),
            Act::UpsertMany => body["external_id"] = json!(format!("E-{}", fresh())),
            Act::Create | Act::ImportActuals | Act::Reclassify => {
                body["batch_ref"] = json!(format!("another-{}", fresh()));
            }
            Act::ImportRates => body["document"] = json!("Date,USD\n2016-06-27,1.0998\n"),
        }
        self.call(client, &Ready { who: ready.who, id: ready.id.clone(), body }).await
    }

    /// Sends it over REST and hangs up before the answer comes.
    async fn cut(&self, world: &World, key: &str, ready: &Ready) {
        let token = world.mint(&world.org, world.id(ready.who), |_| ());
        let path = self.path.replace("{id}", &ready.id).replace("{source}", World::SOURCE);
        let path = path.replace("{external_id}", &ready.id);
        let authority = world.server.url.replace("http://", "");
        let (media, body) = match self.act {
            Act::ImportActuals => {
                let mut header = ready.body.clone();
                header.as_object_mut().unwrap().remove("lines");
                ("application/x-ndjson", format!("{header}\n"))
            }
            Act::UpsertMany => {
                let header = json!({"source": World::SOURCE, "partial": false});
                let end = json!({"end": {"count": 1}});
                ("application/x-ndjson", format!("{header}\n{}\n{end}\n", ready.body))
            }
            Act::Delete | Act::Undelete | Act::RemoveRef => ("application/json", String::new()),
            _ => ("application/json", ready.body.to_string()),
        };
        let seen = if matches!(self.act, Act::Verb(_)) { "if-match: *\r\n" } else { "" };
        let request = format!(
            "{} {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
             {seen}content-type: {media}\r\ncontent-length: {}\r\n\r\n{body}",
            self.method,
            body.len()
        );
        let mut connection = tokio::net::TcpStream::connect(&authority).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
    }
}

/// A resource in a state in which somebody may do this to it, by way of at most two other verbs; where there is none,
/// a new one, of which the verb is refused.
async fn reached(world: &World, kind: &'static Kind, verb: &'static str) -> Ready {
    let (name, body) = (kind.name, verb_body(kind.name, verb));
    let one = verbs(kind).map(|first| vec![first]);
    let two = verbs(kind).flat_map(|first| verbs(kind).map(move |second| vec![first, second]));
    'ways: for way in std::iter::once(vec![]).chain(one).chain(two) {
        let id = make(world, name).await;
        for step in way {
            if !taken(world, name, &id, step).await {
                continue 'ways;
            }
        }
        for who in PERSONS {
            if world.client(who).if_match("*").validate_only().act(name, &id, verb, body.clone()).await.is_ok() {
                return Ready { who, id, body };
            }
        }
    }
    Ready { who: keeper_of(name), id: make(world, name).await, body }
}

/// Whether somebody could take this step.
async fn taken(world: &World, kind: &str, id: &str, step: &str) -> bool {
    for who in PERSONS {
        if world.client(who).if_match("*").act(kind, id, step, verb_body(kind, step)).await.is_ok() {
            return true;
        }
    }
    false
}

/// Sends one write many times at once: one answer, and of all of them, at most one that is not a repetition.
async fn burst(what: &str, write: impl AsyncFn() -> Reply) -> Reply {
    let all: Vec<_> = futures::future::join_all((0..AT_ONCE).map(|_| write())).await;
    let busy = |answer: &Reply| answer.as_ref().is_err_and(|refused| refused.retry_after.is_some());
    let answered: Vec<&Reply> = all.iter().filter(|answer| !busy(answer)).collect();
    let said = |answer: &Reply| match answer {
        Ok(answer) => {
            let mut json = answer.json.clone();
            // A secret is shown to the first alone.
            for secret in ["client_secret", "secret", "address"] {
                json.as_object_mut().unwrap().remove(secret);
            }
            // A stream of upserts that is repeated is told its counts.
            if json.get("records").is_some() {
                json.as_object_mut().unwrap().remove("results");
            }
            format!("{:?} {json}", answer.etag)
        }
        Err(refused) => format!("{:?}", refused.clone().anonymous()),
    };
    let first = answered.first().unwrap_or_else(|| panic!("{what}: nobody was answered"));
    for answer in &answered {
        assert_eq!(said(answer), said(first), "{what}: one answer");
    }
    let firsts = answered.iter().filter(|answer| answer.as_ref().is_ok_and(|done| !done.replayed)).count();
    assert!(firsts <= 1, "{what}: {firsts} of {AT_ONCE} are no repetition");
    (*first).clone()
}

/// Requests that have written to the log since.
pub(crate) async fn requests_since(world: &World, seq: i64) -> i64 {
    let count =
        format!("SELECT CAST(count(DISTINCT request_id) AS TEXT) FROM log WHERE org = '{}' AND seq > {seq}", world.org);
    sql(&world.server, &count).await.unwrap().parse().unwrap()
}

scenario!(
/// The first of equal requests loses its connection before it is answered; 64 more come at once; then another request
/// under the key, and another caller.
one_key_has_one_effect(world) {
    let (writes, mut without) = (writes(), Vec::new());
    for write in &writes {
        let (what, key) = (write.id.as_str(), format!("{}-{}", write.id, fresh()));
        let ready = write.ready(&world).await;
        let client = world.client(ready.who).key(&key);
        let before = head(&world, &world.org).await;
        write.cut(&world, &key, &ready).await;
        let done = burst(what, async || write.call(&client, &ready).await).await;
        let effects = requests_since(&world, before).await;
        // A job that was begun goes on by itself, and writes what becomes of it.
        let one = effects == 1 || (effects > 1 && write.kind.name == "import_job");
        assert_eq!(effects > 0, done.is_ok() && one, "{what}: {effects} effects, {done:?}");
        if effects == 0 {
            without.push(what);
        }
        // What is refused uses up no key.
        if done.is_ok() {
            let Err(refused) = write.another(&client, &ready).await else { panic!("{what}: another request is refused") };
            assert_eq!((refused.code.as_str(), refused.status), ("IDEMPOTENCY_KEY_REUSED", 422), "{what}: {refused}");
        }
        let other = if ready.who == Who::Director { Who::Finance } else { Who::Director };
        match write.call(&world.client(other).key(&key), &ready).await {
            Ok(answer) => assert!(!answer.replayed, "{what}: another caller's key is another key"),
            Err(refused) => assert_ne!(refused.code, "IDEMPOTENCY_KEY_REUSED", "{what}: {refused}"),
        }
    }
    assert!(without.len() * 5 <= writes.len(), "of too many nothing was seen but refusals: {without:?}");
    world.verify().await;
});

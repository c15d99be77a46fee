//! One key, one effect (R2), through a proxy that cuts answers: who repeats with the same key until an answer comes has done
//! it once. Over gRPC by the client crate, over REST as any caller would.

use std::time::Duration;

use serde_json::{Value, json};
use steerco_client::v1::risk_service_client::RiskServiceClient;
use steerco_client::v1::{CreateRiskRequest, Risk, RiskKind};
use steerco_client::{Client, Retry, Token};
use steerco_tests::{CuttingProxy, Door, Engine, Who, World, run, scenario};

use crate::all::kernel::one_effect::requests_since;
use crate::all::kernel::wire::head;

/// Answers cut, in per cent.
const CUT: u64 = 20;

/// A client of the crate that does not give up.
pub(crate) fn patient(url: &str, token: String) -> Client {
    let retry = Retry { attempts: 100, first: Duration::from_millis(1), longest: Duration::from_millis(20) };
    Client::builder(url).token(Token::Text(token)).retry(retry).build().unwrap()
}

/// A risk by the client crate, which draws the key; whether the answer was that of an earlier attempt.
async fn create(risks: &mut RiskServiceClient<Client>, program: &str, title: String) -> bool {
    let risk = Risk { program_id: program.to_owned(), title, kind: RiskKind::Threat.into(), ..Risk::default() };
    let request = CreateRiskRequest { risk: Some(risk), ..CreateRiskRequest::default() };
    let answer = risks.create_risk(request).await.unwrap();
    answer.metadata().contains_key("idempotency-replayed")
}

/// The same over REST, again until an answer comes.
async fn post(http: &reqwest::Client, url: &str, token: &str, key: String, body: &Value) -> bool {
    for _ in 0..100 {
        let request = http.post(format!("{url}/v1/risks")).bearer_auth(token).header("idempotency-key", &key);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let Ok(answer) = request.send().await else { continue };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let Ok(body) = answer.text().await else { continue };
        // The first one may still be at work.
        if status == 409 && body.contains("IDEMPOTENCY_KEY_IN_USE") {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        assert_eq!(status, 201, "{body}");
        return headers.contains_key("idempotency-replayed");
    }
    panic!("no answer came through");
}

async fn one_effect(world: &World, keys: usize) {
    let proxy = CuttingProxy::start(&world.server.url, CUT).await;
    let token = world.mint(&world.org, world.id(Who::Director), |_| {});
    let before = head(world, &world.org).await;
    let mut replayed = 0;
    let mut risks = RiskServiceClient::new(patient(&proxy.url, token.clone()));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for n in 0..keys {
        let title = format!("Cut {n}");
        let again = match world.door {
            Door::Grpc => create(&mut risks, &world.program, title).await,
            Door::Rest => {
                let body = json!({"program_id": world.program, "title": title, "kind": "threat"});
                post(&http, &proxy.url, &token, format!("cut-{n}"), &body).await
            }
        };
        replayed += usize::from(again);
    }
    assert!(proxy.cuts() * 20 > keys && replayed * 50 > keys, "{} cuts, {replayed} repetitions", proxy.cuts());
    let director = world.client(Who::Director);
    let listed = director.list_all("risk", json!({"page_size": 1000, "fields": "title"})).await.unwrap();
    let titles: std::collections::BTreeSet<&str> = listed.iter().filter_map(|risk| risk["title"].as_str()).collect();
    assert_eq!((listed.len(), titles.len()), (keys, keys), "each once, after {} cuts", proxy.cuts());
    assert_eq!(requests_since(world, before).await, i64::try_from(keys).unwrap());
    world.verify().await;
}

scenario!(one_effect_though_answers_are_cut(world) {
    one_effect(&world, 200).await;
});

mod one_effect_though_answers_are_cut_long {
    use super::{Door, Engine, run};

    #[test]
    #[ignore = "10,000 keys take minutes"]
    fn rest_sqlite() {
        run(Door::Rest, Engine::Sqlite, async |world| super::one_effect(&world, 10_000).await);
    }
    #[test]
    #[ignore = "10,000 keys take minutes"]
    fn grpc_sqlite() {
        run(Door::Grpc, Engine::Sqlite, async |world| super::one_effect(&world, 10_000).await);
    }
    #[test]
    #[ignore = "10,000 keys take minutes"]
    fn rest_postgres() {
        run(Door::Rest, Engine::Postgres, async |world| super::one_effect(&world, 10_000).await);
    }
    #[test]
    #[ignore = "10,000 keys take minutes"]
    fn grpc_postgres() {
        run(Door::Grpc, Engine::Postgres, async |world| super::one_effect(&world, 10_000).await);
    }
}

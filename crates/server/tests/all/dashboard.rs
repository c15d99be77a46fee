//! What the dashboard asks for is there.

use std::collections::BTreeSet;

use crate::process::{Process, organisation, steerco_json};
use serde_json::{Value, json};

/// Every text below this value under one of these names.
fn texts<'a>(value: &'a Value, names: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if let (true, Some(text)) = (names.contains(&name.as_str()), value.as_str()) {
                    found.push(text);
                }
                texts(value, names, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, names, found)),
        _ => {}
    }
}

/// The metrics of an expression: names before a selector, or given to `label_values`.
fn metrics(expression: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        let tail: String = text.chars().rev().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        tail.chars().rev().collect()
    };
    let mut names: BTreeSet<String> = expression.split('{').map(word).filter(|name| name.contains('_')).collect();
    if let Some(named) = expression.strip_prefix("label_values(") {
        names.extend(named.split(',').next().map(str::to_owned));
    }
    names.remove("__rate_interval");
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_dashboard_exists() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/grafana/steerco.json");
    let dashboard: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut expressions = Vec::new();
    texts(&dashboard, &["expr", "query"], &mut expressions);
    let asked: BTreeSet<String> = expressions.iter().flat_map(|expression| metrics(expression)).collect();
    assert!(asked.len() >= 6, "{asked:?}");

    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", folder.path().join("x.db").display());
    let (_, token) = organisation(&database);
    let process = Process::serve(&database, folder.path()).await;
    let client = reqwest::Client::new();
    // One request through each door.
    client.get(format!("{}/v1/sources", process.base)).bearer_auth(&token).send().await.unwrap();
    let grpc = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let call = grpc.post(format!("{}/grpc.health.v1.Health/Check", process.base));
    let call = call.header("content-type", "application/grpc").header("te", "trailers").body(vec![0u8; 5]);
    call.send().await.unwrap().bytes().await.unwrap();
    let figures = client.get(format!("{}/metrics", process.base)).bearer_auth(&token).send().await.unwrap();
    let figures = figures.text().await.unwrap();
    for name in &asked {
        let there = figures.lines().any(|line| line.split(['{', ' ']).next() == Some(name));
        assert!(there, "{name} is not in /metrics:\n{figures}");
    }
    // The labels it selects by.
    for label in
        ["route=\"/v1/sources\"", "method=\"GET\"", "status=\"200\"", "method=\"/grpc.health.v1.Health/Check\""]
    {
        assert!(figures.contains(label), "{label}");
    }
    assert_eq!(steerco_json(&["verify", "--database", &database, "--output", "json"])["faults"], json!([]));
}

#[test]
fn metrics_are_read_out_of_expressions() {
    let read = |text: &str| metrics(text).into_iter().collect::<Vec<_>>();
    assert_eq!(
        read("sum(rate(a_total{x=\"1\"}[$__rate_interval])) / sum(rate(b_total{}[5m]))"),
        ["a_total", "b_total"]
    );
    assert_eq!(read("label_values(a_total, job)"), ["a_total"]);
}

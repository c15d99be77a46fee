//! Streams of upserts.

use futures::stream;
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value, json};
use steerco_domain::resource::Kind;
use tonic::client::Grpc;

use super::{camel, headers, method, options, path, refused, request, upsert};
use crate::codec::{self, Dynamic};
use crate::{Answer, Client, Reply};

/// Upserts records in a stream. The answer is that of REST, whose first line is the header.
pub(crate) async fn upsert_stream(
    client: &Client,
    kind: &Kind,
    header: Value,
    records: &[Value],
    end: Option<usize>,
) -> Reply {
    let method = method(&format!("{}Service", camel(kind.name)), &format!("Upsert{}", camel(kind.plural)));
    let record = |record: &Value| {
        let external_id = record["external_id"].as_str().unwrap_or_default();
        upsert(kind, "", external_id, record.get("source_version"), &record["body"])
    };
    let mut said = vec![json!({"header": options(&client.with, header)})];
    said.extend(records.chunks(700).map(|some| json!({"records": some.iter().map(record).collect::<Vec<_>>()})));
    said.extend(end.map(|count| json!({"end": {"count": count.to_string()}})));
    let messages: Vec<DynamicMessage> = said.iter().map(|said| codec::message(&method.input(), said)).collect();
    let request = request(&method, &client.with, &json!({})).map(|_| stream::iter(messages));
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let response = grpc.streaming(request, path(&method), Dynamic(method.output())).await;
    let response = response.map_err(|status| refused(&status))?;
    let headers = headers(response.metadata());
    let (mut messages, mut json, mut results) = (response.into_inner(), Value::Null, Vec::new());
    while let Some(message) = messages.message().await.map_err(|status| refused(&status))? {
        let message = codec::json(&message);
        if let Some(counts) = message.get("counts") {
            let counts = counts.as_object().expect("counts").iter();
            let number = |value: &Value| value.as_str().and_then(|text| text.parse::<i64>().ok());
            json = counts.map(|(name, value)| (name.clone(), json!(number(value)))).collect::<Map<_, _>>().into();
        }
        results.extend(message["results"].as_array().cloned().unwrap_or_default());
    }
    for result in &mut results {
        let line = result["line"].as_str().and_then(|line| line.parse::<i64>().ok());
        result["line"] = json!(line);
    }
    json["results"] = json!(results);
    let replayed = headers.get("idempotency-replayed").is_some_and(|value| value == "true");
    Ok(Answer { json, etag: None, outcome: None, replayed, status: None, headers })
}

//! The client of the gRPC door, made of the descriptors alone: nothing generated, nothing of the code under test.

pub(crate) mod upserts;

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;

use futures::{StreamExt, stream};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value as Pb};
use serde_json::{Map, Value, json};
use steerco_domain::resource::Kind;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{KeyAndValueRef, MetadataMap};
use tonic::{Request, Response, Status, Streaming};
use tonic_types::StatusExt;

use crate::answer::reason;
use crate::client::{Call, With};
use crate::codec::{self, Dynamic};
use crate::feed::{Feed, Item};
use crate::rest::faults;
use crate::{Answer, Client, Downloaded, Fault, Refused, Reply};

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(steerco_proto::FILE_DESCRIPTOR_SET).expect("descriptors"));

/// `service_account` → `ServiceAccount`.
fn camel(text: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    text.split('_').map(capital).collect()
}

pub(crate) fn method(service: &str, name: &str) -> MethodDescriptor {
    let service = format!("steerco.v1.{service}");
    let found = POOL.get_service_by_name(&service).unwrap_or_else(|| panic!("there is no {service}"));
    let found = found.methods().find(|method| method.name() == name);
    found.unwrap_or_else(|| panic!("{service} has no {name}"))
}

fn request(method: &MethodDescriptor, with: &With, body: &Value) -> Request<DynamicMessage> {
    let mut request = Request::new(codec::message(&method.input(), body));
    let metadata = [
        ("authorization", with.token.as_ref().map(|token| format!("Bearer {token}"))),
        ("idempotency-key", with.key.clone()),
        ("if-match", with.if_match.clone()),
        ("preview-as-partner", with.preview.clone()),
        ("x-request-id", with.request_id.clone()),
    ];
    for (name, value) in metadata {
        if let Some(value) = value {
            request.metadata_mut().insert(name, value.parse().expect("ASCII"));
        }
    }
    request
}

fn path(method: &MethodDescriptor) -> PathAndQuery {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    path.parse().expect("a path")
}

pub(crate) async fn unary(client: &Client, method: &MethodDescriptor, body: &Value) -> Reply {
    let mut grpc = Grpc::new(client.server.channel.clone()).max_decoding_message_size(64 << 20);
    grpc.ready().await.expect("a connection");
    let codec = Dynamic(method.output());
    let response = grpc.unary(request(method, &client.with, body), path(method), codec).await;
    answered(method, response)
}

#[expect(clippy::result_large_err, reason = "a refusal is told whole")]
fn answered(method: &MethodDescriptor, response: Result<Response<DynamicMessage>, Status>) -> Reply {
    let (metadata, message, _) = response.map_err(|status| refused(&status))?.into_parts();
    let headers = headers(&metadata);
    assert!(headers.contains_key("x-request-id"), "{} without a request id", method.full_name());
    Ok(Answer {
        json: codec::json(&message),
        etag: headers.get("etag").map(|etag| etag.trim_matches('"').to_owned()),
        outcome: headers.get("steerco-outcome").cloned(),
        replayed: headers.get("idempotency-replayed").is_some_and(|value| value == "true"),
        status: None,
        headers,
    })
}

fn headers(metadata: &MetadataMap) -> BTreeMap<String, String> {
    let ascii = |entry| match entry {
        KeyAndValueRef::Ascii(name, value) => Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())),
        KeyAndValueRef::Binary(..) => None,
    };
    metadata.iter().filter_map(ascii).collect()
}

/// Names that stand in the query over REST.
const QUERY: &[&str] = &[
    "filter",
    "order_by",
    "page_size",
    "page_token",
    "fields",
    "as_of",
    "valid_at",
    "effective_at",
    "kinds",
    "format",
    "event_types",
    "with_labels",
    "consumer_id",
    "since",
    "at",
    "after",
    "after_line",
    "after_record",
    "from_id",
    "group_by",
    "fiscal_year",
];

/// `external_refs.0.source`, as `BadRequest` writes places, as REST writes them.
fn pointer(field: &str) -> String {
    if QUERY.contains(&field) {
        return format!("?{field}");
    }
    if field.is_empty() { String::new() } else { format!("/{}", field.replace('.', "/")) }
}

/// A status with its details as a refusal.
fn refused(status: &Status) -> Refused {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, "steerco");
    let reason = reason(&info.reason);
    assert_eq!(status.code() as i32, reason.grpc_code(), "the code of {}: {status:?}", info.reason);
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    let fault =
        |v: tonic_types::FieldViolation| Fault { pointer: pointer(&v.field), code: v.reason, detail: v.description };
    let headers = headers(status.metadata());
    let request_id = details.request_info().map(|info| info.request_id.clone()).unwrap_or_default();
    assert!(!request_id.is_empty(), "no RequestInfo: {status:?}");
    Refused {
        code: info.reason.clone(),
        status: reason.http_status(),
        detail: status.message().to_owned(),
        faults: violations.into_iter().map(fault).collect(),
        retryable: info.metadata.get("retryable").is_some_and(|value| value == "true"),
        retry_after: details.retry_info().and_then(|info| info.retry_delay).map(|delay| delay.as_secs()),
        etag: info.metadata.get("etag").cloned(),
        request_id,
        headers,
    }
}

/// What the call says in its message, beside the resource.
fn options(with: &With, mut body: Value) -> Value {
    if with.validate_only {
        body["validate_only"] = json!(true);
    }
    let named = [
        ("effective_at", &with.effective_at),
        ("as_of", &with.as_of),
        ("valid_at", &with.valid_at),
        ("fields", &with.fields),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            body[name] = json!(value);
        }
    }
    body
}

pub(crate) async fn call(client: &Client, kind: &Kind, call: Call<'_>) -> Reply {
    let (one, many) = (camel(kind.name), camel(kind.plural));
    let rpc = match &call {
        Call::Create { .. } => format!("Create{one}"),
        Call::Get { .. } => format!("Get{one}"),
        Call::GetByRef { .. } => format!("Get{one}ByRef"),
        Call::List { .. } => format!("List{many}"),
        Call::Revisions { .. } => format!("List{one}Revisions"),
        Call::Update { .. } => format!("Update{one}"),
        Call::Upsert { .. } => format!("Upsert{one}"),
        Call::Delete { .. } => format!("Delete{one}"),
        Call::Undelete { .. } => format!("Undelete{one}"),
        Call::AddRef { .. } => format!("Add{one}ExternalRef"),
        Call::RemoveRef { .. } => format!("Remove{one}ExternalRef"),
        Call::Act { verb, .. } => format!("{}{one}", camel(verb)),
        Call::Batch { .. } => format!("Batch{many}"),
        Call::Progress { .. } => format!("Get{one}Progress"),
        Call::Financials { .. } => format!("Get{one}Financials"),
    };
    let version = client.with.source_version.map(Value::from);
    let body = match &call {
        Call::Create { body } => json!({kind.name: body}),
        Call::Get { id } | Call::Progress { id } | Call::Delete { id } | Call::Undelete { id } => json!({"id": id}),
        Call::GetByRef { source, external_id } => json!({"source": source, "external_id": external_id}),
        Call::AddRef { id, source, external_id } | Call::RemoveRef { id, source, external_id } => {
            json!({"id": id, "source": source, "external_id": external_id})
        }
        Call::List { args } => (*args).clone(),
        Call::Revisions { id, args } | Call::Financials { id, args } | Call::Act { id, body: args, .. } => {
            let mut body = (*args).clone();
            body["id"] = json!(id);
            body
        }
        Call::Update { id, patch } => update(kind, id, patch),
        Call::Upsert { source, external_id, body } => upsert(kind, source, external_id, version.as_ref(), body),
        Call::Batch { body } => batch(kind, body),
    };
    let method = method(&format!("{one}Service"), &rpc);
    let mut answer = unary(client, &method, &options(&client.with, body)).await?;
    answer.json = match &call {
        Call::List { .. } | Call::Revisions { .. } => page(kind, answer.json, client.with.fields.as_deref()),
        Call::Batch { .. } => results(kind, &answer.json),
        Call::Act { verb, .. } if *verb == "issue_address" => {
            let mut json = answer.json;
            json["calendar_feed"] = resource(json["calendar_feed"].take(), None);
            json
        }
        Call::Act { verb, .. } if *verb == "issue_secret" => {
            let mut json = answer.json;
            json["service_account"] = resource(json["service_account"].take(), None);
            json
        }
        Call::Act { verb, .. } if *verb == "rotate_secret" => {
            let mut json = answer.json;
            json["webhook_endpoint"] = resource(json["webhook_endpoint"].take(), None);
            json
        }
        Call::Act { verb, .. } if *verb == "test" => answer.json,
        _ => resource(answer.json, client.with.fields.as_deref()),
    };
    Ok(answer)
}

/// The members of a merge patch, and the mask that names them; members of labels are named one by one.
fn masked(patch: &Value) -> (Map<String, Value>, Vec<String>) {
    let (mut given, mut paths) = (Map::new(), Vec::new());
    for (name, value) in patch.as_object().expect("a patch") {
        if let ("labels", Value::Object(labels)) = (name.as_str(), value) {
            paths.extend(labels.keys().map(|key| format!("labels.{key}")));
        } else {
            paths.push(name.clone());
        }
        given.insert(name.clone(), without_nulls(value));
    }
    (given, paths)
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

/// A name that the message does not know can still stand in the mask.
fn known(kind: &Kind, given: Map<String, Value>) -> Map<String, Value> {
    given.into_iter().filter(|(name, _)| kind.field(name).is_some()).collect()
}

fn update(kind: &Kind, id: &str, patch: &Value) -> Value {
    let (given, paths) = masked(patch);
    let mut given = known(kind, given);
    given.insert("id".to_owned(), json!(id));
    json!({kind.name: given, "update_mask": {"paths": paths}})
}

fn upsert(kind: &Kind, source: &str, external_id: &str, version: Option<&Value>, body: &Value) -> Value {
    let (given, paths) = masked(body);
    let record = json!({"source": source, "external_id": external_id, "source_version": version});
    json!({"source_record": record, kind.name: known(kind, given), "update_mask": {"paths": paths}})
}

fn batch(kind: &Kind, body: &Value) -> Value {
    let item = |item: &Value| {
        let (act, body) = item.as_object().and_then(|item| item.iter().next()).expect("one act");
        let text = |name: &str| body[name].as_str().unwrap_or_default();
        match act.as_str() {
            "create" => json!({"create": {kind.name: body}}),
            "update" => json!({"update": update(kind, text("id"), &body["patch"]), "if_match": body["if_match"]}),
            "upsert" => {
                let version = body.get("source_version");
                json!({"upsert": upsert(kind, text("source"), text("external_id"), version, &body["body"])})
            }
            "delete" => json!({"delete": {"id": body["id"]}}),
            other => panic!("{other}: say it over REST"),
        }
    };
    let items: Vec<Value> = body["items"].as_array().expect("items").iter().map(item).collect();
    json!({"items": items, "partial": body["partial"].as_bool().unwrap_or(false)})
}

/// A resource as REST has it: what a mask left out has no presence to tell, but is never empty otherwise.
fn resource(mut json: Value, fields: Option<&str>) -> Value {
    let object = json.as_object_mut().expect("a resource");
    if let Some(fields) = fields {
        let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
        object.retain(|name, _| name == "id" || wanted.contains(&name.as_str()));
        return json;
    }
    if object.get("revision") == Some(&json!(0)) {
        object.retain(|name, value| name != "revision" && *value != json!("") && *value != json!([]));
    }
    json
}

fn page(kind: &Kind, mut json: Value, fields: Option<&str>) -> Value {
    let items: Vec<Value> = match json[kind.plural].take() {
        Value::Array(items) => items.into_iter().map(|item| resource(item, fields)).collect(),
        other => panic!("{other} is no page"),
    };
    let mut page = json!({"items": items, "sync_token": json["sync_token"]});
    if json["next_page_token"] != "" {
        page["next_page_token"] = json["next_page_token"].clone();
    }
    if let Some(total) = json.get("total") {
        page["total"] = total.clone();
    }
    page
}

fn results(kind: &Kind, json: &Value) -> Value {
    let result = |result: &Value| {
        if let Some(error) = result.get("error") {
            let mut short = json!({"code": error["code"], "detail": error["detail"], "retryable": error["retryable"]});
            assert_eq!(error["status"], reason(error["code"].as_str().expect("a code")).grpc_code());
            if !faults(&error["errors"]).is_empty() {
                short["errors"] = error["errors"].clone();
            }
            if let Some(etag) = error.get("etag") {
                short["etag"] = etag.clone();
            }
            return json!({"error": short});
        }
        json!({
            "outcome": result["outcome"], "etag": result["etag"],
            "resource": resource(result[kind.name].clone(), None),
        })
    };
    json!({"results": json["results"].as_array().expect("results").iter().map(result).collect::<Vec<_>>()})
}

pub(crate) async fn metrics(client: &Client) -> Reply {
    unary(client, &method("MetricService", "ListMetrics"), &json!({})).await
}

/// Messages of an upload, with their pieces; where it is `held`, the stream then stays open.
pub(crate) async fn upload(client: &Client, kind: &str, pieces: Vec<(Value, Vec<u8>)>, held: bool) -> Reply {
    let one = camel(kind);
    let method = method(&format!("{one}Service"), &format!("Upload{one}"));
    let message = |(said, chunk): (Value, Vec<u8>)| {
        let mut message = codec::message(&method.input(), &said);
        message.set_field_by_name("chunk", Pb::Bytes(chunk.into()));
        message
    };
    let messages: Vec<DynamicMessage> = pieces.into_iter().map(message).collect();
    let open = if held { stream::pending().left_stream() } else { stream::empty().right_stream() };
    let request = request(&method, &client.with, &json!({})).map(|_| stream::iter(messages).chain(open));
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let response = grpc.client_streaming(request, path(&method), Dynamic(method.output())).await;
    let mut answer = answered(&method, response)?;
    answer.json = resource(answer.json, None);
    Ok(answer)
}

pub(crate) async fn download(client: &Client, id: &str) -> Result<Downloaded, Refused> {
    let method = method("AttachmentService", "DownloadAttachment");
    let request = request(&method, &client.with, &json!({"id": id}));
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let answer = grpc.server_streaming(request, path(&method), Dynamic(method.output())).await;
    let answer = answer.map_err(|status| refused(&status))?;
    let headers = headers(answer.metadata());
    let (mut stream, mut bytes) = (answer.into_inner(), Vec::new());
    while let Some(message) = stream.message().await.map_err(|status| refused(&status))? {
        let chunk = message.get_field_by_name("chunk").expect("a piece");
        bytes.extend_from_slice(chunk.as_bytes().expect("bytes"));
    }
    Ok(Downloaded { bytes, headers })
}

/// A list as a file; the sync token of its first piece as REST has it, in a header.
pub(crate) async fn export(client: &Client, args: Value) -> Result<Downloaded, Refused> {
    let method = method("ExportService", "Export");
    let request = request(&method, &client.with, &options(&client.with, args));
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let answer = grpc.server_streaming(request, path(&method), Dynamic(method.output())).await;
    let answer = answer.map_err(|status| refused(&status))?;
    let mut headers = headers(answer.metadata());
    let (mut stream, mut bytes) = (answer.into_inner(), Vec::new());
    while let Some(message) = stream.message().await.map_err(|status| refused(&status))? {
        let token = message.get_field_by_name("sync_token").expect("a token");
        if let Some(token) = token.as_str().filter(|token| !token.is_empty()) {
            assert!(headers.insert("steerco-sync-token".to_owned(), token.to_owned()).is_none());
        }
        let chunk = message.get_field_by_name("chunk").expect("a piece");
        bytes.extend_from_slice(chunk.as_bytes().expect("bytes"));
    }
    Ok(Downloaded { bytes, headers })
}

pub(crate) async fn schedule(client: &Client, project: &str) -> Result<Downloaded, Refused> {
    let method = method("ExportService", "ExportSchedule");
    let request = request(&method, &client.with, &json!({"project_id": project}));
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let answer = grpc.server_streaming(request, path(&method), Dynamic(method.output())).await;
    let answer = answer.map_err(|status| refused(&status))?;
    let headers = headers(answer.metadata());
    let (mut stream, mut bytes) = (answer.into_inner(), Vec::new());
    while let Some(message) = stream.message().await.map_err(|status| refused(&status))? {
        let chunk = message.get_field_by_name("chunk").expect("a piece");
        bytes.extend_from_slice(chunk.as_bytes().expect("bytes"));
    }
    Ok(Downloaded { bytes, headers })
}

/// Posts or moves actuals.
pub(crate) async fn write(client: &Client, service: &str, rpc: &str, body: Value) -> Reply {
    let method = method(service, rpc);
    let mut answer = unary(client, &method, &options(&client.with, body)).await?;
    for batch in ["actuals_batch", "purchase_order_batch"] {
        if answer.json.get(batch).is_some() {
            answer.json[batch] = resource(answer.json[batch].take(), None);
        }
    }
    Ok(answer)
}

/// Messages of an import; where it is `held`, the stream then stays open.
pub(crate) async fn import_actuals(client: &Client, mut messages: Vec<Value>, held: bool) -> Reply {
    let method = method("ActualsBatchService", "ImportActuals");
    if let Some(header) = messages.first_mut().and_then(|first| first.get_mut("header")) {
        *header = options(&client.with, header.take());
    }
    let messages: Vec<DynamicMessage> = messages.iter().map(|said| codec::message(&method.input(), said)).collect();
    let open = if held { stream::pending().left_stream() } else { stream::empty().right_stream() };
    let request = request(&method, &client.with, &json!({})).map(|_| stream::iter(messages).chain(open));
    let mut grpc = Grpc::new(client.server.channel.clone()).max_decoding_message_size(64 << 20);
    grpc.ready().await.expect("a connection");
    let response = grpc.client_streaming(request, path(&method), Dynamic(method.output())).await;
    let mut answer = answered(&method, response)?;
    answer.json["actuals_batch"] = resource(answer.json["actuals_batch"].take(), None);
    Ok(answer)
}

pub(crate) async fn actuals_results(client: &Client, id: &str, mut args: Value) -> Reply {
    args["id"] = json!(id);
    unary(client, &method("ActualsBatchService", "ListActualsResults"), &args).await
}

pub(crate) async fn actuals_progress(client: &Client, source: &str, batch_ref: &str) -> Reply {
    let args = json!({"source": source, "batch_ref": batch_ref});
    unary(client, &method("ActualsBatchService", "GetActualsProgress"), &args).await
}

pub(crate) async fn import_records(client: &Client, id: &str, mut args: Value) -> Reply {
    args["id"] = json!(id);
    unary(client, &method("ImportJobService", "ListImportRecords"), &args).await
}

pub(crate) async fn purchase_order_results(client: &Client, id: &str, mut args: Value) -> Reply {
    args["id"] = json!(id);
    unary(client, &method("PurchaseOrderBatchService", "ListPurchaseOrderResults"), &args).await
}

pub(crate) async fn reconcile(client: &Client, period: &str, mut body: Value) -> Reply {
    body["id"] = json!(period);
    unary(client, &method("FiscalPeriodService", "ReconcileFiscalPeriod"), &body).await
}

pub(crate) async fn accrual_proposal(client: &Client, period: &str) -> Reply {
    unary(client, &method("FiscalPeriodService", "GetAccrualProposal"), &json!({"id": period})).await
}

pub(crate) async fn statement_of_account(client: &Client, engagement: &str) -> Reply {
    let mut args = json!({"id": engagement});
    if let Some(at) = &client.with.as_of {
        args["as_of"] = json!(at);
    }
    unary(client, &method("EngagementService", "GetStatementOfAccount"), &args).await
}

pub(crate) async fn scorecard(client: &Client, kind: &str, id: &str, mut args: Value) -> Reply {
    args["id"] = json!(id);
    let (service, rpc) = match kind {
        "partner" => ("PartnerService", "GetPartnerScorecard"),
        _ => ("EngagementService", "GetEngagementScorecard"),
    };
    unary(client, &method(service, rpc), &args).await
}

pub(crate) async fn ocds(client: &Client, package: &str, engagement: &str) -> Reply {
    let rpc = if package == "record" { "GetOcdsRecordPackage" } else { "GetOcdsReleasePackage" };
    let mut answer = unary(client, &method("EngagementService", rpc), &json!({"id": engagement})).await?;
    answer.json = serde_json::from_str(answer.json["json"].as_str().expect("a document")).expect("JSON");
    Ok(answer)
}

pub(crate) async fn invoice_match(client: &Client, invoice: &str) -> Reply {
    unary(client, &method("InvoiceService", "GetInvoiceMatch"), &json!({"id": invoice})).await
}

pub(crate) async fn all_ocds(client: &Client, package: &str, filter: &str) -> Reply {
    let rpc = if package == "record" { "ListOcdsRecords" } else { "ListOcdsReleases" };
    let mut answer = unary(client, &method("EngagementService", rpc), &json!({"filter": filter})).await?;
    answer.json = serde_json::from_str(answer.json["json"].as_str().expect("a document")).expect("JSON");
    Ok(answer)
}

pub(crate) async fn budget_bridge(client: &Client, id: &str, mut args: Value) -> Reply {
    args["id"] = json!(id);
    unary(client, &method("BudgetService", "GetBudgetBridge"), &args).await
}

pub(crate) async fn events(client: &Client, args: &Value) -> Reply {
    unary(client, &method("EventService", "ListEvents"), args).await
}

/// The table, in the shape that REST gives it.
pub(crate) async fn permissions(client: &Client) -> Reply {
    let mut answer = unary(client, &method("PermissionService", "ListPermissions"), &json!({})).await?;
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let rows = answer.json["permissions"].as_array().expect("permissions").clone();
    let operation = |row: &Value| {
        let roles = row["roles"].as_array().expect("roles").iter();
        let cells: Map<String, Value> = roles.map(|cell| (text(&cell["role"]), cell["right"].clone())).collect();
        json!({"operation": format!("{}.{}", text(&row["kind"]), text(&row["action"])), "scope": row["scope"], "cells": cells})
    };
    let roles = rows.first().and_then(|row| row["roles"].as_array()).cloned().unwrap_or_default();
    let roles: Vec<&Value> = roles.iter().map(|cell| &cell["role"]).collect();
    let operations: Vec<Value> = rows.iter().map(operation).collect();
    answer.json = json!({"roles": roles, "operations": operations, "kinds": answer.json["kinds"]});
    Ok(answer)
}

/// A stream of `Watch`.
pub(crate) struct Pages {
    stream: Streaming<DynamicMessage>,
    ended: bool,
}

impl Pages {
    pub(crate) async fn next(&mut self) -> Option<VecDeque<Result<Item, Refused>>> {
        if self.ended {
            return None;
        }
        match self.stream.message().await {
            Ok(None) => None,
            Ok(Some(message)) => {
                let page = codec::json(&message);
                let events = page["events"].as_array().expect("events");
                let mut items = VecDeque::new();
                for event in events {
                    items.push_back(Ok(Item::Event(event.clone())));
                }
                if events.last().is_none_or(|event| event["cursor"] != page["next_cursor"]) {
                    let cursor = page["next_cursor"].as_str().expect("a cursor").to_owned();
                    items.push_back(Ok(Item::Bookmark(cursor)));
                }
                Some(items)
            }
            Err(status) => {
                self.ended = true;
                Some([Err(refused(&status))].into())
            }
        }
    }
}

pub(crate) async fn watch(client: &Client, args: &Value) -> Result<Feed, Refused> {
    let method = method("EventService", "Watch");
    let mut grpc = Grpc::new(client.server.channel.clone());
    grpc.ready().await.expect("a connection");
    let request = request(&method, &client.with, args);
    let answer = grpc.server_streaming(request, path(&method), Dynamic(method.output())).await;
    let stream = answer.map_err(|status| refused(&status))?.into_inner();
    Ok(Feed::grpc(Pages { stream, ended: false }))
}

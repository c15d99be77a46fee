//! What every resource has, and acts on one: served by tables for resources of any kind, whatever they are.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::LazyLock;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::{Map, Value};
use steerco_domain::mask::Mask;
use steerco_domain::resource::Kind;
use steerco_domain::encode::Encoder;
use steerco_domain::time::Instant;
use steerco_domain::{AnyResource, Error, Reason};
use steerco_proto::erased::{Answers, Encoded, Outgoing, Streams, Unary};
use steerco_proto::table::{Message, RPCS, Rpc};
use steerco_service::{AnyVerb, BatchItem, ListArgs, Outcome, Page, Part, ReadArgs, Record, Seen, Service, UpsertHeader, Upserted, Written};
use tonic::codegen::BoxFuture;
use tonic::{Request, Response, Status, Streaming};

use super::Door;
use super::attachment::unread;
use super::bridge::masked;
use super::call::{Call, answer, set};
use super::serve::{below_item, mark, of_whole_batch, outcome_pb, problem};
use super::table_wire::{Fields, Wire, put_sized, put_varint, read};
use super::upserts;
use crate::resources;

type Object = Map<String, Value>;
type Served = Result<Response<Encoded>, Error>;

/// An rpc, and what it does.
#[derive(Clone, Copy)]
pub(super) struct Plain {
    kind: &'static Kind,
    does: Does,
    rpc: &'static Rpc,
}

#[derive(Clone, Copy)]
enum Does {
    Get,
    GetByRef,
    List,
    Revisions,
    Create,
    Update,
    AddRef,
    RemoveRef,
    Upsert,
    Delete,
    Undelete,
    Batch,
    UpsertMany,
    Act(AnyVerb),
}

static PLAIN: LazyLock<HashMap<&'static str, Plain>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    let rpcs: Vec<(&str, &'static Rpc)> = RPCS.iter().filter(|rpc| rpc.plain).map(|rpc| (rpc.path, rpc)).collect();
    for (kind, mount) in resources::mounts() {
        let (verbs, one, many) = (mount().about.verbs, kind.title, pascal(kind.plural));
        let service = format!("/steerco.v1.{one}Service/");
        for (path, rpc) in &rpcs {
            let Some(name) = path.strip_prefix(service.as_str()) else { continue };
            let act = || verbs.iter().find(|verb| verb.title == name).and_then(|verb| verb.any).map(Does::Act);
            if let Some(does) = standard(name, one, &many).or_else(act) {
                all.insert(*path, Plain { kind, does, rpc });
            }
        }
    }
    all
});

/// `risk_updates` → `RiskUpdates`.
fn pascal(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn standard(name: &str, one: &str, many: &str) -> Option<Does> {
    let (verb, rest) = name.split_at(name[1..].find(char::is_uppercase)? + 1);
    Some(match (verb, rest) {
        ("Get", rest) if rest == one => Does::Get,
        ("Get", rest) if rest.strip_suffix("ByRef") == Some(one) => Does::GetByRef,
        ("List", rest) if rest == many => Does::List,
        ("List", rest) if rest.strip_suffix("Revisions") == Some(one) => Does::Revisions,
        ("Create", rest) if rest == one => Does::Create,
        ("Update", rest) if rest == one => Does::Update,
        ("Add", rest) if rest.strip_suffix("ExternalRef") == Some(one) => Does::AddRef,
        ("Remove", rest) if rest.strip_suffix("ExternalRef") == Some(one) => Does::RemoveRef,
        ("Upsert", rest) if rest == one => Does::Upsert,
        ("Delete", rest) if rest == one => Does::Delete,
        ("Undelete", rest) if rest == one => Does::Undelete,
        ("Batch", rest) if rest == many => Does::Batch,
        ("Upsert", rest) if rest == many => Does::UpsertMany,
        _ => return None,
    })
}

/// What serves this path.
pub(super) fn find(path: &str) -> Option<&'static Plain> {
    PLAIN.get(path)
}

impl Plain {
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.does, Does::UpsertMany)
    }
}

/// A call of a plain rpc.
pub(super) struct Serving {
    pub(super) door: Door,
    pub(super) plain: &'static Plain,
}

impl Unary for Serving {
    fn call(&mut self, request: Request<Bytes>) -> BoxFuture<Response<Box<dyn Outgoing>>, Status> {
        let (service, plain) = (self.door.0.clone(), self.plain);
        Box::pin(async move {
            let answered = answer(request, |call, bytes| plain.serve(service, call, bytes)).await?;
            Ok(answered.map(|message| Box::new(message) as Box<dyn Outgoing>))
        })
    }
}

impl Streams for Serving {
    fn call(&mut self, request: Request<Streaming<Bytes>>) -> BoxFuture<Response<Answers>, Status> {
        let (service, plain) = (self.door.0.clone(), self.plain);
        Box::pin(answer(request, move |call, messages| plain.upsert_many(service, call, messages)))
    }
}

// ---- members of a request ----

fn text(body: &mut Object, name: &str) -> String {
    match body.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

fn given(body: &mut Object, name: &str) -> Option<String> {
    Some(text(body, name)).filter(|text| !text.is_empty())
}

fn flag(body: &mut Object, name: &str) -> bool {
    body.remove(name) == Some(Value::Bool(true))
}

fn object(body: &mut Object, name: &str) -> Option<Object> {
    match body.remove(name) {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn instant(body: &mut Object, name: &str) -> Result<Option<Instant>, Error> {
    let Some(Value::String(text)) = body.remove(name) else { return Ok(None) };
    let detail = "must be an instant of the years 1 to 9999, in whole microseconds";
    Instant::parse(&text).map(Some).ok_or_else(|| Error::fault(format!("?{name}"), "BAD_INSTANT", detail))
}

fn read_args(body: &mut Object) -> Result<ReadArgs, Error> {
    Ok(ReadArgs { as_of: instant(body, "as_of")?, valid_at: instant(body, "valid_at")?, fields: given(body, "fields") })
}

fn page_size(body: &mut Object) -> Option<i64> {
    body.remove("page_size").and_then(|size| size.as_i64())
}

/// Paths of an update mask.
fn paths(body: &mut Object) -> Vec<String> {
    let Some(Value::Array(paths)) = object(body, "update_mask").and_then(|mut mask| mask.remove("paths")) else {
        return Vec::new();
    };
    paths.into_iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
}

fn long(body: &mut Object, name: &str) -> Option<i64> {
    text(body, name).parse().ok()
}

/// Source, id there and version there.
fn source_record(body: &mut Object) -> (String, String, Option<i64>) {
    let mut record = object(body, "source_record").unwrap_or_default();
    (text(&mut record, "source"), text(&mut record, "external_id"), long(&mut record, "source_version"))
}

impl Plain {
    fn serve(&'static self, service: Service, call: Call, bytes: Bytes) -> Pin<Box<dyn Future<Output = Served> + Send>> {
        Box::pin(async move {
            let (kind, service) = (self.kind, &service);
            let mut body = read(self.rpc.input, &bytes).map_err(|why| Error::new(Reason::Malformed, why))?;
            let body = &mut body;
            match self.does {
                Does::Get => {
                    let (id, args) = (text(body, "id"), read_args(body)?);
                    self.seen(&service.get_any(kind, &call.caller, &id, &args).await?)
                }
                Does::GetByRef => {
                    let (source, id, args) = (text(body, "source"), text(body, "external_id"), read_args(body)?);
                    self.seen(&service.get_by_ref(kind, &call.caller, &source, &id, &args).await?)
                }
                Does::List => {
                    let args = ListArgs {
                        filter: given(body, "filter"),
                        order_by: given(body, "order_by"),
                        page_size: page_size(body),
                        page_token: given(body, "page_token"),
                        include_total: flag(body, "include_total"),
                        show_deleted: flag(body, "show_deleted"),
                        read: read_args(body)?,
                    };
                    Ok(self.page(&service.list_any(kind, &call.caller, &args).await?))
                }
                Does::Revisions => {
                    let args = ListArgs {
                        page_size: page_size(body),
                        page_token: given(body, "page_token"),
                        read: ReadArgs { fields: given(body, "fields"), ..ReadArgs::default() },
                        ..ListArgs::default()
                    };
                    let id = text(body, "id");
                    Ok(self.page(&service.revisions(kind, &call.caller, &id, &args).await?))
                }
                Does::Create => {
                    let context = call.context_at(flag(body, "validate_only"), instant(body, "effective_at")?);
                    let new = object(body, kind.name).unwrap_or_default();
                    self.written(&service.create(kind, &context, new).await?)
                }
                Does::Update => {
                    let context = call.context_at(flag(body, "validate_only"), instant(body, "effective_at")?);
                    let (id, patch) = self.patch(body)?;
                    self.written(&service.update(kind, &context, &id, patch).await?)
                }
                Does::AddRef | Does::RemoveRef => {
                    let context = call.context_at(flag(body, "validate_only"), None);
                    let (id, source, external_id) = (text(body, "id"), text(body, "source"), text(body, "external_id"));
                    let written = match self.does {
                        Does::AddRef => service.add_external_ref(kind, &context, &id, &source, &external_id).await?,
                        _ => service.remove_external_ref(kind, &context, &id, &source, &external_id).await?,
                    };
                    self.written(&written)
                }
                Does::Upsert => {
                    let context = call.context_at(flag(body, "validate_only"), instant(body, "effective_at")?);
                    let (source, external_id, version) = source_record(body);
                    let new = self.upserted(body)?;
                    self.written(&service.upsert(kind, &context, &source, &external_id, version, new).await?)
                }
                Does::Delete => {
                    let context = call.context_at(flag(body, "validate_only"), None);
                    self.written(&service.delete(kind, &context, &text(body, "id")).await?)
                }
                Does::Undelete => {
                    let context = call.context_at(flag(body, "validate_only"), None);
                    self.written(&service.undelete(kind, &context, &text(body, "id")).await?)
                }
                Does::Act(verb) => {
                    let context = call.context_at(flag(body, "validate_only"), None);
                    let id = text(body, "id");
                    self.written(&service.act_any(verb, &context, &id, std::mem::take(body)).await?)
                }
                Does::Batch => {
                    let context = call.context_at(flag(body, "validate_only"), None);
                    let partial = flag(body, "partial");
                    let done = service.batch(kind, &context, self.items(body)?, partial).await?;
                    let mut response = Response::new(self.results(done.results)?);
                    if done.replayed {
                        set(&mut response, "idempotency-replayed", "true");
                    }
                    Ok(response)
                }
                Does::UpsertMany => Err(Error::internal()),
            }
        })
    }

    fn patch(&self, body: &mut Object) -> Result<(String, Object), Error> {
        let mut given = object(body, self.kind.name).unwrap_or_default();
        let Some(Value::String(id)) = given.remove("id") else {
            return Err(Error::fault("/id", "REQUIRED", "is required"));
        };
        Ok((id, masked(self.kind, given, paths(body))?))
    }

    fn upserted(&self, body: &mut Object) -> Result<Object, Error> {
        masked(self.kind, object(body, self.kind.name).unwrap_or_default(), paths(body))
    }

    fn items(&self, body: &mut Object) -> Result<Vec<BatchItem>, Error> {
        const FAULTS_MAX: usize = 50;
        let Some(Value::Array(items)) = body.remove("items") else { return Ok(Vec::new()) };
        let (mut read, mut faults) = (Vec::new(), Vec::new());
        for (i, item) in items.into_iter().enumerate() {
            let Value::Object(mut item) = item else { continue };
            match self.item(&mut item) {
                Ok(item) => read.push(item),
                Err(error) => faults.extend(error.faults.into_iter().map(|fault| below_item(i, fault))),
            }
            if faults.len() >= FAULTS_MAX {
                break;
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(Error::invalid(faults)) }
    }

    fn item(&self, item: &mut Object) -> Result<BatchItem, Error> {
        let if_match = match item.remove("if_match") {
            Some(Value::String(etag)) => Some(etag),
            _ => None,
        };
        let action = ["create", "update", "upsert", "delete"].into_iter().find_map(|name| object(item, name).map(|body| (name, body)));
        if if_match.is_some() && !matches!(action, Some(("update", _))) {
            return Err(Error::fault("/if_match", "DOES_NOT_FIT", "only an update has an ETag to match"));
        }
        let Some((action, mut body)) = action else {
            return Err(Error::fault("", "REQUIRED", "give one of create, update, upsert and delete"));
        };
        let body = &mut body;
        of_whole_batch(flag(body, "validate_only"), body.contains_key("effective_at"))?;
        Ok(match action {
            "create" => BatchItem::Create { body: object(body, self.kind.name).unwrap_or_default() },
            "update" => {
                let (id, patch) = self.patch(body)?;
                BatchItem::Update { id, patch, if_match }
            }
            "upsert" => {
                let (source, external_id, source_version) = source_record(body);
                BatchItem::Upsert { source, external_id, source_version, body: self.upserted(body)? }
            }
            _ => BatchItem::Delete { id: text(body, "id") },
        })
    }

    async fn upsert_many(&'static self, service: Service, call: Call, mut messages: Streaming<Bytes>) -> Result<Response<Answers>, Error> {
        let broken = |_| Error::new(Reason::Malformed, "the stream broke off, or what it brought is no message");
        let missing = || Error::fault("/header", "REQUIRED", "the first message says what the stream is");
        let first = messages.message().await.map_err(|status| unread(&status))?.ok_or_else(missing)?;
        let mut first = read(self.rpc.input, &first).map_err(broken)?;
        let mut header = object(&mut first, "header").ok_or_else(missing)?;
        let context = call.context_at(flag(&mut header, "validate_only"), None);
        let header = UpsertHeader { source: text(&mut header, "source"), partial: flag(&mut header, "partial") };
        let rest = messages.map(move |message| {
            read(self.rpc.input, &message.map_err(|status| unread(&status))?).map_err(broken)
        });
        let mut line = 0;
        let parts = stream::iter([Ok(first)]).chain(rest).map(move |message| self.parts(message, &mut line));
        let mut parts = Box::pin(parts.flat_map(stream::iter));
        let done: Upserted = service.upsert_many(self.kind, &context, header, &mut parts).await?;
        let replayed = done.replayed;
        let results = upserts::results(self.kind, done).map(|message| message.map(|message| Box::new(message) as Box<dyn Outgoing>));
        let results: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(results);
        let mut response = Response::new(results);
        if replayed {
            set(&mut response, "idempotency-replayed", "true");
        }
        Ok(response)
    }

    fn parts(&self, message: Result<Object, Error>, line: &mut u32) -> Vec<Result<Part, Error>> {
        let mut message = match message {
            Ok(message) => message,
            Err(error) => return vec![Err(error)],
        };
        if message.contains_key("header") {
            return vec![Err(Error::fault("/header", "DOES_NOT_FIT", "only the first message has a header"))];
        }
        let mut parts = Vec::new();
        if let Some(Value::Array(records)) = message.remove("records") {
            for record in records {
                let Value::Object(mut record) = record else { continue };
                *line = line.saturating_add(1);
                parts.push(Ok(Part::Record(*line, self.record(&mut record))));
            }
        }
        if let Some(mut end) = object(&mut message, "end") {
            parts.push(match u64::try_from(long(&mut end, "count").unwrap_or_default()) {
                Ok(count) => Ok(Part::End(count)),
                Err(_) => Err(Error::fault("/end/count", "OUT_OF_RANGE", "must not be negative")),
            });
        }
        parts
    }

    fn record(&self, record: &mut Object) -> Result<Record, Error> {
        of_whole_batch(flag(record, "validate_only"), record.contains_key("effective_at"))?;
        let (source, external_id, source_version) = source_record(record);
        if !source.is_empty() {
            return Err(Error::fault("/source_record/source", "DOES_NOT_FIT", "the header says the source of all records"));
        }
        Ok(Record { external_id, source_version, body: self.upserted(record)? })
    }

    // ---- answers ----

    fn seen(&self, seen: &Seen) -> Served {
        let mut out = Vec::with_capacity(512);
        encode(&*seen.resource, seen.mask, self.rpc.output, &mut out);
        let mut response = Response::new(Encoded(out));
        set(&mut response, "etag", &format!("\"{}\"", seen.etag));
        Ok(response)
    }

    fn written(&self, written: &Written) -> Served {
        let mut response = self.seen(&written.seen)?;
        mark(&mut response, written.outcome, written.replayed);
        Ok(response)
    }

    fn page(&self, page: &Page) -> Response<Encoded> {
        let message = self.rpc.output;
        let mut out = Vec::with_capacity(page.items.len() * 512 + 256);
        if let Some(field) = message.field(self.kind.plural) {
            for item in &page.items {
                Wire { field, out: &mut out, item: true }.object(&|members| item.encode(page.mask, members));
            }
        }
        let mut wire = |name: &str, write: &dyn Fn(&mut Wire<'_>)| {
            if let Some(field) = message.field(name) {
                write(&mut Wire { field, out: &mut out, item: false });
            }
        };
        wire("next_page_token", &|to| to.text(page.next_page_token.as_deref().unwrap_or_default()));
        wire("total", &|to| page.total.into_iter().for_each(|total| to.long(total)));
        wire("sync_token", &|to| to.text(&page.sync_token));
        Response::new(Encoded(out))
    }

    fn results(&self, results: Vec<Result<Written, Error>>) -> Result<Encoded, Error> {
        use prost::Message as _;
        let mut out = Vec::with_capacity(results.len() * 512);
        let field = self.rpc.output.field("results").ok_or_else(Error::internal)?;
        let steerco_proto::table::Holds::Object(result) = field.holds else { return Err(Error::internal()) };
        for done in results {
            put_varint(&mut out, u64::from(field.number << 3 | 2));
            put_sized(&mut out, |out| {
                let mut wire = |name: &str, write: &dyn Fn(&mut Wire<'_>)| {
                    if let Some(field) = result.field(name) {
                        write(&mut Wire { field, out, item: false });
                    }
                };
                match done {
                    Ok(Written { seen, outcome, .. }) => {
                        wire("outcome", &|to| to.int(outcome_number(outcome)));
                        wire("etag", &|to| to.text(&seen.etag));
                        wire(self.kind.name, &|to| to.object(&|members| seen.resource.encode(seen.mask, members)));
                    }
                    Err(error) => {
                        let problem = problem(error).encode_to_vec();
                        wire("error", &|to| to.part(&problem));
                    }
                }
            });
        }
        Ok(Encoded(out))
    }
}

fn outcome_number(outcome: Outcome) -> i32 {
    outcome_pb(outcome).into()
}

/// The message of a resource.
fn encode(resource: &dyn AnyResource, mask: Mask, message: &'static Message, out: &mut Vec<u8>) {
    resource.encode(mask, &mut Fields { message, out, next: 0 });
}

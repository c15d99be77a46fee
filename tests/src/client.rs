//! One client for both doors: resources by the name of their kind, bodies and answers in the JSON of REST.

use std::sync::Arc;

use serde_json::{Value, json};
use steerco_domain::resource::Kind;

use crate::feed::Feed;
use crate::rest::Raw;
use crate::{Door, Reply, Server, grpc, rest};

/// A caller at a door. Options are set on a copy and hold for every call of it.
#[derive(Clone)]
pub struct Client {
    pub door: Door,
    pub(crate) server: Arc<Server>,
    pub(crate) with: With,
}

/// Everything about a call beside its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct With {
    pub(crate) token: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) if_match: Option<String>,
    pub(crate) if_none_match: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) validate_only: bool,
    pub(crate) effective_at: Option<String>,
    pub(crate) as_of: Option<String>,
    pub(crate) valid_at: Option<String>,
    pub(crate) fields: Option<String>,
    pub(crate) source_version: Option<i64>,
    pub(crate) preview: Option<String>,
}

/// A call, the same for both doors.
pub(crate) enum Call<'a> {
    Create { body: &'a Value },
    Get { id: &'a str },
    GetByRef { source: &'a str, external_id: &'a str },
    List { args: &'a Value },
    Revisions { id: &'a str, args: &'a Value },
    Update { id: &'a str, patch: &'a Value },
    Upsert { source: &'a str, external_id: &'a str, body: &'a Value },
    Delete { id: &'a str },
    Undelete { id: &'a str },
    AddRef { id: &'a str, source: &'a str, external_id: &'a str },
    RemoveRef { id: &'a str, source: &'a str, external_id: &'a str },
    Act { id: &'a str, verb: &'a str, body: &'a Value },
    Batch { body: &'a Value },
    Progress { id: &'a str },
    Financials { id: &'a str, args: &'a Value },
}

/// Sets options on a copy.
impl Client {
    pub(crate) fn new(door: Door, server: Arc<Server>, token: Option<String>) -> Self {
        Self { door, server, with: With { token, ..With::default() } }
    }

    fn changed(&self, change: impl FnOnce(&mut With)) -> Self {
        let mut changed = self.clone();
        change(&mut changed.with);
        changed
    }

    /// The same caller at the other door.
    #[must_use]
    pub fn through(&self, door: Door) -> Self {
        Self { door, ..self.clone() }
    }

    /// Another token, or none.
    #[must_use]
    pub fn token(&self, token: Option<&str>) -> Self {
        self.changed(|with| with.token = token.map(str::to_owned))
    }

    /// `Idempotency-Key`.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.changed(|with| with.key = Some(key.to_owned()))
    }

    /// `If-Match`, without quotes.
    #[must_use]
    pub fn if_match(&self, etag: &str) -> Self {
        self.changed(|with| with.if_match = Some(etag.to_owned()))
    }

    /// `If-None-Match`, without quotes; REST only.
    #[must_use]
    pub fn if_none_match(&self, etag: &str) -> Self {
        assert_eq!(self.door, Door::Rest, "gRPC has no If-None-Match");
        self.changed(|with| with.if_none_match = Some(etag.to_owned()))
    }

    #[must_use]
    pub fn request_id(&self, id: &str) -> Self {
        self.changed(|with| with.request_id = Some(id.to_owned()))
    }

    #[must_use]
    pub fn validate_only(&self) -> Self {
        self.changed(|with| with.validate_only = true)
    }

    #[must_use]
    pub fn effective_at(&self, at: &str) -> Self {
        self.changed(|with| with.effective_at = Some(at.to_owned()))
    }

    #[must_use]
    pub fn as_of(&self, at: &str) -> Self {
        self.changed(|with| with.as_of = Some(at.to_owned()))
    }

    #[must_use]
    pub fn valid_at(&self, at: &str) -> Self {
        self.changed(|with| with.valid_at = Some(at.to_owned()))
    }

    #[must_use]
    pub fn fields(&self, fields: &str) -> Self {
        self.changed(|with| with.fields = Some(fields.to_owned()))
    }

    /// Looks as this partner sees it.
    #[must_use]
    pub fn preview_as(&self, partner: &str) -> Self {
        self.changed(|with| with.preview = Some(partner.to_owned()))
    }

    /// `source_version` of an upsert.
    #[must_use]
    pub fn source_version(&self, version: i64) -> Self {
        self.changed(|with| with.source_version = Some(version))
    }
}

/// The operations of resources. `kind` is the name of a kind, such as `service_account`.
impl Client {
    async fn call(&self, kind: &str, call: Call<'_>) -> Reply {
        let kind: &Kind = steerco_domain::find_kind(kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
        match self.door {
            Door::Rest => rest::call(self, kind, call).await,
            Door::Grpc => grpc::call(self, kind, call).await,
        }
    }

    pub async fn create(&self, kind: &str, body: Value) -> Reply {
        if kind == "actuals_batch" {
            return self.post_actuals(body).await;
        }
        if kind == "purchase_order_batch" {
            return self.post_purchase_orders(body).await;
        }
        self.call(kind, Call::Create { body: &body }).await
    }

    pub async fn get(&self, kind: &str, id: &str) -> Reply {
        self.call(kind, Call::Get { id }).await
    }

    pub async fn get_by_ref(&self, kind: &str, source: &str, external_id: &str) -> Reply {
        self.call(kind, Call::GetByRef { source, external_id }).await
    }

    /// `args` by the names of the query parameters: `{"filter": …, "order_by": …, "page_size": …}`.
    pub async fn list(&self, kind: &str, args: Value) -> Reply {
        self.call(kind, Call::List { args: &args }).await
    }

    /// `args`: `page_size` and `page_token`.
    pub async fn revisions(&self, kind: &str, id: &str, args: Value) -> Reply {
        self.call(kind, Call::Revisions { id, args: &args }).await
    }

    /// A merge patch. Over gRPC its members are the update mask, so null clears there too.
    pub async fn update(&self, kind: &str, id: &str, patch: Value) -> Reply {
        self.call(kind, Call::Update { id, patch: &patch }).await
    }

    pub async fn upsert(&self, kind: &str, source: &str, external_id: &str, body: Value) -> Reply {
        self.call(kind, Call::Upsert { source, external_id, body: &body }).await
    }

    pub async fn delete(&self, kind: &str, id: &str) -> Reply {
        self.call(kind, Call::Delete { id }).await
    }

    pub async fn undelete(&self, kind: &str, id: &str) -> Reply {
        self.call(kind, Call::Undelete { id }).await
    }

    pub async fn add_ref(&self, kind: &str, id: &str, source: &str, external_id: &str) -> Reply {
        self.call(kind, Call::AddRef { id, source, external_id }).await
    }

    pub async fn remove_ref(&self, kind: &str, id: &str, source: &str, external_id: &str) -> Reply {
        self.call(kind, Call::RemoveRef { id, source, external_id }).await
    }

    /// `verb` as the table of permissions names it, such as `issue_secret`. An `upload` has no body but its content.
    pub async fn act(&self, kind: &str, id: &str, verb: &str, body: Value) -> Reply {
        if verb == "upload" {
            return self.upload_of(kind, id, b"content").await;
        }
        self.call(kind, Call::Act { id, verb, body: &body }).await
    }

    /// `{"items": [{"create": {…}}, {"update": {"id", "patch", "if_match"}}, {"upsert": …}, {"delete": …}], "partial"}`.
    pub async fn batch(&self, kind: &str, body: Value) -> Reply {
        self.call(kind, Call::Batch { body: &body }).await
    }

    /// The roll-up of progress of a project, program or portfolio.
    pub async fn progress(&self, kind: &str, id: &str) -> Reply {
        self.call(kind, Call::Progress { id }).await
    }

    /// The roll-up of money of a project, program or portfolio.
    pub async fn financials(&self, kind: &str, id: &str, args: Value) -> Reply {
        self.call(kind, Call::Financials { id, args: &args }).await
    }

    /// How one version of a budget became another.
    pub async fn budget_bridge(&self, id: &str, args: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let mut raw = self.raw("GET", &format!("/v1/budgets/{}/bridge", rest::part(id)));
                for (name, value) in args.as_object().expect("arguments") {
                    raw = raw.query(name, value.as_str().expect("text"));
                }
                raw.send().await
            }
            Door::Grpc => grpc::budget_bridge(self, id, args).await,
        }
    }

    /// What is to be accrued at the end of a period.
    pub async fn accrual_proposal(&self, period: &str) -> Reply {
        match self.door {
            Door::Rest => {
                self.raw("GET", &format!("/v1/fiscal-periods/{}/accrual-proposal", rest::part(period))).send().await
            }
            Door::Grpc => grpc::accrual_proposal(self, period).await,
        }
    }

    /// The releases (`release`) or the record (`record`) of an engagement, as open contracting data.
    pub async fn ocds(&self, package: &str, engagement: &str) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/engagements/{engagement}/ocds-{package}-package")).send().await,
            Door::Grpc => grpc::ocds(self, package, engagement).await,
        }
    }

    /// The releases (`release`) or the records (`record`) of the engagements of a filter, in one package.
    pub async fn all_ocds(&self, package: &str, filter: &str) -> Reply {
        match self.door {
            Door::Rest => {
                let path = format!("/v1/engagements/ocds-{package}-package");
                self.raw("GET", &path).query("filter", filter).send().await
            }
            Door::Grpc => grpc::all_ocds(self, package, filter).await,
        }
    }

    /// An invoice beside the books.
    pub async fn invoice_match(&self, invoice: &str) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/invoices/{invoice}/match")).send().await,
            Door::Grpc => grpc::invoice_match(self, invoice).await,
        }
    }

    /// What both sides of an engagement owe, as of the instant of the client.
    pub async fn statement_of_account(&self, engagement: &str) -> Reply {
        match self.door {
            Door::Rest => {
                let raw = self.raw("GET", &format!("/v1/engagements/{engagement}/statement-of-account"));
                match &self.with.as_of {
                    Some(at) => raw.query("as_of", at).send().await,
                    None => raw.send().await,
                }
            }
            Door::Grpc => grpc::statement_of_account(self, engagement).await,
        }
    }

    /// How a partner does, in all (`partner`) or in one engagement (`engagement`).
    pub async fn scorecard(&self, kind: &str, id: &str, args: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let mut raw = self.raw("GET", &format!("/v1/{kind}s/{id}/scorecard"));
                for (name, value) in args.as_object().expect("arguments") {
                    raw = raw.query(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                }
                raw.send().await
            }
            Door::Grpc => grpc::scorecard(self, kind, id, args).await,
        }
    }

    /// What a finance system says of a period beside the ledger.
    pub async fn reconcile(&self, period: &str, body: Value) -> Reply {
        match self.door {
            Door::Rest => self.raw("POST", &format!("/v1/fiscal-periods/{period}/reconcile")).json(&body).send().await,
            Door::Grpc => grpc::reconcile(self, period, body).await,
        }
    }

    /// Takes the rates of a file over.
    pub async fn import_rates(&self, body: Value) -> Reply {
        self.write("ExchangeRateService", "/v1/exchange-rates/import", "ImportExchangeRates", body).await
    }

    /// Converts amounts, by the rates of now or of then.
    pub async fn convert(&self, body: Value, as_of: Option<&str>) -> Reply {
        match (self.door, as_of) {
            (Door::Rest, as_of) => {
                let raw = self.raw("POST", "/v1/exchange-rates/convert").json(&body);
                match as_of {
                    Some(as_of) => raw.query("as_of", as_of).send().await,
                    None => raw.send().await,
                }
            }
            (Door::Grpc, as_of) => {
                let mut body = body;
                if let Some(as_of) = as_of {
                    body["as_of"] = json!(as_of);
                }
                grpc::write(self, "ExchangeRateService", "ConvertAmounts", body).await
            }
        }
    }

    /// A whole list as a file; `args` by the names of the query parameters, `format` among them.
    pub async fn export(&self, kind: &str, mut args: Value) -> Result<crate::Downloaded, crate::Refused> {
        let found: &Kind = steerco_domain::find_kind(kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
        match self.door {
            Door::Rest => rest::export(self, found, &args).await,
            Door::Grpc => {
                args["kind"] = json!(kind);
                grpc::export(self, args).await
            }
        }
    }

    /// The schedule of a project as XML of Microsoft Project.
    pub async fn schedule(&self, project: &str) -> Result<crate::Downloaded, crate::Refused> {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/projects/{project}/schedule")).content().await,
            Door::Grpc => grpc::schedule(self, project).await,
        }
    }

    /// Every item of a list, page by page.
    pub async fn list_all(&self, kind: &str, args: Value) -> Result<Vec<Value>, crate::Refused> {
        let (mut args, mut items) = (args, Vec::new());
        loop {
            let page = self.list(kind, args.clone()).await?;
            items.extend(page.items().to_vec());
            match page["next_page_token"].as_str() {
                Some(token) => args["page_token"] = json!(token),
                None => return Ok(items),
            }
        }
    }
}

/// The operations on actuals.
impl Client {
    /// Posts a batch; the answer has `actuals_batch` and `results`.
    pub async fn post_actuals(&self, body: Value) -> Reply {
        self.write("ActualsBatchService", "/v1/actuals-batches", "CreateActualsBatch", body).await
    }

    /// Takes a batch of purchase orders over; the answer has `purchase_order_batch` and `results`.
    pub async fn post_purchase_orders(&self, body: Value) -> Reply {
        self.write("PurchaseOrderBatchService", "/v1/purchase-order-batches", "CreatePurchaseOrderBatch", body).await
    }

    /// A page of what became of the lines of a batch of purchase orders.
    pub async fn purchase_order_results(&self, id: &str, args: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let raw = self.raw("GET", &format!("/v1/purchase-order-batches/{id}/results"));
                let args = args.as_object().expect("arguments").iter();
                args.fold(raw, |raw, (name, value)| raw.query(name, &value.to_string())).send().await
            }
            Door::Grpc => grpc::purchase_order_results(self, id, args).await,
        }
    }

    /// Moves what the rules of today map out of suspense.
    pub async fn reclassify_actuals(&self, body: Value) -> Reply {
        self.write("ActualsBatchService", "/v1/actuals-batches/reclassify", "ReclassifyActuals", body).await
    }

    async fn write(&self, service: &str, path: &str, rpc: &str, body: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let dry = self.with.validate_only.then_some(("validate_only", "true"));
                let raw = dry.into_iter().fold(self.raw("POST", path), |raw, (name, value)| raw.query(name, value));
                raw.json(&body).send().await
            }
            Door::Grpc => grpc::write(self, service, rpc, body).await,
        }
    }

    /// Posts a batch in a stream: its lines one by one, or over gRPC some hundreds in each message.
    pub async fn import_actuals(&self, body: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let (header, lines) = header_and_lines(body);
                let lines = [header].into_iter().chain(lines).map(|line| line.to_string() + "\n");
                self.import_file("application/x-ndjson", &[], lines.collect::<String>()).await
            }
            Door::Grpc => {
                let (header, lines) = header_and_lines(body);
                let first = [json!({"header": header})].into_iter();
                let rest = lines.chunks(700).map(|lines| json!({"lines": lines}));
                grpc::import_actuals(self, first.chain(rest).collect(), false).await
            }
        }
    }

    /// Sends a header and the first half of these lines, and goes without an end.
    pub async fn import_cut(&self, body: Value) {
        let (header, mut lines) = header_and_lines(body);
        lines.truncate(lines.len() / 2);
        match self.door {
            Door::Rest => {
                let lines = [header].into_iter().chain(lines).map(|line| line.to_string() + "\n");
                rest::import_cut(self, &lines.collect::<String>(), None).await;
            }
            Door::Grpc => {
                let messages = vec![json!({"header": header}), json!({"lines": lines})];
                let sending = grpc::import_actuals(self, messages, true);
                drop(tokio::time::timeout(std::time::Duration::from_millis(700), sending).await);
            }
        }
    }

    /// Upserts records under a source in one stream, with an end that says this count.
    pub async fn upsert_stream(&self, kind: &str, header: Value, records: Vec<Value>, end: Option<usize>) -> Reply {
        let kind: &Kind = steerco_domain::find_kind(kind).unwrap_or_else(|| panic!("there is no kind {kind}"));
        match self.door {
            Door::Rest => {
                let end = end.map(|count| json!({"end": {"count": count}}));
                let lines = [header].into_iter().chain(records).chain(end).map(|line| line.to_string() + "\n");
                let raw = self.raw("POST", &format!("/v1/{}/upsert", kind.path()));
                let raw = raw.header("content-type", "application/x-ndjson").body(lines.collect::<String>());
                let dry = self.with.validate_only;
                if dry { raw.query("validate_only", "true").send().await } else { raw.send().await }
            }
            Door::Grpc => grpc::upserts::upsert_stream(self, kind, header, &records, end).await,
        }
    }

    /// The same of a whole stream.
    pub async fn upsert_many(&self, kind: &str, partial: bool, records: Vec<Value>) -> Reply {
        let (header, count) = (json!({"source": crate::World::SOURCE, "partial": partial}), records.len());
        self.upsert_stream(kind, header, records, Some(count)).await
    }

    /// Posts a batch out of a file; REST only.
    pub async fn import_file(&self, media: &str, query: &[(&str, &str)], file: impl Into<Vec<u8>>) -> Reply {
        let dry = self.with.validate_only.then_some(("validate_only", "true"));
        let raw = self.raw("POST", "/v1/actuals-batches/import").header("content-type", media);
        let given = query.iter().copied().chain(dry);
        given.fold(raw, |raw, (name, value)| raw.query(name, value)).body(file).send().await
    }

    /// What is answered to a file of this size before any of it is sent; REST only.
    pub async fn import_announced(&self, size: u64) -> String {
        rest::import_cut(self, "", Some(size)).await
    }

    /// Messages of an import over gRPC as they are.
    pub async fn import_messages(&self, messages: Vec<Value>) -> Reply {
        grpc::import_actuals(self, messages, false).await
    }

    /// How far a batch of actuals is.
    pub async fn actuals_progress(&self, source: &str, batch_ref: &str) -> Reply {
        match self.door {
            Door::Rest => {
                let raw = self.raw("GET", "/v1/actuals-batches/progress");
                raw.query("source", source).query("batch_ref", batch_ref).send().await
            }
            Door::Grpc => grpc::actuals_progress(self, source, batch_ref).await,
        }
    }

    /// A page of what became of the lines of a batch: `after_line`, `page_size`.
    pub async fn actuals_results(&self, id: &str, args: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let mut raw = self.raw("GET", &format!("/v1/actuals-batches/{id}/results"));
                for (name, value) in args.as_object().expect("arguments") {
                    raw = raw.query(name, &value.to_string());
                }
                raw.send().await
            }
            Door::Grpc => grpc::actuals_results(self, id, args).await,
        }
    }
}

pub(crate) fn header_and_lines(mut body: Value) -> (Value, Vec<Value>) {
    let lines = body.as_object_mut().expect("a batch").remove("lines").unwrap_or_default();
    (body, lines.as_array().cloned().unwrap_or_default())
}

/// What belongs to no resource.
impl Client {
    /// A page of the feed: `after`, `since`, `consumer_id`, `exclude_source`, `page_size`, and the arrays `kinds`,
    /// `event_types`, `program_ids`, `with_labels`.
    pub async fn events(&self, args: Value) -> Reply {
        match self.door {
            Door::Rest => rest::events(self, &args).await,
            Door::Grpc => grpc::events(self, &args).await,
        }
    }

    /// Every event after a cursor, or from the beginning.
    pub async fn all_events(&self, args: Value) -> Vec<Value> {
        let (mut args, mut events) = (args, Vec::new());
        loop {
            let page = self.events(args.clone()).await.expect("a page of the feed");
            events.extend(page.items().to_vec());
            args["after"] = page["next_cursor"].clone();
            if page["more"] == false {
                return events;
            }
        }
    }

    /// Follows the feed: server-sent events, or `Watch`. `args` as of [`Client::events`], without `page_size`.
    pub async fn watch(&self, args: Value) -> Result<Feed, crate::Refused> {
        match self.door {
            Door::Rest => rest::watch(self, &args).await,
            Door::Grpc => grpc::watch(self, &args).await,
        }
    }

    /// The table of permissions: what each role may do.
    pub async fn permissions(&self) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", "/v1/permissions").send().await,
            Door::Grpc => grpc::permissions(self).await,
        }
    }

    /// The registry of metrics.
    pub async fn metrics(&self) -> Reply {
        match self.door {
            Door::Rest => self.raw("GET", "/v1/metrics").send().await,
            Door::Grpc => grpc::metrics(self).await,
        }
    }

    /// Any HTTP request with the token of this caller, for what only HTTP has.
    pub fn raw(&self, method: &str, path: &str) -> Raw {
        Raw::new(self, method, path)
    }
}

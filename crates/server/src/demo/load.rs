//! Loading the portfolio: every report an upsert by external reference that carries its reporting date.

use std::collections::BTreeMap;
use std::time::Instant as Stopwatch;

use anyhow::{anyhow, bail};
use serde_json::{Map, Value, json};
use steerco_domain::access::Role;
use steerco_domain::authority_limit::{AuthorityAct, AuthorityLimit};
use steerco_domain::deliverable::Deliverable;
use steerco_domain::grant::Grant;
use steerco_domain::milestone::Milestone;
use steerco_domain::organisation::Organisation;
use steerco_domain::partner::Partner;
use steerco_domain::person::Person;
use steerco_domain::portfolio::Portfolio;
use steerco_domain::program::{ActivateProgram, Program};
use steerco_domain::project::Project;
use steerco_domain::ratio::Ratio;
use steerco_domain::risk::{AssessRisk, Risk};
use steerco_domain::service_account::ServiceAccount;
use steerco_domain::source::Source;
use steerco_domain::time::Instant;
use steerco_domain::words::Words;
use steerco_domain::{Error, Resource};
use steerco_persistence::Fail;
use steerco_service::operator::{Bootstrap, Mint};
use steerco_service::{BatchItem, Caller, Context, ListArgs, Service};

use super::contracts::{self, Buyer};
use super::data::{self, ProjectInfo, Report};
use super::{money, vendors};

/// Who is in the demo.
pub(crate) struct Loaded {
    pub(crate) org: String,
    pub(crate) director: String,
    pub(crate) finance: String,
    pub(crate) integration: String,
    pub(crate) vendor: String,
    /// The partner the vendor's account speaks for.
    pub(crate) partner: String,
}

const FEED: &str = "nyc";
/// The source of the books.
pub(super) const LEDGER: &str = "ledger";
/// Items in one batch: progress shows, memory stays small.
const CHUNK: usize = 500;

/// Someone who loads.
pub(super) struct Loader {
    pub(super) service: Service,
    caller: Caller,
    count: std::cell::Cell<u64>,
}

impl Loader {
    async fn new(service: &Service, org: &str, subject: &str) -> anyhow::Result<Self> {
        let mint = Mint { org: org.to_owned(), subject: subject.to_owned(), seconds: 3600, ..Mint::default() };
        let caller = service.authenticate(Some(&service.mint(&mint))).await?;
        Ok(Self { service: service.clone(), caller, count: std::cell::Cell::new(0) })
    }

    /// Somebody else of the organisation.
    pub(super) async fn another(&self, subject: &str) -> anyhow::Result<Self> {
        Self::new(&self.service, self.caller.organisation(), subject).await
    }

    pub(super) fn context(&self, effective_at: Option<Instant>) -> Context {
        let count = self.count.get() + 1;
        self.count.set(count);
        Context {
            caller: self.caller.clone(),
            request_id: format!("demo-{count}"),
            idempotency_key: None,
            if_match: None,
            validate_only: false,
            effective_at,
        }
    }

    pub(super) async fn create<R: Resource>(&self, body: Value) -> anyhow::Result<String> {
        let written = self.service.create(R::KIND, &self.context(None), object(body)).await?;
        Ok(written.seen.resource.id_text())
    }

    /// Upserts under the feed, in batches; answers the ids in order.
    async fn upsert<R: Resource>(
        &self,
        effective_at: Option<Instant>,
        records: Vec<(String, Value)>,
    ) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::with_capacity(records.len());
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let items = records.by_ref().take(CHUNK).map(|(external_id, body)| BatchItem::Upsert {
                source: FEED.to_owned(),
                external_id,
                source_version: None,
                body: object(body),
            });
            let done = self.service.batch(R::KIND, &self.context(effective_at), items.collect(), false).await?;
            let written = done.results.into_iter().collect::<Result<Vec<_>, Error>>()?;
            ids.extend(written.iter().map(|written| written.seen.resource.id_text()));
        }
        Ok(ids)
    }
}

/// The demo's portfolio, loaded now or before.
pub(crate) async fn load(service: &Service) -> anyhow::Result<Loaded> {
    let organisations = service.database().organisations().await.map_err(Fail::into_error)?;
    match organisations.as_slice() {
        [] => load_new(service).await,
        [org] => find_loaded(service, org).await,
        _ => bail!("this database holds more than the demo; give the demo a folder of its own with --data-dir"),
    }
}

async fn load_new(service: &Service) -> anyhow::Result<Loaded> {
    let watch = Stopwatch::now();
    let (org, admin) = service
        .bootstrap(&Bootstrap {
            organisation: "City of New York (demo)".to_owned(),
            base_currency: "USD".to_owned(),
            time_zone: "America/New_York".to_owned(),
            person: "Avery Admin".to_owned(),
            email: Some("avery@example.org".to_owned()),
            roles: vec![Role::Admin],
        })
        .await?;
    let admin = Loader::new(service, &org, &admin).await?;
    let loaded = make_accounts(&admin, &org).await?;
    let feed = Loader::new(service, &org, &loaded.integration).await?;
    let director = Loader::new(service, &org, &loaded.director).await?;
    let (infos, reports) = (read(data::projects())?, read(data::reports())?);
    let programs = load_programs(&feed, &director, &reports).await?;
    load_reports(&feed, &infos, &reports, &programs).await?;
    let finance = Loader::new(service, &org, &loaded.finance).await?;
    let books = money::open_books(&finance).await?;
    let engagements = vendors::engage(&director, &loaded.partner, &programs, &books.city).await?;
    vendors::load(&feed, &director, &engagements).await?;
    let buyer = Buyer { admin: &admin, director: &director, finance: &finance };
    contracts::load(&buyer, &engagements).await?;
    let risks = load_risks(&feed, &infos, &reports, &programs).await?;
    let costs = money::load(&director, &finance, &books, &infos, &reports, &programs).await?;
    eprintln!(
        "loaded {} reports on {} projects in {} programs, {risks} risks, {costs} costs, in {:.1} s",
        reports.len(),
        infos.len(),
        programs.len(),
        watch.elapsed().as_secs_f64()
    );
    Ok(loaded)
}

fn read<T>(read: Result<T, String>) -> anyhow::Result<T> {
    read.map_err(|cause| anyhow!("the demo's data: {cause}"))
}

async fn make_accounts(admin: &Loader, org: &str) -> anyhow::Result<Loaded> {
    let director = admin
        .create::<Person>(json!({ "name": "Dana Director", "email": "dana@example.org",
                                  "title": "Director of Project Management" }))
        .await?;
    admin.create::<Grant>(json!({ "person_id": director, "role": "director" })).await?;
    let partner = json!({ "name": "North River Builders", "kind": "vendor", "country": "US" });
    let partner = Loader::new(&admin.service, org, &director).await?.create::<Partner>(partner).await?;
    let source = json!({ "code": FEED, "name": "Capital projects dashboard", "cadence": "quarterly" });
    let source = admin.create::<Source>(source).await?;
    let finance = json!({ "name": "Farah Finance", "email": "farah@example.org", "title": "Head of finance" });
    let finance = admin.create::<Person>(finance).await?;
    admin.create::<Grant>(json!({ "person_id": finance, "role": "finance" })).await?;
    admin.create::<Source>(json!({ "code": LEDGER, "name": "General ledger", "cadence": "monthly" })).await?;
    for role in ["director", "finance"] {
        for act in AuthorityAct::ALL {
            let limit = json!({ "amount": "50000000", "currency": "USD" });
            admin.create::<AuthorityLimit>(json!({ "role": role, "act": act.word(), "limit": limit })).await?;
        }
    }
    let mut accounts = Vec::new();
    for (name, role) in [("Tracker (integration)", "integration"), ("Vendor portal", "vendor")] {
        let sources = if role == "integration" { vec![source.clone()] } else { vec![] };
        let account = admin.create::<ServiceAccount>(json!({ "name": name, "source_ids": sources })).await?;
        let mut grant = json!({ "service_account_id": account, "role": role });
        if role == "vendor" {
            grant["partner_id"] = json!(partner);
        }
        admin.create::<Grant>(grant).await?;
        accounts.push(account);
    }
    let [integration, vendor] = <[String; 2]>::try_from(accounts).map_err(|_| anyhow!("two accounts"))?;
    Ok(Loaded { org: org.to_owned(), director, finance, integration, vendor, partner })
}

/// One portfolio; the managing agencies as programs. Answers the programs' ids by agency.
async fn load_programs(
    feed: &Loader,
    director: &Loader,
    reports: &[Report],
) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let first = reports.iter().map(|report| report.as_of.as_str()).min().unwrap_or("2013-01-01");
    let portfolio = json!({ "code": "NYC-CAPITAL", "name": "Capital projects", "base_currency": "USD",
                            "fiscal_year_start_month": 7,
                            "tolerances": { "cost_amber": 0.05, "cost_red": 0.1, "days_late_amber": 30,
                                            "days_late_red": 90 } });
    let portfolio = feed.upsert::<Portfolio>(None, vec![("portfolio".to_owned(), portfolio)]).await?.remove(0);
    let programs = data::agencies().iter().map(|(code, name)| {
        (format!("agency:{code}"), json!({ "portfolio_id": portfolio, "code": code, "name": name, "currency": "USD" }))
    });
    let ids = feed.upsert::<Program>(day(first), programs.collect()).await?;
    for id in &ids {
        director.service.act::<ActivateProgram>(&director.context(None), id, Map::new()).await?;
    }
    Ok(data::agencies().iter().map(|(code, _)| *code).zip(ids).collect())
}

/// Every report in the order of its date, so that each becomes a version that holds from that date on.
async fn load_reports(
    feed: &Loader,
    infos: &[ProjectInfo],
    reports: &[Report],
    programs: &BTreeMap<&'static str, String>,
) -> anyhow::Result<()> {
    let infos: BTreeMap<&str, &ProjectInfo> = infos.iter().map(|info| (info.project_id.as_str(), info)).collect();
    let mut by_date: BTreeMap<&str, Vec<&Report>> = BTreeMap::new();
    for report in reports {
        by_date.entry(report.as_of.as_str()).or_default().push(report);
    }
    let (dates, mut done) = (by_date.len(), 0);
    for (i, (date, reports)) in by_date.into_iter().enumerate() {
        let count = reports.len();
        let records = reports.iter().filter_map(|report| {
            let info = infos.get(report.project_id.as_str())?;
            let program = programs.get(info.managing_agency.as_str())?;
            Some((format!("project:{}", info.project_id), project(info, report, program)))
        });
        let records: Vec<_> = records.collect();
        if records.len() != count {
            bail!("the demo's data of {date} names unknown projects or agencies");
        }
        let ids = feed.upsert::<Project>(day(date), records).await?;
        load_phases(feed, date, &reports, &ids).await?;
        done += count;
        eprintln!("reports of {date}: {done} loaded, date {} of {dates}", i + 1);
    }
    Ok(())
}

/// Each phase a project reports is a deliverable, and its completion as forecast on that date a milestone.
async fn load_phases(feed: &Loader, date: &str, reports: &[&Report], projects: &[String]) -> anyhow::Result<()> {
    let phases =
        reports.iter().zip(projects).filter_map(|(report, project)| Some((report, project, report.phase.as_ref()?)));
    let (mut deliverables, mut milestones) = (Vec::new(), Vec::new());
    for (report, project, phase) in phases {
        let name = format!("{}:{phase}", report.project_id);
        let body = json!({ "project_id": project, "title": phase, "earning_rule": "fifty_fifty",
                           "forecast_finish_on": report.completion });
        deliverables.push((format!("phase:{name}"), body));
        milestones
            .push((format!("completion:{name}"), json!({ "title": "Completion", "forecast_on": report.completion })));
    }
    let ids = feed.upsert::<Deliverable>(day(date), deliverables).await?;
    for ((_, milestone), id) in milestones.iter_mut().zip(ids) {
        milestone["deliverable_id"] = json!(id);
    }
    feed.upsert::<Milestone>(day(date), milestones).await?;
    Ok(())
}

/// A project as one report says it is; what the report leaves open is cleared.
fn project(info: &ProjectInfo, report: &Report, program: &str) -> Value {
    let money = |amount: &Option<String>| amount.as_ref().map(|a| json!({ "amount": a, "currency": "USD" }));
    let mut labels = json!({ "category": short(&info.category) });
    for (key, value) in [("borough", &info.borough), ("client_agency", &info.client_agency)] {
        if let Some(value) = value {
            labels[key] = json!(short(value));
        }
    }
    json!({
        "program_id": program,
        "code": format!("NYC-{}", info.project_id),
        "name": info.name,
        "description": info.description,
        "phase": report.phase,
        "forecast_cost": money(&report.budget),
        "planned_start_on": report.design_start,
        "forecast_finish_on": report.completion,
        "labels": labels,
    })
}

/// Labels are at most 200 characters.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

async fn load_risks(
    feed: &Loader,
    infos: &[ProjectInfo],
    reports: &[Report],
    programs: &BTreeMap<&'static str, String>,
) -> anyhow::Result<usize> {
    let agency: BTreeMap<&str, &str> =
        infos.iter().map(|info| (info.project_id.as_str(), info.managing_agency.as_str())).collect();
    let seeds = read(data::risks(infos, reports))?;
    let money = |amount: &Option<String>| amount.as_ref().map(|a| json!({ "amount": a, "currency": "USD" }));
    let records = seeds.iter().filter_map(|seed| {
        let program = programs.get(agency.get(seed.project_id.as_str())?)?;
        let body = json!({
            "program_id": program, "title": seed.title, "kind": "threat", "category": seed.kind,
            "cause": seed.cause, "event": seed.event, "effect": seed.effect,
            "cost_low": money(&seed.cost_low), "cost_likely": money(&seed.cost_likely),
            "cost_high": money(&seed.cost_high), "exposure_from_on": seed.identified_on,
            "labels": { "project": format!("NYC-{}", seed.project_id) },
        });
        Some((format!("risk:{}", seed.project_id), body))
    });
    let ids = feed.upsert::<Risk>(None, records.collect()).await?;
    for (id, seed) in ids.iter().zip(&seeds) {
        let probability = i32::try_from(seed.probability_millionths).ok();
        let probability = probability.and_then(steerco_domain::ratio::Ratio::from_millionths);
        let body =
            json!({ "probability": probability.map(Ratio::as_number), "schedule_impact_days": seed.schedule_days });
        feed.service.act::<AssessRisk>(&feed.context(None), id, object(body)).await?;
    }
    Ok(ids.len())
}

/// The accounts of a demo loaded before.
async fn find_loaded(service: &Service, org: &str) -> anyhow::Result<Loaded> {
    let admin = steerco_service::operator::find_first_admin(service.database(), org).await?;
    let admin = Loader::new(service, org, &admin).await?;
    let grants = service.list::<Grant>(&admin.caller, &ListArgs::default()).await?.items;
    let organisation = service.list::<Organisation>(&admin.caller, &ListArgs::default()).await?.items;
    let holder = |role: Role| {
        let grant = grants.iter().find(|grant| grant.role == role);
        let person = grant.and_then(|grant| grant.person_id.map(|id| id.to_string()));
        let holder = person.or_else(|| grant.and_then(|g| g.service_account_id.map(|id| id.to_string())));
        holder.ok_or_else(|| anyhow!("the database holds {organisation:?} and not the demo; use another --data-dir"))
    };
    let partner = grants.iter().find_map(|grant| grant.partner_id).map(|id| id.to_string());
    Ok(Loaded {
        org: org.to_owned(),
        director: holder(Role::Director)?,
        finance: holder(Role::Finance)?,
        integration: holder(Role::Integration)?,
        vendor: holder(Role::Vendor)?,
        partner: partner.ok_or_else(|| anyhow!("no vendor in the demo; use another --data-dir"))?,
    })
}

fn day(date: &str) -> Option<Instant> {
    Instant::parse(&format!("{date}T00:00:00Z"))
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

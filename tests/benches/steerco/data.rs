//! The data that is worked on, made through the service's own operations.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Map, Value, json};
use steerco_domain::Resource;
use steerco_domain::access::Role;
use steerco_domain::deliverable::Deliverable;
use steerco_domain::exchange_rate::ExchangeRate;
use steerco_domain::fiscal_calendar::FiscalCalendar;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::portfolio::Portfolio;
use steerco_domain::program::Program;
use steerco_domain::risk::Risk;
use steerco_domain::source::Source;
use steerco_service::clock::Clock;
use steerco_service::operator::{Bootstrap, Mint};
use steerco_service::{AttachmentLimits, BatchItem, Context, Service, Settings, WebhookSettings};

use crate::Done;

/// Names the issuer of the tokens; nobody has to reach it.
pub(crate) const BASE_URL: &str = "http://bench.invalid";

/// A database to measure on.
pub(crate) struct Store {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    /// The folder in which the processes of `PostgreSQL` work.
    pub(crate) postgres: Option<PathBuf>,
}

/// How much of it.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) programs: usize,
    pub(crate) risks: usize,
    pub(crate) deliverables: usize,
}

/// What was made.
pub(crate) struct Data {
    pub(crate) org: String,
    /// A director's.
    pub(crate) token: String,
    pub(crate) portfolio: String,
    pub(crate) programs: Vec<String>,
    pub(crate) risks: Vec<String>,
    /// Risks made a second.
    pub(crate) rate: f64,
}

/// Items to a batch.
const BATCH: usize = 1000;

pub(crate) fn make(store: &Store, size: Size) -> Done<Data> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(fill(store, size))
}

async fn fill(store: &Store, size: Size) -> Done<Data> {
    let settings = Settings {
        database: store.url.clone(),
        migrate: true,
        base_url: BASE_URL.to_owned(),
        issuers: Vec::new(),
        token_seconds: 3600,
        operator_tokens_approve: false,
        default_authority: steerco_domain::money::Amount::default(),
        feed_days: 400,
        ocid_prefix: "ocds-a1b2c3".to_owned(),
        attachments: AttachmentLimits::default(),
        webhooks: WebhookSettings::default(),
        clock: Clock::system(),
    };
    let service = Service::open(settings).await?;
    let first = Bootstrap {
        organisation: "Bench".to_owned(),
        base_currency: "USD".to_owned(),
        time_zone: "UTC".to_owned(),
        person: "Director".to_owned(),
        email: None,
        roles: vec![Role::Admin, Role::Director, Role::Finance],
    };
    let refused = |error: steerco_domain::Error| format!("{error:?}");
    let (org, person) = service.bootstrap(&first).await.map_err(refused)?;
    let token = service.mint(&Mint { org: org.clone(), subject: person, seconds: 86_400, ..Mint::default() });
    let context = Context {
        caller: service.authenticate(Some(&token)).await.map_err(refused)?,
        request_id: "bench".to_owned(),
        idempotency_key: None,
        if_match: None,
        validate_only: false,
        effective_at: None,
    };
    let portfolio = create::<Portfolio>(
        &service,
        &context,
        1,
        |_| json!({ "code": "CAP", "name": "Capital", "base_currency": "USD" }),
    )
    .await?;
    let parent = portfolio.first().ok_or("no portfolio")?;
    let program = |i| json!({ "portfolio_id": parent, "code": format!("P-{i}"), "name": format!("Program {i}"), "currency": "USD" });
    let programs = create::<Program>(&service, &context, size.programs, program).await?;
    let start = Instant::now();
    let risks = create::<Risk>(&service, &context, size.risks, |i| risk(&programs[i % programs.len()], i)).await?;
    #[expect(clippy::cast_precision_loss, reason = "a figure to print")]
    let rate = size.risks as f64 / start.elapsed().as_secs_f64();
    let deliverable = |i: usize| deliverable(&programs[i % programs.len()], i);
    create::<Deliverable>(&service, &context, size.deliverables, deliverable).await?;
    open_books(&service, &context).await?;
    Ok(Data { org, token, portfolio: parent.clone(), programs, risks, rate })
}

/// A company with the periods of a year and a source to post under.
async fn open_books(service: &Service, context: &Context) -> Done<()> {
    let calendar = json!({ "code": "M", "name": "Months", "scheme": "calendar_months", "late_lines": "refuse" });
    let calendar = create::<FiscalCalendar>(service, context, 1, |_| calendar.clone()).await?;
    let company = json!({ "code": "C", "name": "Company", "currency": "USD", "fiscal_calendar_id": calendar.first() });
    let company = create::<LegalEntity>(service, context, 1, |_| company.clone()).await?;
    let period = |i| json!({ "legal_entity_id": company.first(), "fiscal_year": 2026, "number": i + 1 });
    create::<FiscalPeriod>(service, context, 12, period).await?;
    let rate = json!({ "rate_type": "spot", "base_currency": "EUR", "quote_currency": "USD",
                       "effective_on": "2025-12-31", "rate": "1.25" });
    create::<ExchangeRate>(service, context, 1, |_| rate.clone()).await?;
    create::<Source>(service, context, 1, |_| json!({ "code": "erp", "name": "Finance system" })).await?;
    Ok(())
}

async fn create<R: Resource>(
    service: &Service,
    context: &Context,
    count: usize,
    body: impl Fn(usize) -> Value,
) -> Done<Vec<String>> {
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let numbers = ids.len()..count.min(ids.len() + BATCH);
        let items = numbers.map(|i| BatchItem::Create { body: object(body(i)) }).collect();
        let done = service.batch(R::KIND, context, items, false).await.map_err(|error| format!("{error:?}"))?;
        for written in done.results {
            ids.push(written.map_err(|error| format!("{error:?}"))?.seen.resource.id_text());
        }
    }
    Ok(ids)
}

/// A risk as people write them: two thirds of the fields are filled in.
pub(crate) fn risk(program: &str, number: usize) -> Value {
    let money = |amount: usize| json!({ "amount": format!("{amount}.50"), "currency": "USD" });
    let categories = ["Ground", "Utilities", "Permits", "Supply"];
    json!({
        "program_id": program,
        "title": format!("Ground conditions differ from the survey at section {number}"),
        "kind": if number.is_multiple_of(4) { "opportunity" } else { "threat" },
        "category": categories[number % categories.len()],
        "cause": "The survey was made before the last flood and covers one borehole every two hundred metres.",
        "event": "Soft clay is found below the foundation.",
        "effect": "Piles have to be longer; the works stop until the design is changed.",
        "probability": 0.35,
        "cost_low": money(10_000 + number),
        "cost_likely": money(50_000 + number),
        "cost_high": money(250_000 + number),
        "schedule_impact_days": 21,
        "exposure_from_on": "2026-03-01",
        "exposure_until_on": "2027-09-30",
        "inherent_rating": 12,
        "current_rating": 9,
        "labels": { "section": format!("{}", number % 40), "phase": "design" },
    })
}

/// A deliverable as people write them.
fn deliverable(program: &str, number: usize) -> Value {
    json!({
        "program_id": program,
        "title": format!("Section {number}, piles and foundation slab"),
        "description": "Piles, cap beams and slab of the section, with the protocols of the load tests.",
        "weight": number % 9 + 1,
        "earning_rule": "percent",
        "percent_complete": 0.25,
        "planned_start_on": "2026-03-01",
        "planned_finish_on": "2026-09-30",
        "acceptance_criteria": [{ "key": "load", "text": "Load tests passed", "evidence_required": "Protocol" }],
        "labels": { "section": format!("{}", number % 40) },
    })
}

/// Lines of a batch of actuals.
pub(crate) const LINES: usize = 10_000;
/// Lines of a push in a stream.
pub(crate) const PUSHED: usize = 100_000;

/// A line of the batch of this number, as finance systems send it; each is 10.25.
fn line(program: &str, serial: u64, n: usize) -> String {
    format!(
        "{{\"external_id\":\"{serial}-{n}\",\"posted_on\":\"2026-{:02}-15\",\"cost_code\":\"4711\",\"amount\":\
         {{\"amount\":\"10.25\",\"currency\":\"USD\"}},\"program_id\":\"{program}\",\"document_reference\":\"{serial}/{n}\"}}",
        n % 12 + 1
    )
}

/// The header of a batch of so many lines, its last brace left out.
fn header(serial: u64, lines: usize) -> String {
    format!(
        "{{\"source\":\"erp\",\"batch_ref\":\"{serial}\",\"control\":{{\"count\":{lines},\"totals\":\
         [{{\"amount\":\"{}\",\"currency\":\"USD\"}}]}}",
        lines / 4 * 41
    )
}

/// A batch of actuals that nobody has sent before.
pub(crate) fn actuals(program: &str, serial: u64) -> String {
    let lines = (0..LINES).map(|n| line(program, serial, n)).collect::<Vec<_>>().join(",");
    format!("{},\"lines\":[{lines}]}}", header(serial, LINES))
}

/// The same as a stream of lines over all programs.
pub(crate) fn push(programs: &[String], serial: u64) -> String {
    let mut text = header(serial, PUSHED) + "}\n";
    for n in 0..PUSHED {
        text.push_str(&line(&programs[n % programs.len()], serial, n));
        text.push('\n');
    }
    text
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

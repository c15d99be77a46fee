//! Bodies that create, for scenarios that go through every kind.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use steerco_domain::access::{Permission, Right, Role, TABLE};
use steerco_tests::{Answer, Client, Who, World, availability};

/// A number that no other body of this process has.
pub(crate) fn fresh() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A body that creates one of this kind, as often as one likes.
pub(crate) fn body(world: &World, kind: &str) -> Value {
    let n = fresh();
    match kind {
        "person" => json!({"name": format!("Person {n}"), "email": "ada@example.org"}),
        "principal" => json!({
            "person_id": world.id(Who::Finance), "issuer": "https://id.example.org", "subject": format!("u{n}"),
        }),
        "grant" => json!({"person_id": world.id(Who::Finance), "role": "auditor", "portfolio_id": world.portfolio}),
        "source" => json!({"code": format!("source-{n}"), "name": format!("Source {n}")}),
        "service_account" => json!({"name": format!("Account {n}")}),
        "portfolio" => json!({"code": format!("portfolio-{n}"), "name": "Portfolio", "base_currency": "EUR"}),
        "program" => json!({
            "portfolio_id": world.portfolio, "code": format!("program-{n}"), "name": "Program", "currency": "EUR",
        }),
        "project" => json!({"program_id": world.program, "code": format!("project-{n}"), "name": "Project"}),
        "deliverable" => json!({"program_id": world.program, "title": format!("Deliverable {n}")}),
        "work_calendar" => json!({"name": format!("Calendar {n}"), "time_zone": "Europe/Vienna"}),
        "functional_area" => json!({"code": format!("area-{n}"), "name": "Area"}),
        "activity" => json!({"project_id": made(world, "project"), "title": format!("Activity {n}")}),
        "dependency" => json!({
            "predecessor_id": made(world, "deliverable"), "successor_id": made(world, "deliverable"),
        }),
        "risk" => json!({"program_id": world.program, "title": format!("Risk {n}"), "kind": "threat"}),
        "partner" => json!({"name": format!("Partner {n}"), "kind": "vendor"}),
        "engagement" => json!({
            "partner_id": world.partner, "program_ids": [world.program], "title": format!("Engagement {n}"),
            "kind": "framework", "service_levels": [availability()],
        }),
        other => body_of_partners(world, other, n),
    }
}

/// The same of what hangs on partners and engagements.
fn body_of_partners(world: &World, kind: &str, n: u32) -> Value {
    match kind {
        "milestone" => json!({"engagement_id": world.engagement, "title": format!("Milestone {n}")}),
        "engagement_amendment" => json!({
            "engagement_id": world.engagement, "title": format!("Amendment {n}"), "rationale": "Ground water",
            "value_change": {"amount": "10.0000", "currency": "EUR"},
        }),
        "rate_card" => json!({
            "engagement_id": world.engagement, "title": format!("Rates {n}"), "effective_on": "2026-01-01",
            "currency": "EUR", "rates": [{"role": "Engineer", "unit": "hour", "amount": "95.5000"}],
        }),
        "retention_release" => json!({
            "engagement_id": world.engagement, "reason": "all is well",
            "amount": {"amount": "10.0000", "currency": "EUR"},
        }),
        "invoice" => json!({
            "engagement_id": world.engagement, "invoice_type": "invoice", "number": format!("R {n}"),
            "issued_on": "2026-07-31", "currency": "EUR",
            "lines": [{"description": "Drawings", "amount": "10.0000"}],
        }),
        "vendor_statement" => json!({
            "engagement_id": world.engagement, "stated_on": "2026-07-31", "currency": "EUR", "balance": "0.0000",
            "lines": [{"number": format!("S {n}"), "amount": "10.0000", "paid": "0.0000"}],
        }),
        "service_level_measurement" => json!({
            "engagement_id": world.engagement, "service_level": "Availability", "value": "99.9",
            "period_starts_on": month(), "measured_by": "Probe",
        }),
        "milestone_update" => json!({"milestone_id": made(world, "milestone"), "percent": 1}),
        "comment" => json!({"subject_id": world.engagement, "visibility": "shared", "text": format!("Comment {n}")}),
        "attachment" => {
            json!({"subject_id": world.engagement, "visibility": "shared", "file_name": format!("file {n}.txt")})
        }
        other => body_of_money(world, other, n),
    }
}

/// The same of what is about money.
fn body_of_money(world: &World, kind: &str, n: u32) -> Value {
    match kind {
        "fiscal_calendar" => json!({
            "code": format!("cal-{n}"), "name": "Months", "scheme": "calendar_months", "late_lines": "refuse",
        }),
        "legal_entity" => json!({
            "code": format!("ent-{n}"), "name": "Company", "currency": "EUR",
            "fiscal_calendar_id": made(world, "fiscal_calendar"),
        }),
        "fiscal_period" => {
            json!({"legal_entity_id": made(world, "legal_entity"), "fiscal_year": 2026, "number": 1})
        }
        "cost_category" => json!({"code": format!("cat-{n}"), "name": "Material"}),
        "coding_rule" => json!({"cost_code": format!("4{n}*"), "program_id": world.program}),
        "exchange_rate" => json!({
            "rate_type": "budget", "rate_set": format!("set-{n}"), "base_currency": "EUR", "quote_currency": "USD",
            "effective_on": "2026-01-01", "rate": "1.1",
        }),
        "mapping_profile" => json!({
            "code": format!("map-{n}"), "name": "Ledger", "delimiter": "comma", "encoding": "utf8",
            "date_format": "iso", "decimal_separator": "point", "currency": "EUR",
            "columns": {"external_id": "ID", "posted_on": "Date", "amount": "Amount"},
        }),
        "authority_limit" => limit_body(),
        "budget" => budget_body(world),
        "budget_transfer" => transfer_body(world),
        "forecast" => forecast_body(world),
        "calendar_feed" => json!({"name": format!("Calendar {n}"), "program_id": world.program}),
        "import_job" => json!({
            "name": format!("file {n}.csv"), "format": "csv", "source": World::SOURCE, "record_kind": "risk",
            "program_id": world.program,
        }),
        "webhook_endpoint" => {
            json!({"name": format!("Endpoint {n}"), "url": "http://127.0.0.1:9/hook", "kinds": ["consumer"]})
        }
        "consumer" => json!({"name": format!("Reader {n}")}),
        "commitment" => commitment_body(world, n),
        "purchase_order_batch" => json!({
            "source": World::SOURCE, "batch_ref": format!("orders-{n}"),
            "legal_entity_id": made(world, "legal_entity"), "control": {"count": 0, "totals": []}, "lines": [],
        }),
        "actuals_batch" => {
            let entity = made(world, "legal_entity");
            json!({
                "source": World::SOURCE, "batch_ref": format!("batch-{n}"), "legal_entity_id": entity,
                "control": {"count": 0, "totals": []}, "lines": [],
            })
        }
        other => panic!("no body for {other}: say here what creates one"),
    }
}

/// The first day of a month that no other body of this process has.
fn month() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:04}-{:02}-01", 1000 + n / 12, 1 + n % 12)
}

/// Currencies enough for the limits of a scenario.
const CURRENCIES: [&str; 40] = [
    "EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "AUD", "NZD",
    "CAD", "MXN", "BRL", "ARS", "CLP", "COP", "PEN", "ZAR", "EGP", "MAD", "KES", "NGN", "INR", "PKR", "CNY", "KRW",
    "THB", "IDR", "MYR", "PHP", "SGD", "HKD", "ILS", "SAR",
];

/// A limit that no other body of this process has.
fn limit_body() -> Value {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed) as usize;
    let roles = ["admin", "director", "program_manager", "finance", "executive", "integration", "auditor"];
    let acts = ["contingency_drawdown", "management_reserve_drawdown"];
    let limit = json!({"amount": "1000", "currency": CURRENCIES[n / 14 % 40]});
    json!({"role": roles[n % 7], "act": acts[n / 7 % 2], "limit": limit})
}

/// A budget with one line.
fn budget_body(world: &World) -> Value {
    let entity = made(world, "legal_entity");
    let period = wait(
        world
            .client(Who::Finance)
            .create("fiscal_period", json!({"legal_entity_id": entity, "fiscal_year": 2026, "number": 1})),
    );
    json!({
        "program_id": world.program, "legal_entity_id": entity, "fiscal_year": 2026, "title": "First", "currency": "EUR",
        "lines": [{"fiscal_period_id": period.unwrap().id(), "spend": "opex", "amount": "1000.0000"}],
    })
}

/// A forecast with one line.
fn forecast_body(world: &World) -> Value {
    let budget = budget_body(world);
    json!({
        "program_id": world.program, "legal_entity_id": budget["legal_entity_id"], "title": "March", "currency": "EUR",
        "first_fiscal_period_id": budget["lines"][0]["fiscal_period_id"], "lines": budget["lines"],
    })
}

/// A transfer between two kinds of spend of a budget in force.
fn transfer_body(world: &World) -> Value {
    let budget = budget_body(world);
    let (director, finance) = (world.client(Who::Director), world.client(Who::Finance));
    let id = wait(director.create("budget", budget.clone())).unwrap().id().to_owned();
    wait(director.if_match("*").act("budget", &id, "submit", json!({}))).unwrap();
    wait(finance.if_match("*").act("budget", &id, "approve", json!({}))).unwrap();
    let place = |spend: &str| json!({"fiscal_period_id": budget["lines"][0]["fiscal_period_id"], "spend": spend});
    json!({
        "program_id": world.program, "legal_entity_id": budget["legal_entity_id"], "transfer_type": "transfer",
        "amount": {"amount": "10.0000", "currency": "EUR"}, "reason": "a better price",
        "from_place": place("opex"), "to_place": place("capex"),
    })
}

/// A commitment of a period of a company.
fn commitment_body(world: &World, n: u32) -> Value {
    let entity = made(world, "legal_entity");
    let period = json!({"legal_entity_id": entity, "fiscal_year": 2026, "number": 1});
    let period = wait(world.client(Who::Finance).create("fiscal_period", period));
    json!({
        "program_id": world.program, "legal_entity_id": entity, "fiscal_period_id": period.unwrap().id(),
        "purchase_order_reference": format!("PO {n}"), "purchase_order_line": "10", "title": "Steel", "spend": "capex",
        "requested": {"amount": "100.0000", "currency": "EUR"},
    })
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

/// Something that a body refers to, made on the way.
fn made(world: &World, kind: &str) -> String {
    wait(make(world, kind))
}

/// A valid body of this verb.
pub(crate) fn verb_body(kind: &str, verb: &str) -> Value {
    match (kind, verb) {
        ("grant", "revoke") => json!({"reason": "ended"}),
        ("risk", "assess") => json!({"probability": 0.5, "cost_likely": {"amount": "10", "currency": "EUR"}}),
        ("deliverable", "accept_with_reservations") => json!({"reservations": "two doors stick"}),
        ("deliverable", "reject") => json!({"reason": "not to the drawing"}),
        ("work_calendar", "import") => {
            let document = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                            DTSTART;VALUE=DATE:20260101\r\nSUMMARY:New Year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
            json!({"document": document, "from": "2026-01-01", "until": "2026-12-31"})
        }
        ("exchange_rate", "import") => json!({"document": "Date,USD\n2016-06-24,1.1066\n"}),
        ("fiscal_period", "reconcile") => json!({"source": World::SOURCE}),
        ("fiscal_period", "request_reopen") => json!({"reason": "an invoice was missed"}),
        ("risk", "respond") => json!({"response": "mitigate"}),
        ("webhook_endpoint", "replay") => json!({"failed": true}),
        ("budget" | "budget_transfer", "reject") => json!({"reason": "too much"}),
        ("commitment", "commit" | "receive" | "pay") => json!({"amount": "1"}),
        ("commitment", "amend") => json!({"amount": "2", "reason": "a better price"}),
        ("commitment", "invoice" | "credit") => json!({"amount": "1", "document_reference": "R 1"}),
        ("commitment", "cancel") => json!({"reason": "not needed"}),
        ("invoice" | "retention_release", "reject") => json!({"reason": "nobody worked"}),
        ("invoice", "dispute") => json!({"dispute": "somebody did"}),
        ("invoice", "answer_dispute") => json!({"answer": "so it was"}),
        ("invoice", "record_payment") => {
            json!({"amount": "1", "paid_on": "2026-08-15", "document_reference": "P 1"})
        }
        ("engagement_amendment", "reject") => json!({"reason": "too dear"}),
        ("review", "accept_with_reservations") => {
            json!({"conditions": [{"key": "paint", "text": "Paint the rail", "due_on": "2026-12-24"}]})
        }
        ("review", "accept_in_part") => json!({"percent": 0.5, "reason": "not all"}),
        ("review", "reject" | "revoke" | "dispute") => json!({"reason": "it leaks"}),
        ("review", "query") => json!({"query": "which roof?"}),
        ("review", "answer_query" | "answer_dispute") => json!({"answer": "the north one"}),
        ("review", "meet_condition") => json!({"key": "paint"}),
        ("engagement", "suspend" | "terminate") => json!({"reason": "by agreement"}),
        _ => json!({}),
    }
}

/// Whether an action is a verb, called on one resource by its name.
pub(crate) fn is_verb(row: &Permission) -> bool {
    let others = [
        "read",
        "create",
        "update",
        "delete",
        "adjust",
        "reclassify",
        "override",
        "propose_accruals",
        "preview",
        "test",
    ];
    !others.contains(&row.action) && (row.kind, row.action) != ("exchange_rate", "import")
}

/// Operations that take a body and change nothing.
pub(crate) const COMPUTED: [&str; 2] = ["reconcile_fiscal_period", "convert_amounts"];

/// Kinds that a caller can create.
pub(crate) const CREATABLE: [&str; 41] = [
    "person",
    "principal",
    "grant",
    "source",
    "service_account",
    "portfolio",
    "program",
    "project",
    "deliverable",
    "work_calendar",
    "functional_area",
    "activity",
    "dependency",
    "risk",
    "partner",
    "engagement",
    "engagement_amendment",
    "service_level_measurement",
    "milestone",
    "rate_card",
    "retention_release",
    "invoice",
    "vendor_statement",
    "comment",
    "attachment",
    "fiscal_calendar",
    "legal_entity",
    "fiscal_period",
    "cost_category",
    "coding_rule",
    "mapping_profile",
    "authority_limit",
    "budget",
    "budget_transfer",
    "exchange_rate",
    "commitment",
    "forecast",
    "import_job",
    "calendar_feed",
    "consumer",
    "webhook_endpoint",
];

/// Whether callers neither create one of this kind field by field nor delete it.
pub(crate) fn is_fixed(kind: &str) -> bool {
    ["organisation", "actuals_batch", "purchase_order_batch", "milestone_update", "review", "payable"].contains(&kind)
}

/// Who may do everything with this kind.
pub(crate) fn keeper_of(kind: &str) -> Who {
    let may = |role: Role, action: &str| {
        let row = TABLE.iter().find(|row| row.kind == kind && row.action == action);
        row.is_some_and(|row| row.right(role) == Right::Allow)
    };
    let acts = ["delete", "update", "read"];
    let all = acts.into_iter().find(|act| TABLE.iter().any(|row| row.kind == kind && row.action == *act)).unwrap();
    let keepers = [Who::Director, Who::Finance];
    keepers.into_iter().find(|who| may(who.role(), all)).unwrap_or(Who::Admin)
}

/// Who may do everything with this kind.
pub(crate) fn keeper(world: &World, kind: &str) -> Client {
    world.client(keeper_of(kind))
}

/// Made by whoever may. What a busy machine has no room for is asked again under its key, as by any good client.
async fn create(keeper: &Client, kind: &str, body: Value) -> Answer {
    let keeper = keeper.key(&format!("make-{}", fresh()));
    loop {
        match keeper.create(kind, body.clone()).await {
            Err(refused) if refused.code == "UNAVAILABLE" => tokio::time::sleep(Duration::from_secs(1)).await,
            made => return made.unwrap(),
        }
    }
}

/// One of this kind, made by whoever may; the organisation itself is there already.
pub(crate) async fn make(world: &World, kind: &str) -> String {
    if kind == "organisation" {
        return world.org.clone();
    }
    match kind {
        "ledger_entry" => return make_ledger_entry(world).await,
        "review" => {
            let claim = create(&keeper(world, kind), "milestone_update", body(world, "milestone_update")).await;
            return claim.text("review_id").to_owned();
        }
        "payable" => return make_payable(world, &world.engagement).await,
        _ => {}
    }
    let made = create(&keeper(world, kind), kind, body(world, kind)).await;
    // A batch is answered with what became of its lines beside it.
    let batch = ["actuals_batch", "purchase_order_batch"].iter().find_map(|name| made.json[name]["id"].as_str());
    batch.map_or_else(|| made.id().to_owned(), str::to_owned)
}

/// What is payable to the partner of this engagement for a milestone of its own.
pub(crate) async fn make_payable(world: &World, engagement: &str) -> String {
    let (director, integration) = (world.client(Who::Director), world.client(Who::Integration));
    let payment = json!({"amount": "1000", "currency": "EUR"});
    let milestone = json!({"engagement_id": engagement, "title": format!("Paid {}", fresh()), "payment": payment});
    let milestone = director.create("milestone", milestone).await.unwrap().id().to_owned();
    let claim = json!({"milestone_id": milestone, "percent": 1});
    let claim = integration.create("milestone_update", claim).await.unwrap();
    director.if_match("*").act("review", claim.text("review_id"), "accept", json!({})).await.unwrap();
    let filter = format!("milestone_id = \"{milestone}\"");
    director.list("payable", json!({"filter": filter})).await.unwrap().each("id")[0].to_owned()
}

/// A well-formed id that nobody has.
pub(crate) fn unknown(kind: &str) -> String {
    let prefix = steerco_domain::find_kind(kind).unwrap().prefix;
    steerco_domain::id::encode(prefix, 0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(fresh()))
}

/// A line of actuals: `fresh` where it has no identifier.
pub(crate) fn line(external_id: &str, amount: &str, day: &str) -> Value {
    json!({"external_id": external_id, "posted_on": day, "amount": {"amount": amount, "currency": "EUR"}})
}

/// An entry for the first program.
async fn make_ledger_entry(world: &World) -> String {
    let finance = world.client(Who::Finance);
    let period = finance.create("fiscal_period", body(world, "fiscal_period")).await.unwrap();
    let n = fresh();
    let mut line = line(&format!("line-{n}"), "10.00", "2026-01-15");
    line["program_id"] = json!(world.program);
    let posted = finance.post_actuals(json!({
        "source": World::SOURCE, "batch_ref": format!("entry-{n}"), "legal_entity_id": period["legal_entity_id"],
        "control": {"count": 1, "totals": [{"amount": "10", "currency": "EUR"}]}, "lines": [line],
    }));
    posted.await.unwrap()["results"][0]["ledger_entry_id"].as_str().unwrap().to_owned()
}

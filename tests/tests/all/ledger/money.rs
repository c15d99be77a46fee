//! Money keeps what it promises: exact (R3), a closed period does not move (R5), nothing is changed but by reversal (R6),
//! tampering shows (R9). Each in its fast form; the long forms multiply the rounds by `STEERCO_ROUNDS`:
//! `STEERCO_ROUNDS=100 cargo test --release --test all -- money`.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use steerco_domain::Resource;
use steerco_domain::ledger_entry::LedgerEntry;
use steerco_tests::{Client, Door, Engine, Setup, Who, World, rest_scenario, runtime, scenario};

use crate::all::kernel::bodies::line;
use crate::all::kernel::wire::sql;
use crate::all::ledger::actuals_batch::{Books, coded, id};

/// How often a round is repeated.
fn times(fast: usize) -> usize {
    fast * std::env::var("STEERCO_ROUNDS").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn raw(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 1
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from((self.raw() >> 32) % end as u64).unwrap()
    }
}

/// Ten-thousandths as text, the shortest.
fn text(units: i64) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / 10_000, units.unsigned_abs() % 10_000);
    format!("{sign}{whole}.{rest:04}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn parsed(amount: &str) -> i128 {
    amount.replace('.', "").parse().unwrap()
}

/// An amount whole in the minor unit of its currency, of any size up to what is allowed.
fn draw(draws: &mut Draws, unit: i64) -> i64 {
    let size = 10_i64.pow(u32::try_from(draws.below(17)).unwrap());
    let amount = i64::try_from(draws.raw() % size.unsigned_abs()).unwrap() / unit * unit;
    let amount = if amount == 0 { unit } else { amount };
    if draws.below(2) == 0 { amount } else { -amount }
}

/// Cases over both doors and both databases: 100,000.
const CASES: usize = 25_000;
/// Lines in a batch.
const LINES: usize = 5_000;
/// Currencies with the ten-thousandths of their minor unit.
const CURRENCIES: [(&str, i64); 3] = [("JPY", 10_000), ("EUR", 100), ("BHD", 10)];

/// Lines of a batch with what each is; each has its opposite in it but for a small rest, so that no sum is too great.
fn lines(world: &World, draws: &mut Draws) -> (Vec<Value>, Vec<(String, &'static str, i64)>) {
    let mut amounts: Vec<(&str, i64)> = Vec::new();
    // The greatest amounts there are, on both sides.
    for (currency, unit) in CURRENCIES {
        let greatest = i64::MAX / unit * unit;
        amounts.extend([(currency, greatest), (currency, -greatest), (currency, unit), (currency, -unit)]);
    }
    while amounts.len() < LINES {
        let (currency, unit) = CURRENCIES[draws.below(3)];
        let amount = draw(draws, unit);
        amounts.push((currency, amount));
        let rest = i64::try_from(draws.raw() % 1_000_000).unwrap() / unit * unit;
        amounts.push((currency, if rest == amount { unit } else { rest - amount }));
    }
    amounts.truncate(LINES);
    let mut bodies = Vec::with_capacity(LINES);
    let mut model = Vec::with_capacity(LINES);
    for (currency, units) in amounts {
        let name = id("exact");
        let mut body = coded(world, line(&name, &text(units), "2026-01-15"));
        body["amount"]["currency"] = json!(currency);
        bodies.push(body);
        model.push((name, currency, units));
    }
    (bodies, model)
}

scenario!(
/// R3: every amount comes back as it went in, and every sum is that of whole numbers.
amounts_and_sums_are_exact(world) {
    let (books, finance) = (Books::open(&world, "refuse", 1).await, world.client(Who::Finance));
    let mut draws = Draws(3);
    let mut model: BTreeMap<String, (&str, i64)> = BTreeMap::new();
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for _ in 0..times(CASES / LINES) {
        let (bodies, made) = lines(&world, &mut draws);
        let mut totals: BTreeMap<&str, i128> = BTreeMap::new();
        for (name, currency, units) in made {
            *totals.entry(currency).or_default() += i128::from(units);
            model.insert(name, (currency, units));
        }
        let control: Vec<Value> = totals.iter()
            .map(|(currency, sum)| json!({"currency": currency, "amount": text(i64::try_from(*sum).unwrap())}))
            .collect();
        for (currency, sum) in totals {
            *sums.entry(currency).or_default() += sum;
        }
        let mut batch = books.batch(bodies, "0");
        batch["control"] = json!({"count": LINES, "totals": control});
        finance.post_actuals(batch).await.unwrap();
    }
    let mut read = 0;
    for entry in finance.list_all("ledger_entry", json!({"page_size": 1000})).await.unwrap() {
        let (currency, units) = model[entry["external_id"].as_str().unwrap()];
        let amount = &entry["amount"];
        assert_eq!((&amount["currency"], parsed(amount["amount"].as_str().unwrap())), (&json!(currency), i128::from(units)));
        read += 1;
    }
    assert_eq!(read, times(CASES));
    for args in [json!({}), json!({"group_by": "fiscal_period"}), json!({"as_of": "2999-01-01T00:00:00Z"})] {
        let found = finance.financials("program", &world.program, args).await.unwrap();
        let told: BTreeMap<&str, i128> = found["totals"].as_array().unwrap().iter()
            .map(|total| (total["currency"].as_str().unwrap(), parsed(total["actual"].as_str().unwrap())))
            .collect();
        assert_eq!(told, sums);
    }
    world.verify().await;
});

/// Races over both doors and both databases: 200.
const RACES: usize = 50;
const POSTERS: usize = 3;

/// The report of a period, word by word.
async fn report(finance: &Client, world: &World, period: &str) -> String {
    let row = finance.get("fiscal_period", period).await.unwrap().json;
    let args = json!({"fiscal_period_id": period, "currency": "EUR", "group_by": "cost_category"});
    let totals = finance.financials("program", &world.program, args).await.unwrap().json;
    format!("{row} {totals}")
}

/// Does it, again where others were at the same rows.
async fn insist(finance: &Client, period: &str, verb: &str) {
    while let Err(refused) = finance.act("fiscal_period", period, verb, json!({})).await {
        assert!(refused.retryable, "{refused}");
    }
}

scenario!(
/// R5: posters race the close; what came is in the closed totals, nothing comes later, and the report stays as it was.
nothing_is_posted_after_the_close(world) {
    let (books, finance) = (Books::open(&world, "refuse", 0).await, world.client(Who::Finance));
    finance.import_rates(json!({"document": "Date,USD\n2025-01-02,1.25\n"})).await.unwrap();
    let mut reports = Vec::new();
    let (mut posted, mut refused) = (0, 0);
    for race in 0..times(RACES) {
        let (year, number) = (2026 + race / 12, 1 + race % 12);
        let period = json!({"legal_entity_id": books.entity, "fiscal_year": year, "number": number});
        let period = finance.create("fiscal_period", period).await.unwrap();
        let (id, day) = (period.id().to_owned(), period["starts_on"].as_str().unwrap().to_owned());
        // Every other race is one against the close itself, after which not even adjusting entries come.
        let adjusting = race % 2 == 0;
        let verb = if adjusting { "close" } else { "start_closing" };
        if adjusting {
            finance.act("fiscal_period", &id, "start_closing", json!({})).await.unwrap();
        }
        let posters = (0..POSTERS).map(|_| {
            let mut line = coded(&world, line(&crate::all::ledger::actuals_batch::id("race"), "1.00", &day));
            line["amount"]["currency"] = json!("USD");
            let mut batch = books.batch([line], "1.00");
            batch["control"]["totals"][0]["currency"] = json!("USD");
            batch["adjusting"] = json!(adjusting);
            let finance = finance.clone();
            tokio::spawn(async move {
                loop {
                    match finance.post_actuals(batch.clone()).await {
                        Err(busy) if busy.retryable => {}
                        done => return done,
                    }
                }
            })
        });
        let posters: Vec<_> = posters.collect();
        insist(&finance, &id, verb).await;
        let mut entries = 0;
        for poster in posters {
            match poster.await.unwrap() {
                Ok(_) => entries += 1,
                Err(late) => assert_eq!(late.places(), [("/lines/0", "PERIOD_CLOSED")]),
            }
        }
        if !adjusting {
            finance.act("fiscal_period", &id, "close", json!({})).await.unwrap();
        }
        (posted, refused) = (posted + entries, refused + POSTERS - entries);
        let closed = finance.get("fiscal_period", &id).await.unwrap();
        let total = closed["closing_totals"].as_array().unwrap().iter().find(|total| total["account"] == "cost");
        let counted = total.map_or(0, |total| total["entry_count"].as_u64().unwrap());
        assert_eq!(counted, entries as u64, "race {race}: an entry after the close, or one that was lost");
        let [head, last] = ["closing_log_sequence", "closing_sequence"].map(|name| closed[name].as_str().map(|n| n.parse::<i64>().unwrap()));
        assert!(head >= last && closed["closing_log_hash"].as_str().unwrap().len() == 64, "{head:?} {last:?}");
        reports.push((id.clone(), report(&finance, &world, &id).await));
    }
    assert!(posted > 0, "{posted} came in time, {refused} too late");
    // Rates that come late, and corrected ones, move no report; nor do all the later closes.
    finance.import_rates(json!({"document": "Date,USD\n2025-01-02,2\n2025-12-31,4\n"})).await.unwrap();
    for (id, before) in reports {
        assert_eq!(report(&finance, &world, &id).await, before);
    }
    world.verify().await;
});

/// Instants over both doors and both databases: 200.
const INSTANTS: usize = 50;

scenario!(
/// R6: what the ledger came to at any instant, against a model that simply remembers.
totals_of_any_instant_read_as_they_were(world) {
    let (books, finance) = (Books::open(&world, "refuse", 2).await, world.client(Who::Finance));
    let mut draws = Draws(6);
    let mut model: BTreeMap<String, i128> = BTreeMap::new();
    let mut sent: Vec<(String, i64)> = Vec::new();
    for _ in 0..30 {
        let day = ["2026-01-15", "2026-02-15"][draws.below(2)];
        let units = draw(&mut draws, 100) % 1_000_000_000;
        let correcting = !sent.is_empty() && draws.below(3) == 0;
        let (name, before) = if correcting { sent.swap_remove(draws.below(sent.len())) } else { (id("then"), 0) };
        if correcting && before == units {
            continue;
        }
        let mut batch = books.batch([coded(&world, line(&name, &text(units), day))], &text(units));
        batch["corrections"] = json!(true);
        let posted = finance.post_actuals(batch).await.unwrap();
        model.insert(posted["actuals_batch"]["id"].as_str().unwrap().to_owned(), i128::from(units) - i128::from(before));
        sent.push((name, units));
    }
    let events = finance.all_events(json!({"kinds": ["actuals_batch"]})).await;
    for _ in 0..times(INSTANTS) {
        let at = events[draws.below(events.len())]["at"].as_str().unwrap().to_owned();
        let known = events.iter().filter(|event| event["at"].as_str().unwrap() <= at.as_str());
        let expected: i128 = known.map(|event| model[event["resource_id"].as_str().unwrap()]).sum();
        for args in [json!({"as_of": at}), json!({"as_of": at, "group_by": "vendor", "currency": "EUR"})] {
            let found = finance.financials("program", &world.program, args).await.unwrap();
            assert_eq!(parsed(found["totals"][0]["actual"].as_str().unwrap()), expected, "as of {at}");
        }
    }
});

rest_scenario!(
/// R6: no column of the ledger, its results and the log is changed in SQL, and no row goes, whoever asks: the owner of the
/// database, and on PostgreSQL the role of the service.
ledger_and_log_are_only_added_to(world) {
    let books = Books::open(&world, "refuse", 1).await;
    let lines = [coded(&world, line(&id("kept"), "1.00", "2026-01-15")), line(&id("late"), "2.00", "2027-01-15")];
    let mut batch = books.batch(lines, "3.00");
    batch["partial"] = json!(true);
    world.client(Who::Finance).post_actuals(batch).await.unwrap();
    let ledger: Vec<String> = LedgerEntry::KIND.columns().map(|(name, ..)| name).chain(["org".to_owned(), "seq".to_owned()]).collect();
    let of_log = ["org", "seq", "at", "actor", "operation", "kind", "resource_id", "revision", "changed", "after", "source",
        "portfolio", "program", "partner", "engagement", "request_id", "prev_hash", "hash"];
    let of_results = ["org", "actuals_batch_id", "line", "external_id", "status", "reason", "detail", "entry_id"];
    let tables = [
        ("ledger_entry", ledger), ("log", of_log.map(str::to_owned).to_vec()),
        ("actuals_result", of_results.map(str::to_owned).to_vec()),
    ];
    let mut attempts = 0;
    for (table, columns) in &tables {
        let mut statements = vec![format!("DELETE FROM {table}"), format!("DELETE FROM {table} WHERE org = '{}'", world.org)];
        statements.extend(columns.iter().map(|column| format!("UPDATE {table} SET {column} = {column} WHERE org = '{}'", world.org)));
        if world.server.engine == Engine::Sqlite {
            statements.push(format!("REPLACE INTO {table} SELECT * FROM {table} WHERE org = '{}'", world.org));
        } else {
            statements.push(format!("TRUNCATE {table}"));
        }
        for statement in statements {
            let done = sql(&world.server, &statement).await;
            assert!(done.is_err(), "{statement} by the owner: {done:?}");
            attempts += 1;
            if world.server.engine == Engine::Postgres {
                let as_service = format!("SET ROLE steerco_service; SET steerco.org = '{}'; {statement}", world.org);
                let done = sql(&world.server, &as_service).await;
                assert!(done.is_err(), "{statement} by the service: {done:?}");
                attempts += 1;
            }
        }
    }
    assert!(attempts >= 80, "only {attempts} attempts");
    world.verify().await;
});

/// One way to tamper with balances or entries, and what takes it back.
fn tampering(world: &World, draws: &mut Draws) -> [String; 2] {
    let table = ["balance", "program_balance", "day_balance", "place_day_balance", "vendor_balance"][draws.below(5)];
    let more = 1 + draws.below(1_000);
    let pick = |column: &str, from: &str, to: &str| [column.to_owned(), from.to_owned(), to.to_owned()];
    let swap = |table: &str, [column, from, to]: [String; 3]| {
        let set = |from: &str, to: &str| format!("UPDATE {table} SET {column} = {to} WHERE {column} = {from}");
        [set(&from, &to), set(&to, &from)]
    };
    match draws.below(7) {
        0 => {
            [format!("UPDATE {table} SET units = units + {more}"), format!("UPDATE {table} SET units = units - {more}")]
        }
        1 => [
            format!("UPDATE {table} SET entries = entries + {more}"),
            format!("UPDATE {table} SET entries = entries - {more}"),
        ],
        2 => swap(table, pick("account", "'cost'", "'commitment'")),
        3 => swap(table, pick("currency", "'EUR'", "'USD'")),
        4 => {
            let column = ["amount_amount", "line", "created_at"][draws.below(3)];
            let set = |sign: &str| format!("UPDATE ledger_entry SET {column} = {column} {sign} {more}");
            [set("+"), set("-")]
        }
        5 => {
            let quoted = |id: &str| format!("'{id}'");
            swap("ledger_entry", pick("program_id", &quoted(&world.program), &quoted(&world.other_program)))
        }
        _ => {
            let column = ["external_id", "document_reference", "vendor_reference"][draws.below(3)];
            let set = |value: String| format!("UPDATE ledger_entry SET {column} = {value}");
            [set(format!("{column} || 'x'")), set(format!("substr({column}, 1, length({column}) - 1)"))]
        }
    }
}

/// R9 for the ledger and its balances, on both databases: 100 acts of tampering on each, each found by verification.
#[test]
fn tampering_with_the_ledger_shows() {
    runtime().block_on(async {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let Some(world) = World::alone(Door::Rest, engine, Setup::default()).await else { continue };
            let books = Books::open(&world, "refuse", 1).await;
            let mut one = coded(&world, line(&id("t"), "1.00", "2026-01-15"));
            one["document_reference"] = json!("R 1");
            one["vendor_reference"] = json!("V 1");
            world.client(Who::Finance).post_actuals(books.batch([one], "1.00")).await.unwrap();
            let guard = match engine {
                Engine::Sqlite => "DROP TRIGGER ledger_entry_guard_UPDATE",
                Engine::Postgres => "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_guard",
            };
            sql(&world.server, guard).await.unwrap();
            world.verify().await;
            let mut draws = Draws(9);
            for _ in 0..times(100) {
                let [tamper, back] = tampering(&world, &mut draws);
                sql(&world.server, &tamper).await.unwrap();
                assert_ne!(world.faults().await, Vec::<String>::new(), "not found: {tamper}");
                sql(&world.server, &back).await.unwrap();
            }
            world.verify().await;
        }
    });
}

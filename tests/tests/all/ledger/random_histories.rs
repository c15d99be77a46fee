//! Random histories of money, held against a recomputation that knows nothing of entries, accounts and balances: what each
//! operation means is written down here once more, as plainly as it can be said.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use steerco_service::clock::Clock;
use steerco_tests::{Client, Door, Engine, Who, World, run};

use crate::all::kernel::bodies::line;
use crate::all::kernel::hostile_values::Random;
use crate::all::ledger::actuals_batch::{Books, id, statuses, totals};

const STEPS: usize = 320;
const MONTHS: usize = 5;
/// A currency and the units of its minor unit.
const CURRENCIES: [(&str, i64); 3] = [("EUR", 100), ("USD", 100), ("JPY", 10_000)];
const CODES: usize = 6;

/// Where a cost stands: the program, or suspense where no rule maps it; month, spend type and currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    program: Option<usize>,
    month: usize,
    spend: &'static str,
    currency: &'static str,
}

/// A cost that was posted: where it stands now, with the code and the day that its last line had.
struct Cost {
    name: String,
    at: Place,
    units: i64,
    code: Option<usize>,
}

/// An order with what was committed, received and invoiced of it.
struct Order {
    id: String,
    program: usize,
    month: usize,
    steps: [i64; 3],
}

/// Sums of a program: by month, committed, accrued and approved; costs by place.
#[derive(Clone, Default)]
struct Sums {
    costs: BTreeMap<Place, i64>,
    committed: BTreeMap<(usize, usize), i64>,
    accrued: BTreeMap<(usize, usize), i64>,
    approved: BTreeMap<(usize, usize), i64>,
}

struct Model {
    open: [bool; MONTHS],
    sums: Sums,
    costs: Vec<Cost>,
    orders: Vec<Order>,
    /// The program and the spend type that the rule of each code gives.
    rules: [Option<(usize, &'static str)>; CODES],
}

impl Model {
    /// The month itself or, where that is closed, the next open one. The last month stays open.
    fn lands(&self, month: usize) -> usize {
        (month..MONTHS).find(|month| self.open[*month]).unwrap()
    }

    fn add(&mut self, place: Place, units: i64) {
        *self.sums.costs.entry(place).or_default() += units;
    }
}

/// Everything that a history acts with.
struct Stage<'a> {
    world: &'a World,
    books: Books,
    finance: Client,
    programs: [String; 2],
    codes: Vec<String>,
    model: Model,
    random: Random,
}

fn decimal(units: i64) -> String {
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{}.{:04}", units.abs() / 10_000, units.abs() % 10_000)
}

fn units(amount: &Value) -> i64 {
    amount.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn day(month: usize) -> String {
    format!("2026-{:02}-15", month + 1)
}

impl Stage<'_> {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.next() % end as u64).unwrap()
    }

    /// A random line of a random month: its body, the place it is posted to and its amount.
    fn draw(&mut self, name: &str) -> (Value, Place, i64, Option<usize>) {
        let (currency, unit) = CURRENCIES[self.below(3)];
        let units = (i64::try_from(self.below(9_000)).unwrap() - 4_000) * unit + unit;
        let month = self.below(MONTHS);
        let mut body = line(name, &decimal(units), &day(month));
        body["amount"]["currency"] = json!(currency);
        let coded = self.below(3);
        let (program, spend, code) = if coded < 2 {
            let spend = ["capex", "opex"][self.below(2)];
            (body["program_id"], body["spend"]) = (json!(self.programs[coded]), json!(spend));
            (Some(coded), spend, None)
        } else {
            let code = self.below(CODES);
            body["cost_code"] = json!(self.codes[code]);
            let rule = self.model.rules[code];
            (rule.map(|rule| rule.0), rule.map_or("", |rule| rule.1), Some(code))
        };
        let at = Place { program, month: self.model.lands(month), spend, currency };
        (body, at, units, code)
    }

    async fn post(&self, lines: Vec<(Value, &'static str, i64)>, corrections: bool) -> Value {
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, currency, units) in &lines {
            *sums.entry(currency).or_default() += units;
        }
        let stated: Vec<_> =
            sums.iter().map(|(currency, sum)| json!({"currency": currency, "amount": decimal(*sum)})).collect();
        let mut batch = self.books.batch(lines.into_iter().map(|line| line.0).collect::<Vec<_>>(), "0");
        batch["control"]["totals"] = json!(stated);
        batch["corrections"] = json!(corrections);
        self.finance.post_actuals(batch).await.unwrap().json
    }

    async fn post_new(&mut self) {
        let mut lines = Vec::new();
        for _ in 0..=self.below(3) {
            let name = id("cost");
            let (body, at, units, code) = self.draw(&name);
            lines.push((body, at.currency, units));
            self.model.add(at, units);
            self.model.costs.push(Cost { name, at, units, code });
        }
        self.post(lines, false).await;
    }

    async fn correct(&mut self) {
        let place = self.below(self.model.costs.len());
        let name = self.model.costs[place].name.clone();
        let (body, at, units, code) = self.draw(&name);
        let posted = self.post(vec![(body, at.currency, units)], true).await;
        if statuses(&posted) == ["corrected"] {
            let was = &self.model.costs[place];
            let back = Place { month: self.model.lands(was.at.month), ..was.at };
            let undone = -was.units;
            self.model.add(back, undone);
            self.model.add(at, units);
            self.model.costs[place] = Cost { name, at, units, code };
        }
    }

    /// Gives a code its rule, or moves what waits in suspense by the rules there are.
    async fn rule_or_move(&mut self) {
        let code = self.below(CODES);
        if self.model.rules[code].is_none() && self.below(2) == 0 {
            let (program, spend) = (self.below(2), ["capex", "opex"][self.below(2)]);
            let rule = json!({"cost_code": self.codes[code], "program_id": self.programs[program], "spend": spend});
            self.finance.create("coding_rule", rule).await.unwrap();
            self.model.rules[code] = Some((program, spend));
            return;
        }
        let act = json!({"source": World::SOURCE, "batch_ref": id("move"), "legal_entity_id": self.books.entity});
        self.finance.reclassify_actuals(act).await.unwrap();
        for i in 0..self.model.costs.len() {
            let Cost { at, units, code, .. } = self.model.costs[i];
            let rule = code.and_then(|code| self.model.rules[code]).filter(|_| at.program.is_none());
            let Some((program, spend)) = rule else { continue };
            let month = self.model.lands(at.month);
            let to = Place { program: Some(program), month, spend, ..at };
            self.model.add(Place { month, ..at }, -units);
            self.model.add(to, units);
            self.model.costs[i].at = to;
        }
    }

    async fn close_or_reopen(&mut self) {
        let month = self.below(MONTHS - 1);
        let period = &self.books.periods[month];
        if self.model.open[month] {
            self.books.close(self.world, month).await;
            self.model.open[month] = false;
        } else if self.model.open[month + 1..].iter().all(|open| *open) {
            let because = json!({"reason": "a late invoice"});
            self.finance.act("fiscal_period", period, "request_reopen", because).await.unwrap();
            self.world.client(Who::Director).act("fiscal_period", period, "reopen", json!({})).await.unwrap();
            self.model.open[month] = true;
        }
    }

    async fn transfer(&mut self) {
        let (program, from, to) = (self.below(2), self.below(MONTHS), self.below(MONTHS));
        let most = self.model.sums.approved[&(program, from)];
        let units = (i64::try_from(self.below(50)).unwrap() + 1) * 10_000;
        if from == to || !self.model.open[from] || !self.model.open[to] || units > most {
            return;
        }
        let place = |month: usize| json!({"fiscal_period_id": self.books.periods[month]});
        let asked = json!({
            "program_id": self.programs[program], "legal_entity_id": self.books.entity, "transfer_type": "transfer",
            "amount": {"amount": decimal(units), "currency": "EUR"}, "from_place": place(from), "to_place": place(to),
            "reason": "the tender came later",
        });
        let asked = self.world.client(Who::Director).create("budget_transfer", asked).await.unwrap();
        self.finance.if_match("*").act("budget_transfer", asked.id(), "approve", json!({})).await.unwrap();
        *self.model.sums.approved.get_mut(&(program, from)).unwrap() -= units;
        *self.model.sums.approved.get_mut(&(program, to)).unwrap() += units;
    }

    /// A new version of a budget: closed months keep what they have.
    async fn budget(&mut self, program: usize) {
        let mut lines = Vec::new();
        for month in 0..MONTHS {
            let was = self.model.sums.approved.get(&(program, month)).copied();
            let units = match was {
                Some(was) if !self.model.open[month] => was,
                _ => (i64::try_from(self.below(900)).unwrap() + 100) * 10_000,
            };
            self.model.sums.approved.insert((program, month), units);
            lines.push(json!({"fiscal_period_id": self.books.periods[month], "amount": decimal(units)}));
        }
        let budget = json!({
            "program_id": self.programs[program], "legal_entity_id": self.books.entity, "fiscal_year": 2026,
            "title": "Budget", "currency": "EUR", "lines": lines,
        });
        let director = self.world.client(Who::Director);
        let budget = director.create("budget", budget).await.unwrap().id().to_owned();
        director.if_match("*").act("budget", &budget, "submit", json!({})).await.unwrap();
        self.finance.if_match("*").act("budget", &budget, "approve", json!({})).await.unwrap();
    }

    /// A step of an order: a new one is committed; of an old one a part is received or invoiced.
    async fn order(&mut self) {
        let units = (i64::try_from(self.below(200)).unwrap() + 1) * 10_000;
        let amount = |units: i64| json!({"amount": decimal(units)});
        let old = self.below(3) > 0 && !self.model.orders.is_empty();
        let place = if old {
            self.below(self.model.orders.len())
        } else {
            let (program, month) = (self.below(2), self.below(MONTHS));
            if !self.model.open[month] {
                return;
            }
            let order = json!({
                "program_id": self.programs[program], "legal_entity_id": self.books.entity,
                "fiscal_period_id": self.books.periods[month], "purchase_order_reference": id("PO"), "title": "Steel",
                "requested": {"amount": decimal(units), "currency": "EUR"},
            });
            let id = self.world.client(Who::Director).create("commitment", order).await.unwrap().id().to_owned();
            self.model.orders.push(Order { id, program, month, steps: [0; 3] });
            self.model.orders.len() - 1
        };
        let step = if old { 1 + self.below(2) } else { 0 };
        let Order { id, program, month, steps: before } = &self.model.orders[place];
        let (id, program, month, before) = (id.clone(), *program, *month, *before);
        let units = if old { units.min(before[0] - before[step]) } else { units };
        if units == 0 {
            return;
        }
        let mut content = amount(units);
        if step == 2 {
            content["document_reference"] = json!(crate::all::ledger::actuals_batch::id("R"));
        }
        self.finance.act("commitment", &id, ["commit", "receive", "invoice"][step], content).await.unwrap();
        let mut after = before;
        after[step] += units;
        self.model.orders[place].steps = after;
        let bound = |[committed, received, invoiced]: [i64; 3]| committed - received.max(invoiced);
        let accrued = |[_, received, invoiced]: [i64; 3]| (received - invoiced).max(0);
        let at = (program, self.model.lands(month));
        *self.model.sums.committed.entry(at).or_default() += bound(after) - bound(before);
        *self.model.sums.accrued.entry(at).or_default() += accrued(after) - accrued(before);
    }

    /// Compares the financials of both programs, by month and by spend type, with the sums of the model.
    async fn compare(&self, caller: &Client, sums: &Sums, when: &str) {
        for (program, id) in self.programs.iter().enumerate() {
            let mut wanted: BTreeMap<(String, String), [i64; 4]> = BTreeMap::new();
            let mut by_spend: BTreeMap<(String, String), i64> = BTreeMap::new();
            for (place, units) in sums.costs.iter().filter(|(place, _)| place.program == Some(program)) {
                let key = (self.books.periods[place.month].clone(), place.currency.to_owned());
                wanted.entry(key).or_default()[3] += units;
                *by_spend.entry((place.spend.to_owned(), place.currency.to_owned())).or_default() += units;
            }
            for (i, of) in [&sums.approved, &sums.committed, &sums.accrued].into_iter().enumerate() {
                for ((_, month), units) in of.iter().filter(|((of, _), _)| *of == program) {
                    wanted.entry((self.books.periods[*month].clone(), "EUR".to_owned())).or_default()[i] += units;
                }
            }
            let found = caller.financials("program", id, json!({"group_by": "fiscal_period"})).await.unwrap();
            let mut told: BTreeMap<(String, String), [i64; 4]> = BTreeMap::new();
            for (key, total) in groups(&found.json) {
                let amounts = ["approved", "committed", "accrued", "actual"].map(|name| units(&total[name]));
                told.insert((key, total["currency"].as_str().unwrap().to_owned()), amounts);
            }
            wanted.retain(|_, amounts| *amounts != [0; 4]);
            told.retain(|_, amounts| *amounts != [0; 4]);
            assert_eq!(told, wanted, "program {program} by month, {when}");
            let found = caller.financials("program", id, json!({"group_by": "spend"})).await.unwrap();
            let mut told: BTreeMap<(String, String), i64> = groups(&found.json)
                .map(|(key, total)| ((key, total["currency"].as_str().unwrap().to_owned()), units(&total["actual"])))
                .collect();
            by_spend.retain(|_, units| *units != 0);
            told.retain(|_, units| *units != 0);
            assert_eq!(told, by_spend, "program {program} by spend type, {when}");
        }
    }
}

/// The groups of an answer, each with its sums in one currency.
fn groups(found: &Value) -> impl Iterator<Item = (String, &Value)> {
    found["groups"].as_array().unwrap().iter().flat_map(|group| {
        let key = group["key"].as_str().unwrap_or_default().to_owned();
        group["totals"].as_array().unwrap().iter().map(move |total| (key.clone(), total))
    })
}

async fn history(world: World, seed: u64) {
    let books = Books::open(&world, "next_open", i32::try_from(MONTHS).unwrap()).await;
    let (finance, admin) = (world.client(Who::Finance), world.client(Who::Admin));
    let limit = json!({"role": "finance", "act": "budget_transfer", "limit": {"amount": "1000000", "currency": "EUR"}});
    admin.create("authority_limit", limit).await.unwrap();
    let programs = [world.program.clone(), world.other_program.clone()];
    let model = Model {
        open: [true; MONTHS],
        sums: Sums::default(),
        costs: Vec::new(),
        orders: Vec::new(),
        rules: [None; CODES],
    };
    let codes = (0..CODES).map(|_| id("K")).collect();
    let mut stage = Stage { world: &world, books, finance, programs, codes, model, random: Random::new(seed) };
    for program in 0..2 {
        stage.budget(program).await;
    }
    let mut then = Vec::new();
    for step in 0..STEPS {
        match stage.below(16) {
            0 | 1 => stage.close_or_reopen().await,
            2 | 3 => stage.rule_or_move().await,
            4 => stage.transfer().await,
            5 if step % 3 == 0 => {
                let program = stage.below(2);
                stage.budget(program).await;
            }
            5..=8 => stage.order().await,
            9..=12 if !stage.model.costs.is_empty() => stage.correct().await,
            _ => stage.post_new().await,
        }
        if step % 6 == 5 {
            then.push((step, Clock::system().now().to_string(), stage.model.sums.clone()));
        }
        if step % 40 == 39 {
            stage.compare(&stage.finance, &stage.model.sums, &format!("seed {seed}, step {step}")).await;
        }
    }
    for (step, at, sums) in then {
        stage.compare(&stage.finance.as_of(&at), &sums, &format!("seed {seed}, as of step {step}")).await;
    }
    let (cost, suspense, clearing) = totals(&stage.finance, &stage.books).await;
    let of = |in_suspense: bool| -> i64 {
        stage.model.sums.costs.iter().filter(|(place, _)| place.program.is_none() == in_suspense).map(|(_, u)| u).sum()
    };
    assert_eq!((cost, suspense), (of(false), of(true)), "seed {seed}");
    assert_eq!(cost + suspense + clearing, 0, "the trial balance of seed {seed}");
    world.verify().await;
}

#[test]
fn a_random_history_equals_its_recomputation_on_sqlite() {
    run(Door::Rest, Engine::Sqlite, async |world| history(world, 1).await);
}

#[test]
fn a_random_history_equals_its_recomputation_on_postgres() {
    run(Door::Grpc, Engine::Postgres, async |world| history(world, 2).await);
}

//! Forecasts: what a program will have cost in the end, its variance, and what is to be accrued until then.

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Engine, Refused, Setup, Who, World, run, scenario};

use crate::all::kernel::bodies::{body, fresh, line};
use crate::all::kernel::wire::sql;

/// A company with the first three periods of 2026.
struct Books {
    entity: String,
    periods: Vec<String>,
}

impl Books {
    async fn open(world: &World) -> Self {
        let finance = world.client(Who::Finance);
        let entity = finance.create("legal_entity", body(world, "legal_entity")).await.unwrap().id().to_owned();
        let mut periods = Vec::new();
        for number in 1..=3 {
            let period = json!({"legal_entity_id": entity, "fiscal_year": 2026, "number": number});
            periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
        }
        Self { entity, periods }
    }

    fn line(&self, period: usize, amount: &str) -> Value {
        json!({"fiscal_period_id": self.periods[period], "amount": amount})
    }

    /// A forecast that begins with this period.
    fn body(&self, world: &World, first: usize, lines: &[Value]) -> Value {
        json!({
            "program_id": world.program, "legal_entity_id": self.entity, "title": "Forecast", "currency": "EUR",
            "first_fiscal_period_id": self.periods[first], "lines": lines,
        })
    }

    async fn draft(&self, world: &World, first: usize, lines: &[Value]) -> String {
        let body = self.body(world, first, lines);
        world.client(Who::ProgramManager).create("forecast", body).await.unwrap().id().to_owned()
    }

    async fn forecast(&self, world: &World, first: usize, lines: &[Value]) -> String {
        let id = self.draft(world, first, lines).await;
        submit(world, &id).await.unwrap();
        id
    }

    async fn approve(&self, world: &World, lines: &[Value]) {
        let budget = json!({
            "program_id": world.program, "legal_entity_id": self.entity, "fiscal_year": 2026, "title": "Budget",
            "currency": "EUR", "lines": lines,
        });
        let budget = world.client(Who::ProgramManager).create("budget", budget).await.unwrap().id().to_owned();
        world.client(Who::ProgramManager).if_match("*").act("budget", &budget, "submit", json!({})).await.unwrap();
        world.client(Who::Finance).if_match("*").act("budget", &budget, "approve", json!({})).await.unwrap();
    }

    async fn spend(&self, world: &World, amount: &str, day: &str) {
        let n = fresh();
        let mut line = line(&format!("forecast-{n}"), amount, day);
        line["program_id"] = json!(world.program);
        let batch = json!({
            "source": World::SOURCE, "batch_ref": format!("forecast-{n}"), "legal_entity_id": self.entity,
            "control": {"count": 1, "totals": [{"amount": amount, "currency": "EUR"}]}, "lines": [line],
        });
        world.client(Who::Finance).post_actuals(batch).await.unwrap();
    }

    /// A commitment of the period, all of it ordered.
    async fn order(&self, world: &World, program: &str, period: usize, amount: &str) -> String {
        let finance = world.client(Who::Finance);
        let order = json!({
            "program_id": program, "legal_entity_id": self.entity, "fiscal_period_id": self.periods[period],
            "purchase_order_reference": format!("PO {}", fresh()), "purchase_order_line": "10", "title": "Steel",
            "requested": {"amount": amount, "currency": "EUR"},
        });
        let id = finance.create("commitment", order).await.unwrap().id().to_owned();
        finance.act("commitment", &id, "commit", json!({"amount": amount})).await.unwrap();
        id
    }

    async fn close(&self, world: &World, period: usize) {
        for verb in ["start_closing", "close"] {
            world.client(Who::Finance).act("fiscal_period", &self.periods[period], verb, json!({})).await.unwrap();
        }
    }
}

async fn submit(world: &World, id: &str) -> Result<Value, Refused> {
    let done = world.client(Who::ProgramManager).act("forecast", id, "submit", json!({})).await;
    done.map(|done| done.json)
}

fn faults(refused: &Refused) -> Vec<(&str, &str)> {
    refused.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect()
}

/// Forecast and variance of the program, in whole euros.
async fn euros(world: &World, args: Value) -> [String; 2] {
    let found = world.client(Who::Finance).financials("program", &world.program, args).await.unwrap();
    told(&found["totals"][0])
}

fn told(total: &Value) -> [String; 2] {
    ["forecast", "variance"].map(|name| total[name].as_str().unwrap_or("none").trim_end_matches(".0000").to_owned())
}

scenario!(a_forecast_is_what_was_spent_and_what_is_to_come(world) {
    let (books, finance) = (Books::open(&world).await, world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100"), books.line(1, "100"), books.line(2, "100")]).await;
    books.spend(&world, "90", "2026-01-15").await;
    let order = books.order(&world, &world.program, 0, "50").await;
    finance.act("commitment", &order, "receive", json!({"amount": "20"})).await.unwrap();
    assert_eq!(euros(&world, json!({})).await, ["none", "none"]);
    let before = finance.financials("program", &world.program, json!({})).await.unwrap();
    assert_eq!(before["programs_without_forecast"], 1);

    let first = books.draft(&world, 1, &[books.line(1, "120"), books.line(2, "80")]).await;
    let draft = finance.get("forecast", &first).await.unwrap();
    assert_eq!((&draft["version"], &draft["total"], &draft["state"]), (&json!(1), &json!("200.0000"), &json!("draft")));
    let done = submit(&world, &first).await.unwrap();
    assert_eq!((&done["state"], &done["entry_count"]), (&json!("submitted"), &json!(3)));
    assert_eq!(done["submitted_by"], world.id(Who::ProgramManager));
    assert_eq!(euros(&world, json!({})).await, ["310", "-10"], "90 spent, 20 accrued, 200 to come");
    let entries = finance.list_all("ledger_entry", json!({"filter": format!("forecast_id = \"{first}\"")})).await.unwrap();
    let sides: Vec<_> = entries.iter().map(|entry| {
        ["entry_type", "debit_account", "credit_account"].map(|name| entry[name].as_str().unwrap())
    }).collect();
    assert_eq!(sides, [["forecast", "forecast", "outlook"]; 3]);
    let at = entries.last().unwrap()["created_at"].clone();

    // A month later: what was spent is known, the rest is estimated anew. The closed month takes what it cost in the end.
    books.spend(&world, "15", "2026-01-20").await;
    books.spend(&world, "130", "2026-02-15").await;
    books.close(&world, 0).await;
    let closed = finance.get("fiscal_period", &books.periods[0]).await.unwrap();
    let second = books.forecast(&world, 2, &[books.line(2, "60")]).await;
    let found = finance.get("forecast", &second).await.unwrap();
    assert_eq!((&found["version"], &found["supersedes_id"], &found["entry_count"]), (&json!(2), &json!(first), &json!(3)));
    assert_eq!(finance.get("forecast", &first).await.unwrap()["state"], "superseded");
    assert_eq!(euros(&world, json!({})).await, ["315", "-15"], "105 and 130 spent, 20 accrued, 60 to come");
    assert_eq!(euros(&world, json!({"as_of": at})).await, ["310", "-10"], "as it was forecast then");
    let by_period = finance.financials("program", &world.program, json!({"group_by": "fiscal_period"})).await.unwrap();
    let groups: Vec<_> = by_period["groups"].as_array().unwrap().iter().map(|g| told(&g["totals"][0])).collect();
    assert_eq!(groups, [["125", "-25"], ["130", "-30"], ["60", "40"]]);
    let still = finance.get("fiscal_period", &books.periods[0]).await.unwrap();
    assert_eq!(still.json, closed.json, "a forecast is no account of its books");
    assert!(closed["closing_totals"].as_array().unwrap().iter().all(|total| total["account"] != "forecast"));
    world.verify().await;
});

scenario!(programs_without_a_forecast_are_counted(world) {
    let (books, finance) = (Books::open(&world).await, world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100")]).await;
    let mut other = books.body(&world, 0, &[books.line(0, "7")]);
    other["program_id"] = json!(world.other_program);
    let portfolio = async |who: Who| {
        let args = json!({"group_by": "program"});
        world.client(who).financials("portfolio", &world.portfolio, args).await.unwrap().json
    };
    assert_eq!(portfolio(Who::Finance).await["programs_without_forecast"], 2);
    let director = world.client(Who::Director);
    let draft = director.create("forecast", other).await.unwrap().id().to_owned();
    assert_eq!(portfolio(Who::Finance).await["programs_without_forecast"], 2, "a draft is none");
    director.act("forecast", &draft, "submit", json!({})).await.unwrap();
    let found = portfolio(Who::Finance).await;
    assert_eq!((&found["programs_without_forecast"], told(&found["totals"][0])), (&json!(1), ["7", "93"].map(str::to_owned)));
    let mut groups: Vec<_> = found["groups"].as_array().unwrap().iter().map(|g| told(&g["totals"][0])).collect();
    groups.sort();
    assert_eq!(groups, [["7", "-7"], ["none", "none"]]);
    let sight = portfolio(Who::ProgramManager).await;
    assert_eq!((&sight["programs_without_forecast"], &sight["hidden_count"]), (&json!(1), &json!(1)), "of those in sight");
    assert_eq!(finance.financials("program", &world.program, json!({})).await.unwrap()["totals"][0]["forecast"], Value::Null);
});

scenario!(what_is_submitted_stays(world) {
    let (books, manager) = (Books::open(&world).await, world.client(Who::ProgramManager));
    let id = books.draft(&world, 0, &[books.line(0, "10")]).await;
    manager.update("forecast", &id, json!({"lines": [books.line(1, "20")], "title": "Better"})).await.unwrap();
    submit(&world, &id).await.unwrap();
    for (name, value) in [("lines", json!([])), ("title", json!("Worse")), ("first_fiscal_period_id", json!(books.periods[1]))] {
        let refused = manager.update("forecast", &id, json!({name: value})).await.unwrap_err();
        assert_eq!(faults(&refused), [(format!("/{name}").as_str(), "FROZEN")]);
    }
    assert_eq!(submit(&world, &id).await.unwrap_err().code, "WRONG_STATE");
    assert_eq!(manager.delete("forecast", &id).await.unwrap_err().code, "WRONG_STATE");
    for who in [Who::Finance, Who::Executive, Who::Auditor] {
        let caller = world.client(who);
        assert_eq!(caller.get("forecast", &id).await.unwrap()["title"], "Better", "{who:?}");
        let refused = caller.create("forecast", books.body(&world, 0, &[])).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
        assert_eq!(caller.act("forecast", &id, "submit", json!({})).await.unwrap_err().code, "PERMISSION_DENIED", "{who:?}");
    }
    assert_eq!(world.client(Who::Vendor).get("forecast", &id).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(world.client(Who::Stranger).get("forecast", &id).await.unwrap_err().code, "NOT_FOUND");
    let mut beyond = books.body(&world, 0, &[]);
    beyond["program_id"] = json!(world.other_program);
    assert_eq!(faults(&manager.create("forecast", beyond).await.unwrap_err()), [("/program_id", "NOT_FOUND")]);
});

scenario!(every_line_of_a_forecast_is_checked_at_once(world) {
    let (books, other, manager) = (Books::open(&world).await, Books::open(&world).await, world.client(Who::ProgramManager));
    let project = json!({"program_id": world.other_program, "code": format!("p-{}", fresh()), "name": "P"});
    let project = world.client(Who::Director).create("project", project).await.unwrap().id().to_owned();
    let mut lines = [books.line(0, "1"), other.line(1, "1"), books.line(1, "1")];
    lines[2]["project_id"] = json!(project);
    let mut bad = books.body(&world, 1, &lines);
    let expected = [
        ("/lines/1/fiscal_period_id", "NOT_FOUND"), ("/lines/0/fiscal_period_id", "OUT_OF_RANGE"),
        ("/lines/2/project_id", "NOT_FOUND"),
    ];
    assert_eq!(faults(&manager.create("forecast", bad.clone()).await.unwrap_err()), expected);
    bad["first_fiscal_period_id"] = json!(other.periods[0]);
    bad["lines"] = json!([]);
    assert_eq!(faults(&manager.create("forecast", bad).await.unwrap_err()), [("/first_fiscal_period_id", "NOT_FOUND")]);
    let twice = books.body(&world, 0, &[books.line(0, "1"), books.line(0, "2")]);
    assert_eq!(faults(&manager.create("forecast", twice).await.unwrap_err()), [("/lines/1", "DUPLICATE")]);
    let closed = books.draft(&world, 0, &[books.line(0, "1"), books.line(1, "1")]).await;
    books.close(&world, 0).await;
    let refused = submit(&world, &closed).await.unwrap_err();
    let expected = [("/first_fiscal_period_id", "PERIOD_CLOSED"), ("/lines/0/fiscal_period_id", "PERIOD_CLOSED")];
    assert_eq!(faults(&refused), expected);
    assert_eq!(manager.get("forecast", &closed).await.unwrap()["state"], "draft");
});

// Versions that are submitted at once: one is in force, and the account holds it.
scenario!(submissions_at_once_take_turns(world) {
    let books = Books::open(&world).await;
    books.spend(&world, "5", "2026-01-15").await;
    let mut versions = Vec::new();
    for amount in ["10", "20", "30", "40"] {
        versions.push(books.draft(&world, 1, &[books.line(1, amount)]).await);
    }
    let submits = versions.iter().map(|id| submit(&world, id));
    for done in futures::future::join_all(submits).await {
        done.unwrap();
    }
    let finance = world.client(Who::Finance);
    let mut in_force = Vec::new();
    for id in &versions {
        let forecast = finance.get("forecast", id).await.unwrap();
        if forecast["state"] == "submitted" {
            in_force.push(forecast["total"].as_str().unwrap().trim_end_matches(".0000").parse::<i64>().unwrap());
        }
    }
    assert_eq!(in_force.len(), 1);
    assert_eq!(euros(&world, json!({})).await[0], (in_force[0] + 5).to_string());
    world.verify().await;
});

scenario!(an_amount_is_spread_over_periods_and_sums(world) {
    let (books, manager) = (Books::open(&world).await, world.client(Who::ProgramManager));
    let spread = |amount: &str, how: &str| {
        json!({"fiscal_period_id": books.periods[0], "last_fiscal_period_id": books.periods[2], "amount": amount, "spread": how})
    };
    let parts = |made: &Value| {
        assert!(made["lines"].as_array().unwrap().iter().all(|line| line.get("spread").is_none_or(Value::is_null)));
        made["lines"].as_array().unwrap().iter()
            .map(|line| line["amount"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (currency, how, amount, expected) in [
        ("EUR", "evenly", "100", ["33.3400", "33.3300", "33.3300"]),
        ("JPY", "evenly", "100", ["34.0000", "33.0000", "33.0000"]),
        ("BHD", "evenly", "100", ["33.3340", "33.3330", "33.3330"]),
        ("EUR", "by_days", "90", ["31.0000", "28.0000", "31.0000"]),
        ("JPY", "by_days", "-100", ["-35.0000", "-31.0000", "-34.0000"]),
    ] {
        let mut body = books.body(&world, 0, &[spread(amount, how)]);
        body["currency"] = json!(currency);
        let made = manager.create("forecast", body.clone()).await.unwrap();
        assert_eq!(parts(&made.json), expected, "{currency} {how}");
        let again = manager.update("forecast", made.id(), json!({"lines": body["lines"]})).await.unwrap();
        assert_eq!((again.did(), &again.json), ("unchanged", &made.json));
    }
    let mut budget = json!({
        "program_id": world.program, "legal_entity_id": books.entity, "fiscal_year": 2026, "title": "Budget",
        "currency": "EUR", "lines": [spread("0.05", "by_days"), {"fiscal_period_id": books.periods[1], "amount": "1", "spend": "opex"}],
    });
    let made = manager.create("budget", budget.clone()).await.unwrap();
    assert_eq!(parts(&made.json), ["0.0200", "0.0100", "0.0200", "1.0000"]);
    assert_eq!(made["total"], "1.0500");

    budget["lines"] = json!([{"fiscal_period_id": books.periods[0], "amount": "1", "spend": "opex"}, spread("9", "evenly"), books.line(2, "1")]);
    let refused = manager.create("budget", budget.clone()).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/2", "DUPLICATE")], "where it was given");
    let mut backwards = spread("9", "evenly");
    backwards["fiscal_period_id"] = json!(books.periods[2]);
    backwards["last_fiscal_period_id"] = json!(books.periods[0]);
    let mut endless = books.line(0, "1");
    endless["spread"] = json!("evenly");
    endless["spend"] = json!("opex");
    budget["lines"] = json!([backwards, endless]);
    let refused = manager.create("budget", budget.clone()).await.unwrap_err();
    let expected = [("/lines/0/last_fiscal_period_id", "OUT_OF_ORDER"), ("/lines/1/last_fiscal_period_id", "REQUIRED")];
    assert_eq!(faults(&refused), expected);
    let other = Books::open(&world).await;
    let mut foreign = spread("9", "evenly");
    foreign["last_fiscal_period_id"] = json!(other.periods[2]);
    budget["lines"] = json!([foreign]);
    let refused = manager.create("budget", budget.clone()).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/0/last_fiscal_period_id", "NOT_FOUND")]);
    // A period that does not exist yet is not skipped.
    let may = json!({"legal_entity_id": books.entity, "fiscal_year": 2026, "number": 5});
    let may = world.client(Who::Finance).create("fiscal_period", may).await.unwrap().id().to_owned();
    let mut gap = spread("9", "evenly");
    gap["last_fiscal_period_id"] = json!(may);
    budget["lines"] = json!([gap]);
    let refused = manager.create("budget", budget).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/0/last_fiscal_period_id", "DOES_NOT_FIT")]);
});

/// Whether it agrees, proposed and balance in euros, and the accruals.
async fn proposal(caller: &Client, period: &str) -> (bool, [String; 2], Vec<(String, String)>, i64) {
    let found = caller.accrual_proposal(period).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("none").trim_end_matches(".0000").to_owned();
    let totals = ["proposed", "balance"].map(|name| text(&found["totals"][0][name]));
    let accruals = found["accruals"].as_array().unwrap().iter();
    let accruals = accruals.map(|row| (text(&row["commitment_id"]), text(&row["amount"]["amount"]))).collect();
    (found["agrees"] == true, totals, accruals, found["hidden_count"].as_i64().unwrap())
}

scenario!(what_is_received_and_not_invoiced_is_proposed(world) {
    let (books, finance) = (Books::open(&world).await, world.client(Who::Finance));
    let own = |texts: [&str; 2]| texts.map(str::to_owned);
    assert_eq!(proposal(&finance, &books.periods[0]).await, (true, own(["none", "none"]), vec![], 0));
    let mine = books.order(&world, &world.program, 0, "100").await;
    let other = books.order(&world, &world.other_program, 0, "100").await;
    let later = books.order(&world, &world.program, 1, "100").await;
    for (id, amount) in [(&mine, "60"), (&other, "30"), (&later, "7")] {
        finance.act("commitment", id, "receive", json!({"amount": amount})).await.unwrap();
    }
    let invoice = json!({"amount": "20", "document_reference": "R 1"});
    finance.act("commitment", &mine, "invoice", invoice.clone()).await.unwrap();
    let row = |id: &str, amount: &str| (id.to_owned(), amount.to_owned());
    let january = vec![row(&mine, "40"), row(&other, "30")];
    assert_eq!(proposal(&finance, &books.periods[0]).await, (true, own(["70", "70"]), january.clone(), 0));
    let found = finance.accrual_proposal(&books.periods[0]).await.unwrap();
    let first = &found["accruals"][0];
    assert_eq!((&first["purchase_order_line"], &first["amount"]["currency"]), (&json!("10"), &json!("EUR")));
    assert_eq!(first["last_received_on"].as_str().unwrap().len(), "2026-01-01".len());
    assert_eq!(found["accrual_count"], 2);

    // Invoiced in February: January still had it.
    books.close(&world, 0).await;
    finance.act("commitment", &other, "invoice", json!({"amount": "30", "document_reference": "R 2"})).await.unwrap();
    assert_eq!(proposal(&finance, &books.periods[0]).await, (true, own(["70", "70"]), january, 0));
    let february = vec![row(&mine, "40"), row(&later, "7")];
    assert_eq!(proposal(&finance, &books.periods[1]).await, (true, own(["47", "47"]), february.clone(), 0));

    let manager = world.client(Who::ProgramManager);
    assert_eq!(proposal(&manager, &books.periods[0]).await, (true, own(["40", "40"]), vec![row(&mine, "40")], 1));
    assert_eq!(proposal(&world.client(Who::Auditor), &books.periods[1]).await.2, february);
    for who in [Who::Executive, Who::Integration, Who::Vendor, Who::Admin] {
        let refused = world.client(who).accrual_proposal(&books.periods[0]).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    assert_eq!(world.client(Who::Stranger).accrual_proposal(&books.periods[0]).await.unwrap_err().code, "NOT_FOUND");
});

#[test]
fn tampering_with_forecasts_and_accruals_shows() {
    run(Door::Rest, Engine::Sqlite, async |shared| {
        drop(shared);
        let world = World::alone(Door::Rest, Engine::Sqlite, Setup::default()).await.unwrap();
        let (books, finance) = (Books::open(&world).await, world.client(Who::Finance));
        let order = books.order(&world, &world.program, 0, "100").await;
        finance.act("commitment", &order, "receive", json!({"amount": "60"})).await.unwrap();
        let id = books.forecast(&world, 1, &[books.line(1, "10")]).await;
        world.verify().await;
        assert!(proposal(&finance, &books.periods[0]).await.0);
        sql(&world.server, "UPDATE commitment SET received = received + 10000").await.unwrap();
        assert!(!proposal(&finance, &books.periods[0]).await.0, "the ledger says less");
        sql(&world.server, "UPDATE commitment SET received = received - 10000").await.unwrap();
        for act in ["UPDATE", "DELETE", "INSERT"] {
            sql(&world.server, &format!("DROP TRIGGER ledger_entry_guard_{act}")).await.unwrap();
        }
        for (tamper, mend) in [("description = 'x'", "description = NULL"), ("spend = 'opex'", "spend = NULL")] {
            let change =
                |set: &str| format!("UPDATE ledger_entry SET {set} WHERE entry_type = 'forecast' AND line = 1");
            sql(&world.server, &change(tamper)).await.unwrap();
            let found = world.faults().await;
            assert!(found.iter().any(|fault| fault.contains(&id)), "{tamper}: {found:?}");
            sql(&world.server, &change(mend)).await.unwrap();
            world.verify().await;
        }
    });
}

//! Budgets: versions that others approve, money that moves within them, and what it all comes to.

use serde_json::{Value, json};
use steerco_tests::{Client, Door, Who, World, scenario};

use crate::all::kernel::bodies::{body, fresh, line};

/// A company with the first three periods of 2026, and what is needed to budget there.
pub(crate) struct Books {
    pub(crate) entity: String,
    pub(crate) periods: Vec<String>,
    labour: String,
}

impl Books {
    pub(crate) async fn open(world: &World) -> Self {
        let finance = world.client(Who::Finance);
        let entity = finance.create("legal_entity", body(world, "legal_entity")).await.unwrap().id().to_owned();
        let mut periods = Vec::new();
        for number in 1..=3 {
            let period = json!({"legal_entity_id": entity, "fiscal_year": 2026, "number": number});
            periods.push(finance.create("fiscal_period", period).await.unwrap().id().to_owned());
        }
        let labour = finance.create("cost_category", body(world, "cost_category")).await.unwrap().id().to_owned();
        Self { entity, periods, labour }
    }

    pub(crate) fn line(&self, period: usize, amount: &str) -> Value {
        json!({"fiscal_period_id": self.periods[period], "cost_category_id": self.labour, "amount": amount})
    }

    pub(crate) fn reserve(&self, period: usize, amount: &str) -> Value {
        json!({"fiscal_period_id": self.periods[period], "reserve": "contingency", "amount": amount})
    }

    async fn draft(&self, world: &World, lines: &[Value]) -> String {
        let body = json!({
            "program_id": world.program, "legal_entity_id": self.entity, "fiscal_year": 2026, "title": "Budget",
            "currency": "EUR", "lines": lines,
        });
        world.client(Who::ProgramManager).create("budget", body).await.unwrap().id().to_owned()
    }

    /// Makes a version the budget in force.
    pub(crate) async fn approve(&self, world: &World, lines: &[Value]) -> String {
        let id = self.draft(world, lines).await;
        act(&world.client(Who::ProgramManager), &id, "submit").await;
        act(&world.client(Who::Finance), &id, "approve").await;
        id
    }

    /// A transfer of euros from labour of one period to labour of another.
    pub(crate) fn transfer(&self, world: &World, from: usize, to: usize, amount: &str) -> Value {
        let place = |period: usize| json!({"fiscal_period_id": self.periods[period], "cost_category_id": self.labour});
        json!({
            "program_id": world.program, "legal_entity_id": self.entity, "transfer_type": "transfer",
            "amount": {"amount": amount, "currency": "EUR"}, "from_place": place(from), "to_place": place(to),
            "reason": "the tender came later",
        })
    }

    async fn spend(&self, world: &World, amount: &str, day: &str) {
        let n = fresh();
        let mut line = line(&format!("spent-{n}"), amount, day);
        line["program_id"] = json!(world.program);
        line["cost_category_id"] = json!(self.labour);
        let batch = json!({
            "source": World::SOURCE, "batch_ref": format!("spent-{n}"), "legal_entity_id": self.entity,
            "control": {"count": 1, "totals": [{"amount": amount, "currency": "EUR"}]}, "lines": [line],
        });
        world.client(Who::Finance).post_actuals(batch).await.unwrap();
    }

    pub(crate) async fn close(&self, world: &World, period: usize) {
        for verb in ["start_closing", "close"] {
            world.client(Who::Finance).act("fiscal_period", &self.periods[period], verb, json!({})).await.unwrap();
        }
    }
}

async fn act(caller: &Client, id: &str, verb: &str) -> Value {
    caller.if_match("*").act("budget", id, verb, json!({})).await.unwrap().json
}

/// Pointers and codes of the faults of a refusal.
pub(crate) fn faults(refused: &steerco_tests::Refused) -> Vec<(&str, &str)> {
    refused.faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect()
}

/// Approved, contingency, actual and available, in euros.
pub(crate) async fn euros(caller: &Client, kind: &str, id: &str, args: Value) -> [String; 4] {
    let found = caller.financials(kind, id, args).await.unwrap();
    let total = found["totals"].as_array().unwrap().iter().find(|total| total["currency"] == "EUR");
    ["approved", "contingency", "actual", "available"]
        .map(|name| total.map_or("none", |total| total[name].as_str().unwrap()).to_owned())
}

scenario!(a_version_is_approved_by_another_and_replaces_the_one_before(world) {
    let (books, manager, finance) = (Books::open(&world).await, world.client(Who::ProgramManager), world.client(Who::Finance));
    let first = books.draft(&world, &[books.line(0, "100.00"), books.line(1, "200.00"), books.reserve(1, "50.00")]).await;
    let draft = manager.get("budget", &first).await.unwrap();
    assert_eq!((&draft["version"], &draft["total"], &draft["state"]), (&json!(1), &json!("350.0000"), &json!("draft")));
    assert_eq!(finance.if_match("*").act("budget", &first, "approve", json!({})).await.unwrap_err().code, "WRONG_STATE");
    let submitted = act(&manager, &first, "submit").await;
    assert_eq!(submitted["submitted_by"], world.id(Who::ProgramManager));
    let refused = manager.if_match("*").update("budget", &first, json!({"lines": []})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines", "FROZEN")]);
    let read = manager.if_match("*");
    assert_eq!(read.act("budget", &first, "approve", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    // Who approves has read what is approved, and not what it was before.
    let change = json!({"title": "Later"});
    for blind in [
        finance.act("budget", &first, "approve", json!({})).await,
        finance.act("budget", &first, "reject", json!({"reason": "no"})).await,
        manager.act("budget", &first, "withdraw", json!({})).await,
        manager.update("budget", &first, change.clone()).await,
        manager.batch("budget", json!({"items": [{"update": {"id": first, "patch": change}}]})).await,
    ] {
        assert_eq!(blind.unwrap_err().code, "ETAG_REQUIRED");
    }
    assert_eq!(manager.act("budget", &first, "approve", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(world.client(Who::Stranger).act("budget", &first, "approve", json!({})).await.unwrap_err().code, "NOT_FOUND");
    let stale = finance.if_match("1").act("budget", &first, "approve", json!({})).await.unwrap_err();
    assert_eq!(stale.code, "ETAG_MISMATCH");
    let approved = act(&finance, &first, "approve").await;
    assert_eq!((&approved["state"], &approved["entry_count"]), (&json!("approved"), &json!(3)));
    assert_eq!(approved["decided_by"], world.id(Who::Finance));

    // The next version posts what differs: one line more, one less, one gone.
    let second = books.approve(&world, &[books.line(0, "100.00"), books.line(1, "150.00"), books.line(2, "25.00")]).await;
    let found = finance.get("budget", &second).await.unwrap();
    assert_eq!((&found["version"], &found["supersedes_id"], &found["entry_count"]), (&json!(2), &json!(first), &json!(3)));
    assert_eq!(finance.get("budget", &first).await.unwrap()["state"], "superseded");
    let entries = finance.list_all("ledger_entry", json!({"filter": format!("budget_id = \"{second}\"")})).await.unwrap();
    let told: Vec<_> = entries.iter()
        .map(|entry| ["debit_account", "credit_account"].map(|side| entry[side].as_str().unwrap()))
        .collect();
    assert_eq!(told, [["funding", "budget"], ["budget", "funding"], ["funding", "contingency"]]);
    assert_eq!(finance.delete("budget", &second).await.unwrap_err().code, "WRONG_STATE");
    assert_eq!(euros(&finance, "program", &world.program, json!({})).await, ["275.0000", "0.0000", "0.0000", "275.0000"]);
    let fresh = finance.create("budget", finance_body(&world, &books)).await.unwrap();
    assert_eq!(fresh["version"], 3);
    world.verify().await;
});

fn finance_body(world: &World, books: &Books) -> Value {
    json!({
        "program_id": world.program, "legal_entity_id": books.entity, "fiscal_year": 2026, "title": "Next",
        "currency": "EUR",
    })
}

scenario!(who_submits_a_budget_does_not_decide_on_it(world) {
    let (books, director) = (Books::open(&world).await, world.client(Who::Director));
    let id = books.draft(&world, &[books.line(0, "1.00")]).await;
    let empty = director.create("budget", finance_body(&world, &books)).await.unwrap().id().to_owned();
    let refused = director.if_match("*").act("budget", &empty, "submit", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines", "REQUIRED")]);
    act(&director, &id, "submit").await;
    for (verb, body) in [("approve", json!({})), ("reject", json!({"reason": "no"}))] {
        let refused = director.if_match("*").act("budget", &id, verb, body).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{verb}");
    }
    act(&director, &id, "withdraw").await;
    act(&director, &id, "submit").await;
    let rejected = world.client(Who::Finance).if_match("*").act("budget", &id, "reject", json!({"reason": "too early"})).await.unwrap();
    assert_eq!((&rejected["state"], &rejected["rejection_reason"]), (&json!("rejected"), &json!("too early")));
    assert_eq!(director.if_match("*").act("budget", &id, "submit", json!({})).await.unwrap_err().code, "WRONG_STATE");
    for who in [Who::Executive, Who::Integration, Who::Auditor, Who::Vendor, Who::Admin] {
        let refused = world.client(who).create("budget", finance_body(&world, &books)).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    let mut elsewhere = finance_body(&world, &books);
    elsewhere["program_id"] = json!(world.other_program);
    let refused = world.client(Who::ProgramManager).create("budget", elsewhere).await.unwrap_err();
    assert_eq!(faults(&refused), [("/program_id", "NOT_FOUND")], "beyond its reach");
});

scenario!(every_line_is_checked_at_once(world) {
    let (books, other, director) = (Books::open(&world).await, Books::open(&world).await, world.client(Who::Director));
    let project = json!({"program_id": world.other_program, "code": format!("p-{}", fresh()), "name": "P"});
    let project = director.create("project", project).await.unwrap().id().to_owned();
    let mut lines = vec![books.line(0, "1.00"), other.line(0, "1.00"), books.line(1, "1.00")];
    lines[2]["project_id"] = json!(project);
    let mut budget = finance_body(&world, &books);
    budget["lines"] = json!(lines);
    let expected =
        [("/lines/1/fiscal_period_id", "NOT_FOUND"), ("/lines/2/project_id", "NOT_FOUND")];
    assert_eq!(faults(&director.create("budget", budget.clone()).await.unwrap_err()), expected);
    budget["lines"] = json!([books.line(0, "1.00"), books.line(0, "2.00"), {"amount": "1,5", "reserve": "contingency"}]);
    let refused = director.create("budget", budget.clone()).await.unwrap_err();
    let codes = [("/lines/2/fiscal_period_id", "REQUIRED"), ("/lines/2/amount", "BAD_AMOUNT")];
    assert_eq!(faults(&refused), codes);
    budget["lines"] = json!([books.line(0, "1.00"), books.line(0, "2.00")]);
    assert_eq!(faults(&director.create("budget", budget.clone()).await.unwrap_err()), [("/lines/1", "DUPLICATE")]);
    budget["fiscal_year"] = json!(2027);
    budget["lines"] = json!([books.line(0, "1.00")]);
    let refused = director.create("budget", budget).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/0/fiscal_period_id", "OUT_OF_RANGE")], "of another year");
});

scenario!(what_is_closed_or_frozen_stays_as_approved(world) {
    let (books, manager) = (Books::open(&world).await, world.client(Who::ProgramManager));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "200.00")]).await;
    books.close(&world, 0).await;
    let changed = books.draft(&world, &[books.line(0, "90.00"), books.line(1, "210.00")]).await;
    let refused = manager.if_match("*").act("budget", &changed, "submit", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/0", "PERIOD_CLOSED")]);
    let left_out = books.draft(&world, &[books.line(1, "210.00")]).await;
    let refused = manager.if_match("*").act("budget", &left_out, "submit", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines", "PERIOD_CLOSED")], "what is left out is taken away");
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "210.00")]).await;
    let early = books.draft(&world, &[books.line(0, "100.00"), books.line(1, "1.00"), books.line(2, "5.00")]).await;
    manager.if_match("*").update("budget", &early, json!({"first_editable_period_id": books.periods[2]})).await.unwrap();
    let refused = manager.if_match("*").act("budget", &early, "submit", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines/1", "FROZEN")]);
});

scenario!(a_change_beyond_what_an_amount_holds_is_refused(world) {
    let (books, manager) = (Books::open(&world).await, world.client(Who::ProgramManager));
    books.approve(&world, &[books.line(0, "-900000000000000.00")]).await;
    let much = books.draft(&world, &[books.line(0, "900000000000000.00")]).await;
    let refused = manager.if_match("*").act("budget", &much, "submit", json!({})).await.unwrap_err();
    assert_eq!(faults(&refused), [("/lines", "OUT_OF_RANGE")]);
});

scenario!(a_new_version_counts_from_where_transfers_have_left_it(world) {
    let (books, director, finance) = (Books::open(&world).await, world.client(Who::Director), world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100.00")]).await;
    let mut across = books.transfer(&world, 0, 0, "40.00");
    across["to_program_id"] = json!(world.other_program);
    let across = director.create("budget_transfer", across).await.unwrap().id().to_owned();
    finance.if_match("*").act("budget_transfer", &across, "approve", json!({})).await.unwrap();
    assert_eq!(euros(&finance, "program", &world.other_program, json!({})).await[0], "40.0000");
    assert_eq!(euros(&finance, "program", &world.program, json!({})).await[0], "60.0000");
    books.approve(&world, &[books.line(0, "100.00")]).await;
    assert_eq!(euros(&finance, "program", &world.program, json!({})).await[0], "100.0000", "as it was approved");
    assert_eq!(euros(&finance, "portfolio", &world.portfolio, json!({})).await[0], "140.0000");
});

scenario!(financials_are_what_the_ledger_comes_to_then_and_now(world) {
    let (books, finance) = (Books::open(&world).await, world.client(Who::Finance));
    assert_eq!(finance.financials("program", &world.program, json!({})).await.unwrap()["totals"], json!([]));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "50.00")]).await;
    let then = finance.get("program", &world.program).await.unwrap();
    let events = finance.list_all("ledger_entry", json!({})).await.unwrap();
    let at = events.last().unwrap()["created_at"].clone();
    books.spend(&world, "30.00", "2026-01-15").await;
    books.spend(&world, "-5.00", "2026-02-15").await;
    assert_eq!(then["id"], world.program);
    let now = ["150.0000", "0.0000", "25.0000", "125.0000"];
    let before = ["150.0000", "0.0000", "0.0000", "150.0000"];
    for (kind, id) in [("program", &world.program), ("portfolio", &world.portfolio)] {
        assert_eq!(euros(&finance, kind, id, json!({})).await, now, "{kind}");
        assert_eq!(euros(&finance, kind, id, json!({"as_of": at})).await, before, "{kind}");
        assert_eq!(euros(&finance, kind, id, json!({"fiscal_year": 2027})).await[0], "none", "{kind}");
        let one = json!({"fiscal_period_id": books.periods[0], "group_by": "cost_category"});
        assert_eq!(euros(&finance, kind, id, one).await, ["100.0000", "0.0000", "30.0000", "70.0000"], "{kind}");
    }
    // Who sees one program is told that there are others; who may not read the ledger is told nothing.
    let manager = world.client(Who::ProgramManager);
    let sight = manager.financials("portfolio", &world.portfolio, json!({})).await.unwrap();
    assert_eq!((&sight["complete"], &sight["hidden_count"]), (&json!(false), &json!(1)));
    assert_eq!(finance.financials("portfolio", &world.portfolio, json!({})).await.unwrap()["complete"], true);
    let unseen = manager.financials("program", &world.other_program, json!({})).await.unwrap_err();
    assert_eq!(unseen.code, "NOT_FOUND");
    for who in [Who::Integration, Who::Vendor, Who::Admin] {
        let refused = world.client(who).financials("program", &world.program, json!({})).await.unwrap_err();
        assert_eq!(refused.code, "PERMISSION_DENIED", "{who:?}");
    }
    let stranger = world.client(Who::Stranger).financials("program", &world.program, json!({})).await.unwrap_err();
    assert_eq!(stranger.code, "NOT_FOUND");
    if world.door == Door::Rest {
        let refused = finance.financials("program", &world.program, json!({"group_by": "weather"})).await.unwrap_err();
        assert_eq!(faults(&refused), [("?group_by", "UNKNOWN_WORD")]);
    }
    let refused = finance.financials("program", &world.program, json!({"fiscal_year": 7})).await.unwrap_err();
    assert_eq!(faults(&refused), [("?fiscal_year", "OUT_OF_RANGE")]);
    assert_eq!(finance.delete("cost_category", &books.labour).await.unwrap_err().code, "HAS_CHILDREN");
    let director = world.client(Who::Director);
    assert_eq!(director.delete("program", &world.program).await.unwrap_err().code, "HAS_CHILDREN");
});

// Versions of one budget that are approved at once: one is in force, the others superseded, and the balances hold.
scenario!(approvals_at_once_take_turns(world) {
        let (books, manager) = (Books::open(&world).await, world.client(Who::ProgramManager));
        let mut versions = Vec::new();
        for amount in ["10.00", "20.00", "30.00", "40.00"] {
            let id = books.draft(&world, &[books.line(0, amount)]).await;
            act(&manager, &id, "submit").await;
            versions.push(id);
        }
        let approvals = versions.iter().map(|id| {
            let finance = world.client(Who::Finance);
            async move { finance.if_match("*").act("budget", id, "approve", json!({})).await.unwrap() }
        });
        futures::future::join_all(approvals).await;
        let finance = world.client(Who::Finance);
        let mut in_force = Vec::new();
        for id in &versions {
            let budget = finance.get("budget", id).await.unwrap();
            if budget["state"] == "approved" {
                in_force.push(budget["total"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(in_force.len(), 1);
        assert_eq!(euros(&finance, "program", &world.program, json!({})).await[0], in_force[0]);
        world.verify().await;
});

scenario!(a_bridge_tells_every_step_with_its_event(world) {
    let (books, manager, finance) = (Books::open(&world).await, world.client(Who::ProgramManager), world.client(Who::Finance));
    let first = books.approve(&world, &[books.line(0, "100.00"), books.reserve(0, "50.00")]).await;
    let mut draw = books.transfer(&world, 0, 0, "20.00");
    draw["transfer_type"] = json!("contingency_drawdown");
    draw["from_place"] = json!({"fiscal_period_id": books.periods[0]});
    draw["risk_id"] = json!(world.risk("Flood").await);
    let draw = manager.create("budget_transfer", draw).await.unwrap().id().to_owned();
    finance.if_match("*").act("budget_transfer", &draw, "approve", json!({})).await.unwrap();
    let mut away = books.transfer(&world, 0, 0, "30.00");
    away["to_program_id"] = json!(world.other_program);
    let away = world.client(Who::Director).create("budget_transfer", away).await.unwrap().id().to_owned();
    finance.if_match("*").act("budget_transfer", &away, "approve", json!({})).await.unwrap();
    let second = books.approve(&world, &[books.line(0, "120.00"), books.reserve(0, "30.00")]).await;
    let bridge = finance.budget_bridge(&second, json!({})).await.unwrap();
    assert_eq!((&bridge["from_id"], &bridge["to_id"]), (&json!(first), &json!(second)));
    let told: Vec<_> = bridge["spans"].as_array().unwrap().iter().map(|span| {
        let text = |name: &str| span[name].as_str().unwrap().to_owned();
        let steps = span["steps"].as_array().unwrap().iter();
        let steps: Vec<_> = steps.map(|step| {
            ["step_type", "amount", "approved_id"].map(|name| step[name].as_str().unwrap().to_owned())
        }).collect();
        ([text("account"), text("from_amount"), text("unexplained"), text("to_amount")], steps)
    }).collect();
    let own = |texts: [&str; 4]| texts.map(str::to_owned);
    let step = |texts: [&str; 3]| texts.map(str::to_owned);
    assert_eq!(told, [
        (own(["budget", "100.0000", "0.0000", "120.0000"]), vec![
            step(["drawdown", "20.0000", &draw]), step(["transfer", "-30.0000", &away]),
            step(["approved_change", "30.0000", &second]),
        ]),
        (own(["contingency", "50.0000", "0.0000", "30.0000"]), vec![step(["drawdown", "-20.0000", &draw])]),
    ]);
    let auditor = world.client(Who::Auditor);
    let events = auditor.events(json!({"kinds": ["budget", "budget_transfer"], "page_size": 100})).await.unwrap();
    let known: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
    let steps: Vec<_> = bridge["spans"].as_array().unwrap().iter()
        .flat_map(|span| span["steps"].as_array().unwrap().clone()).collect();
    assert!(steps.iter().all(|step| known.contains(&step["event_id"])), "{steps:?} in {known:?}");

    // What is not approved is explained by nothing yet.
    let third = books.draft(&world, &[books.line(0, "125.00"), books.reserve(0, "30.00")]).await;
    let open = finance.budget_bridge(&third, json!({"from_id": second})).await.unwrap();
    assert_eq!((&open["spans"][0]["steps"], &open["spans"][0]["unexplained"]), (&json!([]), &json!("5.0000")));
    let refused = async |id: &str, args: Value| finance.budget_bridge(id, args).await.unwrap_err();
    assert_eq!(faults(&refused(&third, json!({})).await), [("?from_id", "REQUIRED")]);
    assert_eq!(faults(&refused(&first, json!({"from_id": second})).await), [("?from_id", "OUT_OF_ORDER")]);
    assert_eq!(refused(&second, json!({"from_id": third})).await.code, "WRONG_STATE");
    assert_eq!(faults(&refused(&third, json!({"from_id": "bud_1"})).await), [("?from_id", "BAD_ID")]);
    let other = books_of_another(&world).await;
    assert_eq!(faults(&refused(&third, json!({"from_id": other})).await), [("?from_id", "DOES_NOT_FIT")]);
    assert_eq!(world.client(Who::Stranger).budget_bridge(&second, json!({})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(world.client(Who::Vendor).budget_bridge(&second, json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
});

/// A budget in force of another company.
async fn books_of_another(world: &World) -> String {
    let books = Books::open(world).await;
    books.approve(world, &[books.line(0, "1.00")]).await
}

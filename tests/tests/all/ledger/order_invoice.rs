//! Costs that name the order line they invoice: what the order bound goes down as the cost is posted, and never twice.

use serde_json::{Value, json};
use steerco_domain::time::Instant;
use steerco_service::clock::Clock;
use steerco_tests::{Answer, Client, Refused, Setup, Who, World, scenario};

use crate::all::kernel::bodies::{body, fresh, line, unknown};
use crate::all::ledger::actuals_batch::{id, statuses};
use crate::all::ledger::commitment::{Books, euros, faults, step};
use crate::all::partners::milestone_update::Deal;

/// A batch of these lines.
pub(crate) fn batch(books: &Books, lines: impl Into<Vec<Value>>, total: &str) -> Value {
    let lines: Vec<Value> = lines.into();
    json!({
        "source": World::SOURCE, "batch_ref": id("b"), "legal_entity_id": books.entity,
        "control": {"count": lines.len(), "totals": [{"amount": total, "currency": "EUR"}]}, "lines": lines,
    })
}

/// An order of so many euros, all of them committed: its id and number.
async fn order(world: &World, books: &Books, amount: &str) -> (String, String) {
    let finance = world.client(Who::Finance);
    let id = books.ask(world, amount).await;
    let ordered = step(&finance, &id, "commit", amount).await.unwrap();
    (id, ordered["purchase_order_reference"].as_str().unwrap().to_owned())
}

/// A cost that invoices an order.
fn invoice(order: &str, amount: &str) -> Value {
    let mut line = line(&id("inv"), amount, "2026-01-20");
    line["purchase_order_reference"] = json!(order);
    line["invoice_reference"] = json!(format!("R {}", fresh()));
    line
}

async fn post(finance: &Client, books: &Books, lines: impl Into<Vec<Value>>, total: &str) -> Result<Answer, Refused> {
    finance.post_actuals(batch(books, lines, total)).await
}

async fn invoiced(finance: &Client, id: &str) -> (String, String) {
    let it = finance.get("commitment", id).await.unwrap();
    (it["invoiced"].as_str().unwrap().to_owned(), it["state"].as_str().unwrap().to_owned())
}

scenario!(a_cost_of_an_order_may_say_its_kind_itself(world) {
    let (books, finance) = (Books::open(&world, "stop").await, world.client(Who::Finance));
    let (_, number) = order(&world, &books, "80.00").await;
    let category = finance.create("cost_category", body(&world, "cost_category")).await.unwrap().id().to_owned();
    let mut own = invoice(&number, "20.00");
    (own["cost_category_id"], own["spend"]) = (json!(category), json!("capex"));
    let posted = post(&finance, &books, [own.clone()], "20.00").await.unwrap();
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&entry["cost_category_id"], &entry["spend"]), (&json!(category), &json!("capex")));
    assert_eq!(entry["program_id"], world.program, "the rest is as the order says");
    own = invoice(&number, "20.00");
    own["cost_category_id"] = json!(unknown("cost_category"));
    let refused = post(&finance, &books, [own], "20.00").await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0", "NOT_FOUND")]);
    world.verify().await;
});

scenario!(a_cost_that_names_its_order_invoices_it(world) {
    let (books, finance) = (Books::open(&world, "stop").await, world.client(Who::Finance));
    let (order_id, number) = order(&world, &books, "80.00").await;
    step(&finance, &order_id, "receive", "50.00").await.unwrap();
    assert_eq!(euros(&world).await, ["30", "50", "20"]);
    let revision = finance.get("commitment", &order_id).await.unwrap()["revision"].as_i64().unwrap();

    let cost = invoice(&number, "60.00");
    let sent = batch(&books, [cost.clone()], "60.00");
    let dry = finance.validate_only().post_actuals(sent.clone()).await.unwrap();
    assert_eq!((statuses(&dry.json), euros(&world).await), (vec!["posted"], ["30", "50", "20"].map(str::to_owned)));
    let posted = finance.post_actuals(sent.clone()).await.unwrap();
    assert_eq!((statuses(&posted.json), &posted["results"][0]["reason"]), (vec!["posted"], &Value::Null));
    assert_eq!(euros(&world).await, ["20", "0", "20"], "the accrual is reversed, the cost is 60");
    let it = finance.get("commitment", &order_id).await.unwrap();
    assert_eq!((&it["invoiced"], &it["document_reference"]), (&json!("60.0000"), &cost["invoice_reference"]));
    assert_eq!(it["revision"].as_i64().unwrap(), revision + 1);
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!((&entry["program_id"], &entry["invoiced_commitment_id"]), (&json!(world.program), &json!(order_id)));
    assert_eq!((&entry["purchase_order_reference"], &entry["debit_account"]), (&json!(number), &json!("cost")));
    let events = finance.all_events(json!({"kinds": ["commitment"]})).await;
    let last = events.iter().rfind(|event| event["resource_id"] == json!(order_id)).unwrap();
    assert_eq!(last["operation"], "commitment.invoice");

    // Neither the same batch nor the same line counts again.
    assert_eq!(finance.post_actuals(sent).await.unwrap().did(), "unchanged");
    assert_eq!(statuses(&post(&finance, &books, [cost.clone()], "60.00").await.unwrap().json), ["duplicate"]);
    assert_eq!(euros(&world).await, ["20", "0", "20"]);
    // A credit raises it back, and a correction takes back what it replaces.
    post(&finance, &books, [invoice(&number, "-20.00")], "-20.00").await.unwrap();
    assert_eq!(euros(&world).await, ["30", "10", "20"]);
    let mut corrected = cost;
    corrected["amount"]["amount"] = json!("55.00");
    let mut correcting = batch(&books, [corrected.clone()], "55.00");
    correcting["corrections"] = json!(true);
    assert_eq!(statuses(&finance.post_actuals(correcting).await.unwrap().json), ["corrected"]);
    assert_eq!((euros(&world).await, invoiced(&finance, &order_id).await.0), (["30", "15", "20"].map(str::to_owned), "35.0000".to_owned()));
    // Without the order it is a cost like any other, and the order is as if it had never been invoiced.
    corrected.as_object_mut().unwrap().remove("purchase_order_reference");
    corrected["program_id"] = json!(world.program);
    let mut correcting = batch(&books, [corrected], "55.00");
    correcting["corrections"] = json!(true);
    finance.post_actuals(correcting).await.unwrap();
    assert_eq!(invoiced(&finance, &order_id).await.0, "-20.0000");
    assert_eq!(euros(&world).await, ["30", "50", "-15"]);
    world.verify().await;
});

scenario!(what_exceeds_its_order_is_posted_and_told(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let (order_id, number) = order(&world, &books, "80.00").await;
    let lines = [invoice(&number, "50.00"), invoice(&number, "40.00"), invoice(&number, "5.00")];
    let posted = post(&finance, &books, lines, "95.00").await.unwrap();
    let told: Vec<_> = posted["results"].as_array().unwrap().iter().map(|result| result["reason"].clone()).collect();
    assert_eq!(told, [Value::Null, json!("EXCEEDS_ORDER"), json!("EXCEEDS_ORDER")]);
    assert!(posted["results"][1]["detail"].as_str().unwrap().contains("10.0000 EUR"), "{}", posted.json);
    let stored = finance.actuals_results(posted["actuals_batch"]["id"].as_str().unwrap(), json!({})).await.unwrap();
    assert_eq!(stored["results"], posted["results"], "told again as it was told first");
    assert_eq!(invoiced(&finance, &order_id).await, ("95.0000".to_owned(), "invoiced".to_owned()));
    assert_eq!(euros(&world).await, ["0", "0", "5"]);
    let filter = json!({"filter": "exceeds_order_by = 10"});
    assert_eq!(finance.list("ledger_entry", filter).await.unwrap().items().len(), 1);
    let posted = post(&finance, &books, [invoice(&number, "-100.00")], "-100.00").await.unwrap();
    assert_eq!(posted["results"][0]["reason"], "EXCEEDS_INVOICED");
    assert_eq!(invoiced(&finance, &order_id).await, ("-5.0000".to_owned(), "committed".to_owned()));
    assert_eq!(euros(&world).await, ["80", "0", "25"], "nothing is accrued of what was never received");
    let events = finance.all_events(json!({"kinds": ["commitment"]})).await;
    let of = events.iter().filter(|event| event["resource_id"] == json!(order_id));
    let told: Vec<_> = of.map(|event| event["operation"].as_str().unwrap()).collect();
    assert_eq!(told, ["commitment.create", "commitment.commit", "commitment.invoice", "commitment.credit"], "one a batch");
    world.verify().await;
});

scenario!(an_order_line_that_does_not_fit_is_told(world) {
    let (books, other) = (Books::open(&world, "ignore").await, Books::open(&world, "ignore").await);
    let finance = world.client(Who::Finance);
    let (order_id, number) = order(&world, &books, "80.00").await;
    let (_, foreign) = order(&world, &other, "80.00").await;
    let mut of_line = invoice(&number, "1.00");
    of_line["purchase_order_line"] = json!("20");
    let mut of_other = invoice(&number, "1.00");
    of_other["program_id"] = json!(world.other_program);
    let mut dollars = invoice(&number, "1.00");
    dollars["amount"]["currency"] = json!("USD");
    let lines = [invoice("nobody", "1.00"), of_line, invoice(&foreign, "1.00"), of_other, invoice(&number, "1.00"), dollars];
    let mut sent = batch(&books, lines, "5.00");
    sent["control"]["totals"].as_array_mut().unwrap().push(json!({"amount": "1", "currency": "USD"}));
    let refused = finance.post_actuals(sent.clone()).await.unwrap_err();
    let wanted = [("/lines/0", "NOT_FOUND"), ("/lines/1", "NOT_FOUND"), ("/lines/2", "NOT_FOUND"),
        ("/lines/3", "DOES_NOT_FIT"), ("/lines/5", "DOES_NOT_FIT")];
    assert_eq!(refused.places(), wanted);
    assert!(refused.faults[1].detail.contains("line 20"), "{refused}");
    assert_eq!(invoiced(&finance, &order_id).await.0, "0.0000");
    sent["partial"] = json!(true);
    let posted = finance.post_actuals(sent).await.unwrap();
    assert_eq!(statuses(&posted.json), ["rejected", "rejected", "rejected", "rejected", "posted", "rejected"]);
    assert_eq!(invoiced(&finance, &order_id).await.0, "1.0000");
    let mut bare = line(&id("bare"), "1.00", "2026-01-20");
    bare["purchase_order_line"] = json!("10");
    let refused = post(&finance, &books, [bare], "1.00").await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/0/purchase_order_line", "DOES_NOT_FIT")]);
    // What the order posts needs an open period too.
    for period in &books.periods {
        for verb in ["start_closing", "close"] {
            finance.act("fiscal_period", period, verb, json!({})).await.unwrap();
        }
    }
    let april = json!({"legal_entity_id": books.entity, "fiscal_year": 2026, "number": 4});
    finance.create("fiscal_period", april).await.unwrap();
    let mut late = invoice(&number, "2.00");
    late["posted_on"] = json!("2026-04-01");
    post(&finance, &books, [late], "2.00").await.unwrap();
    assert_eq!(invoiced(&finance, &order_id).await.0, "3.0000");
    world.verify().await;
});

// Batches, a close and steps by hand, all at once: what was posted is what was invoiced.
scenario!(batches_at_once_invoice_an_order_once_each(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let (order_id, number) = order(&world, &books, "80.00").await;
    finance.act("fiscal_period", &books.periods[0], "start_closing", json!({})).await.unwrap();
    finance.act("fiscal_period", &books.periods[0], "cancel_closing", json!({})).await.unwrap();
    let posts = (0..6).map(|_| post(&finance, &books, [invoice(&number, "10.00")], "10.00"));
    let close = async {
        for verb in ["start_closing", "close"] {
            finance.act("fiscal_period", &books.periods[0], verb, json!({})).await.unwrap();
        }
    };
    let by_hand = step(&finance, &order_id, "receive", "30.00");
    let (posted, (), received) = futures::future::join3(futures::future::join_all(posts), close, by_hand).await;
    received.unwrap();
    let count = posted.iter().filter(|posted| posted.is_ok()).count();
    for refused in posted.iter().filter_map(|posted| posted.as_ref().err()) {
        assert_eq!(faults(refused), [("/lines/0", "PERIOD_CLOSED")]);
    }
    assert_eq!(invoiced(&finance, &order_id).await.0, format!("{}.0000", count * 10));
    let (committed, accrued) = (80 - 30_usize.max(count * 10), 30_usize.saturating_sub(count * 10));
    let wanted = [committed, accrued, 100 - committed - accrued - count * 10].map(|euros| euros.to_string());
    assert_eq!(euros(&world).await, wanted);
    world.verify().await;
});

scenario!(the_budget_holds_for_costs_and_requests(world) {
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let control = json!({"actuals_control": "stop", "request_control": "stop"});
    finance.update("legal_entity", &books.entity, control).await.unwrap();
    let cost = |amount: &str| {
        let mut line = line(&id("c"), amount, "2026-01-20");
        line["program_id"] = json!(world.program);
        line
    };
    let refused = post(&finance, &books, [cost("60.00"), cost("-10.00"), cost("60.00")], "110.00").await.unwrap_err();
    assert_eq!(refused.places(), [("/lines/2", "OVER_BUDGET")], "each fits, their sum does not");
    assert!(refused.faults[0].detail.contains("50.0000 EUR"), "{refused}");
    // What an order has bound is there for its invoice.
    let (_, number) = order(&world, &books, "80.00").await;
    assert_eq!(post(&finance, &books, [cost("20.01")], "20.01").await.unwrap_err().faults[0].code, "OVER_BUDGET");
    post(&finance, &books, [invoice(&number, "80.00")], "80.00").await.unwrap();
    let mut over = batch(&books, [cost("30.00")], "30.00");
    assert_eq!(finance.post_actuals(over.clone()).await.unwrap_err().places(), [("/lines/0", "OVER_BUDGET")]);
    over["override_reason"] = json!("the court ordered it");
    let posted = finance.post_actuals(over).await.unwrap();
    assert_eq!(posted["results"][0]["reason"], "OVER_BUDGET");
    assert_eq!(posted["actuals_batch"]["override_reason"], "the court ordered it");
    let entry = finance.get("ledger_entry", posted["results"][0]["ledger_entry_id"].as_str().unwrap()).await.unwrap();
    assert_eq!(entry["exceeds_budget_by"], "10.0000");
    finance.update("legal_entity", &books.entity, json!({"actuals_control": "warn"})).await.unwrap();
    assert_eq!(post(&finance, &books, [cost("1.00")], "1.00").await.unwrap()["results"][0]["reason"], "OVER_BUDGET");

    let manager = world.client(Who::ProgramManager);
    let asked = books.body(&world, "1.00");
    let refused = manager.create("commitment", asked.clone()).await.unwrap_err();
    assert_eq!(refused.places(), [("/requested/amount", "OVER_BUDGET")]);
    let mut over = asked.clone();
    over["override_reason"] = json!("the tender ends today");
    assert_eq!(manager.create("commitment", over.clone()).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(world.client(Who::Director).create("commitment", over).await.unwrap()["over_budget"], true);
    finance.update("legal_entity", &books.entity, json!({"request_control": "warn"})).await.unwrap();
    let mut asked = asked;
    asked["purchase_order_line"] = json!("7");
    assert_eq!(manager.create("commitment", asked).await.unwrap()["over_budget"], true);
    world.verify().await;
});

/// An engagement without an order whose work is worth 60 euros, with the id of its payable and the number of its invoice.
async fn accepted(world: &World, books: &Books) -> (Deal, String, String) {
    let (vendor, director) = (world.client(Who::Vendor), world.client(Who::Director));
    let terms = json!({"payment_rule": "pro_rata", "legal_entity_id": books.entity});
    let deal = Deal::strike(world, terms, json!({"payment_share": 0.0006})).await;
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    let review = claim["review_id"].as_str().unwrap().to_owned();
    director.if_match("*").act("review", &review, "accept", json!({})).await.unwrap();
    let filter = json!({"filter": format!("milestone_id = \"{}\"", deal.milestone)});
    let payable = vendor.list("payable", filter).await.unwrap().items()[0]["id"].as_str().unwrap().to_owned();
    let number = format!("R {}", fresh());
    let invoice = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": number,
        "issued_on": "2026-01-15", "currency": "EUR", "lines": [{"description": "Roof", "payable_id": payable, "amount": "60"}]});
    let invoice = vendor.create("invoice", invoice).await.unwrap().id().to_owned();
    (deal, invoice, number)
}

/// The proposal of the period agrees with the books, and comes to this for the work of the review.
async fn proposed(finance: &Client, books: &Books, amount: &str) {
    let proposal = finance.accrual_proposal(&books.periods[0]).await.unwrap();
    let reviews = proposal["reviews"].as_array().unwrap();
    let sum: Vec<&str> = reviews.iter().map(|it| it["amount"]["amount"].as_str().unwrap()).collect();
    let wanted: Vec<String> = if amount == "0" { vec![] } else { vec![format!("{amount}.0000")] };
    assert_eq!((sum, &proposal["agrees"]), (wanted.iter().map(String::as_str).collect(), &json!(true)));
}

/// Today is a day of the first period of the books.
async fn in_january(shared: &World) -> World {
    let clock = Clock::fixed(Instant::parse("2026-01-20T08:00:00Z").unwrap(), 7);
    World::alone(shared.door, shared.server.engine, Setup { clock, ..Setup::default() }).await.unwrap()
}

/// Actual, accrued and available of the program, in whole euros.
async fn sums(world: &World, caller: &Client) -> [String; 3] {
    let found = caller.financials("program", &world.program, json!({})).await.unwrap();
    let total = found["totals"].as_array().unwrap().iter().find(|total| total["currency"] == "EUR").unwrap();
    ["actual", "accrued", "available"].map(|name| total[name].as_str().unwrap().trim_end_matches(".0000").to_owned())
}

scenario!(
/// Accepted without an order, it is accrued until finance posts its invoice, part by part.
the_cost_of_accepted_work_counts_once(shared) {
    let world = in_january(&shared).await;
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    // A cost that only replaces its accrual is within the budget.
    let stop = json!({"actuals_control": "stop"});
    finance.if_match("*").update("legal_entity", &books.entity, stop).await.unwrap();
    let (_, invoice, number) = accepted(&world, &books).await;
    let wanted = |all: [&str; 3]| all.map(str::to_owned);
    assert_eq!(sums(&world, &finance).await, wanted(["0", "60", "40"]));
    proposed(&finance, &books, "60").await;
    let cost = |amount: &str| {
        let mut line = line(&id("inv"), amount, "2026-01-20");
        line["document_reference"] = json!(number);
        line
    };
    let second = cost("20.00");
    for (lines, total, sum, state) in [
        (vec![cost("40.00")], "40.00", ["40", "20", "40"], "differs"),
        (vec![second.clone()], "20.00", ["60", "0", "40"], "matched"),
    ] {
        let posted = post(&finance, &books, lines, total).await.unwrap();
        assert_eq!(statuses(&posted.json), ["posted"], "the program is that of the work");
        assert_eq!(sums(&world, &finance).await, wanted(sum));
        proposed(&finance, &books, sum[1]).await;
        assert_eq!(finance.invoice_match(&invoice).await.unwrap()["state"], state);
    }
    // What is corrected or reversed is accrued again; what is posted beyond the invoice takes nothing more.
    for (amount, sum) in [("15.00", ["55", "5", "40"]), ("30.00", ["70", "0", "30"]), ("20.00", ["60", "0", "40"])] {
        let mut corrected = second.clone();
        corrected["amount"]["amount"] = json!(amount);
        let mut batch = batch(&books, [corrected], amount);
        batch["corrections"] = json!(true);
        finance.post_actuals(batch).await.unwrap();
        assert_eq!(sums(&world, &finance).await, wanted(sum), "corrected to {amount}");
        proposed(&finance, &books, sum[1]).await;
    }
    assert_eq!(finance.get("invoice", &invoice).await.unwrap()["posted"], "60.0000");
    let dry = finance.validate_only().post_actuals(batch(&books, [cost("-60.00")], "-60.00")).await.unwrap();
    assert_eq!(statuses(&dry.json), ["posted"]);
    assert_eq!(sums(&world, &finance).await, wanted(["60", "0", "40"]), "a preview changes nothing");
    // A number of nobody, and one in another currency, are costs like any other.
    let mut other = cost("1.00");
    other["document_reference"] = json!("R 0");
    other["program_id"] = json!(world.program);
    post(&finance, &books, [other], "1.00").await.unwrap();
    assert_eq!(sums(&world, &finance).await, wanted(["61", "0", "39"]));
    world.verify().await;
});

scenario!(
/// An order of 50 euros bears 50 of the 60 that are accepted; the rest is accrued beside it, and taken back with it.
what_exceeds_the_order_counts_once(shared) {
    let world = in_january(&shared).await;
    let (books, finance) = (Books::open(&world, "ignore").await, world.client(Who::Finance));
    let (vendor, director) = (world.client(Who::Vendor), world.client(Who::Director));
    let terms = json!({"payment_rule": "pro_rata", "legal_entity_id": books.entity});
    let deal = Deal::strike(&world, terms, json!({"payment_share": 0.0006})).await;
    let mut ordered = books.body(&world, "50.00");
    ordered["engagement_id"] = json!(deal.engagement);
    let order = ordered["purchase_order_reference"].clone();
    let ordered = finance.create("commitment", ordered).await.unwrap().id().to_owned();
    step(&finance, &ordered, "commit", "50.00").await.unwrap();
    let claim = deal.claim(&vendor, json!({})).await.unwrap();
    let review = claim["review_id"].as_str().unwrap().to_owned();
    director.if_match("*").act("review", &review, "accept", json!({})).await.unwrap();
    let filter = json!({"filter": format!("milestone_id = \"{}\"", deal.milestone)});
    let payable = vendor.list("payable", filter).await.unwrap().items()[0]["id"].clone();
    let number = format!("R {}", fresh());
    let bill = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": number,
        "issued_on": "2026-01-15", "currency": "EUR", "lines": [{"description": "Roof", "payable_id": payable, "amount": "60"}]});
    vendor.create("invoice", bill).await.unwrap();
    assert_eq!(sums(&world, &finance).await, ["0", "60", "40"].map(str::to_owned));
    let mut cost = invoice(order.as_str().unwrap(), "60.00");
    cost["invoice_reference"] = json!(number);
    post(&finance, &books, [cost], "60.00").await.unwrap();
    assert_eq!(sums(&world, &finance).await, ["60", "0", "40"].map(str::to_owned));
    world.verify().await;
});

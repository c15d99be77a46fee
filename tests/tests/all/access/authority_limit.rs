//! Authority limits: one a role, act and currency; and where a role has one, it decides on nothing beyond it.

use serde_json::{Value, json};
use steerco_domain::money::Amount;
use steerco_tests::{Setup, Who, World, scenario};

use crate::all::ledger::budget::{Books, faults};

fn limit(role: &str, amount: &str, currency: &str) -> Value {
    json!({"role": role, "act": "budget_transfer", "limit": {"amount": amount, "currency": currency}})
}

scenario!(a_role_has_one_limit_a_currency(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let made = admin.create("authority_limit", limit("finance", "1000", "EUR")).await.unwrap();
    assert_eq!(admin.create("authority_limit", limit("finance", "5", "EUR")).await.unwrap_err().code, "ALREADY_EXISTS");
    admin.create("authority_limit", limit("finance", "5", "USD")).await.unwrap();
    let refused = admin.create("authority_limit", limit("finance", "-1", "CHF")).await.unwrap_err();
    assert_eq!(refused.places(), [("/limit/amount", "OUT_OF_RANGE")]);
    let refused = admin.update("authority_limit", made.id(), json!({"role": "director"})).await.unwrap_err();
    assert!(["/role", "/update_mask"].contains(&refused.places()[0].0), "{refused}");
    assert_eq!(director.get("authority_limit", made.id()).await.unwrap()["limit"]["amount"], "1000.0000");
    let raise = json!({"limit": {"amount": "1000000", "currency": "EUR"}});
    let refused = director.update("authority_limit", made.id(), raise).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "nobody raises its own limit");
    world.verify().await;
});

scenario!(a_limit_binds_from_the_moment_it_is_there(world) {
    let (books, admin) = (Books::open(&world).await, world.client(Who::Admin));
    let (director, finance) = (world.client(Who::Director), world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "100.00")]).await;
    let ask = async |amount: &str| {
        director.create("budget_transfer", books.transfer(&world, 0, 1, amount)).await.unwrap().id().to_owned()
    };
    let approve = async |id: &str| finance.if_match("*").act("budget_transfer", id, "approve", json!({})).await;
    approve(&ask("10").await).await.unwrap();
    let limit = admin.create("authority_limit", limit("finance", "5", "USD")).await.unwrap();
    let next = ask("10").await;
    let refused = approve(&next).await.unwrap_err();
    assert_eq!((refused.code.as_str(), faults(&refused)), ("PERMISSION_DENIED", vec![("/amount", "BEYOND_AUTHORITY")]),
        "limited, and not in this currency");
    let euros = json!({"limit": {"amount": "10", "currency": "EUR"}});
    admin.update("authority_limit", limit.id(), euros).await.unwrap();
    approve(&next).await.unwrap();
    let beyond = ask("10.0001").await;
    assert_eq!(approve(&beyond).await.unwrap_err().code, "PERMISSION_DENIED");
    admin.delete("authority_limit", limit.id()).await.unwrap();
    approve(&beyond).await.unwrap();
    world.verify().await;
});

scenario!(a_role_without_a_limit_decides_on_nothing_above_the_default(shared) {
    let setup = Setup { default_authority: Amount::new(50_000), ..Setup::default() };
    let world = World::alone(shared.door, shared.server.engine, setup).await.unwrap();
    let (books, director, finance) = (Books::open(&world).await, world.client(Who::Director), world.client(Who::Finance));
    books.approve(&world, &[books.line(0, "100.00"), books.line(1, "100.00")]).await;
    for (amount, code) in [("5", None), ("5.0001", Some("PERMISSION_DENIED"))] {
        let asked = director.create("budget_transfer", books.transfer(&world, 0, 1, amount)).await.unwrap();
        let decided = finance.if_match("*").act("budget_transfer", asked.id(), "approve", json!({})).await;
        assert_eq!(decided.err().map(|refused| refused.code).as_deref(), code, "{amount}");
    }
    world.client(Who::Admin).create("authority_limit", limit("finance", "10", "EUR")).await.unwrap();
    let asked = director.create("budget_transfer", books.transfer(&world, 0, 1, "10")).await.unwrap();
    finance.if_match("*").act("budget_transfer", asked.id(), "approve", json!({})).await.unwrap();
    world.verify().await;
});

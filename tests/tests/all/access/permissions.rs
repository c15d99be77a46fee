//! The table of permissions is the truth: every row is called by every role, over both doors.

use serde_json::{Map, Value, json};
use steerco_domain::access::{Permission, Right, Role, TABLE};
use steerco_domain::words::Words;
use steerco_tests::{Client, Door, Refused, Reply, Who, World, scenario};

use crate::all::kernel::bodies::{body, fresh, keeper, make, verb_body};

/// A caller with just this role over the whole organisation; a vendor over its partner.
async fn holder(world: &World, role: Role) -> Client {
    let admin = world.client(Who::Admin);
    let machine = matches!(role, Role::Integration | Role::Vendor);
    let (kind, named, holder) = if machine {
        ("service_account", json!({"name": role.word()}), "service_account_id")
    } else {
        ("person", json!({"name": role.word()}), "person_id")
    };
    let account = admin.create(kind, named).await.unwrap().id().to_owned();
    let mut grant = json!({"role": role.word()});
    grant[holder] = json!(account);
    if role == Role::Vendor {
        grant["partner_id"] = json!(world.partner);
    }
    admin.create("grant", grant).await.unwrap();
    let partner = (role == Role::Vendor).then(|| world.partner.clone());
    world.caller(world.mint(&world.org, &account, |mint| mint.partner_id = partner))
}

/// Calls the operation of a row with a request that is valid. `on` is a resource of its kind.
async fn call(world: &World, caller: &Client, row: &Permission, on: &str) -> Reply {
    let kind = row.kind;
    match (kind, row.action) {
        ("event", "read") => caller.events(json!({})).await,
        ("history", "write") => {
            let dated = caller.effective_at("2020-01-01T00:00:00Z");
            dated.update("project", on, json!({"phase": format!("Phase {}", fresh())})).await
        }
        ("metrics", "read") => caller.through(Door::Rest).raw("GET", "/metrics").send().await,
        ("actuals_batch", "adjust") => {
            let mut body = body(world, kind);
            body["adjusting"] = json!(true);
            caller.post_actuals(body).await
        }
        ("actuals_batch", "override") => {
            let mut body = body(world, kind);
            body["override_reason"] = json!("the invoice is due");
            caller.post_actuals(body).await
        }
        ("actuals_batch", "reclassify") => {
            let mut body = body(world, kind);
            body.as_object_mut()
                .unwrap()
                .retain(|name, _| ["source", "batch_ref", "legal_entity_id"].contains(&name.as_str()));
            caller.reclassify_actuals(body).await
        }
        ("exchange_rate", "import") => caller.import_rates(verb_body(kind, row.action)).await,
        ("commitment", "override") => {
            let body = json!({"amount": "1", "override_budget": true, "reason": "the tender ends today"});
            caller.act(kind, on, "commit", body).await
        }
        ("fiscal_period", "propose_accruals") => caller.accrual_proposal(on).await,
        ("partner", "preview") => caller.preview_as(on).get(kind, on).await,
        (_, "read") => caller.get(kind, on).await,
        (_, "create") => caller.create(kind, body(world, kind)).await,
        ("consumer" | "webhook_endpoint", "update") => {
            caller.update(kind, on, json!({"name": format!("Reader {}", fresh())})).await
        }
        ("attachment", "update") => {
            caller.update(kind, on, json!({"file_name": format!("file {}.txt", fresh())})).await
        }
        ("comment", "update") => caller.update(kind, on, json!({"text": format!("Said {}", fresh())})).await,
        (_, "update") => {
            let number = fresh().to_string();
            caller.if_match("*").update(kind, on, json!({"labels": {"seen": number}})).await
        }
        (_, "delete") => caller.delete(kind, on).await,
        // Of some kinds who decides must have seen it.
        (_, verb) => caller.if_match("*").act(kind, on, verb, verb_body(kind, verb)).await,
    }
}

fn is_forbidden(reply: &Reply) -> bool {
    matches!(reply, Err(Refused { code, .. }) if code == "PERMISSION_DENIED")
}

/// What a row is called on by a caller whom the table lets: of the partner's resources one that a vendor sees, and of
/// comments and attachments one's own.
async fn subject(world: &World, row: &Permission, caller: Option<&Client>) -> String {
    match (row.kind, row.action, caller) {
        ("partner", "read", _) => return world.partner.clone(),
        ("engagement", "read", _) => return world.engagement.clone(),
        ("rate_card", "read", _) => return approved_rates(world).await,
        ("engagement_amendment", "read", _) => {
            let change = json!({"new_ends_on": "2030-12-31"});
            return crate::all::partners::engagement_amendment::approved(world, &world.engagement, change).await;
        }
        (kind @ "milestone_update", "withdraw", Some(caller))
        | (
            kind @ ("comment" | "attachment" | "calendar_feed"),
            "update" | "upload" | "issue_address" | "revoke",
            Some(caller),
        ) => {
            return caller.create(kind, body(world, kind)).await.unwrap().id().to_owned();
        }
        // Nobody reaches those of others, but who oversees them.
        (kind @ ("consumer" | "webhook_endpoint"), action, Some(caller)) if action != "create" => {
            if let Ok(made) = caller.create(kind, body(world, kind)).await {
                return made.id().to_owned();
            }
        }
        _ => {}
    }
    match row.kind {
        "event" | "metrics" => String::new(),
        "history" => make(world, "project").await,
        kind => make(world, kind).await,
    }
}

/// Rates that both sides agree to.
pub(crate) async fn approved_rates(world: &World) -> String {
    let manager = world.client(Who::ProgramManager);
    let card = manager.create("rate_card", body(world, "rate_card")).await.unwrap().id().to_owned();
    world.client(Who::Director).act("rate_card", &card, "approve", json!({})).await.unwrap();
    card
}

scenario!(
/// Refused roles first, so that the resource must be as it was; then each permitted one on a resource of its own.
every_cell_is_as_the_table_says(world) {
    let mut callers = Vec::new();
    for role in Role::ALL {
        callers.push((*role, holder(&world, *role).await));
    }
    let mut wrong = Vec::new();
    for row in TABLE {
        let on = subject(&world, row, None).await;
        let kind = if row.kind == "history" { "project" } else { row.kind };
        let is_resource = !on.is_empty();
        let before = if is_resource { Some(keeper(&world, kind).get(kind, &on).await.unwrap()) } else { None };
        let (refused, permitted): (Vec<_>, Vec<_>) =
            callers.iter().partition(|(role, _)| row.right(*role) == Right::Deny);
        for (role, caller) in refused {
            let reply = call(&world, caller, row, &on).await;
            if !is_forbidden(&reply) {
                wrong.push(format!("{}.{} by {} must be refused: {reply:?}", row.kind, row.action, role.word()));
            }
        }
        if let Some(before) = before {
            let after = keeper(&world, kind).get(kind, &on).await.unwrap();
            assert_eq!(after.json, before.json, "{}.{} by those who may not", row.kind, row.action);
        }
        for (role, caller) in permitted {
            let on = subject(&world, row, Some(caller)).await;
            match call(&world, caller, row, &on).await {
                Ok(_) => {}
                Err(refused) if refused.code == "WRONG_STATE" => {}
                Err(refused) => {
                    wrong.push(format!("{}.{} by {} is permitted: {refused}", row.kind, row.action, role.word()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
});

scenario!(upsert_and_batch_need_what_their_parts_need(world) {
    for kind in ["portfolio", "program", "project", "deliverable", "activity", "dependency", "risk"] {
        let on = make(&world, kind).await;
        for role in Role::ALL {
            let caller = holder(&world, *role).await;
            let may = |action: &str| {
                let row = TABLE.iter().find(|row| row.kind == kind && row.action == action).unwrap();
                row.right(*role) != Right::Deny
            };
            let acts = [
                ("create", json!({"create": body(&world, kind)})),
                ("update", json!({"update": {"id": on, "patch": {"labels": {"n": fresh().to_string()}}}})),
                ("delete", json!({"delete": {"id": make(&world, kind).await}})),
            ];
            for (action, item) in acts {
                let reply = caller.batch(kind, json!({"items": [item]})).await;
                assert_eq!(is_forbidden(&reply), !may(action), "batch {action} {kind} by {}: {reply:?}", role.word());
            }
            let reply = caller.upsert(kind, World::SOURCE, &format!("E-{}", fresh()), body(&world, kind)).await;
            let refused = reply.is_err_and(|refused| refused.code == "PERMISSION_DENIED");
            // An account writes under its own sources only, and this one has none.
            assert_eq!(refused, !may("create") || *role == Role::Integration, "upsert {kind} by {}", role.word());
            let reply = caller.add_ref(kind, &on, World::SOURCE, &format!("E-{}", fresh())).await;
            let refused = !may("update") || *role == Role::Integration;
            assert_eq!(is_forbidden(&reply), refused, "a name for a {kind} by {}: {reply:?}", role.word());
            let gone = make(&world, kind).await;
            keeper(&world, kind).delete(kind, &gone).await.unwrap();
            let reply = caller.undelete(kind, &gone).await;
            assert_eq!(is_forbidden(&reply), !may("delete"), "undelete {kind} by {}: {reply:?}", role.word());
        }
    }
});

scenario!(what_a_mixed_batch_may_not_do_refuses_all_of_it(world) {
    let integration = holder(&world, Role::Integration).await;
    let on = make(&world, "risk").await;
    let items = json!([{"create": body(&world, "risk")}, {"delete": {"id": on}}]);
    let before = keeper(&world, "risk").list_all("risk", json!({})).await.unwrap();
    let refused = integration.batch("risk", json!({"items": items})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "{refused}");
    assert_eq!(keeper(&world, "risk").list_all("risk", json!({})).await.unwrap(), before);
    let partly = integration.batch("risk", json!({"items": items, "partial": true})).await.unwrap();
    assert_eq!(partly.items()[0]["outcome"], "created");
    assert_eq!(partly.items()[1]["error"]["code"], "PERMISSION_DENIED");
});

scenario!(permissions_are_shown_as_they_are(world) {
    let shown = world.client(Who::Vendor).permissions().await.unwrap();
    let operations: Vec<Value> = TABLE
        .iter()
        .map(|row| {
            let cells: Map<String, Value> =
                Role::ALL.iter().map(|role| (role.word().to_owned(), row.right(*role).word().into())).collect();
            json!({"operation": format!("{}.{}", row.kind, row.action), "scope": row.scope(), "cells": cells})
        })
        .collect();
    assert_eq!(shown["operations"], json!(operations));
    let of = |name: &str| shown["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == name).unwrap();
    let has = |list: &str, field: &str| of("engagement")[list].as_array().unwrap().contains(&json!(field));
    assert!(has("create_fields", "partner_id") && has("write_fields", "title") && has("private_fields", "private_notes"));
    assert!(!has("private_fields", "title") && !has("write_fields", "state") && !has("create_fields", "state"));
    assert_eq!(shown["kinds"], json!(steerco_domain::access::KindFields::all()));
});

scenario!(claims_only_narrow(world) {
    let director = |change: &dyn Fn(&mut steerco_service::operator::Mint)| {
        world.caller(world.mint(&world.org, world.id(Who::Director), |mint| change(mint)))
    };
    let risk = world.risk("Narrow").await;
    let none = director(&|mint| mint.roles = Some(vec![]));
    assert!(is_forbidden(&none.get("risk", &risk).await), "no role, no right");
    let other = director(&|mint| mint.roles = Some(vec!["admin".into(), "auditor".into()]));
    assert!(is_forbidden(&other.get("risk", &risk).await), "a claim gives nothing that no grant gives");
    assert!(is_forbidden(&other.create("person", json!({"name": "x"})).await));
    let same = director(&|mint| mint.roles = Some(vec!["director".into(), "admin".into()]));
    same.get("risk", &risk).await.unwrap();
    assert!(is_forbidden(&same.create("grant", body(&world, "grant")).await), "director is not admin");

    let second = json!({"person_id": world.id(Who::Director), "role": "auditor"});
    world.client(Who::Admin).create("grant", second).await.unwrap();
    let auditor = director(&|mint| mint.roles = Some(vec!["auditor".into()]));
    auditor.get("risk", &risk).await.unwrap();
    assert!(is_forbidden(&auditor.update("risk", &risk, json!({"title": "No"})).await), "narrowed to the auditor");

    let partner = director(&|mint| mint.partner_id = Some(world.partner.clone()));
    assert!(is_forbidden(&partner.get("risk", &risk).await), "a token for a partner speaks for nothing else");
});

scenario!(program_ids_narrow_to_programs(world) {
    let director = world.client(Who::Director);
    let inside = world.risk("Inside").await;
    let body = json!({"program_id": world.other_program, "title": "Outside", "kind": "threat"});
    let outside = director.create("risk", body.clone()).await.unwrap().id().to_owned();
    let narrow = |programs: Vec<String>| {
        world.caller(world.mint(&world.org, world.id(Who::Director), |mint| mint.program_ids = Some(programs)))
    };
    let only = narrow(vec![world.program.clone()]);
    assert_eq!(only.list("risk", json!({})).await.unwrap().each("id"), [inside.as_str()]);
    assert_eq!(only.list("program", json!({})).await.unwrap().each("id"), [world.program.as_str()]);
    assert_eq!(only.get("risk", &outside).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(only.update("risk", &outside, json!({"title": "No"})).await.unwrap_err().code, "NOT_FOUND");
    assert!(only.create("risk", body).await.is_err());
    assert!(is_forbidden(&only.create("portfolio", crate::all::kernel::bodies::body(&world, "portfolio")).await));
    assert!(!only.all_events(json!({})).await.iter().any(|event| event["resource_id"] == outside.as_str()));
    let none = narrow(vec![]);
    assert_eq!(none.list("risk", json!({"include_total": true})).await.unwrap()["total"], "0");
    assert!(none.all_events(json!({})).await.iter().all(|event| event["kind"] != "risk"));

    // The claim cannot widen what the grant reaches.
    let both = vec![world.program.clone(), world.other_program.clone()];
    let manager = world.caller(world.mint(&world.org, world.id(Who::ProgramManager), |m| m.program_ids = Some(both)));
    assert_eq!(manager.list("risk", json!({})).await.unwrap().each("id"), [inside.as_str()]);
});

scenario!(grants_hold_in_their_time(world) {
    let admin = world.client(Who::Admin);
    let risk = world.risk("Dated").await;
    let cases = [
        (json!({"valid_from": "2099-01-01T00:00:00Z"}), false),
        (json!({"valid_until": "2020-01-01T00:00:00Z"}), false),
        (json!({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2020-01-02T00:00:00Z"}), false),
        (json!({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z"}), true),
    ];
    for (times, holds) in cases {
        let person = admin.create("person", json!({"name": "Delegate"})).await.unwrap().id().to_owned();
        let mut grant = json!({"person_id": person, "role": "executive"});
        grant.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let grant = admin.create("grant", grant).await.unwrap().id().to_owned();
        let caller = world.client_of(&person);
        assert_eq!(is_forbidden(&caller.get("risk", &risk).await), !holds, "{times}");
        admin.act("grant", &grant, "revoke", json!({})).await.unwrap();
        assert!(is_forbidden(&caller.get("risk", &risk).await), "revoked: {times}");
    }
});

scenario!(a_grant_reaches_no_further_than_it_says(world) {
    let (admin, director) = (world.client(Who::Admin), world.client(Who::Director));
    let elsewhere = make(&world, "portfolio").await;
    let mut program = body(&world, "program");
    program["portfolio_id"] = json!(elsewhere);
    let far = director.create("program", program).await.unwrap().id().to_owned();
    let risk_in = async |program: &str| {
        let body = json!({"program_id": program, "title": "Reach", "kind": "threat"});
        director.create("risk", body).await.unwrap().id().to_owned()
    };
    let (near, middle, far_risk) = (world.risk("Near").await, risk_in(&world.other_program).await, risk_in(&far).await);
    let person = admin.create("person", json!({"name": "Portfolio manager"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": person, "role": "program_manager", "portfolio_id": world.portfolio});
    admin.create("grant", grant).await.unwrap();
    let caller = world.client_of(&person);
    let seen = caller.list("risk", json!({"order_by": "id"})).await.unwrap();
    assert_eq!(seen.each("id"), [near.as_str(), middle.as_str()]);
    let seen = caller.list("portfolio", json!({})).await.unwrap();
    assert_eq!(seen.each("id"), [world.portfolio.as_str()]);
    for id in [&near, &middle] {
        caller.update("risk", id, json!({"category": "reached"})).await.unwrap();
    }
    assert_eq!(caller.get("risk", &far_risk).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(caller.update("risk", &far_risk, json!({"title": "No"})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(caller.act("risk", &far_risk, "close", json!({})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(caller.delete("risk", &far_risk).await.unwrap_err().code, "NOT_FOUND");
    let moved = json!({"program_id": far, "title": "Into", "kind": "threat"});
    let refused = caller.create("risk", moved).await.unwrap_err();
    assert!(refused.faults[0].pointer.ends_with("program_id") && refused.faults[0].code == "NOT_FOUND", "{refused}");
    assert!(!caller.all_events(json!({})).await.iter().any(|event| event["resource_id"] == far_risk.as_str()));

    // Directories are read by everyone who may, and written by whoever reaches the whole organisation.
    let sight = director.create("grant", body(&world, "grant")).await;
    assert!(is_forbidden(&sight), "a director makes no grants");
    let limited = admin.create("person", json!({"name": "Limited director"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": limited, "role": "director", "program_id": world.program});
    admin.create("grant", grant).await.unwrap();
    let limited = world.client_of(&limited);
    assert!(is_forbidden(&limited.create("person", json!({"name": "No"})).await));
    assert!(is_forbidden(&limited.update("person", &person, json!({"name": "No"})).await));
    assert!(is_forbidden(&limited.create("portfolio", body(&world, "portfolio")).await));
    limited.get("person", &person).await.unwrap();
});

scenario!(a_director_over_one_program_reads_no_grants(world) {
    let admin = world.client(Who::Admin);
    let person = admin.create("person", json!({"name": "Limited"})).await.unwrap().id().to_owned();
    let grant = json!({"person_id": person, "role": "director", "program_id": world.program});
    admin.create("grant", grant).await.unwrap();
    let caller = world.client_of(&person);
    assert_eq!(caller.list("grant", json!({"include_total": true})).await.unwrap()["total"], "0");
    assert!(caller.all_events(json!({})).await.iter().all(|event| event["kind"] != "grant"));
});

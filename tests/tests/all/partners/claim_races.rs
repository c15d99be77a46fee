//! Claims and reviews at once, and those of others.

use serde_json::json;
use steerco_tests::{Answer, Reply, Who, scenario};

use crate::all::kernel::bodies::fresh;
use crate::all::partners::milestone_update::{Deal, act, company};

scenario!(of_two_reviewers_at_once_one_decides(world) {
    let (director, manager, vendor) = (world.client(Who::Director), world.client(Who::ProgramManager), world.client(Who::Vendor));
    for _ in 0..4 {
        let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata"}), json!({})).await;
        let claim = deal.claim(&vendor, json!({"percent": 0.8})).await.unwrap();
        let id = claim["review_id"].as_str().unwrap();
        let etag = director.get("review", id).await.unwrap().etag.unwrap();
        let (director, manager) = (director.if_match(&etag), manager.if_match(&etag));
        let next = deal.claim(&vendor, json!({"percent": 0.9, "supersedes_id": claim.id()}));
        let (one, other, next) = tokio::join!(
            director.act("review", id, "accept", json!({})),
            manager.act("review", id, "reject", json!({"reason": "no"})),
            next,
        );
        let done = [one.is_ok(), other.is_ok(), next.is_ok()].iter().filter(|done| **done).count();
        assert_eq!(done, 1, "{one:?} {other:?} {next:?}");
        let (state, paid) = (deal.fact(&vendor).await["delivery_state"].clone(), deal.payables(&vendor).await.len());
        let wanted = match (one.is_ok(), other.is_ok()) {
            (true, _) => ("accepted_in_part", 1),
            (_, true) => ("rejected", 0),
            _ => ("submitted", 0),
        };
        assert_eq!((state.as_str().unwrap(), paid), wanted);
    }
    world.verify().await;
});

scenario!(of_many_equal_claims_one_stands(world) {
    let vendor = world.client(Who::Vendor);
    let deal = Deal::strike(&world, json!({}), json!({})).await;
    let keyed = vendor.key(&format!("claim-{}", fresh()));
    let all = futures::future::join_all((0..32).flat_map(|_| [keyed.clone(), vendor.clone()]).map(|caller| {
        let body = json!({"milestone_id": deal.milestone, "percent": 0.5});
        async move { caller.create("milestone_update", body).await }
    })).await;
    let made: std::collections::BTreeSet<&str> = all.iter().filter_map(|reply| reply.as_ref().ok()).map(Answer::id).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    let total = vendor.list("milestone_update", json!({"include_total": true})).await.unwrap();
    assert_eq!(total["total"], "1");
    assert_eq!(deal.fact(&vendor).await["update_count"], 1);
    world.verify().await;
});

scenario!(acceptance_and_the_close_of_a_period_do_not_cross(world) {
    let (director, vendor, finance) = (world.client(Who::Director), world.client(Who::Vendor), world.client(Who::Finance));
    let (entity, periods) = company(&world).await;
    for period in periods.iter().take(2) {
        let deal = Deal::strike(&world, json!({"payment_rule": "pro_rata", "legal_entity_id": entity}), json!({})).await;
        let claim = deal.claim(&vendor, json!({})).await.unwrap();
        finance.act("fiscal_period", period, "start_closing", json!({})).await.unwrap();
        let (accepted, closed) = tokio::join!(
            act(&director, &claim, "accept", json!({})),
            finance.act("fiscal_period", period, "close", json!({})),
        );
        let (accepted, closed) = (accepted.unwrap(), closed.unwrap());
        let filter = format!("review_id = \"{}\"", accepted.id());
        let entry = finance.list_all("ledger_entry", json!({"filter": filter})).await.unwrap().remove(0);
        assert_ne!(entry["fiscal_period_id"], closed["id"], "a closing period takes none");
    }
    world.verify().await;
});

/// A refusal without what the request named.
fn plain(reply: Reply, ids: &[&str]) -> (String, String, Vec<(String, String)>) {
    let refused = reply.unwrap_err();
    let clean = |text: &str| ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "ID"));
    let faults = refused.faults.iter().map(|fault| (fault.pointer.clone(), clean(&fault.detail))).collect();
    (refused.code.clone(), clean(&refused.detail), faults)
}

scenario!(strangers_of_every_kind_find_nothing_to_claim_or_to_decide(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = Deal::strike(&world, json!({"program_ids": [world.other_program]}), json!({})).await;
    let claim = deal.claim(&vendor, json!({"percent": 0.5})).await.unwrap();
    let review = claim["review_id"].as_str().unwrap().to_owned();
    // A rival, a partner with nothing but a draft, one that is suspended, and another organisation.
    let cautious = world.new_partner("Cautious").await;
    let draft = world.new_draft(&cautious).await;
    let hidden = json!({"engagement_id": draft, "title": "Hidden", "payment": {"amount": "7", "currency": "EUR"}});
    let hidden = director.create("milestone", hidden).await.unwrap().id().to_owned();
    let rival = world.new_partner("Rival").await;
    world.new_engagement(&rival).await;
    let gone = world.new_partner("Gone").await;
    world.new_engagement(&gone).await;
    let callers = [world.vendor_of(&rival).await, world.vendor_of(&cautious).await, world.client(Who::Stranger)];
    let unknown = |kind: &str| crate::all::kernel::bodies::unknown(kind);
    for caller in &callers {
        for milestone in [&deal.milestone, &hidden] {
            let (nobody, body) = (unknown("milestone"), |id: &str| json!({"milestone_id": id, "percent": 1}));
            let said = plain(caller.create("milestone_update", body(milestone)).await, &[milestone]);
            let meant = plain(caller.create("milestone_update", body(&nobody)).await, &[&nobody]);
            assert_eq!(said, meant);
        }
        for verb in ["dispute", "answer_query", "accept"] {
            let nobody = unknown("review");
            let body = crate::all::kernel::bodies::verb_body("review", verb);
            let said = plain(caller.if_match("*").act("review", &review, verb, body.clone()).await, &[&review]);
            let meant = plain(caller.if_match("*").act("review", &nobody, verb, body).await, &[&nobody]);
            assert_eq!(said, meant, "{verb}");
        }
        let nobody = unknown("milestone_update");
        let said = plain(caller.act("milestone_update", claim.id(), "withdraw", json!({})).await, &[claim.id()]);
        assert_eq!(said, plain(caller.act("milestone_update", &nobody, "withdraw", json!({})).await, &[&nobody]));
        for kind in ["milestone_update", "review", "payable"] {
            let all = json!({"include_total": true, "show_deleted": true, "filter": "percent > 0"});
            let args = if kind == "milestone_update" { all } else { json!({"include_total": true}) };
            assert_eq!(caller.list(kind, args).await.unwrap()["total"], "0", "{kind}");
        }
    }
    // A buyer of another program, and whoever spoke for a partner that is suspended.
    let manager = world.client(Who::ProgramManager);
    for (kind, id) in [("milestone_update", claim.id()), ("review", &review), ("milestone", deal.milestone.as_str())] {
        assert_eq!(manager.get(kind, id).await.unwrap_err().code, "NOT_FOUND", "{kind}");
    }
    assert_eq!(manager.act("review", &review, "accept", json!({})).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(manager.create("milestone_update", json!({"milestone_id": deal.milestone, "percent": 1})).await.unwrap_err().places(),
        [("/milestone_id", "NOT_FOUND")]);
    let lost = world.vendor_of(&gone).await;
    director.act("partner", &gone, "suspend", json!({})).await.unwrap();
    for kind in ["engagement", "milestone", "milestone_update", "review", "payable"] {
        assert_eq!(lost.list(kind, json!({})).await.unwrap_err().code, "PERMISSION_DENIED", "{kind}");
    }
    assert_eq!(vendor.get("review", &review).await.unwrap()["state"], "open", "and nothing has changed");
    director.act("engagement", &draft, "activate", json!({})).await.unwrap();
    callers[1].create("milestone_update", json!({"milestone_id": hidden, "percent": 0.1})).await.unwrap();
    world.verify().await;
});

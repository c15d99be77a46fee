//! State machines over the wire: every move there is, and every one there is not. Which machines there are is read from
//! the declarations: each field whose words are states.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::access::{Right, TABLE};
use steerco_domain::field::{Moves, Shape};
use steerco_domain::resource::Kind;
use steerco_tests::{Client, Reply, Who, World, scenario};

use crate::all::kernel::bodies::{keeper, make, verb_body};
use crate::all::partners::{milestone_update, settlement};

/// Moves that no verb of the kind brings about by itself: kind, from, to, and what does.
const OTHERWISE: &[(&str, &str, &str, &str)] = &[
    ("milestone_update", "submitted", "superseded", "a later claim of the same milestone"),
    ("milestone_update", "submitted", "accepted", "its review"),
    ("milestone_update", "submitted", "accepted_with_reservations", "its review"),
    ("milestone_update", "submitted", "accepted_in_part", "its review"),
    ("milestone_update", "submitted", "rejected", "its review"),
    ("milestone_update", "accepted", "revoked", "its review"),
    ("milestone_update", "accepted_with_reservations", "revoked", "its review"),
    ("milestone_update", "accepted_in_part", "revoked", "its review"),
    ("milestone_update", "rejected", "submitted", "the answer to a dispute of its review"),
    ("review", "open", "closed", "its claim is withdrawn or superseded"),
    ("review", "queried", "closed", "its claim is withdrawn or superseded"),
    ("invoice", "proposed", "withdrawn", "nothing: declared, and refused by its one verb"),
    ("budget", "approved", "superseded", "the approval of the next version"),
    ("forecast", "submitted", "superseded", "the submission of the next forecast"),
];

/// States in which no walk begins or ends.
const UNREACHED: &[(&str, &str, &str)] = &[
    ("budget", "superseded", "the approval of the next version"),
    ("forecast", "superseded", "the submission of the next forecast"),
];

/// A verb that moves elsewhere, refused where its move is allowed: kind, state, verb, and why.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("invoice", "submitted", "accept", "only what the organisation proposed is accepted by the partner"),
    ("invoice", "proposed", "approve", "only the partner accepts what was proposed to it"),
    ("invoice", "proposed", "withdraw", "the organisation proposed it"),
    ("review", "rejected", "answer_query", "nothing is asked once it is decided"),
    ("fiscal_period", "closed", "cancel_closing", "a closed period is reopened by two people"),
    ("fiscal_period", "closing", "reopen", "only a closed period is reopened"),
];

struct Machine {
    kind: &'static Kind,
    field: &'static str,
    moves: Moves,
    states: Vec<&'static str>,
}

/// Every state machine, by the declaration of the field that holds its state.
fn machines() -> Vec<Machine> {
    let mut found = Vec::new();
    for kind in KINDS {
        for field in kind.fields {
            let Some(moves) = field.moves else { continue };
            let Shape::Word { words, .. } = (field.shape)() else { panic!("{} holds no words", field.name) };
            let states = words.iter().map(|(word, _)| *word).collect();
            found.push(Machine { kind, field: field.name, moves: moves(), states });
        }
    }
    found
}

impl Machine {
    fn allows(&self, from: &str, to: &str) -> bool {
        self.moves.iter().any(|(state, next)| *state == from && next.contains(&to))
    }
}

/// A valid body of this verb that brings its move about at once.
fn body_of(kind: &str, verb: &str) -> Value {
    match (kind, verb) {
        // All of it, and not an instalment.
        ("invoice", "record_payment") => {
            json!({"amount": "10", "paid_on": "2026-08-15", "document_reference": "P 1"})
        }
        ("review", "answer_dispute") => json!({"answer": "look again", "reopen": true}),
        _ => verb_body(kind, verb),
    }
}

/// What must be asked for before this verb, where anything must.
fn asked_before(kind: &str, verb: &str) -> Option<&'static str> {
    match (kind, verb) {
        ("fiscal_period", "reopen") => Some("request_reopen"),
        ("review", "answer_dispute") => Some("dispute"),
        _ => None,
    }
}

/// The verb by whoever may: by another person where it must be another one.
async fn attempt(callers: &[(Who, Client)], kind: &str, id: &str, verb: &str) -> Reply {
    let row = TABLE.iter().find(|row| row.kind == kind && row.action == verb).unwrap();
    let mut last = None;
    for (who, caller) in callers.iter().filter(|(who, _)| row.right(who.role()) != Right::Deny) {
        match caller.if_match("*").act(kind, id, verb, body_of(kind, verb)).await {
            Err(refused) if ["PERMISSION_DENIED", "NOT_FOUND"].contains(&&*refused.code) => last = Some(refused),
            done => return done.inspect_err(|refused| assert!(refused.status < 500, "{who:?} {refused}")),
        }
    }
    Err(last.unwrap_or_else(|| panic!("nobody may {verb} {kind}")))
}

/// One in a state in which a walk begins; none of that number.
async fn begin(world: &World, kind: &str, n: usize) -> Option<String> {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let deal = async || {
        let deal = milestone_update::Deal::strike(world, json!({}), json!({})).await;
        let claim = deal.claim(&vendor, json!({})).await.unwrap();
        (deal, claim)
    };
    match (kind, n) {
        // Something must be kept back, and the day on which it is released must have come.
        ("retention_release", 0) => {
            let (engagement, milestone) = settlement::contract(world).await;
            let claim = settlement::claim(&vendor, &milestone, 1.0).await;
            settlement::decide(world, &claim, "accept", json!({})).await;
            let day = json!({"retention_release_on": "2026-01-01"});
            director.update("engagement", &engagement, day).await.unwrap();
            let amount = json!({"amount": "10", "currency": "EUR"});
            let body = json!({"engagement_id": engagement, "reason": "certificate", "amount": amount});
            Some(director.create("retention_release", body).await.unwrap().id().to_owned())
        }
        // It changes the value of its engagement, which other walks invoice.
        ("engagement_amendment", 0) => {
            let mut body = crate::all::kernel::bodies::body(world, kind);
            body["engagement_id"] = json!(world.new_engagement(&world.partner).await);
            Some(director.create(kind, body).await.unwrap().id().to_owned())
        }
        ("review", 0) => Some(deal().await.1.text("review_id").to_owned()),
        ("review", 1) => {
            let (_, claim) = deal().await;
            vendor.act("milestone_update", claim.id(), "withdraw", json!({})).await.unwrap();
            Some(claim.text("review_id").to_owned())
        }
        ("milestone_update", 1..=5) => {
            let (_, claim) = deal().await;
            let verbs = ["accept", "accept_with_reservations", "accept_in_part", "reject", "accept"];
            let (verb, review) = (verbs[n - 1], claim.text("review_id"));
            director.if_match("*").act("review", review, verb, verb_body("review", verb)).await.unwrap();
            if n == 5 {
                director.if_match("*").act("review", review, "revoke", verb_body("review", "revoke")).await.unwrap();
            }
            Some(claim.id().to_owned())
        }
        ("milestone_update", 6) => {
            let (deal, claim) = deal().await;
            deal.claim(&vendor, json!({"supersedes_id": claim.id()})).await.unwrap();
            Some(claim.id().to_owned())
        }
        ("invoice", 1) => Some(proposed_credit(world).await),
        (_, 0) => Some(make(world, kind).await),
        _ => None,
    }
}

/// A credit note that the organisation proposes for a month that missed its service level.
async fn proposed_credit(world: &World) -> String {
    let works = crate::all::partners::invoice::Works::begin(world, &world.partner).await;
    let director = world.client(Who::Director);
    let body = json!({
        "engagement_id": works.engagement, "service_level": "Response", "value": "9",
        "period_starts_on": "2026-06-01", "measured_by": "Probe",
    });
    let measured = director.create("service_level_measurement", body).await.unwrap();
    director.act("service_level_measurement", measured.id(), "propose_credit", json!({})).await.unwrap();
    let filter = format!("engagement_id = \"{}\" and state = \"proposed\"", works.engagement);
    director.list("invoice", json!({"filter": filter})).await.unwrap().each("id")[0].to_owned()
}

/// What a walk saw.
#[derive(Default)]
struct Seen {
    /// State and verb, and the state after it.
    done: BTreeMap<(String, &'static str), String>,
    refused: BTreeSet<(String, &'static str)>,
    states: BTreeSet<String>,
    faults: Vec<String>,
}

/// Tries every verb in every state that can be reached.
async fn walk(world: &World, callers: &[(Who, Client)], machine: &Machine) -> Seen {
    let (kind, mut seen) = (machine.kind.name, Seen::default());
    let keeper = keeper(world, kind);
    let state_of = async |id: &str| keeper.get(kind, id).await.unwrap()[machine.field].as_str().unwrap().to_owned();
    let mut ways: Vec<(usize, Vec<&'static str>)> = Vec::new();
    for n in 0.. {
        let Some(id) = begin(world, kind, n).await else { break };
        if seen.states.insert(state_of(&id).await) {
            ways.push((n, Vec::new()));
        }
    }
    let mut next = 0;
    while let Some((n, way)) = ways.get(next).cloned() {
        next += 1;
        let mut ready: Option<String> = None;
        for verb in machine.kind.verbs.iter().map(|verb| verb.name) {
            let id = if let Some(id) = ready.take() {
                id
            } else {
                let id = begin(world, kind, n).await.unwrap();
                for step in &way {
                    ask_and_do(callers, kind, &id, step).await.unwrap();
                }
                id
            };
            let state = state_of(&id).await;
            if let Some(first) = asked_before(kind, verb) {
                drop(attempt(callers, kind, &id, first).await);
            }
            let before = keeper.get(kind, &id).await.unwrap();
            match attempt(callers, kind, &id, verb).await {
                Ok(_) => {
                    let to = state_of(&id).await;
                    if seen.states.insert(to.clone()) {
                        ways.push((n, way.iter().copied().chain([verb]).collect()));
                    }
                    seen.done.insert((state, verb), to);
                }
                Err(refused) => {
                    if refused.code != "WRONG_STATE" {
                        seen.faults.push(format!("{kind} {state}: {verb} is answered {refused}"));
                    }
                    if keeper.get(kind, &id).await.unwrap().json != before.json {
                        seen.faults.push(format!("{kind} {state}: {verb} was refused and changed something"));
                    }
                    seen.refused.insert((state, verb));
                    // What was asked for before it is something of its own.
                    ready = asked_before(kind, verb).is_none().then_some(id);
                }
            }
        }
    }
    seen
}

async fn ask_and_do(callers: &[(Who, Client)], kind: &str, id: &str, verb: &str) -> Reply {
    if let Some(first) = asked_before(kind, verb) {
        attempt(callers, kind, id, first).await?;
    }
    attempt(callers, kind, id, verb).await
}

/// What of a walk is not as declared.
fn faults(machine: &Machine, seen: Seen) -> Vec<String> {
    let (kind, mut faults) = (machine.kind.name, seen.faults);
    let moved: Vec<(&String, &str, &String)> =
        seen.done.iter().filter(|((from, _), to)| from != *to).map(|((from, verb), to)| (from, *verb, to)).collect();
    for (from, verb, to) in &moved {
        if !machine.allows(from, to) {
            faults.push(format!("{kind} {from}: {verb} leads to {to}, which is not declared"));
        }
    }
    // Where a verb leads, it leads from every state from which that is declared, and from no other.
    for (from, verb) in seen.refused.iter().filter(|(from, verb)| !is_listed(REFUSED, kind, from, verb)) {
        let wanted = moved.iter().find(|(_, other, to)| other == verb && machine.allows(from, to));
        faults.extend(wanted.map(|(_, _, to)| format!("{kind} {from}: {verb} is refused, though {to} may follow")));
    }
    for ((from, verb), to) in seen.done.iter().filter(|((from, _), to)| from == *to) {
        let elsewhere = moved.iter().find(|(_, other, other_to)| other == verb && *other_to != to);
        faults.extend(
            elsewhere.map(|(_, _, other)| format!("{kind} {from}: {verb} leads nowhere, and elsewhere to {other}")),
        );
    }
    for (from, next) in &machine.moves {
        for to in next {
            let found = seen.done.iter().any(|((a, _), b)| a == from && b == to);
            if found == is_listed(OTHERWISE, kind, from, to) {
                let what =
                    if found { "is found by a walk: take it off the list" } else { "is brought about by no verb" };
                faults.push(format!("{kind}: {from} → {to} {what}"));
            }
        }
    }
    for state in &machine.states {
        let reached = seen.states.contains(*state);
        if reached == UNREACHED.iter().any(|(of, name, _)| *of == kind && name == state) {
            let what = if reached { "is reached: take it off the list" } else { "is reached by no walk" };
            faults.push(format!("{kind}: {state} {what}"));
        }
    }
    faults
}

fn is_listed(list: &[(&str, &str, &str, &str)], kind: &str, a: &str, b: &str) -> bool {
    list.iter().any(|(of, from, to, _)| *of == kind && *from == a && *to == b)
}

scenario!(
    /// Every verb in every state of every machine: what is declared leads where it is declared to lead, all else is refused
    /// and changes nothing.
    every_machine_is_walked(world) {
        let who = [Who::Director, Who::Finance, Who::ProgramManager, Who::Admin, Who::Vendor, Who::Integration];
        let callers: Vec<(Who, Client)> = who.into_iter().map(|who| (who, world.client(who))).collect();
        let machines = machines();
        assert!(machines.len() >= 20, "{} machines: the declarations are no longer read", machines.len());
        let mut all = Vec::new();
        for machine in &machines {
            let seen = walk(&world, &callers, machine).await;
            assert!(!seen.done.is_empty(), "{}: no verb does anything", machine.kind.name);
            all.extend(faults(machine, seen));
        }
        assert!(all.is_empty(), "{all:#?}");
        world.verify().await;
    }
);

#[test]
fn every_machine_that_is_listed_is_there() {
    let kinds: BTreeSet<&str> = machines().iter().map(|machine| machine.kind.name).collect();
    let listed = OTHERWISE
        .iter()
        .map(|row| row.0)
        .chain(UNREACHED.iter().map(|row| row.0))
        .chain(REFUSED.iter().map(|row| row.0));
    let strange: Vec<&str> = listed.filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(strange, Vec::<&str>::new());
}

scenario!(a_risk_that_is_assessed_the_same_again_is_as_it_was(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let body = json!({"probability": 0.5});
    director.act("risk", &risk, "assess", body.clone()).await.unwrap();
    assert_eq!(director.act("risk", &risk, "assess", body).await.unwrap().did(), "unchanged");
});

scenario!(of_a_parent_with_children(world) {
    let director = world.client(Who::Director);
    let risk = world.risk("Flood").await;
    let refused = director.delete("program", &world.program).await.unwrap_err();
    assert_eq!(refused.code, "HAS_CHILDREN", "{refused}");
    assert_eq!(director.delete("portfolio", &world.portfolio).await.unwrap_err().code, "HAS_CHILDREN");
    director.delete("risk", &risk).await.unwrap();
    let elsewhere = json!({"program_ids": [world.other_program]});
    director.update("engagement", &world.engagement, elsewhere).await.unwrap();
    assert_eq!(director.delete("program", &world.program).await.unwrap().did(), "deleted");
    let orphan = director.undelete("risk", &risk).await.unwrap_err();
    assert_eq!(orphan.places(), [("/program_id", "NOT_FOUND")]);
    let late = json!({"program_id": world.program, "title": "Late", "kind": "threat"});
    assert_eq!(director.create("risk", late).await.unwrap_err().places(), [("/program_id", "NOT_FOUND")]);
});

scenario!(of_a_code_that_is_taken(world) {
    let director = world.client(Who::Director);
    let body = |code: &str| json!({"program_id": world.program, "code": code, "name": "x"});
    let first = director.create("project", body("gym")).await.unwrap();
    let refused = director.create("project", body("gym")).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.places()), ("ALREADY_EXISTS", vec![("/code", "ALREADY_EXISTS")]));
    director.delete("project", first.id()).await.unwrap();
    let second = director.create("project", body("gym")).await.unwrap();
    assert_eq!(director.undelete("project", first.id()).await.unwrap_err().code, "ALREADY_EXISTS");
    director.update("project", second.id(), json!({"code": "hall"})).await.unwrap();
    assert_eq!(director.undelete("project", first.id()).await.unwrap().did(), "undeleted");
});

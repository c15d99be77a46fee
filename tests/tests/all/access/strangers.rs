//! Nobody sees or changes what is not in their reach, and what is foreign looks like what is not there.

use serde_json::{Value, json};
use steerco_domain::KINDS;
use steerco_domain::access::TABLE;
use steerco_tests::{Client, Door, Refused, Reply, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::{CREATABLE, body, is_fixed, is_verb, keeper, make, unknown, verb_body};
use crate::all::kernel::wire::head;

/// In every text of the organisation that is spied upon.
pub(crate) const CANARY: &str = "canary-7f3a91";
const REF: &str = "CANARY-REF-1";

/// One of every kind, all in the other program where there is a choice, each with an external reference: the engagement
/// is in force, of a partner of its own, and the milestone and the comment are of that engagement.
pub(crate) struct Nest {
    ids: Vec<(&'static str, String)>,
}

impl Nest {
    pub(crate) async fn build(world: &World) -> Self {
        let mut nest = Self { ids: vec![("organisation", world.org.clone())] };
        for kind in CREATABLE {
            let mut body = body(world, kind);
            for (name, of) in [("partner_id", "partner"), ("engagement_id", "engagement"), ("subject_id", "engagement")]
            {
                if body.get(name).is_some() {
                    body[name] = json!(nest.id(of));
                }
            }
            if body.get("program_ids").is_some() {
                body["program_ids"] = json!([world.other_program]);
            }
            for name in ["name", "title", "text"] {
                if body.get(name).is_some() {
                    body[name] = json!(CANARY);
                }
            }
            // What hangs on others hangs on those of that program.
            if kind == "activity" {
                body["project_id"] = json!(nest.id("project"));
            }
            if kind == "dependency" {
                let waits = json!({"program_id": world.other_program, "title": CANARY});
                body["predecessor_id"] = json!(nest.id("deliverable"));
                body["successor_id"] =
                    json!(keeper(world, "deliverable").create("deliverable", waits).await.unwrap().id());
            }
            if body.get("program_id").is_some() {
                body["program_id"] = json!(world.other_program);
            }
            body["labels"] = json!({"spy": CANARY});
            body["external_refs"] = json!([{"source": World::SOURCE, "external_id": REF}]);
            let made = keeper(world, kind).create(kind, body).await.unwrap();
            nest.ids.push((kind, made.id().to_owned()));
            if kind == "engagement" {
                keeper(world, kind).act(kind, made.id(), "activate", json!({})).await.unwrap();
            }
        }
        nest.ids.push(("actuals_batch", make(world, "actuals_batch").await));
        nest.claim(world).await;
        nest.ids.push(("purchase_order_batch", make(world, "purchase_order_batch").await));
        nest
    }

    /// A claim of its milestone, accepted, so that something is payable.
    async fn claim(&mut self, world: &World) {
        let director = world.client(Who::Director);
        let claim = json!({
            "milestone_id": self.id("milestone"), "percent": 1, "narrative": CANARY, "labels": {"spy": CANARY},
            "external_refs": [{"source": World::SOURCE, "external_id": REF}],
        });
        let claim = world.client(Who::Integration).create("milestone_update", claim).await.unwrap();
        let review = claim.text("review_id").to_owned();
        let private = json!({"private_notes": CANARY, "labels": {"spy": CANARY}});
        director.if_match("*").update("review", &review, private).await.unwrap();
        director.if_match("*").act("review", &review, "accept", json!({"reason": CANARY})).await.unwrap();
        let payable = crate::all::kernel::bodies::make_payable(world, self.id("engagement")).await;
        director.update("payable", &payable, json!({"labels": {"spy": CANARY}})).await.unwrap();
        self.ids.extend([("milestone_update", claim.id().to_owned()), ("review", review), ("payable", payable)]);
    }

    pub(crate) fn id(&self, kind: &str) -> &str {
        &self.ids.iter().find(|(known, _)| *known == kind).unwrap().1
    }

    /// What of the nest shows in a text, beside what the request itself named.
    pub(crate) fn seen_in<'a>(&'a self, text: &str, asked: &str) -> Option<&'a str> {
        let ids = self.ids.iter().map(|(_, id)| id.as_str());
        ids.chain([CANARY, REF]).find(|secret| !asked.contains(secret) && text.contains(secret))
    }
}

/// Everything that names a resource by its id, or by what only its organisation knows.
async fn calls(caller: &Client, kind: &'static str, id: &str, reference: &str) -> Vec<(String, Reply)> {
    let mut replies = Vec::new();
    let patch = json!({"labels": {"by": "stranger"}});
    let mut add = |name: &str, reply: Reply| replies.push((format!("{name} {kind}"), reply));
    add("get", caller.get(kind, id).await);
    add("as_of", caller.as_of("2099-01-01T00:00:00Z").get(kind, id).await);
    add("fields", caller.fields("id").get(kind, id).await);
    add("revisions", caller.revisions(kind, id, json!({})).await);
    add("update", caller.update(kind, id, patch.clone()).await);
    add("update as 1", caller.if_match("1").update(kind, id, patch.clone()).await);
    add("update as none", caller.if_match("none").update(kind, id, patch.clone()).await);
    add("dry update", caller.validate_only().update(kind, id, patch.clone()).await);
    add("add reference", caller.add_ref(kind, id, World::SOURCE, "X-1").await);
    add("remove reference", caller.remove_ref(kind, id, World::SOURCE, reference).await);
    if !is_fixed(kind) {
        add("delete", caller.delete(kind, id).await);
        add("undelete", caller.undelete(kind, id).await);
        add("by ref", caller.get_by_ref(kind, World::SOURCE, reference).await);
        let items = json!([{"update": {"id": id, "patch": patch}}, {"delete": {"id": id}}]);
        add("batch", caller.batch(kind, json!({"items": items})).await);
        add("partial batch", caller.batch(kind, json!({"items": items, "partial": true})).await);
    }
    for row in TABLE.iter().filter(|row| row.kind == kind && is_verb(row)) {
        add(row.action, caller.act(kind, id, row.action, verb_body(kind, row.action)).await);
    }
    if kind == "attachment" {
        let content = caller.download(id).await;
        add("content", content.map(|_| steerco_tests::Answer::default()));
    }
    if steerco_domain::find_kind(kind).is_some_and(|kind| kind.dated) {
        add("valid_at", caller.valid_at("2099-01-01T00:00:00Z").get(kind, id).await);
        add("backfill", caller.effective_at("2020-01-01T00:00:00Z").update(kind, id, patch).await);
    }
    replies
}

/// A reply without what differs from request to request.
fn plain(reply: &Reply, id: &str, reference: &str) -> Result<Value, Box<Refused>> {
    let clean = |text: String| text.replace(id, "ID").replace(reference, "REF");
    match reply {
        Ok(answer) => Ok(serde_json::from_str(&clean(answer.json.to_string())).unwrap()),
        Err(refused) => {
            let mut refused = refused.clone().anonymous();
            refused.detail = clean(refused.detail);
            refused.faults.iter_mut().for_each(|fault| fault.detail = clean(fault.detail.clone()));
            Err(Box::new(refused))
        }
    }
}

/// Asks for every resource of the nest, and for one that does not exist: the answers must be the same.
pub(crate) async fn look_alike(nest: &Nest, who: &str, caller: &Client, kinds: &[&'static str]) -> Vec<String> {
    let mut leaks = Vec::new();
    for kind in kinds {
        let (id, nobody) = (nest.id(kind), unknown(kind));
        let foreign = calls(caller, kind, id, REF).await;
        let missing = calls(caller, kind, &nobody, "NO-SUCH-REF").await;
        for ((name, foreign), (_, missing)) in foreign.iter().zip(&missing) {
            let (said, meant) = (plain(foreign, id, REF), plain(missing, &nobody, "NO-SUCH-REF"));
            if said != meant {
                leaks.push(format!("{who}: {name}: {said:?} is not {meant:?}"));
            }
            if foreign.is_ok() && !name.starts_with("partial") {
                leaks.push(format!("{who}: {name}: {foreign:?}"));
            }
            let heard = format!("{foreign:?}");
            leaks.extend(nest.seen_in(&heard, &format!("{id} {REF}")).map(|s| format!("{who}: {name} says {s}")));
        }
    }
    leaks
}

/// Everything that lists.
async fn listings(caller: &Client, kind: &str) -> Vec<(String, Reply)> {
    let canary = json!(CANARY).to_string();
    let named = steerco_domain::find_kind(kind).unwrap();
    let named = ["name", "title", "text"].into_iter().find(|name| named.field(name).is_some()).unwrap_or("id");
    let filters = match kind {
        "principal" => format!("subject contains \"u\" or labels.spy = {canary}"),
        "grant" => format!("role = \"auditor\" or labels.spy = {canary}"),
        _ => format!("{named} = {canary} or labels.spy = {canary}"),
    };
    let mut replies = Vec::new();
    for args in [
        json!({"page_size": 1000, "include_total": true, "show_deleted": true}),
        json!({"filter": filters, "include_total": true}),
        json!({"filter": format!("{named} = {canary}").replace("id =", "created_by ="), "include_total": true}),
        json!({"order_by": "created_at desc", "page_size": 1000}),
        json!({"page_size": 1000, "as_of": "2099-01-01T00:00:00Z"}),
        json!({"page_size": 1000, "fields": "id,labels"}),
    ] {
        replies.push((format!("list {kind} {args}"), caller.list(kind, args).await));
    }
    replies
}

pub(crate) async fn lists_hide(nest: &Nest, who: &str, caller: &Client, kinds: &[&'static str]) -> Vec<String> {
    let mut leaks = Vec::new();
    for kind in kinds {
        for (name, reply) in listings(caller, kind).await {
            let heard = format!("{reply:?}");
            leaks.extend(nest.seen_in(&heard, "").map(|secret| format!("{who}: {name} says {secret}")));
            let counted = reply.is_ok_and(|page| name.contains("filter") && page["total"] != "0");
            leaks.extend(counted.then(|| format!("{who}: {name} counts what it hides")));
        }
    }
    leaks
}

/// `asked` is what the caller knows anyway.
pub(crate) async fn feed_hides(nest: &Nest, who: &str, caller: &Client, asked: &str) -> Vec<String> {
    let mut leaks = Vec::new();
    let mut args = json!({"page_size": 1000});
    loop {
        let Ok(page) = caller.events(args.clone()).await else { return leaks };
        leaks.extend(nest.seen_in(&page.json.to_string(), asked).map(|s| format!("{who}: the feed says {s}")));
        if page["more"] == false {
            return leaks;
        }
        args["after"] = page["next_cursor"].clone();
    }
}

fn all_kinds() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.name).collect()
}

scenario!(another_organisation_sees_and_changes_nothing(world) {
    let nest = Nest::build(&world).await;
    let stranger = world.client(Who::Stranger);
    let before = head(&world, &world.org).await;
    let mut leaks = look_alike(&nest, "stranger", &stranger, &all_kinds()).await;
    leaks.extend(lists_hide(&nest, "stranger", &stranger, &all_kinds()).await);
    leaks.extend(feed_hides(&nest, "stranger", &stranger, "").await);
    assert_eq!(leaks, Vec::<String>::new());
    assert_eq!(head(&world, &world.org).await, before, "nothing was changed");
    world.verify().await;
});

scenario!(a_token_cannot_speak_for_another_organisation(world) {
    let nest = Nest::build(&world).await;
    let mut leaks = Vec::new();
    // Account of one organisation, name of the other: there is no such account there.
    let crossed = [
        world.mint(&world.org, world.id(Who::Stranger), |_| ()),
        world.mint(world.org_of(Who::Stranger), world.id(Who::Director), |_| ()),
        world.mint("org_00000000000000000000000000", world.id(Who::Director), |_| ()),
        world.mint("' OR 1=1 --", world.id(Who::Director), |_| ()),
    ];
    for token in crossed {
        let caller = world.caller(token);
        for (kind, id) in &nest.ids {
            for (name, reply) in calls(&caller, kind, id, REF).await {
                let code = reply.map(|answer| answer.json.to_string()).map_err(|refused| refused.code);
                leaks.extend((code != Err("UNAUTHENTICATED".to_owned())).then(|| format!("{name}: {code:?}")));
            }
        }
        assert_eq!(caller.events(json!({})).await.unwrap_err().code, "UNAUTHENTICATED");
    }
    assert_eq!(leaks, Vec::<String>::new());
});

scenario!(a_vendor_sees_its_organisation_and_nothing_else(world) {
    let nest = Nest::build(&world).await;
    let vendor = world.client(Who::Vendor);
    let rival = world.new_partner("Rival").await;
    let kinds: Vec<&str> = all_kinds().into_iter().filter(|kind| *kind != "organisation").collect();
    let before = head(&world, &world.org).await;
    let mut leaks = look_alike(&nest, "vendor", &vendor, &kinds).await;
    leaks.extend(lists_hide(&nest, "vendor", &vendor, &kinds).await);
    leaks.extend(feed_hides(&nest, "vendor", &vendor, &world.org).await);
    // Without the claim it names no partner, so it sees nothing at all.
    let unnamed = world.client_of(world.id(Who::Vendor));
    leaks.extend(look_alike(&nest, "unnamed vendor", &unnamed, &all_kinds()).await);
    leaks.extend(lists_hide(&nest, "unnamed vendor", &unnamed, &all_kinds()).await);
    let other = world.mint(&world.org, world.id(Who::Vendor), |mint| mint.partner_id = Some(rival));
    leaks.extend(lists_hide(&nest, "vendor of another", &world.caller(other), &all_kinds()).await);
    assert_eq!(leaks, Vec::<String>::new());
    assert_eq!(head(&world, &world.org).await, before, "nothing was changed");
    assert_eq!(unnamed.events(json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
});

scenario!(a_manager_of_another_program_sees_nothing_of_this_one(world) {
    let nest = Nest::build(&world).await;
    let manager = world.client(Who::ProgramManager);
    // Directories are everybody's: these kinds are not.
    let kinds = [
        "principal", "grant", "service_account", "portfolio", "program", "project", "deliverable", "activity",
        "dependency", "risk", "engagement", "engagement_amendment", "service_level_measurement", "rate_card", "retention_release", "invoice", "vendor_statement", "milestone", "comment",
    ];
    let before = head(&world, &world.org).await;
    let mut leaks = look_alike(&nest, "manager", &manager, &kinds).await;
    leaks.extend(lists_hide(&nest, "manager", &manager, &kinds).await);
    let mut args = json!({"page_size": 1000, "kinds": kinds});
    loop {
        let page = manager.events(args.clone()).await.unwrap();
        leaks.extend(nest.seen_in(&page.json.to_string(), "").map(|secret| format!("manager: the feed says {secret}")));
        if page["more"] == false {
            break;
        }
        args["after"] = page["next_cursor"].clone();
    }
    assert_eq!(leaks, Vec::<String>::new());
    assert_eq!(head(&world, &world.org).await, before, "nothing was changed");
});

scenario!(a_disabled_account_gets_nothing_at_all(world) {
    let nest = Nest::build(&world).await;
    let admin = world.client(Who::Admin);
    let (person, machine) = (world.id(Who::Director), world.id(Who::Integration));
    let callers = [world.client(Who::Director), world.client(Who::Integration)];
    // What a body refers to is made while there is somebody to make it.
    let bodies: Vec<(&str, Value)> = CREATABLE.iter().map(|kind| (*kind, body(&world, kind))).collect();
    admin.act("person", person, "disable", json!({})).await.unwrap();
    admin.act("service_account", machine, "disable", json!({})).await.unwrap();
    let mut let_in = Vec::new();
    for caller in &callers {
        let mut replies = Vec::new();
        for (kind, id) in &nest.ids {
            replies.extend(calls(caller, kind, id, REF).await);
            replies.extend(listings(caller, kind).await);
            if let Some((_, body)) = bodies.iter().find(|(known, _)| known == kind) {
                replies.push((format!("create {kind}"), caller.create(kind, body.clone()).await));
            }
        }
        replies.push(("events".to_owned(), caller.events(json!({})).await));
        replies.push(("permissions".to_owned(), caller.permissions().await));
        replies.push(("metrics".to_owned(), caller.through(Door::Rest).raw("GET", "/metrics").send().await));
        assert_eq!(caller.watch(json!({})).await.err().map(|refused| refused.code), match world.door {
            Door::Rest => Some("UNAUTHENTICATED".to_owned()),
            // A stream of gRPC opens first and then says what is wrong.
            Door::Grpc => None,
        });
        for (name, reply) in replies {
            let code = reply.map(|answer| answer.json.to_string()).map_err(|refused| refused.code);
            let_in.extend((code != Err("UNAUTHENTICATED".to_owned())).then(|| format!("{name}: {code:?}")));
        }
    }
    assert_eq!(let_in, Vec::<String>::new());
});

/// The kind and body of something that refers to this id, in a program of one's own.
type Made = fn(&str, &str) -> (&'static str, Value);

scenario!(a_reference_to_what_is_foreign_is_a_reference_to_nothing(world) {
    let nest = Nest::build(&world).await;
    let stranger = world.client(Who::Stranger);
    let mine = stranger.create("portfolio", json!({"code": crate::all::kernel::bodies::fresh().to_string(), "name": "Mine",
        "base_currency": "EUR"})).await.unwrap().id().to_owned();
    let program = |portfolio: &str| {
        json!({"portfolio_id": portfolio, "code": crate::all::kernel::bodies::fresh().to_string(), "name": "P", "currency": "EUR"})
    };
    let own = stranger.create("program", program(&mine)).await.unwrap().id().to_owned();
    let bodies: [(&'static str, Made); 9] = [
        ("portfolio", |id, _| ("program", json!({"portfolio_id": id, "code": "r1", "name": "P", "currency": "EUR"}))),
        ("program", |id, _| ("risk", json!({"program_id": id, "title": "R", "kind": "threat"}))),
        ("program", |id, _| ("project", json!({"program_id": id, "code": "r2", "name": "P"}))),
        ("person", |id, own| ("risk", json!({"program_id": own, "title": "R", "kind": "threat", "owner_id": id}))),
        ("person", |id, _| ("person", json!({"name": "R", "manager_id": id}))),
        ("person", |id, _| ("grant", json!({"person_id": id, "role": "auditor"}))),
        ("person", |id, _| ("principal", json!({"person_id": id, "issuer": "i", "subject": "s"}))),
        ("service_account", |id, _| ("grant", json!({"service_account_id": id, "role": "integration"}))),
        ("source", |id, _| ("service_account", json!({"name": "R", "source_ids": [id]}))),
    ];
    for (kind, make) in bodies {
        let (id, nobody) = (nest.id(kind), unknown(kind));
        let (what, foreign) = make(id, &own);
        let (_, missing) = make(&nobody, &own);
        let said = plain(&stranger.create(what, foreign).await, id, REF);
        let meant = plain(&stranger.create(what, missing).await, &nobody, REF);
        assert_eq!(said, meant, "{what} on a foreign {kind}");
        assert_eq!(said.unwrap_err().code, "INVALID_ARGUMENT", "{what} on a foreign {kind}");
    }
    // The same codes, sources and references may exist in both organisations, and neither learns of the other.
    let source = json!({"code": World::SOURCE, "name": "Their own"});
    let made = stranger.create("source", source).await;
    assert!(made.is_ok() || made.unwrap_err().code == "ALREADY_EXISTS", "the stranger is shared by all scenarios");
});

scenario!(tokens_of_pages_and_cursors_are_of_no_use_elsewhere(world) {
    make(&world, "risk").await;
    make(&world, "risk").await;
    let page = world.client(Who::Director).list("risk", json!({"page_size": 1})).await.unwrap();
    let (token, cursor) = (page["next_page_token"].clone(), page["sync_token"].clone());
    let stranger = world.client(Who::Stranger);
    let foreign = stranger.list("risk", json!({"page_size": 1, "page_token": token})).await.unwrap_err();
    let garbage = stranger.list("risk", json!({"page_size": 1, "page_token": "AAAA"})).await.unwrap_err();
    assert_eq!(foreign.anonymous(), garbage.anonymous());
    let foreign = stranger.events(json!({"after": cursor})).await.unwrap_err();
    let garbage = stranger.events(json!({"after": "AAAA"})).await.unwrap_err();
    assert_eq!(foreign.anonymous(), garbage.anonymous());
    // Nor does a token tell what stands in it.
    for text in [token.as_str().unwrap(), cursor.as_str().unwrap()] {
        assert!(!text.contains("risk") && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    }
    // A token of the director in the hands of one who sees less shows no more than that one sees.
    let manager = world.client(Who::ProgramManager);
    let other = json!({"program_id": world.other_program, "title": "Hidden", "kind": "threat"});
    let hidden = world.client(Who::Director).create("risk", other).await.unwrap().id().to_owned();
    let lent = manager.list("risk", json!({"page_size": 1000, "page_token": token})).await.unwrap();
    assert!(!lent.each("id").contains(&hidden.as_str()));
});

scenario!(idempotency_keys_are_each_callers_own(world) {
    let key = format!("shared-{}", crate::all::kernel::bodies::fresh());
    let body = json!({"name": "Keyed"});
    let mine = world.client(Who::Admin).key(&key).create("person", body.clone()).await.unwrap();
    let theirs = world.client(Who::Stranger).key(&key).create("person", body.clone()).await.unwrap();
    let another = world.client(Who::Director).key(&key).create("person", json!({"name": "Other"})).await.unwrap();
    assert!(!theirs.replayed && !another.replayed, "a key says nothing to others");
    assert!(mine.id() != theirs.id() && mine.id() != another.id());
    assert!(world.client(Who::Admin).key(&key).create("person", body).await.unwrap().replayed);
});

scenario!(a_replay_is_read_under_the_rights_of_today(world) {
    let admin = world.client(Who::Admin);
    let director = world.client(Who::Director);
    let key = format!("rights-{}", crate::all::kernel::bodies::fresh());
    let body = json!({"program_id": world.program, "title": CANARY, "kind": "threat"});
    director.key(&key).create("risk", body.clone()).await.unwrap();
    let grants = admin.list("grant", json!({"filter": format!("person_id = \"{}\"", world.id(Who::Director))}));
    let grant = grants.await.unwrap().items()[0]["id"].as_str().unwrap().to_owned();
    admin.act("grant", &grant, "revoke", json!({})).await.unwrap();
    let refused = director.key(&key).create("risk", body).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    assert!(!format!("{refused:?}").contains(CANARY));
});

/// What a vendor gets when it reads its organisation: everything, headers too, but the id of the request.
async fn vendor_view(world: &World) -> String {
    let vendor = world.client(Who::Vendor);
    let mut got = vendor.get("organisation", &world.org).await.unwrap();
    for gone in ["x-request-id", "date", "ratelimit-remaining", "ratelimit-reset"] {
        got.headers.remove(gone);
    }
    let mut list = vendor.list("organisation", json!({"include_total": true})).await.unwrap().json;
    list.as_object_mut().unwrap().remove("sync_token");
    let then = vendor.as_of("2099-01-01T00:00:00Z").get("organisation", &world.org).await.unwrap();
    let mut events = vendor.all_events(json!({})).await;
    // A cursor is sealed anew each time.
    for event in &mut events {
        event["cursor"] = Value::Null;
    }
    format!("{got:?} {list} {} {:?} {events:?}", then.json, then.etag)
}

scenario!(an_edit_of_private_fields_leaves_no_trace_for_a_vendor(world) {
    let admin = world.client(Who::Admin);
    let before = vendor_view(&world).await;
    let private = ["revision", "updated_at", "created_by", "external_refs"];
    for name in private {
        assert!(!before.contains(name), "{name} in {before}");
    }
    let refs = json!([{"source": World::SOURCE, "external_id": CANARY}]);
    for n in 0..3 {
        let refs = if n % 2 == 0 { refs.clone() } else { json!([]) };
        let edited = admin.update("organisation", &world.org, json!({"external_refs": refs})).await.unwrap();
        assert_eq!(edited.did(), "updated");
        assert_eq!(vendor_view(&world).await, before);
    }
    let vendor = world.client(Who::Vendor);
    for name in private {
        let reply = vendor.fields(name).get("organisation", &world.org).await.unwrap_err();
        let missing = vendor.fields("no_such_field").get("organisation", &world.org).await.unwrap_err();
        let clean = |refused: Refused, name: &str| format!("{refused}").replace(name, "NAME");
        assert_eq!(reply.code, missing.code);
        assert!(clean(reply, name).contains("NAME"), "{name}");
        for args in [json!({"order_by": name}), json!({"filter": format!("{name} != null")})] {
            let refused = vendor.list("organisation", args).await.unwrap_err();
            assert_eq!(refused.code, "INVALID_ARGUMENT");
            let told = refused.detail.replace(name, "");
            assert!(!private.iter().any(|name| told.contains(name)), "{refused}");
        }
    }
    assert_eq!(vendor.revisions("organisation", &world.org, json!({})).await.unwrap_err().code, "NOT_FOUND");
    admin.update("organisation", &world.org, json!({"name": "Seen"})).await.unwrap();
    assert_ne!(vendor_view(&world).await, before, "what it may see, it sees change");
});

rest_scenario!(a_vendor_that_holds_its_version_is_told_so(world) {
    let vendor = world.client(Who::Vendor);
    let etag = vendor.get("organisation", &world.org).await.unwrap().etag.unwrap();
    let refs = json!([{"source": World::SOURCE, "external_id": "1"}]);
    world.client(Who::Admin).update("organisation", &world.org, json!({"external_refs": refs})).await.unwrap();
    let path = format!("/v1/organisations/{}", world.org);
    let again = vendor.if_none_match(&etag).raw("GET", &path).plain().await;
    assert_eq!(again.status, Some(304), "a private edit does not move a vendor's version");
});

scenario!(a_wrong_id_is_told_what_would_be_right(world) {
    let stranger = world.client(Who::Stranger);
    for kind in KINDS {
        let refused = stranger.get(kind.name, "nonsense").await.unwrap_err();
        assert_eq!(refused.code, "INVALID_ARGUMENT", "{kind:?}");
        assert!(refused.detail.contains(&format!("{}_", kind.prefix)), "{refused}");
    }
});

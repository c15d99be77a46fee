//! What strangers of every kind learn of the work of a vendor: nothing, by any way of asking, nor by how long it takes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use steerco_tests::{Client, Reply, Who, World, scenario};

use crate::all::kernel::bodies::unknown;
use crate::all::partners::milestone_update::{Deal, act};

/// In every text of the work.
const CANARY: &str = "canary-51c0de";

/// What a vendor works on: an engagement of the other program with a claim, a review, a payable and an invoice.
struct Work {
    engagement: String,
    /// One of each kind that a vendor reads of it.
    seen: Vec<(&'static str, String)>,
}

impl Work {
    async fn of(world: &World) -> Self {
        let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
        let terms = json!({"program_ids": [world.other_program], "title": CANARY, "payment_rule": "pro_rata",
            "contract_reference": CANARY, "statement_of_work": CANARY});
        let deal = Deal::strike(world, terms, json!({"title": CANARY})).await;
        let claim = deal.claim(&vendor, json!({"percent": 0.5, "narrative": CANARY})).await.unwrap();
        let review = claim.text("review_id").to_owned();
        act(&director, &claim, "accept", json!({"reason": CANARY})).await.unwrap();
        act(&vendor, &claim, "dispute", json!({"reason": CANARY})).await.unwrap();
        let of_it = json!({"filter": format!("engagement_id = \"{}\"", deal.engagement)});
        let payable = vendor.list("payable", of_it).await.unwrap().each("id")[0].to_owned();
        let invoice = json!({"engagement_id": deal.engagement, "invoice_type": "invoice", "number": CANARY,
            "issued_on": "2026-11-30", "currency": "EUR",
            "lines": [{"description": CANARY, "payable_id": payable, "amount": "50000"}]});
        let invoice = vendor.create("invoice", invoice).await.unwrap().id().to_owned();
        let seen = vec![
            ("engagement", deal.engagement.clone()),
            ("milestone", deal.milestone),
            ("milestone_update", claim.id().to_owned()),
            ("review", review),
            ("payable", payable),
            ("invoice", invoice),
        ];
        Self { engagement: deal.engagement, seen }
    }

    fn leak(&self, text: &str) -> Option<String> {
        let ids = self.seen.iter().map(|(_, id)| id.as_str());
        ids.chain([CANARY]).find(|secret| text.contains(secret)).map(str::to_owned)
    }
}

/// Strangers that have a token that works: a rival in the same program, a vendor whose engagement is no more than a draft,
/// another organisation, and a buyer of another program.
async fn strangers(world: &World) -> Vec<(&'static str, Client)> {
    let rival = world.new_partner("Rival").await;
    let of_rival = world.new_engagement(&rival).await;
    let both = json!({"program_ids": [world.program, world.other_program]});
    world.client(Who::Director).update("engagement", &of_rival, both).await.unwrap();
    let cautious = world.new_partner("Cautious").await;
    world.new_draft(&cautious).await;
    vec![
        ("rival in the same program", world.vendor_of(&rival).await),
        ("vendor of a draft", world.vendor_of(&cautious).await),
        ("other organisation", world.client(Who::Stranger)),
        ("buyer of another program", world.client(Who::ProgramManager)),
    ]
}

/// A reply as anybody may hear it, without the id that was asked for.
fn heard(reply: Reply, id: &str) -> String {
    match reply {
        Ok(answer) => answer.json.to_string().replace(id, "ID"),
        Err(refused) => format!("{:?}", refused.anonymous()).replace(id, "ID"),
    }
}

scenario!(no_file_history_or_report_tells_a_stranger_anything(world) {
    let work = Work::of(&world).await;
    let nobody = unknown("engagement");
    for (who, stranger) in strangers(&world).await {
        let mut leaks = Vec::new();
        let mut note = |what: String, said: &str| leaks.extend(work.leak(said).map(|s| format!("{what} says {s}")));
        for (kind, id) in &work.seen {
            for format in ["ndjson", "csv"] {
                for filter in [String::new(), format!("id = \"{id}\"")] {
                    let args = json!({"format": format, "filter": filter, "show_deleted": true});
                    let file = stranger.export(kind, args).await.unwrap();
                    note(format!("{format} of {kind}"), &String::from_utf8_lossy(&file.bytes));
                }
            }
            for args in [
                json!({"order_by": "id desc", "page_size": 1000, "include_total": true}),
                json!({"as_of": "2099-01-01T00:00:00Z", "page_size": 1000}),
            ] {
                note(format!("list of {kind}"), &heard(stranger.list(kind, args).await, "no id"));
            }
            let missing = unknown(kind);
            let (said, meant) = (stranger.revisions(kind, id, json!({})).await, stranger.revisions(kind, &missing, json!({})).await);
            assert_eq!(heard(said, id), heard(meant, &missing), "{who}: history of a {kind}");
        }
        for package in ["release", "record"] {
            let (said, meant) = (stranger.ocds(package, &work.engagement).await, stranger.ocds(package, &nobody).await);
            assert_eq!(heard(said, &work.engagement), heard(meant, &nobody), "{who}: {package}");
            note(format!("{package} package"), &heard(stranger.all_ocds(package, "").await, "no id"));
        }
        for caller in [&stranger, &stranger.as_of("2099-01-01T00:00:00Z")] {
            let said = caller.statement_of_account(&work.engagement).await;
            let meant = caller.statement_of_account(&nobody).await;
            assert_eq!(heard(said, &work.engagement), heard(meant, &nobody), "{who}: statement of account");
        }
        let said = stranger.scorecard("engagement", &work.engagement, json!({})).await;
        let meant = stranger.scorecard("engagement", &nobody, json!({})).await;
        assert_eq!(heard(said, &work.engagement), heard(meant, &nobody), "{who}: scorecard");
        let kinds: Vec<&str> = work.seen.iter().map(|(kind, _)| *kind).collect();
        for event in stranger.all_events(json!({"kinds": kinds})).await {
            note("the feed".to_owned(), &event.to_string());
        }
        assert_eq!(leaks, Vec::<String>::new(), "{who}");
    }
    world.verify().await;
});

scenario!(a_disabled_partner_reads_no_file_or_report_of_its_own(world) {
    let (work, vendor) = (Work::of(&world).await, world.client(Who::Vendor));
    assert!(!vendor.export("payable", json!({"format": "ndjson"})).await.unwrap().bytes.is_empty());
    world.client(Who::Director).act("partner", &world.partner, "suspend", json!({})).await.unwrap();
    for (kind, id) in &work.seen {
        assert_eq!(vendor.export(kind, json!({"format": "csv"})).await.unwrap_err().code, "PERMISSION_DENIED", "{kind}");
        assert_eq!(vendor.revisions(kind, id, json!({})).await.unwrap_err().code, "PERMISSION_DENIED", "{kind}");
    }
    assert_eq!(vendor.statement_of_account(&work.engagement).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(vendor.scorecard("engagement", &work.engagement, json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(vendor.ocds("record", &work.engagement).await.unwrap_err().code, "PERMISSION_DENIED");
    assert_eq!(vendor.all_ocds("record", "").await.unwrap_err().code, "PERMISSION_DENIED");
});

/// Medians of how long an answer takes for what is foreign and for what is not there, asked in turns.
async fn medians(caller: &Client, kind: &str, foreign: &str, missing: &str) -> [Duration; 2] {
    let mut taken = [Vec::new(), Vec::new()];
    for turn in 0..60 {
        // Who is asked first changes, so that nothing that comes in turns counts for one side.
        for side in if turn % 2 == 0 { [0, 1] } else { [1, 0] } {
            let id = [foreign, missing][side];
            let begun = Instant::now();
            caller.get(kind, id).await.unwrap_err();
            taken[side].push(begun.elapsed());
        }
    }
    taken.map(|mut taken| {
        taken.sort_unstable();
        taken[taken.len() / 2]
    })
}

scenario!(what_is_foreign_takes_as_long_as_what_is_not_there(world) {
    let work = Work::of(&world).await;
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    for (kind, id) in work.seen.iter().filter(|(kind, _)| ["engagement", "review", "payable"].contains(kind)) {
        let missing = unknown(kind);
        // One answer of a class is not the other's twice; a machine that is busy gets another chance.
        let mut last = [Duration::ZERO; 2];
        let mut alike = false;
        for _ in 0..5 {
            last = medians(&rival, kind, id, &missing).await;
            let [less, more] = if last[0] < last[1] { last } else { [last[1], last[0]] };
            alike = more < less * 3 / 2;
            if alike {
                break;
            }
        }
        assert!(alike, "{kind}: {last:?} for what is foreign and what is not there");
    }
});

scenario!(a_package_holds_what_its_reader_may_see(world) {
    let work = Work::of(&world).await;
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    world.new_draft(&world.partner).await;
    let ids = |package: &Value| -> Vec<String> {
        let records = package["records"].as_array().unwrap();
        records.iter().map(|record| record["ocid"].as_str().unwrap().trim_start_matches("ocds-a1b2c3-").to_owned()).collect()
    };
    let filter = format!("partner_id = \"{}\"", world.partner);
    let all = director.all_ocds("record", &filter).await.unwrap().json;
    let mut mine = vec![world.engagement.clone(), work.engagement.clone()];
    mine.sort();
    let mut told = ids(&all);
    told.sort();
    assert_eq!(told, mine, "and no draft");
    assert_eq!(all["packages"].as_array().unwrap().len(), 2);
    let (theirs, ours) = (vendor.all_ocds("record", "").await.unwrap().json, director.all_ocds("record", &filter).await.unwrap().json);
    assert_eq!(theirs["records"], ours["records"], "both sides read the same");
    let one = format!("id = \"{}\"", work.engagement);
    let releases = director.all_ocds("release", &one).await.unwrap().json;
    assert_eq!(releases["releases"], director.ocds("release", &work.engagement).await.unwrap()["releases"]);
    assert!(releases["uri"].as_str().unwrap().contains("ocds-release-package?filter=id%20%3D%20"), "{}", releases["uri"]);
    assert_eq!(director.all_ocds("release", "title = \"no such\"").await.unwrap_err().code, "NOT_FOUND");
    let wrong = director.all_ocds("release", "titel = 1").await.unwrap_err();
    assert_eq!(wrong.places(), [("?filter", "UNKNOWN_FIELD")]);
});

//! Open contracting: what of an engagement becomes a release, what they come to, and who reads them.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::kernel::bodies::unknown;
use crate::all::partners::engagement_amendment::{approved, construction};

fn tags(package: &Value) -> Vec<Vec<&str>> {
    let releases = package["releases"].as_array().unwrap().iter();
    releases
        .map(|release| release["tag"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect())
        .collect()
}

/// The construction contract with a milestone met, three amendments and its end, and things that nobody outside knows.
async fn motorway(world: &World) -> String {
    let director = world.client(Who::Director);
    let id = construction(world, &world.partner).await;
    let stone = json!({"engagement_id": id, "title": "Bridge", "planned_on": "2018-03-30",
        "payment": {"amount": "1950000", "currency": "GBP"}, "private_notes": "canary"});
    let stone = director.create("milestone", stone).await.unwrap().id().to_owned();
    director.update("milestone", &stone, json!({"actual_on": "2018-03-29"})).await.unwrap();
    director.update("engagement", &id, json!({"private_notes": "canary", "labels": {"own": "canary"}})).await.unwrap();
    director.update("milestone", &stone, json!({"private_notes": "canary too"})).await.unwrap();
    approved(world, &id, json!({"new_ends_on": "2018-12-01", "signed_on": "2018-02-01"})).await;
    approved(world, &id, json!({"scope_change": "A third lane", "private_notes": "canary"})).await;
    approved(world, &id, json!({"value_change": {"amount": "6250000", "currency": "GBP"}})).await;
    let gone = json!({"engagement_id": id, "title": "Tunnel"});
    let gone = director.create("milestone", gone).await.unwrap().id().to_owned();
    director.delete("milestone", &gone).await.unwrap();
    director.act("engagement", &id, "complete", json!({})).await.unwrap();
    id
}

scenario!(every_change_that_shows_is_a_release(world) {
    let id = motorway(&world).await;
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let package = director.ocds("release", &id).await.unwrap().json;
    assert_eq!(tags(&package), [
        vec!["award", "contract"], vec!["implementation"], vec!["implementationUpdate"], vec!["contractAmendment"],
        vec!["contractAmendment"], vec!["contractAmendment"], vec!["implementationUpdate"],
        vec!["implementationUpdate"], vec!["contractTermination"],
    ]);
    let ocid = format!("ocds-a1b2c3-{id}");
    let releases = package["releases"].as_array().unwrap();
    for (i, release) in releases.iter().enumerate() {
        assert_eq!((&release["ocid"], &release["id"]), (&json!(ocid), &json!(format!("{ocid}-{:04}", i + 1))));
    }
    let [first, last] = [&releases[0], releases.last().unwrap()].map(|release| &release["contracts"][0]);
    assert_eq!((&first["value"]["amount"], &last["value"]["amount"]), (&json!(29_000_000), &json!(35_250_000)));
    let signed = "2017-06-25T00:00:00+02:00";
    assert_eq!((first["dateSigned"].as_str(), first["status"].as_str()), (Some(signed), Some("active")));
    assert_eq!(first["period"]["endDate"], "2018-07-01T23:59:59+02:00", "the days are those of Vienna");
    assert_eq!(releases.last().unwrap()["awards"][0]["value"]["amount"], 29_000_000, "what was awarded stays");
    assert_eq!(releases.last().unwrap()["awards"][0]["contractPeriod"]["endDate"], "2018-07-01T23:59:59+02:00");
    let amended = &last["amendments"][0];
    let [before, at] = [3, 4].map(|n| json!(format!("{ocid}-000{n}")));
    assert_eq!((&amended["amendsReleaseID"], &amended["releaseID"]), (&before, &at));
    let stones = last["implementation"]["milestones"].as_array().unwrap();
    let seen: Vec<_> = stones.iter().map(|stone| (stone["type"].as_str(), stone["status"].as_str())).collect();
    assert_eq!(seen, [(Some("delivery"), Some("met")), (Some("financing"), Some("scheduled"))]);
    assert_eq!(stones[1]["value"]["amount"], 1_950_000, "payment is a fact of its own");

    // Both sides read the same, and nothing that is private.
    assert_eq!(vendor.ocds("release", &id).await.unwrap().json, package);
    assert!(!package.to_string().contains("canary"));
});

scenario!(the_record_is_what_its_releases_come_to(world) {
    let id = motorway(&world).await;
    let director = world.client(Who::Director);
    let (package, records) = (director.ocds("release", &id).await.unwrap(), director.ocds("record", &id).await.unwrap());
    let record = &records["records"][0];
    assert_eq!(record["releases"], package["releases"]);
    let compiled = &record["compiledRelease"];
    let last = package["releases"].as_array().unwrap().last().unwrap();
    assert_eq!(compiled["tag"], json!(["compiled"]));
    assert_eq!(compiled["date"], last["date"]);
    assert_eq!(compiled["contracts"][0]["value"], last["contracts"][0]["value"]);
    let stones = compiled["contracts"][0]["implementation"]["milestones"].as_array().unwrap();
    assert_eq!(stones.last().unwrap().as_object().unwrap().len(), 1, "what fell away is an empty shell: {stones:?}");
    assert_eq!(records["packages"][0], package["uri"]);
});

scenario!(nobody_else_reads_it(world) {
    let id = motorway(&world).await;
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    let nobody = unknown("engagement");
    for package in ["release", "record"] {
        let (said, meant) = (rival.ocds(package, &id).await, rival.ocds(package, &nobody).await);
        assert_eq!(said.unwrap_err().anonymous(), meant.unwrap_err().anonymous());
        assert_eq!(world.client(Who::Stranger).ocds(package, &id).await.unwrap_err().code, "NOT_FOUND");
        let draft = world.new_draft(&world.partner).await;
        assert_eq!(world.client(Who::Vendor).ocds(package, &draft).await.unwrap_err().code, "NOT_FOUND");
        assert_eq!(world.client(Who::Director).ocds(package, &draft).await.unwrap_err().code, "WRONG_STATE");
    }
});

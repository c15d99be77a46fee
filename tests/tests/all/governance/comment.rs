//! Comments: said by one, changed by nobody else, and told to the partner only where they are shared.

use serde_json::{Value, json};
use steerco_tests::{Who, scenario};

fn comment(subject: &str, visibility: &str) -> Value {
    json!({"subject_id": subject, "visibility": visibility, "text": "The steel comes on Monday"})
}

scenario!(a_comment_is_its_authors(world) {
    let (director, finance) = (world.client(Who::Director), world.client(Who::Finance));
    let risk = world.risk("Flood").await;
    let made = director.create("comment", comment(&risk, "internal")).await.unwrap();
    let told = ["subject_kind", "author_id", "program_id"].map(|name| made[name].as_str().unwrap());
    assert_eq!(told, ["risk", world.id(Who::Director), world.program.as_str()]);
    assert_eq!(finance.get("comment", made.id()).await.unwrap()["text"], made["text"]);
    let refused = finance.update("comment", made.id(), json!({"text": "On Friday"})).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED", "nobody changes what another said");
    director.update("comment", made.id(), json!({"text": "On Tuesday"})).await.unwrap();
    for change in [json!({"visibility": "shared"}), json!({"subject_id": world.program})] {
        let refused = director.update("comment", made.id(), change).await.unwrap_err();
        assert!(["/visibility", "/subject_id", "/update_mask"].contains(&refused.places()[0].0), "{refused}");
    }
    let then = finance.as_of(made.text("updated_at")).get("comment", made.id()).await.unwrap();
    assert_eq!(then["text"], made["text"], "what was said first");
    world.verify().await;
});

scenario!(a_comment_is_about_something_that_its_author_sees(world) {
    let (director, manager) = (world.client(Who::Director), world.client(Who::ProgramManager));
    let far = json!({"program_id": world.other_program, "title": "Far", "kind": "threat"});
    let far = director.create("risk", far).await.unwrap();
    let refused = manager.create("comment", comment(far.id(), "internal")).await.unwrap_err();
    assert_eq!(refused.places(), [("/subject_id", "NOT_FOUND")]);
    let refused = director.create("comment", comment("nothing", "internal")).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/subject_id", "{refused}");
    let about = director.create("comment", comment(far.id(), "internal")).await.unwrap();
    let refused = director.create("comment", comment(about.id(), "internal")).await.unwrap_err();
    assert_eq!(refused.faults[0].pointer, "/subject_id", "no comment on a comment: {refused}");
    assert_eq!(manager.get("comment", about.id()).await.unwrap_err().code, "NOT_FOUND");
    world.verify().await;
});

scenario!(a_partner_sees_and_says_what_is_shared(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let private = director.create("comment", comment(&world.engagement, "internal")).await.unwrap();
    let shared = director.create("comment", comment(&world.engagement, "shared")).await.unwrap();
    assert_eq!(vendor.list("comment", json!({})).await.unwrap().each("id"), [shared.id()]);
    assert_eq!(vendor.get("comment", private.id()).await.unwrap_err().code, "NOT_FOUND");
    vendor.create("comment", comment(&world.engagement, "internal")).await.unwrap_err();
    let said = vendor.create("comment", comment(&world.engagement, "shared")).await.unwrap();
    assert_eq!(director.get("comment", said.id()).await.unwrap()["partner_id"].as_str(), Some(world.partner.as_str()));
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    assert_eq!(rival.get("comment", shared.id()).await.unwrap_err().code, "NOT_FOUND");
    world.verify().await;
});

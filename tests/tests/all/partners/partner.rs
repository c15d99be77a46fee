//! Partners: contacts by id, a risk tier that is nobody else's business, and an end that is one.

use serde_json::json;
use steerco_tests::{Who, scenario};

scenario!(a_partner_sees_itself_without_what_is_said_of_it(world) {
    let (director, vendor) = (world.client(Who::Director), world.client(Who::Vendor));
    let rival = world.new_partner("Rival").await;
    let change = json!({"risk_tier": "high", "country": "AT", "contacts": [{"person_id": world.id(Who::Finance), "topic": "invoices"}]});
    let before = director.get("partner", &world.partner).await.unwrap();
    director.update("partner", &world.partner, change).await.unwrap();
    assert_eq!(vendor.list("partner", json!({})).await.unwrap().each("id"), [world.partner.as_str()]);
    let seen = vendor.get("partner", &world.partner).await.unwrap();
    assert_eq!(seen["country"], "AT");
    assert!(seen.json.get("risk_tier").is_none(), "{}", seen.json);
    assert_eq!(vendor.get("partner", &rival).await.unwrap_err().code, "NOT_FOUND");
    assert_eq!(vendor.update("partner", &world.partner, json!({"name": "x"})).await.unwrap_err().code, "PERMISSION_DENIED");
    let preview = director.preview_as(&world.partner).get("partner", &world.partner).await.unwrap();
    assert_eq!(preview.json, seen.json, "as the partner sees it");
    let then = director.as_of(before.text("updated_at")).get("partner", &world.partner).await.unwrap();
    assert!(then["risk_tier"].is_null());
    world.verify().await;
});

scenario!(what_a_partner_is_is_checked_at_once(world) {
    let director = world.client(Who::Director);
    let body = json!({"name": "", "kind": "vendor", "country": "Austria", "registration_number": "9".repeat(65)});
    let refused = director.create("partner", body).await.unwrap_err();
    let places: Vec<&str> = refused.places().iter().map(|(at, _)| *at).collect();
    assert_eq!(places, ["/name", "/country", "/registration_number"]);
    let nobody = json!({"contacts": [{"person_id": crate::all::kernel::bodies::unknown("person")}]});
    let refused = director.update("partner", &world.partner, nobody).await.unwrap_err();
    assert_eq!(refused.places(), [("/contacts", "NOT_FOUND")]);
    assert_eq!(director.delete("partner", &world.partner).await.unwrap_err().code, "HAS_CHILDREN");
    world.verify().await;
});

scenario!(the_admin_shuts_a_partner_out_and_the_director_ends_it(world) {
    let (admin, director, vendor) = (world.client(Who::Admin), world.client(Who::Director), world.client(Who::Vendor));
    admin.act("partner", &world.partner, "suspend", json!({})).await.unwrap();
    vendor.list("engagement", json!({})).await.unwrap_err();
    admin.act("partner", &world.partner, "resume", json!({})).await.unwrap();
    vendor.list("engagement", json!({})).await.unwrap();
    assert_eq!(admin.act("partner", &world.partner, "end", json!({})).await.unwrap_err().code, "PERMISSION_DENIED");
    director.act("partner", &world.partner, "end", json!({})).await.unwrap();
    vendor.list("engagement", json!({})).await.unwrap_err();
    assert_eq!(director.act("partner", &world.partner, "resume", json!({})).await.unwrap_err().code, "WRONG_STATE");
    world.verify().await;
});

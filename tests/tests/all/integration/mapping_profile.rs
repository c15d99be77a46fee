//! Mapping profiles: how files of another system are written; whatever does not fit is told at once.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::kernel::bodies::body;

async fn places(world: &World, change: Value) -> Vec<String> {
    let mut profile = body(world, "mapping_profile");
    profile.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let refused = world.client(Who::Finance).create("mapping_profile", profile).await.unwrap_err();
    refused.places().into_iter().map(|(at, code)| format!("{at} {code}")).collect()
}

scenario!(a_file_of_costs_has_date_amount_and_currency(world) {
    let none = json!({"currency": null, "columns": {"local_amount": "Local"}, "thousands_separator": "point"});
    let expected = [
        "/currency REQUIRED", "/local_currency REQUIRED", "/columns/posted_on REQUIRED", "/columns/amount REQUIRED",
        "/thousands_separator DOES_NOT_FIT",
    ];
    assert_eq!(places(&world, none).await, expected);
    let headerless = json!({"headerless": true, "columns": {"posted_on": "1", "amount": "Amount", "cost_code": "1001"}});
    assert_eq!(places(&world, headerless).await, ["/columns/cost_code DOES_NOT_FIT", "/columns/amount DOES_NOT_FIT"]);
    let fields = json!({"fields": [{"field": "title", "column": "Title"}]});
    // Over gRPC a body's `fields` is named as the parameter of that name is.
    let told = places(&world, fields).await;
    assert!(told == ["/fields DOES_NOT_FIT"] || told == ["?fields DOES_NOT_FIT"], "{told:?}");
    let group = json!({"group_currency": "USD"});
    assert_eq!(places(&world, group).await, ["/group_currency DOES_NOT_FIT"]);
    world.verify().await;
});

scenario!(a_file_of_a_kind_says_which_column_brings_which_field(world) {
    let of = |kind: &str, fields: Value| json!({"kind": kind, "columns": {"external_id": "ID"}, "fields": fields});
    let wrong = json!([
        {"field": "dream", "column": "A"},
        {"field": "state", "column": "B"},
        {"field": "title", "column": "C", "constant": "D"},
        {"field": "title", "column": "E"},
        {"field": "cost_likely", "column": "F"},
    ]);
    let expected = [
        "/fields/0/field UNKNOWN_FIELD", "/fields/1/field READ_ONLY", "/fields/2/column REQUIRED", "/fields/3/field DUPLICATE",
        "/fields/4/field DOES_NOT_FIT",
    ];
    assert_eq!(places(&world, of("risk", wrong)).await, expected);
    assert_eq!(places(&world, of("grant", json!([]))).await, ["/kind UNKNOWN_KIND"], "no file says who may do what");
    let columns = json!({"kind": "risk", "columns": {"amount": "Amount"}});
    assert_eq!(places(&world, columns).await, ["/columns/external_id REQUIRED", "/columns/amount DOES_NOT_FIT"]);
    world.verify().await;
});

scenario!(a_profile_is_finances_and_imports_name_it_by_its_code(world) {
    let (finance, director) = (world.client(Who::Finance), world.client(Who::Director));
    let made = finance.create("mapping_profile", body(&world, "mapping_profile")).await.unwrap();
    let mut twin = body(&world, "mapping_profile");
    assert_eq!(director.create("mapping_profile", twin.clone()).await.unwrap_err().code, "PERMISSION_DENIED");
    twin["code"] = made["code"].clone();
    assert_eq!(finance.create("mapping_profile", twin).await.unwrap_err().places(), [("/code", "ALREADY_EXISTS")]);
    let changed = finance.update("mapping_profile", made.id(), json!({"decimal_separator": "comma"})).await.unwrap();
    assert_eq!(changed["decimal_separator"], "comma");
    let then = director.as_of(made.text("updated_at")).get("mapping_profile", made.id()).await.unwrap();
    assert_eq!(then["decimal_separator"], "point", "how the files of then were read");
    world.verify().await;
});

//! The life every resource has: create, get, list, change, upsert, delete, undelete, revisions.

use serde_json::{Value, json};
use steerco_tests::{Who, World, scenario};

use crate::all::kernel::bodies::keeper;

/// A body that creates one of this kind, and a change to it.
fn example(world: &World, kind: &str) -> (Value, Value) {
    match kind {
        "person" => (json!({"name": "Ada", "email": "ada@example.org"}), json!({"title": "Engineer"})),
        "principal" => (
            json!({"person_id": world.id(Who::Finance), "issuer": "https://id.example.org", "subject": "u1"}),
            json!({"labels": {"team": "a"}}),
        ),
        "grant" => (
            json!({"person_id": world.id(Who::Finance), "role": "auditor", "portfolio_id": world.portfolio}),
            json!({"reason": "covers an absence"}),
        ),
        "source" => (
            json!({"code": "p6", "name": "Scheduler", "owner_id": world.id(Who::Director)}),
            json!({"cadence": "weekly"}),
        ),
        "service_account" => (json!({"name": "Reporter"}), json!({"source_ids": [world.source_id]})),
        "portfolio" => (
            json!({"code": "it", "name": "IT", "base_currency": "USD", "tolerances": {"cost_amber": 0.05}}),
            json!({"fiscal_year_start_month": 7}),
        ),
        "program" => (
            json!({"portfolio_id": world.portfolio, "code": "parks", "name": "Parks", "currency": "EUR"}),
            json!({"phase": "Design", "sponsor_id": world.id(Who::Executive)}),
        ),
        "project" => (
            json!({"program_id": world.program, "code": "gym", "name": "Gym", "planned_start_on": "2026-02-28"}),
            json!({"forecast_cost": {"amount": "1234.5600", "currency": "EUR"}}),
        ),
        "deliverable" => (
            json!({"program_id": world.program, "title": "Roof", "weight": 3, "earning_rule": "percent",
                "acceptance_criteria": [{"key": "tight", "text": "No water in the test", "evidence_required": "Protocol"}]}),
            json!({"percent_complete": 0.25, "planned_finish_on": "2026-05-31"}),
        ),
        "work_calendar" => (
            json!({"name": "Standard", "time_zone": "Europe/Vienna",
                "week": [{"weekday": "monday", "from": "08:00", "until": "12:00"}]}),
            json!({"exceptions": [{"day": "2026-01-06", "name": "Epiphany", "hours": []}]}),
        ),
        "functional_area" => {
            (json!({"code": "civil", "name": "Civil works"}), json!({"lead_id": world.id(Who::Executive)}))
        }
        "activity" => (
            crate::all::kernel::bodies::body(world, kind),
            json!({"duration": 5, "duration_unit": "days", "wbs_code": "1.2", "constraint_type": "must_start_on",
                "constraint_on": "2026-03-02"}),
        ),
        "dependency" => (
            crate::all::kernel::bodies::body(world, kind),
            json!({"relation": "start_to_start", "lag_days": -2, "promised_on": "2026-03-02"}),
        ),
        "risk" => (
            json!({"program_id": world.program, "title": "Flood", "kind": "threat", "labels": {"area": "north"}}),
            json!({"probability": 0.25, "cost_likely": {"amount": "10000.0000", "currency": "EUR"}}),
        ),
        "partner" => (
            json!({"name": "Acme", "kind": "vendor", "country": "AT", "registration_number": "FN 1a",
                "contacts": [{"person_id": world.id(Who::Finance), "topic": "invoices"}]}),
            json!({"risk_tier": "high", "contacts": []}),
        ),
        "engagement" => (
            json!({"partner_id": world.partner, "program_ids": [world.program], "title": "Roof", "kind": "milestone",
                "value": {"amount": "100000.0000", "currency": "EUR"}, "retention": 0.05, "starts_on": "2026-01-01",
                "notices": [{"due_on": "2026-09-30", "subject": "whether it is renewed"}],
                "obligations": [{"key": "site", "owed_by": "organisation", "subject": "access", "due_on": "2026-02-01"}],
                "service_levels": [steerco_tests::availability()], "retention_release_on": "2027-01-01"}),
            json!({"review_deadline_days": 10, "deemed_acceptance": true, "signed_on": "2025-12-01", "private_notes": "Not above 120000"}),
        ),
        "engagement_amendment" => (
            crate::all::kernel::bodies::body(world, kind),
            json!({"new_starts_on": "2026-02-01", "new_ends_on": "2026-12-31", "signed_on": "2026-01-20",
                "scope_change": "A third lane", "new_statement_of_work": "Three lanes", "private_notes": "Dear"}),
        ),
        "rate_card" => {
            (crate::all::kernel::bodies::body(world, kind), json!({"title": "Dearer", "effective_on": "2026-07-01"}))
        }
        "retention_release" => (crate::all::kernel::bodies::body(world, kind), json!({"reason": "certificate 7"})),
        "invoice" => (crate::all::kernel::bodies::body(world, kind), json!({"private_notes": "Ask Ada"})),
        "vendor_statement" => (crate::all::kernel::bodies::body(world, kind), json!({"labels": {"seen": "yes"}})),
        "service_level_measurement" => (crate::all::kernel::bodies::body(world, kind), json!({"value": "98.7"})),
        "milestone" => (
            json!({"engagement_id": world.engagement, "title": "Roof is tight", "planned_on": "2026-05-31",
                "payment_share": 0.25}),
            json!({"forecast_on": "2026-06-14", "weight": 3}),
        ),
        "comment" => (
            json!({"subject_id": world.engagement, "visibility": "internal", "text": "Slow to answer"}),
            json!({"text": "Slow to answer, but right"}),
        ),
        other => example_of_money(world, other),
    }
}

/// The same of what is about money.
fn example_of_money(world: &World, kind: &str) -> (Value, Value) {
    match kind {
        "fiscal_calendar" => (
            json!({"code": "retail", "name": "Retail", "scheme": "four_five_four", "end_month": 1,
                "end_weekday": "saturday", "year_end": "nearest_to_month_end", "late_lines": "next_open"}),
            json!({"late_lines": "refuse"}),
        ),
        "legal_entity" => (crate::all::kernel::bodies::body(world, kind), json!({"name": "Company Ltd"})),
        "fiscal_period" => (crate::all::kernel::bodies::body(world, kind), json!({"labels": {"audit": "yes"}})),
        "cost_category" => {
            (json!({"code": "pay", "name": "Pay", "sensitive": true}), json!({"name": "Wages", "spend": "opex"}))
        }
        "coding_rule" => (
            json!({"cost_code": "42*", "program_id": world.program, "spend": "capex", "source": World::SOURCE}),
            json!({"valid_from": "2026-01-01", "valid_until": "2026-12-31"}),
        ),
        "mapping_profile" => (
            json!({"code": "payments", "name": "Payments", "delimiter": "semicolon", "encoding": "windows1252",
                "skip_rows": 2, "headerless": false, "date_format": "dmy_dot", "decimal_separator": "comma",
                "thousands_separator": "point", "negatives": ["trailing_minus", "parentheses"], "currency": "EUR",
                "columns": {"external_id": "Nr", "cost_code": "Konto", "posted_on": "Datum", "amount": "Betrag"}}),
            json!({"columns": {"external_id": "Nr", "posted_on": "Datum", "amount": "Summe"}, "skip_rows": 0}),
        ),
        "authority_limit" => (
            json!({"role": "finance", "act": "contingency_drawdown", "limit": {"amount": "5.0000", "currency": "EUR"}}),
            json!({"limit": {"amount": "6.0000", "currency": "EUR"}}),
        ),
        "budget" => (crate::all::kernel::bodies::body(world, kind), json!({"justification": "Prices of the tender"})),
        "calendar_feed" => (crate::all::kernel::bodies::body(world, kind), json!({"name": "What is due"})),
        "import_job" => (crate::all::kernel::bodies::body(world, kind), json!({"name": "risks of 2026.csv"})),
        "forecast" => {
            (crate::all::kernel::bodies::body(world, kind), json!({"justification": "The tender came in lower"}))
        }
        "budget_transfer" => (crate::all::kernel::bodies::body(world, kind), json!({"reason": "Steel is dearer"})),
        "exchange_rate" => (
            json!({"rate_type": "period_end", "base_currency": "EUR", "quote_currency": "JPY", "effective_on": "2026-01-31",
                "rate": "163.25"}),
            json!({"rate": "163.2", "source_reference": "corrected by the bank"}),
        ),
        "commitment" => (crate::all::kernel::bodies::body(world, kind), json!({"title": "Steel and bolts"})),
        "webhook_endpoint" => (
            json!({"name": "Warehouse", "url": "http://127.0.0.1:9/hook?site=1", "content": "thin", "kinds": ["risk"],
                "event_types": ["risk.assess"], "program_ids": [world.program], "with_labels": ["area"],
                "exclude_source": "jira"}),
            json!({"url": "http://127.0.0.2:9/hook", "content": "full"}),
        ),
        "consumer" => (
            json!({"name": "Warehouse", "kinds": ["risk"], "event_types": ["risk.assess"], "program_ids": [world.program],
                "with_labels": ["area=north"], "exclude_source": "jira"}),
            json!({"event_types": [], "with_labels": ["area"]}),
        ),
        other => panic!("no example of {other}"),
    }
}

/// Everything given is answered as it was given.
fn assert_holds(answered: &Value, given: &Value) {
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&answered[name], value, "{name} in {answered}");
    }
}

async fn live(world: &World, kind: &str) {
    let (caller, (body, patch)) = (keeper(world, kind), example(world, kind));
    let made = caller.create(kind, body.clone()).await.unwrap();
    assert_eq!((made.did(), &made["revision"], made.replayed), ("created", &json!(1), false));
    assert_holds(&made.json, &body);
    assert_eq!(made["created_at"], made["updated_at"]);
    let id = made.id();
    let got = caller.get(kind, id).await.unwrap();
    assert_eq!((&got.json, &got.etag), (&made.json, &made.etag));
    let listed = caller.list_all(kind, json!({"page_size": 1})).await.unwrap();
    assert!(listed.contains(&made.json), "{kind} is listed as it was made");

    let seen = caller.if_match("*");
    let changed = seen.update(kind, id, patch.clone()).await.unwrap();
    assert_eq!((changed.did(), &changed["revision"]), ("updated", &json!(2)), "{kind}");
    assert_holds(&changed.json, &patch);
    assert_ne!(changed.etag, made.etag);
    let same = seen.update(kind, id, patch).await.unwrap();
    assert_eq!((same.did(), &same.json), ("unchanged", &changed.json), "{kind}");

    // A name is given and taken again, and leaves no trace but its revisions.
    let named = caller.add_ref(kind, id, World::SOURCE, id).await.unwrap();
    assert_eq!(named["external_refs"], json!([{"source": World::SOURCE, "external_id": id}]), "{kind}");
    assert_eq!(caller.get(kind, &format!("{}/{id}", World::SOURCE)).await.unwrap().id(), id, "{kind}");
    let nameless = caller.remove_ref(kind, id, World::SOURCE, id).await.unwrap();
    assert_eq!((nameless.did(), &nameless["external_refs"]), ("updated", &json!([])), "{kind}");

    let gone = caller.delete(kind, id).await.unwrap();
    assert_eq!((gone.did(), &gone["revision"]), ("deleted", &json!(5)));
    assert!(gone["deleted_at"].is_string());
    assert_eq!(caller.delete(kind, id).await.unwrap().did(), "unchanged");
    assert_eq!(caller.get(kind, id).await.unwrap().json, gone.json, "a deleted one can still be read");
    assert!(!caller.list_all(kind, json!({})).await.unwrap().iter().any(|item| item["id"] == id));
    let with_deleted = caller.list_all(kind, json!({"show_deleted": true})).await.unwrap();
    assert!(with_deleted.contains(&gone.json));
    let refused = seen.update(kind, id, json!({"labels": {"late": "yes"}})).await.unwrap_err();
    assert_eq!(refused.code, "WRONG_STATE", "{kind}: {refused}");

    let back = caller.undelete(kind, id).await.unwrap();
    assert_eq!((back.did(), back["deleted_at"].is_null()), ("undeleted", true));
    assert_eq!(caller.undelete(kind, id).await.unwrap().did(), "unchanged");
    let revisions = caller.revisions(kind, id, json!({})).await.unwrap();
    let expected = [&back.json, &gone.json, &nameless.json, &named.json, &changed.json, &made.json];
    assert_eq!(revisions.items().iter().collect::<Vec<_>>(), expected, "{kind}");
    let paged = caller.revisions(kind, id, json!({"page_size": 5})).await.unwrap();
    let token = &paged["next_page_token"];
    let rest = caller.revisions(kind, id, json!({"page_size": 5, "page_token": token})).await.unwrap();
    assert_eq!((paged.items().len(), rest.items()), (5, std::slice::from_ref(&made.json)));
}

scenario!(of_a_person(world) { live(&world, "person").await });
scenario!(of_a_principal(world) { live(&world, "principal").await });
scenario!(of_a_grant(world) { live(&world, "grant").await });
scenario!(of_a_source(world) { live(&world, "source").await });
scenario!(of_a_service_account(world) { live(&world, "service_account").await });
scenario!(of_a_portfolio(world) { live(&world, "portfolio").await });
scenario!(of_a_program(world) { live(&world, "program").await });
scenario!(of_a_project(world) { live(&world, "project").await });
scenario!(of_a_deliverable(world) { live(&world, "deliverable").await });
scenario!(of_a_work_calendar(world) { live(&world, "work_calendar").await });
scenario!(of_a_functional_area(world) { live(&world, "functional_area").await });
scenario!(of_an_activity(world) { live(&world, "activity").await });
scenario!(of_a_dependency(world) { live(&world, "dependency").await });
scenario!(of_a_partner(world) { live(&world, "partner").await });
scenario!(of_an_engagement(world) { live(&world, "engagement").await });
scenario!(of_an_engagement_amendment(world) { live(&world, "engagement_amendment").await });
scenario!(of_a_rate_card(world) { live(&world, "rate_card").await });
scenario!(of_a_retention_release(world) { live(&world, "retention_release").await });
scenario!(of_an_invoice(world) { live(&world, "invoice").await });
scenario!(of_a_vendor_statement(world) { live(&world, "vendor_statement").await });
scenario!(of_a_service_level_measurement(world) { live(&world, "service_level_measurement").await });
scenario!(of_a_milestone(world) { live(&world, "milestone").await });
scenario!(of_a_comment(world) { live(&world, "comment").await });
scenario!(of_a_fiscal_calendar(world) { live(&world, "fiscal_calendar").await });
scenario!(of_a_legal_entity(world) { live(&world, "legal_entity").await });
scenario!(of_an_authority_limit(world) { live(&world, "authority_limit").await });
scenario!(of_a_budget(world) { live(&world, "budget").await });
scenario!(of_a_forecast(world) { live(&world, "forecast").await });
scenario!(of_a_budget_transfer(world) { live(&world, "budget_transfer").await });
scenario!(of_an_exchange_rate(world) { live(&world, "exchange_rate").await });
scenario!(of_a_commitment(world) { live(&world, "commitment").await });
scenario!(of_a_fiscal_period(world) { live(&world, "fiscal_period").await });
scenario!(of_a_cost_category(world) { live(&world, "cost_category").await });
scenario!(of_a_coding_rule(world) { live(&world, "coding_rule").await });
scenario!(of_a_mapping_profile(world) { live(&world, "mapping_profile").await });
scenario!(of_a_consumer(world) { live(&world, "consumer").await });
scenario!(of_a_webhook_endpoint(world) { live(&world, "webhook_endpoint").await });
scenario!(of_a_risk(world) { live(&world, "risk").await });

scenario!(of_an_organisation(world) {
    let admin = world.client(Who::Admin);
    let listed = admin.list("organisation", json!({})).await.unwrap();
    assert_eq!(listed.each("id"), [world.org.as_str()], "of all organisations only the caller's own");
    let changed = admin.update("organisation", &world.org, json!({"name": "Renamed"})).await.unwrap();
    assert_eq!((&changed["name"], changed.did()), (&json!("Renamed"), "updated"));
    let revisions = admin.revisions("organisation", &world.org, json!({})).await.unwrap();
    assert_eq!(revisions.each("name"), ["Renamed", "Scenario"]);
    let foreign = world.org_of(Who::Stranger);
    assert_eq!(admin.get("organisation", foreign).await.unwrap_err().code, "NOT_FOUND");
    let refused = world.client(Who::Director).update("organisation", &world.org, json!({"name": "No"})).await;
    assert_eq!(refused.unwrap_err().code, "PERMISSION_DENIED");
});

//! Lists as files: the same rows, order, fields and sight as the list, in every format.

use std::io::Read;

use serde_json::{Map, Value, json};
use steerco_domain::{KINDS, RECORDS};
use steerco_tests::{Door, Downloaded, Who, World, rest_scenario, scenario};

use crate::all::kernel::bodies::keeper;

/// Lines of JSON.
fn lines(file: &Downloaded) -> Vec<Value> {
    let text = std::str::from_utf8(&file.bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows of a CSV file by the names of its header.
fn table(file: &Downloaded) -> Vec<Map<String, Value>> {
    let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
    let names = reader.headers().unwrap().clone();
    let row =
        |row: csv::StringRecord| names.iter().map(str::to_owned).zip(row.iter().map(|cell| json!(cell))).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

async fn risks(world: &World, count: usize) {
    let director = world.client(Who::Director);
    for chunk in (0..count).collect::<Vec<_>>().chunks(1_000) {
        let create = |n: &usize| json!({"create": {"program_id": world.program, "title": format!("Risk {n:04}"), "kind": "threat"}});
        director.batch("risk", json!({"items": chunk.iter().map(create).collect::<Vec<_>>()})).await.unwrap();
    }
}

scenario!(a_file_has_what_the_list_has(world) {
    risks(&world, 1_203).await;
    let director = world.client(Who::Director);
    let args = json!({"filter": "title < \"Risk 1201\"", "order_by": "title desc"});
    let listed = director.list_all("risk", args.clone()).await.unwrap();
    let with = |format: &str| {
        let mut args = args.clone();
        args["format"] = json!(format);
        args
    };
    let ndjson = director.export("risk", with("ndjson")).await.unwrap();
    let told = lines(&ndjson);
    assert_eq!((told.len(), &told[0]["title"]), (1_201, &json!("Risk 1200")));
    let ids = |items: &[Value]| items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&told), ids(&listed));
    let csv = table(&director.export("risk", with("csv")).await.unwrap());
    assert_eq!(csv.iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), ids(&listed));

    // From the token of the file the feed goes on.
    let token = ndjson.headers["steerco-sync-token"].clone();
    let late = world.risk("Later").await;
    let next = director.events(json!({"after": token})).await.unwrap();
    assert_eq!(next["events"][0]["resource_id"], json!(late));

    let trimmed = director.export("risk", json!({"format": "ndjson", "fields": "title", "filter": "title = \"Later\""})).await;
    assert_eq!(lines(&trimmed.unwrap()), [json!({"id": late, "title": "Later"})]);
    let trimmed = director.export("risk", json!({"format": "csv", "fields": "title", "filter": "title = \"Later\""})).await;
    assert_eq!(std::str::from_utf8(&trimmed.unwrap().bytes).unwrap(), format!("id,title\r\n{late},Later\r\n"));
    director.delete("risk", &late).await.unwrap();
    let gone = json!({"format": "ndjson", "filter": "title = \"Later\"", "show_deleted": true});
    assert_eq!(lines(&director.export("risk", gone).await.unwrap()).len(), 1);
});

scenario!(what_is_wrong_is_told_before_the_file_begins(world) {
    let director = world.client(Who::Director);
    for (args, place) in [
        (json!({}), ("?format", "REQUIRED")),
        (json!({"format": "csv", "filter": "titel = 1"}), ("?filter", "UNKNOWN_FIELD")),
        (json!({"format": "csv", "order_by": "titel"}), ("?order_by", "UNKNOWN_FIELD")),
        (json!({"format": "csv", "fields": "titel"}), ("?fields", "UNKNOWN_FIELD")),
    ] {
        assert_eq!(director.export("risk", args.clone()).await.unwrap_err().places(), [place], "{args}");
    }
    let args = json!({"format": "csv"});
    assert!(!director.export("grant", args.clone()).await.unwrap().bytes.is_empty());
    let refused = world.client(Who::Executive).export("grant", args.clone()).await.unwrap_err();
    assert_eq!(refused.code, "PERMISSION_DENIED");
    let nobody = director.token(None).export("risk", args).await.unwrap_err();
    assert_eq!(nobody.code, "UNAUTHENTICATED");
});

scenario!(a_file_shows_its_caller_what_lists_show_it(world) {
    let director = world.client(Who::Director);
    let elsewhere = json!({"program_id": world.other_program, "title": "Elsewhere", "kind": "threat"});
    director.create("risk", elsewhere).await.unwrap();
    let here = world.risk("Here").await;
    let manager = world.client(Who::ProgramManager);
    let args = json!({"format": "ndjson"});
    let told = lines(&manager.export("risk", args.clone()).await.unwrap());
    assert_eq!(told.iter().map(|risk| risk["id"].clone()).collect::<Vec<_>>(), [json!(here)]);
    assert!(lines(&world.client(Who::Stranger).export("risk", args.clone()).await.unwrap()).is_empty());

    let body = json!({"engagement_id": world.engagement, "title": "Delivery", "private_notes": "Do not pay early"});
    director.create("milestone", body).await.unwrap();
    let rival = world.vendor_of(&world.new_partner("Rival").await).await;
    assert!(lines(&rival.export("milestone", args.clone()).await.unwrap()).is_empty());
    let vendor = world.client(Who::Vendor);
    for format in ["ndjson", "csv"] {
        let file = vendor.export("milestone", json!({"format": format})).await.unwrap();
        let text = std::str::from_utf8(&file.bytes).unwrap().to_owned();
        assert!(text.contains("Delivery") && !text.contains("private_notes") && !text.contains("Do not pay"), "{text}");
    }
    assert_eq!(vendor.export("risk", args).await.unwrap_err().code, "PERMISSION_DENIED");
});

scenario!(every_kind_leaves_in_every_format(world) {
    for kind in KINDS.iter().chain(RECORDS) {
        let caller = if RECORDS.iter().any(|record| record.name == kind.name) { world.client(Who::Finance) } else { keeper(&world, kind.name) };
        for format in ["csv", "ndjson", "xlsx"] {
            let file = caller.export(kind.name, json!({"format": format})).await.unwrap();
            assert!(format == "ndjson" || !file.bytes.is_empty(), "{} as {format}", kind.name);
        }
    }
});

scenario!(nothing_becomes_a_formula(world) {
    let title = "=HYPERLINK(\"http://example.org\")";
    world.risk(title).await;
    let director = world.client(Who::Director);
    let csv = table(&director.export("risk", json!({"format": "csv"})).await.unwrap());
    assert_eq!(csv[0]["title"], json!(format!("'{title}")));
    let sheet = sheet(&director.export("risk", json!({"format": "xlsx"})).await.unwrap());
    assert!(!sheet.contains("<f>") && sheet.contains("=HYPERLINK("), "{sheet}");
});

/// The one sheet of a workbook.
fn sheet(file: &Downloaded) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.bytes.as_slice())).unwrap();
    let mut text = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut text).unwrap();
    text
}

rest_scenario!(a_workbook_has_typed_cells_under_a_frozen_header(world) {
    let director = world.client(Who::Director);
    let body = json!({
        "program_id": world.program, "title": "Flood", "kind": "threat", "probability": 0.25,
        "cost_likely": {"amount": "1250.50", "currency": "EUR"}, "exposure_from_on": "2026-03-01",
    });
    director.create("risk", body).await.unwrap();
    assert_eq!(world.door, Door::Rest);
    let args = json!({
        "format": "xlsx", "fields": "title,probability,cost_likely,exposure_from_on,created_at",
    });
    let file = director.export("risk", args).await.unwrap();
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"risks.xlsx\"");
    let sheet = sheet(&file);
    assert!(sheet.contains("ySplit=\"1\"") && sheet.contains("state=\"frozen\""), "{sheet}");
    // Numbers as numbers, 1 March 2026 as the day it is for Excel.
    for cell in ["<v>0.25</v>", "<v>1250.5</v>", "<v>46082</v>"] {
        assert!(sheet.contains(cell), "{cell} in {sheet}");
    }
});

use serde_json::{Value, json};

use super::*;
use crate::actor::Actor;
use crate::deliverable::Deliverable;
use crate::mapping_profile::MappingProfile;
use crate::resource::{Resource, Seed};
use crate::time::Instant;

fn profile(change: &Value) -> MappingProfile {
    let mut body = json!({
        "code": "pmo", "name": "PMO", "delimiter": "semicolon", "encoding": "windows1252", "date_format": "dmy_dot",
        "decimal_separator": "comma", "thousands_separator": "point", "currency": "EUR", "kind": "deliverable",
        "columns": {"external_id": "Nr"},
        "fields": [
            {"field": "title", "column": "Titel"},
            {"field": "program_id", "column": "Programm"},
            {"field": "planned_finish_on", "column": "Ende"},
            {"field": "labels.area", "column": "Bereich"},
        ],
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let at = Instant::from_micros(0);
    let seed = Seed { id: 1, at, effective_at: at, by: Actor::system() };
    MappingProfile::create(body.as_object().unwrap(), &seed).unwrap_or_else(|error| panic!("{error:?}"))
}

fn records(file: &[u8], layout: &Layout) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    read(file, layout, &mut |record| {
        records.push(record);
        Ok(())
    })?;
    Ok(records)
}

#[test]
fn a_line_is_read_as_its_profile_says() {
    let file = b"Nr;Titel;Programm;Ende;Bereich;Notiz\r\nD1;B\xfcro;P-7;31.12.2026;Bau;x\r\nD2;'=1+1;;;;\r\n;;;;;\r\n;ohne;;32.1.2026;;\r\n";
    let read = records(file, &Layout::of(&profile(&json!({})), Deliverable::KIND)).unwrap();
    assert_eq!((read[0].place.as_str(), read[0].notes[0].pointer.as_str()), ("the header", "/Notiz"));
    let first = &read[1];
    assert_eq!((first.place.as_str(), first.external_id.as_str()), ("row 2", "D1"));
    let body = json!({"title": "Büro", "planned_finish_on": "2026-12-31", "labels": {"area": "Bau"}});
    assert_eq!(Value::Object(first.body.clone()), body);
    assert_eq!(first.links, [Link { field: "program_id".into(), kind: "program", external_id: "P-7".into() }]);
    assert_eq!(Value::Object(read[2].body.clone()), json!({"title": "=1+1"}), "the guard is taken off");
    let faults: Vec<&str> = read[3].faults.iter().map(|fault| fault.code.as_ref()).collect();
    assert_eq!((read.len(), faults), (4, vec!["REQUIRED", "BAD_DAY"]));
}

#[test]
fn money_shares_words_and_constants() {
    let change = json!({"kind": "risk", "columns": {"external_id": "Nr"}, "empty_clears": true, "fields": [
        {"field": "kind", "column": "Art", "words": [{"from": "Gefahr", "to": "threat"}]},
        {"field": "probability", "column": "P", "percent": true},
        {"field": "cost_likely.amount", "column": "Kosten"},
        {"field": "schedule_impact_days", "column": "Tage"},
        {"field": "category", "constant": "legacy"},
        {"field": "owner_id", "column": "Wer"},
    ]});
    let layout = Layout::of(&profile(&change), crate::risk::Risk::KIND);
    let file =
        b"Nr;Art;P;Kosten;Tage;Wer\n1;GEFAHR;12,5;1.234,50;-3;pers_00000000000000000000000001\n2;Opportunity;5;;x;\n";
    let read = records(file, &layout).unwrap();
    let body = json!({
        "kind": "threat", "probability": 0.125, "cost_likely": {"amount": "1234.50", "currency": "EUR"},
        "schedule_impact_days": -3, "category": "legacy", "owner_id": "pers_00000000000000000000000001",
    });
    assert_eq!(Value::Object(read[0].body.clone()), body);
    assert_eq!((&read[1].body["kind"], &read[1].body["owner_id"]), (&json!("opportunity"), &Value::Null));
    assert_eq!(read[1].faults[0].code, "BAD_NUMBER");
}

#[test]
fn without_a_profile_the_header_names_fields() {
    let file =
        b"external_id,id,title,program_id,cost_likely.amount,cost_likely.currency,titel\n1,risk_1,Flood,P1,5,EUR,x\n";
    let read = records(file, &Layout::plain(crate::risk::Risk::KIND)).unwrap();
    let told: Vec<(&str, &str)> = read[0].notes.iter().map(|n| (n.pointer.as_str(), n.code.as_ref())).collect();
    assert_eq!(told, [("/id", "READ_ONLY"), ("/titel", "UNKNOWN_FIELD")]);
    let body = json!({"title": "Flood", "cost_likely": {"amount": "5", "currency": "EUR"}});
    assert_eq!(Value::Object(read[1].body.clone()), body);
}

#[test]
fn hostile_files_end_with_a_reason() {
    let layout = Layout::plain(crate::risk::Risk::KIND);
    let open = [b"external_id,title\n1,\"".to_vec(), vec![b'x'; 3 << 20]].concat();
    for file in [
        open,
        vec![b'a'; 3 << 20],
        b"".to_vec(),
        b"title\nx\n".to_vec(),
        [b"external_id".to_vec(), vec![b','; 2_000]].concat(),
    ] {
        let error = records(&file, &layout).unwrap_err();
        assert!(matches!(error.reason, Reason::Malformed | Reason::Invalid), "{error:?}");
    }
    let open = b"external_id,title\n1,a\n2,\"3/4 inch pipe\n3,c\n";
    let error = records(open, &layout).unwrap_err();
    let detail = "row 3, line 3: a quote that opens there is open at the end of the file";
    assert_eq!((error.reason, error.detail.as_str()), (Reason::Malformed, detail));
    assert_eq!(records(b"external_id,title\n1,\"a\nb\"", &layout).unwrap().len(), 1, "a closed quote holds lines");
    let error = records(b"external_id,title\n1,a\n\x1e\n2,b\n", &layout).unwrap_err();
    assert_eq!(error.detail, "row 3 is nothing but the control character U+001E");
    let latin = records(b"external_id,title\n1,B\xfcro\n", &layout).unwrap();
    assert_eq!(latin[0].faults[0].code, "BAD_ENCODING");
}

#[test]
fn what_stands_beyond_the_header_or_twice_in_it_is_refused() {
    let layout = Layout::plain(crate::risk::Risk::KIND);
    let read = records(b"external_id,title,category\n1,Extra, and,cat\n2,Fire,cat,,\n3,Short\n", &layout).unwrap();
    let codes: Vec<Vec<&str>> =
        read.iter().map(|record| record.faults.iter().map(|fault| fault.code.as_ref()).collect()).collect();
    assert_eq!(codes, [vec!["DOES_NOT_FIT"], vec![], vec![]]);
    for (header, place) in [
        ("external_id,title,title", ("/title", "NO_COLUMN")),
        ("external_id,source_version,source_version", ("/source_version", "NO_COLUMN")),
        ("external_id,labels.a,labels", ("/labels.a", "DUPLICATE")),
    ] {
        let refused = records(format!("{header}\n1,a,b\n").as_bytes(), &layout).unwrap_err();
        assert_eq!((refused.faults[0].pointer.as_str(), refused.faults[0].code.as_ref()), place);
    }
}

#[test]
fn an_empty_cell_clears_also_a_part() {
    let change = json!({"kind": "risk", "columns": {"external_id": "Nr"}, "empty_clears": true, "fields": [
        {"field": "cost_likely.amount", "column": "Kosten"}, {"field": "cost_likely.currency", "column": "W"},
        {"field": "labels.area", "column": "Bereich"},
    ]});
    let read =
        records(b"Nr;Kosten;W;Bereich\n1;;EUR;\n", &Layout::of(&profile(&change), crate::risk::Risk::KIND)).unwrap();
    assert_eq!(Value::Object(read[0].body.clone()), json!({"cost_likely": null, "labels": {"area": null}}));
}

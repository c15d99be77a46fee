//! Calendars (RFC 5545): events and to-dos become milestones, each by its UID.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use icalendar::parser::{Component, read_calendar, unfold};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::schedule::Target;
use super::{Record, Sink, fitted};
use crate::error::{Error, Fault, Reason};
use crate::holidays::{check_depth, moment};

/// Bytes a calendar may have: it is read as a whole.
const BYTES_MAX: u64 = 16 << 20;

/// What is read of an event, or follows from it.
const KNOWN: [&str; 12] = [
    "UID",
    "SUMMARY",
    "DESCRIPTION",
    "DTSTART",
    "DTEND",
    "DUE",
    "COMPLETED",
    "STATUS",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
];

/// Reads a file.
pub fn read(input: impl BufRead, target: &Target, sink: Sink<'_>) -> Result<(), Error> {
    let malformed = |detail: String| Error::new(Reason::Malformed, detail);
    let mut bytes = Vec::new();
    let read = input.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| malformed(error.to_string()))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::new(Reason::TooLarge, format!("a calendar has at most {BYTES_MAX} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed("the calendar is not written in UTF-8".to_owned()))?;
    check_depth(&text).map_err(|detail| malformed(format!("the calendar {detail}")))?;
    let unfolded = unfold(&text);
    let calendar =
        read_calendar(&unfolded).map_err(|_| malformed("it is not an iCalendar document (RFC 5545)".to_owned()))?;
    let zone = TimeZone::get(&target.time_zone).unwrap_or(TimeZone::UTC);
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for part in &calendar.components {
        match part.name.as_str() {
            "VEVENT" | "VTODO" => sink(event(part, target, &zone, &mut others))?,
            // Time zones are known by their names.
            "VTIMEZONE" => {}
            other => *others.entry(format!("/{other:.60}")).or_default() += 1,
        }
    }
    for (path, count) in others {
        let detail = format!("{count} of these have no place here");
        sink(Record::lost("the file", vec![Fault::new(path, "NOT_KEPT", detail)]))?;
    }
    Ok(())
}

fn event(part: &Component<'_>, target: &Target, zone: &TimeZone, others: &mut BTreeMap<String, usize>) -> Record {
    let text =
        |name: &str| part.find_prop(name).map(|property| property.val.clone().unescape_text().as_str().to_owned());
    let uid = text("UID").unwrap_or_default();
    let mut record = Record { place: format!("event {uid:.100}"), kind: Some("milestone"), ..Record::default() };
    record.external_id = uid;
    if record.external_id.is_empty() {
        record.faults.push(Fault::new("/UID", "REQUIRED", "an event without a UID cannot be told from others"));
    }
    if part.find_prop("RECURRENCE-ID").is_some() {
        record.kind = None;
        record.notes.push(Fault::new(
            "/RECURRENCE-ID",
            "RECURRING",
            "one occurrence of an event that recurs is not kept",
        ));
        return record;
    }
    let title = text("SUMMARY").and_then(|title| fitted("title", &title, 200, &mut record.notes));
    record.set("title", Some(title.unwrap_or_else(|| "(no name)".to_owned())));
    if let Some(text) = text("DESCRIPTION").and_then(|text| fitted("description", &text, 4_000, &mut record.notes)) {
        record.set("description", Some(text));
    }
    for (field, id) in [("deliverable_id", &target.deliverable_id), ("engagement_id", &target.engagement_id)] {
        if let Some(id) = id {
            record.set(field, Some(id.clone()));
        }
    }
    let day = |name: &str, record: &mut Record| -> Option<DateTime> {
        let property = part.find_prop(name)?;
        match moment(property, property.val.as_str(), zone) {
            Ok(at) => Some(at),
            Err(detail) => {
                record.faults.push(Fault::new(format!("/{name}"), "BAD_DAY", format!("it has {detail}")));
                None
            }
        }
    };
    let (start, end, due) = (day("DTSTART", &mut record), day("DTEND", &mut record), day("DUE", &mut record));
    let done = day("COMPLETED", &mut record);
    let longer =
        start.zip(end).is_some_and(|(start, end)| end.date().yesterday().is_ok_and(|last| last > start.date()));
    if longer {
        record.notes.push(Fault::new(
            "/DTEND",
            "NOT_KEPT",
            "it lasts several days: its first one is the day of the milestone",
        ));
    }
    record.set("planned_on", due.or(start).map(|at| at.date().to_string()));
    if let Some(done) = done {
        record.set("actual_on", Some(done.date().to_string()));
    }
    if part.find_prop("RRULE").is_some() || part.find_prop("RDATE").is_some() {
        record.notes.push(Fault::new("/RRULE", "RECURRING", "it recurs: only its first day is kept"));
    }
    if text("STATUS").as_deref() == Some("CANCELLED") {
        record.notes.push(Fault::new("/STATUS", "NOT_KEPT", "it is cancelled: delete the milestone if it shall go"));
    }
    let passed =
        |name: &str| KNOWN.contains(&name) || matches!(name, "RRULE" | "RDATE" | "EXDATE" | "TRANSP" | "CLASS");
    for property in part.properties.iter().filter(|property| !passed(property.name.as_str())) {
        *others.entry(format!("/{}/{:.60}", part.name.as_str(), property.name.as_str())).or_default() += 1;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn records(text: &str) -> Result<Vec<Record>, Error> {
        let target =
            Target { deliverable_id: Some("del_1".into()), time_zone: "Europe/Vienna".into(), ..Target::default() };
        let mut records = Vec::new();
        read(text.as_bytes(), &target, &mut |record| {
            records.push(record);
            Ok(())
        })?;
        Ok(records)
    }

    #[test]
    fn events_become_milestones() {
        let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nX-WR-CALNAME:Works\r\nBEGIN:VEVENT\r\nUID:a@x\r\n\
                    DTSTART;VALUE=DATE:20260301\r\nSUMMARY:Roof\\, closed\r\nLOCATION:East\r\nEND:VEVENT\r\n\
                    BEGIN:VTODO\r\nUID:b@x\r\nDUE:20260401T220000Z\r\nCOMPLETED:20260331T090000Z\r\nSUMMARY:Keys\r\nEND:VTODO\r\n\
                    BEGIN:VEVENT\r\nDTSTART:20269999\r\nSUMMARY:None\r\nEND:VEVENT\r\nBEGIN:VJOURNAL\r\nUID:c\r\nEND:VJOURNAL\r\n\
                    END:VCALENDAR\r\n";
        let read = records(text).unwrap();
        let body = json!({"title": "Roof, closed", "deliverable_id": "del_1", "planned_on": "2026-03-01"});
        assert_eq!((read[0].external_id.as_str(), Value::Object(read[0].body.clone())), ("a@x", body));
        // Ten in the evening in UTC is the next day in Vienna.
        assert_eq!(
            (&read[1].body["planned_on"], &read[1].body["actual_on"]),
            (&json!("2026-04-02"), &json!("2026-03-31"))
        );
        let faults: Vec<&str> = read[2].faults.iter().map(|fault| fault.code.as_ref()).collect();
        assert_eq!(faults, ["REQUIRED", "BAD_DAY"]);
        let lost: Vec<&str> = read[3..].iter().map(|record| record.notes[0].pointer.as_str()).collect();
        assert_eq!(lost, ["/VEVENT/LOCATION", "/VJOURNAL"]);
    }

    #[test]
    fn hostile_calendars_end_with_a_reason() {
        let deep = "BEGIN:VEVENT\r\n".repeat(100_000);
        for text in ["", "x", deep.as_str(), "BEGIN:VCALENDAR\r\n"] {
            assert!(records(text).is_err(), "{text:.20}");
        }
    }
}

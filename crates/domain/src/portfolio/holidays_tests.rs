use jiff::civil::date;

use super::*;

fn vienna() -> TimeZone {
    TimeZone::get("Europe/Vienna").unwrap()
}

fn span(from: i16, until: i16) -> Span {
    Span { from: date(from, 1, 1), until: date(until, 12, 31) }
}

fn document(events: &str) -> String {
    let lines = format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{events}\nEND:VCALENDAR\n");
    lines.replace('\n', "\r\n")
}

fn event(lines: &str) -> String {
    document(&format!("BEGIN:VEVENT\nUID:1\nSUMMARY:Holiday\n{lines}\nEND:VEVENT"))
}

fn days(lines: &str, span: Span) -> Vec<String> {
    let found = read(&event(lines), &vienna(), span).unwrap();
    assert_eq!(found.skipped, [], "{lines}");
    found.days.keys().map(ToString::to_string).collect()
}

fn why(lines: &str) -> &'static str {
    read(&event(lines), &vienna(), span(2024, 2024)).unwrap().skipped[0].1
}

/// The bank holidays of Scotland in 2024, as gov.uk publishes them: each an all-day event marked as free.
/// Source: <https://www.gov.uk/bank-holidays/scotland.ics>, Open Government Licence v3.0; the days and names, in the form
/// of that file.
#[test]
fn bank_holidays_of_scotland() {
    let published = [
        ("20240101", "20240102", "New Year’s Day"),
        ("20240102", "20240103", "2nd January"),
        ("20240329", "20240330", "Good Friday"),
        ("20240506", "20240507", "Early May bank holiday"),
        ("20240527", "20240528", "Spring bank holiday"),
        ("20240805", "20240806", "Summer bank holiday"),
        ("20241202", "20241203", "St Andrew’s Day (substitute day)"),
        ("20241225", "20241226", "Christmas Day"),
        ("20241226", "20241227", "Boxing Day"),
    ];
    let events: Vec<String> = published
        .iter()
        .enumerate()
        .map(|(n, (start, end, name))| {
            format!(
                "BEGIN:VEVENT\nDTEND;VALUE=DATE:{end}\nDTSTART;VALUE=DATE:{start}\nSUMMARY:{name}\n\
                 UID:ca6af7456b0088abad9a69f9f620f5ac-{n}@gov.uk\nSEQUENCE:0\nDTSTAMP:20240101T000000Z\n\
                 TRANSP:TRANSPARENT\nEND:VEVENT"
            )
        })
        .collect();
    let found = read(&document(&events.join("\n")), &vienna(), span(2024, 2024)).unwrap();
    assert_eq!((found.events, found.days.len(), found.skipped.len()), (9, 9, 0));
    assert_eq!(found.days[&date(2024, 12, 2)].as_deref(), Some("St Andrew’s Day (substitute day)"));
    assert!(read(&document(&events.join("\n")), &vienna(), span(2025, 2025)).unwrap().days.is_empty());
}

#[test]
fn the_end_is_not_in_it() {
    assert_eq!(days("DTSTART;VALUE=DATE:20241224\nDTEND;VALUE=DATE:20241227", span(2024, 2024)).len(), 3);
    assert_eq!(days("DTSTART;VALUE=DATE:20241224", span(2024, 2024)), ["2024-12-24"]);
    assert_eq!(days("DTSTART;VALUE=DATE:20241224\nDURATION:P2D", span(2024, 2024)).len(), 2);
    // An event across the end of the year counts in both years.
    assert_eq!(days("DTSTART;VALUE=DATE:20241230\nDTEND;VALUE=DATE:20250103", span(2025, 2025)).len(), 2);
}

#[test]
fn recurrences() {
    let yearly = "DTSTART;VALUE=DATE:19950101\nRRULE:FREQ=YEARLY";
    assert_eq!(days(yearly, span(2024, 2026)), ["2024-01-01", "2025-01-01", "2026-01-01"]);
    // RFC 5545, 3.8.5.3: the US Labor Day, the first Monday of September.
    let labor = "DTSTART;VALUE=DATE:19970901\nRRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1MO";
    assert_eq!(days(labor, span(2024, 2025)), ["2024-09-02", "2025-09-01"]);
    let last = "DTSTART;VALUE=DATE:20240301\nRRULE:FREQ=MONTHLY;UNTIL=20240501;BYMONTHDAY=1";
    assert_eq!(days(last, span(2024, 2024)), ["2024-03-01", "2024-04-01", "2024-05-01"]);
    let but =
        "DTSTART;VALUE=DATE:20240301\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20240302\nRDATE;VALUE=DATE:20240401";
    assert_eq!(days(but, span(2024, 2024)), ["2024-03-01", "2024-03-03", "2024-04-01"]);
}

#[test]
fn an_occurrence_can_be_moved() {
    let events = "BEGIN:VEVENT\nUID:a\nSUMMARY:Party\nDTSTART;VALUE=DATE:20240701\nRRULE:FREQ=YEARLY\nEND:VEVENT\n\
                  BEGIN:VEVENT\nUID:a\nSUMMARY:Party, later\nRECURRENCE-ID;VALUE=DATE:20250701\n\
                  DTSTART;VALUE=DATE:20250708\nEND:VEVENT";
    let found = read(&document(events), &vienna(), span(2024, 2025)).unwrap();
    let all: Vec<String> = found.days.keys().map(ToString::to_string).collect();
    assert_eq!(all, ["2024-07-01", "2025-07-08"]);
}

#[test]
fn times_count_where_they_make_whole_days() {
    let utc = "DTSTART:20240630T220000Z\nDTEND:20240701T220000Z";
    assert_eq!(days(utc, span(2024, 2024)), ["2024-07-01"], "midnight in Vienna");
    let named = "DTSTART;TZID=Europe/Vienna:20240701T000000\nDTEND;TZID=Europe/Vienna:20240703T000000";
    assert_eq!(days(named, span(2024, 2024)).len(), 2);
    assert_eq!(days("DTSTART:20240701T000000\nDTEND:20240702T000000", span(2024, 2024)), ["2024-07-01"], "floating");
    assert_eq!(why("DTSTART:20240701T130000\nDTEND:20240701T180000"), "covers no whole day");
    assert_eq!(why("DTSTART:20240701T000000Z\nDTEND:20240702T000000Z"), "covers no whole day");
    assert_eq!(why("DTSTART;TZID=Nowhere/City:20240701T000000"), "its time zone is not an IANA time zone");
}

#[test]
fn what_is_left_out_is_told() {
    assert_eq!(why("DTSTART;VALUE=DATE:20240701\nSTATUS:CANCELLED"), "is cancelled");
    assert_eq!(why("DESCRIPTION:nothing"), "has no start");
    assert_eq!(why("DTSTART;VALUE=DATE:20240231"), "has an invalid date");
    assert_eq!(why("DTSTART;VALUE=DATE:00010101\nRRULE:FREQ=DAILY"), "has an invalid date");
    assert_eq!(why("DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=SECONDLY"), "recurs more than once a day");
    assert_eq!(why("DTSTART;VALUE=DATE:20240101\nRRULE:often"), "its recurrence rule is invalid");
    assert_eq!(why("DTSTART;VALUE=DATE:20240101\nDTEND;VALUE=DATE:20260101"), "covers more than a year");
}

#[test]
fn what_is_no_calendar_is_refused() {
    for bad in ["", "hello", "BEGIN:VCALENDAR", "BEGIN:VEVENT\nEND:VCALENDAR"] {
        assert!(read(bad, &vienna(), span(2024, 2024)).is_err(), "{bad}");
    }
    let deep = "BEGIN:X\r\n".repeat(100_000);
    assert!(read(&deep, &vienna(), span(2024, 2024)).unwrap_err().contains("nested components"));
}

#[test]
fn folded_lines_are_one() {
    let folded = "DTSTART;VALUE=DATE:2024\n 0701";
    assert_eq!(days(folded, span(2024, 2024)), ["2024-07-01"]);
}

/// Expansive rules are cut off.
#[test]
fn endless_rules_end() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10;BYMINUTE=0,1,2,3,4,5;BYSECOND=0,1,2,3,4",
        "FREQ=YEARLY;INTERVAL=65535",
    ] {
        let lines = format!("DTSTART;VALUE=DATE:20000101\nRRULE:{rule}");
        read(&event(&lines), &vienna(), span(2090, 2099)).unwrap();
    }
    let one = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:19000101\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    let found = read(&document(&one.repeat(1_000)), &vienna(), span(2024, 2024)).unwrap();
    assert_eq!((found.days.len(), found.skipped.len()), (366, 998));
}

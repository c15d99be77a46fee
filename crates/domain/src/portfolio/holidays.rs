//! Holidays in an iCalendar document (RFC 5545): the days that its events cover entirely.
//!
//! Whether an event marks its owner as busy does not matter: public holiday calendars mark holidays as free
//! (`TRANSP:TRANSPARENT`). An event with times covers a day only if it covers the day from midnight to midnight in the time
//! zone of the calendar.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, TimeZone as _};
use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

/// Holidays of a document within a span of days.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    /// Each day and its name.
    pub days: BTreeMap<Date, Option<String>>,
    /// Number of events in the document.
    pub events: usize,
    /// Skipped events: summary and reason.
    pub skipped: Vec<(Option<String>, &'static str)>,
}

/// Span of days, both included.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub from: Date,
    pub until: Date,
}

/// Maximum nesting depth of components. An alarm in an event in a calendar has depth three.
const DEPTH_MAX: usize = 8;
/// Maximum number of days that a single event may cover.
const COVERED_MAX: i32 = 366;
/// Maximum number of occurrences of an event.
const OCCURRENCES_MAX: u16 = 5_000;
/// Maximum number of steps for all recurrences of a document. A rule is expanded from its first day in steps of a day, week,
/// month or year.
const STEPS_MAX: i64 = 100_000;

/// Reads the holidays of a document for a calendar in this time zone. The error describes why it cannot be read.
pub fn read(document: &str, zone: &TimeZone, span: Span) -> Result<Holidays, String> {
    check_depth(document)?;
    let unfolded = unfold(document);
    let calendar = read_calendar(&unfolded).map_err(|_| "is not an iCalendar document (RFC 5545)".to_owned())?;
    let events: Vec<&Component<'_>> = calendar.components.iter().filter(|part| part.name == "VEVENT").collect();
    let moved = overrides(&events, zone);
    let mut found = Holidays { events: events.len(), ..Holidays::default() };
    let mut steps = STEPS_MAX;
    for event in events {
        let name = summary(event);
        match days_of(event, zone, span, &moved, &mut steps) {
            Ok(days) => {
                for day in days.into_iter().filter(|day| (span.from..=span.until).contains(day)) {
                    let known = found.days.entry(day).or_insert_with(|| name.clone());
                    if known.is_none() {
                        known.clone_from(&name);
                    }
                }
            }
            Err(reason) => found.skipped.push((name, reason)),
        }
    }
    Ok(found)
}

/// Limits the nesting depth, because the parser recurses as deep as the document.
pub(crate) fn check_depth(document: &str) -> Result<(), String> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for line in document.lines() {
        let starts = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if starts("BEGIN:") {
            depth += 1;
            deepest = deepest.max(depth);
        } else if starts("END:") {
            depth = depth.saturating_sub(1);
        }
    }
    if deepest > DEPTH_MAX { Err(format!("has more than {DEPTH_MAX} levels of nested components")) } else { Ok(()) }
}

fn summary(event: &Component<'_>) -> Option<String> {
    let text = event.find_prop("SUMMARY")?.val.clone().unescape_text();
    let clean: String = text.as_str().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Some(clean.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Days on which an occurrence of a recurring event was replaced by another event, by the UID of the recurring event.
fn overrides(events: &[&Component<'_>], zone: &TimeZone) -> HashMap<String, BTreeSet<Date>> {
    let mut moved: HashMap<String, BTreeSet<Date>> = HashMap::new();
    for event in events {
        let (Some(uid), Some(was)) = (event.find_prop("UID"), event.find_prop("RECURRENCE-ID")) else { continue };
        if let Ok(was) = moment(was, was.val.as_str(), zone) {
            moved.entry(uid.val.as_str().to_owned()).or_default().insert(was.date());
        }
    }
    moved
}

/// A date, or a date and time in the time zone of the calendar.
pub(crate) fn moment(property: &Property<'_>, value: &str, zone: &TimeZone) -> Result<DateTime, &'static str> {
    const WRONG: &str = "has an invalid date";
    let value = value.trim();
    let plain = value.strip_suffix('Z').unwrap_or(value);
    if plain.len() == 8 {
        return parse_date(plain).map(|date| date.to_datetime(Time::midnight())).ok_or(WRONG);
    }
    let (date, time) = plain.split_once('T').ok_or(WRONG)?;
    let part = |at: usize| time.get(at..at + 2).and_then(|digits| digits.parse::<i8>().ok());
    let time = match (part(0), part(2), part(4)) {
        (Some(hour), Some(minute), Some(second)) if time.len() == 6 => {
            Time::new(hour, minute, second.min(59), 0).map_err(|_| WRONG)?
        }
        _ => return Err(WRONG),
    };
    let local = parse_date(date).ok_or(WRONG)?.to_datetime(time);
    let named = property.params.iter().find(|param| param.key == "TZID").and_then(|param| param.val.as_ref());
    let from = match (value.ends_with('Z'), named) {
        (true, _) => TimeZone::UTC,
        (false, Some(name)) => {
            TimeZone::get(name.as_str().trim_matches('"')).map_err(|_| "its time zone is not an IANA time zone")?
        }
        // Floating time: taken in the time zone of the calendar.
        (false, None) => return Ok(local),
    };
    let zoned = from.to_zoned(local).map_err(|_| WRONG)?;
    Ok(zoned.with_time_zone(zone.clone()).datetime())
}

fn parse_date(digits: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| {
        let part = digits.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten()
    };
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    let date = Date::new(number(0..4)?, month, day).ok()?;
    // Years outside this range are not used in planning, and expanding recurrences from there would take long.
    (1900..=2200).contains(&date.year()).then_some(date)
}

/// Days that an event covers within or near the span.
fn days_of(
    event: &Component<'_>,
    zone: &TimeZone,
    span: Span,
    moved: &HashMap<String, BTreeSet<Date>>,
    steps: &mut i64,
) -> Result<BTreeSet<Date>, &'static str> {
    if event.find_prop("STATUS").is_some_and(|status| status.val.as_str().eq_ignore_ascii_case("CANCELLED")) {
        return Err("is cancelled");
    }
    let start = event.find_prop("DTSTART").ok_or("has no start")?;
    let first = moment(start, start.val.as_str(), zone)?;
    let length = length(event, zone, first)?;
    if first.time() != Time::midnight() {
        return Err("covers no whole day");
    }
    let near = Span { from: span.from.saturating_sub(length.days()), until: span.until };
    let mut starts = starts(event, zone, first.date(), near, steps)?;
    let own = event.find_prop("RECURRENCE-ID").is_some();
    let replaced = event.find_prop("UID").and_then(|uid| moved.get(uid.val.as_str())).filter(|_| !own);
    for day in replaced.into_iter().flatten() {
        starts.remove(day);
    }
    let covered = |start: Date| (0..length).filter_map(move |n| start.checked_add(n.days()).ok());
    Ok(starts.into_iter().flat_map(covered).collect())
}

/// Length of an event in whole days.
fn length(event: &Component<'_>, zone: &TimeZone, first: DateTime) -> Result<i32, &'static str> {
    const NO_DAY: &str = "covers no whole day";
    let end = match (event.find_prop("DTEND"), event.find_prop("DURATION")) {
        (Some(end), _) => moment(end, end.val.as_str(), zone)?,
        (None, Some(duration)) => {
            let span: jiff::Span = duration.val.as_str().trim().parse().map_err(|_| "its duration is invalid")?;
            first.checked_add(span).map_err(|_| "its duration is invalid")?
        }
        (None, None) if first.time() == Time::midnight() => first.checked_add(1.day()).map_err(|_| NO_DAY)?,
        (None, None) => return Err(NO_DAY),
    };
    let days = first.date().until(end.date()).map_or(0, |span| span.get_days());
    match days {
        days if days < 1 || end.time() != Time::midnight() => Err(NO_DAY),
        days if days > COVERED_MAX => Err("covers more than a year"),
        days => Ok(days),
    }
}

/// Days on which an event starts: once, or by its rules and dates.
fn starts(
    event: &Component<'_>,
    zone: &TimeZone,
    first: Date,
    span: Span,
    steps: &mut i64,
) -> Result<BTreeSet<Date>, &'static str> {
    let dates = |name: &str| -> Result<Vec<Date>, &'static str> {
        let lists = event.properties.iter().filter(|property| property.name == name);
        let mut dates = Vec::new();
        for property in lists {
            for value in property.val.as_str().split(',') {
                // A period starts with its start time.
                let value = value.split('/').next().unwrap_or_default();
                dates.push(moment(property, value, zone)?.date());
            }
        }
        Ok(dates)
    };
    let mut starts: BTreeSet<Date> = dates("RDATE")?.into_iter().collect();
    starts.insert(first);
    for property in event.properties.iter().filter(|property| property.name == "RRULE") {
        starts.extend(recur(property.val.as_str(), first, span, steps)?);
    }
    for day in dates("EXDATE")? {
        starts.remove(&day);
    }
    Ok(starts)
}

/// Days of a rule within a span. Days have no time zone, so UTC is used.
fn recur(rule: &str, first: Date, span: Span, steps: &mut i64) -> Result<Vec<Date>, &'static str> {
    const WRONG: &str = "its recurrence rule is invalid";
    let rule: RRule<Unvalidated> = by_days(rule).parse().map_err(|_| WRONG)?;
    let stride = match rule.get_freq() {
        Frequency::Yearly => 365,
        Frequency::Monthly => 30,
        Frequency::Weekly => 7,
        Frequency::Daily => 1,
        _ => return Err("recurs more than once a day"),
    };
    let days = first.until(span.until).map_or(0, |days| i64::from(days.get_days()));
    *steps -= days.max(0) / (stride * i64::from(rule.get_interval()).max(1)) + 1;
    if *steps < 0 {
        return Err("the document has too many recurrences");
    }
    let set: RRuleSet = rule.build(at(first).ok_or(WRONG)?).map_err(|_| WRONG)?;
    let (from, until) = (at(span.from).ok_or(WRONG)?, at(span.until).ok_or(WRONG)?);
    let found = set.limit().after(from).before(until).all(OCCURRENCES_MAX).dates;
    let date = |found: &chrono::DateTime<Tz>| {
        let (month, day) = (i8::try_from(found.month()).ok()?, i8::try_from(found.day()).ok()?);
        Date::new(i16::try_from(found.year()).ok()?, month, day).ok()
    };
    Ok(found.iter().filter_map(date).collect())
}

/// The rule without times of day; `UNTIL` becomes the end of its day.
fn by_days(rule: &str) -> String {
    let part = |part: &str| {
        let (name, value) = part.split_once('=')?;
        match name.to_ascii_uppercase().as_str() {
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => None,
            "UNTIL" => Some(format!("UNTIL={}T235959Z", value.get(..8).unwrap_or(value))),
            _ => Some(part.to_owned()),
        }
    };
    let parts: Vec<String> = rule.split(';').filter_map(part).collect();
    parts.join(";")
}

fn at(date: Date) -> Option<chrono::DateTime<Tz>> {
    let (month, day) = (u32::try_from(date.month()).ok()?, u32::try_from(date.day()).ok()?);
    Tz::UTC.with_ymd_and_hms(i32::from(date.year()), month, day, 0, 0, 0).single()
}

#[cfg(test)]
#[path = "holidays_tests.rs"]
mod tests;

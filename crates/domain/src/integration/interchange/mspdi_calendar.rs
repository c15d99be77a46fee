//! Calendars of Microsoft Project: a week, and days that are unlike it, of which some recur.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::hours::{Hours, Spans, from_sunday, minutes, settled};
use super::mspdi::{instant, is_true, whole};
use super::xml_records::XmlRecord;
use crate::error::Fault;
use crate::work_calendar::EXCEPTIONS_MAX;

/// `MonthPosition` of the last one.
const LAST: i64 = 4;

/// The hours that a calendar states, and what of it is not kept. Days of the week that it does not state are those of the
/// calendar that it is based on.
pub(super) fn read<'a>(calendar: &XmlRecord, find: &dyn Fn(&str) -> Option<&'a XmlRecord>) -> (Hours, Vec<Fault>) {
    let (mut hours, mut notes) = (Hours::default(), Vec::new());
    if let Some(uid) = calendar.get("BaseCalendarUID").filter(|uid| !matches!(*uid, "-1" | "0")) {
        if let Some(base) = find(uid).filter(|base| *base != calendar) {
            (hours, _) = read(base, &|_| None);
        } else {
            let detail = format!("the calendar {uid:.20} that it is based on is not read");
            notes.push(Fault::new("/BaseCalendarUID", "NOT_IN_FILE", detail));
        }
    }
    for day in calendar.list("WeekDays", "WeekDay") {
        let spans = worked(day, &mut notes);
        match day.get("DayType").and_then(whole) {
            Some(0) => match period(day.all("TimePeriod").next().unwrap_or(day)) {
                Some((from, until)) => {
                    except(&mut hours, every(from, 1.day()).take_while(|day| *day <= until), None, &spans);
                }
                None => notes.push(undated()),
            },
            Some(number) => match from_sunday(number) {
                Some(place) => hours.week[place] = spans,
                None => notes.push(unknown_day(day)),
            },
            None => notes.push(unknown_day(day)),
        }
    }
    for week in calendar.list("WorkWeeks", "WorkWeek") {
        add_work_week(&mut hours, week, &mut notes);
    }
    let mut exceptions = calendar.list("Exceptions", "Exception");
    for exception in exceptions.by_ref().take(EXCEPTIONS_MAX) {
        add_exception(&mut hours, exception, &mut notes);
    }
    if exceptions.next().is_some() {
        let detail = format!("only the first {EXCEPTIONS_MAX} exceptions are read");
        notes.push(Fault::new("/exceptions", "CUT", detail));
    }
    if hours.exceptions.len() > EXCEPTIONS_MAX {
        let detail = format!("only the first {EXCEPTIONS_MAX} of {} days are kept", hours.exceptions.len());
        notes.push(Fault::new("/exceptions", "CUT", detail));
        hours.exceptions = std::mem::take(&mut hours.exceptions).into_iter().take(EXCEPTIONS_MAX).collect();
    }
    (hours, notes)
}

fn unknown_day(day: &XmlRecord) -> Fault {
    let number = day.get("DayType").unwrap_or_default();
    Fault::new("/WeekDay", "BAD_DAY", format!("{number:.20} is no day of the week from 1 to 7: its hours are not kept"))
}

/// A week of other hours in a period: the days in it are exceptions, and those that are exceptions themselves come later.
fn add_work_week(hours: &mut Hours, week: &XmlRecord, notes: &mut Vec<Fault>) {
    let Some((from, until)) = week.all("TimePeriod").next().and_then(period) else { return notes.push(undated()) };
    let name = week.get("Name").and_then(|name| super::fitted("exceptions", name, 200, notes));
    for day in week.list("WeekDays", "WeekDay") {
        let Some(place) = day.get("DayType").and_then(whole).and_then(from_sunday) else {
            notes.push(unknown_day(day));
            continue;
        };
        let spans = worked(day, notes);
        let days = every(from, 1.day()).take_while(|day| *day <= until);
        let days = days.filter(|day| usize::try_from(day.weekday().to_monday_zero_offset()) == Ok(place));
        except(hours, days, name.as_deref(), &spans);
    }
}

/// The hours of a day. Hours that cannot be read, and those that overlap others, are told.
fn worked(day: &XmlRecord, notes: &mut Vec<Fault>) -> Spans {
    let span = |time: &XmlRecord| {
        let (from, until) = (minutes(time.get("FromTime")?)?, minutes(time.get("ToTime")?)?);
        Some((from, if until == 0 { 1_440 } else { until }))
    };
    let working = day.get("DayWorking").is_some_and(is_true);
    let times = day.list("WorkingTimes", "WorkingTime").filter(|_| working);
    // Empty rows are rows of the tool's form.
    let times: Vec<&XmlRecord> =
        times.filter(|time| time.get("FromTime").is_some() || time.get("ToTime").is_some()).collect();
    let spans = settled(times.iter().copied().filter_map(span).collect());
    if spans.len() < times.len() {
        let detail = format!(
            "{} of {} spans of hours cannot be read or overlap others, and are not kept",
            times.len() - spans.len(),
            times.len()
        );
        notes.push(Fault::new("/WorkingTime", "BAD_HOURS", detail));
    }
    spans
}

/// The first and the last day.
fn period(node: &XmlRecord) -> Option<(Date, Date)> {
    let date = |name: &str| Some(node.get(name).and_then(instant)?.date());
    Some((date("FromDate")?, date("ToDate")?))
}

fn undated() -> Fault {
    Fault::new("/exceptions", "BAD_DAY", "an exception without two days is not kept")
}

/// Days that have these hours. No more are looked at than a calendar holds.
fn except(hours: &mut Hours, days: impl Iterator<Item = Date>, name: Option<&str>, spans: &Spans) {
    for day in days.take(EXCEPTIONS_MAX + 1) {
        if hours.exceptions.len() > EXCEPTIONS_MAX {
            return;
        }
        hours.exceptions.insert(day, (name.map(str::to_owned), spans.clone()));
    }
}

/// An exception of Project 2007 and later, which may recur.
fn add_exception(hours: &mut Hours, node: &XmlRecord, notes: &mut Vec<Fault>) {
    let Some((from, until)) = node.all("TimePeriod").next().and_then(period) else { return notes.push(undated()) };
    let name = node.get("Name").and_then(|name| super::fitted("exceptions", name, 200, notes));
    let (name, spans) = (name.as_deref(), worked(node, notes));
    let within = |day: &Date| *day <= until;
    match recurring(node, from) {
        Some(days) => except(hours, days.skip_while(|day| *day < from).take_while(within), name, &spans),
        None if node.get("Occurrences").and_then(whole).is_none_or(|times| times <= 1) => {
            except(hours, every(from, 1.day()).take_while(within), name, &spans);
        }
        None => {
            let detail = format!("how {} recurs is not known: enter its days", name.unwrap_or("an exception"));
            notes.push(Fault::new("/exceptions", "RECURRING", detail));
        }
    }
}

/// Days from one on, so far apart.
fn every(from: Date, step: Span) -> impl Iterator<Item = Date> {
    (0..).map_while(move |n: i64| from.checked_add(step.checked_mul(n).ok()?).ok())
}

/// The days on which an exception recurs, also those before its first one; none where its type says no days.
fn recurring(node: &XmlRecord, from: Date) -> Option<Box<dyn Iterator<Item = Date>>> {
    let number = |name: &str| node.get(name).and_then(whole);
    let step = number("Period").filter(|step| (1..=1_000).contains(step)).unwrap_or(1);
    let months = every(from.first_of_month(), step.months());
    let month = number("Month").filter(|month| (0..12).contains(month)).and_then(|month| i8::try_from(month + 1).ok());
    let years = month.and_then(|month| Date::new(from.year(), month, 1).ok()).map(|first| every(first, 1.year()));
    let place = number("MonthItem").zip(number("MonthPosition"));
    let place = place.filter(|(item, position)| (0..=9).contains(item) && (0..=LAST).contains(position));
    let on = number("MonthDay").filter(|day| (1..=31).contains(day)).and_then(|day| i8::try_from(day).ok());
    match number("Type").unwrap_or(1) {
        1 | 7 => Some(Box::new(every(from, step.days()))),
        2 => Some(Box::new(years?.filter_map(day_of(on?)))),
        3 => Some(Box::new(years?.filter_map(place_of(place?)))),
        4 => Some(Box::new(months.filter_map(day_of(on?)))),
        5 => Some(Box::new(months.filter_map(place_of(place?)))),
        6 => {
            // Sunday is 1, Monday 2, Tuesday 4; weeks begin on Sunday, whatever day the project begins them on.
            let wanted = number("DaysOfWeek").filter(|days| (1..128).contains(days))?;
            let sunday = from.checked_sub(i64::from(from.weekday().to_sunday_zero_offset()).days()).ok()?;
            let of_week = move |sunday| every(sunday, 1.day()).zip(0..7).filter(move |(_, n)| (wanted >> n) & 1 == 1);
            Some(Box::new(every(sunday, step.weeks()).flat_map(of_week).map(|(day, _)| day)))
        }
        _ => None,
    }
}

/// This day of a month, or its last one.
fn day_of(day: i8) -> impl Fn(Date) -> Option<Date> {
    move |first| first.with().day(day.min(first.days_in_month())).build().ok()
}

/// The first to fourth or last day of a month that is such an item: any, of the working week, of a weekend, or one from
/// Sunday on.
fn place_of((item, position): (i64, i64)) -> impl Fn(Date) -> Option<Date> {
    move |first| {
        let fits = |day: &Date| {
            let weekday = i64::from(day.weekday().to_sunday_zero_offset());
            match item {
                0 => true,
                1 => (1..6).contains(&weekday),
                2 => !(1..6).contains(&weekday),
                _ => weekday == item - 3,
            }
        };
        let mut days = every(first, 1.day()).take_while(move |day| day.month() == first.month()).filter(fits);
        if position == LAST { days.last() } else { days.nth(usize::try_from(position).ok()?) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml_records::{Step, XmlRecords};
    use super::*;

    fn read_text(text: &str) -> (Hours, Vec<Fault>) {
        let text = format!("<Calendar>{text}</Calendar>");
        let mut nodes = XmlRecords::new(text.as_bytes());
        match nodes.next(|_| true).unwrap() {
            Step::Whole(node) => read(&node, &|_| None),
            _ => panic!("a calendar"),
        }
    }

    fn exception(from: &str, until: &str, times: i64, rest: &str) -> String {
        format!(
            "<Exception><TimePeriod><FromDate>{from}T00:00:00</FromDate><ToDate>{until}T23:59:00</ToDate></TimePeriod>\
             <Occurrences>{times}</Occurrences><DayWorking>0</DayWorking>{rest}</Exception>"
        )
    }

    /// Facts of `junit/data/calendar-recurring-exceptions-project2016-mspdi.xml` of <https://github.com/joniles/mpxj> at
    /// 764fe84 (LGPL 2.1 or later), stated by hand: how often each recurs, and on which day for the last time.
    #[test]
    fn exceptions_recur_as_project_has_them() {
        for (from, last, times, rest) in [
            ("2000-01-01", "2000-01-03", 3, "<Type>1</Type>"),
            ("2000-02-01", "2000-02-10", 4, "<Type>7</Type><Period>3</Period>"),
            ("2001-01-01", "2001-01-15", 3, "<Type>6</Type><Period>1</Period><DaysOfWeek>2</DaysOfWeek>"),
            ("2001-01-01", "2001-02-13", 4, "<Type>6</Type><Period>2</Period><DaysOfWeek>4</DaysOfWeek>"),
            ("2001-01-01", "2001-10-27", 8, "<Type>6</Type><Period>6</Period><DaysOfWeek>64</DaysOfWeek>"),
            ("2001-01-01", "2002-03-17", 9, "<Type>6</Type><Period>7</Period><DaysOfWeek>1</DaysOfWeek>"),
            (
                "2002-01-01",
                "2002-05-06",
                3,
                "<Type>5</Type><Period>2</Period><MonthItem>4</MonthItem><MonthPosition>0</MonthPosition>",
            ),
            (
                "2002-01-01",
                "2003-05-21",
                5,
                "<Type>5</Type><Period>4</Period><MonthItem>6</MonthItem><MonthPosition>2</MonthPosition>",
            ),
            (
                "2002-01-01",
                "2005-01-28",
                7,
                "<Type>5</Type><Period>6</Period><MonthItem>8</MonthItem><MonthPosition>4</MonthPosition>",
            ),
            (
                "2002-01-01",
                "2007-05-13",
                9,
                "<Type>5</Type><Period>8</Period><MonthItem>3</MonthItem><MonthPosition>1</MonthPosition>",
            ),
            ("2003-01-01", "2005-02-04", 6, "<Type>4</Type><Period>5</Period><MonthDay>4</MonthDay>"),
            (
                "2004-01-01",
                "2009-05-21",
                6,
                "<Type>3</Type><Month>4</Month><MonthItem>7</MonthItem><MonthPosition>2</MonthPosition>",
            ),
            ("2005-01-01", "2008-03-02", 4, "<Type>2</Type><Month>2</Month><MonthDay>2</MonthDay>"),
        ] {
            let (hours, notes) = read_text(&format!("<Exceptions>{}</Exceptions>", exception(from, last, times, rest)));
            let days: Vec<String> = hours.exceptions.keys().map(ToString::to_string).collect();
            assert_eq!(i64::try_from(days.len()), Ok(times), "{rest}: {days:?}");
            assert_eq!((days.last().map(String::as_str), notes), (Some(last), vec![]), "{rest}: {days:?}");
        }
    }

    #[test]
    fn months_that_end_sooner_and_days_that_are_none() {
        let days = |rest: &str| -> Vec<String> {
            let (hours, _) =
                read_text(&format!("<Exceptions>{}</Exceptions>", exception("2026-01-15", "2026-04-30", 9, rest)));
            hours.exceptions.keys().map(ToString::to_string).collect()
        };
        let thirty_first = days("<Type>4</Type><MonthDay>31</MonthDay>");
        assert_eq!(thirty_first, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
        let first_of_week = days("<Type>5</Type><MonthItem>1</MonthItem><MonthPosition>0</MonthPosition>");
        assert_eq!(first_of_week, ["2026-02-02", "2026-03-02", "2026-04-01"], "not one before it begins");
        let of_weekend = days("<Type>5</Type><MonthItem>2</MonthItem><MonthPosition>4</MonthPosition>");
        assert_eq!(of_weekend, ["2026-01-31", "2026-02-28", "2026-03-29", "2026-04-26"]);
        for unknown in ["<Type>8</Type>", "<Type>6</Type>", "<Type>2</Type><MonthDay>1</MonthDay>", "<Type>5</Type>"] {
            let text = format!("<Exceptions>{}</Exceptions>", exception("2026-01-01", "2026-12-31", 2, unknown));
            let (hours, notes) = read_text(&text);
            assert!(hours.exceptions.is_empty() && notes[0].code == "RECURRING", "{unknown}: {notes:?}");
        }
        let (hours, notes) =
            read_text(&format!("<Exceptions>{}</Exceptions>", exception("0001-01-01", "9999-12-31", 1, "")));
        assert_eq!((hours.exceptions.len(), notes[0].code.as_ref()), (EXCEPTIONS_MAX, "CUT"));
    }
}

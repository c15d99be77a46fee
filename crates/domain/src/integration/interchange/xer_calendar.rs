//! Calendars of P6: text in brackets, `(0||NAME(key|value|…)(children))`, days of the week from 1, Sunday, and days as
//! numbers from 30 December 1899 on.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::hours::{Hours, Spans, from_sunday, minutes, settled};
use crate::error::Fault;

/// The day that is number 0.
const FIRST: Date = date(1899, 12, 30);
const DEPTH_MAX: usize = 16;

/// A bracket.
#[derive(Debug, Default)]
struct Bracket<'a> {
    name: &'a str,
    values: Vec<&'a str>,
    children: Vec<Bracket<'a>>,
}

/// The hours that a text states, and what of it cannot be read.
pub(super) fn read(text: &str) -> (Hours, Vec<Fault>) {
    let (mut hours, mut notes) = (Hours::default(), Vec::new());
    let mut rest = text;
    let Some(calendar) = bracket(&mut rest, 0) else {
        if !text.trim().is_empty() {
            notes.push(Fault::new("/week", "BAD_CALENDAR", "the hours of the calendar cannot be read"));
        }
        return (hours, notes);
    };
    for part in &calendar.children {
        match part.name {
            "DaysOfWeek" => {
                for day in &part.children {
                    if let Some(place) = day.name.parse().ok().and_then(from_sunday) {
                        hours.week[place] = spans(day);
                    }
                }
            }
            "Exceptions" => {
                for exception in &part.children {
                    match exception.value("d").and_then(|number| number.parse::<i32>().ok()).and_then(day) {
                        Some(day) => drop(hours.exceptions.insert(day, (None, spans(exception)))),
                        None => {
                            notes.push(Fault::new("/exceptions", "BAD_DAY", "an exception without a day is not kept"));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let most = crate::work_calendar::EXCEPTIONS_MAX;
    if hours.exceptions.len() > most {
        let detail = format!("only the last {most} of {} days are kept", hours.exceptions.len());
        notes.push(Fault::new("/exceptions", "CUT", detail));
        while hours.exceptions.len() > most {
            hours.exceptions.pop_first();
        }
    }
    (hours, notes)
}

fn day(number: i32) -> Option<Date> {
    FIRST.checked_add(number.days()).ok().filter(|day| day.year() >= 1)
}

fn spans(day: &Bracket<'_>) -> Spans {
    let span = |row: &Bracket<'_>| {
        let (from, until) = (minutes(row.value("s")?)?, minutes(row.value("f")?)?);
        Some((from, if until == 0 { 1_440 } else { until }))
    };
    settled(day.children.iter().filter_map(span).collect())
}

impl<'a> Bracket<'a> {
    fn value(&self, key: &str) -> Option<&'a str> {
        self.values.chunks(2).find_map(|pair| (pair.first() == Some(&key)).then(|| pair.get(1).copied()).flatten())
    }
}

fn skip(rest: &mut &str) {
    *rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
}

/// What stands before the next of these characters, which is taken too.
fn until<'a>(rest: &mut &'a str, end: char) -> Option<&'a str> {
    let (before, after) = rest.split_once(end)?;
    *rest = after;
    Some(before)
}

fn bracket<'a>(rest: &mut &'a str, depth: usize) -> Option<Bracket<'a>> {
    skip(rest);
    *rest = rest.strip_prefix('(').filter(|_| depth < DEPTH_MAX)?;
    until(rest, '|')?;
    *rest = rest.strip_prefix('|')?;
    let name = until(rest, '(')?.trim();
    let values = until(rest, ')')?.split('|').map(str::trim).collect();
    skip(rest);
    *rest = rest.strip_prefix('(')?;
    let mut children = Vec::new();
    loop {
        skip(rest);
        if let Some(after) = rest.strip_prefix(')') {
            *rest = after;
            break;
        }
        children.push(bracket(rest, depth + 1)?);
    }
    skip(rest);
    *rest = rest.strip_prefix(')')?;
    Some(Bracket { name, values, children })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calendar_in_brackets() {
        let text = "(0||CalendarData()( (0||DaysOfWeek()( (0||1()()) (0||2()( (0||0(s|08:00|f|12:00)()) \
                    (0||1(f|17:00|s|13:00)()))) (0||7()((0||0(s|00:00|f|00:00)()))))) \
                    (0||Exceptions()((0||0(d|43650)()) (0||1(d|43651)((0||0(s|08:00|f|10:00)()))) (0||2(d|x)())))))";
        let (hours, notes) = read(text);
        assert_eq!(hours.week[0], [(480, 720), (780, 1_020)]);
        assert_eq!((hours.week[6].as_slice(), hours.week[5].as_slice()), (&[][..], &[(0, 1_440)][..]));
        let exceptions: Vec<(String, Spans)> =
            hours.exceptions.iter().map(|(day, (_, spans))| (day.to_string(), spans.clone())).collect();
        assert_eq!(exceptions, [("2019-07-04".into(), vec![]), ("2019-07-05".into(), vec![(480, 600)])]);
        assert_eq!(notes[0].code, "BAD_DAY");
    }

    #[test]
    fn what_is_no_calendar_ends() {
        for text in ["(", "(0||", "(0||a()(", &"(0||a()(".repeat(10_000), ")", "((((", "(0||a()())x"] {
            let (hours, _) = read(text);
            assert_eq!(hours, Hours::default(), "{text:.20}");
        }
    }
}

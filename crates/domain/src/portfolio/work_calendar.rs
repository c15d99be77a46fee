//! Work calendars: when work is done.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use steerco_derive::{input, resource, words};

use crate::clock_time::ClockTime;
use crate::error::{Error, Fault};
use crate::field::{LIST_MAX, List, Whole};
use crate::holidays::{self, Holidays, Span};
use crate::resource::{Rules, Verb};
use crate::text::{Document, Text};
use crate::time::{Day, Instant};

/// Exceptions a calendar may have.
pub const EXCEPTIONS_MAX: usize = 1_000;

/// When work is done: a weekly pattern, and the days that differ from it.
#[resource(prefix = "cal", plural = "work_calendars", scope = "Organisation", verbs(ImportWorkCalendar))]
pub struct WorkCalendar {
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// IANA time zone of its hours, such as `Europe/Vienna`.
    #[field(write, filter)]
    pub time_zone: Text<64>,
    /// Working minutes that count as one day where durations are in days; 480 when absent.
    #[field(write, filter)]
    pub minutes_per_day: Option<Whole<1, 1440>>,
    /// Working hours of the week.
    #[field(write)]
    pub week: Vec<WorkingInterval>,
    /// Days that differ from the week: holidays, and days with hours of their own.
    #[field(write)]
    pub exceptions: List<CalendarException, EXCEPTIONS_MAX>,
    /// What the last import brought.
    #[field(system)]
    pub last_import: Option<CalendarImport>,
}

/// Working hours on one day of every week.
#[input(value)]
pub struct WorkingInterval {
    /// The day of the week.
    pub weekday: Weekday,
    /// When work begins.
    pub from: ClockTime,
    /// When it ends, the same day; `24:00` is its end.
    pub until: ClockTime,
}

/// A day that differs from the week.
#[input(value)]
pub struct CalendarException {
    /// The day.
    pub day: Day,
    /// What it is, such as the name of a holiday.
    pub name: Option<Text<200>>,
    /// Its working hours; none on a holiday.
    pub hours: Vec<WorkingHours>,
}

/// Working hours on one day.
#[input(value)]
pub struct WorkingHours {
    /// When work begins.
    pub from: ClockTime,
    /// When it ends, the same day; `24:00` is its end.
    pub until: ClockTime,
}

/// What an import of holidays found.
#[input(value)]
pub struct CalendarImport {
    /// First day looked at.
    pub from: Day,
    /// Last day looked at.
    pub until: Day,
    /// Events of the document.
    pub event_count: i32,
    /// Days of the span that they cover whole.
    pub day_count: i32,
    /// Events that were left out.
    pub skipped_count: i32,
    /// The first hundred of them.
    pub skipped: Vec<SkippedEvent>,
}

/// An event that brought no day.
#[input(value)]
pub struct SkippedEvent {
    /// What it is called.
    pub summary: Option<Text<200>>,
    /// Why it was left out.
    pub reason: Text<200>,
}

/// Takes the holidays of an iCalendar document over: each day in the span that an event covers whole becomes an exception
/// without hours. A day that is an exception already stays as it is, so that importing again changes nothing.
#[input]
pub struct ImportWorkCalendar {
    /// The document (RFC 5545), such as a public calendar of holidays.
    pub document: Document<500_000>,
    /// First day to look at.
    pub from: Day,
    /// Last day to look at, at most ten years later.
    pub until: Day,
}

/// A day of the week.
#[words]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

/// Records hours that end before they begin, or run into each other.
fn check_hours(at: &str, hours: &[(ClockTime, ClockTime)], faults: &mut Vec<Fault>) {
    for (i, (from, until)) in hours.iter().enumerate() {
        if until <= from {
            faults.push(Fault::new(format!("{at}/{i}/until"), "OUT_OF_ORDER", "must be after from"));
        } else if hours[..i].iter().any(|(start, end)| start < until && from < end) {
            faults.push(Fault::new(format!("{at}/{i}"), "OVERLAP", "runs into hours before it"));
        }
    }
}

impl Rules for WorkCalendar {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if TimeZone::get(self.time_zone.as_str()).is_err() {
            faults.push(Fault::new("/time_zone", "UNKNOWN_ZONE", "must be an IANA time zone like Europe/Vienna"));
        }
        for (i, row) in self.week.iter().enumerate() {
            let same = self.week[..i].iter().filter(|other| other.weekday == row.weekday);
            if row.until <= row.from {
                faults.push(Fault::new(format!("/week/{i}/until"), "OUT_OF_ORDER", "must be after from"));
            } else if same.into_iter().any(|other| other.from < row.until && row.from < other.until) {
                faults.push(Fault::new(format!("/week/{i}"), "OVERLAP", "runs into hours before it"));
            }
        }
        let mut days = std::collections::HashSet::new();
        for (i, exception) in self.exceptions.0.iter().enumerate() {
            if !days.insert(exception.day) {
                let detail = "one exception a day";
                faults.push(Fault::new(format!("/exceptions/{i}/day"), "DUPLICATE", detail));
            }
            let hours: Vec<_> = exception.hours.iter().map(|hours| (hours.from, hours.until)).collect();
            check_hours(&format!("/exceptions/{i}/hours"), &hours, faults);
        }
    }
}

/// Days that an import may look at: ten years.
const IMPORT_MAX: i32 = 3_653;

impl Verb for ImportWorkCalendar {
    type On = WorkCalendar;
    const NAME: &'static str = "import";

    fn decide(&self, on: &mut WorkCalendar, _now: Instant) -> Result<(), Error> {
        if self.until < self.from {
            return Err(Error::fault("/until", "OUT_OF_ORDER", "must not be before from"));
        }
        if self.from.days_until(self.until) > IMPORT_MAX {
            return Err(Error::fault("/until", "OUT_OF_RANGE", "at most ten years after from"));
        }
        let zone = TimeZone::get(on.time_zone.as_str()).map_err(|cause| Error::internal(cause))?;
        let span = Span { from: self.from.date(), until: self.until.date() };
        let found = holidays::read(self.document.as_str(), &zone, span)
            .map_err(|detail| Error::fault("/document", "BAD_CALENDAR", detail))?;
        let known: BTreeSet<Day> = on.exceptions.0.iter().map(|exception| exception.day).collect();
        let fresh = found.days.iter().filter(|(day, _)| !known.contains(&Day::from_date(**day)));
        let exception = |(day, name): (&jiff::civil::Date, &Option<String>)| CalendarException {
            day: Day::from_date(*day),
            name: name.as_deref().and_then(|name| Text::parse(name).ok()),
            hours: Vec::new(),
        };
        on.exceptions.0.extend(fresh.map(exception));
        if on.exceptions.0.len() > EXCEPTIONS_MAX {
            let detail = format!(
                "with these the calendar would have {} exceptions, and {EXCEPTIONS_MAX} are the most: give a shorter span",
                on.exceptions.0.len()
            );
            return Err(Error::fault("/until", "TOO_MANY", detail));
        }
        on.exceptions.0.sort_by_key(|exception| exception.day);
        on.last_import = Some(self.report(&found));
        Ok(())
    }
}

impl ImportWorkCalendar {
    fn report(&self, found: &Holidays) -> CalendarImport {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let skipped = |(summary, reason): &(Option<String>, &'static str)| {
            let summary = summary.as_deref().and_then(|summary| Text::parse(summary).ok());
            Some(SkippedEvent { summary, reason: Text::parse(reason).ok()? })
        };
        CalendarImport {
            from: self.from,
            until: self.until,
            event_count: count(found.events),
            day_count: count(found.days.len()),
            skipped_count: count(found.skipped.len()),
            skipped: found.skipped.iter().take(LIST_MAX).filter_map(skipped).collect(),
        }
    }
}

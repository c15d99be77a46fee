//! Work calendars: working days and hours.

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

/// Maximum number of exceptions of a calendar.
pub const EXCEPTIONS_MAX: usize = 1_000;

/// Working time: a weekly pattern, and exceptions for single days.
#[resource(prefix = "cal", plural = "work_calendars", scope = "Organisation", verbs(ImportWorkCalendar))]
pub struct WorkCalendar {
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// IANA time zone of its hours, such as `Europe/Vienna`.
    #[field(write, filter)]
    pub time_zone: Text<64>,
    /// Working minutes that count as one day where durations are in days; 480 if absent.
    #[field(write, filter)]
    pub minutes_per_day: Option<Whole<1, 1440>>,
    /// Weekly working hours.
    #[field(write)]
    pub week: Vec<WorkingInterval>,
    /// Exceptions to the weekly pattern: holidays, and days with other hours.
    #[field(write)]
    pub exceptions: List<CalendarException, EXCEPTIONS_MAX>,
    /// Result of the last import.
    #[field(system)]
    pub last_import: Option<CalendarImport>,
}

/// Working hours on one weekday.
#[input(value)]
pub struct WorkingInterval {
    /// Day of the week.
    pub weekday: Weekday,
    /// Start of work.
    pub from: ClockTime,
    /// End of work, on the same day; `24:00` is the end of the day.
    pub until: ClockTime,
}

/// A day that differs from the weekly pattern.
#[input(value)]
pub struct CalendarException {
    /// The day.
    pub day: Day,
    /// Name, such as that of a holiday.
    pub name: Option<Text<200>>,
    /// Working hours of the day; empty on a holiday.
    pub hours: Vec<WorkingHours>,
}

/// Working hours on one day.
#[input(value)]
pub struct WorkingHours {
    /// Start of work.
    pub from: ClockTime,
    /// End of work, on the same day; `24:00` is the end of the day.
    pub until: ClockTime,
}

/// Result of an import of holidays.
#[input(value)]
pub struct CalendarImport {
    /// First day of the imported span.
    pub from: Day,
    /// Last day of the imported span.
    pub until: Day,
    /// Number of events in the document.
    pub event_count: i32,
    /// Number of whole days in the span that the events cover.
    pub day_count: i32,
    /// Number of events that were skipped.
    pub skipped_count: i32,
    /// The first 100 skipped events.
    pub skipped: Vec<SkippedEvent>,
}

/// An event that was skipped.
#[input(value)]
pub struct SkippedEvent {
    /// Summary of the event.
    pub summary: Option<Text<200>>,
    /// Reason for skipping it.
    pub reason: Text<200>,
}

/// Import the holidays of an iCalendar document. Each day in the span that an event covers entirely becomes an exception
/// without working hours. Existing exceptions do not change, so importing the same document again has no effect.
#[input]
pub struct ImportWorkCalendar {
    /// The iCalendar document (RFC 5545), such as a public holiday calendar.
    pub document: Document<500_000>,
    /// First day of the span to import.
    pub from: Day,
    /// Last day of the span to import, at most ten years after `from`.
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

/// Reports hours that end before they begin, or that overlap.
fn check_hours(at: &str, hours: &[(ClockTime, ClockTime)], faults: &mut Vec<Fault>) {
    for (i, (from, until)) in hours.iter().enumerate() {
        if until <= from {
            faults.push(Fault::new(format!("{at}/{i}/until"), "OUT_OF_ORDER", "must be after from"));
        } else if hours[..i].iter().any(|(start, end)| start < until && from < end) {
            faults.push(Fault::new(format!("{at}/{i}"), "OVERLAP", "overlaps with earlier hours in the list"));
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
                faults.push(Fault::new(format!("/week/{i}"), "OVERLAP", "overlaps with earlier hours in the list"));
            }
        }
        let mut days = std::collections::HashSet::new();
        for (i, exception) in self.exceptions.0.iter().enumerate() {
            if !days.insert(exception.day) {
                let detail = "only one exception per day is allowed";
                faults.push(Fault::new(format!("/exceptions/{i}/day"), "DUPLICATE", detail));
            }
            let hours: Vec<_> = exception.hours.iter().map(|hours| (hours.from, hours.until)).collect();
            check_hours(&format!("/exceptions/{i}/hours"), &hours, faults);
        }
    }
}

/// Maximum length of the imported span in days: ten years.
const IMPORT_MAX: i32 = 3_653;

impl Verb for ImportWorkCalendar {
    type On = WorkCalendar;
    const NAME: &'static str = "import";

    fn decide(&self, on: &mut WorkCalendar, _now: Instant) -> Result<(), Error> {
        if self.until < self.from {
            return Err(Error::fault("/until", "OUT_OF_ORDER", "must not be before from"));
        }
        if self.from.days_until(self.until) > IMPORT_MAX {
            return Err(Error::fault("/until", "OUT_OF_RANGE", "must be at most ten years after from"));
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
                "the calendar would have {} exceptions; the limit is {EXCEPTIONS_MAX}. Give a shorter span",
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

//! Work calendars: when work is done.

use jiff::tz::TimeZone;
use steerco_derive::{input, resource, words};

use crate::clock_time::ClockTime;
use crate::error::Fault;
use crate::field::{List, Whole};
use crate::resource::Rules;
use crate::text::Text;
use crate::time::Day;

/// When work is done: a weekly pattern, and the days that differ from it.
#[resource(prefix = "cal", plural = "work_calendars", scope = "Organisation")]
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
    pub exceptions: List<CalendarException, 1000>,
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
    fn settle(&mut self, faults: &mut Vec<Fault>) {
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

//! Working time: adds and subtracts working time, skipping nights, weekends and holidays. Days and times are in the time zone
//! of the calendar.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan};

use crate::time::{Day, Instant};
use crate::words::Words;
use crate::work_calendar::{Weekday, WorkCalendar};

/// Working intervals of a day in minutes, sorted and without overlap.
type Hours = Vec<(u16, u16)>;

/// Working time of a calendar, prepared for calculations.
pub struct WorkingTime {
    zone: jiff::tz::TimeZone,
    week: [Hours; 7],
    exceptions: BTreeMap<Date, Hours>,
    minutes_per_day: i64,
}

/// Maximum number of days to search: a calendar may have no working time at all.
const DAYS_MAX: u32 = 36_525;

impl WorkingTime {
    /// Working time of a calendar; `None` if its time zone is unknown.
    pub fn new(calendar: &WorkCalendar) -> Option<Self> {
        let mut week: [Hours; 7] = Default::default();
        for row in &calendar.week {
            let place = Weekday::ALL.iter().position(|weekday| *weekday == row.weekday)?;
            week[place].push((row.from.minutes(), row.until.minutes()));
        }
        for hours in &mut week {
            hours.sort_unstable();
        }
        let hours = |exception: &crate::work_calendar::CalendarException| {
            let mut hours: Hours = exception.hours.iter().map(|h| (h.from.minutes(), h.until.minutes())).collect();
            hours.sort_unstable();
            (exception.day.date(), hours)
        };
        Some(Self {
            zone: jiff::tz::TimeZone::get(calendar.time_zone.as_str()).ok()?,
            week,
            exceptions: calendar.exceptions.0.iter().map(hours).collect(),
            minutes_per_day: i64::from(calendar.minutes_per_day.map_or(480, crate::field::Whole::get)),
        })
    }

    /// Monday to Friday in this time zone, eight hours each; `None` if the time zone is unknown.
    pub fn weekdays(zone: &str) -> Option<Self> {
        let day: Hours = vec![(8 * 60, 16 * 60)];
        let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Hours::new() });
        let zone = jiff::tz::TimeZone::get(zone).ok()?;
        Some(Self { zone, week, exceptions: BTreeMap::new(), minutes_per_day: 480 })
    }

    fn hours(&self, date: Date) -> &[(u16, u16)] {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.exceptions.get(&date).unwrap_or(&self.week[weekday])
    }

    /// Whether this is a working day.
    pub fn is_working_day(&self, day: Day) -> bool {
        !self.hours(day.date()).is_empty()
    }

    /// Whether this instant is within working time.
    pub fn is_working(&self, at: Instant) -> bool {
        let Some(local) = self.local(at) else { return false };
        let minute = minute_of(local.time());
        self.hours(local.date()).iter().any(|(from, until)| (*from..*until).contains(&minute))
    }

    /// The date and time of an instant in the calendar's zone.
    pub fn local(&self, at: Instant) -> Option<DateTime> {
        Some(Timestamp::from_microsecond(at.micros()).ok()?.to_zoned(self.zone.clone()).datetime())
    }

    /// The first working day after this one.
    pub fn next_working_day(&self, day: Day) -> Option<Day> {
        days_after(day.date()).find(|date| !self.hours(*date).is_empty()).map(Day::from_date)
    }

    /// The working minutes of a number of days.
    pub const fn days_as_minutes(&self, days: i64) -> i64 {
        days.saturating_mul(self.minutes_per_day)
    }

    /// End of this much work that starts at `start`, or at the next working time after it. Work that fills a day ends on that
    /// day, not at the start of the next one. For zero work: the time at which work could start.
    pub fn add(&self, start: DateTime, minutes: i64) -> Option<DateTime> {
        let mut rest = minutes.max(0);
        let mut from = minute_of(start.time());
        for date in std::iter::once(start.date()).chain(days_after(start.date())) {
            for (begin, end) in self.hours(date) {
                let begin = (*begin).max(from);
                let there = i64::from(end.saturating_sub(begin));
                if there > 0 && rest <= there {
                    return at_minute(date, i64::from(begin) + rest);
                }
                rest -= there;
            }
            from = 0;
        }
        None
    }

    /// Working minutes from one local time to another; negative if the second is earlier. `None` for spans of centuries.
    pub fn between(&self, from: DateTime, until: DateTime) -> Option<i64> {
        if until < from {
            return self.between(until, from).map(|minutes| -minutes);
        }
        let mut sum = 0;
        for date in std::iter::once(from.date()).chain(days_after(from.date())) {
            if date > until.date() {
                return Some(sum);
            }
            let first = if date == from.date() { minute_of(from.time()) } else { 0 };
            let last = if date == until.date() { minute_of(until.time()) } else { 24 * 60 };
            let within = |(begin, end): &(u16, u16)| i64::from((*end).min(last).saturating_sub((*begin).max(first)));
            sum += self.hours(date).iter().map(within).sum::<i64>();
        }
        None
    }
}

fn days_after(date: Date) -> impl Iterator<Item = Date> {
    (1..=DAYS_MAX).map_while(move |days| date.checked_add(i64::from(days).days()).ok())
}

fn minute_of(time: Time) -> u16 {
    u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0)
}

fn at_minute(date: Date, minute: i64) -> Option<DateTime> {
    date.to_datetime(Time::midnight()).checked_add(minute.minutes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn working_time(more: &Value) -> WorkingTime {
        let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
        let halves = [("08:00", "12:00"), ("13:00", "17:00")];
        let week: Vec<Value> = days
            .iter()
            .flat_map(|day| halves.map(|(from, until)| json!({"weekday": day, "from": from, "until": until})))
            .collect();
        let mut body = json!({"name": "Standard", "time_zone": "Europe/Vienna", "week": week});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let at = Instant::from_micros(0);
        let seed = Seed { id: 1, at, effective_at: at, by: Actor::system() };
        WorkingTime::new(&WorkCalendar::create(body.as_object().unwrap(), &seed).unwrap()).unwrap()
    }

    fn local(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    /// Durations, starts and finishes as computed by Microsoft Project with its standard calendar: data of
    /// `junit/data/mpp14baseline.mpp` of <https://github.com/joniles/mpxj> at 764fe84.
    #[test]
    fn finishes_of_a_published_example() {
        let standard = working_time(&json!({}));
        for (days, start, finish) in [
            (3, "2006-08-24", "2006-08-28"),
            (5, "2006-08-30", "2006-09-05"),
            (2, "2006-09-06", "2006-09-07"),
            (10, "2006-08-29", "2006-09-11"),
            (3, "2006-09-12", "2006-09-14"),
        ] {
            let (start, finish) = (local(&format!("{start}T08:00")), local(&format!("{finish}T17:00")));
            let minutes = standard.days_as_minutes(days);
            assert_eq!(standard.add(start, minutes), Some(finish), "{days} days from {start}");
            assert_eq!(standard.between(start, finish), Some(minutes));
            assert_eq!(standard.between(finish, start), Some(-minutes));
        }
    }

    #[test]
    fn holidays_and_short_days_count_as_they_are() {
        let calendar = working_time(&json!({"exceptions": [
            {"day": "2026-01-06", "name": "Epiphany"},
            {"day": "2026-01-10", "name": "Stocktaking", "hours": [{"from": "09:00", "until": "11:00"}]},
        ]}));
        let day = |text: &str| Day::parse(text).unwrap();
        assert!(!calendar.is_working_day(day("2026-01-06")) && calendar.is_working_day(day("2026-01-10")));
        assert_eq!(calendar.next_working_day(day("2026-01-05")), Some(day("2026-01-07")));
        assert_eq!(calendar.next_working_day(day("2026-01-09")), Some(day("2026-01-10")));
        assert_eq!(calendar.add(local("2026-01-05T16:00"), 120), Some(local("2026-01-07T09:00")));
        assert_eq!(calendar.add(local("2026-01-09T17:00"), 120), Some(local("2026-01-10T11:00")));
        assert_eq!(calendar.add(local("2026-01-11T10:00"), 0), Some(local("2026-01-12T08:00")), "no work on a Sunday");
    }

    #[test]
    fn instants_are_read_in_the_zone() {
        let calendar = working_time(&json!({}));
        let at = |text: &str| Instant::parse(text).unwrap();
        assert!(calendar.is_working(at("2026-01-05T07:00:00Z")), "08:00 in Vienna in winter");
        assert!(!calendar.is_working(at("2026-01-05T16:00:00Z")), "17:00 is the end");
        assert!(calendar.is_working(at("2026-07-06T06:00:00Z")), "08:00 in Vienna in summer");
        assert!(!calendar.is_working(at("2026-07-06T10:30:00Z")), "lunch");
    }

    #[test]
    fn without_hours_there_is_no_end() {
        let never = working_time(&json!({"week": []}));
        assert_eq!(never.add(local("2026-01-05T08:00"), 1), None);
        assert_eq!(never.next_working_day(Day::parse("2026-01-05").unwrap()), None);
    }

    proptest! {
        #[test]
        fn what_is_added_lies_between(offset in 0i64..500_000, minutes in 1i64..100_000) {
            let calendar = working_time(&json!({"exceptions": [{"day": "2026-03-03"}, {"day": "2026-03-04",
                "hours": [{"from": "00:00", "until": "24:00"}]}]}));
            let start = local("2026-01-01T00:00").checked_add(offset.minutes()).unwrap();
            let end = calendar.add(start, minutes).unwrap();
            prop_assert_eq!(calendar.between(start, end), Some(minutes));
        }
    }
}

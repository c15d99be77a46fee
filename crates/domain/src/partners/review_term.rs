//! The time for a review: whole working days of the contract, in the contract's zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::field::Whole;
use crate::review::{Review, ReviewClock};
use crate::time::{Day, Instant};
use crate::work_calendar::WorkCalendar;
use crate::working_time::WorkingTime;

/// The days of a contract, and how many of them a review may take.
pub struct ReviewTerm {
    zone: TimeZone,
    working: WorkingTime,
    days: Option<i32>,
}

impl ReviewTerm {
    /// The days of this zone and calendar: Monday to Friday where there is none. None where the zone is not known.
    pub fn new<const A: i64, const B: i64>(
        zone: &str,
        calendar: Option<&WorkCalendar>,
        days: Option<Whole<A, B>>,
    ) -> Option<Self> {
        let working = calendar.and_then(WorkingTime::new).or_else(|| WorkingTime::weekdays(zone))?;
        Some(Self { zone: TimeZone::get(zone).ok()?, working, days: days.map(Whole::get) })
    }

    /// The day of an instant in the zone of the contract.
    pub fn day(&self, at: Instant) -> Day {
        let zoned = Timestamp::from_microsecond(at.micros()).map(|at| at.to_zoned(self.zone.clone()).date());
        zoned.map_or_else(|_| at.day(), Day::from_date)
    }

    /// When this day ends.
    fn end_of(&self, day: Day) -> Option<Instant> {
        let next = day.date().tomorrow().ok()?.to_zoned(self.zone.clone()).ok()?;
        Some(Instant::from_micros(next.timestamp().as_microsecond()))
    }

    /// When this day begins.
    fn start_of(&self, day: Day) -> Option<Instant> {
        let start = day.date().to_zoned(self.zone.clone()).ok()?;
        Some(Instant::from_micros(start.timestamp().as_microsecond()))
    }

    /// The working day that is so many after this one; the day itself where that is none.
    fn after(&self, day: Day, days: i32) -> Option<Day> {
        (0..days).try_fold(day, |day, _| self.working.next_working_day(day))
    }

    /// Working days after the one and up to the other.
    fn between(&self, from: Day, until: Day) -> i32 {
        let mut count = 0;
        let mut day = from;
        while let Some(next) = self.working.next_working_day(day).filter(|next| *next <= until) {
            count += 1;
            day = next;
        }
        count
    }

    /// The day until which something that came now is to be answered; none without a deadline.
    pub fn answer_due_on(&self, now: Instant) -> Option<Day> {
        self.after(self.day(now), self.days?)
    }

    /// Lets the time of a review run from now, the whole of it or what is left.
    pub fn start(&self, review: &mut Review, now: Instant) {
        let Some(days) = review.days_left.or(self.days) else { return };
        let due = self.after(self.day(now), days);
        review.due_on = due;
        review.due_at = due.and_then(|due| self.end_of(due));
        review.days_left = None;
        review.warned_at = None;
        review.clock = if review.due_at.is_some() { ReviewClock::Running } else { ReviewClock::None };
    }

    /// Stops it: what is left is what follows the day on which it stops.
    pub fn stop(&self, review: &mut Review, now: Instant) {
        let Some(due) = review.due_on.filter(|_| review.clock == ReviewClock::Running) else { return };
        review.days_left = Some(self.between(self.day(now), due));
        (review.due_on, review.due_at) = (None, None);
        review.clock = ReviewClock::Stopped;
    }

    /// From when on who reviews is warned: the working day before the last one, or the last one where that is the only one.
    pub fn warns_at(&self, review: &Review) -> Option<Instant> {
        let due = review.due_on?;
        let mut day = due.date().yesterday().ok().map(Day::from_date)?;
        let mut steps = 0;
        while !self.working.is_working_day(day) {
            day = day.date().yesterday().ok().map(Day::from_date)?;
            steps += 1;
            if steps > 366 {
                return self.start_of(due);
            }
        }
        self.start_of(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(days: i64) -> ReviewTerm {
        ReviewTerm::new("Europe/Vienna", None, Whole::<0, 100>::new(days)).unwrap()
    }

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_are_those_of_the_zone_and_weekends_do_not_count() {
        let term = term(5);
        // 23:30 UTC is the next day in Vienna.
        assert_eq!(term.day(at("2026-11-25T23:30:00Z")), day("2026-11-26"));
        assert_eq!(term.answer_due_on(at("2026-11-25T10:00:00Z")), Some(day("2026-12-02")));
        assert_eq!(term.answer_due_on(at("2026-11-25T23:30:00Z")), Some(day("2026-12-03")));
        assert_eq!(term.end_of(day("2026-12-02")), Some(at("2026-12-02T23:00:00Z")), "midnight in winter");
        assert_eq!(term.end_of(day("2026-07-01")), Some(at("2026-07-01T22:00:00Z")), "midnight in summer");
    }

    #[test]
    fn working_days_between() {
        let term = term(5);
        assert_eq!(term.between(day("2026-11-25"), day("2026-12-02")), 5);
        assert_eq!(term.between(day("2026-11-27"), day("2026-11-29")), 0, "a weekend");
        assert_eq!(term.between(day("2026-12-02"), day("2026-11-25")), 0);
    }
}

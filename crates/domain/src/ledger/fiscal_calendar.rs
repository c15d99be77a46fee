//! Fiscal calendars: division of fiscal years into periods.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday as JiffWeekday};
use steerco_derive::{resource, words};

use crate::error::Fault;
use crate::field::Whole;
use crate::resource::Rules;
use crate::text::{Code, Text};
use crate::time::Day;
use crate::words::Words;
use crate::work_calendar::Weekday;

/// Division of fiscal years into periods. A fiscal year is named by the calendar year in which it ends. Fields that determine
/// its days can only be set at creation.
#[resource(prefix = "fcal", plural = "fiscal_calendars", scope = "Organisation")]
pub struct FiscalCalendar {
    /// Short code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Pattern of the year.
    #[field(create, filter)]
    pub scheme: FiscalScheme,
    /// First month of a year of calendar months, 1 to 12; 1 when absent. Not used for years of weeks.
    #[field(create)]
    pub start_month: Option<Whole<1, 12>>,
    /// Month in or near whose end a year of weeks ends, 1 to 12. Not used for years of calendar months.
    #[field(create)]
    pub end_month: Option<Whole<1, 12>>,
    /// The day of the week on which a year of weeks ends.
    #[field(create)]
    pub end_weekday: Option<Weekday>,
    /// Rule for the last day of a year of weeks.
    #[field(create)]
    pub year_end: Option<YearEnd>,
    /// Number of adjustment periods after the last period, each on the last day of the year; none when absent.
    #[field(create)]
    pub adjustment_periods: Option<Whole<0, 4>>,
    /// Handling of a cost whose period is closed.
    #[field(write)]
    pub late_lines: LateLines,
}

/// Pattern of a fiscal year.
#[words]
pub enum FiscalScheme {
    /// Twelve calendar months.
    CalendarMonths,
    /// Quarters of four, four and five weeks; a 53rd week belongs to the last period.
    FourFourFive,
    /// Quarters of four, five and four weeks; a 53rd week belongs to the last period.
    FourFiveFour,
    /// Quarters of five, four and four weeks; a 53rd week belongs to the last period.
    FiveFourFour,
}

/// Rule for the last day of a year of weeks.
#[words]
pub enum YearEnd {
    /// The last such weekday in the month.
    LastInMonth,
    /// The weekday nearest to the end of the month.
    NearestToMonthEnd,
}

/// Handling of a cost whose period is closed.
#[words]
pub enum LateLines {
    /// It is rejected; the error names the next open period.
    Refuse,
    /// It is posted in the next open period, and records its own period.
    NextOpen,
}

/// A period as defined by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodSpan {
    pub starts_on: Day,
    pub ends_on: Day,
    pub adjustment: bool,
}

/// Regular periods of a year.
pub const PERIODS: i32 = 12;

impl Rules for FiscalCalendar {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        let weeks = self.scheme != FiscalScheme::CalendarMonths;
        let of_weeks = [
            ("/end_month", self.end_month.is_some()),
            ("/end_weekday", self.end_weekday.is_some()),
            ("/year_end", self.year_end.is_some()),
        ];
        for (pointer, given) in of_weeks {
            if weeks && !given {
                faults.push(Fault::new(pointer, "REQUIRED", "is required for a year of weeks"));
            } else if !weeks && given {
                faults.push(Fault::new(pointer, "DOES_NOT_FIT", "applies to a year of weeks only"));
            }
        }
        if weeks && self.start_month.is_some() {
            faults.push(Fault::new("/start_month", "DOES_NOT_FIT", "applies to a year of calendar months only"));
        }
    }
}

impl FiscalCalendar {
    /// The period of this number in a fiscal year, the adjustment periods after the regular ones; `None` where there is
    /// none.
    pub fn period(&self, year: i32, number: i32) -> Option<PeriodSpan> {
        let adjustments = self.adjustment_periods.map_or(0, Whole::get);
        if number > PERIODS {
            let last = self.period(year, PERIODS)?;
            let there = number <= PERIODS + adjustments;
            return there.then_some(PeriodSpan { starts_on: last.ends_on, adjustment: true, ..last });
        }
        if number < 1 {
            return None;
        }
        let (first, next) = match self.scheme {
            FiscalScheme::CalendarMonths => (self.month(year, number)?, self.month(year, number + 1)?),
            _ => (self.weeks(year, number)?, self.weeks(year, number + 1)?),
        };
        let last = next.checked_sub(1.day()).ok()?;
        Some(PeriodSpan { starts_on: Day::from_date(first), ends_on: Day::from_date(last), adjustment: false })
    }

    /// The first day of a month of the fiscal year; the thirteenth is the first of the next year.
    fn month(&self, year: i32, number: i32) -> Option<Date> {
        let start = self.start_month.map_or(1, Whole::get);
        // A year that does not begin in January ends in the calendar year after the one it begins in.
        let first = if start == 1 { year } else { year - 1 };
        let months = first * 12 + (start - 1) + (number - 1);
        let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
        Date::new(i16::try_from(months.div_euclid(12)).ok()?, month, 1).ok()
    }

    /// The first day of a period of weeks; the thirteenth is the first of the next year.
    fn weeks(&self, year: i32, number: i32) -> Option<Date> {
        if number > PERIODS {
            return self.year_end(year)?.checked_add(1.day()).ok();
        }
        let pattern: [i64; 3] = match self.scheme {
            FiscalScheme::FourFiveFour => [4, 5, 4],
            FiscalScheme::FiveFourFour => [5, 4, 4],
            _ => [4, 4, 5],
        };
        let before = usize::try_from(number - 1).ok()?;
        let weeks: i64 = pattern.iter().cycle().take(before).sum();
        let first = self.year_end(year - 1)?.checked_add(1.day()).ok()?;
        first.checked_add(weeks.weeks()).ok()
    }

    /// The last day of a fiscal year of weeks.
    fn year_end(&self, year: i32) -> Option<Date> {
        let month = i8::try_from(self.end_month?.get()).ok()?;
        let end = Date::new(i16::try_from(year).ok()?, month, 1).ok()?.last_of_month();
        let weekday = jiff_weekday(self.end_weekday?)?;
        let last = end.checked_sub(i64::from(end.weekday().since(weekday)).days()).ok()?;
        let nearest = self.year_end? == YearEnd::NearestToMonthEnd && last.until(end).ok()?.get_days() > 3;
        if nearest { last.checked_add(1.week()).ok() } else { Some(last) }
    }
}

fn jiff_weekday(weekday: Weekday) -> Option<JiffWeekday> {
    let place = Weekday::ALL.iter().position(|known| *known == weekday)?;
    JiffWeekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::{Value, json};

    fn calendar(body: &Value) -> FiscalCalendar {
        let at = Instant::from_micros(0);
        let seed = Seed { id: 1, at, effective_at: at, by: Actor("system".to_owned()) };
        FiscalCalendar::create(body.as_object().unwrap(), &seed).unwrap()
    }

    fn days(calendar: &FiscalCalendar, year: i32, number: i32) -> (String, String) {
        let period = calendar.period(year, number).unwrap();
        (period.starts_on.to_string(), period.ends_on.to_string())
    }

    fn text(from: &str, until: &str) -> (String, String) {
        (from.to_owned(), until.to_owned())
    }

    #[test]
    fn months_from_any_month() {
        let april = calendar(&json!({
            "code": "uk", "name": "UK", "scheme": "calendar_months", "start_month": 4, "late_lines": "refuse",
            "adjustment_periods": 1,
        }));
        // The fiscal year 2009 of a public body in the United Kingdom: April 2008 to March 2009.
        assert_eq!(days(&april, 2009, 1), text("2008-04-01", "2008-04-30"));
        assert_eq!(days(&april, 2009, 11), text("2009-02-01", "2009-02-28"));
        assert_eq!(days(&april, 2009, 12), text("2009-03-01", "2009-03-31"));
        assert_eq!(days(&april, 2009, 13), text("2009-03-31", "2009-03-31"));
        assert!(april.period(2009, 13).unwrap().adjustment && april.period(2009, 14).is_none());
        assert!(april.period(2009, 0).is_none() && april.period(2009, -1).is_none());
    }

    /// The 4-5-4 calendar of the National Retail Federation (nrf.com/resources/4-5-4-calendar): its year 2023 has 53
    /// weeks, from 2023-01-29 to 2024-02-03. The federation names a year by its beginning; here it ends in 2024.
    #[test]
    fn the_retail_calendar() {
        let retail = calendar(&json!({
            "code": "nrf", "name": "Retail", "scheme": "four_five_four", "end_month": 1, "end_weekday": "saturday",
            "year_end": "nearest_to_month_end", "late_lines": "next_open",
        }));
        assert_eq!(days(&retail, 2024, 1), text("2023-01-29", "2023-02-25"));
        assert_eq!(days(&retail, 2024, 2), text("2023-02-26", "2023-04-01"));
        assert_eq!(days(&retail, 2024, 12), text("2023-12-31", "2024-02-03"), "with the 53rd week");
        assert_eq!(days(&retail, 2025, 1), text("2024-02-04", "2024-03-02"));
        assert_eq!(days(&retail, 2025, 12), text("2025-01-05", "2025-02-01"));
    }

    /// Apple Inc., Form 10-K: its fiscal year ends on the last Saturday of September; 2023 had 53 weeks and ended on
    /// 2023-09-30, 2022 ended on 2022-09-24 and 2024 on 2024-09-28.
    #[test]
    fn the_last_saturday_of_september() {
        let apple = calendar(&json!({
            "code": "sep", "name": "September", "scheme": "four_four_five", "end_month": 9, "end_weekday": "saturday",
            "year_end": "last_in_month", "late_lines": "refuse",
        }));
        for (year, end) in [(2022, "2022-09-24"), (2023, "2023-09-30"), (2024, "2024-09-28")] {
            assert_eq!(days(&apple, year, 12).1, end);
        }
        let weeks = |year| {
            let (first, last) = (apple.period(year, 1).unwrap().starts_on, apple.period(year, 12).unwrap().ends_on);
            (first.days_until(last) + 1) / 7
        };
        assert_eq!((weeks(2022), weeks(2023), weeks(2024)), (52, 53, 52));
    }

    #[test]
    fn periods_follow_each_other_without_a_gap() {
        let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        for scheme in ["four_four_five", "four_five_four", "five_four_four"] {
            for (n, weekday) in weekdays.iter().enumerate() {
                for year_end in ["last_in_month", "nearest_to_month_end"] {
                    let calendar = calendar(&json!({
                        "code": "x", "name": "x", "scheme": scheme, "end_month": n + 3, "end_weekday": weekday,
                        "year_end": year_end, "late_lines": "refuse",
                    }));
                    tiles(&calendar);
                }
            }
        }
        for month in 1..=12 {
            let body = json!({"code": "x", "name": "x", "scheme": "calendar_months", "start_month": month, "late_lines": "refuse"});
            tiles(&calendar(&body));
        }
    }

    fn tiles(calendar: &FiscalCalendar) {
        let periods: Vec<PeriodSpan> =
            (1990..2050).flat_map(|year| (1..=PERIODS).map(move |n| calendar.period(year, n).unwrap())).collect();
        for pair in periods.windows(2) {
            assert_eq!(pair[0].ends_on.days_until(pair[1].starts_on), 1, "{pair:?}");
            assert!(pair[0].starts_on < pair[0].ends_on);
        }
    }

    #[test]
    fn what_does_not_fit_is_told_at_once() {
        let at = Instant::from_micros(0);
        let seed = Seed { id: 1, at, effective_at: at, by: Actor("system".to_owned()) };
        let body =
            json!({"code": "x", "name": "x", "scheme": "four_four_five", "start_month": 4, "late_lines": "refuse"});
        let refused = FiscalCalendar::create(body.as_object().unwrap(), &seed).unwrap_err();
        let places: Vec<&str> = refused.faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, ["/end_month", "/end_weekday", "/year_end", "/start_month"]);
    }
}

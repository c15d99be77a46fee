//! Working hours as the files of scheduling tools state them, as far as reading those files needs them.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};
use serde_json::{Value, json};

/// From and until, in minutes of the day.
pub(super) type Spans = Vec<(i16, i16)>;

/// When work is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hours {
    /// Monday first.
    pub(super) week: [Spans; 7],
    pub(super) exceptions: BTreeMap<Date, (Option<String>, Spans)>,
}

/// Days that are looked back over for one with working hours.
const LOOK_BACK: usize = 60;

impl Hours {
    pub(super) fn on(&self, day: Date) -> &Spans {
        let of_week = &self.week[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or_default()];
        self.exceptions.get(&day).map_or(of_week, |(_, spans)| spans)
    }

    /// The last day of work that ends at this instant: an end at the hour at which work begins is the end of the working
    /// day before.
    pub(super) fn last_day(&self, end: DateTime) -> Date {
        let minute = i16::from(end.hour()) * 60 + i16::from(end.minute());
        let begins = self.on(end.date()).iter().map(|(from, _)| *from).min();
        if minute > 0 && begins != Some(minute) {
            return end.date();
        }
        let mut day = end.date();
        for _ in 0..LOOK_BACK {
            let Ok(before) = day.yesterday() else { break };
            day = before;
            if !self.on(day).is_empty() {
                return day;
            }
        }
        end.date()
    }

    /// When work begins and ends on a day.
    pub(super) fn ends(&self, day: Date) -> Option<(i16, i16)> {
        let spans = self.on(day);
        Some((spans.first()?.0, spans.last()?.1))
    }

    /// The instant at which what ends on this last day at this minute has ended: the inverse of [`Self::last_day`].
    pub(super) fn end(&self, day: Date, minute: i16) -> DateTime {
        let at = |day: Date, minute: i16| {
            let midnight = day.to_datetime(Time::midnight());
            midnight.checked_add(i64::from(minute).minutes()).unwrap_or(midnight)
        };
        if self.ends(day).is_some_and(|(begins, _)| begins == minute) {
            let days = std::iter::successors(day.tomorrow().ok(), |day| day.tomorrow().ok());
            if let Some(next) = days.take(LOOK_BACK).find(|day| !self.on(*day).is_empty()) {
                return at(next, minute);
            }
        }
        at(day, minute)
    }

    /// Its week and exceptions as a work calendar has them.
    pub(super) fn week(&self) -> Value {
        const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let day = |(name, spans): (&&str, &Spans)| {
            let row =
                |(from, until): &(i16, i16)| json!({"weekday": name, "from": clock(*from), "until": clock(*until)});
            spans.iter().map(row).collect::<Vec<_>>()
        };
        Value::Array(NAMES.iter().zip(&self.week).flat_map(day).collect())
    }

    pub(super) fn exceptions(&self) -> Value {
        let one = |(day, (name, spans)): (&Date, &(Option<String>, Spans))| {
            let hours = |(from, until): &(i16, i16)| json!({"from": clock(*from), "until": clock(*until)});
            let mut one = json!({"day": day.to_string(), "hours": spans.iter().map(hours).collect::<Vec<_>>()});
            if let Some(name) = name {
                one["name"] = json!(name);
            }
            one
        };
        Value::Array(self.exceptions.iter().map(one).collect())
    }
}

/// Spans in order, without those that are empty or run into the one before.
pub(super) fn settled(mut spans: Spans) -> Spans {
    spans.sort_unstable();
    let mut kept: Spans = Vec::new();
    for (from, until) in spans {
        if until > from && kept.last().is_none_or(|(_, before)| *before <= from) {
            kept.push((from, until));
        }
    }
    kept
}

/// `HH:MM`, with or without seconds, as minutes of the day.
pub(super) fn minutes(text: &str) -> Option<i16> {
    let mut parts = text.trim().split(':');
    let (hour, minute) = (parts.next()?.parse::<i16>().ok()?, parts.next()?.parse::<i16>().ok()?);
    ((0..=24).contains(&hour) && (0..60).contains(&minute) && hour * 60 + minute <= 1_440).then_some(hour * 60 + minute)
}

pub(super) fn clock(minutes: i16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The place in the week of a day counted from 1, Sunday.
pub(super) fn from_sunday(number: i64) -> Option<usize> {
    let number = i8::try_from(number).ok().filter(|number| (1..=7).contains(number))?;
    let day = Weekday::from_sunday_one_offset(number).ok()?;
    usize::try_from(day.to_monday_zero_offset()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_at_the_beginning_of_work_is_the_end_of_the_day_before() {
        let mut hours = Hours::default();
        for day in &mut hours.week[..5] {
            *day = vec![(480, 720), (780, 1_020)];
        }
        let day = |text: &str| hours.last_day(text.parse().unwrap()).to_string();
        // 2006-09-25 is a Monday, as in `mspdirelations.xml` of MPXJ.
        assert_eq!(day("2006-09-25T08:00:00"), "2006-09-22");
        assert_eq!(day("2006-09-25T17:00:00"), "2006-09-25");
        assert_eq!(day("2006-09-23T00:00:00"), "2006-09-22");
        assert_eq!(day("2006-09-26T02:00:00"), "2006-09-26", "work of the night");
        assert_eq!(settled(vec![(780, 1_020), (480, 720), (700, 800), (5, 5)]), [(480, 720), (780, 1_020)]);
        assert_eq!(
            (minutes("24:00"), minutes("08:30:00"), minutes("25:00"), minutes("8")),
            (Some(1_440), Some(510), None, None)
        );
        assert_eq!((from_sunday(1), from_sunday(2), from_sunday(8)), (Some(6), Some(0), None));
    }
}

//! Milestones as a calendar (RFC 5545). An event keeps its UID for life, and its SEQUENCE grows with every change.

use chrono::{DateTime, NaiveDate, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};

use crate::milestone::Milestone;
use crate::resource::Resource;

/// The calendar: each milestone on the day in fact, or as forecast, or as planned.
pub fn write(name: &str, milestones: &[Milestone]) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    for milestone in milestones {
        if let Some(event) = event(milestone) {
            calendar.push(event);
        }
    }
    calendar.done().to_string()
}

fn event(milestone: &Milestone) -> Option<Event> {
    let day = milestone.actual_on.or(milestone.forecast_on).or(milestone.planned_on)?;
    let day: NaiveDate = day.to_string().parse().ok()?;
    let mut event = Event::new();
    let common = milestone.common();
    event.uid(&format!("{}@steerco", milestone.id_text()));
    event.sequence(u32::try_from(common.revision - 1).unwrap_or_default());
    // When it was as it stands here, so that the same is written the same.
    let changed = DateTime::<Utc>::from_timestamp_micros(common.updated_at.micros())?;
    event.timestamp(changed).last_modified(changed);
    event.all_day(day).summary(milestone.title.as_str());
    if let Some(text) = &milestone.description {
        let clean: String = text.as_str().chars().filter(|c| !c.is_control() || *c == '\n').collect();
        event.description(&clean);
    }
    // It takes nobody's time.
    event.append_property(("TRANSP", "TRANSPARENT"));
    event.status(EventStatus::Confirmed);
    Some(event.done())
}

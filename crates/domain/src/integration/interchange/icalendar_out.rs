//! Milestones, and the days on which contracts want a notice, as a calendar (RFC 5545). An event keeps its UID for life, and
//! its SEQUENCE grows with every change.

use chrono::{DateTime, NaiveDate, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};

use crate::engagement::Engagement;
use crate::milestone::Milestone;
use crate::resource::Resource;
use crate::time::Day;
use crate::words::Words;

/// The calendar: each milestone on the day in fact, or as forecast, or as planned; and of each engagement in force the
/// notices on the days by which one side must tell the other, and the obligations on the days by which they are owed, or on
/// which they were met.
pub fn write(name: &str, milestones: &[Milestone], engagements: &[Engagement]) -> String {
    let mut calendar = Calendar::new();
    calendar.name(name);
    for milestone in milestones {
        let day = milestone.actual_on.or(milestone.forecast_on).or(milestone.planned_on);
        let event = day.and_then(|day| event(milestone, &milestone.id_text(), day, milestone.title.as_str()));
        if let Some(mut event) = event {
            if let Some(text) = &milestone.description {
                let clean: String = text.as_str().chars().filter(|c| !c.is_control() || *c == '\n').collect();
                event.description(&clean);
            }
            calendar.push(event.done());
        }
    }
    for engagement in engagements.iter().filter(|engagement| engagement.is_in_force()) {
        for (i, notice) in engagement.notices.iter().enumerate() {
            let uid = format!("{}-notice-{}", engagement.id_text(), i + 1);
            let summary = format!("Notice: {} ({})", notice.subject, engagement.title);
            if let Some(mut event) = event(engagement, &uid, notice.due_on, &summary) {
                calendar.push(event.done());
            }
        }
        for owed in engagement.obligations.iter().flatten() {
            let uid = format!("{}-obligation-{}", engagement.id_text(), owed.key.as_str());
            let summary = format!("Owed by the {}: {} ({})", owed.owed_by.word(), owed.subject, engagement.title);
            if let Some(mut event) = event(engagement, &uid, owed.met_on.unwrap_or(owed.due_on), &summary) {
                calendar.push(event.done());
            }
        }
    }
    calendar.done().to_string()
}

/// A day of a resource.
fn event<R: Resource>(of: &R, uid: &str, day: Day, summary: &str) -> Option<Event> {
    let day: NaiveDate = day.to_string().parse().ok()?;
    let mut event = Event::new();
    let common = of.common();
    event.uid(&format!("{uid}@steerco"));
    event.sequence(u32::try_from(common.revision - 1).unwrap_or_default());
    // When it was as it stands here, so that the same is written the same.
    let changed = DateTime::<Utc>::from_timestamp_micros(common.updated_at.micros())?;
    event.timestamp(changed).last_modified(changed);
    event.all_day(day).summary(summary);
    // It takes nobody's time.
    event.append_property(("TRANSP", "TRANSPARENT"));
    event.status(EventStatus::Confirmed);
    Some(event)
}

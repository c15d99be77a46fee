//! The paths of calendar feeds.

use axum::routing::post;
use steerco_domain::calendar_feed::{CalendarFeed, IssueAddressCalendarFeed, RevokeCalendarFeed};

use crate::rest::calendar_feed::issue_address;
use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<CalendarFeed>()
        .act::<IssueAddressCalendarFeed>(post(issue_address), Some(("IssuedAddress", "The address, shown once.")))
        .verb::<RevokeCalendarFeed>()
        .done()
}

//! The paths of work calendars.

use steerco_domain::work_calendar::{ImportWorkCalendar, WorkCalendar};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<WorkCalendar>().verb::<ImportWorkCalendar>().done()
}

//! The paths of fiscal calendars.

use steerco_domain::fiscal_calendar::FiscalCalendar;

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<FiscalCalendar>().done()
}

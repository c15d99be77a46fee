//! Work calendars over gRPC.

use steerco_domain::work_calendar::{ImportWorkCalendar, WorkCalendar};
use steerco_domain::{import_work_calendar_fields, work_calendar_fields};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

work_calendar_fields!(resource_service verbs { import_work_calendar ImportWorkCalendar });
import_work_calendar_fields!(verb_wire ImportWorkCalendarRequest);

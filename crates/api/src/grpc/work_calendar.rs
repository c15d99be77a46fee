//! Work calendars over gRPC.

use steerco_domain::work_calendar::WorkCalendar;
use steerco_domain::work_calendar_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

work_calendar_fields!(resource_service verbs {  });

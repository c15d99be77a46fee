//! Fiscal calendars over gRPC.

use steerco_domain::fiscal_calendar::FiscalCalendar;
use steerco_domain::fiscal_calendar_fields;
use steerco_proto::v1 as pb;

use super::macros::resource_service;

fiscal_calendar_fields!(resource_service verbs {});

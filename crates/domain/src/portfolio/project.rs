//! Projects.

use steerco_derive::{input, resource};

use crate::error::{Error, Fault};
use crate::id::Id;
use crate::money::Money;
use crate::person::Person;
use crate::program::{Program, WorkStatus, check_span, work_verbs};
use crate::progress::Standing;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};

/// A temporary endeavour within a program.
#[resource(
    prefix = "proj",
    plural = "projects",
    scope = "InProgram",
    dated,
    verbs(ActivateProject, HoldProject, CompleteProject, CancelProject)
)]
pub struct Project {
    /// Program that the project belongs to.
    #[field(write, filter, parent)]
    pub program_id: Id<Program>,
    /// Short unique code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Purpose and scope.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Person who manages it.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Current phase, in the organisation's own terms.
    #[field(write, filter)]
    pub phase: Option<Text<100>>,
    /// Cost at completion according to the current forecast.
    #[field(write, filter)]
    pub forecast_cost: Option<Money>,
    /// Planned first day.
    #[field(write, filter)]
    pub planned_start_on: Option<Day>,
    /// Planned last day.
    #[field(write, filter)]
    pub planned_finish_on: Option<Day>,
    /// First day according to the current forecast.
    #[field(write, filter)]
    pub forecast_start_on: Option<Day>,
    /// Last day according to the current forecast.
    #[field(write, filter)]
    pub forecast_finish_on: Option<Day>,
    /// Actual first day.
    #[field(write, filter)]
    pub actual_start_on: Option<Day>,
    /// Actual last day.
    #[field(write, filter)]
    pub actual_finish_on: Option<Day>,
    /// Current status.
    #[field(filter)]
    pub status: WorkStatus,
}

impl Rules for Project {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        check_span("planned", self.planned_start_on, self.planned_finish_on, faults);
        check_span("forecast", self.forecast_start_on, self.forecast_finish_on, faults);
        check_span("actual", self.actual_start_on, self.actual_finish_on, faults);
    }

    fn standing(&self) -> Option<Standing> {
        Some(Standing { parent: Some(self.program_id.to_string()), ..Standing::default() })
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

work_verbs! { Project:
    /// Activate a project: start it, or resume it after a pause.
    ActivateProject "activate" Active;
    /// Pause a project.
    HoldProject "hold" OnHold;
    /// Complete a project.
    CompleteProject "complete" Completed;
    /// Cancel a project that will not be completed.
    CancelProject "cancel" Cancelled;
}

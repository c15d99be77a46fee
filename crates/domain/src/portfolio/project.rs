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
    /// The program it belongs to.
    #[field(write, filter, parent)]
    pub program_id: Id<Program>,
    /// Short handle.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// What it is for.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Who manages it.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Phase it is in, in the organisation's own words.
    #[field(write, filter)]
    pub phase: Option<Text<100>>,
    /// Cost at completion as forecast now.
    #[field(write, filter)]
    pub forecast_cost: Option<Money>,
    /// Planned first day.
    #[field(write, filter)]
    pub planned_start_on: Option<Day>,
    /// Planned last day.
    #[field(write, filter)]
    pub planned_finish_on: Option<Day>,
    /// First day as forecast now.
    #[field(write, filter)]
    pub forecast_start_on: Option<Day>,
    /// Last day as forecast now.
    #[field(write, filter)]
    pub forecast_finish_on: Option<Day>,
    /// First day in fact.
    #[field(write, filter)]
    pub actual_start_on: Option<Day>,
    /// Last day in fact.
    #[field(write, filter)]
    pub actual_finish_on: Option<Day>,
    /// Where it stands.
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
    /// Begins a project, or takes it up again.
    ActivateProject "activate" Active;
    /// Pauses a project.
    HoldProject "hold" OnHold;
    /// Ends a project that is done.
    CompleteProject "complete" Completed;
    /// Ends a project that will not be done.
    CancelProject "cancel" Cancelled;
}

//! Programs.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault};
use crate::id::Id;
use crate::money::Currency;
use crate::person::Person;
use crate::portfolio::{Portfolio, Tolerances};
use crate::progress::Standing;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};

/// A group of related projects managed together to deliver a benefit. A move to another portfolio is dated: history keeps the
/// earlier portfolio.
#[resource(
    prefix = "prog",
    plural = "programs",
    scope = "Program",
    dated,
    verbs(ActivateProgram, HoldProgram, CompleteProgram, CancelProgram)
)]
pub struct Program {
    /// Portfolio that the program belongs to.
    #[field(write, filter, parent)]
    pub portfolio_id: Id<Portfolio>,
    /// Short unique code.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Purpose and scope.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Person who sponsors it.
    #[field(write, filter)]
    pub sponsor_id: Option<Id<Person>>,
    /// Person who manages it.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Current phase, in the organisation's own terms.
    #[field(write, filter)]
    pub phase: Option<Text<100>>,
    /// Currency of its budget (ISO 4217).
    #[field(write, filter)]
    pub currency: Currency,
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
    /// Limits for its health, where they differ from those of the portfolio.
    #[field(write)]
    pub tolerances: Option<Tolerances>,
}

/// Status of a program or project.
#[words(states)]
#[derive(Default)]
pub enum WorkStatus {
    /// Not started.
    #[default]
    Planned,
    /// In progress.
    Active,
    /// Paused by decision.
    OnHold,
    /// Finished.
    Completed,
    /// Ended before it was finished.
    Cancelled,
}

impl States for WorkStatus {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Planned, &[Self::Active, Self::OnHold, Self::Cancelled]),
        (Self::Active, &[Self::OnHold, Self::Completed, Self::Cancelled]),
        (Self::OnHold, &[Self::Active, Self::Cancelled]),
    ];
}

/// Reports a finish that is before its start.
pub(crate) fn check_span(name: &str, start: Option<Day>, finish: Option<Day>, faults: &mut Vec<Fault>) {
    if start.zip(finish).is_some_and(|(start, finish)| finish < start) {
        let detail = format!("must not be before {name}_start_on");
        faults.push(Fault::new(format!("/{name}_finish_on"), "OUT_OF_ORDER", detail));
    }
}

impl Rules for Program {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        check_span("planned", self.planned_start_on, self.planned_finish_on, faults);
        check_span("forecast", self.forecast_start_on, self.forecast_finish_on, faults);
        check_span("actual", self.actual_start_on, self.actual_finish_on, faults);
        if let Some(tolerances) = &self.tolerances {
            tolerances.check(faults);
        }
    }

    fn standing(&self) -> Option<Standing> {
        Some(Standing { parent: Some(self.portfolio_id.to_string()), ..Standing::default() })
    }

    fn place(&self) -> Place {
        let (portfolio, program) = (Some(self.portfolio_id.to_string()), Some(self.id.to_string()));
        Place { portfolio, program, ..Place::default() }
    }
}

/// Verbs that change the status of a program or project. Each line gives the struct, the verb and the target status.
macro_rules! work_verbs {
    ($resource:ident: $($(#[doc = $doc:literal])+ $verb:ident $name:literal $to:ident;)*) => {$(
        $(#[doc = $doc])+
        #[input]
        pub struct $verb {}

        impl Verb for $verb {
            type On = $resource;
            const NAME: &'static str = $name;
            fn decide(&self, on: &mut $resource, _now: Instant) -> Result<(), Error> {
                on.status.go(WorkStatus::$to)
            }
        }
    )*};
}
pub(crate) use work_verbs;

work_verbs! { Program:
    /// Activate a program: start it, or resume it after a pause.
    ActivateProgram "activate" Active;
    /// Pause a program.
    HoldProgram "hold" OnHold;
    /// Complete a program.
    CompleteProgram "complete" Completed;
    /// Cancel a program that will not be completed.
    CancelProgram "cancel" Cancelled;
}

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

/// Projects that together bring about a benefit. Moves between portfolios are dated: history keeps where it was.
#[resource(
    prefix = "prog",
    plural = "programs",
    scope = "Program",
    dated,
    verbs(ActivateProgram, HoldProgram, CompleteProgram, CancelProgram)
)]
pub struct Program {
    /// The portfolio it is steered in.
    #[field(write, filter, parent)]
    pub portfolio_id: Id<Portfolio>,
    /// Short handle.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// What it is for.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Who sponsors it.
    #[field(write, filter)]
    pub sponsor_id: Option<Id<Person>>,
    /// Who manages it.
    #[field(write, filter)]
    pub manager_id: Option<Id<Person>>,
    /// Phase it is in, in the organisation's own words.
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
    /// Limits of its health, where they differ from the portfolio's.
    #[field(write)]
    pub tolerances: Option<Tolerances>,
}

/// Where a program or project stands.
#[words(states)]
#[derive(Default)]
pub enum WorkStatus {
    /// Not begun.
    #[default]
    Planned,
    /// Under way.
    Active,
    /// Paused by decision.
    OnHold,
    /// Done.
    Completed,
    /// Ended without being done.
    Cancelled,
}

impl States for WorkStatus {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Planned, &[Self::Active, Self::OnHold, Self::Cancelled]),
        (Self::Active, &[Self::OnHold, Self::Completed, Self::Cancelled]),
        (Self::OnHold, &[Self::Active, Self::Cancelled]),
    ];
}

/// Records a start that lies after its finish.
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

/// The verbs that move a program or project along; each names its struct, its word and its target.
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
    /// Begins a program, or takes it up again.
    ActivateProgram "activate" Active;
    /// Pauses a program.
    HoldProgram "hold" OnHold;
    /// Ends a program that is done.
    CompleteProgram "complete" Completed;
    /// Ends a program that will not be done.
    CancelProgram "cancel" Cancelled;
}

//! Dependencies between activities, deliverables and milestones, across all programs.

use steerco_derive::{input, resource, words};

use crate::dependency_end::DependencyEnd;
use crate::error::{Error, Fault};
use crate::field::Whole;
use crate::graph::Edge;
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};

/// An activity, deliverable or milestone (the successor) that depends on another one (the predecessor), in the same or
/// another program.
#[resource(
    prefix = "dep",
    plural = "dependencies",
    scope = "BetweenPrograms",
    verbs(AgreeDependency, MeetDependency, DropDependency, ReopenDependency)
)]
pub struct Dependency {
    /// Predecessor: an activity, a deliverable or a milestone.
    #[field(create, filter)]
    pub predecessor_id: DependencyEnd,
    /// Successor: the activity, deliverable or milestone that waits for the predecessor.
    #[field(create, filter)]
    pub successor_id: DependencyEnd,
    /// Program of the predecessor, which delivers.
    #[field(filter)]
    pub predecessor_program_id: Option<Id<Program>>,
    /// Program of the successor, which receives.
    #[field(filter)]
    pub successor_program_id: Option<Id<Program>>,
    /// Type of the dependency; `finish_to_start` if absent.
    #[field(write, filter)]
    pub relation: Option<Relation>,
    /// Lag in days: working days unless `lag_kind` is `elapsed`. A negative lag is a lead. Give at most one of `lag_days`,
    /// `lag_minutes` and `lag_percent`.
    #[field(write, filter)]
    pub lag_days: Option<Whole<-36_500, 36_500>>,
    /// Day by which the delivering program promises the predecessor.
    #[field(write, filter)]
    pub promised_on: Option<Day>,
    /// Day on which the receiving program needs it.
    #[field(write, filter)]
    pub needed_on: Option<Day>,
    /// Current state.
    #[field(filter)]
    pub state: DependencyState,
    /// The agreement between the two programs.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Lag in minutes, where it is not a number of whole days.
    #[field(write, filter)]
    pub lag_minutes: Option<Whole<-52_560_000, 52_560_000>>,
    /// Lag in percent of the duration of the predecessor.
    #[field(write, filter)]
    pub lag_percent: Option<Whole<-1_000, 1_000>>,
    /// Kind of time in which the lag is counted; working time if absent.
    #[field(write, filter)]
    pub lag_kind: Option<LagKind>,
}

/// Kind of time in which a lag or a duration is counted.
#[words]
pub enum LagKind {
    /// Working time only.
    Working,
    /// Elapsed time, around the clock.
    Elapsed,
}

/// Type of a dependency: which end of the successor waits for which end of the predecessor.
#[words]
pub enum Relation {
    /// The successor can start when the predecessor has finished.
    FinishToStart,
    /// The successor can start when the predecessor has started.
    StartToStart,
    /// The successor can finish when the predecessor has finished.
    FinishToFinish,
    /// The successor can finish when the predecessor has started.
    StartToFinish,
}

/// State of a dependency.
#[words(states)]
#[derive(Default)]
pub enum DependencyState {
    /// Proposed by one side.
    #[default]
    Proposed,
    /// Both sides have agreed.
    Agreed,
    /// The predecessor has been delivered.
    Met,
    /// No longer needed.
    Dropped,
}

impl States for DependencyState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Proposed, &[Self::Agreed, Self::Met, Self::Dropped]),
        (Self::Agreed, &[Self::Met, Self::Dropped]),
        (Self::Dropped, &[Self::Proposed]),
    ];
}

impl Rules for Dependency {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.predecessor_id == self.successor_id {
            faults.push(Fault::new(
                "/successor_id",
                "CYCLE",
                format!("{0} cannot depend on itself", self.successor_id),
            ));
        }
        let lags = [self.lag_days.is_some(), self.lag_minutes.is_some(), self.lag_percent.is_some()];
        if lags.into_iter().filter(|given| *given).count() > 1 {
            let detail = "give only one of lag_days, lag_minutes and lag_percent";
            faults.push(Fault::new("/lag_days", "ONE_LAG", detail));
        }
    }

    fn place(&self) -> Place {
        // Both programs, so that the events of a dependency reach both sides.
        let (taker, giver) = (self.successor_program_id, self.predecessor_program_id);
        let programs = taker.into_iter().chain(giver.filter(|giver| Some(*giver) != taker));
        let programs: Vec<String> = programs.map(|id| id.to_string()).collect();
        Place { program: Some(programs.join(" ")).filter(|named| !named.is_empty()), ..Place::default() }
    }
}

impl Dependency {
    /// Edge from the predecessor to the successor; `None` once it is dropped.
    pub fn edge(&self) -> Option<Edge> {
        let (from, to) = (self.predecessor_id.to_string(), self.successor_id.to_string());
        (self.state != DependencyState::Dropped).then_some(Edge { from, to })
    }

    /// Sets the programs of both ends.
    pub fn join(&mut self, predecessor: Option<Id<Program>>, successor: Option<Id<Program>>) {
        (self.predecessor_program_id, self.successor_program_id) = (predecessor, successor);
    }
}

macro_rules! moves {
    ($($(#[doc = $doc:literal])+ $verb:ident $name:literal $to:ident;)*) => {$(
        $(#[doc = $doc])+
        #[input]
        pub struct $verb {}

        impl Verb for $verb {
            type On = Dependency;
            const NAME: &'static str = $name;
            fn decide(&self, dependency: &mut Dependency, _now: Instant) -> Result<(), Error> {
                dependency.state.go(DependencyState::$to)
            }
        }
    )*};
}

moves! {
    /// Record that both sides agree on a dependency.
    AgreeDependency "agree" Agreed;
    /// Record that the predecessor of a dependency has been delivered.
    MeetDependency "meet" Met;
    /// Drop a dependency that is no longer needed.
    DropDependency "drop" Dropped;
    /// Propose a dropped dependency again.
    ReopenDependency "reopen" Proposed;
}

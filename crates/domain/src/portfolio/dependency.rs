//! Dependencies: what waits for what, over all programs.

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

/// One activity, deliverable or milestone that waits for another, in the same program or another one.
#[resource(
    prefix = "dep",
    plural = "dependencies",
    scope = "BetweenPrograms",
    verbs(AgreeDependency, MeetDependency, DropDependency, ReopenDependency)
)]
pub struct Dependency {
    /// What is waited for: an activity, a deliverable or a milestone.
    #[field(create, filter)]
    pub predecessor_id: DependencyEnd,
    /// What waits.
    #[field(create, filter)]
    pub successor_id: DependencyEnd,
    /// The program that gives.
    #[field(filter)]
    pub predecessor_program_id: Option<Id<Program>>,
    /// The program that takes.
    #[field(filter)]
    pub successor_program_id: Option<Id<Program>>,
    /// Which end waits for which; `finish_to_start` when absent.
    #[field(write, filter)]
    pub relation: Option<Relation>,
    /// Days between them, working ones unless `lag_kind` says else; negative lets the successor lead. This,
    /// `lag_minutes`, `lag_percent`, or none.
    #[field(write, filter)]
    pub lag_days: Option<Whole<-36_500, 36_500>>,
    /// The day the giver promises.
    #[field(write, filter)]
    pub promised_on: Option<Day>,
    /// The day the taker needs it.
    #[field(write, filter)]
    pub needed_on: Option<Day>,
    /// Where it stands.
    #[field(filter)]
    pub state: DependencyState,
    /// What is agreed.
    #[field(write)]
    pub description: Option<Text<4000>>,
    /// Minutes between them, where it is no number of whole days.
    #[field(write, filter)]
    pub lag_minutes: Option<Whole<-52_560_000, 52_560_000>>,
    /// The time between them in hundredths of the duration of the predecessor.
    #[field(write, filter)]
    pub lag_percent: Option<Whole<-1_000, 1_000>>,
    /// What time passes between them; working time when absent.
    #[field(write, filter)]
    pub lag_kind: Option<LagKind>,
}

/// What time passes between two ends of a dependency.
#[words]
pub enum LagKind {
    /// Time in which work is done.
    Working,
    /// All time, around the clock.
    Elapsed,
}

/// Which end of the successor waits for which end of the predecessor.
#[words]
pub enum Relation {
    /// It starts when the predecessor has finished.
    FinishToStart,
    /// It starts when the predecessor has started.
    StartToStart,
    /// It finishes when the predecessor has finished.
    FinishToFinish,
    /// It finishes when the predecessor has started.
    StartToFinish,
}

/// Where a dependency stands.
#[words(states)]
#[derive(Default)]
pub enum DependencyState {
    /// Named by one side.
    #[default]
    Proposed,
    /// Both sides agree.
    Agreed,
    /// The giver has delivered.
    Met,
    /// It no longer holds.
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
            faults.push(Fault::new("/successor_id", "CYCLE", format!("{0} cannot wait for itself", self.successor_id)));
        }
        let lags = [self.lag_days.is_some(), self.lag_minutes.is_some(), self.lag_percent.is_some()];
        if lags.into_iter().filter(|given| *given).count() > 1 {
            let detail = "give the time between them in days, minutes or percent, not in several";
            faults.push(Fault::new("/lag_days", "ONE_LAG", detail));
        }
    }

    fn place(&self) -> Place {
        // Of both sides: who gives must hear of it as who takes does.
        let (taker, giver) = (self.successor_program_id, self.predecessor_program_id);
        let programs = taker.into_iter().chain(giver.filter(|giver| Some(*giver) != taker));
        let programs: Vec<String> = programs.map(|id| id.to_string()).collect();
        Place { program: Some(programs.join(" ")).filter(|named| !named.is_empty()), ..Place::default() }
    }
}

impl Dependency {
    /// What it makes wait for what.
    pub fn edge(&self) -> Option<Edge> {
        let (from, to) = (self.predecessor_id.to_string(), self.successor_id.to_string());
        (self.state != DependencyState::Dropped).then_some(Edge { from, to })
    }

    /// Takes the programs of the ends of its edge.
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
    /// Records that both sides agree on a dependency.
    AgreeDependency "agree" Agreed;
    /// Records that the giver of a dependency has delivered.
    MeetDependency "meet" Met;
    /// Drops a dependency that no longer holds; nothing waits for it any more.
    DropDependency "drop" Dropped;
    /// Proposes a dropped dependency again.
    ReopenDependency "reopen" Proposed;
}

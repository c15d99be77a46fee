//! What a decision knows of its caller, and what it gathers to be written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use steerco_domain::access::Permission;
use steerco_domain::actor::Actor;
use steerco_domain::graph::Edge;
use steerco_domain::resource::Acting;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Reason};
use steerco_persistence::ledger::Postings;
use steerco_persistence::scope::authorise;
use steerco_persistence::{Access, Act, Change, Conn, Effect, Scope};

use crate::args::Context;
use crate::clock::Clock;
use crate::crosswalk::{Crosswalk, Resolver};
use crate::tx_cache::TxCache;

/// What a decision knows of its caller.
pub(crate) struct WriteContext<'a> {
    pub(crate) context: &'a Context,
    pub(crate) conn: &'a Conn,
    pub(crate) access: Arc<Access>,
    pub(crate) now: Instant,
    gathered: Mutex<Gathered>,
    /// What external references it has looked up.
    pub(crate) crosswalk: Crosswalk,
    pub(crate) known: TxCache,
    clock: &'a Clock,
}

/// What the items of a request have brought so far.
#[derive(Default)]
struct Gathered {
    /// What is to be written.
    effects: Vec<Effect>,
    /// Edges that are added to the graph of dependencies.
    edges: Vec<Edge>,
    /// What was taken of sums that have a limit.
    taken: HashMap<String, i64>,
    /// The greatest number given in each series.
    numbers: HashMap<String, i32>,
    /// What the last two held before each change, so that a rejected item gives back what it took.
    before: Vec<Before>,
}

/// What was known of a sum or a series before an item changed it.
enum Before {
    Taken(String, i64),
    Number(String, Option<i32>),
}

/// A place in what is gathered.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    effects: usize,
    edges: usize,
    before: usize,
}

impl<'a> WriteContext<'a> {
    pub(crate) fn new(context: &'a Context, conn: &'a Conn, access: Arc<Access>, clock: &'a Clock) -> Self {
        Self {
            context,
            conn,
            access,
            now: clock.now(),
            gathered: Mutex::default(),
            crosswalk: Crosswalk::default(),
            known: TxCache::default(),
            clock,
        }
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn new_id(&self) -> u128 {
        self.clock.new_id()
    }

    /// The number after the last one of a series, or after those that this request has given.
    pub(crate) fn next_number(&self, series: &str, last: i32) -> i32 {
        let mut gathered = self.gathered();
        let known = gathered.numbers.get(series).copied();
        let number = known.unwrap_or_default().max(last).saturating_add(1);
        gathered.numbers.insert(series.to_owned(), number);
        gathered.before.push(Before::Number(series.to_owned(), known));
        number
    }

    /// What earlier items of this request have taken of a sum that has a limit; this one takes more.
    pub(crate) fn take_of(&self, sum: &str, units: i64) -> i64 {
        let mut gathered = self.gathered();
        let before = gathered.taken.get(sum).copied().unwrap_or_default();
        gathered.taken.insert(sum.to_owned(), before.saturating_add(units));
        gathered.before.push(Before::Taken(sum.to_owned(), before));
        before
    }

    /// Edges that earlier items of this request add.
    pub(crate) fn planned_edges(&self) -> Vec<Edge> {
        self.gathered().edges.clone()
    }

    pub(crate) fn plan_edge(&self, edge: Edge) {
        self.gathered().edges.push(edge);
    }

    /// Has something written with what the request names.
    pub(crate) fn add(&self, effect: Effect) {
        self.gathered().effects.push(effect);
    }

    /// Changes a resource that the request does not name.
    pub(crate) fn change_also(&self, change: Change) {
        self.add(Effect::Before(change));
    }

    /// Changes such a resource after those that the request names, for it names one of them.
    pub(crate) fn change_after(&self, change: Change) {
        self.add(Effect::After(change));
    }

    /// What the request adds to the ledger.
    pub(crate) fn post(&self, postings: Postings) {
        self.add(Effect::Posting(postings));
    }

    /// How much was gathered up to here.
    pub(crate) fn mark(&self) -> Mark {
        let gathered = self.gathered();
        Mark { effects: gathered.effects.len(), edges: gathered.edges.len(), before: gathered.before.len() }
    }

    /// An item that is refused brings nothing.
    pub(crate) fn forget_since(&self, mark: Mark) {
        let mut gathered = self.gathered();
        gathered.effects.truncate(mark.effects);
        gathered.edges.truncate(mark.edges);
        while gathered.before.len() > mark.before {
            match gathered.before.pop() {
                Some(Before::Taken(sum, units)) => gathered.taken.insert(sum, units).map_or((), drop),
                Some(Before::Number(series, Some(number))) => gathered.numbers.insert(series, number).map_or((), drop),
                Some(Before::Number(series, None)) => gathered.numbers.remove(&series).map_or((), drop),
                None => {}
            }
        }
    }

    /// All that was gathered, to be written.
    pub(crate) fn take_effects(&self) -> Vec<Effect> {
        std::mem::take(&mut self.gathered().effects)
    }

    /// Who changes, when, and under which request, for the log.
    pub(crate) fn act(&self) -> Act {
        Act {
            org: self.context.caller.organisation().to_owned(),
            actor: self.actor(),
            now: self.now,
            request_id: self.context.request_id.clone(),
        }
    }

    pub(crate) fn resolver(&self) -> Resolver<'_> {
        let sees = self.context.caller.narrow().partner.is_none();
        Resolver { conn: self.conn, org: self.context.caller.organisation(), crosswalk: &self.crosswalk, sees }
    }

    /// The reach of the caller for one row of the table.
    pub(crate) fn scope(&self, row: Option<&Permission>) -> Result<Scope, Error> {
        let caller = &self.context.caller;
        let row = row.ok_or_else(|| Error::new(Reason::Forbidden, "organisations are made by `steerco init`"))?;
        authorise(caller.organisation(), &self.access, caller.narrow(), row, self.now)
    }

    pub(crate) fn actor(&self) -> Actor {
        self.access.actor.clone()
    }

    pub(crate) fn acting(&self) -> Acting {
        Acting::new(self.now, self.actor(), self.access.person && self.context.caller.approves)
    }
}

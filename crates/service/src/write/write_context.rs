//! Context of a decision: its caller, and the effects collected to be written.

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

/// Context of a decision.
pub(crate) struct WriteContext<'a> {
    pub(crate) context: &'a Context,
    pub(crate) conn: &'a Conn,
    pub(crate) access: Arc<Access>,
    pub(crate) now: Instant,
    gathered: Mutex<Gathered>,
    /// External references resolved so far.
    pub(crate) crosswalk: Crosswalk,
    pub(crate) known: TxCache,
    clock: &'a Clock,
}

/// Effects of the items of a request so far.
#[derive(Default)]
struct Gathered {
    /// Effects to be written.
    effects: Vec<Effect>,
    /// New edges of the dependency graph.
    edges: Vec<Edge>,
    /// Amounts taken from sums with a limit.
    taken: HashMap<String, i64>,
    /// The greatest number given in each series.
    numbers: HashMap<String, i32>,
    /// The earlier values of the last two maps, so that a rejected item gives back its part.
    before: Vec<Before>,
}

/// The value of a sum or a series before an item changed it.
enum Before {
    Taken(String, i64),
    Number(String, Option<i32>),
}

/// A position in the collected effects.
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

    /// The next number of a series, after the last stored one and those given by this request.
    pub(crate) fn next_number(&self, series: &str, last: i32) -> i32 {
        let mut gathered = self.gathered();
        let known = gathered.numbers.get(series).copied();
        let number = known.unwrap_or_default().max(last).saturating_add(1);
        gathered.numbers.insert(series.to_owned(), number);
        gathered.before.push(Before::Number(series.to_owned(), known));
        number
    }

    /// The amount that earlier items of this request have taken from a sum with a limit; adds the amount of this item.
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

    /// Adds an effect to be written with the resources of the request.
    pub(crate) fn add(&self, effect: Effect) {
        self.gathered().effects.push(effect);
    }

    /// Adds a change of a resource that the request does not name.
    pub(crate) fn change_also(&self, change: Change) {
        self.add(Effect::Before(change));
    }

    /// Adds such a change after those of the request, because it refers to one of them.
    pub(crate) fn change_after(&self, change: Change) {
        self.add(Effect::After(change));
    }

    /// Adds ledger entries.
    pub(crate) fn post(&self, postings: Postings) {
        self.add(Effect::Posting(postings));
    }

    /// The current position in the collected effects.
    pub(crate) fn mark(&self) -> Mark {
        let gathered = self.gathered();
        Mark { effects: gathered.effects.len(), edges: gathered.edges.len(), before: gathered.before.len() }
    }

    /// Drops the effects of a rejected item.
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

    /// Takes all collected effects for writing.
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

    /// The scope of the caller for one permission.
    pub(crate) fn scope(&self, row: Option<&Permission>) -> Result<Scope, Error> {
        let caller = &self.context.caller;
        let row =
            row.ok_or_else(|| Error::new(Reason::Forbidden, "an organisation is created by `steerco init` only"))?;
        authorise(caller.organisation(), &self.access, caller.narrow(), row, self.now)
    }

    pub(crate) fn actor(&self) -> Actor {
        self.access.actor.clone()
    }

    pub(crate) fn acting(&self) -> Acting {
        Acting::new(self.now, self.actor(), self.access.person && self.context.caller.approves)
    }
}

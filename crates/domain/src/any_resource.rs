//! A resource whose kind is known only when the program runs.

use std::any::Any;

use crate::actor::Actor;
use crate::error::Fault;
use crate::field::{Cell, Cells, Corrupt};
use crate::graph::Edge;
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Common, CommonMut, Kind, Place, Resource, Rules};

/// A resource of whatever kind. What is the same for all is written on this, and so compiled once and not for each kind
/// anew.
pub trait AnyResource: Any + Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn id_text(&self) -> String;
    fn common(&self) -> Common<'_>;
    fn common_mut(&mut self) -> CommonMut<'_>;
    fn store(&self, out: &mut Vec<Cell>);
    /// Against another of its own kind.
    fn changed_since(&self, before: &dyn AnyResource) -> Vec<&'static str>;
    fn inherit(&mut self, field: &str, cells: &mut Cells) -> Result<(), Corrupt>;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String));
    fn settle(&mut self, faults: &mut Vec<Fault>);
    fn holder(&self) -> Option<String>;
    fn edge(&self) -> Option<Edge>;
    fn join(&mut self, from: Option<Id<Program>>, to: Option<Id<Program>>);
    fn consults(&self) -> Option<(&'static str, String)>;
    fn learn(&mut self, from: &dyn Any, faults: &mut Vec<Fault>);
    fn subject(&self) -> Option<(&'static Kind, &str)>;
    fn seat(&mut self, at: &Place);
    fn author(&self) -> Option<&Actor>;
    fn place(&self) -> Place;
}

impl<R: Resource> AnyResource for R {
    fn kind(&self) -> &'static Kind {
        R::KIND
    }

    fn id_text(&self) -> String {
        Resource::id_text(self)
    }

    fn common(&self) -> Common<'_> {
        Resource::common(self)
    }

    fn common_mut(&mut self) -> CommonMut<'_> {
        Resource::common_mut(self)
    }

    fn store(&self, out: &mut Vec<Cell>) {
        Resource::store(self, out);
    }

    fn changed_since(&self, before: &dyn AnyResource) -> Vec<&'static str> {
        let before: &dyn Any = before;
        before.downcast_ref().map(|before| Resource::changed_since(self, before)).unwrap_or_default()
    }

    fn inherit(&mut self, field: &str, cells: &mut Cells) -> Result<(), Corrupt> {
        Resource::inherit(self, field, cells)
    }

    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, String)) {
        Resource::references(self, visit);
    }

    fn settle(&mut self, faults: &mut Vec<Fault>) {
        Rules::settle(self, faults);
    }

    fn holder(&self) -> Option<String> {
        Rules::holder(self)
    }

    fn edge(&self) -> Option<Edge> {
        Rules::edge(self)
    }

    fn join(&mut self, from: Option<Id<Program>>, to: Option<Id<Program>>) {
        Rules::join(self, from, to);
    }

    fn consults(&self) -> Option<(&'static str, String)> {
        Rules::consults(self)
    }

    fn learn(&mut self, from: &dyn Any, faults: &mut Vec<Fault>) {
        Rules::learn(self, from, faults);
    }

    fn subject(&self) -> Option<(&'static Kind, &str)> {
        Rules::subject(self)
    }

    fn seat(&mut self, at: &Place) {
        Rules::seat(self, at);
    }

    fn author(&self) -> Option<&Actor> {
        Rules::author(self)
    }

    fn place(&self) -> Place {
        Rules::place(self)
    }
}

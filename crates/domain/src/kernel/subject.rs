//! Subjects of comments and attachments: the kinds they can refer to, and the place that follows from the subject.

use crate::error::Fault;
use crate::id::{HasId, Id};
use crate::program::Program;
use crate::resource::{Kind, Place};
use crate::text::Text;

/// Kinds that comments and attachments can refer to.
pub fn subject_kinds() -> impl Iterator<Item = &'static Kind> {
    crate::KINDS.iter().copied().filter(|kind| kind.scope.can_be_spoken_of())
}

/// Kind of an id.
pub(crate) fn kind_of(id: &str) -> Option<&'static Kind> {
    subject_kinds().find(|kind| crate::id::parse(kind.prefix, kind.name, id).is_ok())
}

/// Name of the kind of a subject id.
pub(crate) fn settle_kind(id: &str, faults: &mut Vec<Fault>) -> Option<Text<64>> {
    if let Some(kind) = kind_of(id) {
        return Text::parse(kind.name).ok();
    }
    let kinds: Vec<&str> = subject_kinds().map(|kind| kind.name).collect();
    faults.push(Fault::new("/subject_id", "BAD_ID", format!("must be the id of one of: {}", kinds.join(", "))));
    None
}

/// The id in a place, if it is a single one.
pub(crate) fn one<T: HasId>(id: Option<&String>) -> Option<Id<T>> {
    id.and_then(|id| Id::parse(id).ok())
}

/// The program in a place. A resource of several programs has no single one; its visibility is that of its engagement. A
/// resource that connects two programs belongs to the receiving one, which comes first.
pub(crate) fn program_of(at: &Place) -> Option<Id<Program>> {
    if at.engagement.is_some() {
        return one(at.program.as_ref());
    }
    at.program.as_ref().and_then(|programs| Id::parse(programs.split(' ').next()?).ok())
}

/// The shared part of [`crate::resource::Rules`] for resources with the fields `subject_id`, `visibility`, `portfolio_id`,
/// `program_id`, `engagement_id` and `partner_id`. The place is that of the subject: a comment on a program of a portfolio
/// belongs to both.
macro_rules! about_a_subject {
    (shared $shared:path) => {
        fn subject(&self) -> Option<(&'static crate::resource::Kind, &str)> {
            let id = self.subject_id.as_str();
            crate::subject::kind_of(id).map(|kind| (kind, id))
        }

        fn set_place(&mut self, at: &crate::resource::Place) {
            self.portfolio_id = crate::subject::one(at.portfolio.as_ref());
            self.program_id = crate::subject::program_of(at);
            self.engagement_id = crate::subject::one(at.engagement.as_ref());
            self.partner_id = crate::subject::one(at.partner.as_ref());
        }

        fn author(&self) -> Option<&crate::actor::Actor> {
            Some(&self.created_by)
        }

        fn place(&self) -> crate::resource::Place {
            crate::resource::Place {
                portfolio: self.portfolio_id.map(|id| id.to_string()),
                program: self.program_id.map(|id| id.to_string()),
                partner: self.partner_id.filter(|_| self.visibility == $shared).map(|id| id.to_string()),
                engagement: self.engagement_id.map(|id| id.to_string()),
            }
        }
    };
}
pub(crate) use about_a_subject;

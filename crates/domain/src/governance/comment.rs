//! Comments on resources.

use steerco_derive::{resource, words};

use crate::engagement::Engagement;
use crate::error::Fault;
use crate::id::Id;
use crate::partner::Partner;
use crate::person::Person;
use crate::portfolio::Portfolio;
use crate::program::Program;
use crate::resource::Rules;
use crate::subject::{about_a_subject, settle_kind};
use crate::text::Text;

/// A comment on a resource. Everyone who can read the resource can read its comments, except partners: they can read and
/// write only `shared` comments. Only the author can change the text. The subject and the visibility cannot change.
#[resource(prefix = "cmt", plural = "comments", scope = "Subject")]
pub struct Comment {
    /// Id of the commented resource, which must be visible to the author.
    #[field(create, filter)]
    pub subject_id: Text<64>,
    /// Kind of the commented resource, such as `engagement`.
    #[field(filter)]
    pub subject_kind: Option<Text<64>>,
    /// Who can read the comment.
    #[field(create, filter)]
    pub visibility: CommentVisibility,
    /// Text of the comment.
    #[field(write, filter)]
    pub text: Text<10_000>,
    /// Person who wrote it. Absent if a service account wrote it.
    #[field(filter)]
    pub author_id: Option<Id<Person>>,
    /// Portfolio of the commented resource when the comment was written.
    #[field(filter)]
    pub portfolio_id: Option<Id<Portfolio>>,
    /// Program of the commented resource when the comment was written.
    #[field(filter)]
    pub program_id: Option<Id<Program>>,
    /// Engagement of the commented resource.
    #[field(filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Partner of the commented resource, if the resource is visible to it.
    #[field(filter)]
    pub partner_id: Option<Id<Partner>>,
}

/// Who can read a comment.
#[words]
pub enum CommentVisibility {
    /// People of the organisation only.
    Internal,
    /// Also the partner of the commented resource.
    Shared,
}

impl Rules for Comment {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.author_id = Id::parse(&self.created_by.0).ok();
        self.subject_kind = settle_kind(self.subject_id.as_str(), faults);
    }

    about_a_subject!(shared CommentVisibility::Shared);
}

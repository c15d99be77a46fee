//! Comments: what people say of anything.

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

/// What somebody says of a resource. Who sees the resource sees what is said of it, but for partners: they see and say
/// only what is `shared`. Its author alone may change its text; what it is about and who sees it stay.
#[resource(prefix = "cmt", plural = "comments", scope = "Subject")]
pub struct Comment {
    /// Id of what it is about: a resource that the author sees.
    #[field(create, filter)]
    pub subject_id: Text<64>,
    /// Kind of what it is about, such as `engagement`.
    #[field(filter)]
    pub subject_kind: Option<Text<64>>,
    /// Who sees it.
    #[field(create, filter)]
    pub visibility: CommentVisibility,
    /// What is said.
    #[field(write, filter)]
    pub text: Text<10_000>,
    /// The person who says it; absent where a service account wrote it.
    #[field(filter)]
    pub author_id: Option<Id<Person>>,
    /// Portfolio of what it is about, at the time.
    #[field(filter)]
    pub portfolio_id: Option<Id<Portfolio>>,
    /// Program of what it is about, at the time.
    #[field(filter)]
    pub program_id: Option<Id<Program>>,
    /// Engagement of what it is about.
    #[field(filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Partner of what it is about, once it knows of it.
    #[field(filter)]
    pub partner_id: Option<Id<Partner>>,
}

/// Who sees a comment.
#[words]
pub enum CommentVisibility {
    /// The organisation's own people.
    Internal,
    /// The partner of what it is about too.
    Shared,
}

impl Rules for Comment {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.author_id = Id::parse(&self.created_by.0).ok();
        self.subject_kind = settle_kind(self.subject_id.as_str(), faults);
    }

    about_a_subject!(shared CommentVisibility::Shared);
}

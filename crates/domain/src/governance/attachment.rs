//! Attachments: files kept with anything.

use steerco_derive::{resource, words};

use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::partner::Partner;
use crate::person::Person;
use crate::portfolio::Portfolio;
use crate::program::Program;
use crate::resource::{Acting, Rules};
use crate::subject::{about_a_subject, settle_kind};
use crate::text::Text;
use crate::time::Instant;

/// A file kept with a resource: first what it is called and about, then its content, which is uploaded once and never
/// changes. Who sees the resource sees what is attached to it, but for partners: they see and add only what is `shared`.
/// Its author alone may change it and upload its content.
#[resource(prefix = "att", plural = "attachments", scope = "Subject", rights("upload"))]
pub struct Attachment {
    /// Id of what it is about: a resource that the author sees.
    #[field(create, filter)]
    pub subject_id: Text<64>,
    /// Kind of what it is about, such as `engagement`.
    #[field(filter)]
    pub subject_kind: Option<Text<64>>,
    /// Who sees it.
    #[field(create, filter)]
    pub visibility: AttachmentVisibility,
    /// Name of the file, without a path.
    #[field(write, filter)]
    pub file_name: Text<200>,
    /// What it holds.
    #[field(write, filter)]
    pub description: Option<Text<2_000>>,
    /// SHA-256 that the content must have, as 64 lower-case hexadecimal digits; other content is refused.
    #[field(create)]
    pub declared_sha256: Option<Text<64>>,
    /// Whether its content is there.
    #[field(filter)]
    pub state: AttachmentState,
    /// SHA-256 of the content, as 64 lower-case hexadecimal digits.
    #[field(filter)]
    pub sha256: Option<Text<64>>,
    /// Bytes of the content.
    #[field(filter)]
    pub size_bytes: Option<Whole<0, 2_147_483_647>>,
    /// Media type, as the content itself shows; what a caller or a file name says of it does not count.
    #[field(filter)]
    pub media_type: Option<Text<100>>,
    /// When the content was stored (UTC).
    #[field(filter)]
    pub stored_at: Option<Instant>,
    /// The person who added it; absent where a service account did.
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

/// Who sees an attachment.
#[words]
pub enum AttachmentVisibility {
    /// The organisation's own people.
    Internal,
    /// The partner of what it is about too.
    Shared,
}

/// Whether the content of an attachment is there.
#[words]
#[derive(Default)]
pub enum AttachmentState {
    /// The content is still to come.
    #[default]
    Pending,
    /// The content is there and stays as it is.
    Stored,
}

/// A content, as reading it has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// As 64 lower-case hexadecimal digits.
    pub sha256: String,
    pub size_bytes: i64,
    pub media_type: String,
}

/// Most bytes a content can have, whatever the settings say.
pub const CONTENT_MAX: u64 = 2_147_483_647;

impl Attachment {
    /// Whether this caller may upload content at all.
    pub fn check_upload(&self, acting: &Acting) -> Result<(), Error> {
        if self.created_by != acting.actor {
            return Err(Error::new(Reason::Forbidden, "the content of an attachment is uploaded by its author only"));
        }
        match self.deleted_at {
            Some(_) => Err(Error::new(Reason::WrongState, "the attachment is deleted; undelete it first")),
            None => Ok(()),
        }
    }

    /// Takes its content; the same again changes nothing.
    pub fn take(&mut self, content: &Content, acting: &Acting) -> Result<(), Error> {
        self.check_upload(acting)?;
        if self.sha256.as_ref().is_some_and(|sha256| sha256.as_str() == content.sha256) {
            return Ok(());
        }
        if self.state == AttachmentState::Stored {
            let detail = "the attachment is stored, and its content never changes: add another attachment";
            return Err(Error::new(Reason::WrongState, detail));
        }
        if self.declared_sha256.as_ref().is_some_and(|declared| declared.as_str() != content.sha256) {
            let detail = format!("the content has the SHA-256 {}", content.sha256);
            return Err(Error::fault("/declared_sha256", "DOES_NOT_FIT", detail));
        }
        self.sha256 = Text::parse(&content.sha256).ok();
        self.size_bytes = Whole::new(content.size_bytes);
        self.media_type = Text::parse(&content.media_type).ok();
        self.stored_at = Some(acting.now);
        self.state = AttachmentState::Stored;
        Ok(())
    }
}

/// Marks that turn the direction of text, by which `gpj.exe` is shown as `exe.jpg`.
const TURNS: &[char] = &[
    '\u{200E}', '\u{200F}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}',
    '\u{2068}', '\u{2069}',
];

/// What is wrong with the name of a file: it ends up in the folders of those who download it.
fn file_name_fault(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\']) || matches!(name, "." | "..") {
        return Some("must be the name of a file, without a path");
    }
    let unseen = |c: char| c.is_control() || TURNS.contains(&c);
    name.contains(unseen).then_some("must not contain control characters or marks of direction")
}

impl Rules for Attachment {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.author_id = Id::parse(&self.created_by.0).ok();
        self.subject_kind = settle_kind(self.subject_id.as_str(), faults);
        if let Some(detail) = file_name_fault(self.file_name.as_str()) {
            faults.push(Fault::new("/file_name", "BAD_FILE_NAME", detail));
        }
        let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if self.declared_sha256.as_ref().is_some_and(|declared| !is_digest(declared.as_str())) {
            faults.push(Fault::new("/declared_sha256", "BAD_DIGEST", "must be 64 lower-case hexadecimal digits"));
        }
    }

    about_a_subject!(shared AttachmentVisibility::Shared);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_have_no_path_and_hide_nothing() {
        for good in ["a", "plan v2.pdf", "Übersicht.xlsx", ".profile", "a..b", "報告.txt"] {
            assert_eq!(file_name_fault(good), None, "{good}");
        }
        for bad in ["a/b", "a\\b", "..", ".", "../x", "a\nb", "a\tb", "a\u{7f}", "a\u{202E}gpj.exe", "a\u{2066}b"] {
            assert!(file_name_fault(bad).is_some(), "{bad:?}");
        }
    }
}

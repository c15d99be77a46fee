//! Attachments: files attached to resources.

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

/// A file attached to a resource. Create the attachment first, then upload its content once; the content never changes.
/// Everyone who can read the resource can read its attachments, except partners: they can read and add only `shared`
/// attachments. Only the author can change it and upload its content.
#[resource(prefix = "att", plural = "attachments", scope = "Subject", rights("upload"))]
pub struct Attachment {
    /// Id of the resource it is attached to, which must be visible to the author.
    #[field(create, filter)]
    pub subject_id: Text<64>,
    /// Kind of the resource it is attached to, such as `engagement`.
    #[field(filter)]
    pub subject_kind: Option<Text<64>>,
    /// Who can read the attachment.
    #[field(create, filter)]
    pub visibility: AttachmentVisibility,
    /// File name, without a path.
    #[field(write, filter)]
    pub file_name: Text<200>,
    /// Description of the content.
    #[field(write, filter)]
    pub description: Option<Text<2_000>>,
    /// Expected SHA-256 of the content, as 64 lower-case hexadecimal digits. Other content is rejected.
    #[field(create)]
    pub declared_sha256: Option<Text<64>>,
    /// Whether the content has been uploaded.
    #[field(filter)]
    pub state: AttachmentState,
    /// SHA-256 of the content, as 64 lower-case hexadecimal digits.
    #[field(filter)]
    pub sha256: Option<Text<64>>,
    /// Size of the content in bytes.
    #[field(filter)]
    pub size_bytes: Option<Whole<0, 2_147_483_647>>,
    /// Media type, detected from the content. The media type and file extension given by the caller are ignored.
    #[field(filter)]
    pub media_type: Option<Text<100>>,
    /// Time at which the content was stored (UTC).
    #[field(filter)]
    pub stored_at: Option<Instant>,
    /// Person who added it. Absent if a service account added it.
    #[field(filter)]
    pub author_id: Option<Id<Person>>,
    /// Portfolio of the resource when the attachment was created.
    #[field(filter)]
    pub portfolio_id: Option<Id<Portfolio>>,
    /// Program of the resource when the attachment was created.
    #[field(filter)]
    pub program_id: Option<Id<Program>>,
    /// Engagement of the resource.
    #[field(filter)]
    pub engagement_id: Option<Id<Engagement>>,
    /// Partner of the resource, if the resource is visible to it.
    #[field(filter)]
    pub partner_id: Option<Id<Partner>>,
}

/// Who can read an attachment.
#[words]
pub enum AttachmentVisibility {
    /// People of the organisation only.
    Internal,
    /// Also the partner of the resource.
    Shared,
}

/// Whether the content of an attachment has been uploaded.
#[words]
#[derive(Default)]
pub enum AttachmentState {
    /// The content has not been uploaded yet.
    #[default]
    Pending,
    /// The content is stored and does not change.
    Stored,
}

/// Properties of an uploaded content, determined while reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// As 64 lower-case hexadecimal digits.
    pub sha256: String,
    pub size_bytes: i64,
    pub media_type: String,
}

/// Maximum size of a content in bytes, whatever the settings allow.
pub const CONTENT_MAX: u64 = 2_147_483_647;

impl Attachment {
    /// Checks that this caller may upload content.
    pub fn check_upload(&self, acting: &Acting) -> Result<(), Error> {
        if self.created_by != acting.actor {
            return Err(Error::new(Reason::Forbidden, "only the author of an attachment can upload its content"));
        }
        match self.deleted_at {
            Some(_) => Err(Error::new(Reason::WrongState, "the attachment is deleted; undelete it first")),
            None => Ok(()),
        }
    }

    /// Records the uploaded content. Uploading the same content again changes nothing.
    pub fn take(&mut self, content: &Content, acting: &Acting) -> Result<(), Error> {
        self.check_upload(acting)?;
        if self.sha256.as_ref().is_some_and(|sha256| sha256.as_str() == content.sha256) {
            return Ok(());
        }
        if self.state == AttachmentState::Stored {
            let detail =
                "the content of this attachment is already stored and cannot change: create another attachment";
            return Err(Error::new(Reason::WrongState, detail));
        }
        if self.declared_sha256.as_ref().is_some_and(|declared| declared.as_str() != content.sha256) {
            let detail = format!("does not match the content, whose SHA-256 is {}", content.sha256);
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

/// Characters that change the direction of text; they can make `gpj.exe` appear as `exe.jpg`.
const TURNS: &[char] = &[
    '\u{200E}', '\u{200F}', '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}',
    '\u{2068}', '\u{2069}',
];

/// Error in a file name, if any. File names are checked because they are used as names on the computers of others.
fn file_name_fault(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\']) || matches!(name, "." | "..") {
        return Some("must be the name of a file, without a path");
    }
    let unseen = |c: char| c.is_control() || TURNS.contains(&c);
    name.contains(unseen)
        .then_some("must not contain control characters or characters that change the direction of text")
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

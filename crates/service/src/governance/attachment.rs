//! Contents of attachments: read in pieces, staged as they arrive, linked by one ordinary write.

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use futures::{Stream, StreamExt, stream};
use serde_json::json;
use sha2::{Digest, Sha256};
use steerco_domain::access::{Permission, find};
use steerco_domain::attachment::{Attachment, AttachmentState, Content};
use steerco_domain::hex::hex;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::blob::{self, Link, PIECE};
use steerco_persistence::{Database, Effect, Fail};

use crate::command::{Command, Item, decide_by};
use crate::load_for_write::load_for_write;
use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Schema, Under, WRITING};
use crate::read::check_id;
use crate::settings::AttachmentLimits;
use crate::sniff::Sniffer;
use crate::staging::{Staged, UPLOAD_MAX};
use crate::write_context::WriteContext;
use crate::{Caller, Context, Outcome, ReadArgs, Seen, Service, Written};

const UPLOAD: &Permission = find("attachment", "upload");

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "upload_attachment",
        permission: Some(UPLOAD),
        path: "/v1/attachments/{id}/content",
        under: Under::Kind(Attachment::KIND),
        summary: "Upload the content of one attachment",
        doc: "The raw bytes, up to `attachments.max_bytes` (50 MiB by default). Only the author may upload, and only \
              once. Uploading the same content again changes nothing; other content is rejected, and so is content \
              with a SHA-256 other than declared.",
        parameters: WRITING,
        answer: AnswerDoc { doc: "The resource after the write.", schema: Schema::One },
        ..Operation::new(Method::Put, Does::Form(Form::UploadAttachment))
    },
    Operation {
        id: "download_attachment",
        permission: Some(Attachment::KIND.rows.read),
        path: "/v1/attachments/{id}/content",
        under: Under::Kind(Attachment::KIND),
        summary: "Download the content of one attachment",
        doc: "The bytes as uploaded, always sent as a file to save and never as a page to display. The ETag is the \
              SHA-256.",
        answer: AnswerDoc { doc: "The content.", schema: Schema::Content },
        refusals: &[404],
        ..Operation::new(Method::Get, Does::Form(Form::DownloadAttachment))
    },
];

/// A content to send.
#[derive(Debug)]
pub struct Download {
    pub file_name: String,
    pub sha256: String,
    pub size: u64,
    org: String,
    upload: String,
}

impl Service {
    pub fn attachment_limits(&self) -> AttachmentLimits {
        self.inner.attachments
    }

    /// Uploads the content of an attachment. `announced` is its size, if the caller gave it.
    pub fn upload<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
        announced: Option<u64>,
        pieces: &'a mut (impl Stream<Item = Result<Bytes, Error>> + Send + Unpin),
    ) -> BoxFuture<'a, Result<Written, Error>> {
        Box::pin(async move {
            check_id(<Attachment as steerco_domain::Resource>::KIND, id)?;
            let wanted = self.may_upload(context, id).await?;
            let max = self.inner.attachments.max_bytes;
            check_size(announced.unwrap_or_default(), max)?;
            let org = context.caller.organisation();
            let upload = steerco_domain::id::encode("upl", self.inner.clock.new_id());
            let staging = wanted.state == AttachmentState::Pending && !context.validate_only;
            if staging {
                self.remove_abandoned(org).await?;
            }
            let (database, org) = (self.inner.database.clone(), org.to_owned());
            let mut staged = Staged::new(database, org, upload);
            let reading = read_content(pieces, announced, max, staging.then_some(&mut staged));
            let late = |_| Error::new(Reason::Deadline, "the content did not arrive within the time limit");
            let read = tokio::time::timeout(UPLOAD_MAX, reading).await.map_err(late)??;
            // The write continues when the caller disconnects: its result decides whether the staged content is removed.
            let (service, context, id) = (self.clone(), context.clone(), id.to_owned());
            let written = tokio::spawn(async move { service.store(&context, &id, read, staged).await });
            written.await.map_err(|cause| Error::internal(cause))?
        })
    }

    /// Checks the permission of the write before the content is read.
    async fn may_upload(&self, context: &Context, id: &str) -> Result<Attachment, Error> {
        let conn = self.inner.database.read(context.caller.organisation()).await.map_err(Fail::into_error)?;
        let found = async {
            let access = self.access(&conn, &context.caller).await?;
            let write = WriteContext::new(context, &conn, access, &self.inner.clock);
            let (_, found) = load_for_write(&write, Attachment::KIND, id, Some(UPLOAD), None).await?;
            let found: Attachment = found.typed()?;
            found.check_upload(&write.acting())?;
            Ok(found)
        };
        let found = found.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    async fn store(&self, context: &Context, id: &str, read: Content, mut staged: Staged) -> Result<Written, Error> {
        let input = json!([id, read.sha256]);
        let link = Link {
            sha256: read.sha256.clone(),
            size: read.size_bytes,
            upload: staged.upload.clone(),
            quota: i64::try_from(self.inner.attachments.quota_bytes).unwrap_or(i64::MAX),
        };
        let item = Item::Act {
            id: id.to_owned(),
            permission: UPLOAD,
            if_match: context.if_match.clone(),
            decide: decide_by(move |on: &mut Attachment, acting| on.take(&read, acting)),
            logged: false,
        };
        let command =
            Command { effects: vec![Effect::Link(link)], ..Command::one(Attachment::KIND, UPLOAD.action, input, item) };
        let written = self.execute_one(context, command).await;
        let may_be_linked = match &written {
            Ok(written) => written.outcome == Outcome::Updated && !written.replayed && !context.validate_only,
            // The write may have been committed all the same.
            Err(error) => matches!(error.reason, Reason::Internal | Reason::Unavailable | Reason::Deadline),
        };
        if may_be_linked {
            staged.keep();
        }
        written
    }

    /// The content of a visible attachment.
    pub fn download<'a>(&'a self, caller: &'a Caller, id: &'a str) -> BoxFuture<'a, Result<Download, Error>> {
        Box::pin(async move {
            let Seen { resource, .. } = self.get::<Attachment>(caller, id, &ReadArgs::default()).await?;
            if resource.deleted_at.is_some() {
                return Err(Error::new(Reason::NotFound, "the attachment is deleted"));
            }
            let (Some(sha256), Some(size)) = (resource.sha256, resource.size_bytes) else {
                return Err(Error::new(Reason::NotFound, "the attachment has no content yet"));
            };
            let size = u64::try_from(size.get()).unwrap_or_default();
            let stored = self.find_content(caller.organisation(), sha256.as_str(), size).await?;
            Ok(Download { file_name: resource.file_name.to_string(), ..stored })
        })
    }

    /// A content that must exist.
    pub(crate) async fn find_content(&self, org: &str, sha256: &str, size: u64) -> Result<Download, Error> {
        let conn = self.inner.database.read(org).await.map_err(Fail::into_error)?;
        let upload = blob::find_upload(&conn, org, sha256).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        let upload = upload.ok_or_else(|| Error::internal(format!("the content {sha256} is missing")))?;
        Ok(Download { file_name: String::new(), sha256: sha256.to_owned(), size, org: org.to_owned(), upload })
    }

    /// The n-th piece of a staged content.
    pub(crate) async fn piece(&self, download: &Download, n: u64) -> Result<Vec<u8>, Error> {
        read_piece(&self.inner.database, download, n).await.map_err(Fail::into_error)
    }

    /// The bytes of a content within a range (the end is exclusive), in pieces. Linked contents never change, so no
    /// transaction stays open while a slow caller reads.
    pub fn pieces(
        &self,
        download: Download,
        from: u64,
        until: u64,
    ) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        let database = self.inner.database.clone();
        let until = until.min(download.size);
        stream::try_unfold((database, download, from), move |(database, download, at)| async move {
            if at >= until {
                return Ok(None);
            }
            let piece = read_piece(&database, &download, at / PIECE as u64).await.map_err(Fail::into_error)?;
            let skipped = usize::try_from(at % PIECE as u64).unwrap_or_default();
            let wanted = usize::try_from(until - at).unwrap_or(usize::MAX);
            let end = piece.len().min(skipped.saturating_add(wanted));
            if end <= skipped {
                return Err(Error::internal(format!("the upload {} is shorter than its content", download.upload)));
            }
            let bytes = Bytes::from(piece).slice(skipped..end);
            let next = at + bytes.len() as u64;
            Ok(Some((bytes, (database, download, next))))
        })
    }
}

pub(crate) fn check_size(size: u64, max: u64) -> Result<(), Error> {
    if size > max {
        return Err(Error::new(Reason::TooLarge, format!("a content may have at most {max} bytes")));
    }
    Ok(())
}

/// Reads a content to its end, and stages it if a staging area is given.
pub(crate) async fn read_content(
    pieces: &mut (impl Stream<Item = Result<Bytes, Error>> + Send + Unpin),
    announced: Option<u64>,
    max: u64,
    mut staged: Option<&mut Staged>,
) -> Result<Content, Error> {
    let (mut digest, mut sniffer, mut size) = (Sha256::new(), Sniffer::new(), 0_u64);
    let mut waiting = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        size += piece.len() as u64;
        check_size(size, max)?;
        if announced.is_some_and(|announced| size > announced) {
            break;
        }
        digest.update(&piece);
        sniffer.see(&piece);
        if let Some(staged) = &mut staged {
            waiting.extend_from_slice(&piece);
            while waiting.len() >= PIECE {
                staged.add(waiting.split_to(PIECE).freeze()).await?;
            }
        }
    }
    if let Some(announced) = announced.filter(|announced| *announced != size) {
        let detail = format!("the content does not have the announced {announced} bytes");
        return Err(Error::fault("/size_bytes", "DOES_NOT_FIT", detail));
    }
    if let Some(staged) = staged.filter(|_| !waiting.is_empty()) {
        staged.add(waiting.freeze()).await?;
    }
    let sha256 = hex(&digest.finalize());
    let size_bytes = i64::try_from(size).map_err(|cause| Error::internal(cause))?;
    Ok(Content { sha256, size_bytes, media_type: sniffer.media_type().to_owned() })
}

async fn read_piece(database: &Database, download: &Download, n: u64) -> Result<Vec<u8>, Fail> {
    let conn = database.read(&download.org).await?;
    let n = i64::try_from(n).unwrap_or(i64::MAX);
    let piece = blob::get_piece(&conn, &download.org, &download.upload, n).await?;
    conn.close().await?;
    Ok(piece)
}

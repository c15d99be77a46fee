//! Contents of attachments over both doors.

use serde_json::{Value, json};

use crate::{Client, Door, Refused, Reply, grpc, rest};

/// A content as it was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Downloaded {
    pub bytes: Vec<u8>,
    /// Headers or metadata, names in lower case.
    pub headers: std::collections::BTreeMap<String, String>,
}

impl Client {
    /// Uploads the content of an attachment: `Content-Length` tells its size, or the first message of gRPC does.
    pub async fn upload(&self, id: &str, content: &[u8]) -> Reply {
        self.upload_said(id, content, content.len()).await
    }

    /// The same of an attachment or an import job.
    pub async fn upload_of(&self, kind: &str, id: &str, content: &[u8]) -> Reply {
        let path = steerco_domain::find_kind(kind).expect("a kind").path();
        match self.door {
            Door::Rest => rest::upload(self, &path, id, content).await,
            Door::Grpc => {
                grpc::upload(self, kind, pieces(id, content, content.len(), self.with.validate_only), false).await
            }
        }
    }

    /// A page of the report of an import: `after_record`, `page_size`.
    pub async fn import_records(&self, id: &str, args: Value) -> Reply {
        match self.door {
            Door::Rest => {
                let mut raw = self.raw("GET", &format!("/v1/import-jobs/{id}/records"));
                for (name, value) in args.as_object().expect("arguments") {
                    raw = raw.query(name, &value.to_string());
                }
                raw.send().await
            }
            Door::Grpc => grpc::import_records(self, id, args).await,
        }
    }

    /// Starts a run of an import, waits for its end, and answers the job.
    pub async fn run_import(&self, id: &str, verb: &str) -> Reply {
        self.act("import_job", id, verb, json!({})).await?;
        for _ in 0..600 {
            let job = self.get("import_job", id).await?;
            if !["checking", "applying"].contains(&job["state"].as_str().expect("a state")) {
                return Ok(job);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the import {id} does not end");
    }

    /// The same, with another size than it has said over gRPC, which HTTP cannot say.
    pub async fn upload_said(&self, id: &str, content: &[u8], size: usize) -> Reply {
        match self.door {
            Door::Rest => rest::upload(self, "attachments", id, content).await,
            Door::Grpc => {
                grpc::upload(self, "attachment", pieces(id, content, size, self.with.validate_only), false).await
            }
        }
    }

    /// A stream of messages that breaks off after them, or after some bytes of HTTP.
    pub async fn upload_cut(&self, id: &str, content: &[u8]) {
        match self.door {
            Door::Rest => rest::upload_cut(self, id, content).await,
            Door::Grpc => {
                let size = content.len() + 1;
                let end = std::time::Duration::from_millis(500);
                let cut = grpc::upload(self, "attachment", pieces(id, content, size, false), true);
                assert!(tokio::time::timeout(end, cut).await.is_err(), "the stream did not end by itself");
            }
        }
    }

    pub async fn download(&self, id: &str) -> Result<Downloaded, Refused> {
        match self.door {
            Door::Rest => self.raw("GET", &format!("/v1/attachments/{}/content", rest::part(id))).content().await,
            Door::Grpc => grpc::download(self, id).await,
        }
    }
}

/// The messages of an upload: what is not the piece, and the piece.
fn pieces(id: &str, content: &[u8], size: usize, validate_only: bool) -> Vec<(Value, Vec<u8>)> {
    let mut pieces: Vec<(Value, Vec<u8>)> = content.chunks(100_000).map(|piece| (json!({}), piece.to_vec())).collect();
    let first = json!({"id": id, "size_bytes": size, "validate_only": validate_only});
    match pieces.first_mut() {
        Some(piece) => piece.0 = first,
        None => pieces.push((first, Vec::new())),
    }
    pieces
}

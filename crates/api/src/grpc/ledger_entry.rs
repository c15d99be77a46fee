//! The ledger over gRPC: it is only read.

use steerco_domain::ledger_entry::LedgerEntry;
use steerco_domain::ledger_entry_fields;
use steerco_proto::v1 as pb;
use tonic::Request;

use super::bridge::Listed;
use super::call::{Answer, answer};
use super::macros::resource_wire;
use super::{Door, limited, serve};

ledger_entry_fields!(resource_wire);

/// The service of the ledger.
pub(super) fn server(door: &Door) -> pb::ledger_entry_service_server::LedgerEntryServiceServer<Door> {
    limited!(pb::ledger_entry_service_server::LedgerEntryServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::ledger_entry_service_server::LedgerEntryService for Door {
    async fn get_ledger_entry(&self, request: Request<pb::GetRequest>) -> Answer<pb::LedgerEntry> {
        answer(request, |call, body| serve::get::<LedgerEntry>(&self.0, call, body)).await
    }

    async fn list_ledger_entries(&self, request: Request<pb::ListRequest>) -> Answer<pb::ListLedgerEntriesResponse> {
        answer(request, |call, body| serve::list::<LedgerEntry, _>(&self.0, call, body)).await
    }
}

impl From<Listed<pb::LedgerEntry>> for pb::ListLedgerEntriesResponse {
    fn from(page: Listed<pb::LedgerEntry>) -> Self {
        let Listed { items, next_page_token, total, sync_token } = page;
        Self { ledger_entries: items, next_page_token, total, sync_token }
    }
}

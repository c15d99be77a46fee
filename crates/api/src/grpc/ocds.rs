//! Packages of the Open Contracting Data Standard: JSON documents of that standard, in a message of one text.

use bytes::Bytes;
use steerco_domain::Error;
use steerco_domain::encode::MemberEncoder;
use steerco_proto::table::Rpc;
use steerco_service::Service;

use super::answers::Object;
use super::call::Call;
use super::standard::{Served, read, reply};
use crate::rest::ocds::{record_of, records, releases, releases_of};

/// Type of an open contracting package.
#[derive(Clone, Copy)]
pub(super) enum Package {
    Releases,
    Records,
}

/// A package of one engagement.
pub(super) async fn get(rpc: &'static Rpc, package: Package, service: Service, call: Call, bytes: Bytes) -> Served {
    let mut body = read(rpc, &bytes)?;
    let process = [service.ocds_process(&call.caller, &body.text("id")).await?];
    let base = service.issuer();
    match package {
        Package::Releases => packed(rpc, &releases_of(base, &process)?),
        Package::Records => packed(rpc, &record_of(base, &process)?),
    }
}

/// A package of several.
pub(super) async fn list(rpc: &'static Rpc, package: Package, service: Service, call: Call, bytes: Bytes) -> Served {
    let filter = read(rpc, &bytes)?.given("filter");
    let (base, filter) = (service.issuer(), filter.as_deref());
    let processes = service.ocds_processes(&call.caller, filter).await?;
    match package {
        Package::Releases => packed(rpc, &releases(base, &processes, filter)?),
        Package::Records => packed(rpc, &records(base, &processes, filter)?),
    }
}

fn packed(rpc: &Rpc, package: &impl serde::Serialize) -> Served {
    let json = serde_json::to_string(package)
        .map_err(|cause| Error::internal(format!("a package cannot be encoded: {cause}")))?;
    Ok(reply(rpc, &Object(|members: &mut dyn MemberEncoder| members.member("json", &json))))
}

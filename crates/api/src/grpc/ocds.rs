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

/// Which package is answered.
#[derive(Clone, Copy)]
pub(super) enum Package {
    Releases,
    Record,
    AllReleases,
    AllRecords,
}

/// The package that the rpc of this name answers.
pub(super) fn find(name: &str) -> Option<Package> {
    Some(match name {
        "GetOcdsReleasePackage" => Package::Releases,
        "GetOcdsRecordPackage" => Package::Record,
        "ListOcdsReleases" => Package::AllReleases,
        "ListOcdsRecords" => Package::AllRecords,
        _ => return None,
    })
}

pub(super) async fn serve(rpc: &'static Rpc, package: Package, service: Service, call: Call, bytes: Bytes) -> Served {
    let mut body = read(rpc, &bytes)?;
    let (base, caller) = (service.issuer(), &call.caller);
    let json = match package {
        Package::Releases | Package::Record => {
            let process = [service.ocds_process(caller, &body.text("id")).await?];
            match package {
                Package::Releases => json(&releases_of(base, &process)?),
                _ => json(&record_of(base, &process)?),
            }
        }
        Package::AllReleases | Package::AllRecords => {
            let filter = body.given("filter");
            let filter = filter.as_deref();
            let processes = service.ocds_processes(caller, filter).await?;
            match package {
                Package::AllReleases => json(&releases(base, &processes, filter)?),
                _ => json(&records(base, &processes, filter)?),
            }
        }
    }?;
    Ok(reply(rpc, &Object(|members: &mut dyn MemberEncoder| members.member("json", &json))))
}

fn json(package: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(package).map_err(|error| {
        tracing::error!(%error, "a package cannot be written as JSON");
        Error::internal()
    })
}

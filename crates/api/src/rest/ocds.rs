//! Engagements as packages of the Open Contracting Data Standard.

use axum::extract::State;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use steerco_domain::Error;
use steerco_domain::ocds::{Process, RecordPackage, ReleasePackage, record_package, release_package};

use super::call::Call;
use super::params::{FILTER, Set};
use super::{Rest, reply};
use crate::problem::Answer;

/// Where a package of several is.
fn shared_address(base: &str, filter: Option<&str>, kind: &str) -> String {
    let path = format!("{}/v1/engagements/ocds-{kind}-package", base.trim_end_matches('/'));
    match filter {
        Some(filter) => format!("{path}?filter={}", utf8_percent_encode(filter, NON_ALPHANUMERIC)),
        None => path,
    }
}

/// Where a package of this process is.
fn own_address(base: &str, process: &Process, kind: &str) -> String {
    format!("{}/v1/engagements/{}/ocds-{kind}-package", base.trim_end_matches('/'), process.engagement_id())
}

/// The release package of one process.
pub(crate) fn releases_of<'a>(base: &str, process: &'a [Process; 1]) -> Result<ReleasePackage<'a>, Error> {
    release_package(process, &own_address(base, &process[0], "release"))
        .ok_or_else(|| Error::internal("a package has no process with a publisher"))
}

/// The record package of one process.
pub(crate) fn record_of<'a>(base: &str, process: &'a [Process; 1]) -> Result<RecordPackage<'a>, Error> {
    let [releases, record] = ["release", "record"].map(|kind| own_address(base, &process[0], kind));
    record_package(process, &record, vec![releases])
        .ok_or_else(|| Error::internal("a package has no process with a publisher"))
}

/// The release package of several processes.
pub(crate) fn releases<'a>(
    base: &str,
    processes: &'a [Process],
    filter: Option<&str>,
) -> Result<ReleasePackage<'a>, Error> {
    release_package(processes, &shared_address(base, filter, "release"))
        .ok_or_else(|| Error::internal("a package has no process with a publisher"))
}

/// The record package of several processes.
pub(crate) fn records<'a>(
    base: &str,
    processes: &'a [Process],
    filter: Option<&str>,
) -> Result<RecordPackage<'a>, Error> {
    let packages = processes.iter().map(|process| own_address(base, process, "release")).collect();
    record_package(processes, &shared_address(base, filter, "record"), packages)
        .ok_or_else(|| Error::internal("a package has no process with a publisher"))
}

pub(crate) async fn get_releases(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&takes)?;
    let process = [rest.service.ocds_process(&call.caller, call.path("id")).await?];
    let package = releases_of(rest.base_url(), &process)?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn get_record(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&takes)?;
    let process = [rest.service.ocds_process(&call.caller, call.path("id")).await?];
    let package = record_of(rest.base_url(), &process)?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn list_releases(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let filter = call.query(&takes)?.text(&FILTER);
    let processes = rest.service.ocds_processes(&call.caller, filter.as_deref()).await?;
    let package = releases(rest.base_url(), &processes, filter.as_deref())?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn list_records(takes: Set, State(rest): State<Rest>, call: Call) -> Answer {
    let filter = call.query(&takes)?.text(&FILTER);
    let processes = rest.service.ocds_processes(&call.caller, filter.as_deref()).await?;
    let package = records(rest.base_url(), &processes, filter.as_deref())?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

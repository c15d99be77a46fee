//! Engagements as packages of the Open Contracting Data Standard.

use axum::extract::State;
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use steerco_domain::Error;
use steerco_domain::ocds::{Process, RecordPackage, ReleasePackage, record_package, release_package};

use super::call::Call;
use super::{Rest, params, reply};
use crate::problem::Answer;

/// Where a package of an engagement is.
fn address(base: &str, id: &str, kind: &str) -> String {
    format!("{}/v1/engagements/{id}/ocds-{kind}-package", base.trim_end_matches('/'))
}

/// Where a package of several is.
fn shared_address(base: &str, filter: Option<&str>, kind: &str) -> String {
    let path = format!("{}/v1/engagements/ocds-{kind}-package", base.trim_end_matches('/'));
    match filter {
        Some(filter) => format!("{path}?filter={}", utf8_percent_encode(filter, NON_ALPHANUMERIC)),
        None => path,
    }
}

/// The release package of one process.
pub(crate) fn releases_of<'a>(base: &str, process: &'a [Process], id: &str) -> Result<ReleasePackage<'a>, Error> {
    release_package(process, &address(base, id, "release")).ok_or_else(Error::internal)
}

/// The record package of one process.
pub(crate) fn record_of<'a>(base: &str, process: &'a [Process], id: &str) -> Result<RecordPackage<'a>, Error> {
    let packages = vec![address(base, id, "release")];
    record_package(process, &address(base, id, "record"), packages).ok_or_else(Error::internal)
}

/// The release package of several processes.
pub(crate) fn releases<'a>(
    base: &str,
    processes: &'a [Process],
    filter: Option<&str>,
) -> Result<ReleasePackage<'a>, Error> {
    release_package(processes, &shared_address(base, filter, "release")).ok_or_else(Error::internal)
}

/// The record package of several processes.
pub(crate) fn records<'a>(
    base: &str,
    processes: &'a [Process],
    filter: Option<&str>,
) -> Result<RecordPackage<'a>, Error> {
    let own = |process: &Process| address(base, &process.engagement_id().to_string(), "release");
    let packages = processes.iter().map(own).collect();
    record_package(processes, &shared_address(base, filter, "record"), packages).ok_or_else(Error::internal)
}

pub(crate) async fn get_releases(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let process = [rest.service.ocds_process(&call.caller, call.path("id")).await?];
    let package = releases_of(rest.base_url(), &process, call.path("id"))?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn get_record(State(rest): State<Rest>, call: Call) -> Answer {
    call.query(&Vec::new())?;
    let process = [rest.service.ocds_process(&call.caller, call.path("id")).await?];
    let package = record_of(rest.base_url(), &process, call.path("id"))?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn list_releases(State(rest): State<Rest>, call: Call) -> Answer {
    let filter = call.query(&params::publishing())?.text(&params::FILTER);
    let processes = rest.service.ocds_processes(&call.caller, filter.as_deref()).await?;
    let package = releases(rest.base_url(), &processes, filter.as_deref())?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

pub(crate) async fn list_records(State(rest): State<Rest>, call: Call) -> Answer {
    let filter = call.query(&params::publishing())?.text(&params::FILTER);
    let processes = rest.service.ocds_processes(&call.caller, filter.as_deref()).await?;
    let package = records(rest.base_url(), &processes, filter.as_deref())?;
    Ok(reply::json(StatusCode::OK, reply::JSON, &package)?)
}

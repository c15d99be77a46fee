//! `steerco` as a client of a server: reading, applying, importing, watching, exporting. It speaks REST, and gRPC where
//! things stream, knows kinds by their declarations alone, and must never open a database.

mod apply;
pub mod args;
mod call;
mod documents;
mod event;
mod http;
mod import;
mod message;
mod print;
mod profile;
pub mod rows;
mod rpc;
mod watch;

use std::process::ExitCode;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use steerco_client::Upsert;
use steerco_domain::KINDS;
use steerco_domain::resource::Kind;

use crate::cli::Output;
use crate::commands::say;
use apply::Applying;
use args::{ClientCommand, Reading};
use call::Calling;
use http::{Api, Call, Failure};
use rows::Rows;
use watch::Watching;

/// What stands in a path as it is.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, PART).to_string()
}

pub(crate) fn path_of(kind: &Kind) -> String {
    format!("/v1/{}", kind.path())
}

/// Runs a command; a failure of it is told on standard error and by the exit code.
pub(crate) async fn run(command: ClientCommand) -> anyhow::Result<ExitCode> {
    match dispatch(command).await {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(Failure::Local(error)) => Err(error),
        Err(failure) => {
            eprintln!("steerco: {failure}");
            if failure.exit_code() == 6 {
                eprintln!("steerco: a token comes from --token-file, --client-id, STEERCO_TOKEN or the profile");
            }
            Ok(ExitCode::from(failure.exit_code()))
        }
    }
}

async fn dispatch(command: ClientCommand) -> Result<u8, Failure> {
    match command {
        ClientCommand::Get { remote, kind, id, reading, output } => {
            let api = Api::new(&remote).map_err(Failure::Local)?;
            let resource = api.call(&reading_call(resource_path(kind, &id), &reading)).await?.body;
            match output {
                Output::Json => say(&format!("{resource:#}")),
                Output::Table => say(&print::sheet(&resource)),
            }
        }
        ClientCommand::List { remote, kind, filter, order_by, page_size, all, show_deleted, reading, output } => {
            let api = Api::new(&remote).map_err(Failure::Local)?;
            let call = reading_call(path_of(kind), &reading)
                .with("filter", filter.as_deref())
                .with("order_by", order_by.as_deref())
                .with("show_deleted", show_deleted.then_some("true"))
                .with("page_size", Some(&page_size.to_string()));
            list(&api, kind, call, all, reading.fields.as_deref(), output).await?;
        }
        ClientCommand::Apply { remote, file, dry_run, key, output } => {
            let documents = documents::read_files(&file).map_err(Failure::Local)?;
            let api = Api::new(&remote).map_err(Failure::Local)?;
            return apply::apply(&api, &documents, &Applying { dry_run, key, output }).await;
        }
        ClientCommand::Import { remote, kind, file, source, format, partial, dry_run, key, output } => {
            let rows = Rows::open(&file, format, kind, &source).map_err(Failure::Local)?;
            let client = rpc::connect(&remote).map_err(Failure::Local)?;
            let how = Upsert { source, partial, validate_only: dry_run, key };
            return import::import(&client, &rows, how, output).await;
        }
        ClientCommand::Watch { remote, wanted, state, until_now, output } => {
            let client = rpc::connect(&remote).map_err(Failure::Local)?;
            let mut what = Watching { wanted, output };
            if let Some(state) = &state {
                what.resume(state).map_err(Failure::Local)?;
            }
            if until_now {
                watch::until_now(&client, &what, state.as_deref()).await?;
            } else {
                watch::follow(&client, &what, state.as_deref()).await?;
            }
        }
        ClientCommand::Operations { pattern, output } => {
            call::tell(pattern.as_deref(), output).map_err(Failure::Local)?;
        }
        ClientCommand::Call { remote, operation, arguments, body, key, if_match } => {
            let api = Api::new(&remote).map_err(Failure::Local)?;
            call::call(&api, &Calling { operation, arguments, body, key, if_match }).await?;
        }
        ClientCommand::Health { remote, live } => {
            let api = Api::new(&remote).map_err(Failure::Local)?;
            let path = if live { "/livez" } else { "/readyz" };
            let answered = api.once(&Call::get(path.to_owned())).await?;
            say(answered.body["status"].as_str().unwrap_or("ok"));
        }
        ClientCommand::Export { remote, kinds, all, show_deleted } => {
            let api = Api::new(&remote).map_err(Failure::Local)?;
            export(&api, if all { KINDS } else { &kinds }, all, show_deleted).await?;
        }
    }
    Ok(0)
}

/// The path of the resource with this id, or with this id of a source: only the latter has a slash.
fn resource_path(kind: &Kind, id: &str) -> String {
    match id.split_once('/') {
        Some((source, external_id)) => {
            format!("{}/by-ref/{}/{}", path_of(kind), encoded(source), encoded(external_id))
        }
        None => format!("{}/{}", path_of(kind), encoded(id)),
    }
}

fn reading_call(path: String, reading: &Reading) -> Call {
    Call::get(path)
        .with("fields", reading.fields.as_deref())
        .with("as_of", reading.as_of.as_deref())
        .with("valid_at", reading.valid_at.as_deref())
}

/// One page, or all of them one after another.
async fn list(
    api: &Api,
    kind: &Kind,
    call: Call,
    all: bool,
    fields: Option<&str>,
    output: Output,
) -> Result<(), Failure> {
    let columns = print::columns(kind, fields);
    let mut pages = Pages::new(call);
    let mut first = true;
    while let Some(page) = pages.next(api).await? {
        let items = items(&page);
        match output {
            Output::Json => items.iter().for_each(|item| say(&item.to_string())),
            Output::Table if first || !items.is_empty() => say(&print::table(&columns, items, first)),
            Output::Table => {}
        }
        first = false;
        if !all {
            if !pages.ended {
                eprintln!("steerco: there are more; --all lists them");
            }
            break;
        }
    }
    Ok(())
}

/// Every row of these kinds. The first line's `sync_token` was taken before the first row: whoever follows from there
/// and ignores revisions older than it holds misses nothing.
async fn export(api: &Api, kinds: &[&'static Kind], all: bool, show_deleted: bool) -> Result<(), Failure> {
    let mut told = false;
    for kind in kinds {
        let call = Call::get(path_of(kind)).with("page_size", Some("1000"));
        let mut pages = Pages::new(call.with("show_deleted", show_deleted.then_some("true")));
        loop {
            let page = match pages.next(api).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                Err(Failure::Refused(problem)) if all && problem.status == 403 => {
                    eprintln!("steerco: {} are left out: the token may not read them", kind.plural);
                    break;
                }
                Err(failure) => return Err(failure),
            };
            if !std::mem::replace(&mut told, true) {
                say(&json!({ "sync_token": page["sync_token"] }).to_string());
            }
            for item in items(&page) {
                say(&json!({ "kind": kind.name, "id": item["id"], "fields": item }).to_string());
            }
        }
    }
    Ok(())
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map_or(&[], Vec::as_slice)
}

/// The pages of a list.
struct Pages {
    call: Call,
    token: Option<String>,
    ended: bool,
}

impl Pages {
    fn new(call: Call) -> Self {
        Self { call, token: None, ended: false }
    }

    async fn next(&mut self, api: &Api) -> Result<Option<Value>, Failure> {
        if self.ended {
            return Ok(None);
        }
        let call = self.call.clone().with("page_token", self.token.as_deref());
        let page = api.call(&call).await?.body;
        self.token = page["next_page_token"].as_str().map(str::to_owned);
        self.ended = self.token.is_none();
        Ok(Some(page))
    }
}

//! The routes of the table of operations.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use steerco_domain::resource::Kind;
use steerco_service::AnyVerb;
use steerco_service::operation::{Does, Form, Method, Standard};
use steerco_service::operations::Entry;

use super::params::Set;
use super::{
    Rest, batch, content, discovery, events, export, import, import_job, ocds, operations, read, upserts, write,
};

/// The routes of these operations.
pub(crate) fn mount(entries: impl Iterator<Item = Entry>) -> Router<Rest> {
    entries.fold(Router::new(), |router, entry| router.route(&entry.path(), route(entry)))
}

fn route(entry: Entry) -> MethodRouter<Rest> {
    match (entry.operation.does, entry.kind) {
        (Does::Run(run), _) => {
            with_method(entry.operation.method, move |rest, call, body| operations::serve(entry, run, rest, call, body))
        }
        (Does::Standard(does), Some(kind)) => standard(does, kind, entry),
        (Does::Standard(_), None) => MethodRouter::new(),
        (Does::Form(form), _) => in_form(form, entry.parameters().collect()),
    }
}

fn with_method<H, T>(method: Method, handler: H) -> MethodRouter<Rest>
where
    H: Handler<T, Rest>,
    T: 'static,
{
    match method {
        Method::Get => get(handler),
        Method::Post => post(handler),
        Method::Put => put(handler),
        Method::Patch => patch(handler),
        Method::Delete => delete(handler),
    }
}

/// The route of a standard operation or a verb.
fn standard(does: Standard, kind: &'static Kind, entry: Entry) -> MethodRouter<Rest> {
    let takes: Set = entry.parameters().collect();
    match does {
        Standard::Get => get(move |rest, call| read::get(kind, takes, rest, call)),
        Standard::GetByRef => get(move |rest, call| read::get_by_ref(kind, takes, rest, call)),
        Standard::List => get(move |rest, call| read::list(kind, takes, rest, call)),
        Standard::Revisions => get(move |rest, call| read::revisions(kind, takes, rest, call)),
        Standard::Export => get(move |rest, call| export::list(kind, takes, rest, call)),
        Standard::Create
        | Standard::Update
        | Standard::AddExternalRef
        | Standard::RemoveExternalRef
        | Standard::Upsert
        | Standard::Delete
        | Standard::Undelete => {
            let write = move |rest, call, body| write::write(kind, does, takes, rest, call, body);
            with_method(entry.operation.method, write)
        }
        Standard::Batch => post(move |rest, call, body| batch::batch(kind, takes, rest, call, body)),
        Standard::Upserts => post(move |rest, call, body| upserts::upsert_many(kind, takes, rest, call, body)),
        Standard::Act => match entry.act {
            Some(act) => {
                let verb = AnyVerb::new(kind, act);
                post(move |rest, call, body| write::act(verb, takes, rest, call, body))
            }
            None => MethodRouter::new(),
        },
    }
}

/// The route of an operation whose body or response is not a JSON object.
fn in_form(form: Form, takes: Set) -> MethodRouter<Rest> {
    match form {
        Form::UploadAttachment => put(move |rest, call, body| content::upload(takes, rest, call, body)),
        Form::DownloadAttachment => get(move |rest, call| content::download(takes, rest, call)),
        Form::UploadImport => put(move |rest, call, body| import_job::upload(takes, rest, call, body)),
        Form::ImportActuals => post(move |rest, call, body| import::import(takes, rest, call, body)),
        Form::ExportSchedule => get(move |rest, call| export::schedule(takes, rest, call)),
        Form::StreamEvents => get(move |rest, call| events::stream_events(takes, rest, call)),
        Form::Permissions => get(move |rest, call| discovery::list_permissions(takes, rest, call)),
        Form::OcdsReleases => get(move |rest, call| ocds::get_releases(takes, rest, call)),
        Form::OcdsRecord => get(move |rest, call| ocds::get_record(takes, rest, call)),
        Form::OcdsReleasesOfMany => get(move |rest, call| ocds::list_releases(takes, rest, call)),
        Form::OcdsRecordsOfMany => get(move |rest, call| ocds::list_records(takes, rest, call)),
    }
}

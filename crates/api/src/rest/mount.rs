//! The routes every resource has. What is mounted is also what the OpenAPI document describes: one list, two readers.

use axum::Router;
use axum::routing::{delete, get, patch, post, put};
use steerco_domain::field::FieldSpec;
use steerco_domain::resource::Kind;
pub(crate) use steerco_domain::resource::Reach;
use steerco_service::AnyVerb;

use super::own::OwnAct;
use super::{Rest, batch, content, export, own, read, upserts, write};

/// A mounted resource.
pub(crate) struct Mounted {
    pub(crate) routes: Router<Rest>,
    pub(crate) about: About,
}

/// What the OpenAPI document says of a mounted resource.
pub(crate) struct About {
    pub(crate) kind: &'static Kind,
    pub(crate) verbs: Vec<VerbAbout>,
}

/// An act on a resource.
pub(crate) struct VerbAbout {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) fields: &'static [FieldSpec],
    /// What does it, where nothing of its own does.
    pub(crate) any: Option<AnyVerb>,
    /// The schema of the answer and what it is, where that is not the resource alone.
    pub(crate) answer: Option<(&'static str, &'static str)>,
}

/// Mounts a resource as it is declared.
pub(crate) fn mount(kind: &'static Kind) -> Mounted {
    let routes = match kind.reach {
        Reach::Whole => whole_routes(kind),
        Reach::Posted => fixed_routes(kind).merge(creation(kind)),
        Reach::Fixed => fixed_routes(kind),
        Reach::Record => record_routes(kind),
    };
    let own = own::of(kind.name);
    let mut mounted =
        Mounted { routes: beside(kind, routes).merge(own.routes), about: About { kind, verbs: Vec::new() } };
    let mut acts = own.acts;
    for verb in kind.verbs {
        let place = acts.iter().position(|act| act.name == verb.name);
        let path = format!("/v1/{}/{{id}}/{}", kind.path(), verb.name.replace('_', "-"));
        let (handler, any, answer) = match place.map(|place| acts.swap_remove(place)) {
            Some(OwnAct { handler, answer, .. }) => (handler, None, answer),
            None => {
                let any = AnyVerb::new(kind, verb);
                (post(move |rest, call, body| write::act(any, rest, call, body)), Some(any), None)
            }
        };
        mounted.routes = mounted.routes.route(&path, handler);
        let about = VerbAbout { name: verb.name, title: verb.title, doc: verb.doc, fields: verb.fields, any, answer };
        mounted.about.verbs.push(about);
    }
    mounted
}

/// What each has beside its fields.
fn beside(kind: &'static Kind, mut routes: Router<Rest>) -> Router<Rest> {
    let path = format!("/v1/{}/{{id}}", kind.path());
    let extras = [
        (kind.schedule, "schedule", get(export::schedule)),
        (kind.content, "content", get(content::download).put(content::upload)),
    ];
    for (_, name, handler) in extras.into_iter().filter(|(has, ..)| *has) {
        routes = routes.route(&format!("{path}/{name}"), handler);
    }
    routes
}

fn whole_routes(kind: &'static Kind) -> Router<Rest> {
    let path = format!("/v1/{}", kind.path());
    let by_ref = get(move |rest, call| read::get_by_ref(kind, rest, call))
        .put(move |rest, call, body| write::upsert(kind, rest, call, body));
    fixed_routes(kind)
        .merge(creation(kind))
        .route(&format!("{path}/{{id}}"), delete(move |rest, call, body| write::delete(kind, rest, call, body)))
        .route(
            &format!("{path}/{{id}}/undelete"),
            post(move |rest, call, body| write::undelete(kind, rest, call, body)),
        )
        .route(&format!("{path}/by-ref/{{source}}/{{external_id}}"), by_ref)
        .route(&format!("{path}/batch"), post(move |rest, call, body| batch::batch(kind, rest, call, body)))
        .route(&format!("{path}/upsert"), post(move |rest, call, body| upserts::upsert_many(kind, rest, call, body)))
}

fn creation(kind: &'static Kind) -> Router<Rest> {
    let create = post(move |rest, call, body| write::create(kind, rest, call, body));
    Router::new().route(&format!("/v1/{}", kind.path()), create)
}

fn fixed_routes(kind: &'static Kind) -> Router<Rest> {
    let path = format!("/v1/{}/{{id}}", kind.path());
    let reference = put(move |rest, call, body| write::add_external_ref(kind, rest, call, body))
        .delete(move |rest, call, body| write::remove_external_ref(kind, rest, call, body));
    record_routes(kind)
        .route(&path, patch(move |rest, call, body| write::update(kind, rest, call, body)))
        .route(&format!("{path}/external-refs/{{source}}/{{external_id}}"), reference)
        .route(&format!("{path}/revisions"), get(move |rest, call| read::revisions(kind, rest, call)))
}

fn record_routes(kind: &'static Kind) -> Router<Rest> {
    let path = format!("/v1/{}", kind.path());
    Router::new()
        .route(&path, get(move |rest, call| read::list(kind, rest, call)))
        .route(&format!("{path}/export"), get(move |rest, call| export::list(kind, rest, call)))
        .route(&format!("{path}/{{id}}"), get(move |rest, call| read::get(kind, rest, call)))
}

//! The routes every resource has. What is mounted is also what the OpenAPI document describes: one list, two readers.

use axum::Router;
use axum::routing::{delete, get, patch, post, put};
pub(crate) use steerco_domain::resource::Reach;
use steerco_domain::resource::{Act, Kind};
use steerco_service::AnyVerb;

use super::{Rest, batch, content, export, operations, own, read, upserts, write};

/// A mounted resource.
pub(crate) struct Mounted {
    pub(crate) routes: Router<Rest>,
    pub(crate) about: About,
}

/// What the OpenAPI document says of a mounted resource.
pub(crate) struct About {
    pub(crate) kind: &'static Kind,
    /// Its acts, but for those that are operations of their own.
    pub(crate) verbs: Vec<&'static Act>,
}

/// Mounts a resource as it is declared.
pub(crate) fn mount(kind: &'static Kind) -> Mounted {
    let routes = match kind.reach {
        Reach::Whole => whole_routes(kind),
        Reach::Posted => fixed_routes(kind).merge(creation(kind)),
        Reach::Fixed => fixed_routes(kind),
        Reach::Record => record_routes(kind),
    };
    let verbs: Vec<&Act> = kind.verbs.iter().filter(|act| !operations::does(kind, act)).collect();
    let mut routes = beside(kind, routes).merge(own::routes(kind.name)).merge(operations::routes(Some(kind)));
    for act in &verbs {
        let path = format!("/v1/{}/{{id}}/{}", kind.path(), act.name.replace('_', "-"));
        let verb = AnyVerb::new(kind, act);
        routes = routes.route(&path, post(move |rest, call, body| write::act(verb, rest, call, body)));
    }
    Mounted { routes, about: About { kind, verbs } }
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

//! The routes every resource has. What is mounted is also what the OpenAPI document describes: one list, two readers.

use std::marker::PhantomData;

use axum::Router;
use axum::routing::{delete, get, patch, post, put};
use steerco_domain::Resource;
use steerco_domain::field::FieldSpec;
use steerco_domain::resource::{Kind, Verb};
use steerco_service::AnyVerb;

use super::{Rest, batch, content, export, read, upserts, write};

/// A mounted resource.
pub(crate) struct Mounted {
    pub(crate) routes: Router<Rest>,
    pub(crate) about: About,
}

/// What callers do with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// They create, change and delete it.
    Whole,
    /// They create it and change small things of it.
    Posted,
    /// They read and change it.
    Fixed,
    /// They read it.
    Record,
}

/// What the OpenAPI document says of a mounted resource.
pub(crate) struct About {
    pub(crate) kind: &'static Kind,
    pub(crate) reach: Reach,
    pub(crate) verbs: Vec<VerbAbout>,
    /// Whether each has a schedule.
    pub(crate) schedule: bool,
    /// Whether each has a content beside its fields.
    pub(crate) content: bool,
    /// Rows of the table of permissions for operations of its own.
    pub(crate) acts: &'static [&'static str],
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

/// A resource while it is mounted.
pub(crate) struct Mount<R> {
    mounted: Mounted,
    resource: PhantomData<R>,
}

impl<R: Resource> Mount<R> {
    fn new(reach: Reach, routes: Router<Rest>) -> Self {
        Self { mounted: Mounted { routes, about: about(R::KIND, reach) }, resource: PhantomData }
    }
}

/// A resource that callers create, change and delete.
pub(crate) fn whole<R: Resource>() -> Mount<R> {
    Mount::new(Reach::Whole, whole_routes(R::KIND))
}

/// A resource that callers create once: what it says stays.
pub(crate) fn posted<R: Resource>() -> Mount<R> {
    Mount::new(Reach::Posted, fixed_routes(R::KIND).merge(creation(R::KIND)))
}

/// A resource that callers read and change, but neither create nor delete.
pub(crate) fn fixed<R: Resource>() -> Mount<R> {
    Mount::new(Reach::Fixed, fixed_routes(R::KIND))
}

/// What the service only ever adds to: callers read it.
pub(crate) fn records<R: Resource>() -> Mounted {
    Mounted { routes: record_routes(R::KIND), about: about(R::KIND, Reach::Record) }
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

fn about(kind: &'static Kind, reach: Reach) -> About {
    About {
        kind,
        reach,
        verbs: Vec::new(),
        schedule: false,
        content: false,
        acts: &[],
    }
}

impl<R: Resource> Mount<R> {
    /// Adds an act.
    pub(crate) fn verb<V: Verb<On = R>>(self) -> Self {
        let verb = AnyVerb::of::<V>();
        let mut mount = self.act::<V>(post(move |rest, call, body| write::act(verb, rest, call, body)), None);
        if let Some(about) = mount.mounted.about.verbs.last_mut() {
            about.any = Some(verb);
        }
        mount
    }

    /// Adds an act with its own handler; its answer has the schema named, and is what is said of it.
    pub(crate) fn act<V: Verb<On = R>>(
        mut self,
        handler: axum::routing::MethodRouter<Rest>,
        answer: Option<(&'static str, &'static str)>,
    ) -> Self {
        let path = format!("/v1/{}/{{id}}/{}", R::KIND.path(), V::NAME.replace('_', "-"));
        self.mounted.routes = self.mounted.routes.route(&path, handler);
        let about = VerbAbout { name: V::NAME, title: V::TITLE, doc: V::DOC, fields: V::FIELDS, any: None, answer };
        self.mounted.about.verbs.push(about);
        self
    }

    /// Adds the schedule as a file.
    pub(crate) fn schedule(mut self) -> Self {
        let path = format!("/v1/{}/{{id}}/schedule", R::KIND.path());
        self.mounted.routes = self.mounted.routes.route(&path, get(export::schedule));
        self.mounted.about.schedule = true;
        self
    }

    /// Adds the content.
    pub(crate) fn content(mut self) -> Self {
        let path = format!("/v1/{}/{{id}}/content", R::KIND.path());
        self.mounted.routes = self.mounted.routes.route(&path, get(content::download).put(content::upload));
        self.mounted.about.content = true;
        self
    }

    pub(crate) fn done(self) -> Mounted {
        self.mounted
    }
}

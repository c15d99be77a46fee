//! The routes every resource has. What is mounted is also what the OpenAPI document describes: one list, two readers.

use std::marker::PhantomData;

use axum::Router;
use axum::routing::{get, patch, post, put};
use steerco_domain::Resource;
use steerco_domain::field::FieldSpec;
use steerco_domain::resource::{Kind, Verb};

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
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own that a resource has or has not")]
pub(crate) struct About {
    pub(crate) kind: &'static Kind,
    pub(crate) reach: Reach,
    pub(crate) verbs: Vec<VerbAbout>,
    /// Whether progress rolls up to it.
    pub(crate) progress: bool,
    /// Whether money rolls up to it.
    pub(crate) financials: bool,
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
    /// The schema of the answer and what it is, where that is not the resource alone.
    pub(crate) answer: Option<(&'static str, &'static str)>,
}

/// A resource while it is mounted.
pub(crate) struct Mount<R> {
    mounted: Mounted,
    resource: PhantomData<R>,
}

/// A resource that callers create, change and delete.
pub(crate) fn whole<R: Resource>() -> Mount<R> {
    let path = format!("/v1/{}", R::KIND.path());
    let mut mount = fixed::<R>();
    let routes = std::mem::take(&mut mount.mounted.routes)
        .route(&path, post(write::create::<R>))
        .route(&format!("{path}/{{id}}"), axum::routing::delete(write::delete::<R>))
        .route(&format!("{path}/{{id}}/undelete"), post(write::undelete::<R>))
        .route(&format!("{path}/by-ref/{{source}}/{{external_id}}"), get(read::get_by_ref::<R>).put(write::upsert::<R>))
        .route(&format!("{path}/batch"), post(batch::batch::<R>))
        .route(&format!("{path}/upsert"), post(upserts::upsert_many::<R>));
    mount.mounted.routes = routes;
    mount.mounted.about.reach = Reach::Whole;
    mount
}

/// A resource that callers create once: what it says stays.
pub(crate) fn posted<R: Resource>() -> Mount<R> {
    let mut mount = fixed::<R>();
    let routes = std::mem::take(&mut mount.mounted.routes);
    mount.mounted.routes = routes.route(&format!("/v1/{}", R::KIND.path()), post(write::create::<R>));
    mount.mounted.about.reach = Reach::Posted;
    mount
}

/// A resource that callers read and change, but neither create nor delete.
pub(crate) fn fixed<R: Resource>() -> Mount<R> {
    let path = format!("/v1/{}", R::KIND.path());
    let routes = Router::new()
        .route(&path, get(read::list::<R>))
        .route(&format!("{path}/export"), get(export::list::<R>))
        .route(&format!("{path}/{{id}}"), patch(write::update::<R>).get(read::get::<R>))
        .route(
            &format!("{path}/{{id}}/external-refs/{{source}}/{{external_id}}"),
            put(write::add_external_ref::<R>).delete(write::remove_external_ref::<R>),
        )
        .route(&format!("{path}/{{id}}/revisions"), get(read::revisions::<R>));
    Mount { mounted: Mounted { routes, about: about::<R>() }, resource: PhantomData }
}

/// What the service only ever adds to: callers read it.
pub(crate) fn records<R: Resource>() -> Mounted {
    let path = format!("/v1/{}", R::KIND.path());
    let routes = Router::new()
        .route(&path, get(read::list::<R>))
        .route(&format!("{path}/export"), get(export::list::<R>))
        .route(&format!("{path}/{{id}}"), get(read::get::<R>));
    Mounted { routes, about: About { reach: Reach::Record, ..about::<R>() } }
}

fn about<R: Resource>() -> About {
    About {
        kind: R::KIND,
        reach: Reach::Fixed,
        verbs: Vec::new(),
        progress: false,
        financials: false,
        schedule: false,
        content: false,
        acts: &[],
    }
}

impl<R: Resource> Mount<R> {
    /// Adds an act.
    pub(crate) fn verb<V: Verb<On = R>>(self) -> Self {
        self.act::<V>(post(write::act::<V>), None)
    }

    /// Adds an act with its own handler; its answer has the schema named, and is what is said of it.
    pub(crate) fn act<V: Verb<On = R>>(
        mut self,
        handler: axum::routing::MethodRouter<Rest>,
        answer: Option<(&'static str, &'static str)>,
    ) -> Self {
        let path = format!("/v1/{}/{{id}}/{}", R::KIND.path(), V::NAME.replace('_', "-"));
        self.mounted.routes = self.mounted.routes.route(&path, handler);
        let about = VerbAbout { name: V::NAME, title: V::TITLE, doc: V::DOC, fields: V::FIELDS, answer };
        self.mounted.about.verbs.push(about);
        self
    }

    /// Adds the roll-up of progress.
    pub(crate) fn progress(mut self) -> Self {
        let path = format!("/v1/{}/{{id}}/progress", R::KIND.path());
        self.mounted.routes = self.mounted.routes.route(&path, get(read::progress::<R>));
        self.mounted.about.progress = true;
        self
    }

    /// Adds the roll-up of money.
    pub(crate) fn financials(mut self) -> Self {
        let path = format!("/v1/{}/{{id}}/financials", R::KIND.path());
        self.mounted.routes = self.mounted.routes.route(&path, get(read::financials::<R>));
        self.mounted.about.financials = true;
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

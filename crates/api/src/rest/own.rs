//! What resources have beside what is declared: routes of their own, and acts that something of their own does.

use axum::Router;
use axum::routing::{MethodRouter, get, post, put};
use steerco_domain::import_job::{ApplyImportJob, CheckImportJob};

use super::{Rest, calendar_feed, consumers, import, import_job, ocds, webhooks, write};

/// What a kind has of its own.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) routes: Router<Rest>,
    pub(crate) acts: Vec<OwnAct>,
}

/// What does an act, and the schema of the answer with what it is, where that is not the resource alone.
pub(crate) struct OwnAct {
    pub(crate) name: &'static str,
    pub(crate) handler: MethodRouter<Rest>,
    pub(crate) answer: Option<(&'static str, &'static str)>,
}

impl Own {
    fn route(mut self, path: &str, handler: MethodRouter<Rest>) -> Self {
        self.routes = self.routes.route(path, handler);
        self
    }

    fn act(mut self, name: &'static str, handler: MethodRouter<Rest>) -> Self {
        self.acts.push(OwnAct { name, handler, answer: None });
        self
    }

    /// An act whose answer has this schema.
    fn answering(
        mut self,
        name: &'static str,
        handler: MethodRouter<Rest>,
        schema: &'static str,
        doc: &'static str,
    ) -> Self {
        self.acts.push(OwnAct { name, handler, answer: Some((schema, doc)) });
        self
    }
}

/// What this kind has of its own.
pub(crate) fn of(kind: &str) -> Own {
    let own = Own::default();
    match kind {
        "actuals_batch" => own.route("/v1/actuals-batches/import", post(import::import)),
        "calendar_feed" => {
            let issue = post(calendar_feed::issue_address);
            own.answering("issue_address", issue, "IssuedAddress", "The address, shown once.")
        }
        "consumer" => own.act("acknowledge", post(consumers::acknowledge)).act("replay", post(consumers::replay)),
        "engagement" => own
            .route("/v1/engagements/ocds-release-package", get(ocds::list_releases))
            .route("/v1/engagements/ocds-record-package", get(ocds::list_records))
            .route("/v1/engagements/{id}/ocds-release-package", get(ocds::get_releases))
            .route("/v1/engagements/{id}/ocds-record-package", get(ocds::get_record)),
        "import_job" => own
            .act("check", post(import_job::start::<CheckImportJob>))
            .act("apply", post(import_job::start::<ApplyImportJob>))
            .route("/v1/import-jobs/{id}/content", put(import_job::upload))
            .route("/v1/import-jobs/{id}/records", get(import_job::list_records)),
        "service_account" => {
            own.answering("issue_secret", post(write::issue_secret), "IssuedSecret", "The secret, shown once.")
        }
        "webhook_endpoint" => own
            .answering("rotate_secret", post(webhooks::rotate_secret), "WebhookSecret", "The secret, shown once.")
            .answering("test", post(webhooks::test), "WebhookAttempt", "What became of the message.")
            .act("replay", post(webhooks::replay))
            .route("/v1/webhook-endpoints/{id}/deliveries", get(webhooks::list_deliveries)),
        _ => own,
    }
}

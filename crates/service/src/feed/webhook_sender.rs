//! State of webhook sending outside of the database.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::settings::WebhookSettings;
use crate::webhook_guard::Guard;

/// State of webhook sending.
pub(crate) struct Webhooks {
    pub(crate) guard: Guard,
    pub(crate) client: reqwest::Client,
    pub(crate) settings: WebhookSettings,
    /// Organisations in which deliveries may be due.
    pub(crate) stirred: Mutex<HashSet<String>>,
    pub(crate) stir: tokio::sync::Notify,
    /// Identifies this process among the nodes.
    pub(crate) node: String,
}

impl Webhooks {
    pub(crate) fn new(settings: WebhookSettings, node: String) -> Result<Self, String> {
        let guard = Guard::new(&settings.allow)?;
        let client = guard.client(Duration::from_secs(settings.timeout_seconds.into()))?;
        Ok(Self { guard, client, settings, stirred: Mutex::default(), stir: tokio::sync::Notify::new(), node })
    }

    /// Requests an early look at the endpoints of this organisation.
    pub(crate) fn stir(&self, org: &str) {
        self.stirred.lock().unwrap_or_else(PoisonError::into_inner).insert(org.to_owned());
        self.stir.notify_one();
    }
}

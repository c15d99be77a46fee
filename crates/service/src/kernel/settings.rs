//! Settings that the service is opened with.

use steerco_domain::access::Role;
use steerco_domain::attachment::CONTENT_MAX;
use steerco_domain::id::Id;
use steerco_domain::money::Amount;
use steerco_domain::organisation::Organisation;
use steerco_domain::words::Words;

use crate::auth::IssuerConfig;
use crate::clock::Clock;
use crate::webhook_guard::Guard;

/// A delivery never takes longer than the lease of a node on an endpoint.
const TIMEOUT_MAX: u32 = 20;

/// Settings that the service is opened with.
pub struct Settings {
    /// `sqlite://file` or `postgres://…`.
    pub database: String,
    /// Whether to apply migrations at start.
    pub migrate: bool,
    /// URL that identifies the built-in issuer and the audience of its tokens.
    pub base_url: String,
    /// Trusted issuers in addition to the built-in one.
    pub issuers: Vec<IssuerConfig>,
    /// Lifetime of a token of the built-in issuer in seconds.
    pub token_seconds: u32,
    /// Whether a token that an operator minted for a person may approve and accept like that person.
    pub operator_tokens_approve: bool,
    /// The amount, in units of any currency, that a role without an authority limit may decide on.
    pub default_authority: Amount,
    /// Number of days that the feed reaches back.
    pub feed_days: u32,
    /// Size limits of attachments.
    pub attachments: AttachmentLimits,
    /// Settings of webhook deliveries.
    pub webhooks: WebhookSettings,
    /// Prefix of the publisher in open contracting ids: `ocds-` and six letters or digits.
    pub ocid_prefix: String,
    pub clock: Clock,
}

impl Settings {
    /// Returns all errors, each with the name of the setting. No value is corrected silently.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, fault: String| faults.extend((!holds).then_some(fault));
        let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| self.database.starts_with(scheme));
        require(known, "database: must start with sqlite:// or postgres://".to_owned());
        require(is_web_address(&self.base_url), "base_url: must be an address like https://steerco.example".to_owned());
        require(self.token_seconds > 0, "auth.token_seconds: must be at least 1".to_owned());
        require(self.feed_days > 0, "feed.days: must be at least 1".to_owned());
        let bytes = 1..=CONTENT_MAX;
        require(
            bytes.contains(&self.attachments.max_bytes),
            format!("attachments.max_bytes: must be from 1 to {CONTENT_MAX}"),
        );
        let timeout = (1..=TIMEOUT_MAX).contains(&self.webhooks.timeout_seconds);
        require(timeout, format!("webhooks.timeout_seconds: must be from 1 to {TIMEOUT_MAX}"));
        if let Err(fault) = Guard::new(&self.webhooks.allow) {
            require(false, fault);
        }
        for IssuerConfig { issuer, organisations, greatest_roles, role_map, .. } in &self.issuers {
            for role in greatest_roles.iter().chain(role_map.values()).filter(|role| Role::from_word(role).is_none()) {
                require(
                    false,
                    format!("issuer {issuer}: the role {role} does not exist; roles are {}", Role::choices()),
                );
            }
            for org in organisations.iter().filter(|org| Id::<Organisation>::parse(org).is_err()) {
                require(false, format!("issuer {issuer}: {org} is not the id of an organisation"));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

fn is_web_address(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Size limits of attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// Maximum bytes of one content.
    pub max_bytes: u64,
    /// Maximum bytes of all contents of an organisation. The same content stored twice counts once.
    pub quota_bytes: u64,
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self { max_bytes: 50 << 20, quota_bytes: 10 << 30 }
    }
}

/// Settings of webhook deliveries.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Addresses and ranges inside the network that deliveries may reach, also over http.
    pub allow: Vec<String>,
    /// Seconds to wait before each retry of a delivery that failed.
    pub retry_seconds: Vec<u32>,
    /// Seconds that a receiver has to respond.
    pub timeout_seconds: u32,
}

impl Default for WebhookSettings {
    /// The first attempt at once, then nine retries over more than three days, as Standard Webhooks recommend.
    fn default() -> Self {
        let (minute, hour) = (60, 3_600);
        let retry_seconds =
            vec![5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
        Self { allow: Vec::new(), retry_seconds, timeout_seconds: 20 }
    }
}

//! What the service is opened with.

use steerco_domain::access::Role;
use steerco_domain::attachment::CONTENT_MAX;
use steerco_domain::id::Id;
use steerco_domain::organisation::Organisation;
use steerco_domain::words::Words;

use crate::auth::IssuerConfig;
use crate::clock::Clock;
use crate::webhook_guard::Guard;

/// A message is never on its way for longer than a node has its endpoint to itself.
const TIMEOUT_MAX: u32 = 20;

/// What the service is opened with.
pub struct Settings {
    /// `sqlite://file` or `postgres://…`.
    pub database: String,
    /// Apply migrations at start.
    pub migrate: bool,
    /// URL that names the built-in issuer and the audience of its tokens.
    pub base_url: String,
    /// Trusted issuers beside the built-in one.
    pub issuers: Vec<IssuerConfig>,
    /// Seconds a token of the built-in issuer lives.
    pub token_seconds: u32,
    /// Whether a token that an operator made for a person may approve and accept like that person.
    pub operator_tokens_approve: bool,
    /// Days the feed can be read back.
    pub feed_days: u32,
    /// How much attachments may take.
    pub attachments: AttachmentLimits,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
    /// Prefix of the publisher in open contracting ids, `ocds-` and six letters or digits.
    pub ocid_prefix: String,
    pub clock: Clock,
}

impl Settings {
    /// All that is wrong with them, each with the name of the setting: nothing is put right in silence.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, fault: String| faults.extend((!holds).then_some(fault));
        let known = ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| self.database.starts_with(scheme));
        require(known, "database: starts with sqlite:// or postgres://".to_owned());
        require(is_web_address(&self.base_url), "base_url: must be an address like https://steerco.example".to_owned());
        require(self.token_seconds > 0, "auth.token_seconds: at least 1".to_owned());
        require(self.feed_days > 0, "feed.days: at least 1".to_owned());
        let bytes = 1..=CONTENT_MAX;
        require(bytes.contains(&self.attachments.max_bytes), format!("attachments.max_bytes: 1 to {CONTENT_MAX}"));
        let timeout = (1..=TIMEOUT_MAX).contains(&self.webhooks.timeout_seconds);
        require(timeout, format!("webhooks.timeout_seconds: 1 to {TIMEOUT_MAX}"));
        if let Err(fault) = Guard::new(&self.webhooks.allow) {
            require(false, fault);
        }
        for IssuerConfig { issuer, organisations, greatest_roles, .. } in &self.issuers {
            for role in greatest_roles.iter().filter(|role| Role::from_word(role).is_none()) {
                require(false, format!("issuer {issuer}: there is no role {role}; roles are {}", Role::choices()));
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

/// How much attachments may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// Bytes of one content.
    pub max_bytes: u64,
    /// Bytes of all contents of an organisation; the same content twice counts once.
    pub quota_bytes: u64,
}

impl Default for AttachmentLimits {
    fn default() -> Self {
        Self { max_bytes: 50 << 20, quota_bytes: 10 << 30 }
    }
}

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Addresses and ranges inside the network that may be reached all the same, also by http.
    pub allow: Vec<String>,
    /// Seconds after which a message that was not taken is sent again, one for each time.
    pub retry_seconds: Vec<u32>,
    /// Seconds that a receiver has to answer.
    pub timeout_seconds: u32,
}

impl Default for WebhookSettings {
    /// At once, and then nine times over more than three days: as Standard Webhooks recommend.
    fn default() -> Self {
        let (minute, hour) = (60, 3_600);
        let retry_seconds =
            vec![5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
        Self { allow: Vec::new(), retry_seconds, timeout_seconds: 20 }
    }
}

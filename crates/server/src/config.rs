//! Settings: file below `STEERCO_*` below flags. An unknown key is an error.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use figment::Figment;
use figment::error::Kind;
use figment::providers::Serialized;
use serde::{Deserialize, Serialize};
use steerco_domain::money::Amount;
use steerco_service::auth::IssuerConfig;
use steerco_service::clock::Clock;
use steerco_service::{AttachmentLimits, WebhookSettings};

use crate::cli::Common;
use crate::listen::Limits;
use crate::logs::log_filter;

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address of the one port for REST and gRPC.
    pub listen: SocketAddr,
    /// Folder of the embedded database.
    pub data_dir: PathBuf,
    /// `sqlite://file` or `postgres://…`; the embedded database in `data_dir` when absent.
    pub database: Option<String>,
    /// Where clients reach the service. Names the built-in issuer and the audience of its tokens, so a change makes
    /// older tokens worthless.
    pub base_url: String,
    /// Least level of the log, or directives such as `info,steerco_service=debug`.
    pub log: String,
    #[serde(default)]
    pub tls: Option<Tls>,
    #[serde(default)]
    pub auth: Auth,
    #[serde(default)]
    pub limits: LimitSettings,
    #[serde(default)]
    pub feed: Feed,
    #[serde(default)]
    pub attachments: Attachments,
    #[serde(default)]
    pub webhooks: Webhooks,
    #[serde(default)]
    pub open_contracting: OpenContracting,
}

/// Certificate and key of the port.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file of the certificate chain.
    pub certificate: PathBuf,
    /// PEM file of the key.
    pub key: PathBuf,
}

/// Who is trusted.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// Seconds a token of the built-in issuer lives.
    pub token_seconds: u32,
    /// Whether a token that an operator made for a person may approve and accept like that person.
    pub operator_tokens_approve: bool,
    /// The amount, in units of any currency, that a role without an authority limit may decide on.
    pub default_authority: Amount,
    /// Trusted issuers beside the built-in one.
    #[serde(skip_serializing)]
    pub issuers: Vec<IssuerConfig>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            token_seconds: 3600,
            operator_tokens_approve: false,
            default_authority: Amount::default(),
            issuers: Vec::new(),
        }
    }
}

/// What the service lets through.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Requests a second from one caller.
    pub requests_per_second: NonZeroU32,
    /// Requests a caller may send at once before the rate counts.
    pub burst: NonZeroU32,
    /// Requests for a token a second, and at once, from one address.
    pub tokens_per_second: NonZeroU32,
    /// Requests that may run at the same time.
    pub concurrency: usize,
    /// Requests of one caller that may run at the same time.
    pub concurrency_per_caller: usize,
    /// Seconds a REST request may take.
    pub request_seconds: u64,
    /// Connections at the same time.
    pub connections: usize,
    /// Connections at the same time from one address.
    pub connections_per_peer: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        let options = steerco_api::Options::default();
        let limits = Limits::default();
        Self {
            requests_per_second: options.rate_per_second,
            burst: options.rate_burst,
            tokens_per_second: options.tokens_per_second,
            concurrency: options.concurrency,
            concurrency_per_caller: options.concurrency_per_caller,
            request_seconds: options.request_timeout.as_secs(),
            connections: limits.max_connections,
            connections_per_peer: limits.max_connections_per_peer,
        }
    }
}

/// How contracting processes are published.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenContracting {
    /// The prefix that the publisher has registered, `ocds-` and six letters or digits. The default is nobody's.
    pub ocid_prefix: OcidPrefix,
}

impl Default for OpenContracting {
    fn default() -> Self {
        Self { ocid_prefix: OcidPrefix("ocds-000000".to_owned()) }
    }
}

/// `ocds-` and six lower-case letters or digits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct OcidPrefix(pub String);

impl TryFrom<String> for OcidPrefix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let of = text.strip_prefix("ocds-").unwrap_or_default();
        let right = of.len() == 6 && of.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if right { Ok(Self(text)) } else { Err("must be ocds- and six lower-case letters or digits".to_owned()) }
    }
}

/// How far the change feed reaches back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feed {
    /// Days after which a cursor expires. The log itself is kept.
    pub days: u32,
}

impl Default for Feed {
    fn default() -> Self {
        Self { days: 400 }
    }
}

/// How much attachments may take.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attachments {
    /// Bytes of one content, 2 GiB at most.
    pub max_bytes: u64,
    /// Bytes of all contents of an organisation; the same content twice counts once.
    pub quota_bytes: u64,
}

impl Default for Attachments {
    fn default() -> Self {
        let AttachmentLimits { max_bytes, quota_bytes } = AttachmentLimits::default();
        Self { max_bytes, quota_bytes }
    }
}

/// How webhooks are sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// Addresses and ranges inside the network that may be reached all the same, also by http.
    pub allow: Vec<String>,
    /// Seconds after which a message that was not taken is sent again, one for each time.
    pub retry_seconds: Vec<u32>,
    /// Seconds that a receiver has to answer, 20 at most.
    pub timeout_seconds: u32,
}

impl Default for Webhooks {
    fn default() -> Self {
        let WebhookSettings { allow, retry_seconds, timeout_seconds } = WebhookSettings::default();
        Self { allow, retry_seconds, timeout_seconds }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("steerco-data"),
            database: None,
            base_url: "http://127.0.0.1:8080".to_owned(),
            log: "info".to_owned(),
            tls: None,
            auth: Auth::default(),
            limits: LimitSettings::default(),
            feed: Feed::default(),
            open_contracting: OpenContracting::default(),
            attachments: Attachments::default(),
            webhooks: Webhooks::default(),
        }
    }
}

/// Variables that are not settings.
const NOT_SETTINGS: &[&str] = &[
    "STEERCO_CONFIG",
    "STEERCO_TEST_ALL",
    "STEERCO_POSTGRES_BIN",
    // Of the client: a shell that calls one server may start another.
    "STEERCO_SERVER",
    "STEERCO_TOKEN",
    "STEERCO_TOKEN_FILE",
    "STEERCO_CLIENT_ID",
    "STEERCO_CLIENT_SECRET",
    "STEERCO_CLIENT_SECRET_FILE",
    "STEERCO_PROFILE",
    "STEERCO_CA_FILE",
];

impl Config {
    /// Reads file, environment and flags, in this order of growing weight.
    pub fn load(common: &Common, environment: impl Iterator<Item = (OsString, OsString)>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = &common.config {
            if !file.exists() {
                bail!("there is no settings file {}", file.display());
            }
            figment = figment.merge(Serialized::defaults(read_toml(file)?));
        }
        let from_environment = read_environment(environment)?;
        figment = figment.merge(Serialized::defaults(from_environment));
        let mut flags = BTreeMap::new();
        if let Some(listen) = common.listen {
            flags.insert("listen", listen.to_string());
        }
        if let Some(dir) = &common.data_dir {
            flags.insert("data_dir", dir.display().to_string());
        }
        if let Some(database) = &common.database {
            flags.insert("database", database.clone());
        }
        let config: Self = figment.merge(Serialized::defaults(flags)).extract().map_err(refuse)?;
        config.check()?;
        Ok(config)
    }

    /// What no type says: all that would be refused when it is served.
    fn check(&self) -> anyhow::Result<()> {
        let database = self.database.clone().unwrap_or_else(|| "sqlite://".to_owned());
        let mut faults = self.settings_on(database, false).check().err().unwrap_or_default();
        let LimitSettings {
            concurrency,
            concurrency_per_caller,
            request_seconds,
            connections,
            connections_per_peer,
            ..
        } = self.limits;
        let least = [
            ("concurrency", concurrency == 0),
            ("concurrency_per_caller", concurrency_per_caller == 0),
            ("request_seconds", request_seconds == 0),
            ("connections", connections == 0),
            ("connections_per_peer", connections_per_peer == 0),
        ];
        faults.extend(least.iter().filter(|(_, none)| *none).map(|(name, _)| format!("limits.{name}: at least 1")));
        faults.extend(log_filter(&self.log).err().map(|error| format!("log: {error}")));
        if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("; ")) }
    }

    /// The database's address; the folder of an embedded one is made.
    pub fn database_url(&self) -> anyhow::Result<String> {
        if let Some(url) = &self.database {
            return Ok(url.clone());
        }
        make_private_dir(&self.data_dir)?;
        Ok(format!("sqlite://{}", self.data_dir.join("steerco.db").display()))
    }

    pub fn settings(&self, migrate: bool) -> anyhow::Result<steerco_service::Settings> {
        Ok(self.settings_on(self.database_url()?, migrate))
    }

    fn settings_on(&self, database: String, migrate: bool) -> steerco_service::Settings {
        steerco_service::Settings {
            database,
            migrate,
            base_url: self.base_url.clone(),
            issuers: self.auth.issuers.clone(),
            token_seconds: self.auth.token_seconds,
            operator_tokens_approve: self.auth.operator_tokens_approve,
            default_authority: self.auth.default_authority,
            feed_days: self.feed.days,
            attachments: AttachmentLimits {
                max_bytes: self.attachments.max_bytes,
                quota_bytes: self.attachments.quota_bytes,
            },
            webhooks: WebhookSettings {
                allow: self.webhooks.allow.clone(),
                retry_seconds: self.webhooks.retry_seconds.clone(),
                timeout_seconds: self.webhooks.timeout_seconds,
            },
            ocid_prefix: self.open_contracting.ocid_prefix.0.clone(),
            clock: Clock::system(),
        }
    }

    pub fn options(&self) -> steerco_api::Options {
        steerco_api::Options {
            base_url: self.base_url.clone(),
            rate_per_second: self.limits.requests_per_second,
            rate_burst: self.limits.burst,
            tokens_per_second: self.limits.tokens_per_second,
            concurrency: self.limits.concurrency,
            concurrency_per_caller: self.limits.concurrency_per_caller,
            request_timeout: Duration::from_secs(self.limits.request_seconds),
            ..steerco_api::Options::default()
        }
    }

    pub fn connection_limits(&self) -> Limits {
        Limits {
            max_connections: self.limits.connections,
            max_connections_per_peer: self.limits.connections_per_peer,
            ..Limits::default()
        }
    }
}

/// What a file of settings holds.
pub(crate) fn read_toml(file: &Path) -> anyhow::Result<toml::Table> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    text.parse().map_err(|error| anyhow!("{}: {error}", file.display()))
}

/// What is wrong with the settings, in their own words: figment would name profiles and places in this source.
fn refuse(error: figment::Error) -> anyhow::Error {
    let faults = error.into_iter().map(|fault| {
        let at = fault.path.join(".");
        match &fault.kind {
            Kind::UnknownField(_, known) => format!("unknown setting {at:?}, expected one of {}", known.join(", ")),
            Kind::MissingField(name) if at.is_empty() => format!("missing setting {name:?}"),
            Kind::MissingField(name) => format!("missing setting \"{at}.{name}\""),
            kind if at.is_empty() => format!("settings: {kind}"),
            kind => format!("setting {at:?}: {kind}"),
        }
    });
    anyhow!(faults.collect::<Vec<_>>().join("; "))
}

/// The folder holds keys and data: nobody else reads it.
fn make_private_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if dir.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("the data folder {} cannot be made", dir.display()))
}

/// `STEERCO_AUTH__TOKEN_SECONDS=60` sets `auth.token_seconds`; `STEERCO_DATABASE_FILE` names a file with the value. Of
/// two that set the same, or one a part of what the other sets, nobody could say which counts.
fn read_environment(environment: impl Iterator<Item = (OsString, OsString)>) -> anyhow::Result<serde_json::Value> {
    let mut root = serde_json::Map::new();
    let mut given: Vec<(Vec<String>, String)> = Vec::new();
    for (name, value) in environment {
        let Ok(name) = name.into_string() else { continue };
        let Some(key) = name.strip_prefix("STEERCO_").filter(|_| !NOT_SETTINGS.contains(&name.as_str())) else {
            continue;
        };
        let value = value.into_string().map_err(|_| anyhow!("{name} is not UTF-8"))?;
        let (key, value) = match key.strip_suffix("_FILE") {
            Some(key) => {
                let read = std::fs::read_to_string(&value).with_context(|| format!("{name} names {value}"))?;
                (key, read.trim_end().to_owned())
            }
            None => (key, value),
        };
        let path: Vec<String> = key.to_lowercase().split("__").map(str::to_owned).collect();
        if let Some((_, other)) = given.iter().find(|(known, _)| known.starts_with(&path) || path.starts_with(known)) {
            bail!("{other} and {name} set the same setting: give one of them");
        }
        // `null` is no value: absent is what is not given.
        let read = serde_json::from_str(&value).ok().filter(|value: &serde_json::Value| !value.is_null());
        insert(&mut root, &path, read.unwrap_or(serde_json::Value::String(value)));
        given.push((path, name));
    }
    Ok(serde_json::Value::Object(root))
}

fn insert(map: &mut serde_json::Map<String, serde_json::Value>, path: &[String], value: serde_json::Value) {
    match path {
        [] => {}
        [last] => {
            map.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let below = map.entry(first.clone()).or_insert_with(|| serde_json::json!({}));
            if let Some(below) = below.as_object_mut() {
                insert(below, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Opening the service, and its hourly jobs.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use steerco_domain::Error;
use steerco_persistence::{Database, Fail};

use crate::auth::{SigningKey, Verifier};
use crate::features::FEATURES;
use crate::service::{Inner, Service};
use crate::settings::Settings;
use crate::token::Sealer;
use crate::webhook_sender::Webhooks;

impl Service {
    /// Opens the database, creates or reads the keys of the server, and reads the keys of the trusted issuers.
    pub fn open(settings: Settings) -> BoxFuture<'static, Result<Self, String>> {
        Box::pin(async move {
            settings.check().map_err(|faults| faults.join("; "))?;
            let Settings {
                database,
                migrate,
                base_url,
                issuers,
                token_seconds,
                operator_tokens_approve,
                default_authority,
                feed_days,
                ocid_prefix,
                attachments,
                webhooks,
                clock,
            } = settings;
            let database = Database::open(&database, migrate).await?;
            let now = clock.now();
            let encoded = |bytes: Vec<u8>| STANDARD.encode(bytes);
            let signing = database.server_keys("signing", now, || SigningKey::generate_pkcs8().map(encoded)).await?;
            let cursor = database.server_keys("cursor", now, || Ok(encoded(clock.random::<32>().to_vec()))).await?;
            let decode = |keys: &[String]| {
                let newest = keys.first().ok_or("the database returned no server key")?;
                STANDARD.decode(newest).map_err(|_| "a server key in the database is not base64")
            };
            let signing = SigningKey::from_pkcs8(&decode(&signing)?)?;
            let sealer = Sealer::new(&decode(&cursor)?)?;
            let verifier = Verifier::new(base_url.clone(), base_url.clone(), vec![signing.public_key()], issuers)?;
            verifier.refresh().await;
            let node = URL_SAFE_NO_PAD.encode(clock.random::<12>());
            let webhooks = Webhooks::new(webhooks, node)?;
            let stopping = tokio::sync::watch::Sender::new(false);
            let inner = Inner {
                features: FEATURES,
                database,
                clock,
                sealer,
                signing,
                verifier,
                base_url,
                token_seconds,
                operator_tokens_approve,
                default_authority,
                feed_days,
                attachments,
                webhooks,
                ocid_prefix,
                stopping,
            };
            Ok(Self { inner: Arc::new(inner) })
        })
    }

    /// Hourly jobs: deletes expired stored responses and reads the keys of trusted issuers again.
    pub fn run_jobs(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            const KEPT_MICROS: i64 = 48 * 3_600 * 1_000_000;
            self.inner.verifier.refresh().await;
            let before = steerco_domain::time::Instant::from_micros(self.inner.clock.now().micros() - KEPT_MICROS);
            for org in self.inner.database.organisations().await.map_err(Fail::into_error)? {
                self.inner.database.forget_answers(&org, before).await.map_err(Fail::into_error)?;
                self.inner.database.forget_webhooks(&org, self.oldest()).await.map_err(Fail::into_error)?;
            }
            Ok(())
        })
    }
}

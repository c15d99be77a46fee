//! The service as it is in production, on a port of its own in this process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use steerco_api::Options;
use steerco_domain::money::Amount;
use steerco_server::listen;
use steerco_service::auth::IssuerConfig;
use steerco_service::clock::Clock;
use steerco_service::{AttachmentLimits, Service, Settings, WebhookSettings};
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, OnceCell, oneshot};
use tonic::transport::{Channel, Endpoint};

use crate::folder::Folder;
use crate::{Engine, postgres};

/// The runtime of every scenario: servers and connections outlive the test that opened them.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).thread_stack_size(8 << 20).enable_all().build().expect("a runtime")
    });
    &RUNTIME
}

/// What a server is started with.
pub struct Setup {
    pub clock: Clock,
    /// Days the feed can be read back.
    pub feed_days: u32,
    /// Whether the tokens that scenarios make may accept.
    pub operator_tokens_approve: bool,
    /// What a role without an authority limit may decide on: anything, in most scenarios.
    pub default_authority: Amount,
    /// Trusted issuers beside the built-in one.
    pub issuers: Vec<IssuerConfig>,
    /// How much attachments may take.
    pub attachments: AttachmentLimits,
    /// How webhooks are sent; receivers of scenarios are on this machine.
    pub webhooks: WebhookSettings,
    pub options: Options,
    pub limits: listen::Limits,
}

impl Default for Setup {
    /// As in production, but for the rate of callers: tests are quicker than people.
    fn default() -> Self {
        let plenty = NonZeroU32::new(1_000_000).expect("not zero");
        let options =
            Options { rate_per_second: plenty, rate_burst: plenty, tokens_per_second: plenty, ..Options::default() };
        Self {
            clock: Clock::system(),
            feed_days: 400,
            operator_tokens_approve: true,
            default_authority: Amount::new(i64::MAX),
            issuers: Vec::new(),
            attachments: AttachmentLimits::default(),
            webhooks: WebhookSettings { allow: vec!["127.0.0.0/8".to_owned()], ..WebhookSettings::default() },
            options,
            limits: listen::Limits::default(),
        }
    }
}

/// A running server on a fresh database. Dropping it stops it.
pub struct Server {
    pub engine: Engine,
    /// `http://127.0.0.1:port`.
    pub url: String,
    pub service: Service,
    /// Address of its database, for the tools of an operator.
    pub database_url: String,
    /// One HTTP/2 connection for all gRPC clients.
    pub(crate) channel: Channel,
    pub(crate) http: reqwest::Client,
    pub(crate) stranger: crate::world::Stranger,
    stop: Option<oneshot::Sender<()>>,
    _folder: Option<Folder>,
    _database: Option<postgres::Database>,
}

/// Servers that scenarios of a database share, by turns: those that are under way at one time shall not wait for each
/// other's connections until they are refused.
const SHARED: usize = 2;

/// Servers of a database, by turns.
type Shared = HashMap<(Engine, usize), Arc<Server>>;

impl Server {
    /// A server that scenarios on this database share; `None` where it is not installed.
    pub async fn shared(engine: Engine) -> Option<Arc<Self>> {
        static ALL: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let which = (engine, TURN.fetch_add(1, Ordering::Relaxed) % SHARED);
        let mut all = ALL.lock().await;
        if let Some(server) = all.get(&which) {
            return Some(Arc::clone(server));
        }
        let server = Arc::new(Self::start(engine, Setup::default()).await?);
        all.insert(which, Arc::clone(&server));
        Some(server)
    }

    /// A server of the caller's own; `None` where the database is not installed.
    pub async fn start(engine: Engine, setup: Setup) -> Option<Self> {
        let (database_url, folder, database) = match engine {
            Engine::Sqlite => {
                let folder = Folder::create();
                let file = folder.path().join("steerco.db");
                std::fs::copy(template_file().await, &file).expect("a copy");
                (sqlite(&file), Some(folder), None)
            }
            Engine::Postgres => {
                let database = postgres::shared()?.create_database_from(template_database().await);
                (database.url.clone(), None, Some(database))
            }
        };
        Some(Self::on(engine, database_url, setup, (folder, database)).await)
    }

    /// A server on a new database of this PostgreSQL.
    pub async fn start_in(server: &postgres::Server, setup: Setup) -> Self {
        let database = server.create_database();
        Self::on(Engine::Postgres, database.url.clone(), setup, (None, Some(database))).await
    }

    /// Another node on the database of this one, which must live longer; its tokens are its own.
    pub async fn beside(&self) -> Self {
        assert_eq!(self.engine, Engine::Postgres, "an embedded database has one node");
        Self::on(self.engine, self.database_url.clone(), Setup::default(), (None, None)).await
    }

    async fn on(
        engine: Engine,
        database_url: String,
        setup: Setup,
        (folder, database): (Option<Folder>, Option<postgres::Database>),
    ) -> Self {
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let settings = Settings {
            database: database_url.clone(),
            migrate: true,
            base_url: url.clone(),
            issuers: setup.issuers,
            token_seconds: 3600,
            feed_days: setup.feed_days,
            ocid_prefix: "ocds-a1b2c3".to_owned(),
            operator_tokens_approve: setup.operator_tokens_approve,
            default_authority: setup.default_authority,
            attachments: setup.attachments,
            webhooks: setup.webhooks,
            clock: setup.clock,
        };
        let service = Service::open(settings).await.expect("the service opens");
        let app = steerco_api::app(service.clone(), setup.options);
        let sending = service.clone();
        tokio::spawn(async move { sending.send_webhooks().await });
        let (stop, stopped) = oneshot::channel();
        let signal = service.stop_signal();
        tokio::spawn(async move {
            let shutdown = async move {
                let _ = stopped.await;
                signal.stop();
            };
            listen::serve(listener, None, app, setup.limits, shutdown).await
        });
        Self {
            engine,
            channel: Endpoint::from_shared(url.clone()).expect("a URL").connect_lazy(),
            // The server lets go of what is idle for ten seconds; a request must not meet that.
            http: reqwest::Client::builder()
                .no_proxy()
                .pool_idle_timeout(Duration::from_secs(5))
                .build()
                .expect("an HTTP client"),
            url,
            service,
            database_url,
            stranger: crate::world::Stranger::new(),
            stop: Some(stop),
            _folder: folder,
            _database: database,
        }
    }

    /// Chain, versions and rows of an organisation against its log: what `steerco verify` finds.
    pub async fn faults(&self, org: &str) -> Vec<String> {
        let reports = steerco_service::operator::verify_database(self.service.database(), Some(org)).await;
        let reports = reports.expect("verification runs");
        assert_eq!(reports.len(), 1, "the organisation is there");
        reports.into_iter().flat_map(|(_, report)| report.faults).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

fn sqlite(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// A migrated `SQLite` database to copy: migrating takes longer than most scenarios.
async fn template_file() -> &'static Path {
    static TEMPLATE: OnceCell<(Folder, PathBuf)> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let folder = Folder::create();
        let opened = steerco_persistence::Database::open(&sqlite(&folder.path().join("migrated.db")), true).await;
        let file = folder.path().join("template.db");
        opened.expect("migrations apply").backup(&file).await.expect("a copy");
        (folder, file)
    });
    &template.await.1
}

/// The same of `PostgreSQL`.
async fn template_database() -> &'static str {
    static TEMPLATE: OnceCell<postgres::Database> = OnceCell::const_new();
    let template = TEMPLATE.get_or_init(async || {
        let server = postgres::shared().expect("asked for before");
        let database = server.create_database();
        let opened = steerco_persistence::Database::open(&database.url, true).await;
        drop(opened.expect("migrations apply"));
        // Nobody may be connected to what is copied, and a pool closes its connections in its own time.
        let end = format!(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{}'",
            database.name
        );
        server.psql("postgres", &end).expect("connections end");
        database
    });
    &template.await.name
}

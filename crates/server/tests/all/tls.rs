//! TLS: the client crate, and the command line that stands on it, against a server that speaks nothing else.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::Duration;

use futures::stream;
use steerco_client::v1::grant_service_client::GrantServiceClient;
use steerco_client::v1::service_account_service_client::ServiceAccountServiceClient;
use steerco_client::v1::source_service_client::SourceServiceClient;
use steerco_client::v1::{
    CreateGrantRequest, CreateServiceAccountRequest, CreateSourceRequest, Grant, IssueSecretServiceAccountRequest,
    ListRequest, Role, ServiceAccount, Source, WatchRequest,
};
use steerco_client::{Builder, Client, Error, Record, Retry, Token, Upsert};

use crate::process::{Process, free_address, organisation};

/// A server with a certificate that nobody else vouches for.
struct World {
    folder: tempfile::TempDir,
    address: SocketAddr,
    authority: String,
    token: String,
    _process: Process,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("x.db").display());
        let (_, token) = organisation(&database);
        let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let [certificate, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name).display().to_string());
        let authority = pair.cert.pem();
        std::fs::write(&certificate, &authority).unwrap();
        std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
        let address = free_address();
        let settings = [("STEERCO_TLS__CERTIFICATE", certificate.as_str()), ("STEERCO_TLS__KEY", key.as_str())];
        let process = Process::spawn_at(address, &database, folder.path(), &settings);
        let world = Self { folder, address, authority, token, _process: process };
        // It is there once it answers.
        assert_eq!(world.sources(&world.client(Token::Text(world.token.clone()))).await.unwrap(), 0);
        world
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    fn client(&self, token: Token) -> Client {
        let patient = Retry { attempts: 200, first: Duration::from_millis(50), longest: Duration::from_millis(100) };
        Client::builder(self.url()).authority(self.authority.clone()).token(token).retry(patient).build().unwrap()
    }

    async fn sources(&self, client: &Client) -> Result<usize, Error> {
        client.list::<Source>(ListRequest::default()).all().await.map(|sources| sources.len())
    }

    /// What a client is told that tries once.
    async fn refused(&self, builder: Builder) -> Error {
        let once = Retry { attempts: 1, ..Retry::default() };
        let client = builder.token(Token::Text(self.token.clone())).retry(once).build().unwrap();
        self.sources(&client).await.unwrap_err()
    }

    fn steerco(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_steerco"));
        command.args(arguments).env("STEERCO_SERVER", self.url()).env("STEERCO_TOKEN", &self.token);
        command.env("STEERCO_CA_FILE", self.folder.path().join("cert.pem")).env("XDG_CONFIG_HOME", self.folder.path());
        command
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_reads_writes_streams_and_follows_over_tls() {
    let world = World::new().await;
    let client = world.client(Token::Text(world.token.clone()));
    let source = Source { code: "jira".into(), name: "Tracker".into(), ..Source::default() };
    let request = CreateSourceRequest { source: Some(source), ..CreateSourceRequest::default() };
    SourceServiceClient::new(client.clone()).create_source(request).await.unwrap();
    let others = || {
        stream::iter((0..10).map(|n| {
            let source = Source { code: format!("s{n}"), name: "Tracker".into(), ..Source::default() };
            Ok(Record::new(format!("S-{n}"), &source))
        }))
    };
    let how = Upsert { source: "jira".into(), ..Upsert::default() };
    assert_eq!(client.upsert::<Source, _>(&how, others).await.unwrap().counts.created, 10);
    let mut watch = client.watch(WatchRequest { kinds: vec!["source".into()], ..WatchRequest::default() });
    let mut seen = 0;
    while seen < 11 {
        seen += watch.next().await.unwrap().events.len();
    }

    // Tokens come by the same way.
    let account = ServiceAccount { name: "Tool".into(), ..ServiceAccount::default() };
    let request =
        CreateServiceAccountRequest { service_account: Some(account), ..CreateServiceAccountRequest::default() };
    let mut accounts = ServiceAccountServiceClient::new(client.clone());
    let account = accounts.create_service_account(request).await.unwrap().into_inner().id;
    let mut grant = Grant { service_account_id: Some(account.clone()), ..Grant::default() };
    grant.set_role(Role::Integration);
    let request = CreateGrantRequest { grant: Some(grant), ..CreateGrantRequest::default() };
    GrantServiceClient::new(client.clone()).create_grant(request).await.unwrap();
    let request = IssueSecretServiceAccountRequest { id: account, ..IssueSecretServiceAccountRequest::default() };
    let issued = accounts.issue_secret_service_account(request).await.unwrap().into_inner();
    let (client_id, client_secret) = (issued.client_id, issued.client_secret.unwrap());
    let tool = world.client(Token::Credentials { client_id, client_secret });
    assert_eq!(world.sources(&tool).await.unwrap(), 11);
    assert!(tool.access_token().await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let world = World::new().await;
    let own = || world.authority.clone();
    let unknown = world.refused(Client::builder(world.url())).await;
    assert!(matches!(&unknown, Error::Unreachable(why) if why.contains("certificate")), "{unknown}");
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap().cert.pem();
    let foreign = world.refused(Client::builder(world.url()).authority(other)).await;
    assert!(foreign.to_string().contains("certificate"), "{foreign}");
    let elsewhere = world.url().replace("127.0.0.1", "localhost");
    let misnamed = world.refused(Client::builder(elsewhere).authority(own())).await;
    assert!(misnamed.to_string().contains("certificate"), "{misnamed}");
    let plain = world.refused(Client::builder(world.url().replace("https", "http")).authority(own())).await;
    assert!(matches!(plain, Error::Unreachable(_)), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_trusts_the_authority_it_is_told() {
    let world = World::new().await;
    let health = world.steerco(&["health"]).output().unwrap();
    assert!(health.status.success(), "{}", text(&health));
    let listed = world.steerco(&["list", "person", "-o", "json"]).output().unwrap();
    assert!(listed.status.success() && text(&listed).contains("Ada"), "{}", text(&listed));
    // The feed comes over gRPC.
    let followed = world.steerco(&["watch", "--until-now"]).output().unwrap();
    assert!(followed.status.success() && text(&followed).contains("organisation"), "{}", text(&followed));
    let stranger = world.steerco(&["health"]).env_remove("STEERCO_CA_FILE").output().unwrap();
    assert_eq!(stranger.status.code(), Some(7), "{}", text(&stranger));
}

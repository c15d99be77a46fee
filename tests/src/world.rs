//! An organisation with a caller for every role.

use std::sync::Arc;

use serde_json::{Value, json};
use steerco_domain::access::Role;
use steerco_service::operator::{Bootstrap, Mint};
use tokio::sync::OnceCell;

use crate::{Client, Door, Engine, Server, Setup};

/// Who calls: one for each role, and somebody from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Admin,
    Director,
    /// Over [`World::program`] alone.
    ProgramManager,
    Finance,
    Executive,
    /// A service account that writes under [`World::SOURCE`].
    Integration,
    /// A service account of the partner [`World::partner`].
    Vendor,
    Auditor,
    /// Director and admin of another organisation.
    Stranger,
}

impl Who {
    pub const ALL: [Self; 9] = [
        Self::Admin,
        Self::Director,
        Self::ProgramManager,
        Self::Finance,
        Self::Executive,
        Self::Integration,
        Self::Vendor,
        Self::Auditor,
        Self::Stranger,
    ];

    /// The role in the table of permissions; of a stranger, the greatest.
    pub const fn role(self) -> Role {
        match self {
            Self::Admin => Role::Admin,
            Self::Director | Self::Stranger => Role::Director,
            Self::ProgramManager => Role::ProgramManager,
            Self::Finance => Role::Finance,
            Self::Executive => Role::Executive,
            Self::Integration => Role::Integration,
            Self::Vendor => Role::Vendor,
            Self::Auditor => Role::Auditor,
        }
    }
}

/// An organisation of a scenario's own.
#[derive(Clone)]
pub struct World {
    pub door: Door,
    pub server: Arc<Server>,
    pub org: String,
    /// Portfolio of both programs.
    pub portfolio: String,
    /// The program in the reach of the program manager.
    pub program: String,
    /// A program beyond it.
    pub other_program: String,
    /// The partner of the vendor.
    pub partner: String,
    /// An engagement with that partner in force, which serves the first program.
    pub engagement: String,
    /// Id of the source [`World::SOURCE`].
    pub source_id: String,
    /// Person or service account by [`Who`], in the order of [`Who::ALL`].
    ids: Vec<String>,
    stranger_org: String,
}

/// Long enough for any test, also with a clock that is moved by weeks.
const TOKEN_SECONDS: u32 = 400 * 86_400;

impl World {
    /// Code of the source that the integration writes under.
    pub const SOURCE: &'static str = "jira";

    /// A new organisation on the server that all scenarios of this database share; `None` where it is not installed.
    pub async fn new(door: Door, engine: Engine) -> Option<Self> {
        Some(Self::on(door, Server::shared(engine).await?).await)
    }

    /// The same on a server of its own, with settings of its own.
    pub async fn alone(door: Door, engine: Engine, setup: Setup) -> Option<Self> {
        Some(Self::on(door, Arc::new(Server::start(engine, setup).await?)).await)
    }

    /// A new organisation on this server.
    pub async fn on(door: Door, server: Arc<Server>) -> Self {
        let (org, admin) = bootstrap(&server, "Scenario", vec![Role::Admin]).await;
        let stranger = stranger(&server).await;
        let mut world = Self {
            door,
            server,
            org,
            portfolio: String::new(),
            program: String::new(),
            other_program: String::new(),
            partner: String::new(),
            engagement: String::new(),
            source_id: String::new(),
            ids: vec![String::new(); Who::ALL.len()],
            stranger_org: stranger.0,
        };
        world.ids[Who::Admin as usize] = admin;
        world.ids[Who::Stranger as usize] = stranger.1;
        // Each token is made and checked once.
        let admin = world.client(Who::Admin);
        world.add_accounts(&admin).await;
        let director = world.client(Who::Director);
        world.add_programs(&director).await;
        world.add_narrow_grants(&admin).await;
        world.engagement = engagement(&director, &world.program, &world.partner).await;
        world
    }

    async fn add_accounts(&mut self, admin: &Client) {
        let people = [Who::Director, Who::ProgramManager, Who::Finance, Who::Executive, Who::Auditor];
        let create: Vec<Value> = people
            .iter()
            .map(|who| json!({"create": {"name": format!("{who:?}"), "email": "x@example.org"}}))
            .collect();
        let made = admin.batch("person", json!({"items": create})).await.unwrap();
        for (who, result) in people.iter().zip(made.items()) {
            self.ids[*who as usize] = text(&result["resource"]["id"]);
        }
        let source = admin.create("source", json!({"code": Self::SOURCE, "name": "Tracker"})).await.unwrap();
        source.id().clone_into(&mut self.source_id);
        let items = json!([
            {"create": {"name": "Sync", "source_ids": [self.source_id]}},
            {"create": {"name": "Partner"}},
        ]);
        let made = admin.batch("service_account", json!({"items": items})).await.unwrap();
        self.ids[Who::Integration as usize] = text(&made.items()[0]["resource"]["id"]);
        self.ids[Who::Vendor as usize] = text(&made.items()[1]["resource"]["id"]);
        let grants = json!([
            {"create": {"person_id": self.id(Who::Director), "role": "director"}},
            {"create": {"person_id": self.id(Who::Finance), "role": "finance"}},
            {"create": {"person_id": self.id(Who::Executive), "role": "executive"}},
            {"create": {"person_id": self.id(Who::Auditor), "role": "auditor"}},
            {"create": {"service_account_id": self.id(Who::Integration), "role": "integration"}},
        ]);
        admin.batch("grant", json!({"items": grants})).await.unwrap();
    }

    async fn add_programs(&mut self, director: &Client) {
        let partner = json!({"name": "Acme", "kind": "vendor"});
        director.create("partner", partner).await.unwrap().id().clone_into(&mut self.partner);
        let portfolio = json!({"code": "capital", "name": "Capital works", "base_currency": "EUR"});
        director.create("portfolio", portfolio).await.unwrap().id().clone_into(&mut self.portfolio);
        let program = |code: &str| json!({"create": {"portfolio_id": self.portfolio, "code": code, "name": code, "currency": "EUR"}});
        let made = director.batch("program", json!({"items": [program("schools"), program("roads")]})).await.unwrap();
        self.program = text(&made.items()[0]["resource"]["id"]);
        self.other_program = text(&made.items()[1]["resource"]["id"]);
    }

    /// Grants over what there is by now.
    async fn add_narrow_grants(&self, admin: &Client) {
        let (vendor, manager) = (self.id(Who::Vendor), self.id(Who::ProgramManager));
        let grants = json!([
            {"create": {"service_account_id": vendor, "role": "vendor", "partner_id": self.partner}},
            {"create": {"person_id": manager, "role": "program_manager", "program_id": self.program}},
        ]);
        admin.batch("grant", json!({"items": grants})).await.unwrap();
    }

    /// The same at another node.
    #[must_use]
    pub fn at(&self, server: Server) -> Self {
        Self { server: Arc::new(server), ..self.clone() }
    }

    /// The id of a person or service account.
    pub fn id(&self, who: Who) -> &str {
        &self.ids[who as usize]
    }

    /// The organisation that a caller's token names.
    pub fn org_of(&self, who: Who) -> &str {
        if who == Who::Stranger { &self.stranger_org } else { &self.org }
    }

    /// A caller at the scenario's door.
    pub fn client(&self, who: Who) -> Client {
        let partner = (who == Who::Vendor).then(|| self.partner.clone());
        self.caller(self.mint(self.org_of(who), self.id(who), |mint| mint.partner_id = partner))
    }

    /// Somebody with no grants yet, or grants that the scenario makes.
    pub fn client_of(&self, account: &str) -> Client {
        self.caller(self.mint(&self.org, account, |_| ()))
    }

    /// A caller with this token.
    pub fn caller(&self, token: String) -> Client {
        Client::new(self.door, Arc::clone(&self.server), Some(token))
    }

    /// A caller without a token.
    pub fn nobody(&self) -> Client {
        Client::new(self.door, Arc::clone(&self.server), None)
    }

    /// A token as an operator makes it, narrowed by `change`.
    pub fn mint(&self, org: &str, subject: &str, change: impl FnOnce(&mut Mint)) -> String {
        let mut mint =
            Mint { org: org.to_owned(), subject: subject.to_owned(), seconds: TOKEN_SECONDS, ..Mint::default() };
        change(&mut mint);
        self.server.service.mint(&mint)
    }

    /// A threat in the first program, judged by nobody yet.
    pub async fn risk(&self, title: &str) -> String {
        let body = json!({"program_id": self.program, "title": title, "kind": "threat"});
        self.client(Who::Director).create("risk", body).await.unwrap().id().to_owned()
    }

    /// A project in the first program.
    pub async fn project(&self, code: &str) -> String {
        let body = json!({"program_id": self.program, "code": code, "name": code});
        self.client(Who::Director).create("project", body).await.unwrap().id().to_owned()
    }

    /// A vendor's account of this partner.
    pub async fn vendor_of(&self, partner: &str) -> Client {
        let admin = self.client(Who::Admin);
        let account = admin.create("service_account", json!({"name": "Portal"})).await.unwrap().id().to_owned();
        let grant = json!({"service_account_id": account, "role": "vendor", "partner_id": partner});
        admin.create("grant", grant).await.unwrap();
        self.caller(self.mint(&self.org, &account, |mint| mint.partner_id = Some(partner.to_owned())))
    }

    /// A partner.
    pub async fn new_partner(&self, name: &str) -> String {
        let body = json!({"name": name, "kind": "vendor"});
        self.client(Who::Director).create("partner", body).await.unwrap().id().to_owned()
    }

    /// A draft of an engagement with this partner, which serves the first program.
    pub async fn new_draft(&self, partner: &str) -> String {
        draft(&self.client(Who::Director), &self.program, partner).await
    }

    /// The same in force.
    pub async fn new_engagement(&self, partner: &str) -> String {
        engagement(&self.client(Who::Director), &self.program, partner).await
    }

    /// Panics unless chain, versions and rows of the organisation agree.
    pub async fn verify(&self) {
        assert_eq!(self.faults().await, Vec::<String>::new());
    }

    /// What of the organisation does not agree.
    pub async fn faults(&self) -> Vec<String> {
        self.server.faults(&self.org).await
    }
}

/// A draft of an engagement with a partner, which serves a program.
async fn draft(director: &Client, program: &str, partner: &str) -> String {
    let body = json!({
        "partner_id": partner, "program_ids": [program], "title": "Works", "kind": "framework",
        "service_levels": [availability()],
    });
    director.create("engagement", body).await.unwrap().id().to_owned()
}

/// The same in force.
async fn engagement(director: &Client, program: &str, partner: &str) -> String {
    let id = draft(director, program, partner).await;
    director.act("engagement", &id, "activate", json!({})).await.unwrap();
    id
}

/// A service level that is measured.
pub fn availability() -> Value {
    json!({
        "name": "Availability", "target": "99.5 % of each month", "target_value": "99.5", "unit": "%",
        "direction": "at_least", "period": "month", "credit_tiers": [{"threshold": "99.5", "credit": 0.05}],
    })
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn bootstrap(server: &Server, name: &str, roles: Vec<Role>) -> (String, String) {
    let first = Bootstrap {
        organisation: name.to_owned(),
        base_currency: "EUR".to_owned(),
        time_zone: "Europe/Vienna".to_owned(),
        person: "First".to_owned(),
        email: Some("first@example.org".to_owned()),
        roles,
    };
    server.service.bootstrap(&first).await.expect("an organisation")
}

/// Organisation and person of the stranger, one a server.
async fn stranger(server: &Server) -> (String, String) {
    server.stranger.get_or_init(|| bootstrap(server, "Elsewhere", vec![Role::Admin, Role::Director])).await.clone()
}

/// Kept by the server.
pub(crate) type Stranger = OnceCell<(String, String)>;

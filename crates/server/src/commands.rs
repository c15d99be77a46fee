//! What each command does. Exit codes: 0 done, 1 failed, 2 wrong usage (clap), 3 verification found faults; of a client
//! also 4 refused, 5 not found, 6 not allowed, 7 out of reach.

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::CommandFactory;
use serde_json::json;
use steerco_domain::access::Role;
use steerco_persistence::{Database, Fail};
use steerco_service::Service;
use steerco_service::operator::{Bootstrap, Mint, verify_database};

use crate::cli::{Cli, Command, Common, ConfigCommand, Output};
use crate::config::Config;

/// Runs a command on its own runtime.
pub fn run(cli: Cli) -> ExitCode {
    // A statement of the embedded database holds its thread: a long one must leave others theirs.
    let threads = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return fail(&anyhow!(cause)),
    };
    match runtime.block_on(dispatch(cli.command)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("steerco: {error:#}");
    ExitCode::FAILURE
}

/// Prints; a reader that has gone, such as `head`, is no failure.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
}

pub(crate) fn load(common: &Common) -> anyhow::Result<Config> {
    Config::load(common, std::env::vars_os())
}

pub(crate) async fn open(config: &Config, migrate: bool) -> anyhow::Result<Service> {
    Service::open(config.settings(migrate)?).await.map_err(|cause| anyhow!(cause))
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Init { common, organisation, person, email, currency, time_zone, output } => {
            let roles = vec![Role::Admin];
            let first = Bootstrap { organisation, base_currency: currency, time_zone, person, email, roles };
            init(&common, &first, output).await
        }
        Command::Serve { common } => crate::serve::serve(load(&common)?).await,
        Command::Demo { common, exit } => crate::demo::demo(&common, exit).await,
        Command::Migrate { common } => {
            open(&load(&common)?, true).await?;
            say("the schema is up to date");
            Ok(ExitCode::SUCCESS)
        }
        Command::Token { common, org, person, account, role, partner, program, seconds, output } => {
            let subject = person.or(account).unwrap_or_default();
            let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
            let (roles, program_ids) = (some(role), some(program));
            let mint = Mint { org, subject, roles, partner_id: partner, program_ids, seconds };
            token(&common, &mint, output).await
        }
        Command::Verify { common, org, output } => verify(&common, org.as_deref(), output).await,
        Command::Openapi => {
            say(steerco_api::openapi::text().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup { common, target } => crate::restore::backup(&load(&common)?, &target).await,
        Command::Restore { common, backup, output } => {
            crate::restore::restore(&load(&common)?, backup.as_deref(), output).await
        }
        Command::Config { command: ConfigCommand::Check { common } } => {
            let config = load(&common)?;
            let mut shown = serde_json::to_value(&config)?;
            if config.database.as_deref().is_some_and(|url| url.contains('@')) {
                shown["database"] = json!("(set, not shown: it may hold a password)");
            }
            say(&serde_json::to_string_pretty(&shown)?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Client(command) => crate::client::run(command).await,
        Command::Completion { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "steerco", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn init(common: &Common, first: &Bootstrap, output: Output) -> anyhow::Result<ExitCode> {
    let config = load(common)?;
    let service = open(&config, true).await?;
    let (org, person) = service.bootstrap(first).await?;
    match output {
        Output::Json => say(&json!({ "organisation_id": org, "person_id": person }).to_string()),
        Output::Table => say(&format!(
            "organisation  {org}\nperson        {person}\n\nA token for it:  steerco token --org {org} --person {person}\n\n\
             Nobody may decide on amounts yet: transfers, drawdowns, amendments and acceptances above auth.default_authority \
             (now {}) need an authority limit of the role: POST /v1/authority-limits.",
            config.auth.default_authority
        )),
    }
    Ok(ExitCode::SUCCESS)
}

async fn token(common: &Common, mint: &Mint, output: Output) -> anyhow::Result<ExitCode> {
    use steerco_domain::words::Words;
    for role in mint.roles.iter().flatten() {
        Role::from_word(role).with_context(|| format!("{role} is not a role; roles are {}", Role::choices()))?;
    }
    let service = open(&load(common)?, false).await?;
    let organisations = service.database().organisations().await.map_err(Fail::into_error)?;
    if !organisations.contains(&mint.org) {
        bail!("there is no organisation {}; there are: {}", mint.org, organisations.join(", "));
    }
    let token = service.mint(mint);
    match output {
        Output::Json => say(&json!({ "access_token": token, "expires_in": mint.seconds }).to_string()),
        Output::Table => say(&token),
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(common: &Common, org: Option<&str>, output: Output) -> anyhow::Result<ExitCode> {
    let database = Database::open(&load(common)?.database_url()?, false).await.map_err(|cause| anyhow!(cause))?;
    Ok(if tell_verified(&database, org, output).await? { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// Verifies, says what it found, and answers whether all is sound.
pub(crate) async fn tell_verified(database: &Database, org: Option<&str>, output: Output) -> anyhow::Result<bool> {
    let reports = verify_database(database, org).await?;
    let mut sound = true;
    for (org, report) in &reports {
        sound &= report.faults.is_empty();
        match output {
            Output::Json => say(&json!({ "organisation_id": org, "entries": report.entries,
                                         "resources": report.resources, "faults": report.faults })
            .to_string()),
            Output::Table => {
                let verdict = if report.faults.is_empty() { "sound" } else { "NOT SOUND" };
                say(&format!("{org}  {} log entries  {} resources  {verdict}", report.entries, report.resources));
                report.faults.iter().for_each(|fault| say(&format!("  {fault}")));
            }
        }
    }
    if reports.is_empty() {
        bail!("there is no such organisation");
    }
    Ok(sound)
}

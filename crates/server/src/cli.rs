//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use steerco_domain::id::{HasId, Id};
use steerco_domain::partner::Partner;
use steerco_domain::person::Person;
use steerco_domain::program::Program;
use steerco_domain::service_account::ServiceAccount;

use crate::client::args::ClientCommand;

/// Steerco: the system of record for project management, over gRPC and REST.
#[derive(Debug, Parser)]
#[command(name = "steerco", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "Examples:
  steerco demo                                        a real portfolio on the embedded database, with tokens to try
  steerco init --organisation 'City' --person 'Ada'   make an organisation and its first administrator
  steerco serve --listen 0.0.0.0:8080                 serve REST and gRPC
  steerco token --org org_… --person pers_…           a token for an operator
  steerco list risk --filter 'probability >= 0.5'     as a client: STEERCO_SERVER, STEERCO_TOKEN, or a profile";

const RESTORE: &str =
    "A restored database does not contain the changes made after the backup, but readers of the feed have seen them. This \
command verifies the database and begins a new epoch of the feed: older cursors and sync_tokens return 410, so that readers \
synchronise again. Run it while no server uses the database.
Exit code: 3 if the restored database has faults.";

/// Sources of settings. Flags take precedence over STEERCO_*, and STEERCO_* over the file.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// Settings file (TOML)
    #[arg(long, env = "STEERCO_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address of the one port for REST and gRPC
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Folder of the embedded database
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Address of the database
    #[arg(long, value_name = "sqlite://FILE | postgres://…")]
    pub database: Option<String>,
}

/// Output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an organisation, its first person and that person's grants
    Init {
        #[command(flatten)]
        common: Common,
        /// Name of the organisation
        #[arg(long)]
        organisation: String,
        /// Name of the first person, who administers it
        #[arg(long)]
        person: String,
        /// Mail address of the first person
        #[arg(long)]
        email: Option<String>,
        /// Currency of totals (ISO 4217)
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// IANA time zone
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Serve REST and gRPC until SIGTERM or Ctrl-C
    Serve {
        #[command(flatten)]
        common: Common,
    },
    /// Serve a real portfolio (New York City's capital projects) and print tokens and commands to try
    Demo {
        #[command(flatten)]
        common: Common,
        /// Load and print, then stop
        #[arg(long)]
        exit: bool,
    },
    /// Bring the database's schema up to date
    Migrate {
        #[command(flatten)]
        common: Common,
    },
    /// Issue a token for a person or service account
    Token {
        #[command(flatten)]
        common: Common,
        /// Organisation
        #[arg(long)]
        org: String,
        /// Person the token acts as
        #[arg(long, value_parser = id::<Person>, conflicts_with = "account", required_unless_present = "account")]
        person: Option<String>,
        /// Service account the token acts as
        #[arg(long, value_parser = id::<ServiceAccount>)]
        account: Option<String>,
        /// Limit the token to these roles
        #[arg(long)]
        role: Vec<String>,
        /// Partner the token acts for
        #[arg(long, value_parser = id::<Partner>)]
        partner: Option<String>,
        /// Limit the token to these programs
        #[arg(long, value_parser = id::<Program>)]
        program: Vec<String>,
        /// Lifetime in seconds
        #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..))]
        seconds: u32,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Check the log's chain, every version and every row against the log
    Verify {
        #[command(flatten)]
        common: Common,
        /// One organisation; all when absent
        #[arg(long)]
        org: Option<String>,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Copy the embedded database while it serves
    Backup {
        #[command(flatten)]
        common: Common,
        /// File to write; must not exist
        target: PathBuf,
    },
    /// Replace the embedded database with a backup; or, after a restore of PostgreSQL, invalidate older feed cursors
    #[command(after_help = RESTORE)]
    Restore {
        #[command(flatten)]
        common: Common,
        /// Backup of an embedded database; absent when the database was restored by its own tools
        backup: Option<PathBuf>,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Inspect settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print a shell completion script
    Completion { shell: clap_complete::Shell },
    #[command(flatten)]
    Client(ClientCommand),
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the settings, report errors, and print the effective values
    Check {
        #[command(flatten)]
        common: Common,
    },
}

/// The id of a resource of this kind.
fn id<T: HasId>(text: &str) -> Result<String, String> {
    Id::<T>::parse(text).map(|id| id.to_string())
}

//! What the commands that speak to a server take.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, find_kind};

use super::rows::FileFormat;
use crate::cli::Output;

/// Server and credentials. Flags take precedence over `STEERCO_*`, and `STEERCO_*` over the profile.
#[derive(Args, Clone, Debug, Default)]
pub struct Remote {
    /// Address of the server
    #[arg(long, env = "STEERCO_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// File that contains the access token; takes precedence over `STEERCO_TOKEN`
    #[arg(long, env = "STEERCO_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Id of a service account, for which tokens are fetched (OAuth 2.0 client credentials)
    #[arg(long, env = "STEERCO_CLIENT_ID", value_name = "ID")]
    pub client_id: Option<String>,
    /// File that contains its secret; takes precedence over `STEERCO_CLIENT_SECRET`
    #[arg(long, env = "STEERCO_CLIENT_SECRET_FILE", value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,
    /// Profile of ~/.config/steerco/config.toml
    #[arg(long, env = "STEERCO_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
    /// PEM file of a certificate authority of your own
    #[arg(long, env = "STEERCO_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Timeout of one request in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub timeout: u64,
}

/// How resources are read.
#[derive(Args, Clone, Debug, Default)]
pub struct Reading {
    /// Only these fields, separated by commas
    #[arg(long, value_name = "NAMES")]
    pub fields: Option<String>,
    /// State known at this instant
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<String>,
    /// State effective at this instant (kinds with `effective_at` only)
    #[arg(long, value_name = "INSTANT")]
    pub valid_at: Option<String>,
}

const CALL: &str =
    "Members of the body are text where their field holds text, and JSON otherwise; nothing clears a field.

Examples:
  steerco call assess_risk id=nyc/risk:3 probability=0.4
  steerco call get_program_financials id=prog_… group_by=cost_category
  steerco call export_risks format=csv >risks.csv";

/// The commands of a client.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Read one resource of a server
    Get {
        #[command(flatten)]
        remote: Remote,
        #[arg(value_parser = kind_parser())]
        kind: &'static Kind,
        /// Id (`risk_…`), or `SOURCE/EXTERNAL_ID`
        id: String,
        #[command(flatten)]
        reading: Reading,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// List resources of a server; JSON is one a line
    List {
        #[command(flatten)]
        remote: Remote,
        #[arg(value_parser = kind_parser())]
        kind: &'static Kind,
        /// Condition, such as 'kind = "threat" and probability >= 0.5'
        #[arg(long)]
        filter: Option<String>,
        /// Fields to sort by, each with an optional ` desc`
        #[arg(long, value_name = "FIELDS")]
        order_by: Option<String>,
        /// Maximum number of items in a page
        #[arg(long, default_value_t = 50, value_name = "COUNT")]
        page_size: u32,
        /// Every page, not just the first
        #[arg(long)]
        all: bool,
        /// Include deleted resources
        #[arg(long)]
        show_deleted: bool,
        #[command(flatten)]
        reading: Reading,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Create or change the resources of documents (YAML, JSON or NDJSON)
    #[command(after_help = APPLY)]
    Apply {
        #[command(flatten)]
        remote: Remote,
        /// File of documents; - is standard input
        #[arg(short, long, required = true, value_name = "FILE")]
        file: Vec<PathBuf>,
        /// Check and report the result without storing it
        #[arg(long)]
        dry_run: bool,
        /// Prefix of the idempotency keys: the same one makes the same run safe to repeat
        #[arg(long, value_name = "TEXT")]
        key: Option<String>,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Create or change the records of a file by the ids of their source, all of them or none
    #[command(after_help = IMPORT)]
    Import {
        #[command(flatten)]
        remote: Remote,
        #[arg(value_parser = kind_parser())]
        kind: &'static Kind,
        /// File of records; - is standard input
        file: PathBuf,
        /// Code of the source of the ids in the file
        #[arg(long, value_name = "CODE")]
        source: String,
        /// Format of the file; derived from its name when absent
        #[arg(long, value_enum)]
        format: Option<FileFormat>,
        /// Skip rejected records instead of rejecting all
        #[arg(long)]
        partial: bool,
        /// Check and report the result without storing it
        #[arg(long)]
        dry_run: bool,
        /// Idempotency key: the same one makes the same run safe to repeat
        #[arg(long, value_name = "TEXT")]
        key: Option<String>,
        /// JSON is a line for each record, and one with the counts
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// List the operations of the service, or describe one in full: arguments, body, permission
    Operations {
        /// Name of an operation, or a part of names
        pattern: Option<String>,
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Call any operation by its name
    #[command(after_help = CALL)]
    Call {
        #[command(flatten)]
        remote: Remote,
        /// Name, as printed by `steerco operations`
        operation: String,
        /// Parts of the path, parameters and members of the body, each as NAME=VALUE
        #[arg(value_name = "NAME=VALUE")]
        arguments: Vec<String>,
        /// File of the body; - is standard input
        #[arg(long, value_name = "FILE")]
        body: Option<PathBuf>,
        /// Idempotency key: the same one makes the same call safe to repeat
        #[arg(long, value_name = "TEXT")]
        key: Option<String>,
        /// The ETag that the resource must still have
        #[arg(long, value_name = "ETAG")]
        if_match: Option<String>,
    },
    /// Follow changes, one event a line, across broken connections
    #[command(after_help = WATCH)]
    Watch {
        #[command(flatten)]
        remote: Remote,
        #[command(flatten)]
        wanted: EventSelection,
        /// Store the cursor in this file and continue from it
        #[arg(long, value_name = "FILE", conflicts_with = "after")]
        state: Option<PathBuf>,
        /// Stop when everything that happened so far is printed
        #[arg(long)]
        until_now: bool,
        /// A line for people, or JSON
        #[arg(short, long, value_enum, default_value_t = Output::Json)]
        output: Output,
    },
    /// Ask a server whether it is ready; exit code 0 if so, for container and service managers
    Health {
        #[command(flatten)]
        remote: Remote,
        /// Check only that the process is alive
        #[arg(long)]
        live: bool,
    },
    /// Print every resource, one a line, after a line with the `sync_token` from which `watch` continues
    Export {
        #[command(flatten)]
        remote: Remote,
        /// Kinds to export
        #[arg(value_parser = kind_parser(), required_unless_present = "all")]
        kinds: Vec<&'static Kind>,
        /// Every kind that the token may read
        #[arg(long, conflicts_with = "kinds")]
        all: bool,
        /// Include deleted resources
        #[arg(long)]
        show_deleted: bool,
    },
}

const APPLY: &str = "A document has `kind` and `fields`, and identifies the resource:
  source and external_id   create or change the one that the source knows by this id
  id                       change this one (if_match: only at this ETag)
  neither                  create a new one

  kind: risk
  source: nyc
  external_id: risk:3
  fields:
    category: schedule

A line of `steerco export` is a document too: what stands there as the server has it is left alone.
Exit code: 0 all done, 4 some refused, 7 the server cannot be reached.";

const IMPORT: &str = "The file is CSV with a header of field names and external_id, as an export is written, or one JSON \
object a line; source_version may number its records. It is read twice: nothing is sent that cannot be right, and nothing is written before all has arrived. What \
is as it was makes no event, so that a nightly run over everything is cheap.

Examples:
  steerco import deliverable plan.csv --source jira --dry-run
  steerco import deliverable plan.csv --source jira
  steerco import risk risks.ndjson --source jira --partial -o json >report.ndjson
  psql --csv -c 'SELECT id AS external_id, title FROM plan' | steerco import deliverable - --format csv --source plan

A line of NDJSON, its fields beside the id or in `body`:
  {\"external_id\": \"D-1\", \"title\": \"Pumps\", \"project_id\": \"jira/P-3\"}

Exit code: 0 all done, 4 refused, at least in part, 7 the server cannot be reached.";

const WATCH: &str = "Examples:
  steerco watch --kinds risk,project --state cursor         goes on where it stopped, after restarts too
  steerco watch --state cursor --until-now >changes.ndjson  what happened since, then stop
  steerco watch --event-types risk.assess -o table          a line for people

Exit code: 4 the cursor has expired (CURSOR_EXPIRED): export anew, and go on from its sync_token.";

/// `risk`, `risks`, `service-accounts`: each kind by any of its names.
fn kind_parser() -> impl TypedValueParser<Value = &'static Kind> {
    let values = KINDS.iter().map(|kind| {
        let names = [kind.plural.to_owned(), kind.path(), kind.name.replace('_', "-")];
        PossibleValue::new(kind.name).aliases(names.into_iter().filter(|name| name != kind.name))
    });
    PossibleValuesParser::new(values.collect::<Vec<_>>()).try_map(|name| kind_of(&name).ok_or("is no kind"))
}

/// The kind of this name, plural or path.
pub(crate) fn kind_of(name: &str) -> Option<&'static Kind> {
    let name = name.replace('-', "_");
    find_kind(&name).or_else(|| KINDS.iter().find(|kind| kind.plural == name).copied())
}

/// Selection of events.
#[derive(Args, Clone, Debug)]
pub struct EventSelection {
    /// Cursor or `sync_token` to continue from; from the beginning when absent
    #[arg(long, value_name = "CURSOR", default_value_t, hide_default_value = true)]
    pub after: String,
    /// Kinds, separated by commas; all when absent
    #[arg(long, value_name = "KINDS")]
    pub kinds: Option<String>,
    /// Event types, such as risk.assess, separated by commas; all when absent
    #[arg(long, value_name = "TYPES")]
    pub event_types: Option<String>,
    /// Programs that the resources belong to, separated by commas; all visible programs when absent
    #[arg(long, value_name = "IDS")]
    pub program_ids: Option<String>,
    /// Labels that the resources must have, area or area=north, separated by commas; any when absent
    #[arg(long, value_name = "LABELS")]
    pub with_labels: Option<String>,
    /// Omit events of changes that this source wrote
    #[arg(long, value_name = "SOURCE", default_value_t, hide_default_value = true)]
    pub exclude_source: String,
}

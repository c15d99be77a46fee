//! The speed promises, measured: makes the data, starts the real server on it, works it over real sockets with a real
//! token, and prints CPU and wall time of each row beside the limits measured in the same run.
//!
//! CPU time of the whole process tree (the server and, on `PostgreSQL`, every process of the database) is the figure
//! that counts: wall time is noise on a shared machine. Nothing is asserted. The client is this process, the server a
//! child, so that the client's own work is not counted. The child is this program again, started as `serve` or
//! `import`: the same code as the binary `steerco`, built in the same profile.
#![expect(
    clippy::similar_names,
    clippy::struct_field_names,
    clippy::needless_pass_by_value,
    reason = "the words of the promises: row, verifier and verified, a store by name"
)]

mod client;
mod data;
mod events;
#[path = "../../src/folder.rs"]
#[expect(clippy::expect_used, reason = "the harness of the tests")]
mod folder;
mod ledger;
mod limits;
#[path = "../../src/postgres.rs"]
#[expect(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::expect_used,
    reason = "the harness of the tests, of which this needs a part"
)]
mod postgres;
mod process;
mod report;
mod sync;
mod work;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use data::{Size, Store};
use report::{Report, Row};

/// What can go wrong here; the run ends and says it.
pub(crate) type Done<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measures the speed promises.
#[derive(Parser)]
#[command(name = "steerco-bench")]
pub(crate) struct Flags {
    /// Risks to make
    #[arg(long, default_value_t = 100_000)]
    risks: usize,
    /// Deliverables to make
    #[arg(long, default_value_t = 100_000)]
    deliverables: usize,
    /// Programs to spread them over
    #[arg(long, default_value_t = 200)]
    programs: usize,
    /// Lines of the ledger; roll-ups are read again at twice that
    #[arg(long, default_value_t = 1_000_000)]
    ledger: usize,
    /// A million risks, and four times the requests
    #[arg(long)]
    full: bool,
    /// Requests of each round, in per cent of the usual
    #[arg(long, default_value_t = 100)]
    effort: u64,
    /// One database only
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    only: Option<String>,
    /// One row only, such as W1
    #[arg(long)]
    row: Option<String>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

impl Flags {
    fn size(&self) -> Size {
        let risks = if self.full { self.risks.max(1_000_000) } else { self.risks };
        Size { programs: self.programs, risks, deliverables: self.deliverables }
    }

    /// Requests of a round of which `usual` are usual.
    pub(crate) fn requests(&self, usual: u64) -> u64 {
        (usual * self.effort * if self.full { 4 } else { 1 } / 100).max(10)
    }

    pub(crate) fn wants(&self, row: &str) -> bool {
        self.row.as_ref().is_none_or(|wanted| row.starts_with(wanted.as_str()))
    }
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("serve" | "import") => return steerco_server::commands::run(steerco_server::cli::Cli::parse()),
        Some("bare") => return limits::serve_bare(),
        _ => {}
    }
    match run(&Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("bench: {cause}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &Flags) -> Done<()> {
    let mut report = Report::default();
    let done = measure_all(flags, &mut report);
    // What was measured before something failed stays measured.
    report.print();
    done
}

fn measure_all(flags: &Flags, report: &mut Report) -> Done<()> {
    if flags.wants("limit") || flags.wants("W1") {
        report.rows.push(limits::bare_axum(flags)?);
    }
    if flags.only.as_deref() != Some("postgres") {
        let dir = process::Folder::new("steerco-bench")?;
        let url = format!("sqlite://{}", dir.path().join("steerco.db").display());
        measure(flags, Store { name: "SQLite", url, postgres: None }, &dir, report)?;
    }
    if flags.only.as_deref() != Some("sqlite") {
        // With the durability of its own settings, as in production.
        if let Some(server) = postgres::durable() {
            let database = server.create_database();
            let dir = process::Folder::new("steerco-bench")?;
            let postgres = Some(server.socket_dir().to_owned());
            measure(flags, Store { name: "PostgreSQL", url: database.url.clone(), postgres }, &dir, report)?;
        }
    }
    Ok(())
}

/// All rows on one database.
fn measure(flags: &Flags, store: Store, dir: &process::Folder, report: &mut Report) -> Done<()> {
    let size = flags.size();
    let Size { programs, risks, deliverables } = size;
    eprintln!("{}: making {programs} programs, {risks} risks and {deliverables} deliverables", store.name);
    let data = data::make(&store, size)?;
    let made = Row::new(store.name, "data", "risks made, 1,000 to a batch");
    report.rows.push(made.at_rate(data.rate));
    report.rows.extend(limits::drivers(flags, &store, &data)?);
    work::run(flags, &store, &data, dir, report)
}

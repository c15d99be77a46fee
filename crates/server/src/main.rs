use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    steerco_server::commands::run(steerco_server::cli::Cli::parse())
}

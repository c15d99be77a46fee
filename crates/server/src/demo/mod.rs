//! The demo is the main job on real input: New York City's capital projects, loaded through the service's own
//! operations, then served.

mod contracts;
pub mod data;
mod load;
mod money;
mod print;
mod vendors;

use std::process::ExitCode;

use crate::cli::Common;
use crate::commands::{load as load_config, open, say};
use crate::logs::start_logs;
use crate::serve::listen_until_stopped;

/// Loads the portfolio unless the folder has it already, prints how to call it, and serves.
pub(crate) async fn demo(common: &Common, exit: bool) -> anyhow::Result<ExitCode> {
    let mut config = load_config(common)?;
    if common.data_dir.is_none() && config.database.is_none() {
        config.data_dir = "steerco-demo".into();
    }
    config.base_url = format!("http://{}", config.listen);
    // Its tokens are all made here, and they shall be able to show everything.
    config.auth.operator_tokens_approve = true;
    // Whoever tries it out has a receiver on the same machine.
    config.webhooks.allow.push("127.0.0.0/8".to_owned());
    if std::env::var_os("STEERCO_LOG").is_none() {
        "warn".clone_into(&mut config.log);
    }
    start_logs(&config.log)?;
    if !exit && !load_apart()? {
        return Ok(ExitCode::FAILURE);
    }
    let service = open(&config, true).await?;
    let loaded = load::load(&service).await?;
    let printed = print::page(&service, &config, &loaded);
    if exit {
        say(&printed);
        return Ok(ExitCode::SUCCESS);
    }
    // Only once the port is open do the commands work as printed.
    listen_until_stopped(&config, service, |_| say(&printed)).await?;
    Ok(ExitCode::SUCCESS)
}

/// Loads in a process of its own, so that the one that serves is as small as any server. Says whether it succeeded.
fn load_apart() -> anyhow::Result<bool> {
    let mut load = std::process::Command::new(std::env::current_exe()?);
    load.args(std::env::args_os().skip(1)).arg("--exit").stdout(std::process::Stdio::null());
    Ok(load.status()?.success())
}

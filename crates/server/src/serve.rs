//! Serving both doors until told to stop.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use steerco_service::Service;
use steerco_service::failure::log_job;
use tokio::signal::unix::{SignalKind, signal};

use crate::commands::open;
use crate::config::Config;
use crate::listen;
use crate::logs::start_logs;
use crate::telemetry;

/// How often the service does its housekeeping.
const HOUR: Duration = Duration::from_hours(1);
/// How often it looks what has come due.
const MINUTE: Duration = Duration::from_mins(1);

pub(crate) async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    start_logs(&config.log)?;
    let service = open(&config, true).await?;
    listen_until_stopped(&config, service, |_| ()).await?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until SIGTERM or Ctrl-C, then answers what is in flight and stops.
pub(crate) async fn listen_until_stopped(
    config: &Config,
    service: Service,
    ready: impl FnOnce(std::net::SocketAddr),
) -> anyhow::Result<()> {
    let tls = match &config.tls {
        Some(tls) => Some(listen::server_config(&tls.certificate, &tls.key).map_err(|cause| anyhow!(cause))?),
        None => None,
    };
    let listener = listen::bind(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, database = if service.database().is_postgres() { "postgresql" } else { "sqlite" }, "serving");
    let stop = service.stop_signal();
    let traces = telemetry::start()?;
    let options = steerco_api::Options { traces: traces.is_some(), ..config.options() };
    let app = steerco_api::app(service.clone(), options);
    let deadlines = tokio::spawn(keep_deadlines(service.clone()));
    let jobs = tokio::spawn(keep_house(service.clone()));
    let webhooks = tokio::spawn(async move { service.send_webhooks().await });
    ready(address);
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping");
        // Readiness falls and streams end with their cursor; requests in flight are answered.
        stop.stop();
    };
    let served = listen::serve(listener, tls, app, config.connection_limits(), shutdown).await;
    jobs.abort();
    webhooks.abort();
    deadlines.abort();
    #[cfg(feature = "otlp")]
    telemetry::stop(traces).await;
    tracing::info!("stopped");
    Ok(served?)
}

async fn keep_house(service: Service) {
    loop {
        if let Err(error) = service.run_jobs().await {
            log_job(&error, "run_jobs", "", "");
        }
        tokio::time::sleep(HOUR).await;
    }
}

async fn keep_deadlines(service: Service) {
    loop {
        if let Err(error) = service.run_deadlines().await {
            log_job(&error, "run_deadlines", "", "");
        }
        tokio::time::sleep(MINUTE).await;
    }
}

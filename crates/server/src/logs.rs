//! What is logged, and how.

use anyhow::anyhow;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// JSON lines on standard error; never a token or a body.
pub(crate) fn start_logs(directives: &str) -> anyhow::Result<()> {
    let filter = log_filter(directives).map_err(|fault| anyhow!("log: {fault}"))?;
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).try_init().map_err(|cause| anyhow!(cause))
}

/// What is logged: `LEVEL` of everything, `TARGET=LEVEL` of a module and what is in it, `TARGET` of it all there is.
pub(crate) fn log_filter(directives: &str) -> Result<Targets, String> {
    let level = |text: &str| text.parse::<LevelFilter>().ok().filter(|_| !text.is_empty());
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c));
    let mut filter = Targets::new();
    let mut given = directives.split(',').map(str::trim).filter(|directive| !directive.is_empty()).peekable();
    if given.peek().is_none() {
        return Ok(filter.with_default(LevelFilter::ERROR));
    }
    for directive in given {
        let (target, least) = match directive.split_once('=') {
            Some((target, least)) => (Some(target), level(least)),
            None => level(directive).map_or((Some(directive), Some(LevelFilter::TRACE)), |least| (None, Some(least))),
        };
        filter = match (target, least) {
            (None, Some(least)) => filter.with_default(least),
            (Some(target), Some(least)) if name(target) => filter.with_target(target, least),
            _ => return Err(format!("{directive:?} is not like info or steerco_service=debug")),
        };
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_chosen_by_level_and_module() {
        use tracing::Level;
        let shows =
            |directives: &str, target: &str, level: Level| log_filter(directives).unwrap().would_enable(target, &level);
        assert!(shows("info", "sqlx::query", Level::INFO) && !shows("info", "sqlx::query", Level::DEBUG));
        let mixed = "info, steerco_service=debug,hyper=off";
        assert!(shows(mixed, "steerco_service::jobs", Level::DEBUG) && !shows(mixed, "steerco_api", Level::DEBUG));
        assert!(!shows(mixed, "hyper::proto", Level::ERROR));
        assert!(shows("steerco_api", "steerco_api::door", Level::TRACE));
        assert!(shows("", "anything", Level::ERROR) && !shows("", "anything", Level::WARN));
    }
}

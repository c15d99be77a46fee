//! Traces by OTLP, as the standard `OTEL_*` variables say. Nothing is collected where they say nothing; what sends them
//! is in programs that are built with the feature `otlp`, and the others refuse to be asked for it.

#[cfg(feature = "otlp")]
mod otlp;

use anyhow::bail;

/// What the process sends, if it sends anything.
#[cfg(feature = "otlp")]
pub(crate) type Telemetry = Option<otlp::Sender>;
#[cfg(not(feature = "otlp"))]
pub(crate) type Telemetry = Option<std::convert::Infallible>;

/// How traces travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Grpc,
    Http,
}

/// Which way the variables choose; none where they ask for no traces.
fn wire(variable: &impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Wire>> {
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    if given("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let endpoint = given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| given("OTEL_EXPORTER_OTLP_ENDPOINT"));
    match (given("OTEL_TRACES_EXPORTER").as_deref(), endpoint) {
        (Some("none"), _) | (None, None) => return Ok(None),
        (Some("otlp") | None, _) => {}
        (Some(other), _) => bail!("OTEL_TRACES_EXPORTER is {other:?}; it may be otlp or none"),
    }
    let protocol = given("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL").or_else(|| given("OTEL_EXPORTER_OTLP_PROTOCOL"));
    match protocol.as_deref() {
        None | Some("http/protobuf") => Ok(Some(Wire::Http)),
        Some("grpc") => Ok(Some(Wire::Grpc)),
        Some(other) => bail!("the OTLP protocol is {other:?}; it may be http/protobuf or grpc"),
    }
}

/// Begins to collect if the environment says so; needs the runtime around it.
pub(crate) fn start() -> anyhow::Result<Telemetry> {
    begin(wire(&|name| std::env::var(name).ok())?)
}

#[cfg(feature = "otlp")]
fn begin(wire: Option<Wire>) -> anyhow::Result<Telemetry> {
    wire.map(otlp::begin).transpose()
}

#[cfg(not(feature = "otlp"))]
fn begin(wire: Option<Wire>) -> anyhow::Result<Telemetry> {
    let Some(wire) = wire else { return Ok(None) };
    bail!(
        "traces are asked for ({wire:?}, by OTEL_*), and this program was built without the feature otlp: build it with \
         `--features otlp`, or set OTEL_TRACES_EXPORTER=none"
    )
}

/// Sends what is still waiting.
#[cfg(feature = "otlp")]
pub(crate) async fn stop(telemetry: Telemetry) {
    if let Some(sender) = telemetry {
        otlp::end(sender).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> anyhow::Result<Option<Wire>> {
        wire(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_standard_variables_choose() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert_eq!(chosen(&[]).unwrap(), None);
        assert_eq!(chosen(&[endpoint]).unwrap(), Some(Wire::Http));
        assert_eq!(chosen(&[("OTEL_TRACES_EXPORTER", "otlp")]).unwrap(), Some(Wire::Http));
        assert_eq!(chosen(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap(), Some(Wire::Grpc));
        assert_eq!(chosen(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]).unwrap(), None);
        assert_eq!(chosen(&[endpoint, ("OTEL_SDK_DISABLED", "True")]).unwrap(), None);
        assert!(chosen(&[("OTEL_TRACES_EXPORTER", "zipkin")]).is_err());
        assert!(chosen(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).is_err());
    }

    #[cfg(not(feature = "otlp"))]
    #[test]
    fn a_program_without_traces_refuses_to_be_asked() {
        assert!(begin(None).is_ok());
        let told = begin(Some(Wire::Http)).unwrap_err().to_string();
        assert!(told.contains("feature otlp") && told.contains("OTEL_TRACES_EXPORTER=none"), "{told}");
    }
}

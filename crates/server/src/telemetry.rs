//! Traces by OTLP, as the standard `OTEL_*` variables say. Nothing is collected where they say nothing.

use anyhow::{Context, bail};
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

/// What the process sends, until it stops.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

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

impl Telemetry {
    /// Begins to collect if the environment says so; needs the runtime around it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let exporter = match wire(&|name| std::env::var(name).ok())? {
            None => return Ok(Self(None)),
            Some(Wire::Grpc) => SpanExporter::builder().with_tonic().build(),
            Some(Wire::Http) => SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build(),
        };
        let exporter = exporter.context("the OTLP exporter cannot be made")?;
        let named = |name: &str, part: &str| std::env::var(name).is_ok_and(|value| value.contains(part));
        let mut resource =
            Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if !named("OTEL_SERVICE_NAME", "") && !named("OTEL_RESOURCE_ATTRIBUTES", "service.name=") {
            resource = resource.with_service_name("steerco");
        }
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        global::set_tracer_provider(provider.clone());
        tracing::info!("traces are sent by OTLP");
        Ok(Self(Some(provider)))
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Sends what is still waiting.
    pub(crate) async fn stop(self) {
        let Some(provider) = self.0 else { return };
        // It waits for its thread.
        let stopped = tokio::task::spawn_blocking(move || provider.shutdown()).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
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
}

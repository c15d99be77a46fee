//! The exporter of traces.

use anyhow::Context;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

use super::Wire;

/// What the process sends, until it stops.
pub(crate) struct Sender(SdkTracerProvider);

/// Begins to collect; needs the runtime around it.
pub(super) fn begin(wire: Wire) -> anyhow::Result<Sender> {
    let exporter = match wire {
        Wire::Grpc => SpanExporter::builder().with_tonic().build(),
        Wire::Http => SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build(),
    };
    let exporter = exporter.context("the OTLP exporter cannot be made")?;
    let named = |name: &str, part: &str| std::env::var(name).is_ok_and(|value| value.contains(part));
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if !named("OTEL_SERVICE_NAME", "") && !named("OTEL_RESOURCE_ATTRIBUTES", "service.name=") {
        resource = resource.with_service_name("steerco");
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    global::set_tracer_provider(provider.clone());
    tracing::info!("traces are sent by OTLP");
    Ok(Sender(provider))
}

/// Sends what is still waiting.
pub(super) async fn end(Sender(provider): Sender) {
    // It waits for its thread.
    let stopped = tokio::task::spawn_blocking(move || provider.shutdown()).await;
    if !matches!(stopped, Ok(Ok(()))) {
        tracing::warn!("the last traces could not be sent");
    }
}

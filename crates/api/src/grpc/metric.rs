//! The registry of metrics over gRPC.

use steerco_domain::metric::{METRICS, Metric};
use steerco_proto::v1 as pb;
use tonic::{Request, Response};

use super::call::{Answer, answer};
use super::{Door, limited};

/// The service of the registry.
pub(super) fn server(door: &Door) -> pb::metric_service_server::MetricServiceServer<Door> {
    limited!(pb::metric_service_server::MetricServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::metric_service_server::MetricService for Door {
    async fn list_metrics(&self, request: Request<pb::ListMetricsRequest>) -> Answer<pb::ListMetricsResponse> {
        answer(request, async |call, pb::ListMetricsRequest {}| {
            self.0.admit(&call.caller).await?;
            Ok(Response::new(pb::ListMetricsResponse { metrics: METRICS.iter().map(metric).collect() }))
        })
        .await
    }
}

fn metric(metric: &Metric) -> pb::Metric {
    let case = |(reason, detail): &(&str, &str)| pb::UndefinedCase {
        reason: (*reason).to_owned(),
        detail: (*detail).to_owned(),
    };
    pb::Metric {
        name: metric.name.to_owned(),
        unit: metric.unit.to_owned(),
        definition: metric.definition.to_owned(),
        source: metric.source.to_owned(),
        undefined: metric.undefined.iter().map(case).collect(),
    }
}

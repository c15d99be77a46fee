//! Purchase orders over gRPC: batches taken over, and what became of their lines.

use serde_json::{Map, Value};
use steerco_domain::input::read_input;
use steerco_domain::purchase_order_batch::{
    PostPurchaseOrderBatch, PurchaseOrderAction, PurchaseOrderBatch, PurchaseOrderStatus,
};
use steerco_domain::words::Words;
use steerco_domain::{Error, post_purchase_order_batch_fields, purchase_order_batch_fields};
use steerco_proto::v1 as pb;
use steerco_service::{OrderResult, Service, TakenOrders, results_on_page};
use tonic::{Request, Response};

use super::actuals_batch::act_wire;
use super::bridge::{Bridge, Listed, Writing};
use super::call::{Answer, Call, answer, page_size, set};
use super::macros::resource_wire;
use super::wire::{Scalar, put};
use super::{Door, limited, serve};

purchase_order_batch_fields!(resource_wire);
post_purchase_order_batch_fields!(act_wire read_batch CreatePurchaseOrderBatchRequest);

/// The service of purchase orders.
pub(super) fn server(door: &Door) -> pb::purchase_order_batch_service_server::PurchaseOrderBatchServiceServer<Door> {
    limited!(pb::purchase_order_batch_service_server::PurchaseOrderBatchServiceServer::new(door.clone()))
}

#[tonic::async_trait]
impl pb::purchase_order_batch_service_server::PurchaseOrderBatchService for Door {
    async fn create_purchase_order_batch(
        &self,
        request: Request<pb::CreatePurchaseOrderBatchRequest>,
    ) -> Answer<pb::TakenPurchaseOrderBatch> {
        answer(request, async |call, body| {
            let (body, validate_only) = read_batch(body);
            let context = call.context(validate_only, None)?;
            let batch: PostPurchaseOrderBatch = read_input(&body)?;
            Ok(taken(&self.0.post_purchase_orders(&context, batch).await?))
        })
        .await
    }

    async fn list_purchase_order_results(
        &self,
        request: Request<pb::ListPurchaseOrderResultsRequest>,
    ) -> Answer<pb::ListPurchaseOrderResultsResponse> {
        answer(request, |call, body| list_results(&self.0, call, body)).await
    }
}

async fn list_results(
    service: &Service,
    call: Call,
    body: pb::ListPurchaseOrderResultsRequest,
) -> Result<Response<pb::ListPurchaseOrderResultsResponse>, Error> {
    let pb::ListPurchaseOrderResultsRequest { id, after_line, page_size: size } = body;
    if after_line < 0 {
        return Err(Error::fault("?after_line", "OUT_OF_RANGE", "must be a whole number from 0 to 1000000"));
    }
    let size = results_on_page(page_size(size))?;
    let found = service.page_of_results(&call.caller, &id, after_line.into(), size).await?;
    let (results, more_after_line) = found;
    let results = results.iter().map(result).collect();
    Ok(Response::new(pb::ListPurchaseOrderResultsResponse { results, more_after_line }))
}

fn taken(taken: &TakenOrders) -> Response<pb::TakenPurchaseOrderBatch> {
    let TakenOrders { written, results, more_after } = taken;
    let message = pb::TakenPurchaseOrderBatch {
        purchase_order_batch: Some(written.seen.resource.to_pb(written.seen.mask)),
        results: results.iter().map(result).collect(),
        more_after_line: *more_after,
    };
    let mut response = Response::new(message);
    set(&mut response, "etag", &format!("\"{}\"", written.seen.etag));
    serve::mark(&mut response, written.outcome, written.replayed);
    response
}

fn result(result: &OrderResult) -> pb::PurchaseOrderResult {
    let OrderResult { line, reference, order_line, action, status, reason, commitment_id, over_budget } =
        result.clone();
    let (reason, detail) = reason.unzip();
    pb::PurchaseOrderResult {
        line,
        purchase_order_reference: reference,
        purchase_order_line: order_line,
        action: PurchaseOrderAction::from_word(&action).map_or(0, |action| action.out()),
        status: PurchaseOrderStatus::from_word(&status).map_or(0, |status| status.out()),
        reason,
        detail,
        commitment_id,
        over_budget,
    }
}


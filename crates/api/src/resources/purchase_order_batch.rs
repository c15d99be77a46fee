//! The paths of batches of purchase orders: taken over, so that callers neither create them field by field nor delete
//! them.

use axum::routing::{get, post};
use steerco_domain::purchase_order_batch::PurchaseOrderBatch;

use crate::rest::mount::{Mounted, fixed};
use crate::rest::purchase_orders;

pub(super) fn mount() -> Mounted {
    let mut mounted = fixed::<PurchaseOrderBatch>().done();
    mounted.about.acts = &["create"];
    mounted.routes = mounted
        .routes
        .route("/v1/purchase-order-batches", post(purchase_orders::post))
        .route("/v1/purchase-order-batches/{id}/results", get(purchase_orders::list_results));
    mounted
}

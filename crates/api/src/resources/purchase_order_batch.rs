//! The paths of batches of purchase orders: taken over, so that callers neither create them field by field nor delete
//! them.

use steerco_domain::purchase_order_batch::PurchaseOrderBatch;

use crate::rest::mount::{Mounted, fixed};

pub(super) fn mount() -> Mounted {
    fixed::<PurchaseOrderBatch>().done()
}

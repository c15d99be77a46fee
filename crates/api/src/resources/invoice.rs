//! The paths of invoices.

use axum::routing::get;
use steerco_domain::invoice::Invoice;
use steerco_domain::invoice_acts::{
    AcceptInvoice, AnswerDisputeInvoice, ApproveInvoice, DisputeInvoice, RecordPaymentInvoice, RejectInvoice,
    WithdrawInvoice,
};

use crate::rest::mount::{Mounted, whole};
use crate::rest::settlement;

pub(super) fn mount() -> Mounted {
    let mut mounted = whole::<Invoice>()
        .verb::<ApproveInvoice>()
        .verb::<RejectInvoice>()
        .verb::<WithdrawInvoice>()
        .verb::<AcceptInvoice>()
        .verb::<DisputeInvoice>()
        .verb::<AnswerDisputeInvoice>()
        .verb::<RecordPaymentInvoice>()
        .done();
    mounted.routes = mounted.routes.route("/v1/invoices/{id}/match", get(settlement::get_invoice_match));
    mounted
}

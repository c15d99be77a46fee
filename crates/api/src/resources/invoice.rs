//! The paths of invoices.

use steerco_domain::invoice::Invoice;
use steerco_domain::invoice_acts::{
    AcceptInvoice, AnswerDisputeInvoice, ApproveInvoice, DisputeInvoice, RecordPaymentInvoice, RejectInvoice,
    WithdrawInvoice,
};

use crate::rest::mount::{Mounted, whole};

pub(super) fn mount() -> Mounted {
    whole::<Invoice>()
        .verb::<ApproveInvoice>()
        .verb::<RejectInvoice>()
        .verb::<WithdrawInvoice>()
        .verb::<AcceptInvoice>()
        .verb::<DisputeInvoice>()
        .verb::<AnswerDisputeInvoice>()
        .verb::<RecordPaymentInvoice>()
        .done()
}

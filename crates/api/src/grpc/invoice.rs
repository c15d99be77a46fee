//! Invoices over gRPC.

use steerco_domain::invoice::Invoice;
use steerco_domain::invoice_acts::{
    AcceptInvoice, AnswerDisputeInvoice, ApproveInvoice, DisputeInvoice, RecordPaymentInvoice, RejectInvoice,
    WithdrawInvoice,
};
use steerco_domain::{
    accept_invoice_fields, answer_dispute_invoice_fields, approve_invoice_fields, dispute_invoice_fields,
    invoice_fields, record_payment_invoice_fields, reject_invoice_fields, withdraw_invoice_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

invoice_fields!(resource_service verbs { approve_invoice ApproveInvoice, reject_invoice RejectInvoice, withdraw_invoice WithdrawInvoice, accept_invoice AcceptInvoice, dispute_invoice DisputeInvoice, answer_dispute_invoice AnswerDisputeInvoice, record_payment_invoice RecordPaymentInvoice } others {
    async fn get_invoice_match(&self, request: Request<pb::GetInvoiceMatchRequest>) -> Answer<pb::InvoiceMatch> {
        answer(request, |call, body| super::settlement::invoice_match(&self.0, call, body)).await
    }
});
approve_invoice_fields!(verb_wire ApproveInvoiceRequest);
reject_invoice_fields!(verb_wire RejectInvoiceRequest);
withdraw_invoice_fields!(verb_wire WithdrawInvoiceRequest);
accept_invoice_fields!(verb_wire AcceptInvoiceRequest);
dispute_invoice_fields!(verb_wire DisputeInvoiceRequest);
answer_dispute_invoice_fields!(verb_wire AnswerDisputeInvoiceRequest);
record_payment_invoice_fields!(verb_wire RecordPaymentInvoiceRequest);

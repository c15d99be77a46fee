//! Commitments over gRPC.

use steerco_domain::commitment::{
    AmendCommitment, CancelCommitment, CommitCommitment, Commitment, CreditCommitment, InvoiceCommitment,
    PayCommitment, ReceiveCommitment,
};
use steerco_domain::{
    amend_commitment_fields, cancel_commitment_fields, commit_commitment_fields, commitment_fields,
    credit_commitment_fields, invoice_commitment_fields, pay_commitment_fields, receive_commitment_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

commitment_fields!(resource_service verbs { commit_commitment CommitCommitment, amend_commitment AmendCommitment, receive_commitment ReceiveCommitment, invoice_commitment InvoiceCommitment, credit_commitment CreditCommitment, pay_commitment PayCommitment, cancel_commitment CancelCommitment });
commit_commitment_fields!(verb_wire CommitCommitmentRequest);
amend_commitment_fields!(verb_wire AmendCommitmentRequest);
receive_commitment_fields!(verb_wire ReceiveCommitmentRequest);
invoice_commitment_fields!(verb_wire InvoiceCommitmentRequest);
credit_commitment_fields!(verb_wire CreditCommitmentRequest);
pay_commitment_fields!(verb_wire PayCommitmentRequest);
cancel_commitment_fields!(verb_wire CancelCommitmentRequest);

//! Fiscal periods over gRPC.

use steerco_domain::fiscal_period::{
    CancelClosingFiscalPeriod, CloseFiscalPeriod, FiscalPeriod, ReopenFiscalPeriod, RequestReopenFiscalPeriod,
    StartClosingFiscalPeriod,
};
use steerco_domain::{
    cancel_closing_fiscal_period_fields, close_fiscal_period_fields, fiscal_period_fields, reopen_fiscal_period_fields,
    request_reopen_fiscal_period_fields, start_closing_fiscal_period_fields,
};
use steerco_proto::v1 as pb;

use super::macros::{resource_service, verb_wire};

fiscal_period_fields!(resource_service verbs {
    start_closing_fiscal_period StartClosingFiscalPeriod,
    cancel_closing_fiscal_period CancelClosingFiscalPeriod,
    close_fiscal_period CloseFiscalPeriod,
    request_reopen_fiscal_period RequestReopenFiscalPeriod,
    reopen_fiscal_period ReopenFiscalPeriod,
});
start_closing_fiscal_period_fields!(verb_wire StartClosingFiscalPeriodRequest);
cancel_closing_fiscal_period_fields!(verb_wire CancelClosingFiscalPeriodRequest);
close_fiscal_period_fields!(verb_wire CloseFiscalPeriodRequest);
request_reopen_fiscal_period_fields!(verb_wire RequestReopenFiscalPeriodRequest);
reopen_fiscal_period_fields!(verb_wire ReopenFiscalPeriodRequest);

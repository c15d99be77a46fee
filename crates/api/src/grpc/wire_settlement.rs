//! Words and objects of amendments, rate cards, invoices, statements, service levels and scorecards on this door.

use serde_json::{Map, Value};
use steerco_domain::engagement_amendment::EngagementAmendmentState;
use steerco_domain::invoice::{InvoiceLine, InvoicePayment, InvoiceState, InvoiceType};
use steerco_domain::rate_card::{RateCardRate, RateCardState, RateUnit};
use steerco_domain::retention_release::RetentionReleaseState;
use steerco_domain::scorecard::{NoScore, Scorecard, ScorecardCredit, ScorecardFigure, ScorecardMetric};
use steerco_domain::service_level::{CreditTier, ServiceLevel, ServiceLevelDirection, ServiceLevelPeriod};
use steerco_domain::service_level_measurement::MeasurementResult;
use steerco_domain::statement_of_account::{AccountDispute, AccountEntry, AccountEntryType, StatementOfAccount};
use steerco_domain::vendor_statement::{VendorStatementDifference, VendorStatementDifferenceType, VendorStatementLine};
use steerco_domain::words::Words;
use steerco_domain::{
    account_dispute_fields, account_entry_fields, credit_tier_fields, invoice_line_fields, invoice_payment_fields,
    rate_card_rate_fields, scorecard_credit_fields, scorecard_fields, scorecard_figure_fields, service_level_fields,
    statement_of_account_fields, vendor_statement_difference_fields, vendor_statement_line_fields,
};
use steerco_proto::v1 as pb;

use super::wire::{Scalar, Wire, put, value_wire, words_wire};

words_wire!(EngagementAmendmentState: Draft, Submitted, Approved, Rejected);
words_wire!(ServiceLevelDirection: AtLeast, AtMost);
words_wire!(ServiceLevelPeriod: Month, Quarter, Year);
words_wire!(RateUnit: Hour, Day, Month, Piece);
words_wire!(RateCardState: Draft, Approved);
words_wire!(RetentionReleaseState: Requested, Approved, Rejected);
words_wire!(InvoiceType: Invoice, CreditNote);
words_wire!(InvoiceState: Submitted, Proposed, Approved, Rejected, Withdrawn, Paid);
words_wire!(VendorStatementDifferenceType: MissingInAccount, MissingInStatement, AmountDiffers, PaidDiffers, NotAgreed);
words_wire!(AccountEntryType: Invoice, CreditNote, Payment);
words_wire!(ScorecardMetric: OnTime, FirstPassAcceptance, PromiseBias, ServiceLevels, CostVariance);
words_wire!(NoScore: NothingMeasured, TooLittleEvidence, SeveralCurrencies);
words_wire!(MeasurementResult: NotMeasured, Met, Breached);

invoice_line_fields!(value_wire);
invoice_payment_fields!(value_wire);
rate_card_rate_fields!(value_wire);
scorecard_fields!(value_wire);
scorecard_credit_fields!(value_wire);
scorecard_figure_fields!(value_wire);
credit_tier_fields!(value_wire);
service_level_fields!(value_wire);
account_dispute_fields!(value_wire);
account_entry_fields!(value_wire);
statement_of_account_fields!(value_wire);
vendor_statement_difference_fields!(value_wire);
vendor_statement_line_fields!(value_wire);

//! Domain types as protobuf and back: out exactly, in as the JSON that the domain reads, so that validation is one.
//!
//! A value that protobuf can say and the domain cannot, such as NaN or an unknown enum number, becomes JSON that the
//! domain refuses at its place.

use std::collections::BTreeMap;

use prost_types::Timestamp;
use serde_json::{Map, Number, Value};
use steerco_domain::access::Role;
use steerco_domain::activity::{ActivityResource, ActivityType, ConstraintType, DurationUnit, PercentType};
use steerco_domain::actor::Actor;
use steerco_domain::actuals_batch::{
    ActualsBatchType, ActualsControl, ActualsOutcome, ActualsProgressState, ActualsStatus, ControlTotal, CurrencyTotal,
};
use steerco_domain::actuals_line::ActualsLine;
use steerco_domain::attachment::{AttachmentState, AttachmentVisibility};
use steerco_domain::authority_limit::AuthorityAct;
use steerco_domain::bridge::BudgetBridgeStepType;
use steerco_domain::budget::{BudgetLine, BudgetReserve, BudgetState};
use steerco_domain::budget_transfer::{BudgetPlace, BudgetTransferState, BudgetTransferType};
use steerco_domain::calendar_feed::CalendarFeedState;
use steerco_domain::clock_time::ClockTime;
use steerco_domain::coding_rule::ProposedCodingRule;
use steerco_domain::comment::CommentVisibility;
use steerco_domain::commitment::CommitmentState;
use steerco_domain::cost_coding::CostCoding;
use steerco_domain::country::Country;
use steerco_domain::deliverable::{
    AcceptanceCriterion, CriterionJudgement, CriterionResult, DeliverableState, EarningRule,
};
use steerco_domain::dependency::{DependencyState, LagKind, Relation};
use steerco_domain::engagement::{EngagementKind, EngagementNotice, EngagementState};
use steerco_domain::exchange_rate::{ConvertLine, ExchangeRateType, Rounding};
use steerco_domain::export::ExportFormat;
use steerco_domain::field::{List, Long, Whole};
use steerco_domain::financials::FinancialsGrouping;
use steerco_domain::fiscal_calendar::{FiscalScheme, LateLines, YearEnd};
use steerco_domain::fiscal_period::{AccountTotal, FiscalPeriodState};
use steerco_domain::forecast::{ForecastLine, ForecastState};
use steerco_domain::id::{HasId, Id};
use steerco_domain::import_job::{ImportCounts, ImportFormat, ImportOutcome, ImportState};
use steerco_domain::labels::Labels;
use steerco_domain::ledger_entry::{LedgerAccount, LedgerEntryType};
use steerco_domain::legal_entity::BudgetControl;
use steerco_domain::mapping_profile::{
    CsvDateFormat, CsvDelimiter, CsvEncoding, DecimalSeparator, NegativeForm, ProfileColumns, ProfileField,
    ProfileWord, ThousandsSeparator,
};
use steerco_domain::money::{Amount, Currency, Money};
use steerco_domain::node::Node;
use steerco_domain::partner::{PartnerContact, PartnerKind, PartnerState, RiskTier};
use steerco_domain::person::PersonState;
use steerco_domain::portfolio::Tolerances;
use steerco_domain::principal::AccountState;
use steerco_domain::program::WorkStatus;
use steerco_domain::purchase_order_batch::{
    PurchaseOrderAction, PurchaseOrderControl, PurchaseOrderLine, PurchaseOrderOutcome, PurchaseOrderStatus,
};
use steerco_domain::quantity::Quantity;
use steerco_domain::rate::Rate;
use steerco_domain::ratio::Ratio;
use steerco_domain::reconciliation::{DifferenceType, StatementLine};
use steerco_domain::refs::{ExternalRef, ExternalRefs};
use steerco_domain::risk::{RiskKind, RiskResponse, RiskState};
use steerco_domain::source::{Cadence, OwnedField};
use steerco_domain::spend::Spend;
use steerco_domain::spread::Spread;
use steerco_domain::text::{Code, Document, Text};
use steerco_domain::time::{Day, Instant};
use steerco_domain::webhook_endpoint::{WebhookContent, WebhookDeliveryState, WebhookDisabledReason, WebhookState};
use steerco_domain::words::Words;
use steerco_domain::work_calendar::{
    CalendarException, CalendarImport, SkippedEvent, Weekday, WorkingHours, WorkingInterval,
};
use steerco_domain::{
    acceptance_criterion_fields, account_total_fields, activity_resource_fields, actuals_control_fields,
    actuals_line_fields, actuals_outcome_fields, budget_line_fields, budget_place_fields, calendar_exception_fields,
    calendar_import_fields, control_total_fields, convert_line_fields, cost_coding_fields, criterion_judgement_fields,
    currency_total_fields, engagement_notice_fields, forecast_line_fields, import_counts_fields, owned_field_fields,
    partner_contact_fields, profile_columns_fields, profile_field_fields, profile_word_fields,
    proposed_coding_rule_fields, purchase_order_control_fields, purchase_order_line_fields,
    purchase_order_outcome_fields, skipped_event_fields, statement_line_fields, tolerances_fields,
    working_hours_fields, working_interval_fields,
};
use steerco_proto::v1 as pb;

/// A domain type that a protobuf field of type `P` carries.
pub(super) trait Wire<P> {
    fn to_pb(&self) -> P;
    /// The value as JSON, or `None` where the field was not set.
    fn to_json(message: P) -> Option<Value>;
}

/// A domain type whose every value is one `P`. Whether it may be absent is decided by the field around it.
pub(super) trait Scalar<P> {
    fn out(&self) -> P;
    fn json(message: P) -> Value;
}

/// Without presence in the proto, the default is absence.
impl<P: Default + PartialEq, T: Scalar<P>> Wire<P> for T {
    fn to_pb(&self) -> P {
        self.out()
    }
    fn to_json(message: P) -> Option<Value> {
        (message != P::default()).then(|| T::json(message))
    }
}

impl<P, T: Scalar<P>> Wire<Option<P>> for Option<T> {
    fn to_pb(&self) -> Option<P> {
        self.as_ref().map(T::out)
    }
    fn to_json(message: Option<P>) -> Option<Value> {
        message.map(T::json)
    }
}

impl<P, T: Scalar<P>> Wire<Vec<P>> for Vec<T> {
    fn to_pb(&self) -> Vec<P> {
        self.iter().map(T::out).collect()
    }
    fn to_json(message: Vec<P>) -> Option<Value> {
        list(message, T::json)
    }
}

impl<P, T: Scalar<P>> Wire<Vec<P>> for Option<Vec<T>> {
    fn to_pb(&self) -> Vec<P> {
        self.iter().flatten().map(T::out).collect()
    }
    fn to_json(message: Vec<P>) -> Option<Value> {
        list(message, T::json)
    }
}

impl<P, T: Scalar<P>, const MAX: usize> Wire<Vec<P>> for List<T, MAX> {
    fn to_pb(&self) -> Vec<P> {
        self.0.to_pb()
    }
    fn to_json(message: Vec<P>) -> Option<Value> {
        list(message, T::json)
    }
}

fn list<P>(message: Vec<P>, json: fn(P) -> Value) -> Option<Value> {
    (!message.is_empty()).then(|| Value::Array(message.into_iter().map(json).collect()))
}

/// Adds one field of `R`, chosen by `_which`, to the JSON of a request, if it was set.
pub(super) fn put<R, T: Wire<P>, P>(
    mut map: Map<String, Value>,
    name: &str,
    _which: fn(&R) -> &T,
    message: P,
) -> Map<String, Value> {
    if let Some(value) = T::to_json(message) {
        map.insert(name.to_owned(), value);
    }
    map
}

/// Types that are a text in both doors.
macro_rules! text_wire {
    ($([$($generics:tt)*] $name:ty, $this:ident => $text:expr;)*) => {$(
        impl<$($generics)*> Scalar<String> for $name {
            fn out(&self) -> String {
                let $this = self;
                $text
            }
            fn json(message: String) -> Value {
                Value::String(message)
            }
        }
    )*};
}
text_wire! {
    [const MAX: usize] Text<MAX>, text => text.as_str().to_owned();
    [const MAX: usize] Document<MAX>, text => text.as_str().to_owned();
    [T: HasId] Id<T>, id => id.to_string();
    [] Code, code => code.as_str().to_owned();
    [] Rate, rate => rate.to_string();
    [] Country, country => country.code().to_owned();
    [] Currency, currency => currency.code().to_owned();
    [] Actor, actor => actor.0.clone();
    [] Quantity, quantity => quantity.to_string();
    [] Amount, amount => amount.to_string();
    [] Day, day => day.to_string();
    [] ClockTime, time => time.to_string();
    [] Node, node => node.to_string();
}

/// Enums: the variants are listed, so that a word missing in the proto or here does not compile.
macro_rules! words_wire {
    ($name:ident: $($variant:ident),*) => {
        impl Scalar<i32> for $name {
            fn out(&self) -> i32 {
                match self { $(Self::$variant => pb::$name::$variant),* }.into()
            }
            fn json(message: i32) -> Value {
                let word = match pb::$name::try_from(message) {
                    $(Ok(pb::$name::$variant) => Self::$variant.word().to_owned(),)*
                    Ok(pb::$name::Unspecified) | Err(_) => message.to_string(),
                };
                Value::String(word)
            }
        }
        impl Scalar<i32> for Option<$name> {
            fn out(&self) -> i32 {
                self.as_ref().map_or(0, $name::out)
            }
            fn json(message: i32) -> Value {
                $name::json(message)
            }
        }
    };
}
pub(super) use words_wire;
words_wire!(ExportFormat: Csv, Ndjson, Xlsx);
words_wire!(PersonState: Active, Disabled, Erased);
words_wire!(AccountState: Active, Disabled);
words_wire!(WebhookContent: Full, Thin);
words_wire!(WebhookState: Active, Disabled);
words_wire!(WebhookDisabledReason: Request, Gone, Failing);
words_wire!(WebhookDeliveryState: Pending, Delivered, Failed, Withheld);
words_wire!(Cadence: Continuous, Daily, Weekly, Monthly, Quarterly);
words_wire!(WorkStatus: Planned, Active, OnHold, Completed, Cancelled);
words_wire!(CriterionResult: Met, NotMet);
words_wire!(EarningRule: ZeroHundred, FiftyFifty, Percent, Milestones, LevelOfEffort);
words_wire!(DeliverableState: Planned, InProgress, Submitted, Accepted, AcceptedWithReservations, Rejected, Cancelled);
words_wire!(DurationUnit: Minutes, Days);
words_wire!(ConstraintType: AsSoonAsPossible, AsLateAsPossible, MustStartOn, MustFinishOn, StartNoEarlierThan, StartNoLaterThan, FinishNoEarlierThan, FinishNoLaterThan);
words_wire!(ActivityType: Task, Milestone, LevelOfEffort, Summary);
words_wire!(LagKind: Working, Elapsed);
words_wire!(CalendarFeedState: Pending, Active, Revoked);
words_wire!(ImportFormat: Csv, Mspdi, Xer, Icalendar);
words_wire!(ImportState: Pending, Ready, Checking, Checked, Applying, Applied, Failed);
words_wire!(ImportOutcome: Created, Updated, Unchanged, Refused, Lost);
words_wire!(PercentType: Physical, Duration, Work);
words_wire!(Weekday: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday);
words_wire!(Relation: FinishToStart, StartToStart, FinishToFinish, StartToFinish);
words_wire!(DependencyState: Proposed, Agreed, Met, Dropped);
words_wire!(RiskKind: Threat, Opportunity);
words_wire!(RiskState: Identified, Assessed, Responding, Closed, Materialised, Expired);
words_wire!(RiskResponse: Avoid, Mitigate, Transfer, Accept, Escalate, Exploit, Enhance, Share);
words_wire!(PartnerKind: Vendor, Collaborator, Corporate);
words_wire!(PartnerState: Active, Suspended, Ended);
words_wire!(RiskTier: Low, Medium, High, Critical);
words_wire!(EngagementKind: FixedPrice, TimeAndMaterial, Milestone, Framework, Collaboration);
words_wire!(EngagementState: Draft, Active, Suspended, Completed, Terminated);
words_wire!(CommentVisibility: Internal, Shared);
words_wire!(AttachmentVisibility: Internal, Shared);
words_wire!(AttachmentState: Pending, Stored);
words_wire!(Spend: Capex, Opex);
words_wire!(FiscalScheme: CalendarMonths, FourFourFive, FourFiveFour, FiveFourFour);
words_wire!(YearEnd: LastInMonth, NearestToMonthEnd);
words_wire!(LateLines: Refuse, NextOpen);
words_wire!(FiscalPeriodState: Open, Closing, Closed);
words_wire!(ActualsBatchType: Posting, Reclassification);
words_wire!(ActualsProgressState: Staging, Checking, Posting, Posted);
words_wire!(ActualsStatus: Posted, Duplicate, Corrected, Suspense, Rejected);
words_wire!(PurchaseOrderAction: Request, Commit, Amend, FinalInvoice, Cancel);
words_wire!(PurchaseOrderStatus: Applied, Unchanged, Rejected);
words_wire!(CsvDelimiter: Comma, Semicolon, Tab, Pipe);
words_wire!(CsvEncoding: Utf8, Windows1252, Latin1);
words_wire!(CsvDateFormat: Iso, DmySlash, MdySlash, DmyDot, DmyHyphen, YmdSlash, YmdCompact);
words_wire!(DecimalSeparator: Point, Comma);
words_wire!(ThousandsSeparator: Point, Comma, Space, Apostrophe);
words_wire!(NegativeForm: Minus, TrailingMinus, Parentheses);
words_wire!(LedgerEntryType: Actual, Reversal, Reclassification, BudgetApproval, BudgetTransfer, ReserveDrawdown, Commitment, Accrual, Forecast);
words_wire!(LedgerAccount: Cost, Suspense, Clearing, Budget, Contingency, ManagementReserve, Funding, Commitment, Accrual, Encumbrance, Forecast, Outlook);
words_wire!(BudgetControl: Stop, Warn, Ignore);
words_wire!(CommitmentState: Requested, Committed, Received, Invoiced, Paid, Closed, Cancelled);
words_wire!(AuthorityAct: BudgetTransfer, ContingencyDrawdown, ManagementReserveDrawdown, EngagementAmendment, Acceptance);
words_wire!(BudgetBridgeStepType: ApprovedChange, Transfer, Drawdown, ExchangeRates);
words_wire!(BudgetReserve: Contingency, ManagementReserve);
words_wire!(BudgetState: Draft, Submitted, Approved, Superseded, Rejected);
words_wire!(BudgetTransferType: Transfer, ContingencyDrawdown, ManagementReserveDrawdown);
words_wire!(BudgetTransferState: Requested, Approved, Rejected, Withdrawn);
words_wire!(ForecastState: Draft, Submitted, Superseded);
words_wire!(Spread: Evenly, ByDays);
words_wire!(FinancialsGrouping: Program, Project, FiscalPeriod, CostCategory, Spend, Vendor);
words_wire!(DifferenceType: MissingInLedger, MissingInStatement, AmountDiffers);
words_wire!(ExchangeRateType: Spot, Average, PeriodEnd, Budget);
words_wire!(Rounding: HalfEven, HalfUp);
words_wire!(Role: Admin, Director, ProgramManager, Finance, Executive, Integration, Vendor, Auditor);

/// Objects declared by `#[input(value)]`.
macro_rules! value_wire {
    ([] $name:ident { $($field:ident),* }) => {
        impl Scalar<pb::$name> for $name {
            fn out(&self) -> pb::$name {
                pb::$name { $($field: self.$field.to_pb()),* }
            }
            fn json(message: pb::$name) -> Value {
                let pb::$name { $($field),* } = message;
                let map = Map::new();
                $(let map = put(map, stringify!($field), |value: &Self| &value.$field, $field);)*
                Value::Object(map)
            }
        }
    };
}
pub(super) use value_wire;
acceptance_criterion_fields!(value_wire);
account_total_fields!(value_wire);
actuals_control_fields!(value_wire);
actuals_line_fields!(value_wire);
actuals_outcome_fields!(value_wire);
budget_line_fields!(value_wire);
budget_place_fields!(value_wire);
control_total_fields!(value_wire);
convert_line_fields!(value_wire);
cost_coding_fields!(value_wire);
currency_total_fields!(value_wire);
forecast_line_fields!(value_wire);
calendar_exception_fields!(value_wire);
calendar_import_fields!(value_wire);
skipped_event_fields!(value_wire);
working_hours_fields!(value_wire);
working_interval_fields!(value_wire);
criterion_judgement_fields!(value_wire);
owned_field_fields!(value_wire);
purchase_order_control_fields!(value_wire);
purchase_order_line_fields!(value_wire);
purchase_order_outcome_fields!(value_wire);
tolerances_fields!(value_wire);
partner_contact_fields!(value_wire);
profile_columns_fields!(value_wire);
profile_field_fields!(value_wire);
profile_word_fields!(value_wire);
proposed_coding_rule_fields!(value_wire);
activity_resource_fields!(value_wire);
import_counts_fields!(value_wire);
engagement_notice_fields!(value_wire);
statement_line_fields!(value_wire);

impl Scalar<i32> for i32 {
    fn out(&self) -> i32 {
        *self
    }
    fn json(message: i32) -> Value {
        message.into()
    }
}

impl<const MIN: i64, const MAX: i64> Scalar<i32> for Whole<MIN, MAX> {
    fn out(&self) -> i32 {
        self.get()
    }
    fn json(message: i32) -> Value {
        message.into()
    }
}

impl Scalar<i64> for Long {
    fn out(&self) -> i64 {
        self.0
    }
    fn json(message: i64) -> Value {
        message.to_string().into()
    }
}

impl Scalar<bool> for bool {
    fn out(&self) -> bool {
        *self
    }
    fn json(message: bool) -> Value {
        message.into()
    }
}

impl Scalar<f64> for Ratio {
    fn out(&self) -> f64 {
        self.as_number()
    }
    /// JSON has no NaN and no infinity: they stay texts, which no number field takes.
    fn json(message: f64) -> Value {
        Number::from_f64(message).map_or_else(|| Value::String(message.to_string()), Value::Number)
    }
}

impl Scalar<pb::Money> for Money {
    fn out(&self) -> pb::Money {
        pb::Money { amount: self.amount(), currency: self.currency.code().to_owned() }
    }
    /// Empty members are left out: the domain calls them required.
    fn json(message: pb::Money) -> Value {
        texts([("amount", message.amount), ("currency", message.currency)]).into()
    }
}

impl Scalar<Timestamp> for Instant {
    fn out(&self) -> Timestamp {
        let micros = self.micros();
        // Below a milliard: the remainder of a division by a million, times a thousand.
        let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
        Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
    }
    fn json(message: Timestamp) -> Value {
        let Timestamp { seconds, nanos } = message;
        let exact = (0..1_000_000_000).contains(&nanos) && nanos % 1_000 == 0;
        let micros = seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(i64::from(nanos / 1_000)));
        Value::String(match micros.filter(|_| exact) {
            Some(micros) => Instant::from_micros(micros).to_string(),
            None => format!("{seconds} s {nanos} ns"),
        })
    }
}

/// What the domain requires and the proto gives presence: messages always have it, a ratio needs it, for zero is one.
macro_rules! required {
    ($($name:ty, $message:ty;)*) => {$(
        impl Wire<Option<$message>> for $name {
            fn to_pb(&self) -> Option<$message> {
                Some(self.out())
            }
            fn to_json(message: Option<$message>) -> Option<Value> {
                message.map(Self::json)
            }
        }
    )*};
}
pub(super) use required;
required! {
    Ratio, f64;
    Instant, Timestamp;
    Money, pb::Money;
    ActualsControl, pb::ActualsControl;
    PurchaseOrderControl, pb::PurchaseOrderControl;
    BudgetPlace, pb::BudgetPlace;
    ProfileColumns, pb::ProfileColumns;
    ImportCounts, pb::ImportCounts;
}

/// A number that is required and may be zero.
impl<const MIN: i64, const MAX: i64> Wire<Option<i32>> for Whole<MIN, MAX> {
    fn to_pb(&self) -> Option<i32> {
        Some(self.out())
    }
    fn to_json(message: Option<i32>) -> Option<Value> {
        message.map(Self::json)
    }
}

impl Scalar<pb::ExternalRef> for ExternalRef {
    fn out(&self) -> pb::ExternalRef {
        let Self { source, external_id } = self;
        pb::ExternalRef { source: source.out(), external_id: external_id.out() }
    }
    fn json(message: pb::ExternalRef) -> Value {
        let pb::ExternalRef { source, external_id } = message;
        texts([("source", source), ("external_id", external_id)]).into()
    }
}

impl Wire<Vec<pb::ExternalRef>> for ExternalRefs {
    fn to_pb(&self) -> Vec<pb::ExternalRef> {
        self.0.to_pb()
    }
    fn to_json(message: Vec<pb::ExternalRef>) -> Option<Value> {
        list(message, ExternalRef::json)
    }
}

impl Wire<BTreeMap<String, String>> for Labels {
    fn to_pb(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }
    fn to_json(message: BTreeMap<String, String>) -> Option<Value> {
        (!message.is_empty()).then(|| message.into_iter().collect())
    }
}

fn texts<const N: usize>(members: [(&str, String); N]) -> Map<String, Value> {
    let given = members.into_iter().filter(|(_, text)| !text.is_empty());
    given.map(|(name, text)| (name.to_owned(), Value::String(text))).collect()
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;

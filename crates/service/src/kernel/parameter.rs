//! Parameters of operations, each declared once. Both transports read requests by them and the API documents list them.

use serde_json::Value;
use steerco_domain::Resource;
use steerco_domain::budget::Budget;
use steerco_domain::consumer::Consumer;
use steerco_domain::exchange_rate::{ExchangeRateType, Rounding};
use steerco_domain::export::ExportFormat;
use steerco_domain::field::Shape;
use steerco_domain::financials::FinancialsGrouping;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::input::plain_int;
use steerco_domain::ledger_entry::LedgerAccount;
use steerco_domain::money::Currency;
use steerco_domain::resource::Kind;
use steerco_domain::time::{Day, Instant};
use steerco_domain::webhook_endpoint::WebhookDeliveryState;
use steerco_domain::words::Words;

/// An argument of an operation that is not a member of the body.
pub struct Parameter {
    pub name: &'static str,
    pub doc: &'static str,
    pub shape: Shape,
}

const fn text(max: usize) -> Shape {
    Shape::Text { max, pattern: None, example: None }
}

/// Declares parameters.
macro_rules! params {
    ($($(#[doc = $doc:literal])+ $id:ident $name:literal $shape:expr;)*) => {
        $($(#[doc = $doc])+
        pub static $id: Parameter = Parameter { name: $name, doc: concat!($($doc, "\n"),+), shape: $shape };)*

        /// All parameters.
        pub static ALL: &[&Parameter] = &[$(&$id),*];
    };
}

params! {
    /// Returns the state as known at this instant, by the clock of the service. Today's rights apply.
    AS_OF "as_of" Shape::Instant;
    /// Returns the state as effective at this instant, by the effective dates.
    VALID_AT "valid_at" Shape::Instant;
    /// Names of the fields to return, separated by commas. The response then has the media type
    /// `application/vnd.steerco.partial+json`.
    FIELDS "fields" text(2_000);
    /// Filter on the filterable fields: `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `and`, `or`, `not`, parentheses.
    FILTER "filter" text(4_000);
    /// Filterable fields to sort by, separated by commas, each with an optional ` desc`.
    ORDER_BY "order_by" text(500);
    /// Maximum number of items in a page; 50 when absent.
    PAGE_SIZE "page_size" Shape::Int { min: 1, max: 1_000 };
    /// `next_page_token` of the previous page. All other arguments must be the same.
    PAGE_TOKEN "page_token" text(4_000);
    /// Whether to count all items of the list.
    INCLUDE_TOTAL "include_total" Shape::Bool;
    /// Whether to include deleted resources.
    SHOW_DELETED "show_deleted" Shape::Bool;
    /// Whether to only check the request and return what it would do. Nothing is stored.
    VALIDATE_ONLY "validate_only" Shape::Bool;
    /// When the change takes effect; now when absent. An earlier instant requires the scope `history:write` and is recorded
    /// as a backfill.
    EFFECTIVE_AT "effective_at" Shape::Instant;
    /// Version of the record in the source system. A version older than the stored one changes nothing and has the outcome
    /// `stale`.
    SOURCE_VERSION "source_version" Shape::Long;
    /// Cursor of the last event already read, or the `sync_token` of a list; the beginning of the feed when absent.
    AFTER "after" text(4_000);
    /// Kinds of resources to include, such as `risk,project`; all when absent.
    KINDS "kinds" text(2_000);
    /// Types of events to include, such as `risk.assess,risk.close`; all when absent.
    EVENT_TYPES "event_types" text(8_000);
    /// Ids of programs that the resources must belong to, separated by commas; all visible resources when absent.
    PROGRAM_IDS "program_ids" text(8_000);
    /// Labels that the resources must all have, separated by commas: each a key, or `key=value`.
    WITH_LABELS "with_labels" text(4_000);
    /// Consumer whose position and filter are used, instead of the filter parameters of this request.
    CONSUMER_ID "consumer_id" Shape::Id { prefix: Consumer::KIND.prefix };
    /// Returns the events from this instant on, instead of after a cursor.
    SINCE "since" Shape::Instant;
    /// State of the messages to return; all states when absent.
    STATE "state"
        Shape::Word { title: "WebhookDeliveryState", doc: WebhookDeliveryState::DOC, words: WebhookDeliveryState::WORDS };
    /// Cursor of the feed for which the digests are computed; now when absent.
    AT "at" text(4_000);
    /// Version to compare from; the version that this one replaced when absent.
    FROM_ID "from_id" Shape::Id { prefix: Budget::KIND.prefix };
    /// Dimension by which the figures are grouped.
    GROUP_BY "group_by"
        Shape::Word { title: "FinancialsGrouping", doc: FinancialsGrouping::DOC, words: FinancialsGrouping::WORDS };
    /// Restricts the figures to this fiscal year, named by the calendar year in which it ends.
    FISCAL_YEAR "fiscal_year" Shape::Int { min: 1_900, max: 2_200 };
    /// Restricts the figures to this fiscal period.
    FISCAL_PERIOD_ID "fiscal_period_id" Shape::Id { prefix: FiscalPeriod::KIND.prefix };
    /// Currency to convert all figures to, in addition to the original currencies, an ISO 4217 code; the currency of the
    /// portfolio when only `rate_type` is given.
    CURRENCY "currency" Shape::Text { max: 3, pattern: Some("^[A-Z]{3}$"), example: Some("EUR") };
    /// Exchange rates to convert by: the rate of the posting day (`spot`), the average of the period, the rate at the end
    /// of the period, or a set of budget rates; `spot` when only `currency` is given. A closed period is converted by the
    /// rates that were known when it was closed.
    RATE_TYPE "rate_type"
        Shape::Word { title: "ExchangeRateType", doc: ExchangeRateType::DOC, words: ExchangeRateType::WORDS };
    /// Set of budget rates; the set of the budget in force of each program, company and year when absent.
    RATE_SET "rate_set" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("2026") };
    /// With `currency` or `rate_type`, how to round a figure that is exactly halfway between two amounts at the decimal
    /// places of the currency; `half_even` when absent.
    ROUNDING "rounding" Shape::Word { title: "Rounding", doc: Rounding::DOC, words: Rounding::WORDS };
    /// With `currency` or `rate_type`, the greatest age of a rate in days, on the day that it is for. When absent it is 10
    /// for rates that come from spot rates; budget rates then have no greatest age. An amount whose youngest rate is older
    /// is in `unconverted`. Of a closed period the age is that on the day of its closing where that is earlier.
    MAX_RATE_AGE_DAYS "max_rate_age_days" Shape::Int { min: 1, max: 36_500 };
    /// Whether the remaining contingency and management reserve count as `available`.
    COUNT_RESERVES "count_reserves" Shape::Bool;
    /// Whether amounts requested but not yet ordered are returned as `requested` and deducted from `available`.
    COUNT_REQUESTS "count_requests" Shape::Bool;
    /// Whether to return the entries behind the figures too, page by page.
    EXPLAIN "explain" Shape::Bool;
    /// Account to explain; all accounts of programs when absent. Requires `explain`.
    ACCOUNT "account" Shape::Word { title: "LedgerAccount", doc: LedgerAccount::DOC, words: LedgerAccount::WORDS };
    /// Key of the group to explain; all groups when absent. Requires `explain`.
    GROUP_KEY "group_key" text(200);
    /// Number of the line after which to begin; the first line when absent.
    AFTER_LINE "after_line" Shape::Int { min: 0, max: 1_000_000 };
    /// Number of the record after which to begin; the first record when absent.
    AFTER_RECORD "after_record" Shape::Int { min: 0, max: 2_000_000_000 };
    /// Code of the source that sends the batch.
    SOURCE "source" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("gla") };
    /// The source's own name for the batch. A batch with the same name returns the first response.
    BATCH_REF "batch_ref" text(200);
    /// Company whose books the batch belongs to. May be absent where there is only one company.
    LEGAL_ENTITY_ID "legal_entity_id" text(64);
    /// Number of lines in the batch.
    COUNT "count" Shape::Int { min: 0, max: 1_000_000 };
    /// Sum of the lines per currency, separated by commas: `8454355.90 GBP`, optionally followed by the sum of the lines
    /// above zero and the absolute sum of the lines below zero: `8454355.90 GBP 8500000.00 45644.10`.
    TOTALS "totals" text(4_000);
    /// Sum of the line amounts in the currency of the books, in the format of `totals`. Checked where it is given.
    LOCAL_TOTALS "local_totals" text(4_000);
    /// Sum of the line amounts in the group currency, in the format of `totals`. Checked where it is given.
    GROUP_TOTALS "group_totals" text(4_000);
    /// Whether to post the valid lines when other lines are rejected. Otherwise one rejected line rejects the whole batch.
    PARTIAL "partial" Shape::Bool;
    /// Whether a line that was sent before with other content is a correction. Otherwise it is rejected.
    CORRECTIONS "corrections" Shape::Bool;
    /// Whether these are adjusting entries of finance. A period that is closing accepts only adjusting entries.
    ADJUSTING "adjusting" Shape::Bool;
    /// Reason for posting lines although the budget is not sufficient. Requires the permission to override the budget.
    OVERRIDE_REASON "override_reason" text(1_000);
    /// Code of the mapping profile that describes the format of the file.
    PROFILE "profile" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("ledger") };
    /// Format of the file.
    FORMAT "format" Shape::Word { title: "ExportFormat", doc: ExportFormat::DOC, words: ExportFormat::WORDS };
    /// First day to include; all earlier days when absent.
    FROM "from_on" Shape::Day;
    /// Last day to include; today when absent.
    UNTIL "until_on" Shape::Day;
    /// Number of facts that a score requires; 3 when absent.
    MINIMUM_EVIDENCE "minimum_evidence" Shape::Int { min: 1, max: 1_000 };
    /// Leaves out events of changes that this source wrote itself.
    EXCLUDE_SOURCE "exclude_source"
        Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("jira") };
}

/// Parameters that are lists of names: separated by commas in a query, a list in a message.
pub const NAMES: [&str; 5] = [FIELDS.name, KINDS.name, EVENT_TYPES.name, PROGRAM_IDS.name, WITH_LABELS.name];

impl Parameter {
    /// Whether the parameter is a list of names.
    pub fn is_names(&self) -> bool {
        NAMES.contains(&self.name)
    }

    /// Checks a value. Returns an error code and what the value must be.
    pub fn check(&self, value: &Value) -> Result<(), (&'static str, String)> {
        match value {
            // A list in a message needs no separator.
            Value::Array(_) if self.is_names() => Ok(()),
            Value::String(text) => self.check_text(text),
            value => self.check_plain(value),
        }
    }

    fn check_plain(&self, value: &Value) -> Result<(), (&'static str, String)> {
        match (&self.shape, value) {
            // The range of page_size is checked together with filter and order.
            (Shape::Int { .. }, Value::Number(_)) if self.name == PAGE_SIZE.name => Ok(()),
            (Shape::Int { min, max }, value) => {
                let fits = value.as_i64().is_some_and(|number| (*min..=*max).contains(&number));
                require(fits, "OUT_OF_RANGE", || format!("must be a whole number from {min} to {max}"))
            }
            (Shape::Bool, Value::Bool(_)) => Ok(()),
            (Shape::Bool, _) => Err(("WRONG_TYPE", "must be true or false".to_owned())),
            _ => Err(("WRONG_TYPE", "must be a string".to_owned())),
        }
    }

    fn check_text(&self, value: &str) -> Result<(), (&'static str, String)> {
        match &self.shape {
            Shape::Int { .. } | Shape::Bool => self.check_plain(&Value::Null),
            Shape::Long => {
                require(plain_int(value).is_some(), "OUT_OF_RANGE", || "must be a 64-bit integer".to_owned())
            }
            Shape::Instant => require(Instant::parse(value).is_some(), "BAD_INSTANT", || {
                "must be an RFC 3339 instant, at most microseconds, like 2026-01-31T09:30:00Z".to_owned()
            }),
            Shape::Text { .. } if self.name == CURRENCY.name => {
                let known = Currency::parse(value).is_some();
                require(known, "BAD_CURRENCY", || "must be an ISO 4217 code like EUR".to_owned())
            }
            // A filter that is empty by mistake must not return everything.
            Shape::Text { .. } if self.is_names() && value.split(',').any(|part| part.trim().is_empty()) => {
                Err(("REQUIRED", "must be names separated by commas, none of them empty".to_owned()))
            }
            Shape::Text { max, pattern, .. } => {
                let length = value.chars().count();
                require(length <= *max, "TOO_LONG", || {
                    format!("must have at most {max} characters, but has {length}")
                })?;
                let is_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
                let fits = pattern.is_none() || (!value.is_empty() && value.bytes().all(is_code));
                require(fits, "BAD_CODE", || {
                    format!("must be 1 to {max} letters, digits, dots, underscores or hyphens")
                })?;
                let clean = !value.chars().any(char::is_control);
                require(clean, "CONTROL_CHARACTER", || "must not contain control characters".to_owned())
            }
            Shape::Word { words, .. } => {
                let choices = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                let known = words.iter().any(|(word, _)| *word == value);
                require(known, "UNKNOWN_WORD", || format!("must be one of: {}", choices()))
            }
            Shape::Id { prefix } => {
                let kind = Kind::of_prefix(prefix).map_or("", |kind| kind.name);
                steerco_domain::id::parse(prefix, kind, value).map(drop).map_err(|detail| ("BAD_ID", detail))
            }
            Shape::Day => require(Day::parse(value).is_some(), "BAD_DAY", || Day::MUST.to_owned()),
            _ => Err(("WRONG_TYPE", "cannot be given as a parameter".to_owned())),
        }
    }
}

fn require(holds: bool, code: &'static str, detail: impl FnOnce() -> String) -> Result<(), (&'static str, String)> {
    if holds { Ok(()) } else { Err((code, detail())) }
}

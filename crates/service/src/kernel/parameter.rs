//! Parameters of operations, each declared once: the doors read requests by these, and the documents list them.

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

/// An argument of an operation that is not in its body.
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

        /// All of them.
        pub static ALL: &[&Parameter] = &[$(&$id),*];
    };
}

params! {
    /// The state known at this instant, by the clock of the service, under the rights of today.
    AS_OF "as_of" Shape::Instant;
    /// The state that held at this instant, by the effective dates.
    VALID_AT "valid_at" Shape::Instant;
    /// Names of the fields wanted, separated by commas. The answer is then of the media type
    /// `application/vnd.steerco.partial+json`.
    FIELDS "fields" text(2_000);
    /// Condition on the filterable fields: `=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `and`, `or`, `not`, parentheses.
    FILTER "filter" text(4_000);
    /// Filterable fields to sort by, separated by commas, each with an optional ` desc`.
    ORDER_BY "order_by" text(500);
    /// Items a page has at most; 50 when absent.
    PAGE_SIZE "page_size" Shape::Int { min: 1, max: 1_000 };
    /// `next_page_token` of the page before. All other arguments must be the same.
    PAGE_TOKEN "page_token" text(4_000);
    /// Whether to count all items.
    INCLUDE_TOTAL "include_total" Shape::Bool;
    /// Whether deleted resources are listed too.
    SHOW_DELETED "show_deleted" Shape::Bool;
    /// Whether only to check the request and answer what it would do; nothing is stored.
    VALIDATE_ONLY "validate_only" Shape::Bool;
    /// From when on the change holds; now when absent. An earlier instant needs the scope `history:write` and is marked
    /// as a backfill.
    EFFECTIVE_AT "effective_at" Shape::Instant;
    /// Version of the record in the source system; an older one than stored changes nothing and is answered `stale`.
    SOURCE_VERSION "source_version" Shape::Long;
    /// Cursor of the last event already read, or the `sync_token` of a list; from the beginning when absent.
    AFTER "after" text(4_000);
    /// Kinds of resources wanted, such as `risk,project`; all when absent.
    KINDS "kinds" text(2_000);
    /// Types of events wanted, such as `risk.assess,risk.close`; all when absent.
    EVENT_TYPES "event_types" text(8_000);
    /// Programs to which resources must belong, separated by commas; all in sight when absent.
    PROGRAM_IDS "program_ids" text(8_000);
    /// Labels that resources must bear, all of them, separated by commas: each a key, or `key=value`.
    WITH_LABELS "with_labels" text(4_000);
    /// The consumer whose place and filter to read by, instead of the conditions here.
    CONSUMER_ID "consumer_id" Shape::Id { prefix: Consumer::KIND.prefix };
    /// What happened from this instant on, instead of after a cursor.
    SINCE "since" Shape::Instant;
    /// Only messages of which this became; all when absent.
    STATE "state"
        Shape::Word { title: "WebhookDeliveryState", doc: WebhookDeliveryState::DOC, words: WebhookDeliveryState::WORDS };
    /// Cursor of the feed up to which things are meant; now when absent.
    AT "at" text(4_000);
    /// The version to begin with; the one that this took the place of when absent.
    FROM_ID "from_id" Shape::Id { prefix: Budget::KIND.prefix };
    /// What the answer is divided by.
    GROUP_BY "group_by"
        Shape::Word { title: "FinancialsGrouping", doc: FinancialsGrouping::DOC, words: FinancialsGrouping::WORDS };
    /// The fiscal year alone, named by the calendar year in which it ends.
    FISCAL_YEAR "fiscal_year" Shape::Int { min: 1_900, max: 2_200 };
    /// This fiscal period alone.
    FISCAL_PERIOD_ID "fiscal_period_id" Shape::Id { prefix: FiscalPeriod::KIND.prefix };
    /// The currency that everything is converted to as well, an ISO 4217 code; that of the portfolio when only `rate_type`
    /// is given.
    CURRENCY "currency" Shape::Text { max: 3, pattern: Some("^[A-Z]{3}$"), example: Some("EUR") };
    /// By which rates: of the day of posting (`spot`), the mean of the period, its end, or a set of budget rates; `spot`
    /// when only `currency` is given. A closed period is converted by what was known when it was closed.
    RATE_TYPE "rate_type"
        Shape::Word { title: "ExchangeRateType", doc: ExchangeRateType::DOC, words: ExchangeRateType::WORDS };
    /// The set of budget rates; that of the budget in force of each program, company and year when absent.
    RATE_SET "rate_set" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("2026") };
    /// With `currency` or `rate_type`, what becomes of a figure that lies just between two at the digits of the currency;
    /// `half_even` when absent.
    ROUNDING "rounding" Shape::Word { title: "Rounding", doc: Rounding::DOC, words: Rounding::WORDS };
    /// Whether what is left of contingency and management reserve counts as `available`.
    COUNT_RESERVES "count_reserves" Shape::Bool;
    /// Whether what is requested and not ordered is told as `requested` and taken off `available`.
    COUNT_REQUESTS "count_requests" Shape::Bool;
    /// Whether the entries behind the figures are told too, page by page.
    EXPLAIN "explain" Shape::Bool;
    /// With `explain`, the account to explain; all of programs when absent.
    ACCOUNT "account" Shape::Word { title: "LedgerAccount", doc: LedgerAccount::DOC, words: LedgerAccount::WORDS };
    /// With `explain`, the key of the group to explain; all groups when absent.
    GROUP_KEY "group_key" text(200);
    /// The line behind which to begin; from the first when absent.
    AFTER_LINE "after_line" Shape::Int { min: 0, max: 1_000_000 };
    /// The record behind which to begin; from the first when absent.
    AFTER_RECORD "after_record" Shape::Int { min: 0, max: 2_000_000_000 };
    /// Code of the source that sends the batch.
    SOURCE "source" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("gla") };
    /// The source's own name for the batch; the same name again gets the first answer.
    BATCH_REF "batch_ref" text(200);
    /// The company whose books the batch belongs to; may be absent where there is one only.
    LEGAL_ENTITY_ID "legal_entity_id" text(64);
    /// How many lines there are.
    COUNT "count" Shape::Int { min: 0, max: 1_000_000 };
    /// What the lines come to, one a currency, separated by commas: `8454355.90 GBP`, or with the sum of the lines above
    /// and of those below zero behind it, `8454355.90 GBP 8500000.00 45644.10`.
    TOTALS "totals" text(4_000);
    /// What the amounts of the lines in the currency of the books come to, like `totals`; checked where it is given.
    LOCAL_TOTALS "local_totals" text(4_000);
    /// What the amounts of the lines in the currency of the group come to, like `totals`; checked where it is given.
    GROUP_TOTALS "group_totals" text(4_000);
    /// Posts the lines that can be posted. Otherwise one that cannot refuses all.
    PARTIAL "partial" Shape::Bool;
    /// Whether a line sent before with other content corrects it. Otherwise it is rejected.
    CORRECTIONS "corrections" Shape::Bool;
    /// Whether these are adjusting entries of finance: the only ones that a period takes while it is closing.
    ADJUSTING "adjusting" Shape::Bool;
    /// Why lines are posted although the budget does not suffice; takes the right to override it.
    OVERRIDE_REASON "override_reason" text(1_000);
    /// Code of the mapping profile that says how the file is written.
    PROFILE "profile" Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("ledger") };
    /// What kind of file.
    FORMAT "format" Shape::Word { title: "ExportFormat", doc: ExportFormat::DOC, words: ExportFormat::WORDS };
    /// The first day that counts; all before when absent.
    FROM "from_on" Shape::Day;
    /// The last day that counts; today when absent.
    UNTIL "until_on" Shape::Day;
    /// Facts that a score needs; 3 when absent.
    MINIMUM_EVIDENCE "minimum_evidence" Shape::Int { min: 1, max: 1_000 };
    /// Leaves out what this source wrote itself.
    EXCLUDE_SOURCE "exclude_source"
        Shape::Text { max: 64, pattern: Some("^[A-Za-z0-9._-]{1,64}$"), example: Some("jira") };
}

/// Those that are names: with commas between in a query, a list in a message.
pub const NAMES: [&str; 5] = [FIELDS.name, KINDS.name, EVENT_TYPES.name, PROGRAM_IDS.name, WITH_LABELS.name];

impl Parameter {
    /// Whether it is names with commas between.
    pub fn is_names(&self) -> bool {
        NAMES.contains(&self.name)
    }

    /// What is wrong with a value: a code, and what would be right.
    pub fn check(&self, value: &Value) -> Result<(), (&'static str, String)> {
        match value {
            // A list in a message says by itself where its parts end.
            Value::Array(_) if self.is_names() => Ok(()),
            Value::String(text) => self.check_text(text),
            value => self.check_plain(value),
        }
    }

    fn check_plain(&self, value: &Value) -> Result<(), (&'static str, String)> {
        match (&self.shape, value) {
            // Its range is judged together with filter and order.
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
            // A condition that is empty by mistake must not become none.
            Shape::Text { .. } if self.is_names() && value.split(',').any(|part| part.trim().is_empty()) => {
                Err(("REQUIRED", "must be names with commas between, none of them empty".to_owned()))
            }
            Shape::Text { max, pattern, .. } => {
                let length = value.chars().count();
                require(length <= *max, "TOO_LONG", || format!("at most {max} characters, these are {length}"))?;
                let is_code = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
                let fits = pattern.is_none() || (!value.is_empty() && value.bytes().all(is_code));
                require(fits, "BAD_CODE", || format!("1 to {max} letters, digits, dots, underscores or hyphens"))?;
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
            _ => Err(("WRONG_TYPE", "cannot be told beside a body".to_owned())),
        }
    }
}

fn require(holds: bool, code: &'static str, detail: impl FnOnce() -> String) -> Result<(), (&'static str, String)> {
    if holds { Ok(()) } else { Err((code, detail())) }
}

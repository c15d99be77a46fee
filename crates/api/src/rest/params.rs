//! Query parameters, each declared once: requests are read by these, and the OpenAPI document lists them.

use steerco_domain::Resource;
use steerco_domain::budget::Budget;
use steerco_domain::consumer::Consumer;
use steerco_domain::exchange_rate::{ExchangeRateType, Rounding};
use steerco_domain::export::ExportFormat;
use steerco_domain::field::Shape;
use steerco_domain::financials::FinancialsGrouping;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::ledger_entry::LedgerAccount;
use steerco_domain::resource::Kind;
use steerco_domain::webhook_endpoint::WebhookDeliveryState;
use steerco_domain::words::Words;

/// One query parameter.
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) shape: Shape,
}

const fn text(max: usize) -> Shape {
    Shape::Text { max, pattern: None, example: None }
}

/// Declares parameters.
macro_rules! params {
    ($($(#[doc = $doc:literal])+ $id:ident $name:literal $shape:expr;)*) => {
        $($(#[doc = $doc])+
        pub(crate) static $id: Param = Param { name: $name, doc: concat!($($doc, "\n"),+), shape: $shape };)*

        /// All of them.
        #[cfg(test)]
        pub(crate) static ALL: &[&Param] = &[$(&$id),*];
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

/// Those that are names with commas between.
pub(crate) const NAMES: [&str; 5] = [FIELDS.name, KINDS.name, EVENT_TYPES.name, PROGRAM_IDS.name, WITH_LABELS.name];

/// The parameters of a set.
pub(crate) type Set = Vec<&'static Param>;

/// How one resource is read.
pub(crate) fn reading(kind: &Kind) -> Set {
    let mut set = vec![&AS_OF, &FIELDS];
    set.extend(kind.dated.then_some(&VALID_AT));
    set
}

/// How a list is read.
pub(crate) fn listing(kind: &Kind) -> Set {
    let mut set = reading(kind);
    set.extend([&FILTER, &ORDER_BY, &PAGE_SIZE, &PAGE_TOKEN, &INCLUDE_TOTAL, &SHOW_DELETED]);
    set
}

/// How a whole list is read as a file.
pub(crate) fn exporting(kind: &Kind) -> Set {
    let mut set = reading(kind);
    set.extend([&FORMAT, &FILTER, &ORDER_BY, &SHOW_DELETED]);
    set
}

/// How the versions of a resource are read.
pub(crate) fn revisions() -> Set {
    vec![&PAGE_SIZE, &PAGE_TOKEN, &FIELDS]
}

/// How a roll-up is read.
pub(crate) fn rolling_up() -> Set {
    vec![&AS_OF]
}

/// How the roll-up of money is read.
pub(crate) fn financials() -> Set {
    vec![
        &AS_OF,
        &GROUP_BY,
        &FISCAL_YEAR,
        &FISCAL_PERIOD_ID,
        &CURRENCY,
        &RATE_TYPE,
        &RATE_SET,
        &ROUNDING,
        &COUNT_RESERVES,
        &COUNT_REQUESTS,
        &EXPLAIN,
        &ACCOUNT,
        &GROUP_KEY,
        &PAGE_SIZE,
        &PAGE_TOKEN,
    ]
}

/// How a bridge is read.
pub(crate) fn bridging() -> Set {
    vec![&FROM_ID, &CURRENCY]
}

/// How a scorecard is read.
pub(crate) fn scoring() -> Set {
    vec![&AS_OF, &FROM, &UNTIL, &MINIMUM_EVIDENCE]
}

/// Of which engagements packages of open contracting data are made.
pub(crate) fn publishing() -> Set {
    vec![&FILTER]
}

/// How a write is done.
pub(crate) fn writing(kind: &Kind) -> Set {
    let mut set = vec![&VALIDATE_ONLY];
    set.extend(kind.dated.then_some(&EFFECTIVE_AT));
    set
}

/// How a write is done that has no date of its own: a stream of upserts, a name given or taken.
pub(crate) fn undated() -> Set {
    vec![&VALIDATE_ONLY]
}

/// How an upsert is done.
pub(crate) fn upserting(kind: &Kind) -> Set {
    let mut set = writing(kind);
    set.push(&SOURCE_VERSION);
    set
}

/// How a page of the feed is read.
pub(crate) fn events() -> Set {
    let mut set = stream();
    set.push(&PAGE_SIZE);
    set
}

/// How the feed is followed.
pub(crate) fn stream() -> Set {
    vec![&AFTER, &SINCE, &CONSUMER_ID, &KINDS, &EVENT_TYPES, &PROGRAM_IDS, &WITH_LABELS, &EXCLUDE_SOURCE]
}

/// How messages to a webhook endpoint are listed.
pub(crate) fn deliveries() -> Set {
    vec![&STATE, &PAGE_SIZE, &PAGE_TOKEN]
}

/// Of what a digest is made.
pub(crate) fn digest() -> Set {
    vec![&KINDS, &FILTER, &SHOW_DELETED, &AT]
}

/// How a CSV file of actuals is posted.
pub(crate) fn csv_import() -> Set {
    vec![
        &VALIDATE_ONLY,
        &SOURCE,
        &BATCH_REF,
        &LEGAL_ENTITY_ID,
        &COUNT,
        &TOTALS,
        &LOCAL_TOTALS,
        &GROUP_TOTALS,
        &PARTIAL,
        &CORRECTIONS,
        &ADJUSTING,
        &OVERRIDE_REASON,
        &PROFILE,
    ]
}

/// Of which batch it is told how far it is.
pub(crate) fn progress() -> Set {
    vec![&SOURCE, &BATCH_REF]
}

/// How the report of an import is read.
pub(crate) fn records() -> Set {
    vec![&AFTER_RECORD, &PAGE_SIZE]
}

/// How the ends of lines are read.
pub(crate) fn results() -> Set {
    vec![&AFTER_LINE, &PAGE_SIZE]
}

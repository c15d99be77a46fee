//! Batches of actuals: the lines that a finance system sent together, and their outcomes.

use steerco_derive::{answer, input, resource, words};

pub use crate::actuals_control::{ActualsControl, ActualsOutcome, ActualsStatus, ControlTotal, CurrencyTotal};
use crate::actuals_line::ActualsLine;
use crate::coding_rule::ProposedCodingRule;
use crate::error::{Error, Reason};
use crate::field::List;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::resource::Rules;
use crate::text::{Code, Text};
use crate::time::Instant;

/// Maximum number of lines of a batch in one message.
pub const LINES_MAX: usize = 10_000;
/// Maximum number of lines of a batch in a stream.
pub const STREAM_LINES_MAX: usize = 1_000_000;

/// Costs that a finance system sent together, with their control totals; or costs that were moved out of suspense. Its posted
/// lines are ledger entries. Its results list the lines that were not posted.
#[resource(
    prefix = "abat",
    plural = "actuals_batches",
    scope = "Administration",
    reach = "Fixed",
    rights("create", "adjust", "reclassify", "override")
)]
pub struct ActualsBatch {
    /// Code of the source that sent it.
    #[field(create, filter)]
    pub source: Code,
    /// Reference of the batch in the source, unique there. A repeated reference returns the first answer.
    #[field(create, filter)]
    pub batch_ref: Text<200>,
    /// Purpose of the batch.
    #[field(create, filter)]
    pub batch_type: ActualsBatchType,
    /// The legal entity whose books it belongs to.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Number of lines.
    #[field(filter)]
    pub line_count: i32,
    /// Number of lines and their sums by outcome. Together they equal the control totals.
    #[field(system)]
    pub outcomes: Vec<ActualsOutcome>,
    /// Number of posted lines whose content was already posted under another identifier.
    #[field(filter)]
    pub possible_repeat_count: i32,
    /// Number of ledger entries that it posted, reversals included.
    #[field(filter)]
    pub entry_count: i32,
    /// Reason to override the budget, where an override was requested.
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
    /// SHA-256 of the content sent, as 64 hexadecimal digits.
    #[field(create)]
    pub lines_sha256: Text<64>,
    /// SHA-256 over its entries, in their order.
    #[field(create)]
    pub entries_sha256: Text<64>,
}

/// Purpose of a batch.
#[words]
pub enum ActualsBatchType {
    /// Posts costs from a finance system.
    Posting,
    /// Moves costs out of suspense.
    Reclassification,
}

/// A batch of actuals to post.
#[input]
pub struct PostActualsBatch {
    /// Code of the source that sends it.
    pub source: Code,
    /// Reference of the batch in the source, unique there. A repeated reference returns the first answer.
    pub batch_ref: Text<200>,
    /// The legal entity whose books it belongs to; optional where there is only one.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// Control totals of the lines. A batch whose lines do not match them is rejected as a whole.
    pub control: ActualsControl,
    /// Whether to post the valid lines of a batch with rejected lines. Otherwise one rejected line rejects the batch.
    pub partial: bool,
    /// Whether a line that was sent before with other content is a correction. Otherwise it is rejected.
    pub corrections: bool,
    /// Whether these are adjusting entries of finance. A closing period takes only adjusting entries.
    pub adjusting: bool,
    /// Reason to post lines beyond the available budget; requires the right to override the budget. Without it, a line beyond
    /// the available budget is rejected where the legal entity blocks such actuals (`actuals_control`).
    pub override_reason: Option<Text<1000>>,
    /// The lines.
    pub lines: List<ActualsLine, LINES_MAX>,
}

/// Progress state of a batch.
#[words]
pub enum ActualsProgressState {
    /// The lines are being received.
    Staging,
    /// All lines are received and are being checked.
    Checking,
    /// The lines are being posted in one transaction. They are visible when it ends.
    Posting,
    /// The batch is posted.
    Posted,
}

/// Progress of a batch.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct ActualsProgress {
    /// Code of the source that sends it.
    pub source: String,
    /// Reference of the batch in the source.
    pub batch_ref: String,
    /// Progress state.
    pub state: ActualsProgressState,
    /// Number of lines received.
    #[field(min = 0)]
    pub lines_received: i32,
    /// Number of lines that have completed the current step, once all lines are received.
    #[field(min = 0)]
    pub lines_done: i32,
    /// When its first line was received (UTC); for a posted batch, when it was posted.
    pub started_at: Instant,
    /// When this progress was last updated (UTC).
    pub updated_at: Instant,
    /// The batch, once it is posted.
    #[field(plain)]
    pub actuals_batch_id: Option<Id<ActualsBatch>>,
}

/// Outcome of a line.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActualsResult {
    /// Number of the line, from 1.
    #[field(min = 1)]
    pub line: i32,
    /// Its identifier in the source.
    pub external_id: String,
    /// Outcome.
    pub status: ActualsStatus,
    /// Reason as a code that a program can compare. For a posted line it is a warning (`EXCEEDS_ORDER`, `EXCEEDS_INVOICED`,
    /// `OVER_BUDGET`), and otherwise absent.
    pub reason: Option<String>,
    /// Description of the problem and of valid input.
    pub detail: Option<String>,
    /// The ledger entry that the line posted, or the entry that existed already.
    pub ledger_entry_id: Option<String>,
    /// Whether an entry of the same content exists under another identifier: a possible duplicate.
    pub possible_repeat: bool,
}

/// Reclassifies the costs in suspense that the current coding rules map.
#[input]
pub struct ReclassifyActuals {
    /// The source of the costs in suspense.
    pub source: Code,
    /// Reference of this reclassification. A repeated reference returns the first answer.
    pub batch_ref: Text<200>,
    /// The legal entity whose books it belongs to; optional where there is only one.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// A coding rule that does not exist yet, to preview its effect. Allowed only with `validate_only`.
    pub proposed_rule: Option<ProposedCodingRule>,
}

impl Rules for ActualsBatch {
    fn check_delete(&self) -> Result<(), Error> {
        Err(Error::new(Reason::WrongState, "a posted batch cannot be deleted; send a correction"))
    }
}

//! Batches of actuals: what a finance system sent at once, and what became of it.

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

/// Lines of a batch that come in one message.
pub const LINES_MAX: usize = 10_000;
/// Lines of a batch that come in a stream.
pub const STREAM_LINES_MAX: usize = 1_000_000;

/// Costs that a finance system sent at once, with the totals it checks them by; or costs that were moved out of suspense.
/// Its lines stand in the ledger, and what was not posted under its results.
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
    /// The source's own name for it; the same name again gets the first answer.
    #[field(create, filter)]
    pub batch_ref: Text<200>,
    /// What it does.
    #[field(create, filter)]
    pub batch_type: ActualsBatchType,
    /// The company whose books it belongs to.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Lines that it has.
    #[field(filter)]
    pub line_count: i32,
    /// How many lines had which end, with their sums; together they are the control totals.
    #[field(system)]
    pub outcomes: Vec<ActualsOutcome>,
    /// Posted lines whose content was there already under another identifier.
    #[field(filter)]
    pub possible_repeat_count: i32,
    /// Entries it made in the ledger, reversals included.
    #[field(filter)]
    pub entry_count: i32,
    /// Why the budget was overridden, where that was asked.
    #[field(create)]
    pub override_reason: Option<Text<1000>>,
    /// SHA-256 of what was sent, as 64 hexadecimal digits.
    #[field(create)]
    pub lines_sha256: Text<64>,
    /// SHA-256 over the entries it made, in their order.
    #[field(create)]
    pub entries_sha256: Text<64>,
}

/// What a batch does.
#[words]
pub enum ActualsBatchType {
    /// Posts what a finance system sent.
    Posting,
    /// Moves costs out of suspense.
    Reclassification,
}

/// A batch of actuals to post.
#[input]
pub struct PostActualsBatch {
    /// Code of the source that sends it.
    pub source: Code,
    /// The source's own name for it; the same name again gets the first answer.
    pub batch_ref: Text<200>,
    /// The company whose books it belongs to; may be absent where there is one only.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// What the lines come to; a batch that comes to anything else is refused whole.
    pub control: ActualsControl,
    /// Posts the lines that can be posted. Otherwise one that cannot refuses all.
    pub partial: bool,
    /// Whether a line sent before with other content corrects it. Otherwise it is rejected.
    pub corrections: bool,
    /// Whether these are adjusting entries of finance: the only ones that a period takes while it is closing.
    pub adjusting: bool,
    /// Why lines are posted although the budget does not suffice; takes the right to override it. Otherwise a line beyond
    /// what is available is rejected where the company stops actuals (`actuals_control`).
    pub override_reason: Option<Text<1000>>,
    /// The lines.
    pub lines: List<ActualsLine, LINES_MAX>,
}

/// How far a batch is.
#[words]
pub enum ActualsProgressState {
    /// Its lines arrive.
    Staging,
    /// All have arrived, and are checked one after the other.
    Checking,
    /// They are posted, in one transaction: nothing of it is seen before its end.
    Posting,
    /// It is posted.
    Posted,
}

/// How far a batch is.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct ActualsProgress {
    /// Code of the source that sends it.
    pub source: String,
    /// The source's own name for it.
    pub batch_ref: String,
    /// How far it is.
    pub state: ActualsProgressState,
    /// Lines that have arrived.
    #[field(min = 0)]
    pub lines_received: i32,
    /// Lines that have gone through the step it is at, once all have arrived.
    #[field(min = 0)]
    pub lines_done: i32,
    /// When the first of it arrived, or of a posted batch when it was posted (UTC).
    pub started_at: Instant,
    /// When this was told last (UTC).
    pub updated_at: Instant,
    /// The batch, once it is posted.
    #[field(plain)]
    pub actuals_batch_id: Option<Id<ActualsBatch>>,
}

/// What became of a line.
#[answer]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActualsResult {
    /// The line, from 1.
    #[field(min = 1)]
    pub line: i32,
    /// Its identifier in the source.
    pub external_id: String,
    /// What became of it.
    pub status: ActualsStatus,
    /// Why, as a word a program can compare; of a posted line, what is to be looked at (`EXCEEDS_ORDER`, `EXCEEDS_INVOICED`,
    /// `OVER_BUDGET`), and otherwise absent.
    pub reason: Option<String>,
    /// What is wrong and what would be right.
    pub detail: Option<String>,
    /// The entry it made, or the one that was there.
    pub ledger_entry_id: Option<String>,
    /// Whether an entry of the same content under another identifier was there already: perhaps the same thing twice.
    pub possible_repeat: bool,
}

/// Moves the costs in suspense that the rules of today map.
#[input]
pub struct ReclassifyActuals {
    /// The source whose suspense it is.
    pub source: Code,
    /// The name of this act; the same name again gets the first answer.
    pub batch_ref: Text<200>,
    /// The company whose books it is; may be absent where there is one only.
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// A rule that is not there yet, to see what it would move: with `validate_only` alone.
    pub proposed_rule: Option<ProposedCodingRule>,
}

impl Rules for ActualsBatch {
    fn check_delete(&self) -> Result<(), Error> {
        Err(Error::new(Reason::WrongState, "what was posted stays; send a correction"))
    }
}

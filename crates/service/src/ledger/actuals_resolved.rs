//! Decisions about the lines of a batch.

use std::collections::HashMap;

use steerco_domain::actuals_batch::ActualsStatus;
use steerco_domain::actuals_line::Tally;
use steerco_domain::commitment::Commitment;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::invoice::Invoice;
use steerco_domain::money::Amount;
use steerco_persistence::ledger::Unposted;

use crate::actuals_sent::CHUNK;
use crate::coding_rule::Coding;

/// Decision about a line that is posted.
#[derive(Clone, Copy)]
pub(crate) struct LineOutcome {
    pub(crate) status: ActualsStatus,
    pub(crate) repeats: bool,
    /// Index in [`Resolved::courses`].
    pub(crate) course: u32,
}

/// Period, original period where it differs, and coding; shared by many lines.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Course {
    pub(crate) period: Id<FiscalPeriod>,
    pub(crate) prior: Option<Id<FiscalPeriod>>,
    pub(crate) coding: Coding,
}

/// Additional facts of a line; few lines have any, so they are stored separately.
#[derive(Clone, Copy, Default)]
pub(crate) struct Remark {
    /// The invoice that it posts.
    pub(crate) invoice: Option<Id<Invoice>>,
    pub(crate) invoices: Option<Id<Commitment>>,
    pub(crate) exceeds_order_by: Option<Amount>,
    pub(crate) exceeds_budget_by: Option<Amount>,
}

/// Decisions about all lines.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) fates: Vec<Option<LineOutcome>>,
    pub(crate) courses: Vec<Course>,
    pub(crate) unposted: Vec<Unposted>,
    pub(crate) tally: Tally<ActualsStatus>,
    /// By line number from 0.
    pub(crate) remarks: HashMap<usize, Remark>,
    /// The entries that lines replace, by line number from 0.
    pub(crate) replaced: HashMap<usize, Replaced>,
}

/// An earlier entry that a line replaces.
pub(crate) struct Replaced {
    pub(crate) entry_id: String,
    /// The period of its reversal: its own, or the next open one.
    pub(crate) period: Id<FiscalPeriod>,
}

impl Resolved {
    pub(crate) fn course(&self, fate: LineOutcome) -> Option<&Course> {
        self.courses.get(usize::try_from(fate.course).ok()?)
    }

    /// Whether a line of this chunk is posted.
    pub(crate) fn posts(&self, n: usize) -> bool {
        self.fates.iter().skip(n * CHUNK).take(CHUNK).any(Option::is_some)
    }
}

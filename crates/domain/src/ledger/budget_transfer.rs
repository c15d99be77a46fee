//! Budget transfers: moves of money within the approved budget, or out of a reserve.

use steerco_derive::{input, resource, words};

use crate::authority_limit::AuthorityAct;
use crate::cost_category::CostCategory;
use crate::error::{Error, Fault, Reason};
use crate::fiscal_period::FiscalPeriod;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::money::Money;
use crate::person::Person;
use crate::program::Program;
use crate::project::Project;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::risk::Risk;
use crate::spend::Spend;
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;
use crate::words::Words;

/// Moves money from one place of the approved budget to another, or draws it from a reserve. One person requests it, and
/// another approves it within the authority of the role. Approval posts balanced ledger entries. Patches and verbs need
/// `If-Match`.
#[resource(
    prefix = "btrf",
    plural = "budget_transfers",
    scope = "InProgram",
    verbs(ApproveBudgetTransfer, RejectBudgetTransfer, WithdrawBudgetTransfer)
)]
pub struct BudgetTransfer {
    /// The program that gives the money.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The legal entity whose books carry it.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Source of the money.
    #[field(create, filter)]
    pub transfer_type: BudgetTransferType,
    /// The amount.
    #[field(create, filter)]
    pub amount: Money,
    /// The place that gives the money; for a drawdown, the place of the reserve.
    #[field(create)]
    pub from_place: BudgetPlace,
    /// The place that receives the money.
    #[field(create)]
    pub to_place: BudgetPlace,
    /// The program that receives the money, where it is another program.
    #[field(create, filter)]
    pub to_program_id: Option<Id<Program>>,
    /// The risk against which it is drawn; required for contingency.
    #[field(create, filter)]
    pub risk_id: Option<Id<Risk>>,
    /// Reason.
    #[field(write)]
    pub reason: Text<1000>,
    /// State of the transfer.
    #[field(filter)]
    pub state: BudgetTransferState,
    /// The person who requested it.
    #[field(filter)]
    pub requested_by: Option<Id<Person>>,
    /// The person who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved or rejected (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Reason of the rejection.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
    /// Number of ledger entries that its approval posted.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
}

/// Source of the money of a transfer.
#[words]
pub enum BudgetTransferType {
    /// From the budget of another place.
    Transfer,
    /// From the contingency reserve, against a risk.
    ContingencyDrawdown,
    /// From the management reserve.
    ManagementReserveDrawdown,
}

impl BudgetTransferType {
    /// The permission that it requires.
    pub const fn act(self) -> AuthorityAct {
        match self {
            Self::Transfer => AuthorityAct::BudgetTransfer,
            Self::ContingencyDrawdown => AuthorityAct::ContingencyDrawdown,
            Self::ManagementReserveDrawdown => AuthorityAct::ManagementReserveDrawdown,
        }
    }
}

/// A place in a budget.
#[input(value)]
pub struct BudgetPlace {
    /// The fiscal period.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program; absent where the place is not for one project.
    pub project_id: Option<Id<Project>>,
    /// The cost category.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
}

/// State of a budget transfer.
#[words(states)]
#[derive(Default)]
pub enum BudgetTransferState {
    /// Waits for a decision.
    #[default]
    Requested,
    /// Approved and posted.
    Approved,
    /// Not approved.
    Rejected,
    /// Withdrawn by its requester.
    Withdrawn,
}

impl States for BudgetTransferState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Requested, &[Self::Approved, Self::Rejected, Self::Withdrawn])];
}

impl Rules for BudgetTransfer {
    const NEEDS_ETAG: bool = true;

    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let decided = before.filter(|before| before.state != BudgetTransferState::Requested);
        if let Some(before) = decided.filter(|before| before.reason != self.reason) {
            let detail = format!("cannot change: the transfer is {}", before.state.word());
            faults.push(Fault::new("/reason", "FROZEN", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.amount.units <= 0 {
            faults.push(Fault::new("/amount/amount", "OUT_OF_RANGE", "must be more than zero"));
        }
        let drawn = self.transfer_type != BudgetTransferType::Transfer;
        if self.transfer_type == BudgetTransferType::ContingencyDrawdown && self.risk_id.is_none() {
            faults.push(Fault::new("/risk_id", "REQUIRED", "is required to draw from contingency"));
        }
        let stays = self.to_program_id.is_none_or(|to| to == self.program_id);
        if !drawn && stays && self.from_place == self.to_place {
            faults.push(Fault::new("/to_place", "DOES_NOT_FIT", "must differ from from_place"));
        }
        self.requested_by = self.requested_by.or_else(|| Id::parse(&self.created_by.0).ok());
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.state == BudgetTransferState::Approved {
            return Err(Error::new(
                Reason::WrongState,
                "an approved transfer cannot be deleted; transfer the money back",
            ));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Approves a transfer. The approver must not be the requester, and needs sufficient authority by role.
#[input]
pub struct ApproveBudgetTransfer {}

impl Verb for ApproveBudgetTransfer {
    type On = BudgetTransfer;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut BudgetTransfer, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetTransferState::Approved, acting)
    }
}

/// Rejects a transfer.
#[input]
pub struct RejectBudgetTransfer {
    /// Reason of the rejection.
    pub reason: Text<1000>,
}

impl Verb for RejectBudgetTransfer {
    type On = BudgetTransfer;
    const NAME: &'static str = "reject";
    fn decide_by(&self, on: &mut BudgetTransfer, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetTransferState::Rejected, acting)?;
        on.rejection_reason = Some(self.reason.clone());
        Ok(())
    }
}

/// Withdraws a transfer that is not decided yet.
#[input]
pub struct WithdrawBudgetTransfer {}

impl Verb for WithdrawBudgetTransfer {
    type On = BudgetTransfer;
    const NAME: &'static str = "withdraw";
    fn decide(&self, on: &mut BudgetTransfer, _now: Instant) -> Result<(), Error> {
        on.state.go(BudgetTransferState::Withdrawn)
    }
}

impl BudgetTransfer {
    fn decide(&mut self, to: BudgetTransferState, acting: &Acting) -> Result<(), Error> {
        let person = acting.need_person("only a person decides on a transfer")?;
        if self.state == BudgetTransferState::Requested && self.requested_by == Some(person) {
            let detail = "a transfer must be decided by another person than its requester";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        self.state.go(to)?;
        self.decided_by = Some(person);
        self.decided_at = Some(acting.now);
        Ok(())
    }
}

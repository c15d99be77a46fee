//! Budget transfers: money that moves within what is approved, or out of a reserve.

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

/// Moves money from one place of the approved budget to another, or draws it from a reserve. Asked for by one person and
/// approved by another within the authority of its role; then the ledger takes it as entries that balance. Patches and
/// acts need `If-Match`.
#[resource(
    prefix = "btrf",
    plural = "budget_transfers",
    scope = "InProgram",
    verbs(ApproveBudgetTransfer, RejectBudgetTransfer, WithdrawBudgetTransfer)
)]
pub struct BudgetTransfer {
    /// The program that gives.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// The company in whose books it happens.
    #[field(create, filter)]
    pub legal_entity_id: Id<LegalEntity>,
    /// Where the money comes from.
    #[field(create, filter)]
    pub transfer_type: BudgetTransferType,
    /// How much.
    #[field(create, filter)]
    pub amount: Money,
    /// The place it leaves; of a drawdown, that of the reserve.
    #[field(create)]
    pub from_place: BudgetPlace,
    /// The place it comes to.
    #[field(create)]
    pub to_place: BudgetPlace,
    /// The program it comes to, where that is another one.
    #[field(create, filter)]
    pub to_program_id: Option<Id<Program>>,
    /// The risk it is drawn against; contingency is drawn against one.
    #[field(create, filter)]
    pub risk_id: Option<Id<Risk>>,
    /// Why.
    #[field(write)]
    pub reason: Text<1000>,
    /// Where it is in its life.
    #[field(filter)]
    pub state: BudgetTransferState,
    /// Who asked for it.
    #[field(filter)]
    pub requested_by: Option<Id<Person>>,
    /// Who approved or rejected it.
    #[field(filter)]
    pub decided_by: Option<Id<Person>>,
    /// When it was approved or rejected (UTC).
    #[field(filter)]
    pub decided_at: Option<Instant>,
    /// Why it was rejected.
    #[field(system)]
    pub rejection_reason: Option<Text<1000>>,
    /// Entries its approval made in the ledger.
    #[field(filter)]
    pub entry_count: i32,
    /// SHA-256 over those entries, in their order.
    #[field(system)]
    pub entries_sha256: Option<Text<64>>,
}

/// Where the money of a transfer comes from.
#[words]
pub enum BudgetTransferType {
    /// From what another place was to spend.
    Transfer,
    /// From contingency, against a risk.
    ContingencyDrawdown,
    /// From the management reserve.
    ManagementReserveDrawdown,
}

impl BudgetTransferType {
    /// What it takes authority for.
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
    /// When it is to be spent.
    pub fiscal_period_id: Id<FiscalPeriod>,
    /// The project of the program, where it is for one.
    pub project_id: Option<Id<Project>>,
    /// On what kind of cost.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether it is capital or operating expenditure.
    pub spend: Option<Spend>,
}

/// Where a budget transfer is in its life.
#[words(states)]
#[derive(Default)]
pub enum BudgetTransferState {
    /// Awaits a decision.
    #[default]
    Requested,
    /// Done.
    Approved,
    /// Was not approved.
    Rejected,
    /// Taken back by who asked for it.
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
            faults.push(Fault::new("/risk_id", "REQUIRED", "contingency is drawn against a risk"));
        }
        let stays = self.to_program_id.is_none_or(|to| to == self.program_id);
        if !drawn && stays && self.from_place == self.to_place {
            faults.push(Fault::new("/to_place", "DOES_NOT_FIT", "must be another place than where it comes from"));
        }
        self.requested_by = self.requested_by.or_else(|| Id::parse(&self.created_by.0).ok());
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.state == BudgetTransferState::Approved {
            return Err(Error::new(Reason::WrongState, "what was done stays; transfer it back"));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Lets the money move; by somebody else than who asked for it, within the authority of its role.
#[input]
pub struct ApproveBudgetTransfer {}

impl Verb for ApproveBudgetTransfer {
    type On = BudgetTransfer;
    const NAME: &'static str = "approve";
    fn decide_by(&self, on: &mut BudgetTransfer, acting: &Acting) -> Result<(), Error> {
        on.decide(BudgetTransferState::Approved, acting)
    }
}

/// Turns a transfer down.
#[input]
pub struct RejectBudgetTransfer {
    /// Why.
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

/// Takes a transfer back that nobody has decided on.
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
            let detail = "a transfer is decided on by somebody else than who asked for it";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        self.state.go(to)?;
        self.decided_by = Some(person);
        self.decided_at = Some(acting.now);
        Ok(())
    }
}

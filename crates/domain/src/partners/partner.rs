//! Partners: vendors, collaborators and corporate partners.

use steerco_derive::{input, resource, words};

use crate::country::Country;
use crate::error::Error;
use crate::id::Id;
use crate::person::Person;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// An outside organisation that works with this one. The accounts of a partner see only the partner and its engagements.
#[resource(
    prefix = "prt",
    plural = "partners",
    scope = "Partner",
    verbs(SuspendPartner, ResumePartner, EndPartner),
    rights("preview")
)]
pub struct Partner {
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Type of the relation.
    #[field(write, filter)]
    pub kind: PartnerKind,
    /// State of the relation.
    #[field(filter)]
    pub state: PartnerState,
    /// Country of its registered office (ISO 3166-1 alpha-2).
    #[field(write, filter)]
    pub country: Option<Country>,
    /// Its number in the register of companies of its country.
    #[field(write, filter)]
    pub registration_number: Option<Text<64>>,
    /// Contact persons. They are referenced by id. Names and addresses are stored with the person, where they can be erased,
    /// and neither here nor in the log.
    #[field(write)]
    pub contacts: Vec<PartnerContact>,
    /// Harm that a failure of the partner could cause.
    #[field(write, filter, private)]
    pub risk_tier: Option<RiskTier>,
}

/// Type of the relation to a partner.
#[words]
pub enum PartnerKind {
    /// Delivers against payment.
    Vendor,
    /// Collaborates towards a shared goal.
    Collaborator,
    /// A company of the same group, or one bound by a lasting agreement.
    Corporate,
}

/// State of the relation to a partner.
#[words(states)]
#[derive(Default)]
pub enum PartnerState {
    /// Active; its accounts can act.
    #[default]
    Active,
    /// Suspended; its accounts are locked at once, in every open stream as well, until it is resumed.
    Suspended,
    /// The relation has ended; its accounts are locked.
    Ended,
}

impl States for PartnerState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Suspended, Self::Ended]), (Self::Suspended, &[Self::Active, Self::Ended])];
}

/// Harm that a failure of a partner could cause.
#[words]
pub enum RiskTier {
    /// Easily replaced.
    Low,
    /// Replaced with some delay.
    Medium,
    /// A program would be harmed.
    High,
    /// The organisation would be harmed.
    Critical,
}

/// A contact person of a partner.
#[input(value)]
pub struct PartnerContact {
    /// The person.
    pub person_id: Id<Person>,
    /// Role of the contact, such as `invoices`.
    pub topic: Option<Text<100>>,
}

impl Rules for Partner {
    fn place(&self) -> Place {
        Place { partner: Some(self.id.to_string()), ..Place::default() }
    }
}

/// The verbs that change the state of a partner; each has a struct, a name and a target state.
macro_rules! partner_verbs {
    ($($(#[doc = $doc:literal])+ $verb:ident $name:literal $to:ident;)*) => {$(
        $(#[doc = $doc])+
        #[input]
        pub struct $verb {}

        impl Verb for $verb {
            type On = Partner;
            const NAME: &'static str = $name;
            fn decide(&self, on: &mut Partner, _now: Instant) -> Result<(), Error> {
                on.state.go(PartnerState::$to)
            }
        }
    )*};
}

partner_verbs! {
    /// Suspends a partner. Its accounts are locked at once, in every open stream as well.
    SuspendPartner "suspend" Suspended;
    /// Resumes a suspended partner. Its accounts can act again.
    ResumePartner "resume" Active;
    /// Ends the relation with a partner. This cannot be undone.
    EndPartner "end" Ended;
}

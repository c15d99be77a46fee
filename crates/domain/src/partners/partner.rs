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

/// An organisation outside that works with this one. Its own accounts see it, its engagements and nothing else.
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
    /// What it is to the organisation.
    #[field(write, filter)]
    pub kind: PartnerKind,
    /// Where it stands.
    #[field(filter)]
    pub state: PartnerState,
    /// Country of its seat (ISO 3166-1 alpha-2).
    #[field(write, filter)]
    pub country: Option<Country>,
    /// Its number in the register of companies of its country.
    #[field(write, filter)]
    pub registration_number: Option<Text<64>>,
    /// Who speaks for it. People are named by id: their names and addresses lie with the person, where erasure reaches
    /// them, and neither here nor in the log.
    #[field(write)]
    pub contacts: Vec<PartnerContact>,
    /// How much harm it could do if it failed.
    #[field(write, filter, private)]
    pub risk_tier: Option<RiskTier>,
}

/// What a partner is to the organisation.
#[words]
pub enum PartnerKind {
    /// Delivers against payment.
    Vendor,
    /// Works together towards a shared end.
    Collaborator,
    /// A company of the same group, or one bound by a lasting agreement.
    Corporate,
}

/// Where a partner stands.
#[words(states)]
#[derive(Default)]
pub enum PartnerState {
    /// Works with the organisation; its accounts may act.
    #[default]
    Active,
    /// Its accounts may do nothing, at once and in every open stream, until it is resumed.
    Suspended,
    /// The relation is over; its accounts may do nothing.
    Ended,
}

impl States for PartnerState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Active, &[Self::Suspended, Self::Ended]), (Self::Suspended, &[Self::Active, Self::Ended])];
}

/// How much harm a partner could do if it failed.
#[words]
pub enum RiskTier {
    /// Easily replaced.
    Low,
    /// Replaced with some delay.
    Medium,
    /// A program would suffer.
    High,
    /// The organisation would suffer.
    Critical,
}

/// Somebody who speaks for a partner.
#[input(value)]
pub struct PartnerContact {
    /// The person.
    pub person_id: Id<Person>,
    /// What the person is there for, such as `invoices`.
    pub topic: Option<Text<100>>,
}

impl Rules for Partner {
    fn place(&self) -> Place {
        Place { partner: Some(self.id.to_string()), ..Place::default() }
    }
}

/// The verbs that move a partner along; each names its struct, its word and its target.
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
    /// Shuts the accounts of a partner out, at once and in every open stream.
    SuspendPartner "suspend" Suspended;
    /// Lets the accounts of a suspended partner act again.
    ResumePartner "resume" Active;
    /// Ends the relation with a partner. Cannot be undone.
    EndPartner "end" Ended;
}

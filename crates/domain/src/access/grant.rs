//! Who may do what, over what, from when to when.

use steerco_derive::{input, resource};

use crate::access_table::Role;
use crate::error::{Error, Fault, Reason};
use crate::id::Id;
use crate::partner::Partner;
use crate::person::Person;
use crate::portfolio::Portfolio;
use crate::program::Program;
use crate::resource::{Rules, Verb};
use crate::service_account::ServiceAccount;
use crate::text::Text;
use crate::time::Instant;

/// A role held by one person or service account, over the organisation or a part of it. Made by someone else than its
/// holder; changed only by revoking it and making another.
#[resource(prefix = "grnt", plural = "grants", scope = "Administration", verbs(RevokeGrant))]
pub struct Grant {
    /// The person who holds it; this or `service_account_id`.
    #[field(create, filter)]
    pub person_id: Option<Id<Person>>,
    /// The service account that holds it; this or `person_id`.
    #[field(create, filter)]
    pub service_account_id: Option<Id<ServiceAccount>>,
    /// What it lets its holder be.
    #[field(create, filter)]
    pub role: Role,
    /// Reaches this portfolio and its programs only.
    #[field(create, filter)]
    pub portfolio_id: Option<Id<Portfolio>>,
    /// Reaches this program only.
    #[field(create, filter)]
    pub program_id: Option<Id<Program>>,
    /// Reaches this partner's engagements only; needed by the role `vendor`.
    #[field(create, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Holds from this instant; from its creation when absent.
    #[field(create, filter)]
    pub valid_from: Option<Instant>,
    /// Holds until this instant, for a delegation or a contract; without end when absent.
    #[field(create, filter)]
    pub valid_until: Option<Instant>,
    /// Why it was given, such as the absence it covers.
    #[field(write)]
    pub reason: Option<Text<500>>,
    /// When it was revoked.
    #[field(filter)]
    pub revoked_at: Option<Instant>,
}

impl Rules for Grant {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.person_id.is_some() == self.service_account_id.is_some() {
            let detail = "a grant is held by either a person or a service account: give exactly one";
            faults.push(Fault::new("/person_id", "ONE_HOLDER", detail));
        }
        let reach = [self.portfolio_id.is_some(), self.program_id.is_some(), self.partner_id.is_some()];
        if reach.iter().filter(|given| **given).count() > 1 {
            let detail = "give one of portfolio_id, program_id and partner_id, or none for the whole organisation";
            faults.push(Fault::new("/portfolio_id", "ONE_REACH", detail));
        }
        if (self.role == Role::Vendor) != self.partner_id.is_some() {
            let detail = "the role vendor needs a partner, and no other role has one";
            faults.push(Fault::new("/partner_id", "VENDOR_REACH", detail));
        }
        if self.role == Role::Admin && reach.contains(&true) {
            faults.push(Fault::new("/role", "ADMIN_REACH", "an admin administers the whole organisation"));
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && until <= from
        {
            faults.push(Fault::new("/valid_until", "OUT_OF_ORDER", "must be after valid_from"));
        }
    }

    fn holder(&self) -> Option<String> {
        let person = self.person_id.map(|id| id.to_string());
        person.or_else(|| self.service_account_id.map(|id| id.to_string()))
    }
}

/// Ends a grant, at once and in every open stream. Cannot be undone.
#[input]
pub struct RevokeGrant {
    /// Why it ends.
    pub reason: Option<Text<500>>,
}

impl Verb for RevokeGrant {
    type On = Grant;
    const NAME: &'static str = "revoke";
    fn decide(&self, grant: &mut Grant, now: Instant) -> Result<(), Error> {
        if grant.revoked_at.is_some() {
            return Err(Error::new(Reason::WrongState, "the grant is revoked already"));
        }
        grant.revoked_at = Some(now);
        if self.reason.is_some() {
            grant.reason.clone_from(&self.reason);
        }
        Ok(())
    }
}

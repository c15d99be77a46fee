//! Grants: who has which role, for which part of the organisation, and for how long.

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

/// A role held by one person or service account, for the whole organisation or a part of it. It must be created by someone
/// other than its holder. To change it, revoke it and create another one.
#[resource(prefix = "grnt", plural = "grants", scope = "Administration", verbs(RevokeGrant))]
pub struct Grant {
    /// Person who holds it. Give either this or `service_account_id`.
    #[field(create, filter)]
    pub person_id: Option<Id<Person>>,
    /// Service account that holds it. Give either this or `person_id`.
    #[field(create, filter)]
    pub service_account_id: Option<Id<ServiceAccount>>,
    /// Role that the holder receives.
    #[field(create, filter)]
    pub role: Role,
    /// Limits the reach to this portfolio and its programs.
    #[field(create, filter)]
    pub portfolio_id: Option<Id<Portfolio>>,
    /// Limits the reach to this program.
    #[field(create, filter)]
    pub program_id: Option<Id<Program>>,
    /// Limits the reach to this partner's engagements. Required for the role `vendor`.
    #[field(create, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Valid from this time (UTC); from its creation if absent.
    #[field(create, filter)]
    pub valid_from: Option<Instant>,
    /// Valid until this time (UTC), such as the end of a delegation or contract; without end if absent.
    #[field(create, filter)]
    pub valid_until: Option<Instant>,
    /// Reason for the grant, such as the absence it covers.
    #[field(write)]
    pub reason: Option<Text<500>>,
    /// Time at which it was revoked (UTC).
    #[field(filter)]
    pub revoked_at: Option<Instant>,
}

impl Rules for Grant {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.person_id.is_some() == self.service_account_id.is_some() {
            let detail = "give exactly one of person_id and service_account_id";
            faults.push(Fault::new("/person_id", "ONE_HOLDER", detail));
        }
        let reach = [self.portfolio_id.is_some(), self.program_id.is_some(), self.partner_id.is_some()];
        if reach.iter().filter(|given| **given).count() > 1 {
            let detail = "give at most one of portfolio_id, program_id and partner_id; none for the whole organisation";
            faults.push(Fault::new("/portfolio_id", "ONE_REACH", detail));
        }
        if (self.role == Role::Vendor) != self.partner_id.is_some() {
            let detail = "is required for the role vendor and not allowed for other roles";
            faults.push(Fault::new("/partner_id", "VENDOR_REACH", detail));
        }
        if self.role == Role::Admin && reach.contains(&true) {
            faults.push(Fault::new(
                "/role",
                "ADMIN_REACH",
                "the role admin cannot be limited to a portfolio, program or partner",
            ));
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

/// Revoke a grant immediately, including in every open stream. Cannot be undone.
#[input]
pub struct RevokeGrant {
    /// Reason for the revocation.
    pub reason: Option<Text<500>>,
}

impl Verb for RevokeGrant {
    type On = Grant;
    const NAME: &'static str = "revoke";
    fn decide(&self, grant: &mut Grant, now: Instant) -> Result<(), Error> {
        if grant.revoked_at.is_some() {
            return Err(Error::new(Reason::WrongState, "the grant is already revoked"));
        }
        grant.revoked_at = Some(now);
        if self.reason.is_some() {
            grant.reason.clone_from(&self.reason);
        }
        Ok(())
    }
}

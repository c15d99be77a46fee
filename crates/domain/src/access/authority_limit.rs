//! Authority limits: the maximum amount that a role may decide on.

use steerco_derive::{resource, words};

use crate::access_table::Role;
use crate::error::Fault;
use crate::money::{Amount, Money};
use crate::resource::Rules;

/// The maximum amount that a role may decide on for one act. If a role has no limit for an act in any currency, the default of
/// the installation applies (`auth.default_authority`, 0 unless set). If it has a limit, it cannot decide in a currency without
/// a limit.
#[resource(prefix = "alim", plural = "authority_limits", scope = "Organisation")]
pub struct AuthorityLimit {
    /// Role that is limited.
    #[field(create, filter)]
    pub role: Role,
    /// Act that the limit applies to.
    #[field(create, filter)]
    pub act: AuthorityAct,
    /// Maximum amount that the role may decide on alone. One limit per currency.
    #[field(write, filter)]
    pub limit: Money,
}

/// Acts that require authority.
#[words]
pub enum AuthorityAct {
    /// Transfer money within the approved budget.
    BudgetTransfer,
    /// Draw down contingency reserve.
    ContingencyDrawdown,
    /// Draw down management reserve.
    ManagementReserveDrawdown,
    /// Change the value of an active engagement, up or down.
    EngagementAmendment,
    /// Accept a vendor's delivery, by its value. Above the limit a second person must confirm.
    Acceptance,
}

impl Rules for AuthorityLimit {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.limit.units < 0 {
            faults.push(Fault::new("/limit/amount", "OUT_OF_RANGE", "must not be below zero"));
        }
    }
}

/// Whether one of these roles may decide on this amount. Each role is checked against its own limits, or the default.
pub fn suffices(limits: &[AuthorityLimit], default: Amount, roles: &[Role], act: AuthorityAct, amount: Money) -> bool {
    roles.iter().any(|role| {
        let mut own = limits.iter().filter(|limit| limit.role == *role && limit.act == act).peekable();
        if own.peek().is_none() {
            return amount.units <= default.units();
        }
        own.any(|own| own.limit.currency == amount.currency && amount.units <= own.limit.units)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::money::Currency;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::json;

    fn limit(role: &str, amount: &str, currency: &str) -> AuthorityLimit {
        let at = Instant::from_micros(0);
        let body = json!({"role": role, "act": "budget_transfer", "limit": {"amount": amount, "currency": currency}});
        let seed = Seed { id: 1, at, effective_at: at, by: Actor::system() };
        AuthorityLimit::create(body.as_object().unwrap(), &seed).unwrap()
    }

    #[test]
    fn the_greatest_authority_counts() {
        let limits = [limit("program_manager", "100", "EUR"), limit("director", "1000", "EUR")];
        let may = |roles: &[Role], units, code| {
            let amount = Money::new(units, Currency::parse(code).unwrap());
            suffices(&limits, Amount::new(50), roles, AuthorityAct::BudgetTransfer, amount)
        };
        assert!(may(&[Role::ProgramManager], 1_000_000, "EUR"));
        assert!(!may(&[Role::ProgramManager], 1_000_001, "EUR"));
        assert!(may(&[Role::ProgramManager, Role::Director], 1_000_001, "EUR"));
        assert!(!may(&[Role::Director], 1, "USD"), "limited, and not in this currency");
        assert!(may(&[Role::Finance], 50, "USD") && !may(&[Role::Finance], 51, "USD"), "the default");
        assert!(!may(&[], 1, "EUR"));
    }
}

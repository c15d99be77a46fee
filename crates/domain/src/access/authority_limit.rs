//! Authority limits: up to which amount a role may decide.

use steerco_derive::{resource, words};

use crate::access_table::Role;
use crate::error::Fault;
use crate::money::Money;
use crate::resource::Rules;

/// Up to which amount a role may decide on something. Where a role has no limit for it in any currency, the table of
/// permissions alone says what it may; where it has one, it decides on nothing in a currency that has none.
#[resource(prefix = "alim", plural = "authority_limits", scope = "Organisation")]
pub struct AuthorityLimit {
    /// Whose authority it limits.
    #[field(create, filter)]
    pub role: Role,
    /// What it is about.
    #[field(create, filter)]
    pub act: AuthorityAct,
    /// The greatest amount that the role may decide on alone; one limit a currency.
    #[field(write, filter)]
    pub limit: Money,
}

/// What takes authority.
#[words]
pub enum AuthorityAct {
    /// To move money within what is approved.
    BudgetTransfer,
    /// To draw contingency.
    ContingencyDrawdown,
    /// To draw the management reserve.
    ManagementReserveDrawdown,
    /// To change the value of an engagement in force, up or down.
    EngagementAmendment,
    /// To accept what a vendor delivers, by what it is worth; beyond it a second person confirms.
    Acceptance,
}

impl Rules for AuthorityLimit {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.limit.units < 0 {
            faults.push(Fault::new("/limit/amount", "OUT_OF_RANGE", "must not be below zero"));
        }
    }
}

/// Whether one of these roles may decide on this amount: each has the limits set for it.
pub fn suffices(limits: &[AuthorityLimit], roles: &[Role], act: AuthorityAct, amount: Money) -> bool {
    roles.iter().any(|role| {
        let mut own = limits.iter().filter(|limit| limit.role == *role && limit.act == act).peekable();
        own.peek().is_none() || own.any(|own| own.limit.currency == amount.currency && amount.units <= own.limit.units)
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
            suffices(&limits, roles, AuthorityAct::BudgetTransfer, amount)
        };
        assert!(may(&[Role::ProgramManager], 1_000_000, "EUR"));
        assert!(!may(&[Role::ProgramManager], 1_000_001, "EUR"));
        assert!(may(&[Role::ProgramManager, Role::Director], 1_000_001, "EUR"));
        assert!(!may(&[Role::Director], 1, "USD"), "limited, and not in this currency");
        assert!(may(&[Role::Finance], i64::MAX, "USD"), "not limited at all");
        assert!(!may(&[], 1, "EUR"));
    }
}

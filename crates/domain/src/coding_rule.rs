//! Coding rules: where costs go, by how finance codes them.

use steerco_derive::resource;

use crate::cost_category::CostCategory;
use crate::error::Fault;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::program::Program;
use crate::project::Project;
use crate::resource::Rules;
use crate::spend::Spend;
use crate::text::{Code, Text};
use crate::time::Day;

/// Where costs of a cost code go. Of several rules that match, the one that says more wins: an exact code before a
/// beginning, a longer beginning before a shorter one, then one for a source, then one for a legal entity, then the one
/// that begins later, then the older rule.
#[resource(prefix = "crule", plural = "coding_rules", scope = "Organisation")]
pub struct CodingRule {
    /// The cost code as finance sends it; with `*` at its end, every code that begins so.
    #[field(write, filter)]
    pub cost_code: Text<200>,
    /// Code of the source whose costs it maps; all when absent.
    #[field(write, filter)]
    pub source: Option<Code>,
    /// The company whose costs it maps; all when absent.
    #[field(write, filter)]
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// First posting date it maps; from the beginning when absent.
    #[field(write, filter)]
    pub valid_from: Option<Day>,
    /// Last posting date it maps; without end when absent.
    #[field(write, filter)]
    pub valid_until: Option<Day>,
    /// The program the costs are of.
    #[field(write, filter, parent, required)]
    pub program_id: Id<Program>,
    /// The project of that program.
    #[field(write, filter)]
    pub project_id: Option<Id<Project>>,
    /// What kind of cost they are.
    #[field(write, filter)]
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether they are capital or operating expenditure.
    #[field(write, filter)]
    pub spend: Option<Spend>,
}

impl Rules for CodingRule {
    fn settle(&mut self, faults: &mut Vec<Fault>) {
        if self.valid_from.zip(self.valid_until).is_some_and(|(from, until)| until < from) {
            faults.push(Fault::new("/valid_until", "OUT_OF_ORDER", "must not be before valid_from"));
        }
        let plain = self.cost_code.as_str().strip_suffix('*').unwrap_or(self.cost_code.as_str());
        if plain.contains('*') {
            faults.push(Fault::new("/cost_code", "BAD_PATTERN", "`*` may stand at the end only"));
        }
    }
}

/// What of a cost decides where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    pub source: &'a str,
    pub legal_entity_id: Id<LegalEntity>,
    pub cost_code: &'a str,
    pub posted_on: Day,
}

impl CodingRule {
    fn matches(&self, cost: &Coded<'_>) -> bool {
        let pattern = self.cost_code.as_str();
        let code = match pattern.strip_suffix('*') {
            Some(beginning) => cost.cost_code.starts_with(beginning),
            None => cost.cost_code == pattern,
        };
        code && self.source.as_ref().is_none_or(|source| source.as_str() == cost.source)
            && self.legal_entity_id.is_none_or(|entity| entity == cost.legal_entity_id)
            && self.valid_from.is_none_or(|from| from <= cost.posted_on)
            && self.valid_until.is_none_or(|until| cost.posted_on <= until)
    }
}

/// The rule that says where a cost goes.
pub fn pick<'a>(rules: &'a [CodingRule], cost: &Coded<'_>) -> Option<&'a CodingRule> {
    rules.iter().filter(|rule| rule.matches(cost)).max_by_key(|rule| {
        let pattern = rule.cost_code.as_str();
        let exact = !pattern.ends_with('*');
        let named = (rule.source.is_some(), rule.legal_entity_id.is_some());
        (exact, pattern.len(), named, rule.valid_from, std::cmp::Reverse(rule.id.as_u128()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use crate::time::Instant;
    use serde_json::{Value, json};

    fn rule(n: u128, mut body: Value) -> CodingRule {
        body["program_id"] = json!(crate::id::encode("prog", n));
        let at = Instant::from_micros(0);
        let seed = Seed { id: n, at, effective_at: at, by: Actor("system".to_owned()) };
        CodingRule::create(body.as_object().unwrap(), &seed).unwrap()
    }

    #[test]
    fn the_rule_that_says_more_wins() {
        let rules = [
            rule(1, json!({"cost_code": "4*"})),
            rule(2, json!({"cost_code": "42*"})),
            rule(3, json!({"cost_code": "4200"})),
            rule(4, json!({"cost_code": "4200", "source": "sap"})),
            rule(5, json!({"cost_code": "4200", "source": "sap", "valid_from": "2026-07-01"})),
            rule(6, json!({"cost_code": "42*", "valid_until": "2025-12-31"})),
            rule(7, json!({"cost_code": "42*"})),
        ];
        let pick = |source, cost_code, day: &str| {
            let posted_on = Day::parse(day).unwrap();
            let cost = Coded { source, legal_entity_id: Id::from_u128(9), cost_code, posted_on };
            super::pick(&rules, &cost).map(|rule| rule.id.as_u128())
        };
        assert_eq!(pick("gla", "4999", "2026-01-01"), Some(1));
        assert_eq!(pick("gla", "4299", "2026-01-01"), Some(2), "the older of two alike");
        assert_eq!(pick("gla", "4200", "2026-01-01"), Some(3));
        assert_eq!(pick("sap", "4200", "2026-01-01"), Some(4));
        assert_eq!(pick("sap", "4200", "2026-07-01"), Some(5));
        assert_eq!(pick("sap", "5", "2026-07-01"), None);
    }
}

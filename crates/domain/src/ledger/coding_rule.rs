//! Coding rules: where costs go, by how finance codes them.

use steerco_derive::{input, resource};

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

/// Where costs go by how finance codes them. Of several rules that match, the one that says more wins: an exact cost code
/// before a beginning, a longer beginning before a shorter one, then one that names more of account, cost centre, WBS
/// element and tax code, and of those by more of their letters, then one for a source, then one for a legal entity, then
/// the one that begins later, then the older rule.
#[resource(prefix = "crule", plural = "coding_rules", scope = "Organisation")]
pub struct CodingRule {
    /// The cost code as finance sends it; with `*` at its end, every code that begins so, and `*` alone costs without one,
    /// too, that are coded otherwise.
    #[field(write, filter)]
    pub cost_code: Text<200>,
    /// The account of the general ledger; with `*` at its end, every one that begins so; any or none when absent.
    #[field(write, filter)]
    pub gl_account: Option<Text<100>>,
    /// The cost centre, in the same way.
    #[field(write, filter)]
    pub cost_centre: Option<Text<100>>,
    /// The element of the work breakdown structure, in the same way.
    #[field(write, filter)]
    pub wbs_element: Option<Text<100>>,
    /// The tax code, in the same way.
    #[field(write, filter)]
    pub tax_code: Option<Text<100>>,
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
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.valid_from.zip(self.valid_until).is_some_and(|(from, until)| until < from) {
            faults.push(Fault::new("/valid_until", "OUT_OF_ORDER", "must not be before valid_from"));
        }
        let codes = CODES.into_iter().zip(self.codes()).filter_map(|(name, code)| Some((name, code?)));
        for (name, code) in [("cost_code", self.cost_code.as_str())].into_iter().chain(codes) {
            if code.strip_suffix('*').unwrap_or(code).contains('*') {
                faults.push(Fault::new(format!("/{name}"), "BAD_PATTERN", "`*` may stand at the end only"));
            }
        }
    }
}

/// A coding rule that is not there yet.
#[input(value)]
pub struct ProposedCodingRule {
    /// The cost code, as a coding rule has it.
    pub cost_code: Text<200>,
    /// The account of the general ledger.
    pub gl_account: Option<Text<100>>,
    /// The cost centre.
    pub cost_centre: Option<Text<100>>,
    /// The element of the work breakdown structure.
    pub wbs_element: Option<Text<100>>,
    /// The tax code.
    pub tax_code: Option<Text<100>>,
    /// First posting date it would map.
    pub valid_from: Option<Day>,
    /// Last posting date it would map.
    pub valid_until: Option<Day>,
    /// The program the costs would be of.
    pub program_id: Id<Program>,
    /// The project of that program.
    pub project_id: Option<Id<Project>>,
    /// What kind of cost they would be.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether they would be capital or operating expenditure.
    pub spend: Option<Spend>,
}

/// What of a cost decides where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Coded<'a> {
    pub source: &'a str,
    pub legal_entity_id: Id<LegalEntity>,
    pub cost_code: &'a str,
    /// Account, cost centre, WBS element, tax code.
    pub codes: [Option<&'a str>; 4],
    pub posted_on: Day,
}

/// The codes of a cost beside its cost code.
const CODES: [&str; 4] = ["gl_account", "cost_centre", "wbs_element", "tax_code"];

/// Whether a code is the one that is meant, or begins as one with `*` at its end.
fn fits(pattern: &str, code: &str) -> bool {
    pattern.strip_suffix('*').map_or(code == pattern, |beginning| code.starts_with(beginning))
}

impl CodingRule {
    fn codes(&self) -> [Option<&str>; 4] {
        [&self.gl_account, &self.cost_centre, &self.wbs_element, &self.tax_code]
            .map(|code| code.as_ref().map(Text::as_str))
    }

    fn matches(&self, cost: &Coded<'_>) -> bool {
        let mut codes = self.codes().into_iter().zip(cost.codes);
        fits(self.cost_code.as_str(), cost.cost_code)
            && codes.all(|(wanted, code)| wanted.is_none_or(|wanted| code.is_some_and(|code| fits(wanted, code))))
            && self.source.as_ref().is_none_or(|source| source.as_str() == cost.source)
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
        let codes = rule.codes().into_iter().flatten();
        let letters = |code: &str| code.strip_suffix('*').unwrap_or(code).len();
        let exact_codes = codes.clone().filter(|code| !code.ends_with('*')).count();
        let codes = (codes.clone().count(), codes.map(letters).sum::<usize>(), exact_codes);
        let named = (rule.source.is_some(), rule.legal_entity_id.is_some());
        (exact, pattern.len(), codes, named, rule.valid_from, std::cmp::Reverse(rule.id.as_u128()))
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
            let cost = Coded { source, legal_entity_id: Id::from_u128(9), cost_code, codes: [None; 4], posted_on };
            super::pick(&rules, &cost).map(|rule| rule.id.as_u128())
        };
        assert_eq!(pick("gla", "4999", "2026-01-01"), Some(1));
        assert_eq!(pick("gla", "4299", "2026-01-01"), Some(2), "the older of two alike");
        assert_eq!(pick("gla", "4200", "2026-01-01"), Some(3));
        assert_eq!(pick("sap", "4200", "2026-01-01"), Some(4));
        assert_eq!(pick("sap", "4200", "2026-07-01"), Some(5));
        assert_eq!(pick("sap", "5", "2026-07-01"), None);
    }

    #[test]
    fn a_cost_is_known_by_all_of_its_codes() {
        let rules = [
            rule(1, json!({"cost_code": "*", "gl_account": "42*"})),
            rule(2, json!({"cost_code": "*", "gl_account": "4200"})),
            rule(3, json!({"cost_code": "*", "gl_account": "42*", "cost_centre": "K1"})),
            rule(4, json!({"cost_code": "*", "wbs_element": "P-7.*", "tax_code": "V1", "cost_centre": "K1"})),
            rule(5, json!({"cost_code": "9*"})),
            rule(6, json!({"cost_code": "*", "gl_account": "4200*"})),
        ];
        let pick = |cost_code, codes| {
            let posted_on = Day::parse("2026-01-01").unwrap();
            let cost = Coded { source: "sap", legal_entity_id: Id::from_u128(9), cost_code, codes, posted_on };
            super::pick(&rules, &cost).map(|rule| rule.id.as_u128())
        };
        assert_eq!(pick("", [Some("4299"), None, None, None]), Some(1));
        assert_eq!(pick("", [Some("4200"), Some("K2"), None, None]), Some(2), "exactly, not by its beginning");
        assert_eq!(pick("", [Some("42001"), None, None, None]), Some(6));
        assert_eq!(pick("", [Some("4200"), Some("K1"), None, None]), Some(3));
        assert_eq!(pick("", [Some("4200"), Some("K1"), Some("P-7.2"), Some("V1")]), Some(4));
        assert_eq!(pick("900", [Some("4200"), Some("K1"), Some("P-7.2"), Some("V1")]), Some(5), "the cost code first");
        assert_eq!(pick("1", [None, Some("K1"), Some("P-7.2"), None]), None);
    }
}

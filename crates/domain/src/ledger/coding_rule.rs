//! Coding rules: mapping of the codes of finance to programs.

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

/// Maps costs to a program by the codes that finance uses. Of several matching rules the most specific one applies, in this
/// order: an exact cost code before a prefix; a longer prefix before a shorter one; more of account, cost centre, WBS element
/// and tax code; more characters of them; a rule for a source; a rule for a legal entity; a later start; the older rule.
#[resource(prefix = "crule", plural = "coding_rules", scope = "Organisation")]
pub struct CodingRule {
    /// The cost code as sent by finance. A `*` at the end matches every code with this prefix. `*` alone also matches costs
    /// without a cost code that have other codes.
    #[field(write, filter)]
    pub cost_code: Text<200>,
    /// The account of the general ledger. A `*` at the end matches every account with this prefix. Any or no account matches
    /// when absent.
    #[field(write, filter)]
    pub gl_account: Option<Text<100>>,
    /// The cost centre, matched in the same way.
    #[field(write, filter)]
    pub cost_centre: Option<Text<100>>,
    /// The element of the work breakdown structure, matched in the same way.
    #[field(write, filter)]
    pub wbs_element: Option<Text<100>>,
    /// The tax code, matched in the same way.
    #[field(write, filter)]
    pub tax_code: Option<Text<100>>,
    /// Code of the source to which the rule applies; all sources when absent.
    #[field(write, filter)]
    pub source: Option<Code>,
    /// The legal entity to which the rule applies; all when absent.
    #[field(write, filter)]
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// First posting date to which the rule applies; no start when absent.
    #[field(write, filter)]
    pub valid_from: Option<Day>,
    /// Last posting date to which the rule applies; no end when absent.
    #[field(write, filter)]
    pub valid_until: Option<Day>,
    /// The program to which the costs are assigned.
    #[field(write, filter, parent, required)]
    pub program_id: Id<Program>,
    /// The project of that program.
    #[field(write, filter)]
    pub project_id: Option<Id<Project>>,
    /// The cost category of the costs.
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
                faults.push(Fault::new(format!("/{name}"), "BAD_PATTERN", "`*` is allowed at the end only"));
            }
        }
    }
}

/// A coding rule that does not exist yet.
#[input(value)]
pub struct ProposedCodingRule {
    /// The cost code, in the form of a coding rule.
    pub cost_code: Text<200>,
    /// The account of the general ledger.
    pub gl_account: Option<Text<100>>,
    /// The cost centre.
    pub cost_centre: Option<Text<100>>,
    /// The element of the work breakdown structure.
    pub wbs_element: Option<Text<100>>,
    /// The tax code.
    pub tax_code: Option<Text<100>>,
    /// First posting date to which the rule would apply.
    pub valid_from: Option<Day>,
    /// Last posting date to which the rule would apply.
    pub valid_until: Option<Day>,
    /// The program to which the costs would be assigned.
    pub program_id: Id<Program>,
    /// The project of that program.
    pub project_id: Option<Id<Project>>,
    /// The cost category of the costs.
    pub cost_category_id: Option<Id<CostCategory>>,
    /// Whether the costs would be capital or operating expenditure.
    pub spend: Option<Spend>,
}

/// Attributes of a cost that coding rules match.
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

/// Whether a code equals the pattern, or has its prefix where the pattern ends with `*`.
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

/// The rule that applies to a cost.
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

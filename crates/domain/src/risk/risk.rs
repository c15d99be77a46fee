//! Risks: threats and opportunities.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault};
use crate::field::Whole;
use crate::id::Id;
use crate::money::Money;
use crate::person::Person;
use crate::program::Program;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::{Day, Instant};

/// A cell of a five-by-five rating matrix: likelihood times impact.
pub type Rating = Whole<1, 25>;

/// An uncertain event that would affect cost, schedule or benefit if it occurred.
#[resource(
    prefix = "risk",
    plural = "risks",
    scope = "InProgram",
    verbs(AssessRisk, RespondRisk, CloseRisk, MaterialiseRisk, ExpireRisk)
)]
pub struct Risk {
    /// Program that the risk belongs to.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Threat or opportunity.
    #[field(create, filter)]
    pub kind: RiskKind,
    /// Current state.
    #[field(filter)]
    pub state: RiskState,
    /// Category, in the organisation's own terms.
    #[field(write, filter)]
    pub category: Option<Text<100>>,
    /// Cause of the risk.
    #[field(write)]
    pub cause: Option<Text<4000>>,
    /// The uncertain event.
    #[field(write)]
    pub event: Option<Text<4000>>,
    /// Effect if the event occurs.
    #[field(write)]
    pub effect: Option<Text<4000>>,
    /// Person accountable for it (risk owner).
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// Probability, from 0 to 1.
    #[field(write, filter)]
    pub probability: Option<Ratio>,
    /// Lowest cost impact: the cost of a threat, the saving of an opportunity.
    #[field(write)]
    pub cost_low: Option<Money>,
    /// Most likely cost impact.
    #[field(write, filter)]
    pub cost_likely: Option<Money>,
    /// Highest cost impact.
    #[field(write)]
    pub cost_high: Option<Money>,
    /// Schedule impact in days; negative if earlier.
    #[field(write, filter)]
    pub schedule_impact_days: Option<Whole<-36_500, 36_500>>,
    /// First day on which the event may occur.
    #[field(write, filter)]
    pub exposure_from_on: Option<Day>,
    /// Last day on which the event may occur.
    #[field(write, filter)]
    pub exposure_until_on: Option<Day>,
    /// Response strategy. Threats: avoid, mitigate, transfer, accept, escalate. Opportunities: exploit, enhance, share,
    /// accept, escalate.
    #[field(write, filter)]
    pub response: Option<RiskResponse>,
    /// Planned response actions.
    #[field(write)]
    pub response_plan: Option<Text<4000>>,
    /// Rating before any response.
    #[field(write, filter)]
    pub inherent_rating: Option<Rating>,
    /// Current rating.
    #[field(write, filter)]
    pub current_rating: Option<Rating>,
    /// Rating to be reached by the response.
    #[field(write, filter)]
    pub target_rating: Option<Rating>,
    /// Probability that remains after the response.
    #[field(write)]
    pub residual_probability: Option<Ratio>,
    /// Cost impact that remains after the response.
    #[field(write)]
    pub residual_cost: Option<Money>,
    /// Actual cost. Set when the risk materialises.
    #[field(system)]
    pub realised_cost: Option<Money>,
    /// Expected monetary value: probability × most likely cost impact, rounded half to even at the fourth decimal. A cost for
    /// a threat, a saving for an opportunity. Absent if either is unknown, and after the risk is closed, materialised or
    /// expired. Source: PMI, Practice Standard for Project Risk Management.
    #[field(filter)]
    pub expected_monetary_value: Option<Money>,
}

/// Kind of a risk.
#[words]
pub enum RiskKind {
    /// Has a negative effect if it occurs.
    Threat,
    /// Has a positive effect if it occurs.
    Opportunity,
}

/// State of a risk.
#[words(states)]
#[derive(Default)]
pub enum RiskState {
    /// Identified, not yet assessed.
    #[default]
    Identified,
    /// Probability and impact are assessed.
    Assessed,
    /// A response is in progress.
    Responding,
    /// No longer a concern.
    Closed,
    /// The event occurred.
    Materialised,
    /// The exposure window has passed.
    Expired,
}

impl States for RiskState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Identified, &[Self::Assessed, Self::Closed, Self::Materialised, Self::Expired]),
        (Self::Assessed, &[Self::Assessed, Self::Responding, Self::Closed, Self::Materialised, Self::Expired]),
        (Self::Responding, &[Self::Assessed, Self::Closed, Self::Materialised, Self::Expired]),
    ];
}

/// Risk response strategy (PMI).
#[words]
pub enum RiskResponse {
    /// Threat: eliminate the cause.
    Avoid,
    /// Threat: reduce probability or impact.
    Mitigate,
    /// Threat: transfer it to a third party that can bear it better.
    Transfer,
    /// Threat or opportunity: accept it without action.
    Accept,
    /// Threat or opportunity: escalate it to those with the authority.
    Escalate,
    /// Opportunity: make sure that it occurs.
    Exploit,
    /// Opportunity: increase probability or impact.
    Enhance,
    /// Opportunity: share it with a third party that can realise it.
    Share,
}

impl RiskResponse {
    const fn fits(self, kind: RiskKind) -> bool {
        match self {
            Self::Accept | Self::Escalate => true,
            Self::Avoid | Self::Mitigate | Self::Transfer => matches!(kind, RiskKind::Threat),
            Self::Exploit | Self::Enhance | Self::Share => matches!(kind, RiskKind::Opportunity),
        }
    }
}

impl Risk {
    const fn is_live(&self) -> bool {
        matches!(self.state, RiskState::Identified | RiskState::Assessed | RiskState::Responding)
    }

    fn check_costs(&self, faults: &mut Vec<Fault>) {
        let costs = [("cost_low", self.cost_low), ("cost_likely", self.cost_likely), ("cost_high", self.cost_high)];
        let mut given = costs.iter().filter_map(|(name, cost)| cost.map(|cost| (*name, cost)));
        let Some(mut before) = given.next() else { return };
        for next in given {
            if next.1.currency != before.1.currency {
                let detail = format!("must be in the currency of {}: {}", before.0, before.1.currency.code());
                faults.push(Fault::new(format!("/{}/currency", next.0), "MIXED_CURRENCIES", detail));
            } else if next.1.units < before.1.units {
                faults.push(Fault::new(
                    format!("/{}", next.0),
                    "OUT_OF_ORDER",
                    format!("must not be below {}", before.0),
                ));
            }
            before = next;
        }
    }
}

impl Rules for Risk {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.check_costs(faults);
        for (name, cost) in [
            ("cost_low", self.cost_low),
            ("cost_likely", self.cost_likely),
            ("cost_high", self.cost_high),
            ("residual_cost", self.residual_cost),
        ] {
            if cost.is_some_and(|cost| cost.units < 0) {
                let detail = "must not be negative: the kind of the risk determines whether it is a cost or a saving";
                faults.push(Fault::new(format!("/{name}/amount"), "OUT_OF_RANGE", detail));
            }
        }
        if self.exposure_from_on.zip(self.exposure_until_on).is_some_and(|(from, until)| until < from) {
            faults.push(Fault::new("/exposure_until_on", "OUT_OF_ORDER", "must not be before exposure_from_on"));
        }
        if self.response.is_some_and(|response| !response.fits(self.kind)) {
            let detail = "threats: avoid, mitigate, transfer, accept, escalate; \
                          opportunities: exploit, enhance, share, accept, escalate";
            faults.push(Fault::new("/response", "DOES_NOT_FIT", detail));
        }
        let judged = self.probability.zip(self.cost_likely).filter(|_| self.is_live());
        self.expected_monetary_value = judged.and_then(|(probability, cost)| cost.share(probability));
    }

    fn place(&self) -> Place {
        Place { program: Some(self.program_id.to_string()), ..Place::default() }
    }
}

/// Assess the probability and impact of a risk.
#[input]
pub struct AssessRisk {
    /// Probability, from 0 to 1.
    pub probability: Ratio,
    /// Most likely cost impact.
    pub cost_likely: Option<Money>,
    /// Schedule impact in days; negative if earlier.
    pub schedule_impact_days: Option<Whole<-36_500, 36_500>>,
    /// Current rating.
    pub current_rating: Option<Rating>,
}

impl Verb for AssessRisk {
    type On = Risk;
    const NAME: &'static str = "assess";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Assessed)?;
        risk.probability = Some(self.probability);
        risk.cost_likely = self.cost_likely.or(risk.cost_likely);
        risk.schedule_impact_days = self.schedule_impact_days.or(risk.schedule_impact_days);
        risk.current_rating = self.current_rating.or(risk.current_rating);
        risk.inherent_rating = risk.inherent_rating.or(risk.current_rating);
        Ok(())
    }
}

/// Start the response to a risk.
#[input]
pub struct RespondRisk {
    /// Response strategy.
    pub response: RiskResponse,
    /// Planned response actions.
    pub response_plan: Option<Text<4000>>,
}

impl Verb for RespondRisk {
    type On = Risk;
    const NAME: &'static str = "respond";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Responding)?;
        risk.response = Some(self.response);
        if self.response_plan.is_some() {
            risk.response_plan.clone_from(&self.response_plan);
        }
        Ok(())
    }
}

/// Close a risk that is no longer a concern.
#[input]
pub struct CloseRisk {}

impl Verb for CloseRisk {
    type On = Risk;
    const NAME: &'static str = "close";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Closed)
    }
}

/// Record that a risk has occurred.
#[input]
pub struct MaterialiseRisk {
    /// Actual cost as far as known; the saving of an opportunity.
    pub realised_cost: Option<Money>,
}

impl Verb for MaterialiseRisk {
    type On = Risk;
    const NAME: &'static str = "materialise";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Materialised)?;
        risk.realised_cost = self.realised_cost;
        Ok(())
    }
}

/// Record that the exposure window of a risk has passed.
#[input]
pub struct ExpireRisk {}

impl Verb for ExpireRisk {
    type On = Risk;
    const NAME: &'static str = "expire";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use serde_json::{Value, json};

    fn create(body: &Value) -> Result<Risk, Error> {
        let at = Instant::from_micros(0);
        Risk::create(body.as_object().unwrap(), &Seed { id: 1, at, effective_at: at, by: Actor::system() })
    }

    fn risk(probability: f64, cost: &str) -> Risk {
        create(&json!({
            "program_id": "prog_00000000000000000000000001", "title": "A risk", "kind": "threat",
            "probability": probability, "cost_likely": { "amount": cost, "currency": "USD" },
        }))
        .unwrap()
    }

    /// TenStep, "Use Expected Monetary Value (EMV) to Create a Risk Contingency Budget": six risks, 33,500 in all.
    #[test]
    fn expected_monetary_value_of_a_published_example() {
        let published = [
            (0.8, 10_000, 8_000),
            (0.3, 30_000, 9_000),
            (0.5, 8_000, 4_000),
            (0.1, 40_000, 4_000),
            (0.3, 20_000, 6_000),
            (0.25, 10_000, 2_500),
        ];
        let values: Vec<i64> = published
            .iter()
            .map(|(p, impact, _)| risk(*p, &impact.to_string()).expected_monetary_value.unwrap().units)
            .collect();
        assert_eq!(values, published.map(|(_, _, emv)| emv * 10_000));
        assert_eq!(values.iter().sum::<i64>(), 33_500 * 10_000);
    }

    #[test]
    fn what_is_over_has_no_expected_value() {
        let mut risk = risk(0.5, "100");
        risk.state = RiskState::Materialised;
        risk.derive_and_check(&mut Vec::new());
        assert_eq!(risk.expected_monetary_value, None);
    }

    #[test]
    fn all_faults_at_once() {
        let error = create(&json!({
            "titel": "x", "kind": "danger", "probability": 1.5, "response": 7, "id": "risk_1",
            "cost_likely": { "amount": "1.23456", "currency": "eur", "unit": "k" },
        }))
        .unwrap_err();
        let mut found: Vec<(&str, &str)> = error.faults.iter().map(|f| (f.pointer.as_str(), &*f.code)).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("/cost_likely/amount", "BAD_AMOUNT"),
                ("/cost_likely/currency", "BAD_CURRENCY"),
                ("/cost_likely/unit", "UNKNOWN_FIELD"),
                ("/id", "READ_ONLY"),
                ("/kind", "UNKNOWN_WORD"),
                ("/probability", "OUT_OF_RANGE"),
                ("/program_id", "REQUIRED"),
                ("/response", "WRONG_TYPE"),
                ("/titel", "UNKNOWN_FIELD"),
                ("/title", "REQUIRED"),
            ]
        );
    }

    #[test]
    fn rules_over_several_fields() {
        let faults = |body: Value| -> Vec<String> {
            let mut whole =
                json!({ "program_id": "prog_00000000000000000000000001", "title": "A risk", "kind": "threat" });
            whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            create(&whole).unwrap_err().faults.into_iter().map(|f| format!("{} {}", f.pointer, f.code)).collect()
        };
        let money = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
        assert_eq!(faults(json!({ "response": "exploit" })), ["/response DOES_NOT_FIT"]);
        assert_eq!(
            faults(json!({ "cost_low": money("2", "EUR"), "cost_high": money("1", "EUR") })),
            ["/cost_high OUT_OF_ORDER"]
        );
        assert_eq!(
            faults(json!({ "cost_low": money("2", "EUR"), "cost_likely": money("3", "USD") })),
            ["/cost_likely/currency MIXED_CURRENCIES"]
        );
        assert_eq!(
            faults(json!({ "exposure_from_on": "2026-02-01", "exposure_until_on": "2026-01-31" })),
            ["/exposure_until_on OUT_OF_ORDER"]
        );
    }
}

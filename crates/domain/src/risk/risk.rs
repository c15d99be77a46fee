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

/// A cell of a five by five rating matrix: likelihood times impact.
pub type Rating = Whole<1, 25>;

/// An uncertain event that would change cost, schedule or benefit.
#[resource(
    prefix = "risk",
    plural = "risks",
    scope = "InProgram",
    verbs(AssessRisk, RespondRisk, CloseRisk, MaterialiseRisk, ExpireRisk)
)]
pub struct Risk {
    /// The program it threatens or favours.
    #[field(create, filter, parent)]
    pub program_id: Id<Program>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// Whether it would harm or help.
    #[field(create, filter)]
    pub kind: RiskKind,
    /// Where in its life it is.
    #[field(filter)]
    pub state: RiskState,
    /// What it comes from, in the organisation's own words.
    #[field(write, filter)]
    pub category: Option<Text<100>>,
    /// Why it may happen.
    #[field(write)]
    pub cause: Option<Text<4000>>,
    /// What may happen.
    #[field(write)]
    pub event: Option<Text<4000>>,
    /// What it would lead to.
    #[field(write)]
    pub effect: Option<Text<4000>>,
    /// Who answers for it.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// How likely it is, from 0 to 1.
    #[field(write, filter)]
    pub probability: Option<Ratio>,
    /// Impact on cost at the least: of a threat what it costs, of an opportunity what it saves.
    #[field(write)]
    pub cost_low: Option<Money>,
    /// Impact on cost most likely.
    #[field(write, filter)]
    pub cost_likely: Option<Money>,
    /// Impact on cost at the most.
    #[field(write)]
    pub cost_high: Option<Money>,
    /// Impact on the schedule in days; negative is earlier.
    #[field(write, filter)]
    pub schedule_impact_days: Option<Whole<-36_500, 36_500>>,
    /// First day on which it may happen.
    #[field(write, filter)]
    pub exposure_from_on: Option<Day>,
    /// Last day on which it may happen.
    #[field(write, filter)]
    pub exposure_until_on: Option<Day>,
    /// How it is answered. Threats: avoid, mitigate, transfer, accept, escalate. Opportunities: exploit, enhance, share,
    /// accept, escalate.
    #[field(write, filter)]
    pub response: Option<RiskResponse>,
    /// What is done about it.
    #[field(write)]
    pub response_plan: Option<Text<4000>>,
    /// Rating before any response.
    #[field(write, filter)]
    pub inherent_rating: Option<Rating>,
    /// Rating now.
    #[field(write, filter)]
    pub current_rating: Option<Rating>,
    /// Rating the response aims at.
    #[field(write, filter)]
    pub target_rating: Option<Rating>,
    /// How likely it stays after the response.
    #[field(write)]
    pub residual_probability: Option<Ratio>,
    /// Impact on cost that stays after the response.
    #[field(write)]
    pub residual_cost: Option<Money>,
    /// What it cost in the end; set when it materialises.
    #[field(system)]
    pub realised_cost: Option<Money>,
    /// Expected monetary value: probability × likely cost impact, rounded half to even at the ten-thousandth; of a threat
    /// a cost, of an opportunity a saving. Absent where either is unknown, and once the risk is closed, has materialised
    /// or has expired. Source: PMI, Practice Standard for Project Risk Management.
    #[field(filter)]
    pub expected_monetary_value: Option<Money>,
}

/// Whether a risk would harm or help.
#[words]
pub enum RiskKind {
    /// Would harm.
    Threat,
    /// Would help.
    Opportunity,
}

/// Where in its life a risk is.
#[words(states)]
#[derive(Default)]
pub enum RiskState {
    /// Named, not yet judged.
    #[default]
    Identified,
    /// Probability and impact are judged.
    Assessed,
    /// A response is under way.
    Responding,
    /// No longer a concern.
    Closed,
    /// It happened.
    Materialised,
    /// Its exposure window passed.
    Expired,
}

impl States for RiskState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Identified, &[Self::Assessed, Self::Closed, Self::Materialised, Self::Expired]),
        (Self::Assessed, &[Self::Assessed, Self::Responding, Self::Closed, Self::Materialised, Self::Expired]),
        (Self::Responding, &[Self::Assessed, Self::Closed, Self::Materialised, Self::Expired]),
    ];
}

/// How a risk is answered (PMI).
#[words]
pub enum RiskResponse {
    /// Threat: remove its cause.
    Avoid,
    /// Threat: lower probability or impact.
    Mitigate,
    /// Threat: give it to someone who bears it better.
    Transfer,
    /// Live with it.
    Accept,
    /// Hand it to those with the authority.
    Escalate,
    /// Opportunity: make sure it happens.
    Exploit,
    /// Opportunity: raise probability or impact.
    Enhance,
    /// Opportunity: share it with someone who can bring it about.
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
                let detail = "must not be negative: the kind says whether it costs or saves";
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

/// Judges probability and impact.
#[input]
pub struct AssessRisk {
    /// How likely it is, from 0 to 1.
    pub probability: Ratio,
    /// Impact on cost most likely.
    pub cost_likely: Option<Money>,
    /// Impact on the schedule in days; negative is earlier.
    pub schedule_impact_days: Option<Whole<-36_500, 36_500>>,
    /// Rating now.
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

/// Begins a response.
#[input]
pub struct RespondRisk {
    /// How it is answered.
    pub response: RiskResponse,
    /// What is done about it.
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

/// Closes a risk that is no longer a concern.
#[input]
pub struct CloseRisk {}

impl Verb for CloseRisk {
    type On = Risk;
    const NAME: &'static str = "close";
    fn decide(&self, risk: &mut Risk, _now: Instant) -> Result<(), Error> {
        risk.state.go(RiskState::Closed)
    }
}

/// Records that a risk happened.
#[input]
pub struct MaterialiseRisk {
    /// What it cost, as far as known; an opportunity states what it saved.
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

/// Records that the exposure window of a risk has passed.
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

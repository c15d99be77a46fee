//! Measurements of service levels: results, and credits for breaches.

use steerco_derive::{input, resource, words};

use crate::engagement::Engagement;
use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::money::Money;
use crate::partner::Partner;
use crate::quantity::Quantity;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules, Verb};
use crate::service_level::ServiceLevel;
use crate::text::Text;
use crate::time::{Day, Instant};

/// Maximum number of minutes of a year.
pub type Minutes = Whole<0, 527_040>;

/// Measured result of a service level in one period, with the terms agreed at that time. There is one per level and period.
/// Both sides read it.
#[resource(
    prefix = "slm",
    plural = "service_level_measurements",
    scope = "InEngagement",
    verbs(ProposeCreditServiceLevelMeasurement)
)]
pub struct ServiceLevelMeasurement {
    /// The engagement of the service.
    #[field(create, filter, parent)]
    pub engagement_id: Id<Engagement>,
    /// The partner of that engagement.
    #[field(inherited, filter)]
    pub partner_id: Option<Id<Partner>>,
    /// Name of the service level in the engagement.
    #[field(create, filter)]
    pub service_level: Text<200>,
    /// First day of the period: a calendar month, quarter or year, as defined by the level.
    #[field(create, filter)]
    pub period_starts_on: Day,
    /// Last day of the period.
    #[field(filter)]
    pub period_ends_on: Day,
    /// The measured value in the unit of the level. Give this, or both numbers of minutes, from which availability is
    /// computed.
    #[field(write)]
    pub value: Option<Quantity>,
    /// Agreed service time in the period, in minutes.
    #[field(write)]
    pub agreed_service_minutes: Option<Minutes>,
    /// Unplanned downtime within the agreed service time, in minutes.
    #[field(write)]
    pub unplanned_downtime_minutes: Option<Minutes>,
    /// Source of the measurement, such as the name of a monitoring tool.
    #[field(write, filter)]
    pub measured_by: Text<200>,
    /// Result: `value`, or availability in percent, rounded down: (agreed minutes - downtime) / agreed minutes. Absent where
    /// no service time was agreed.
    #[field(system)]
    pub measured: Option<Quantity>,
    /// Whether the level was met.
    #[field(filter)]
    pub result: MeasurementResult,
    /// Share of the fee of the period to be credited, from the worst tier reached.
    #[field(filter)]
    pub credit_share: Option<Ratio>,
    /// Amount to be credited; absent where the level has no fee.
    #[field(filter)]
    pub credit: Option<Money>,
    /// When the organisation proposed a credit note for it (UTC). It cannot change from then on.
    #[field(filter)]
    pub credit_proposed_at: Option<Instant>,
    /// The service level as agreed at the time of the measurement.
    #[field(system)]
    pub terms: Option<ServiceLevel>,
}

/// Result of a service level.
#[words]
#[derive(Default)]
pub enum MeasurementResult {
    /// Cannot be compared with the target: no service time was agreed, or no value was given yet.
    #[default]
    NotMeasured,
    /// Met.
    Met,
    /// Breached.
    Breached,
}

impl ServiceLevelMeasurement {
    /// What it came to. Availability is agreed service time less unplanned downtime, of agreed service time; rounded down,
    /// so that what misses a target by little does not reach it.
    fn measure(&self) -> Option<Quantity> {
        let minutes = self.agreed_service_minutes.zip(self.unplanned_downtime_minutes);
        let Some((agreed, down)) = minutes else { return self.value };
        let (agreed, down) = (i64::from(agreed.get()), i64::from(down.get()));
        (agreed > 0 && down <= agreed).then(|| Quantity::new((agreed - down) * 1_000_000 / agreed))
    }

    fn check_given(&self, faults: &mut Vec<Fault>) {
        let (agreed, down) = (self.agreed_service_minutes, self.unplanned_downtime_minutes);
        if self.value.is_some() && (agreed.is_some() || down.is_some()) {
            let detail = "give either the value or the minutes, not both";
            faults.push(Fault::new("/value", "DOES_NOT_FIT", detail));
        }
        for (name, given, other) in [
            ("/agreed_service_minutes", agreed.is_some(), down.is_some()),
            ("/unplanned_downtime_minutes", down.is_some(), agreed.is_some()),
        ] {
            if other && !given {
                faults.push(Fault::new(
                    name,
                    "REQUIRED",
                    "is required: availability is computed from both numbers of minutes",
                ));
            }
        }
        if agreed.zip(down).is_some_and(|(agreed, down)| down > agreed) {
            let detail = "must not exceed the agreed minutes";
            faults.push(Fault::new("/unplanned_downtime_minutes", "OUT_OF_RANGE", detail));
        }
    }

    /// Takes the terms of the level, and the period it is measured over.
    fn take(&mut self, from: &Engagement, faults: &mut Vec<Fault>) {
        let Some(level) = from.service_levels.iter().find(|level| level.name == self.service_level) else {
            let names: Vec<&str> = from.service_levels.iter().map(|level| level.name.as_str()).collect();
            let detail = format!("the engagement has no such service level; it has: {}", names.join(", "));
            faults.push(Fault::new("/service_level", "NOT_FOUND", detail));
            return;
        };
        let Some(period) = level.period else {
            let detail = "the service level has no numeric target";
            faults.push(Fault::new("/service_level", "DOES_NOT_FIT", detail));
            return;
        };
        if let Some(last) = period.last_day(self.period_starts_on) {
            self.period_ends_on = last;
        } else {
            let detail = format!("must be the first day of a calendar {}", crate::words::Words::word(period));
            faults.push(Fault::new("/period_starts_on", "OUT_OF_RANGE", detail));
        }
        self.terms = Some(level.clone());
    }
}

impl Rules for ServiceLevelMeasurement {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before.filter(|before| before.credit_proposed_at.is_some()) else { return };
        let changed = [
            ("/value", self.value != before.value),
            ("/agreed_service_minutes", self.agreed_service_minutes != before.agreed_service_minutes),
            ("/unplanned_downtime_minutes", self.unplanned_downtime_minutes != before.unplanned_downtime_minutes),
        ];
        for (pointer, _) in changed.into_iter().filter(|(_, changed)| *changed) {
            faults.push(Fault::new(pointer, "FROZEN", "cannot change: a credit note was proposed for the measurement"));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        self.check_given(faults);
        self.measured = self.measure();
        (self.result, self.credit_share, self.credit) = (MeasurementResult::NotMeasured, None, None);
        let Some((terms, measured)) = self.terms.as_ref().zip(self.measured) else { return };
        let Some((target, direction)) = terms.target_value.zip(terms.direction) else { return };
        if !direction.is_worse(measured, target) {
            self.result = MeasurementResult::Met;
            return;
        }
        self.result = MeasurementResult::Breached;
        self.credit_share = terms.credit_share(measured);
        self.credit = terms.period_fee.zip(self.credit_share).and_then(|(fee, share)| fee.payable_share(share));
    }

    fn context_of(&self) -> Option<(&'static str, String)> {
        use crate::resource::Resource;
        Some((Engagement::KIND.name, self.engagement_id.to_string()))
    }

    fn take_context(&mut self, from: &dyn std::any::Any, faults: &mut Vec<Fault>) {
        if let Some(from) = from.downcast_ref::<Engagement>() {
            self.take(from, faults);
            self.derive_and_check(&mut Vec::new());
        }
    }

    fn place(&self) -> Place {
        Place {
            partner: self.partner_id.map(|id| id.to_string()),
            engagement: Some(self.engagement_id.to_string()),
            ..Place::default()
        }
    }
}

/// Proposes a credit note for a breach to the partner, who accepts or disputes it.
#[input]
pub struct ProposeCreditServiceLevelMeasurement {}

impl Verb for ProposeCreditServiceLevelMeasurement {
    type On = ServiceLevelMeasurement;
    const NAME: &'static str = "propose_credit";
    fn decide(&self, on: &mut ServiceLevelMeasurement, now: Instant) -> Result<(), Error> {
        if on.credit_proposed_at.is_some() {
            return Err(Error::new(Reason::WrongState, "a credit note was already proposed for the measurement"));
        }
        on.credit_proposed_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::resource::{Resource, Seed};
    use serde_json::{Value, json};

    fn seed() -> Seed {
        let at = Instant::from_micros(0);
        Seed { id: 1, at, effective_at: at, by: Actor::system() }
    }

    fn engagement() -> Engagement {
        let tiers = json!([
            {"threshold": "99.5", "credit": 0.05}, {"threshold": "99", "credit": 0.1}, {"threshold": "95", "credit": 0.3},
        ]);
        let levels = json!([
            {"name": "Availability", "target": "99.5 % of each month", "target_value": "99.5", "unit": "%",
                "direction": "at_least", "period": "month", "credit_tiers": tiers,
                "period_fee": {"amount": "10000", "currency": "EUR"}},
            {"name": "Response", "target": "4 hours", "target_value": "4", "unit": "h", "direction": "at_most",
                "period": "quarter", "credit_tiers": [{"threshold": "8", "credit": 0.02}]},
        ]);
        let body = json!({
            "partner_id": Id::<Partner>::from_u128(1), "title": "Hosting", "kind": "framework",
            "program_ids": [Id::<crate::program::Program>::from_u128(1)], "service_levels": levels,
        });
        Engagement::create(body.as_object().unwrap(), &seed()).unwrap()
    }

    /// Result, measured value, share and credit.
    fn measured(level: &str, from: &str, given: &Value) -> (MeasurementResult, [Option<String>; 3]) {
        let mut body = json!({
            "engagement_id": Id::<Engagement>::from_u128(1), "service_level": level, "period_starts_on": from,
            "measured_by": "Probe",
        });
        body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        let mut new = ServiceLevelMeasurement::create(body.as_object().unwrap(), &seed()).unwrap();
        let mut faults = Vec::new();
        new.take_context(&engagement(), &mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let share = new.credit_share.map(|share| share.as_number().to_string());
        (new.result, [new.measured.map(|value| value.to_string()), share, new.credit.map(Money::amount)])
    }

    /// A month of 30 days has 43,200 minutes, of which 99.5 % leave 216 minutes of downtime.
    #[test]
    fn the_single_worst_tier_counts() {
        let text = |text: &str| Some(text.to_owned());
        let down = |down: i32| {
            let minutes = json!({"agreed_service_minutes": 43_200, "unplanned_downtime_minutes": down});
            measured("Availability", "2026-06-01", &minutes)
        };
        assert_eq!(down(216), (MeasurementResult::Met, [text("99.5"), None, None]));
        let just_missed = [text("99.4976"), text("0.05"), text("500.0000")];
        assert_eq!(down(217), (MeasurementResult::Breached, just_missed), "99.49768... is rounded down");
        assert_eq!(down(433), (MeasurementResult::Breached, [text("98.9976"), text("0.1"), text("1000.0000")]));
        assert_eq!(down(43_200), (MeasurementResult::Breached, [text("0"), text("0.3"), text("3000.0000")]));
    }

    #[test]
    fn without_agreed_service_time_nothing_is_measured() {
        let none = json!({"agreed_service_minutes": 0, "unplanned_downtime_minutes": 0});
        let nothing = (MeasurementResult::NotMeasured, [None, None, None]);
        assert_eq!(measured("Availability", "2026-06-01", &none), nothing);
        assert_eq!(measured("Availability", "2026-06-01", &json!({})), nothing);
    }

    #[test]
    fn what_must_stay_below_is_worse_above() {
        let text = |text: &str| Some(text.to_owned());
        let hours = |hours: &str| measured("Response", "2026-04-01", &json!({"value": hours}));
        assert_eq!(hours("4"), (MeasurementResult::Met, [text("4"), None, None]));
        assert_eq!(hours("4.5"), (MeasurementResult::Breached, [text("4.5"), None, None]), "below every tier");
        assert_eq!(hours("9"), (MeasurementResult::Breached, [text("9"), text("0.02"), None]), "of no fee");
    }
}

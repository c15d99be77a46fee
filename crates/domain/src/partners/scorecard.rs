//! Scorecards of partners. Every figure is computed from facts and has the number of facts behind it. With too few facts
//! there is no score. The registry of metrics defines every figure.

use steerco_derive::{input, words};

use crate::engagement::Engagement;
use crate::error::Error;
use crate::field::List;
use crate::id::Id;
use crate::milestone::Milestone;
use crate::milestone_update::{MilestoneUpdate, MilestoneUpdateState};
use crate::money::{Currency, Money};
use crate::partner::Partner;
use crate::quantity::Quantity;
use crate::ratio::Ratio;
use crate::review::Review;
use crate::service_level_measurement::{MeasurementResult, ServiceLevelMeasurement};
use crate::time::Day;

/// Minimum number of facts of a scorecard by default.
pub const MINIMUM_EVIDENCE: i64 = 3;
/// Minimum number of figures that must be measured.
const MEASURED_MIN: usize = 2;
/// Days of bias at which promised dates have a score of zero.
const BIAS_MAX: i64 = 30;
const ONE: i128 = 1_000_000;

/// Period of a scorecard: the first and last day on which something was due, measured or decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Option<Day>,
    pub until: Day,
    /// Anything due on this day or later is not late yet.
    pub today: Day,
    pub minimum_evidence: i64,
}

/// The facts of one engagement.
#[derive(Clone, Debug)]
pub struct Facts {
    pub engagement: Engagement,
    pub milestones: Vec<Milestone>,
    pub claims: Vec<MilestoneUpdate>,
    pub reviews: Vec<Review>,
    pub measurements: Vec<ServiceLevelMeasurement>,
}

/// Performance of a partner, computed from facts: figures, each with the number of facts behind it, and the weighted mean of
/// the measured figures.
#[input(value)]
pub struct Scorecard {
    /// The engagement, for a scorecard of one engagement.
    pub engagement_id: Option<Id<Engagement>>,
    /// The partner.
    pub partner_id: Id<Partner>,
    /// First day of the period.
    pub from_on: Option<Day>,
    /// Last day of the period.
    pub until_on: Day,
    /// Weighted mean of the scores, from 0 to 1, rounded down at the millionth; absent with too few facts.
    pub score: Option<Ratio>,
    /// Reason for a missing score.
    pub reason: Option<NoScore>,
    /// Number of facts behind the figures.
    pub evidence_count: i32,
    /// Number of facts required for a score.
    pub minimum_evidence: i32,
    /// The figures.
    pub figures: List<ScorecardFigure, 20>,
    /// Credits of breaches of service levels, by currency.
    pub credits: List<ScorecardCredit, 200>,
    /// Number of engagements covered.
    pub engagement_count: i32,
    /// Number of engagements of the partner that are not visible to the caller.
    pub hidden_count: i32,
}

/// One figure of a scorecard.
#[input(value)]
pub struct ScorecardFigure {
    /// The metric.
    pub metric: ScorecardMetric,
    /// Value in the unit of the metric; absent where nothing was measured.
    pub value: Option<Quantity>,
    /// Score of the value, from 0 to 1.
    pub score: Option<Ratio>,
    /// Weight of the figure in the score.
    pub weight: Ratio,
    /// Number of facts behind the figure.
    pub evidence_count: i32,
    /// Reason for a missing value.
    pub reason: Option<NoScore>,
}

/// Credits for breaches of service levels in one currency.
#[input(value)]
pub struct ScorecardCredit {
    /// The sum of the credits.
    pub amount: Money,
}

/// Metric of a figure of a scorecard; the registry of metrics defines each.
#[words]
pub enum ScorecardMetric {
    /// Share of milestones reached by the agreed day, among those that were reached or whose day has passed.
    OnTime,
    /// Share of first claims that were accepted, among those decided.
    FirstPassAcceptance,
    /// Average number of days by which milestones were reached later than promised.
    PromiseBias,
    /// Share of service levels that were met, among those measured.
    ServiceLevels,
    /// Growth of the value as a share of the signed value.
    CostVariance,
}

/// Reason for a missing score.
#[words]
pub enum NoScore {
    /// No facts of this kind exist.
    NothingMeasured,
    /// Fewer facts or figures than a score requires.
    TooLittleEvidence,
    /// The values are in several currencies.
    SeveralCurrencies,
}

impl ScorecardMetric {
    /// Its weight, in hundredths.
    const fn weight(self) -> i32 {
        match self {
            Self::OnTime => 30,
            Self::FirstPassAcceptance | Self::ServiceLevels => 25,
            Self::PromiseBias | Self::CostVariance => 10,
        }
    }
}

/// A measured figure: its value in ten-thousandths, its score in millionths, and how many facts it rests on.
#[derive(Clone, Copy)]
struct Measured {
    value: i128,
    score: i128,
    evidence: usize,
}

impl Scorecard {
    /// The scorecard of a partner, or of one of its engagements.
    pub fn new(
        partner_id: Id<Partner>,
        engagement_id: Option<Id<Engagement>>,
        facts: &[Facts],
        span: Span,
    ) -> Result<Self, Error> {
        use ScorecardMetric::{CostVariance, FirstPassAcceptance, OnTime, PromiseBias, ServiceLevels};
        let nothing = |measured: Option<Measured>| measured.ok_or(NoScore::NothingMeasured);
        let figures = vec![
            figure(OnTime, nothing(on_time(facts, span)))?,
            figure(FirstPassAcceptance, nothing(first_pass(facts, span)))?,
            figure(PromiseBias, nothing(bias(facts, span)))?,
            figure(ServiceLevels, nothing(levels(facts, span)))?,
            figure(CostVariance, cost(facts))?,
        ];
        let evidence: i64 = figures.iter().map(|figure| i64::from(figure.evidence_count)).sum();
        let scored: Vec<(i128, i128)> = figures
            .iter()
            .filter_map(|figure| Some((i128::from(figure.score?.millionths()), i128::from(figure.weight.millionths()))))
            .collect();
        let enough = scored.len() >= MEASURED_MIN && evidence >= span.minimum_evidence;
        let weights: i128 = scored.iter().map(|(_, weight)| weight).sum();
        let mean = || scored.iter().map(|(score, weight)| score * weight).sum::<i128>() / weights;
        let score = if enough { ratio(mean()) } else { None };
        let reason = if scored.is_empty() { NoScore::NothingMeasured } else { NoScore::TooLittleEvidence };
        Ok(Self {
            engagement_id,
            partner_id,
            from_on: span.from,
            until_on: span.until,
            reason: if score.is_none() { Some(reason) } else { None },
            score,
            evidence_count: count(usize::try_from(evidence).unwrap_or(usize::MAX)),
            minimum_evidence: i32::try_from(span.minimum_evidence).unwrap_or(i32::MAX),
            figures: List(figures),
            credits: List(credits(facts, span)?),
            engagement_count: count(facts.len()),
            hidden_count: 0,
        })
    }
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn ratio(millionths: i128) -> Option<Ratio> {
    i32::try_from(millionths.clamp(0, ONE)).ok().and_then(Ratio::from_millionths)
}

fn figure(metric: ScorecardMetric, measured: Result<Measured, NoScore>) -> Result<ScorecardFigure, Error> {
    let weight =
        ratio(i128::from(metric.weight()) * ONE / 100).ok_or_else(|| Error::internal("a weight is out of range"))?;
    let blank = ScorecardFigure { metric, value: None, score: None, weight, evidence_count: 0, reason: None };
    match measured {
        Err(reason) => Ok(ScorecardFigure { reason: Some(reason), ..blank }),
        Ok(Measured { value, score, evidence }) => {
            let value = i64::try_from(value).map_err(|cause| Error::internal(cause))?;
            let (value, evidence_count) = (Some(Quantity::new(value)), count(evidence));
            Ok(ScorecardFigure { value, score: ratio(score), evidence_count, ..blank })
        }
    }
}

/// A count as a share of a total, rounded down.
fn share(good: usize, all: usize) -> Option<Measured> {
    let part = |scale: i128| i128::try_from(good).ok()?.checked_mul(scale)?.checked_div(i128::try_from(all).ok()?);
    Some(Measured { value: part(10_000)?, score: part(ONE)?, evidence: all })
}

impl Facts {
    /// The day of the decision on a claim, where its engagement has its days.
    fn decided_on(&self, claim: &MilestoneUpdate) -> Option<Day> {
        let review = self.reviews.iter().find(|review| Some(review.id.into()) == claim.review_id)?;
        review.accepted_on.or_else(|| review.decided_at.map(|at| self.engagement.day_of(at, None)))
    }
}

impl Span {
    fn holds(self, day: Day) -> bool {
        day <= self.until && self.from.is_none_or(|from| from <= day)
    }
}

fn on_time(facts: &[Facts], span: Span) -> Option<Measured> {
    let due = facts.iter().flat_map(|facts| &facts.milestones);
    let due =
        due.filter_map(|milestone| Some((milestone.actual_on, milestone.planned_on.filter(|day| span.holds(*day))?)));
    let over = due.filter(|(actual_on, day)| actual_on.is_some() || *day < span.today);
    let met: Vec<bool> = over.map(|(actual_on, day)| actual_on.is_some_and(|on| on <= day)).collect();
    share(met.iter().filter(|met| **met).count(), met.len())
}

fn first_pass(facts: &[Facts], span: Span) -> Option<Measured> {
    let first = facts.iter().flat_map(|facts| facts.claims.iter().map(move |claim| (facts, claim)));
    let decided: Vec<bool> = first
        .filter(|(facts, claim)| claim.resubmission == 0 && facts.decided_on(claim).is_some_and(|day| span.holds(day)))
        .filter_map(|(_, claim)| match claim.state {
            MilestoneUpdateState::Accepted | MilestoneUpdateState::AcceptedWithReservations => Some(true),
            MilestoneUpdateState::AcceptedInPart | MilestoneUpdateState::Rejected | MilestoneUpdateState::Revoked => {
                Some(false)
            }
            MilestoneUpdateState::Submitted | MilestoneUpdateState::Withdrawn | MilestoneUpdateState::Superseded => {
                None
            }
        })
        .collect();
    share(decided.iter().filter(|accepted| **accepted).count(), decided.len())
}

/// The mean over claims that promised a day for what was reached since; above zero it came later.
fn bias(facts: &[Facts], span: Span) -> Option<Measured> {
    let mut days = Vec::new();
    for facts in facts {
        for claim in &facts.claims {
            let milestone = facts.milestones.iter().find(|milestone| milestone.id == claim.milestone_id);
            let on = milestone.and_then(|milestone| milestone.actual_on).filter(|on| span.holds(*on));
            days.extend(claim.forecast_on.zip(on).map(|(promised, on)| i128::from(promised.days_until(on))));
        }
    }
    let all = i128::try_from(days.len()).ok().filter(|all| *all > 0)?;
    let sum: i128 = days.iter().sum();
    let late = (sum * ONE).div_euclid(all * i128::from(BIAS_MAX)).max(0);
    Some(Measured { value: (sum * 10_000).div_euclid(all), score: ONE - late, evidence: days.len() })
}

fn levels(facts: &[Facts], span: Span) -> Option<Measured> {
    let measured = facts.iter().flat_map(|facts| &facts.measurements);
    let results = measured.filter(|measured| span.holds(measured.period_ends_on)).map(|measured| measured.result);
    let results: Vec<_> = results.filter(|result| *result != MeasurementResult::NotMeasured).collect();
    share(results.iter().filter(|result| **result == MeasurementResult::Met).count(), results.len())
}

/// The growth of the value over what was signed; amendments that take away count against those that add.
fn cost(facts: &[Facts]) -> Result<Measured, NoScore> {
    let values = facts.iter().filter_map(|facts| facts.engagement.signed_value.zip(facts.engagement.value));
    let values: Vec<(Money, Money)> = values.filter(|(signed, _)| signed.units > 0).collect();
    let currency = values.first().map(|(signed, _)| signed.currency).ok_or(NoScore::NothingMeasured)?;
    if values.iter().any(|(signed, _)| signed.currency != currency) {
        return Err(NoScore::SeveralCurrencies);
    }
    let signed: i128 = values.iter().map(|(signed, _)| i128::from(signed.units)).sum();
    let growth: i128 = values.iter().map(|(signed, now)| i128::from(now.units) - i128::from(signed.units)).sum();
    let grown = (growth * ONE).div_euclid(signed).max(0);
    Ok(Measured { value: (growth * 10_000).div_euclid(signed), score: ONE - grown, evidence: values.len() })
}

fn credits(facts: &[Facts], span: Span) -> Result<Vec<ScorecardCredit>, Error> {
    let mut sums: Vec<(Currency, i128)> = Vec::new();
    let measured = facts.iter().flat_map(|facts| &facts.measurements);
    for credit in measured.filter(|measured| span.holds(measured.period_ends_on)).filter_map(|measured| measured.credit)
    {
        match sums.iter_mut().find(|(currency, _)| *currency == credit.currency) {
            Some((_, sum)) => *sum += i128::from(credit.units),
            None => sums.push((credit.currency, i128::from(credit.units))),
        }
    }
    sums.sort_by_key(|(currency, _)| currency.code());
    let credit = |(currency, units)| {
        let amount = Money::new(crate::account::amount(units)?.units(), currency);
        Ok(ScorecardCredit { amount })
    };
    sums.into_iter().map(credit).collect()
}

//! Progress: the share of their weight that deliverables have earned, rolled up to projects, programs and portfolios.
//!
//! Weights are summed over deliverables. The ratio is computed once from the sums, never from the ratios of children.

use steerco_derive::answer;

use crate::ratio::Ratio;
use crate::time::Instant;

/// Sums of a roll-up. Weights are in millionths of the caller's scale, so that every share of a weight is a whole number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Weight of all deliverables, without level of effort.
    pub weight: i64,
    /// Weight of measured deliverables.
    pub measured: i64,
    /// Earned weight.
    pub earned: i64,
    /// Weight claimed by partners, never less than the earned weight.
    pub claimed: i64,
    /// Weight of level-of-effort deliverables.
    pub level_of_effort: i64,
    /// Number of deliverables.
    pub deliverables: i64,
}

impl Sums {
    /// Sums of milestones. Their whole weight is measured.
    #[must_use]
    pub fn of_milestones(weight: i64, earned: i64, claimed: i64) -> Self {
        Self { weight, measured: weight, earned, claimed, ..Self::default() }
    }

    /// Adds other sums; saturates at 64 bits.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            weight: self.weight.saturating_add(other.weight),
            measured: self.measured.saturating_add(other.measured),
            earned: self.earned.saturating_add(other.earned),
            claimed: self.claimed.saturating_add(other.claimed),
            level_of_effort: self.level_of_effort.saturating_add(other.level_of_effort),
            deliverables: self.deliverables.saturating_add(other.deliverables),
        }
    }

    /// Subtracts other sums; saturates at 64 bits.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            weight: self.weight.saturating_sub(other.weight),
            measured: self.measured.saturating_sub(other.measured),
            earned: self.earned.saturating_sub(other.earned),
            claimed: self.claimed.saturating_sub(other.claimed),
            level_of_effort: self.level_of_effort.saturating_sub(other.level_of_effort),
            deliverables: self.deliverables.saturating_sub(other.deliverables),
        }
    }

    /// Earned / measured weight; `None` if nothing is measured.
    pub fn progress(&self) -> Option<Ratio> {
        share(self.earned, self.measured)
    }

    /// Claimed / measured weight, for comparison with progress.
    pub fn claimed(&self) -> Option<Ratio> {
        share(self.claimed, self.measured)
    }

    /// Measured weight / weight without level of effort.
    pub fn coverage(&self) -> Option<Ratio> {
        share(self.measured, self.weight)
    }

    /// Level-of-effort weight / all weight.
    pub fn level_of_effort_share(&self) -> Option<Ratio> {
        share(self.level_of_effort, self.weight.saturating_add(self.level_of_effort))
    }
}

/// Part / whole, rounded down at the millionth, so that unfinished work never shows as finished.
pub fn share(part: i64, whole: i64) -> Option<Ratio> {
    let millionths = (whole > 0).then(|| i128::from(part) * i128::from(Ratio::ONE) / i128::from(whole))?;
    i32::try_from(millionths).ok().and_then(Ratio::from_millionths)
}

/// How a deliverable earns progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earning {
    /// By its own data: the earned share (`None` if not measured) and the share claimed by partners.
    Alone { earned: Option<Ratio>, claimed: Option<Ratio> },
    /// By its milestones, which also give the claimed share. `otherwise` is used if the milestones give no share, and always
    /// once the deliverable is accepted.
    ByMilestones { otherwise: Option<Ratio>, accepted: bool },
}

impl Earning {
    /// Earned share of its weight, given the share of its milestones.
    pub fn earned(self, milestones: Option<Ratio>) -> Option<Ratio> {
        match self {
            Self::Alone { earned, .. } => earned,
            Self::ByMilestones { otherwise, accepted: true } => otherwise,
            Self::ByMilestones { otherwise, accepted: false } => milestones.or(otherwise),
        }
    }

    /// Share of its weight claimed by its partners.
    fn claimed(self, milestones: Sums) -> Option<Ratio> {
        match self {
            Self::Alone { claimed, .. } => claimed,
            Self::ByMilestones { .. } => milestones.claimed(),
        }
    }
}

/// A deliverable as input of the roll-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Weight relative to the other deliverables.
    pub weight: i64,
    /// Whether it is cancelled: the earned weight remains, the rest is no longer counted.
    pub cancelled: bool,
    /// Whether its earning rule is level of effort.
    pub timed: bool,
    pub earning: Earning,
}

impl Leaf {
    /// Its contribution to the roll-up, given the sums of its milestones.
    pub fn sums(self, milestones: Sums) -> Sums {
        let whole = self.weight * i64::from(Ratio::ONE);
        let part = |ratio: Ratio| self.weight * i64::from(ratio.millionths());
        let earned = self.earning.earned(milestones.progress()).map(part);
        let mut sums = Sums { deliverables: 1, ..Sums::default() };
        if self.cancelled {
            let stays = earned.unwrap_or(0);
            (sums.weight, sums.measured, sums.earned, sums.claimed) = (stays, stays, stays, stays);
        } else if self.timed {
            sums.level_of_effort = whole;
        } else {
            sums.weight = whole;
            if let Some(earned) = earned {
                let claimed = self.earning.claimed(milestones).map_or(0, part);
                (sums.measured, sums.earned, sums.claimed) = (whole, earned, claimed.max(earned));
            }
        }
        sums
    }
}

/// Place of a resource in the roll-up of progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Id of the resource that it is summed into.
    pub parent: Option<String>,
    /// Its own contribution. A project or program contributes what is below it.
    pub own: Option<Sums>,
    /// Set for a deliverable that earns by its milestones, because its contribution depends on them.
    pub by_milestones: Option<Leaf>,
    /// Time of the last change of its contribution.
    pub input_at: Option<Instant>,
}

/// Child with the lowest progress.
#[answer(in_place)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorstChild {
    /// Id of the child.
    pub id: String,
    /// Progress of the child.
    pub progress: Ratio,
}

/// Progress of a project, program or portfolio.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Id of the project, program or portfolio.
    pub id: String,
    /// Earned weight / measured weight; absent if nothing is measured.
    pub progress: Option<Ratio>,
    /// Weight claimed by partners / measured weight. Not verified, and never below progress.
    pub claimed: Option<Ratio>,
    /// Reason why progress is absent, as defined in the registry of metrics.
    pub undefined_reason: Option<&'static str>,
    /// Whether all weight is measured and visible to the caller.
    pub complete: bool,
    /// Measured weight / all weight without level of effort; absent if there is no weight.
    pub coverage: Option<Ratio>,
    /// Level-of-effort weight / all weight.
    pub level_of_effort_share: Option<Ratio>,
    /// Number of deliverables counted.
    #[field(min = 0)]
    pub deliverable_count: i32,
    /// Child with the lowest progress.
    pub worst_child: Option<WorstChild>,
    /// Time of the last change of the input that has been unchanged for the longest time (UTC).
    pub oldest_input_at: Option<Instant>,
    /// Number of programs of a portfolio that are not visible to the caller.
    #[field(min = 0)]
    pub hidden_count: i32,
}

impl Progress {
    /// The response for these sums.
    pub fn new(id: &str, found: Found, hidden_count: i64) -> Self {
        let Found { sums, worst_child, oldest_input_at } = found;
        let (progress, coverage) = (sums.progress(), sums.coverage());
        let why = if sums.weight == 0 { "no_weight" } else { "nothing_measured" };
        Self {
            id: id.to_owned(),
            progress,
            claimed: sums.claimed(),
            undefined_reason: progress.is_none().then_some(why),
            complete: hidden_count == 0 && sums.weight > 0 && sums.measured == sums.weight,
            coverage,
            level_of_effort_share: sums.level_of_effort_share(),
            deliverable_count: count(sums.deliverables),
            worst_child,
            oldest_input_at,
            hidden_count: count(hidden_count),
        }
    }
}

fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Result of a roll-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub sums: Sums,
    pub worst_child: Option<WorstChild>,
    pub oldest_input_at: Option<Instant>,
}

impl Found {
    /// Rolls up deliverables. Each is given by the child of the subject that it counts for, its contribution, and the time of
    /// the last change.
    pub fn of(deliverables: impl Iterator<Item = (String, Sums, Instant)>) -> Self {
        let mut children = std::collections::BTreeMap::<String, Sums>::new();
        let mut found = Self::default();
        for (child, sums, at) in deliverables {
            found.sums = found.sums.plus(sums);
            let below = children.entry(child).or_default();
            *below = below.plus(sums);
            found.oldest_input_at = Some(found.oldest_input_at.map_or(at, |oldest| at.min(oldest)));
        }
        let known = children.into_iter().filter_map(|(id, sums)| sums.progress().map(|progress| (progress, id)));
        found.worst_child = known.min().map(|(progress, id)| WorstChild { id, progress });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;
    use crate::deliverable::{Deliverable, DeliverableState};
    use crate::resource::{Resource, Seed};
    use serde_json::{Value, json};

    fn deliverable(id: u128, more: &Value) -> Deliverable {
        let at = Instant::from_micros(i64::try_from(id).unwrap());
        let mut body = json!({"program_id": "prog_00000000000000000000000001", "title": "D"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Deliverable::create(body.as_object().unwrap(), &Seed { id, at, effective_at: at, by: Actor::system() }).unwrap()
    }

    fn roll_up(deliverables: &[Deliverable]) -> Found {
        Found::of(deliverables.iter().map(|it| (it.id.to_string(), it.sums(Sums::default()), it.updated_at)))
    }

    fn millionths(ratio: Option<Ratio>) -> Option<i32> {
        ratio.map(Ratio::millionths)
    }

    /// Percent complete of a summary task as computed by Microsoft Project: completed / total duration over the leaf tasks,
    /// 13 of 23 days, shown as 57 %; with three more tasks, 13 of 26, 50 %. Data of `junit/data/mpp14baseline.mpp` of
    /// <https://github.com/joniles/mpxj> at 764fe84.
    #[test]
    fn a_published_roll_up() {
        let leaf = |(i, (days, percent)): (usize, &(i32, f64))| {
            let body = json!({"weight": days, "earning_rule": "percent", "percent_complete": percent});
            deliverable(i as u128 + 1, &body)
        };
        let leaves = [(3, 1.0), (5, 1.0), (2, 0.0), (10, 0.5), (3, 0.0), (0, 0.0), (1, 0.0), (1, 0.0), (1, 0.0)];
        let all: Vec<Deliverable> = leaves.iter().enumerate().map(leaf).collect();
        let summary = roll_up(&all[..6]);
        assert_eq!(millionths(summary.sums.progress()), Some(13_000_000 / 23));
        assert_eq!((13_000_000 / 23 + 5_000) / 10_000, 57, "as it is shown");
        assert_eq!(millionths(roll_up(&all).sums.progress()), Some(500_000));
    }

    #[test]
    fn each_rule_earns_in_its_way() {
        let cases = [
            (json!({}), "planned", Some(0)),
            (json!({}), "in_progress", Some(0)),
            (json!({}), "accepted", Some(1_000_000)),
            (json!({"earning_rule": "fifty_fifty"}), "planned", Some(0)),
            (json!({"earning_rule": "fifty_fifty"}), "in_progress", Some(500_000)),
            (json!({"earning_rule": "fifty_fifty"}), "accepted", Some(1_000_000)),
            (json!({"earning_rule": "percent"}), "planned", Some(0)),
            (json!({"earning_rule": "percent"}), "in_progress", None),
            (json!({"earning_rule": "percent", "percent_complete": 0.3}), "in_progress", Some(300_000)),
            (json!({"earning_rule": "percent", "percent_complete": 0.3}), "accepted", Some(1_000_000)),
            (json!({"earning_rule": "milestones"}), "in_progress", None),
            (json!({"earning_rule": "level_of_effort", "percent_complete": 0.3}), "in_progress", None),
        ];
        for (body, state, expected) in cases {
            let mut it = deliverable(1, &body);
            match state {
                "in_progress" => (it.state, it.started_at) = (DeliverableState::InProgress, Some(it.created_at)),
                "accepted" => it.state = DeliverableState::AcceptedWithReservations,
                _ => {}
            }
            assert_eq!(millionths(it.earning().earned(None)), expected, "{body} {state}");
        }
    }

    #[test]
    fn of_what_is_cancelled_the_earned_stays() {
        let mut half = deliverable(1, &json!({"earning_rule": "percent", "percent_complete": 0.25, "weight": 4}));
        half.state = DeliverableState::Cancelled;
        let stays = 1_000_000;
        assert_eq!(
            half.sums(Sums::default()),
            Sums { weight: stays, measured: stays, earned: stays, claimed: stays, deliverables: 1, ..Sums::default() }
        );
        let mut nothing = deliverable(2, &json!({"weight": 4}));
        nothing.state = DeliverableState::Cancelled;
        assert_eq!(nothing.sums(Sums::default()), Sums { deliverables: 1, ..Sums::default() });
    }

    #[test]
    fn a_claim_stands_beside_what_is_earned() {
        let claimed = |rule: &str, percent: i32| {
            let mut it = deliverable(1, &json!({"earning_rule": rule, "percent_complete": 0.3}));
            it.claimed_percent = Ratio::from_millionths(percent);
            it
        };
        let milestones = Sums::of_milestones(4, 1, 3);
        for (rule, percent, state, expected) in [
            ("zero_hundred", 800_000, DeliverableState::InProgress, (Some(0), Some(800_000))),
            ("percent", 800_000, DeliverableState::InProgress, (Some(300_000), Some(800_000))),
            ("percent", 200_000, DeliverableState::InProgress, (Some(300_000), Some(300_000))),
            ("percent", 800_000, DeliverableState::Accepted, (Some(1_000_000), Some(1_000_000))),
            ("percent", 800_000, DeliverableState::Cancelled, (Some(1_000_000), Some(1_000_000))),
            ("milestones", 1_000_000, DeliverableState::InProgress, (Some(250_000), Some(750_000))),
            ("level_of_effort", 800_000, DeliverableState::InProgress, (None, None)),
        ] {
            let sums = Deliverable { state, ..claimed(rule, percent) }.sums(milestones);
            assert_eq!((millionths(sums.progress()), millionths(sums.claimed())), expected, "{rule} {state:?}");
        }
        // A deliverable that is not measured has no claim either, so that both ratios have the same denominator.
        let mut begun = claimed("percent", 800_000);
        (begun.percent_complete, begun.started_at) = (None, Some(begun.created_at));
        assert_eq!(begun.sums(milestones).claimed(), None);
    }

    #[test]
    fn what_is_not_measured_is_not_nothing() {
        let mut unknown = deliverable(1, &json!({"earning_rule": "percent", "weight": 3}));
        unknown.started_at = Some(unknown.created_at);
        let known = deliverable(2, &json!({"earning_rule": "percent", "percent_complete": 0.5}));
        let effort = deliverable(3, &json!({"earning_rule": "level_of_effort", "weight": 4}));
        let found = roll_up(&[unknown.clone(), known.clone(), effort]);
        assert_eq!(millionths(found.sums.progress()), Some(500_000), "of what is measured");
        assert_eq!(millionths(found.sums.coverage()), Some(250_000));
        assert_eq!(millionths(found.sums.level_of_effort_share()), Some(500_000));
        assert_eq!(found.worst_child.as_ref().map(|worst| worst.id.clone()), Some(known.id.to_string()));
        assert_eq!(found.oldest_input_at, Some(Instant::from_micros(1)));
        let answer = Progress::new("x", found, 0);
        assert!(!answer.complete);
        let empty = Progress::new("x", Found::default(), 0);
        assert_eq!((empty.progress, empty.coverage, empty.complete), (None, None, false));
        assert_eq!(empty.undefined_reason, Some("no_weight"));
        assert_eq!(Progress::new("x", roll_up(&[unknown]), 0).undefined_reason, Some("nothing_measured"));
        assert!(Progress::new("x", roll_up(std::slice::from_ref(&known)), 0).complete);
        assert!(!Progress::new("x", roll_up(&[known]), 1).complete, "something is hidden");
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(millionths(share(999_999_999, 1_000_000_000)), Some(999_999));
        assert_eq!(millionths(share(i64::MAX, i64::MAX)), Some(1_000_000));
        assert_eq!(share(0, 0), None);
    }
}

//! Progress: what deliverables have earned of their weight, summed over projects, programs and portfolios.
//!
//! Sums add up over deliverables, never over the ratios of children: a ratio is formed once, at the end.

use steerco_derive::answer;

use crate::ratio::Ratio;
use crate::time::Instant;

/// What is summed. Weights are in millionths of the caller's scale, so that every share of one is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Weight of everything that earns by itself.
    pub weight: i64,
    /// Of it, what is measured.
    pub measured: i64,
    /// Of it, what is earned.
    pub earned: i64,
    /// Of it, what partners claim, and never less than what is earned.
    pub claimed: i64,
    /// Weight of what earns with time.
    pub level_of_effort: i64,
    /// Deliverables counted.
    pub deliverables: i64,
}

impl Sums {
    /// The sums of milestones, all of whose weight is measured.
    #[must_use]
    pub fn of_milestones(weight: i64, earned: i64, claimed: i64) -> Self {
        Self { weight, measured: weight, earned, claimed, ..Self::default() }
    }

    /// The sum with another, as far as 64 bits reach.
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

    /// What is left without another.
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

    /// Earned of measured; nothing measured has no progress.
    pub fn progress(&self) -> Option<Ratio> {
        share(self.earned, self.measured)
    }

    /// Claimed of measured: what progress is set beside.
    pub fn claimed(&self) -> Option<Ratio> {
        share(self.claimed, self.measured)
    }

    /// Measured of all that earns by itself.
    pub fn coverage(&self) -> Option<Ratio> {
        share(self.measured, self.weight)
    }

    /// What earns with time, of all weight.
    pub fn level_of_effort_share(&self) -> Option<Ratio> {
        share(self.level_of_effort, self.weight.saturating_add(self.level_of_effort))
    }
}

/// A part of a whole, rounded down at the millionth: what is not all done never reads as done.
pub fn share(part: i64, whole: i64) -> Option<Ratio> {
    let millionths = (whole > 0).then(|| i128::from(part) * i128::from(Ratio::ONE) / i128::from(whole))?;
    i32::try_from(millionths).ok().and_then(Ratio::from_millionths)
}

/// How a deliverable earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earning {
    /// By itself: what it has earned, unknown where nothing measures it, and what its partners claim.
    Alone { earned: Option<Ratio>, claimed: Option<Ratio> },
    /// By its milestones, which also say what is claimed: what it has earned where they do not tell, or whatever they
    /// tell once it is accepted.
    ByMilestones { otherwise: Option<Ratio>, accepted: bool },
}

impl Earning {
    /// The share of its weight it has earned, with that of its milestones.
    pub fn earned(self, milestones: Option<Ratio>) -> Option<Ratio> {
        match self {
            Self::Alone { earned, .. } => earned,
            Self::ByMilestones { otherwise, accepted: true } => otherwise,
            Self::ByMilestones { otherwise, accepted: false } => milestones.or(otherwise),
        }
    }

    /// The share of its weight that its partners claim.
    fn claimed(self, milestones: Sums) -> Option<Ratio> {
        match self {
            Self::Alone { claimed, .. } => claimed,
            Self::ByMilestones { .. } => milestones.claimed(),
        }
    }
}

/// A deliverable as the roll-up counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What it counts among its neighbours.
    pub weight: i64,
    /// Whether it was given up: what is earned stays, and the rest of its weight falls away.
    pub cancelled: bool,
    /// Whether it earns with time.
    pub timed: bool,
    pub earning: Earning,
}

impl Leaf {
    /// What it adds to the sums above it, with those of its milestones.
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

/// Where a resource stands in the roll-up of progress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// What it is summed into.
    pub parent: Option<String>,
    /// What it adds itself; a project or program adds what is below it.
    pub own: Option<Sums>,
    /// A deliverable that earns by its milestones, so that what it adds depends on them.
    pub by_milestones: Option<Leaf>,
    /// When what it adds was last known.
    pub input_at: Option<Instant>,
}

/// The child with the least progress.
#[answer(in_place)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorstChild {
    /// Its id.
    pub id: String,
    /// Its progress.
    pub progress: Ratio,
}

/// Progress of a project, program or portfolio.
#[answer]
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The project, program or portfolio.
    pub id: String,
    /// Earned of measured weight; absent where nothing is measured.
    pub progress: Option<Ratio>,
    /// What partners claim of the same weight: no fact, and never below progress.
    pub claimed: Option<Ratio>,
    /// Why there is no progress to tell, as the registry of metrics has it.
    pub undefined_reason: Option<&'static str>,
    /// Whether all weight is measured and in sight.
    pub complete: bool,
    /// Measured weight of all weight; absent where there is none.
    pub coverage: Option<Ratio>,
    /// Weight of what earns with time, of all weight.
    pub level_of_effort_share: Option<Ratio>,
    /// Deliverables counted.
    #[field(min = 0)]
    pub deliverable_count: i32,
    /// The child with the least progress.
    pub worst_child: Option<WorstChild>,
    /// When the input left alone the longest last changed (UTC).
    pub oldest_input_at: Option<Instant>,
    /// Programs of a portfolio that are out of the caller's sight.
    #[field(min = 0)]
    pub hidden_count: i32,
}

impl Progress {
    /// The answer of these sums.
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

/// What a roll-up finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub sums: Sums,
    pub worst_child: Option<WorstChild>,
    pub oldest_input_at: Option<Instant>,
}

impl Found {
    /// The roll-up of deliverables: the child of the subject that each counts for, what it adds, and when that was last
    /// known.
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

    /// Percent complete of a summary as Microsoft Project computes it: done of all duration over the leaves, 13 of 23 days,
    /// shown as 57 %; with three tasks more, 13 of 26, 50 %. Facts of `junit/data/mpp14baseline.mpp` of
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
        // What nothing measures tells no claim either, so that both are of the same weight.
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

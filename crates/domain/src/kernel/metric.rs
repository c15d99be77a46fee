//! The registry of metrics: every number that several answers share, defined once.

use steerco_derive::answer;

/// A number that several answers share.
#[answer(in_place)]
pub struct Metric {
    /// Its name wherever it is answered.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// What it is.
    pub definition: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// When it has no value.
    pub undefined: &'static [UndefinedCase],
}

/// A case in which a metric has no value.
#[answer(in_place)]
pub struct UndefinedCase {
    /// The word of the case.
    pub reason: &'static str,
    /// What it means.
    pub detail: &'static str,
}

/// The registry of metrics.
#[answer(message = "ListMetricsResponse")]
pub struct Metrics {
    /// Every metric.
    pub metrics: &'static [Metric],
}

const fn case(reason: &'static str, detail: &'static str) -> UndefinedCase {
    UndefinedCase { reason, detail }
}

const NOTHING: UndefinedCase = case("no_weight", "Nothing with a weight is counted.");
const UNMEASURED: UndefinedCase = case("nothing_measured", "No deliverable with a weight is measured.");

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "progress",
        unit: "ratio",
        definition: "Earned weight of measured weight, summed over deliverables and rounded down at the millionth. A \
                     deliverable earns by its rule: all when it is accepted; before, zero_hundred nothing, fifty_fifty half \
                     once it is started, percent its percent complete, milestones the accepted share of their weight. \
                     Level of effort is left out. Of what is cancelled the earned weight stays on both sides.",
        source: "ANSI/EIA-748-D earned value techniques; percent complete weighted over leaves, as Microsoft Project does.",
        undefined: &[NOTHING, UNMEASURED],
    },
    Metric {
        name: "claimed",
        unit: "ratio",
        definition: "What partners claim to have done of the weight that progress is measured by, rounded down at the \
                     millionth: of a deliverable its claimed percent, where it earns by milestones the claimed share of their \
                     weight, and never less than it has earned. It is no fact: nothing is earned by it.",
        source: "Own definition.",
        undefined: &[NOTHING, UNMEASURED],
    },
    Metric {
        name: "coverage",
        unit: "ratio",
        definition: "Measured weight of all weight that earns by itself. A deliverable that is begun and earns by percent or \
                     milestones is measured once it has some.",
        source: "Own definition.",
        undefined: &[NOTHING],
    },
    Metric {
        name: "level_of_effort_share",
        unit: "ratio",
        definition: "Weight of deliverables that earn with time, of all weight. It stands beside progress, in which it would \
                     hide what slips.",
        source: "ANSI/EIA-748-D, level of effort.",
        undefined: &[NOTHING],
    },
    Metric {
        name: "worst_child",
        unit: "id and ratio",
        definition: "The child with the least progress: of a project a deliverable, of a program a project or a deliverable \
                     of its own, of a portfolio a program. Of equals, the first by id.",
        source: "Own definition.",
        undefined: &[case("nothing_measured", "No child has progress.")],
    },
    Metric {
        name: "oldest_input_at",
        unit: "instant",
        definition: "When the deliverable that was left alone the longest last changed.",
        source: "Own definition.",
        undefined: &[case("no_deliverables", "There are none.")],
    },
    Metric {
        name: "percent_complete",
        unit: "ratio",
        definition: "Of an activity by its percent type: physical as judged, duration what of it does not remain, work what is \
                     done of done and remaining.",
        source: "Oracle Primavera P6, percent complete types.",
        undefined: &[case("not_measured", "What it is measured by is not known, or is zero.")],
    },
    Metric {
        name: "on_time",
        unit: "ratio",
        definition: "Of a partner: milestones due in the period that were reached by the day agreed, of all due in it that were \
                     reached or whose day is over. Reached is the day of the claim that was accepted whole, in the time zone of the engagement. It scores as it is, and \
                     counts 30 of 100.",
        source: "Own definition, after delivery reliability (OTD) in supplier evaluation.",
        undefined: &[case("nothing_measured", "Nothing was due.")],
    },
    Metric {
        name: "first_pass_acceptance",
        unit: "ratio",
        definition: "Of a partner: claims that follow no refusal and were accepted whole, with reservations or without, of all such \
                     claims whose reviews were decided in the period. It scores as it is, and counts 25 of 100.",
        source: "First-pass yield.",
        undefined: &[case("nothing_measured", "No claim was decided.")],
    },
    Metric {
        name: "promise_bias",
        unit: "days",
        definition: "Of a partner: mean of the days from the day that a claim promised to the day on which the milestone was reached, \
                     over claims with a promise of milestones reached in the period; above zero it came later. It scores 1 \
                     at zero and below, and 0 from 30 days on; it counts 10 of 100.",
        source: "Own definition, after forecast bias (mean error).",
        undefined: &[case("nothing_measured", "No promise can be compared with a day.")],
    },
    Metric {
        name: "service_levels",
        unit: "ratio",
        definition: "Of a partner: measurements of service levels that held, of those with a result whose period ends in the \
                     period. Availability is agreed service time less unplanned downtime, of agreed service time. Beside it \
                     stand the credits, each of the single worst tier reached. It scores as it is, and counts 25 of 100.",
        source: "ITIL service level management; own tiers.",
        undefined: &[case("nothing_measured", "Nothing was measured, or no service was agreed.")],
    },
    Metric {
        name: "cost_variance",
        unit: "ratio",
        definition: "Of a partner: growth of the values of its engagements by amendments over what was signed. It scores 1 without \
                     growth, and 0 where the value has doubled; it counts 10 of 100.",
        source: "Open Contracting for Infrastructure (OC4IDS), contract modifications.",
        undefined: &[
            case("nothing_measured", "No engagement was signed with a value."),
            case("several_currencies", "The values are in several currencies."),
        ],
    },
    Metric {
        name: "scorecard",
        unit: "ratio",
        definition: "Of a partner: mean of the scores of the five figures above by their weights, over those that were measured: \
                     what is missing is not zero. Rounded down at the millionth.",
        source: "Weighted scorecard over measured indicators.",
        undefined: &[
            case("nothing_measured", "No figure was measured."),
            case("too_little_evidence", "Fewer than two figures, or fewer facts than asked for."),
        ],
    },
    Metric {
        name: "expected_monetary_value",
        unit: "money",
        definition: "Of a live risk probability times likely cost impact, rounded half to even at the ten-thousandth.",
        source: "PMI, Practice Standard for Project Risk Management.",
        undefined: &[case("not_judged", "Probability or impact is unknown."), case("not_live", "The risk is over.")],
    },
];

#[cfg(test)]
mod tests {
    use super::METRICS;

    #[test]
    fn names_are_unique_and_say_when_there_is_nothing() {
        let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        assert!(METRICS.iter().all(|metric| !metric.undefined.is_empty() && metric.definition.ends_with('.')));
    }
}

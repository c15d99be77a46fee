//! The registry of metrics: one definition for each figure that several responses share.

use steerco_derive::answer;

/// Definition of a figure that several responses share.
#[answer(in_place)]
pub struct Metric {
    /// Name of the figure in responses.
    pub name: &'static str,
    /// Unit of the figure.
    pub unit: &'static str,
    /// Definition of the figure.
    pub definition: &'static str,
    /// Source of the definition.
    pub source: &'static str,
    /// Cases in which it has no value.
    pub undefined: &'static [UndefinedCase],
}

/// A case in which a metric has no value.
#[answer(in_place)]
pub struct UndefinedCase {
    /// Code of the case.
    pub reason: &'static str,
    /// Description of the case.
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

const NOTHING: UndefinedCase = case("no_weight", "There is no deliverable with a weight.");
const UNMEASURED: UndefinedCase = case("nothing_measured", "No deliverable with a weight is measured.");

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "progress",
        unit: "ratio",
        definition: "Earned weight / measured weight, summed over deliverables and rounded down at the millionth. A \
                     deliverable earns by its earning rule: 100 % on acceptance; before that zero_hundred 0 %, \
                     fifty_fifty 50 % once started, percent its percent complete, milestones the accepted share of \
                     their weight. Level of effort is excluded. For a cancelled deliverable only the earned weight \
                     counts, as earned and as measured.",
        source: "ANSI/EIA-748-D earned value techniques; percent complete weighted over leaves, as Microsoft Project does.",
        undefined: &[NOTHING, UNMEASURED],
    },
    Metric {
        name: "claimed",
        unit: "ratio",
        definition: "Weight claimed by partners / measured weight, rounded down at the millionth. The claim of a \
                     deliverable is its claimed percent, or for the rule milestones the claimed share of their \
                     weight, and never less than it has earned. Claims are not verified and earn nothing.",
        source: "Own definition.",
        undefined: &[NOTHING, UNMEASURED],
    },
    Metric {
        name: "coverage",
        unit: "ratio",
        definition: "Measured weight / all weight without level of effort. A started deliverable with the rule \
                     percent or milestones is measured once it has a value.",
        source: "Own definition.",
        undefined: &[NOTHING],
    },
    Metric {
        name: "level_of_effort_share",
        unit: "ratio",
        definition: "Weight of level-of-effort deliverables / all weight. Reported separately, because within \
                     progress it would hide delays.",
        source: "ANSI/EIA-748-D, level of effort.",
        undefined: &[NOTHING],
    },
    Metric {
        name: "worst_child",
        unit: "id and ratio",
        definition: "Child with the lowest progress: a deliverable of a project, a project or direct deliverable of a \
                     program, a program of a portfolio. Among equals, the first by id.",
        source: "Own definition.",
        undefined: &[case("nothing_measured", "No child has progress.")],
    },
    Metric {
        name: "oldest_input_at",
        unit: "instant",
        definition: "Time of the last change of the deliverable that has been unchanged for the longest time.",
        source: "Own definition.",
        undefined: &[case("no_deliverables", "There are no deliverables.")],
    },
    Metric {
        name: "percent_complete",
        unit: "ratio",
        definition: "Percent complete of an activity by its percent type: physical as assessed; duration (duration - \
                     remaining duration) / duration; work actual work / (actual + remaining work).",
        source: "Oracle Primavera P6, percent complete types.",
        undefined: &[case("not_measured", "The values it is computed from are unknown, or their sum is zero.")],
    },
    Metric {
        name: "on_time",
        unit: "ratio",
        definition: "For a partner: milestones due in the period that were reached by the agreed day / milestones due \
                     in the period that were reached or whose day has passed. A milestone is reached on the day of \
                     the claim that was fully accepted, in the time zone of the engagement. The score equals the \
                     value; its weight is 30 of 100.",
        source: "Own definition, after delivery reliability (OTD) in supplier evaluation.",
        undefined: &[case("nothing_measured", "No milestone was due.")],
    },
    Metric {
        name: "first_pass_acceptance",
        unit: "ratio",
        definition: "For a partner: claims accepted in full, with or without reservations / all claims whose reviews \
                     were decided in the period. Claims that follow a rejection are excluded. The score equals the \
                     value; its weight is 25 of 100.",
        source: "First-pass yield.",
        undefined: &[case("nothing_measured", "No claim was decided.")],
    },
    Metric {
        name: "promise_bias",
        unit: "days",
        definition: "For a partner: mean number of days from the day promised in a claim to the day on which the \
                     milestone was reached, over claims with a promise for milestones reached in the period. Positive \
                     if later than promised. The score is 1 at zero days or fewer, and 0 from 30 days; its weight is \
                     10 of 100.",
        source: "Own definition, after forecast bias (mean error).",
        undefined: &[case(
            "nothing_measured",
            "No claim with a promised day belongs to a milestone reached in the period.",
        )],
    },
    Metric {
        name: "service_levels",
        unit: "ratio",
        definition: "For a partner: service level measurements that met the target / measurements with a result whose \
                     period ends in the reporting period. Availability is (agreed service time - unplanned downtime) \
                     / agreed service time. Service credits are reported with it, each from the single worst tier \
                     reached. The score equals the value; its weight is 25 of 100.",
        source: "ITIL service level management; own tiers.",
        undefined: &[case("nothing_measured", "There is no measurement, or no agreed service level.")],
    },
    Metric {
        name: "cost_variance",
        unit: "ratio",
        definition: "For a partner: increase of the values of its engagements by amendments / signed values. The \
                     score is 1 without an increase, and 0 if the value has doubled; its weight is 10 of 100.",
        source: "Open Contracting for Infrastructure (OC4IDS), contract modifications.",
        undefined: &[
            case("nothing_measured", "No engagement was signed with a value."),
            case("several_currencies", "The values are in different currencies."),
        ],
    },
    Metric {
        name: "scorecard",
        unit: "ratio",
        definition: "For a partner: weighted mean of the scores of the five metrics above, over those that were \
                     measured. A missing metric does not count as zero. Rounded down at the millionth.",
        source: "Weighted scorecard over measured indicators.",
        undefined: &[
            case("nothing_measured", "No metric was measured."),
            case("too_little_evidence", "Fewer than two metrics were measured, or fewer facts than requested."),
        ],
    },
    Metric {
        name: "expected_monetary_value",
        unit: "money",
        definition: "For an open risk: probability × most likely cost impact, rounded half to even at the fourth \
                     decimal.",
        source: "PMI, Practice Standard for Project Risk Management.",
        undefined: &[
            case("not_judged", "Probability or impact is unknown."),
            case("not_live", "The risk is closed, materialised or expired."),
        ],
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

//! The registry of metrics: every number that several answers share, defined once.

/// A metric.
pub struct Metric {
    /// Its name wherever it is answered.
    pub name: &'static str,
    pub unit: &'static str,
    pub definition: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// When it has no value: the word of the case, and what it means.
    pub undefined: &'static [(&'static str, &'static str)],
}

const NOTHING: (&str, &str) = ("no_weight", "Nothing with a weight is counted.");

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
        undefined: &[NOTHING, ("nothing_measured", "No deliverable with a weight is measured.")],
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
        undefined: &[("nothing_measured", "No child has progress.")],
    },
    Metric {
        name: "oldest_input_at",
        unit: "instant",
        definition: "When the deliverable that was left alone the longest last changed.",
        source: "Own definition.",
        undefined: &[("no_deliverables", "There are none.")],
    },
    Metric {
        name: "percent_complete",
        unit: "ratio",
        definition: "Of an activity by its percent type: physical as judged, duration what of it does not remain, work what is \
                     done of done and remaining.",
        source: "Oracle Primavera P6, percent complete types.",
        undefined: &[("not_measured", "What it is measured by is not known, or is zero.")],
    },
    Metric {
        name: "expected_monetary_value",
        unit: "money",
        definition: "Of a live risk probability times likely cost impact, rounded half to even at the ten-thousandth.",
        source: "PMI, Practice Standard for Project Risk Management.",
        undefined: &[("not_judged", "Probability or impact is unknown."), ("not_live", "The risk is over.")],
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

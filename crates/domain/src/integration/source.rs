//! Sources: systems that feed data in.

use steerco_derive::{input, resource, words};

use crate::error::Fault;
use crate::id::Id;
use crate::person::Person;
use crate::resource::Rules;
use crate::text::{Code, Text};
use crate::time::Instant;

/// A system that feeds data in. External references name it by its code.
#[resource(prefix = "src", plural = "sources", scope = "Organisation")]
pub struct Source {
    /// Code that external references and upserts use.
    #[field(create, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// The person responsible for its data.
    #[field(write, filter)]
    pub owner_id: Option<Id<Person>>,
    /// Expected frequency of deliveries.
    #[field(write, filter)]
    pub cadence: Option<Cadence>,
    /// Fields that only this source can write, in resources with an external reference of this source. A field has one owner.
    #[field(write)]
    pub owned_fields: Vec<OwnedField>,
}

/// Expected frequency of deliveries.
#[words]
pub enum Cadence {
    /// Continuously.
    Continuous,
    /// Once a day.
    Daily,
    /// Once a week.
    Weekly,
    /// Once a month.
    Monthly,
    /// Once a quarter.
    Quarterly,
}

impl Cadence {
    /// Days that may lie between two deliveries; of what is delivered as things happen, none is expected.
    const fn days(self) -> Option<i32> {
        match self {
            Self::Continuous => None,
            Self::Daily => Some(1),
            Self::Weekly => Some(7),
            Self::Monthly => Some(31),
            Self::Quarterly => Some(92),
        }
    }

    /// Whether a delivery is missing: more days of the calendar (UTC) have gone by since the last one than may.
    pub fn is_late(self, last: Instant, now: Instant) -> bool {
        self.days().is_some_and(|days| last.day().days_until(now.day()) > days)
    }
}

/// A field of a kind that a source owns.
#[input(value)]
pub struct OwnedField {
    /// The kind of resource, such as `project`.
    pub kind: Text<64>,
    /// The field, such as `forecast_finish_on`.
    pub field: Text<64>,
    /// Since when the source owns it (UTC). Set by the service; a value from a caller is ignored.
    pub since: Option<Instant>,
}

impl OwnedField {
    /// Whether it is of the same kind and field.
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && self.field == other.field
    }
}

impl Rules for Source {
    fn carry(&mut self, before: Option<&Self>, _faults: &mut Vec<Fault>) {
        let known: &[OwnedField] = before.map_or(&[], |before| &before.owned_fields);
        for owned in &mut self.owned_fields {
            owned.since = known.iter().find(|known| known.is_same(owned)).and_then(|known| known.since);
        }
    }

    fn stamp(&mut self, at: Instant) {
        for owned in &mut self.owned_fields {
            owned.since = owned.since.or(Some(at));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        for (i, owned) in self.owned_fields.iter().enumerate() {
            let known = crate::find_kind(owned.kind.as_str()).and_then(|kind| kind.field(owned.field.as_str()));
            if known.is_none_or(|field| field.setter == crate::field::Setter::System) {
                let detail = "the kind does not exist or has no such writable field";
                faults.push(Fault::new(format!("/owned_fields/{i}"), "UNKNOWN_FIELD", detail));
            }
            if self.owned_fields[..i].iter().any(|earlier| earlier.is_same(owned)) {
                faults.push(Fault::new(
                    format!("/owned_fields/{i}"),
                    "DUPLICATE",
                    "the same field stands here already",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_late_once_a_day_of_its_cadence_went_by() {
        let at = |text: &str| Instant::parse(text).unwrap();
        let last = at("2026-03-01T06:00:00Z");
        assert!(!Cadence::Daily.is_late(last, at("2026-03-02T23:59:59Z")), "it may come until the day ends");
        assert!(Cadence::Daily.is_late(last, at("2026-03-03T00:00:00Z")));
        assert!(!Cadence::Monthly.is_late(last, at("2026-04-01T00:00:00Z")));
        assert!(Cadence::Monthly.is_late(last, at("2026-04-02T00:00:00Z")));
        assert!(!Cadence::Continuous.is_late(last, at("2027-01-01T00:00:00Z")));
    }
}

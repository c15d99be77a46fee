//! Consumers of the event feed.

use steerco_derive::{input, resource};

use crate::actor::Actor;
use crate::error::{Error, Fault, Reason};
use crate::event_type::{check_event_types, check_kinds, check_labels};
use crate::field::Long;
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Acting, Rules, Verb};
use crate::text::{Code, Text};
use crate::time::Instant;

/// A named consumer of the event feed, whose position the service stores. Only its creator can move or change it.
/// Administrators and auditors of the organisation can see it. Events are read with the permissions of the caller.
#[resource(prefix = "cons", plural = "consumers", scope = "Owned", verbs(AcknowledgeConsumer, ReplayConsumer))]
pub struct Consumer {
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Kinds of resources to include, such as `risk`; all when empty.
    #[field(write)]
    pub kinds: Vec<Text<64>>,
    /// Types of events to include, such as `risk.assess`; all when empty.
    #[field(write)]
    pub event_types: Vec<Text<128>>,
    /// Programs of the resources to include; all visible programs when empty.
    #[field(write)]
    pub program_ids: Vec<Id<Program>>,
    /// Labels that the resources must have, all of them: each a key, or `key=value`.
    #[field(write)]
    pub with_labels: Vec<Text<264>>,
    /// Code of the source whose own writes are excluded.
    #[field(write)]
    pub exclude_source: Option<Code>,
}

/// Records what of a filter of the feed is not known, field by field.
pub(crate) fn check_filter<const K: usize, const E: usize, const L: usize>(
    kinds: &[Text<K>],
    event_types: &[Text<E>],
    labels: &[Text<L>],
    faults: &mut Vec<Fault>,
) {
    check_kinds(kinds.iter().map(Text::as_str), |i| format!("/kinds/{i}"), faults);
    check_event_types(event_types.iter().map(Text::as_str), |i| format!("/event_types/{i}"), faults);
    check_labels(labels.iter().map(Text::as_str), |i| format!("/with_labels/{i}"), faults);
}

impl Rules for Consumer {
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        check_filter(&self.kinds, &self.event_types, &self.with_labels, faults);
    }

    fn author(&self) -> Option<&Actor> {
        Some(&self.created_by)
    }
}

/// Whether who acts made it.
pub(crate) fn check_own(made_by: &Actor, acting: &Acting, what: &str) -> Result<(), Error> {
    if *made_by == acting.actor {
        return Ok(());
    }
    Err(Error::new(Reason::Forbidden, format!("only its creator can move a {what}")))
}

/// Acknowledges all events up to a cursor. A cursor before the current position changes nothing.
#[input]
pub struct AcknowledgeConsumer {
    /// Cursor of the last processed event, or the `sync_token` of a list; the end of the feed when absent.
    pub cursor: Option<Text<4_000>>,
}

impl Verb for AcknowledgeConsumer {
    type On = Consumer;
    const NAME: &'static str = "acknowledge";
    fn decide_by(&self, consumer: &mut Consumer, acting: &Acting) -> Result<(), Error> {
        check_own(&consumer.created_by, acting, "consumer")
    }
}

/// Moves the consumer to another position, forwards or backwards: to a cursor, before all events since an instant, or before
/// the event with a number; to the beginning of the feed when none is given.
#[input]
pub struct ReplayConsumer {
    /// Cursor after which to continue.
    pub cursor: Option<Text<4_000>>,
    /// Instant from which on events are read again (UTC), instead of a cursor.
    pub since: Option<Instant>,
    /// Number (`seq`) of the first event to read again, instead of a cursor. Not for partners, who do not see these numbers.
    pub seq: Option<Long>,
}

impl Verb for ReplayConsumer {
    type On = Consumer;
    const NAME: &'static str = "replay";
    fn decide_by(&self, consumer: &mut Consumer, acting: &Acting) -> Result<(), Error> {
        check_own(&consumer.created_by, acting, "consumer")?;
        let given =
            [("/cursor", self.cursor.is_some()), ("/since", self.since.is_some()), ("/seq", self.seq.is_some())];
        let given = given.iter().filter(|(_, given)| *given).skip(1);
        let detail = "give only one of a cursor, an instant and a number";
        let faults: Vec<Fault> = given.map(|(name, _)| Fault::new(*name, "DOES_NOT_FIT", detail)).collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

//! Engagements: what binds a partner.

use steerco_derive::{input, resource, words};

use crate::error::{Error, Fault, Reason};
use crate::field::Whole;
use crate::id::Id;
use crate::legal_entity::LegalEntity;
use crate::money::Money;
use crate::partner::Partner;
use crate::person::Person;
use crate::program::Program;
use crate::ratio::Ratio;
use crate::resource::{Place, Rules, Verb};
use crate::service_level::{self, ServiceLevel};
use crate::state::States;
use crate::text::{Code, Text};
use crate::time::{Day, Instant};
use crate::words::Words;
use crate::work_calendar::WorkCalendar;

/// A number of days that a contract may grant.
pub type TermDays = Whole<0, 3_650>;

/// A contract or agreement with a partner. The partner sees it from its activation on, whatever becomes of it then; while
/// it is a draft nobody outside knows of it, and no later question shows what it was then.
#[resource(
    prefix = "eng",
    plural = "engagements",
    scope = "Engagement",
    verbs(ActivateEngagement, CompleteEngagement, SuspendEngagement, TerminateEngagement)
)]
pub struct Engagement {
    /// The partner it binds.
    #[field(create, filter, parent)]
    pub partner_id: Id<Partner>,
    /// The programs it serves; who sees one of them sees the engagement.
    #[field(write, parent, required)]
    pub program_ids: Vec<Id<Program>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// How it is paid for.
    #[field(write, filter)]
    pub kind: EngagementKind,
    /// Where in its life it is.
    #[field(filter)]
    pub state: EngagementState,
    /// Why it was suspended or terminated last.
    #[field(system)]
    pub state_reason: Option<Text<1000>>,
    /// Number of the contract, as both sides know it.
    #[field(write, filter)]
    pub contract_reference: Option<Text<100>>,
    /// What is to be done.
    #[field(write)]
    pub statement_of_work: Option<Text<20_000>>,
    /// What it is worth in all; of time and material, the most that may be charged. Once it is in force, value, first and
    /// last day and what is to be done change by an amendment only.
    #[field(write, filter)]
    pub value: Option<Money>,
    /// Its first day.
    #[field(write, filter)]
    pub starts_on: Option<Day>,
    /// Its last day.
    #[field(write, filter)]
    pub ends_on: Option<Day>,
    /// IANA time zone in which its days begin and end, such as `Europe/Vienna`; that of the organisation when absent.
    #[field(write)]
    pub time_zone: Option<Text<64>>,
    /// Share of every payment that is kept back until it is released.
    #[field(write)]
    pub retention: Option<Ratio>,
    /// Days after an invoice in which it is to be paid.
    #[field(write)]
    pub payment_terms_days: Option<TermDays>,
    /// The day on which both sides had signed it.
    #[field(write, filter)]
    pub signed_on: Option<Day>,
    /// What it was worth when it was put in force. What it is worth now is this and the changes of value of the approved
    /// amendments.
    #[field(filter)]
    pub signed_value: Option<Money>,
    /// Amendments that were approved.
    #[field(filter)]
    pub amendment_count: i32,
    /// The day from which what was retained may be released.
    #[field(write, filter)]
    pub retention_release_on: Option<Day>,
    /// Working days after a complete submission in which it is to be reviewed.
    #[field(write)]
    pub review_deadline_days: Option<TermDays>,
    /// Whether what is not reviewed by the deadline counts as accepted.
    #[field(write)]
    pub deemed_acceptance: bool,
    /// Days by which one side must tell the other something; calendar feeds show them while it is in force.
    #[field(write)]
    pub notices: Vec<EngagementNotice>,
    /// What each side owes the other by a day, beside what is paid for; calendar feeds show it while it is in force. A
    /// collaboration is put in force with some of either side.
    #[field(write)]
    pub obligations: Option<Vec<EngagementObligation>>,
    /// The first day by which something is owed that is not met.
    #[field(filter)]
    pub next_obligation_on: Option<Day>,
    /// What the partner's service must hold.
    #[field(write)]
    pub service_levels: Vec<ServiceLevel>,
    /// What an acceptance in part makes payable; `whole` when absent.
    #[field(write, filter)]
    pub payment_rule: Option<PaymentRule>,
    /// The company that owes what is accepted; needed to accrue it where no commitment of the engagement has room. Where the
    /// organisation keeps books, an engagement of some value is put in force only with it, or with a commitment.
    #[field(write, filter, private)]
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// The calendar of its working days; Monday to Friday when absent.
    #[field(write, private)]
    pub review_calendar_id: Option<Id<WorkCalendar>>,
    /// Who reviews what is submitted, and is warned before the deadline by an event `review.warn`; needed where silence counts
    /// as acceptance.
    #[field(write, filter, private)]
    pub reviewer_id: Option<Id<Person>>,
    /// Who is warned too and stands in for the reviewer.
    #[field(write, filter, private)]
    pub review_delegate_id: Option<Id<Person>>,
    /// What only the organisation's own people read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// What an acceptance in part makes payable.
#[words]
#[derive(Default)]
pub enum PaymentRule {
    /// Nothing before all of the milestone is accepted, then all.
    #[default]
    Whole,
    /// The accepted share.
    ProRata,
}

/// How an engagement is paid for.
#[words]
pub enum EngagementKind {
    /// One price for the whole.
    FixedPrice,
    /// Hours and material at agreed rates.
    TimeAndMaterial,
    /// A price for each milestone.
    Milestone,
    /// A retainer or framework from which work is called off.
    Framework,
    /// Obligations both ways instead of a price.
    Collaboration,
}

/// Where in its life an engagement is.
#[words(states)]
#[derive(Default)]
pub enum EngagementState {
    /// Being prepared; unknown to the partner.
    #[default]
    Draft,
    /// In force.
    Active,
    /// In force, and at rest.
    Suspended,
    /// Done.
    Completed,
    /// Ended before it was done.
    Terminated,
}

impl States for EngagementState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Draft, &[Self::Active]),
        (Self::Active, &[Self::Suspended, Self::Completed, Self::Terminated]),
        (Self::Suspended, &[Self::Active, Self::Completed, Self::Terminated]),
    ];
}

/// A day by which one side must tell the other something.
#[input(value)]
pub struct EngagementNotice {
    /// The day.
    pub due_on: Day,
    /// What is to be told, such as `whether it is renewed`.
    pub subject: Text<200>,
}

/// What one side owes the other by a day.
#[input(value)]
pub struct EngagementObligation {
    /// Handle, unique in the engagement.
    pub key: Code,
    /// Which side owes it.
    pub owed_by: EngagementSide,
    /// What is owed, such as `access to the site`.
    pub subject: Text<200>,
    /// The day.
    pub due_on: Day,
    /// The day on which it was met.
    pub met_on: Option<Day>,
}

/// A side of an engagement.
#[words]
pub enum EngagementSide {
    /// The organisation.
    Organisation,
    /// The partner.
    Partner,
}

impl Engagement {
    /// Whether it lives of what both sides owe, and one of them owes nothing.
    pub fn is_one_sided(&self) -> bool {
        let owes = |side: &EngagementSide| self.obligations.iter().flatten().any(|it| it.owed_by == *side);
        self.kind == EngagementKind::Collaboration && !EngagementSide::ALL.iter().all(owes)
    }

    /// What changes by an amendment only, once it is in force.
    fn agreed(&self) -> [(&'static str, String); 4] {
        [
            ("value", format!("{:?}", self.value)),
            ("starts_on", format!("{:?}", self.starts_on)),
            ("ends_on", format!("{:?}", self.ends_on)),
            ("statement_of_work", format!("{:?}", self.statement_of_work)),
        ]
    }

    /// The day of an instant where its days begin and end; `zone` is that of the organisation.
    pub fn day_of(&self, at: Instant, zone: Option<&str>) -> Day {
        let name = self.time_zone.as_ref().map(Text::as_str).or(zone).unwrap_or("UTC");
        let zone = jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC);
        let date = jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_zoned(zone).date());
        date.map_or_else(|_| at.day(), Day::from_date)
    }

    /// Whether it is in force, at rest or not.
    pub fn is_in_force(&self) -> bool {
        matches!(self.state, EngagementState::Active | EngagementState::Suspended)
    }
}

impl Place {
    /// That of what hangs on an engagement.
    pub fn of_engagement(
        program: Option<Id<Program>>,
        partner: Option<Id<Partner>>,
        engagement: Option<Id<Engagement>>,
    ) -> Self {
        Self {
            portfolio: None,
            program: program.map(|id| id.to_string()),
            partner: partner.map(|id| id.to_string()),
            engagement: engagement.map(|id| id.to_string()),
        }
    }
}

impl Rules for Engagement {
    fn carry(&mut self, before: Option<&Self>, faults: &mut Vec<Fault>) {
        let Some(before) = before.filter(|before| before.state != EngagementState::Draft) else { return };
        for ((name, is), (_, was)) in self.agreed().into_iter().zip(before.agreed()) {
            if is != was {
                let detail = "changes by an amendment only: the engagement is no draft any more";
                faults.push(Fault::new(format!("/{name}"), "FROZEN", detail));
            }
        }
        if self.is_in_force() && self.deemed_acceptance && self.reviewer_id.is_none() && before.reviewer_id.is_some() {
            let detail = "silence counts as acceptance: name the person who is warned before the deadline";
            faults.push(Fault::new("/reviewer_id", "REQUIRED", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.program_ids.is_empty() {
            faults.push(Fault::new("/program_ids", "REQUIRED", "an engagement serves at least one program"));
        }
        for (i, id) in self.program_ids.iter().enumerate() {
            if self.program_ids[..i].contains(id) {
                faults.push(Fault::new(format!("/program_ids/{i}"), "DUPLICATE", "is named twice"));
            }
        }
        if self.value.is_some_and(|value| value.units < 0) {
            faults.push(Fault::new("/value/amount", "OUT_OF_RANGE", "must not be negative"));
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(first, last)| last < first) {
            faults.push(Fault::new("/ends_on", "OUT_OF_ORDER", "must not be before starts_on"));
        }
        if self.deemed_acceptance && self.review_deadline_days.is_none() {
            let detail = "acceptance can be deemed only after a deadline: give review_deadline_days";
            faults.push(Fault::new("/deemed_acceptance", "DOES_NOT_FIT", detail));
        }
        // What came later stays away where there is none, as in the history of before.
        self.obligations = self.obligations.take().filter(|obligations| !obligations.is_empty());
        let obligations = self.obligations.as_deref().unwrap_or_default();
        for (i, row) in obligations.iter().enumerate() {
            if obligations[..i].iter().any(|before| before.key == row.key) {
                faults.push(Fault::new(format!("/obligations/{i}/key"), "DUPLICATE", "one obligation a key"));
            }
        }
        let open = obligations.iter().filter(|obligation| obligation.met_on.is_none());
        self.next_obligation_on = open.map(|obligation| obligation.due_on).min();
        service_level::check(&self.service_levels, self.value, faults);
    }

    fn check_delete(&self) -> Result<(), Error> {
        if self.state == EngagementState::Draft {
            return Ok(());
        }
        let detail = "only a draft can be deleted; complete or terminate the engagement instead";
        Err(Error::new(Reason::WrongState, detail))
    }

    fn place(&self) -> Place {
        let programs: Vec<String> = self.program_ids.iter().map(ToString::to_string).collect();
        Place {
            portfolio: None,
            program: Some(programs.join(" ")),
            // What a partner does not know of yet is not in its place.
            partner: (self.state != EngagementState::Draft).then(|| self.partner_id.to_string()),
            engagement: Some(self.id.to_string()),
        }
    }
}

/// The verbs that move an engagement along; each names its struct, its word and its target.
macro_rules! engagement_verbs {
    ($($(#[doc = $doc:literal])+ $verb:ident $name:literal $to:ident;)*) => {$(
        $(#[doc = $doc])+
        #[input]
        pub struct $verb {}

        impl Verb for $verb {
            type On = Engagement;
            const NAME: &'static str = $name;
            fn decide(&self, on: &mut Engagement, _now: Instant) -> Result<(), Error> {
                on.state.go(EngagementState::$to)
            }
        }
    )*};
    (with reason: $($(#[doc = $doc:literal])+ $verb:ident $name:literal $to:ident;)*) => {$(
        $(#[doc = $doc])+
        #[input]
        pub struct $verb {
            /// Why; the partner reads it too.
            pub reason: Text<1000>,
        }

        impl Verb for $verb {
            type On = Engagement;
            const NAME: &'static str = $name;
            fn decide(&self, on: &mut Engagement, _now: Instant) -> Result<(), Error> {
                on.state.go(EngagementState::$to)?;
                on.state_reason = Some(self.reason.clone());
                Ok(())
            }
        }
    )*};
}

/// Puts an engagement in force, or takes it up again. From the first time on the partner sees it.
#[input]
pub struct ActivateEngagement {}

impl Verb for ActivateEngagement {
    type On = Engagement;
    const NAME: &'static str = "activate";
    fn decide(&self, on: &mut Engagement, _now: Instant) -> Result<(), Error> {
        if on.state == EngagementState::Draft {
            on.signed_value = on.value;
        }
        on.state.go(EngagementState::Active)
    }
}

engagement_verbs! {
    /// Ends an engagement that is done. The partner goes on seeing it.
    CompleteEngagement "complete" Completed;
}
engagement_verbs! { with reason:
    /// Lets an engagement rest.
    SuspendEngagement "suspend" Suspended;
    /// Ends an engagement before it is done. The partner goes on seeing it.
    TerminateEngagement "terminate" Terminated;
}

//! Engagements: contracts and agreements with partners.

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

/// A number of days that a contract grants.
pub type TermDays = Whole<0, 3_650>;

/// A contract or agreement with a partner. The partner sees it from its first activation on, in every later state. A draft is
/// not visible to the partner, and later requests do not show the partner how the draft looked.
#[resource(
    prefix = "eng",
    plural = "engagements",
    scope = "Engagement",
    verbs(ActivateEngagement, CompleteEngagement, SuspendEngagement, TerminateEngagement)
)]
pub struct Engagement {
    /// The partner of the contract.
    #[field(create, filter, parent)]
    pub partner_id: Id<Partner>,
    /// The programs that the engagement serves. It is visible to everyone who sees one of them.
    #[field(write, parent, required)]
    pub program_ids: Vec<Id<Program>>,
    /// Short name, shown in lists.
    #[field(write, filter)]
    pub title: Text<200>,
    /// How the engagement is paid for.
    #[field(write, filter)]
    pub kind: EngagementKind,
    /// State in the life cycle of the engagement.
    #[field(filter)]
    pub state: EngagementState,
    /// Reason of the last suspension or termination.
    #[field(system)]
    pub state_reason: Option<Text<1000>>,
    /// Number of the contract that both sides use.
    #[field(write, filter)]
    pub contract_reference: Option<Text<100>>,
    /// Statement of work: the scope of the contract.
    #[field(write)]
    pub statement_of_work: Option<Text<20_000>>,
    /// Total value of the contract. For time and material it is the upper limit of charges. Once the engagement is in force,
    /// an amendment is required to change the value, the first and last day and the statement of work.
    #[field(write, filter)]
    pub value: Option<Money>,
    /// First day of the contract.
    #[field(write, filter)]
    pub starts_on: Option<Day>,
    /// Last day of the contract.
    #[field(write, filter)]
    pub ends_on: Option<Day>,
    /// IANA time zone in which its days begin and end, such as `Europe/Vienna`. The time zone of the organisation applies
    /// when absent.
    #[field(write)]
    pub time_zone: Option<Text<64>>,
    /// Share of every payment that is retained until it is released.
    #[field(write)]
    pub retention: Option<Ratio>,
    /// Payment terms: number of days after the date of an invoice by which it is to be paid.
    #[field(write)]
    pub payment_terms_days: Option<TermDays>,
    /// The day on which both sides had signed the contract.
    #[field(write, filter)]
    pub signed_on: Option<Day>,
    /// Value of the contract when it was put in force. The current value is this value plus the changes of value of the
    /// approved amendments.
    #[field(filter)]
    pub signed_value: Option<Money>,
    /// Number of approved amendments.
    #[field(filter)]
    pub amendment_count: i32,
    /// The first day on which the retention can be released.
    #[field(write, filter)]
    pub retention_release_on: Option<Day>,
    /// Working days for the review, counted from a complete submission.
    #[field(write)]
    pub review_deadline_days: Option<TermDays>,
    /// Whether a claim that is not reviewed by the deadline counts as accepted.
    #[field(write)]
    pub deemed_acceptance: bool,
    /// Days by which one side must give the other a notice. Calendar feeds show them while the engagement is in force.
    #[field(write)]
    pub notices: Vec<EngagementNotice>,
    /// Obligations of each side with a due day, other than the payments. Calendar feeds show them while the engagement is in
    /// force. A collaboration needs at least one obligation of each side before it is put in force.
    #[field(write)]
    pub obligations: Option<Vec<EngagementObligation>>,
    /// Earliest due day of an obligation that is not met.
    #[field(filter)]
    pub next_obligation_on: Option<Day>,
    /// Service levels that the service of the partner must meet.
    #[field(write)]
    pub service_levels: Vec<ServiceLevel>,
    /// How a partial acceptance becomes payable; `whole` when absent.
    #[field(write, filter)]
    pub payment_rule: Option<PaymentRule>,
    /// The legal entity that owes what is accepted. It is needed to accrue an acceptance that no commitment of the engagement
    /// covers. Where the organisation keeps books, an engagement with a value is put in force only with a legal entity or
    /// with a commitment.
    #[field(write, filter, private)]
    pub legal_entity_id: Option<Id<LegalEntity>>,
    /// The calendar of working days of the engagement; Monday to Friday when absent.
    #[field(write, private)]
    pub review_calendar_id: Option<Id<WorkCalendar>>,
    /// The person who reviews submissions. The event `review.warn` warns this person before the deadline. Required where a
    /// claim can be accepted by silence (`deemed_acceptance`).
    #[field(write, filter, private)]
    pub reviewer_id: Option<Id<Person>>,
    /// The delegate of the reviewer, who is warned as well.
    #[field(write, filter, private)]
    pub review_delegate_id: Option<Id<Person>>,
    /// Notes that only the organisation's own people can read.
    #[field(write, private)]
    pub private_notes: Option<Text<4000>>,
}

/// How a partial acceptance becomes payable.
#[words]
#[derive(Default)]
pub enum PaymentRule {
    /// Nothing is payable until the whole milestone is accepted; then all of it.
    #[default]
    Whole,
    /// The accepted share is payable.
    ProRata,
}

/// How an engagement is paid for.
#[words]
pub enum EngagementKind {
    /// A fixed price for the whole scope.
    FixedPrice,
    /// Hours and material at agreed rates.
    TimeAndMaterial,
    /// A price per milestone.
    Milestone,
    /// A retainer or framework contract from which work is called off.
    Framework,
    /// Obligations of both sides instead of a price.
    Collaboration,
}

/// State in the life cycle of an engagement.
#[words(states)]
#[derive(Default)]
pub enum EngagementState {
    /// In preparation; not visible to the partner.
    #[default]
    Draft,
    /// In force.
    Active,
    /// In force, but suspended.
    Suspended,
    /// Completed.
    Completed,
    /// Ended before completion.
    Terminated,
}

impl States for EngagementState {
    const MOVES: &'static [(Self, &'static [Self])] = &[
        (Self::Draft, &[Self::Active]),
        (Self::Active, &[Self::Suspended, Self::Completed, Self::Terminated]),
        (Self::Suspended, &[Self::Active, Self::Completed, Self::Terminated]),
    ];
}

/// A day by which one side must give the other a notice.
#[input(value)]
pub struct EngagementNotice {
    /// The last day for the notice.
    pub due_on: Day,
    /// Subject of the notice, such as `whether it is renewed`.
    pub subject: Text<200>,
}

/// An obligation of one side with a due day.
#[input(value)]
pub struct EngagementObligation {
    /// Key, unique in the engagement.
    pub key: Code,
    /// The side that has the obligation.
    pub owed_by: EngagementSide,
    /// Subject of the obligation, such as `access to the site`.
    pub subject: Text<200>,
    /// The due day.
    pub due_on: Day,
    /// The day on which the obligation was met; absent until then.
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
    /// Whether it is a collaboration in which one side has no obligation.
    pub fn is_one_sided(&self) -> bool {
        let owes = |side: &EngagementSide| self.obligations.iter().flatten().any(|it| it.owed_by == *side);
        self.kind == EngagementKind::Collaboration && !EngagementSide::ALL.iter().all(owes)
    }

    /// Fields that only an amendment changes once the engagement is in force.
    fn agreed(&self) -> [(&'static str, String); 4] {
        [
            ("value", format!("{:?}", self.value)),
            ("starts_on", format!("{:?}", self.starts_on)),
            ("ends_on", format!("{:?}", self.ends_on)),
            ("statement_of_work", format!("{:?}", self.statement_of_work)),
        ]
    }

    /// The calendar day of an instant in the time zone of the engagement; `zone` is the time zone of the organisation.
    pub fn day_of(&self, at: Instant, zone: Option<&str>) -> Day {
        let name = self.time_zone.as_ref().map(Text::as_str).or(zone).unwrap_or("UTC");
        let zone = jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC);
        let date = jiff::Timestamp::from_microsecond(at.micros()).map(|at| at.to_zoned(zone).date());
        date.map_or_else(|_| at.day(), Day::from_date)
    }

    /// Whether it is in force or suspended.
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
        if let Some(value) = self.value.filter(|_| before.is_none_or(|before| before.value != self.value)) {
            faults.extend(value.currency.check_whole("/value/amount", value.units));
        }
        let Some(before) = before.filter(|before| before.state != EngagementState::Draft) else { return };
        for ((name, is), (_, was)) in self.agreed().into_iter().zip(before.agreed()) {
            if is != was {
                let detail = "can only be changed by an amendment: the engagement is not a draft any more";
                faults.push(Fault::new(format!("/{name}"), "FROZEN", detail));
            }
        }
        if self.is_in_force() && self.deemed_acceptance && self.reviewer_id.is_none() && before.reviewer_id.is_some() {
            let detail = "is required with deemed_acceptance: the reviewer is warned before the deadline";
            faults.push(Fault::new("/reviewer_id", "REQUIRED", detail));
        }
    }

    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        if self.program_ids.is_empty() {
            faults.push(Fault::new("/program_ids", "REQUIRED", "an engagement serves at least one program"));
        }
        for (i, id) in self.program_ids.iter().enumerate() {
            if self.program_ids[..i].contains(id) {
                faults.push(Fault::new(format!("/program_ids/{i}"), "DUPLICATE", "is listed twice"));
            }
        }
        if self.value.is_some_and(|value| value.units < 0) {
            faults.push(Fault::new("/value/amount", "OUT_OF_RANGE", "must not be negative"));
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(first, last)| last < first) {
            faults.push(Fault::new("/ends_on", "OUT_OF_ORDER", "must not be before starts_on"));
        }
        if self.deemed_acceptance && self.review_deadline_days.is_none() {
            let detail = "deemed acceptance needs a deadline: set review_deadline_days";
            faults.push(Fault::new("/deemed_acceptance", "DOES_NOT_FIT", detail));
        }
        // What came later stays away where there is none, as in the history of before.
        self.obligations = self.obligations.take().filter(|obligations| !obligations.is_empty());
        let obligations = self.obligations.as_deref().unwrap_or_default();
        for (i, row) in obligations.iter().enumerate() {
            if obligations[..i].iter().any(|before| before.key == row.key) {
                faults.push(Fault::new(
                    format!("/obligations/{i}/key"),
                    "DUPLICATE",
                    "the key is used by another obligation",
                ));
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

/// The verbs that change the state of an engagement; each has a struct, a name and a target state.
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
            /// Reason; the partner can read it too.
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

/// Puts an engagement in force, or resumes a suspended one. The partner sees it from its first activation on.
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
    /// Completes an engagement. The partner still sees it.
    CompleteEngagement "complete" Completed;
}
engagement_verbs! { with reason:
    /// Suspends an engagement.
    SuspendEngagement "suspend" Suspended;
    /// Terminates an engagement before it is completed. The partner still sees it.
    TerminateEngagement "terminate" Terminated;
}

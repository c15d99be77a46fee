//! Calendar feeds: milestones at an address for calendar subscriptions.

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::error::{Error, Reason};
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// Milestones as a calendar (RFC 5545) at its own address, to which a calendar program subscribes without a token. Everyone
/// with the address reads what is visible to the owner at that moment. The owner issues and revokes the address.
#[resource(
    prefix = "calf",
    plural = "calendar_feeds",
    scope = "InProgram",
    verbs(IssueAddressCalendarFeed, RevokeCalendarFeed)
)]
pub struct CalendarFeed {
    /// The program of the milestones; all programs when absent. Without one, the feed is visible only to those who see the
    /// whole organisation.
    #[field(create, filter, parent)]
    pub program_id: Option<Id<Program>>,
    /// Name of the calendar.
    #[field(write, filter)]
    pub name: Text<200>,
    /// State of the feed.
    #[field(filter)]
    pub state: CalendarFeedState,
    /// When its address was last issued (UTC); the address itself is shown once and stored only hashed.
    #[field(filter)]
    pub address_issued_at: Option<Instant>,
}

/// State of a calendar feed.
#[words(states)]
#[derive(Default)]
pub enum CalendarFeedState {
    /// No address is issued yet.
    #[default]
    Pending,
    /// Readable at its address.
    Active,
    /// The address is revoked.
    Revoked,
}

impl States for CalendarFeedState {
    const MOVES: &'static [(Self, &'static [Self])] =
        &[(Self::Pending, &[Self::Active]), (Self::Active, &[Self::Revoked]), (Self::Revoked, &[Self::Active])];
}

impl CalendarFeed {
    /// It speaks for its owner, so it is the owner's.
    fn check_owner(&self, acting: &Acting) -> Result<(), Error> {
        if self.created_by == acting.actor {
            return Ok(());
        }
        Err(Error::new(Reason::Forbidden, "only its owner can change a calendar feed"))
    }
}

/// Issues a new address. The response shows it once; the previous address stops working.
#[input]
pub struct IssueAddressCalendarFeed {}

impl Verb for IssueAddressCalendarFeed {
    type On = CalendarFeed;
    const NAME: &'static str = "issue_address";
    fn decide_by(&self, feed: &mut CalendarFeed, acting: &Acting) -> Result<(), Error> {
        feed.check_owner(acting)?;
        if feed.state != CalendarFeedState::Active {
            feed.state.go(CalendarFeedState::Active)?;
        }
        feed.address_issued_at = Some(acting.now);
        Ok(())
    }
}

/// Revokes the address, which stops working.
#[input]
pub struct RevokeCalendarFeed {}

impl Verb for RevokeCalendarFeed {
    type On = CalendarFeed;
    const NAME: &'static str = "revoke";
    fn decide_by(&self, feed: &mut CalendarFeed, acting: &Acting) -> Result<(), Error> {
        feed.check_owner(acting)?;
        feed.state.go(CalendarFeedState::Revoked)
    }
}

impl Rules for CalendarFeed {
    fn author(&self) -> Option<&Actor> {
        Some(&self.created_by)
    }

    fn place(&self) -> Place {
        Place { program: self.program_id.map(|id| id.to_string()), ..Place::default() }
    }
}

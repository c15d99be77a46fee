//! Calendar feeds: milestones at an address that calendars subscribe to.

use steerco_derive::{input, resource, words};

use crate::actor::Actor;
use crate::error::{Error, Reason};
use crate::id::Id;
use crate::program::Program;
use crate::resource::{Acting, Place, Rules, Verb};
use crate::state::States;
use crate::text::Text;
use crate::time::Instant;

/// Milestones as a calendar (RFC 5545) at an address of its own, which a calendar program subscribes to without a token.
/// Whoever has the address reads what the owner may read at that moment; the owner issues and revokes it.
#[resource(
    prefix = "calf",
    plural = "calendar_feeds",
    scope = "InProgram",
    verbs(IssueAddressCalendarFeed, RevokeCalendarFeed)
)]
pub struct CalendarFeed {
    /// The program whose milestones it has; those of all programs when absent. Without one, only who sees the whole
    /// organisation sees the feed.
    #[field(create, filter, parent)]
    pub program_id: Option<Id<Program>>,
    /// Name of the calendar.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Whether it can be read.
    #[field(filter)]
    pub state: CalendarFeedState,
    /// When its address was last issued (UTC); the address itself is shown once and stored only hashed.
    #[field(filter)]
    pub address_issued_at: Option<Instant>,
}

/// Whether a calendar feed can be read.
#[words(states)]
#[derive(Default)]
pub enum CalendarFeedState {
    /// It has no address yet.
    #[default]
    Pending,
    /// It can be read at its address.
    Active,
    /// Its address answers no more.
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
        Err(Error::new(Reason::Forbidden, "a calendar feed is its owner's"))
    }
}

/// Issues a new address. The answer shows it once; the one before stops working.
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

/// Revokes the address: it answers no more.
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

//! Calendar feeds: an address is issued and returned once. A request to the address reads what its owner may read at that
//! moment.

use futures::future::BoxFuture;
use serde_json::Map;
use steerco_derive::answer;
use steerco_domain::calendar_feed::{CalendarFeed, CalendarFeedState, IssueAddressCalendarFeed};
use steerco_domain::engagement::Engagement;
use steerco_domain::id::Id;
use steerco_domain::input::read_input;
use steerco_domain::interchange::icalendar_out;
use steerco_domain::milestone::Milestone;
use steerco_domain::money::Amount;
use steerco_domain::program::Program;
use steerco_domain::words::Words;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::{Effect, Fail, credential};

use crate::auth::Claims;
use crate::operation::{AnswerDoc, Answered, Operation, Part};
use crate::token::digest;
use crate::{Caller, Context, ReadArgs, Service, Written};

/// A calendar and the validator of its text.
pub struct CalendarText {
    pub text: String,
    pub etag: String,
}

/// A calendar feed and its address.
#[answer(message = "IssueAddressCalendarFeedResponse")]
pub struct IssuedAddress {
    /// The calendar feed.
    pub calendar_feed: Part<CalendarFeed>,
    /// The address. Returned once: absent from a replay and a dry run.
    pub address: Option<String>,
}

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "issue_address_calendar_feed",
    path: "/v1/calendar-feeds/{id}/issue-address",
    answer: AnswerDoc::of::<IssuedAddress>("The calendar feed and its address, which is returned once."),
    ..Operation::act::<IssueAddressCalendarFeed>(|service, context, mut arguments| {
        Box::pin(async move {
            let id = arguments.id();
            read_input::<IssueAddressCalendarFeed>(&arguments.body())?;
            let (written, path) = service.issue_address(&context, &id).await?;
            let address = path.map(|path| format!("{}{path}", service.issuer()));
            Answered::secret(written, |calendar_feed| Box::new(IssuedAddress { calendar_feed, address }))
        })
    })
}];

impl Service {
    /// Issues an address. Returns the feed and, only the first time, the path.
    pub fn issue_address<'a>(
        &'a self,
        context: &'a Context,
        id: &'a str,
    ) -> BoxFuture<'a, Result<(Written, Option<String>), Error>> {
        Box::pin(async move {
            let id = &*self.id_of(CalendarFeed::KIND, &context.caller, id).await?;
            let owner = self.whole_owner(&context.caller).await?;
            let secret = self.new_secret();
            let mut command = Self::command_to_act::<IssueAddressCalendarFeed>(context, id, &Map::new())?;
            command.effects.push(Effect::Credential { account: id.to_owned(), hash: digest(&[&owner, &secret]) });
            let written = self.execute_one(context, command).await?;
            let path = format!("/calendars/{id}/{owner}/{secret}");
            let shown = Some(path).filter(|_| !written.replayed && !context.validate_only);
            Ok((written, shown))
        })
    }

    /// The owner of the new address: the caller, if its token does not restrict the account. A restriction of the token
    /// would not apply to the address.
    async fn whole_owner(&self, caller: &Caller) -> Result<String, Error> {
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let access = self.access(&conn, caller).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        let claims = &caller.claims;
        let covers = |roles: &Option<Vec<String>>| {
            let has = |role: &str| roles.as_ref().is_none_or(|roles| roles.iter().any(|known| known == role));
            access.grants.iter().all(|grant| has(grant.role.word()))
        };
        let narrowed = claims.scope.is_some() || claims.program_ids.is_some() || claims.partner_id.is_some();
        let narrowed = narrowed || caller.preview.is_some();
        if narrowed || !covers(&claims.roles) || !covers(&claims.greatest_roles) {
            let detail =
                "a restricted token cannot issue an address, because the address would have all rights of its owner";
            return Err(Error::new(Reason::Forbidden, detail));
        }
        Ok(access.actor.0.clone())
    }

    /// The calendar at an address. An address that is wrong, revoked or without rights gives the same error as one that
    /// does not exist.
    pub fn calendar<'a>(
        &'a self,
        id: &'a str,
        owner: &'a str,
        secret: &'a str,
    ) -> BoxFuture<'a, Result<CalendarText, Error>> {
        Box::pin(async move {
            let none = || Error::new(Reason::NotFound, "there is no calendar at this address");
            // Only a valid id is sent to the database: not every text can be stored as a parameter.
            if Id::<CalendarFeed>::parse(id).is_err() {
                return Err(none());
            }
            let found = credential::find(&self.inner.database.outside(), id).await.map_err(Fail::into_error)?;
            // An unknown address costs the same digest as a known one, so that timing reveals nothing.
            let given = digest(&[owner, secret]);
            let (org, hash) = found.unwrap_or_default();
            if aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), hash.as_bytes()).is_err() {
                return Err(none());
            }
            let caller = self.owner(org, owner);
            let refused = |error: Error| match error.reason {
                Reason::Unavailable | Reason::Internal | Reason::Deadline => error,
                _ => none(),
            };
            let feed = self.get::<CalendarFeed>(&caller, id, &ReadArgs::default()).await.map_err(refused)?.resource;
            if feed.state != CalendarFeedState::Active || feed.deleted_at.is_some() || feed.created_by.0 != owner {
                return Err(none());
            }
            let filter = feed.program_id.map(|program| format!("program_id = \"{program}\"")).unwrap_or_default();
            let milestones = self.all::<Milestone>(&caller, &filter).await.map_err(refused)?;
            let engagements = self.noticed(&caller, feed.program_id).await.map_err(refused)?;
            let text = icalendar_out::write(feed.name.as_str(), &milestones, &engagements);
            let etag = digest(&[&text])[..32].to_owned();
            Ok(CalendarText { text, etag })
        })
    }

    /// The engagements of a feed that the owner may read.
    async fn noticed(&self, caller: &Caller, program: Option<Id<Program>>) -> Result<Vec<Engagement>, Error> {
        let mut found = match self.all::<Engagement>(caller, "").await {
            Err(refused) if refused.reason == Reason::Forbidden => Vec::new(),
            found => found?,
        };
        found.retain(|engagement| program.is_none_or(|program| engagement.program_ids.contains(&program)));
        Ok(found)
    }

    /// The owner of a feed as a caller; its rights are read with each operation.
    fn owner(&self, org: String, owner: &str) -> Caller {
        let claims = Claims {
            issuer: self.inner.base_url.clone(),
            subject: owner.to_owned(),
            client_id: None,
            credential: None,
            jti: None,
            org,
            roles: None,
            scope: None,
            partner_id: None,
            program_ids: None,
            expires_at: self.inner.clock.now().seconds() + 60,
            builtin: true,
            greatest_roles: None,
            allowed_partners: None,
        };
        Caller {
            claims: std::sync::Arc::new(claims),
            signer: None,
            approves: false,
            default_authority: Amount::default(),
            preview: None,
        }
    }
}

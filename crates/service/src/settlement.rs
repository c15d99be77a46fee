//! What both sides of an engagement read of it: the statement of account and the scorecard.

use steerco_domain::access::{Row, find};
use steerco_domain::engagement::{Engagement, EngagementState};
use steerco_domain::organisation::Organisation;
use steerco_domain::partner::Partner;
use steerco_domain::scorecard::{Facts, MINIMUM_EVIDENCE, Scorecard, Span};
use steerco_domain::statement_of_account::StatementOfAccount;
use steerco_domain::time::Day;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, account};

use crate::read::check_id;
use crate::{Caller, Service};

const READ_ENGAGEMENT: &Row = find("engagement", "read");
const READ_PARTNER: &Row = find("partner", "read");

/// What is asked of a scorecard.
#[derive(Clone, Debug, Default)]
pub struct ScorecardArgs {
    /// The first day that counts; all before when absent.
    pub from: Option<Day>,
    /// The last day that counts; today when absent.
    pub until: Option<Day>,
    /// Facts that a score needs.
    pub minimum_evidence: Option<i64>,
}

impl Service {
    /// What was agreed, accepted, charged and paid of an engagement, and what is disputed.
    pub async fn statement_of_account(&self, caller: &Caller, id: &str) -> Result<StatementOfAccount, Error> {
        check_id(Engagement::KIND, id)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = self.statement_in(&conn, caller, id).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    async fn statement_in(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<StatementOfAccount, Fail> {
        let engagement = self.engagement_in(conn, caller, id).await?;
        let org = caller.organisation();
        let zone = query::find_text(conn, org, Organisation::KIND, org, "time_zone").await?;
        let today = engagement.day_of(self.inner.clock.now(), zone.as_deref());
        let account = account::read(conn, org, engagement).await?;
        Ok(StatementOfAccount::new(&account, today)?)
    }

    async fn engagement_in(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<Engagement, Fail> {
        let (_, scope) = self.authorise(conn, caller, READ_ENGAGEMENT).await?;
        let found = query::find::<Engagement>(conn, &scope, id, Moment::Now).await?;
        Ok(found.ok_or_else(|| Error::not_found(Engagement::KIND.name))?)
    }

    /// How a partner does in one engagement.
    pub async fn engagement_scorecard(
        &self,
        caller: &Caller,
        id: &str,
        args: &ScorecardArgs,
    ) -> Result<Scorecard, Error> {
        check_id(Engagement::KIND, id)?;
        let span = self.span(args)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = async {
            let engagement = self.engagement_in(&conn, caller, id).await?;
            let (partner, id) = (engagement.partner_id, engagement.id);
            let facts = facts(&conn, caller.organisation(), vec![engagement]).await?;
            Ok::<_, Fail>(Scorecard::new(partner, Some(id), &facts, span)?)
        };
        let found = found.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    /// How a partner does in all engagements that the caller sees.
    pub async fn partner_scorecard(&self, caller: &Caller, id: &str, args: &ScorecardArgs) -> Result<Scorecard, Error> {
        check_id(Partner::KIND, id)?;
        let span = self.span(args)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = self.partner_scorecard_in(&conn, caller, id, span).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    async fn partner_scorecard_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        span: Span,
    ) -> Result<Scorecard, Fail> {
        let (_, scope) = self.authorise(conn, caller, READ_PARTNER).await?;
        let partner = query::find::<Partner>(conn, &scope, id, Moment::Now).await?;
        let partner = partner.ok_or_else(|| Error::not_found(Partner::KIND.name))?;
        let (_, scope) = self.authorise(conn, caller, READ_ENGAGEMENT).await?;
        let mut engagements = account::list_engagements(conn, &scope, id).await?;
        engagements.retain(|engagement| engagement.state != EngagementState::Draft);
        let all = account::count_engagements(conn, caller.organisation(), id).await?;
        // A partner sees all of its own, so it is told of none that it does not see.
        let hidden = all - i64::try_from(engagements.len()).unwrap_or(i64::MAX);
        let facts = facts(conn, caller.organisation(), engagements).await?;
        let mut card = Scorecard::new(partner.id, None, &facts, span)?;
        card.hidden_count = i32::try_from(hidden).unwrap_or(i32::MAX);
        Ok(card)
    }

    fn span(&self, args: &ScorecardArgs) -> Result<Span, Error> {
        let until = args.until.unwrap_or_else(|| self.inner.clock.now().day());
        if args.from.is_some_and(|from| until < from) {
            return Err(Error::fault("?until_on", "OUT_OF_ORDER", "must not be before from_on"));
        }
        let minimum_evidence = args.minimum_evidence.unwrap_or(MINIMUM_EVIDENCE);
        if !(1..=1000).contains(&minimum_evidence) {
            return Err(Error::new(Reason::Invalid, "minimum_evidence must be a whole number from 1 to 1000"));
        }
        Ok(Span { from: args.from, until, minimum_evidence })
    }
}

async fn facts(conn: &Conn, org: &str, engagements: Vec<Engagement>) -> Result<Vec<Facts>, Fail> {
    let mut facts = Vec::with_capacity(engagements.len());
    for engagement in engagements {
        let id = engagement.id.to_string();
        facts.push(Facts {
            milestones: account::list(conn, org, &id).await?,
            claims: account::list(conn, org, &id).await?,
            measurements: account::list(conn, org, &id).await?,
            engagement,
        });
    }
    Ok(facts)
}

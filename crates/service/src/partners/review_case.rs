//! The subject of a review, and the review days of its engagement.

use steerco_domain::engagement::Engagement;
use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_update::MilestoneUpdate;
use steerco_domain::money::Money;
use steerco_domain::organisation::Organisation;
use steerco_domain::review::Review;
use steerco_domain::review_term::ReviewTerm;
use steerco_domain::work_calendar::WorkCalendar;
use steerco_domain::{Error, Resource};
use steerco_persistence::{Fail, query, vendor};

use crate::beside::get;
use crate::write_context::WriteContext;

/// The subject of a review.
pub(crate) struct Case {
    pub(crate) engagement: Engagement,
    pub(crate) milestone: Milestone,
    pub(crate) claim: MilestoneUpdate,
    pub(crate) term: ReviewTerm,
    /// The price of the whole milestone.
    pub(crate) price: Option<Money>,
}

impl Case {
    pub(crate) async fn read(write: &WriteContext<'_>, review: &Review) -> Result<Self, Fail> {
        let engagement = review.engagement_id.ok_or_else(|| Error::internal("a review has no engagement"))?;
        let engagement: Engagement = get(write, &engagement.to_string()).await?;
        let term = term(write, &engagement).await?;
        let milestone: Milestone = get(write, &review.milestone_id.to_string()).await?;
        let org = write.context.caller.organisation();
        let all = match milestone.payment_share {
            Some(_) => vendor::list_paid_milestones(write.conn, org, &engagement.id.to_string()).await?,
            None => Vec::new(),
        };
        let price = milestone.payable_price(engagement.value, all.iter());
        let claim = get(write, &review.milestone_update_id.to_string()).await?;
        Ok(Self { engagement, milestone, claim, term, price })
    }
}

/// The review days of an engagement.
pub(crate) async fn term(write: &WriteContext<'_>, engagement: &Engagement) -> Result<ReviewTerm, Fail> {
    let org = write.context.caller.organisation();
    let zone = match &engagement.time_zone {
        Some(zone) => Some(zone.as_str().to_owned()),
        None => query::find_text(write.conn, org, Organisation::KIND, org, "time_zone").await?,
    };
    let calendar: Option<WorkCalendar> = match engagement.review_calendar_id {
        Some(id) => vendor::find(write.conn, org, &id.to_string()).await?,
        None => None,
    };
    let zone = zone.unwrap_or_else(|| "UTC".to_owned());
    Ok(ReviewTerm::new(&zone, calendar.as_ref(), engagement.review_deadline_days)
        .ok_or_else(|| Error::internal("the time zone of a review cannot be read"))?)
}

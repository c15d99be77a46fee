//! Two vendors with different records: one is accepted at once, the other is rejected, then accepted in part.

use serde_json::{Value, json};
use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_update::MilestoneUpdate;
use steerco_domain::resource::Verb;
use steerco_domain::review::Review;
use steerco_domain::review_acts::{AcceptInPartReview, AcceptReview, RejectReview};
use steerco_service::{Context, ListArgs};

use super::load::{Loader, object};

/// Claims what the vendors of these engagements have done, and decides.
pub(super) async fn load(feed: &Loader, director: &Loader, engagements: &[String; 2]) -> anyhow::Result<()> {
    let [builders, designers] = engagements;
    let review = claim(feed, builders, json!({ "percent": 1, "narrative": "All drawings are handed in." })).await?;
    decide::<RejectReview>(director, &review, json!({ "reason": "The drawings of the roof are missing." })).await?;
    let review = claim(feed, builders, json!({ "percent": 0.8, "narrative": "Now with those of the roof." })).await?;
    let part = json!({ "percent": 0.55, "reason": "The details are still open." });
    decide::<AcceptInPartReview>(director, &review, part).await?;
    let review = claim(feed, designers, json!({ "percent": 1, "narrative": "The design is approved." })).await?;
    decide::<AcceptReview>(director, &review, json!({})).await
}

/// Claims something of the design of an engagement; answers the review.
async fn claim(feed: &Loader, engagement: &str, mut claim: Value) -> anyhow::Result<String> {
    let filter = Some(format!("engagement_id = \"{engagement}\" and title = \"Design approved\""));
    let args = ListArgs { filter, ..ListArgs::default() };
    let found = feed.service.list::<Milestone>(&feed.context(None).caller, &args).await?.items;
    claim["milestone_id"] = json!(found.first().map(|found| found.id.to_string()));
    let made = feed.service.create::<MilestoneUpdate>(&feed.context(None), object(claim)).await?;
    Ok(made.seen.resource.review_id.map(|id| id.to_string()).unwrap_or_default())
}

async fn decide<V: Verb<On = Review>>(director: &Loader, review: &str, body: Value) -> anyhow::Result<()> {
    let context = Context { if_match: Some("*".to_owned()), ..director.context(None) };
    director.service.act::<V>(&context, review, object(body)).await?;
    Ok(())
}

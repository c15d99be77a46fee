//! Two vendors with different records: one is accepted at once, the other is rejected, then accepted in part.

use std::collections::BTreeMap;

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use steerco_domain::Resource;
use steerco_domain::comment::Comment;
use steerco_domain::deliverable::Deliverable;
use steerco_domain::engagement::{ActivateEngagement, Engagement};
use steerco_domain::milestone::Milestone;
use steerco_domain::milestone_update::MilestoneUpdate;
use steerco_domain::partner::Partner;
use steerco_domain::resource::Verb;
use steerco_domain::review::Review;
use steerco_domain::review::acts::{AcceptInPartReview, AcceptReview, RejectReview};
use steerco_service::{Context, ListArgs};

use super::contracts::service_level;
use super::load::{Loader, object};

/// Two vendors, each with an engagement in force that serves every program and brings a deliverable of one: they see their
/// own and not each other's. What is accepted is owed by the city.
pub(super) async fn engage(
    director: &Loader,
    first: &str,
    programs: &BTreeMap<&'static str, String>,
    city: &str,
) -> anyhow::Result<[String; 2]> {
    let second = json!({ "name": "Harbor Design Office", "kind": "vendor", "country": "US", "risk_tier": "low" });
    let second = director.create::<Partner>(second).await?;
    let all: Vec<&String> = programs.values().collect();
    let mut made = Vec::new();
    for (partner, title, kind, amount, agency) in [
        (first, "Framework for building works", "framework", "25000000", "DDC"),
        (second.as_str(), "Design of waterfront parks", "milestone", "1800000", "DPR"),
    ] {
        let id = director
            .create::<Engagement>(json!({
                "partner_id": partner, "program_ids": all, "title": title, "kind": kind, "retention": 0.05,
                "value": { "amount": amount, "currency": "USD" }, "legal_entity_id": city, "payment_terms_days": 30,
                "review_deadline_days": 10, "payment_rule": "pro_rata",
                "private_notes": "The price may be negotiated once more in spring.",
                "starts_on": "2026-01-01", "ends_on": "2027-12-31", "signed_on": "2025-12-15",
                "service_levels": [service_level()],
            }))
            .await?;
        let brought = json!({ "program_id": programs.get(agency), "title": title, "earning_rule": "milestones" });
        let brought = director.create::<Deliverable>(brought).await?;
        for (title, percent) in [("Design approved", 30), ("Works accepted", 70)] {
            let body = json!({ "engagement_id": id, "deliverable_id": brought, "title": title, "weight": percent,
                               "payment_share": f64::from(percent) / 100.0 });
            director.create::<Milestone>(body).await?;
        }
        director.service.act::<ActivateEngagement>(&director.context(None), &id, Map::new()).await?;
        let text = json!({ "subject_id": id, "visibility": "shared", "text": "Welcome: please confirm your dates." });
        director.create::<Comment>(text).await?;
        made.push(id);
    }
    <[String; 2]>::try_from(made).map_err(|_| anyhow!("two engagements"))
}

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
    let made = feed.service.create(MilestoneUpdate::KIND, &feed.context(None), object(claim)).await?;
    let made = made.typed::<MilestoneUpdate>()?;
    Ok(made.seen.resource.review_id.map(|id| id.to_string()).unwrap_or_default())
}

async fn decide<V: Verb<On = Review>>(director: &Loader, review: &str, body: Value) -> anyhow::Result<()> {
    let context = Context { if_match: Some("*".to_owned()), ..director.context(None) };
    director.service.act::<V>(&context, review, object(body)).await?;
    Ok(())
}

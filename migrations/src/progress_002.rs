//! What partners claim beside what is earned, in the maintained roll-up of progress.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{run, run_over_all};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let add = |column| format!("ALTER TABLE progress ADD COLUMN {column} BIGINT NOT NULL DEFAULT 0");
    run(manager, &["claimed", "milestone_claimed"].map(add)).await?;
    let above = ["project", "program", "portfolio"].map(|kind| ABOVE.replace("KIND", kind));
    let fill: Vec<String> = [OF_MILESTONES, OF_DELIVERABLES].map(str::to_owned).into_iter().chain(above).collect();
    run_over_all(manager, &["progress", "deliverable", "milestone"], &fill).await
}

/// What is claimed of each milestone, or more where more is earned, by its weight.
const OF_MILESTONES: &str = "
UPDATE progress SET milestone_claimed = COALESCE((
    SELECT CAST(sum(m.weight * CASE WHEN m.claimed > m.earned THEN m.claimed ELSE m.earned END) AS BIGINT) FROM (
        SELECT org, deliverable_id, COALESCE(weight, 1) AS weight, COALESCE(claimed_percent, 0) AS claimed,
            CASE WHEN update_count = 0 AND actual_on IS NOT NULL THEN 1000000 ELSE COALESCE(accepted_percent, 0) END AS earned
        FROM milestone WHERE deleted_at IS NULL
    ) m WHERE m.org = progress.org AND m.deliverable_id = progress.id
), 0) WHERE kind = 'deliverable'";

/// What is claimed of each deliverable, or more where more is earned: weights are whole, in millionths.
const OF_DELIVERABLES: &str = "
UPDATE progress SET claimed = COALESCE((
    SELECT CASE WHEN c.claimed > progress.earned THEN c.claimed END FROM (
        SELECT p.org, p.id, p.measured / 1000000 * CASE
            WHEN d.state = 'cancelled' THEN 0
            WHEN d.earning_rule = 'milestones' THEN p.milestone_claimed / NULLIF(p.milestone_weight / 1000000, 0)
            ELSE d.claimed_percent END AS claimed
        FROM progress p JOIN deliverable d ON d.org = p.org AND d.id = p.id
    ) c WHERE c.org = progress.org AND c.id = progress.id
), earned) WHERE kind = 'deliverable'";

/// What is claimed of what is below each.
const ABOVE: &str = "
UPDATE progress SET claimed = COALESCE((
    SELECT CAST(sum(below.claimed) AS BIGINT) FROM progress below
    WHERE below.org = progress.org AND below.parent = progress.id
), 0) WHERE kind = 'KIND'";

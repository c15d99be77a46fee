//! The maintained roll-up of progress: a row for each deliverable, and for what is above one.

use sea_orm::DbErr;

use crate::schema::SchemaManager;
use crate::table::{is_postgres, run, text_type, wall};

pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = TABLE.replace("TEXT", text_type(is_postgres(manager)));
    run(manager, &table.split(';').map(str::to_owned).collect::<Vec<_>>()).await?;
    wall(manager, "progress", "SELECT, INSERT, UPDATE").await
}

/// Weights are in millionths; those of the milestones of a deliverable stand beside its own; `progress` and `oldest` are what children are ordered by.
const TABLE: &str = "
CREATE TABLE progress (
    org TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT, weight BIGINT NOT NULL,
    measured BIGINT NOT NULL, earned BIGINT NOT NULL, level_of_effort BIGINT NOT NULL, deliverables BIGINT NOT NULL,
    milestone_weight BIGINT NOT NULL DEFAULT 0, milestone_earned BIGINT NOT NULL DEFAULT 0, progress BIGINT, oldest BIGINT, PRIMARY KEY (org, id)
);
CREATE INDEX progress_worst ON progress (org, parent, progress, id);
CREATE INDEX progress_oldest ON progress (org, parent, oldest)";

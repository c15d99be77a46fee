//! The progress roll-up: one row per deliverable, project, program and portfolio, updated by the difference of each write
//! in its transaction. Nothing here sums over children to read or to write.

use std::collections::HashMap;

use steerco_domain::Resource;
use steerco_domain::deliverable::{Deliverable, EarningRule};
use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::milestone::Milestone;
use steerco_domain::program::Program;
use steerco_domain::progress::{Found, Standing, Sums, WorstChild};
use steerco_domain::ratio::Ratio;
use steerco_domain::resource::{Kind, Rules};
use steerco_domain::time::Instant;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::query::{self, Moment, from};
use crate::row::Row;
use crate::scope::{Scope, Table};
use crate::sql::Sql;

/// The contribution of a resource to the roll-up before and after a change.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) kind: &'static Kind,
    pub(crate) id: String,
    pub(crate) before: Option<Standing>,
    pub(crate) after: Standing,
}

impl Step {
    /// The step of a change, if it has one: a project or program that stays in its place has none.
    pub(crate) fn new(
        before: Option<&dyn steerco_domain::AnyResource>,
        after: &dyn steerco_domain::AnyResource,
    ) -> Option<Self> {
        let (before, after_all) = (before.and_then(steerco_domain::AnyResource::standing), after.standing()?);
        let stays = before.as_ref().is_none_or(|before| before.parent == after_all.parent);
        let still = after_all.own.is_none() && stays;
        (!still).then(|| Self { kind: after.kind(), id: after.id_text(), before, after: after_all })
    }
}

/// The sums as a list of columns.
const LIST: &str = "weight, measured, earned, claimed, level_of_effort, deliverables";
const SUMS: [&str; 6] = ["weight", "measured", "earned", "claimed", "level_of_effort", "deliverables"];

fn numbers(sums: Sums) -> [i64; 6] {
    [sums.weight, sums.measured, sums.earned, sums.claimed, sums.level_of_effort, sums.deliverables]
}

fn sums_at(row: &Row, at: usize) -> Result<Sums, Fail> {
    let number = |i: usize| row.get::<i64>(at + i);
    Ok(Sums {
        weight: number(0)?,
        measured: number(1)?,
        earned: number(2)?,
        claimed: number(3)?,
        level_of_effort: number(4)?,
        deliverables: number(5)?,
    })
}

/// Updates the rows of the written resources, and those above them. Runs where writes of an organisation are serialised:
/// on PostgreSQL under the lock of its log head.
pub(crate) async fn apply(conn: &Conn, org: &str, steps: Vec<Step>) -> Result<(), Fail> {
    let mut above: HashMap<String, Sums> = HashMap::new();
    let mut reached: HashMap<String, Sums> = HashMap::new();
    let mut leaves = Vec::new();
    for step in steps {
        let old = step.before.as_ref().and_then(|before| before.own).unwrap_or_default();
        match (step.kind.name, step.after.own, &step.after.parent) {
            ("milestone", Some(own), Some(deliverable)) => {
                let sums = reached.entry(deliverable.clone()).or_default();
                *sums = sums.plus(own.minus(old));
            }
            (_, Some(_), _) => leaves.push(step),
            _ => place(conn, org, &step, &mut above).await?,
        }
    }
    reached.retain(|_, sums| *sums != Sums::default());
    for (deliverable, sums) in reached {
        let reached = reach(conn, org, &deliverable, sums).await?;
        // A deliverable that changed itself already has a step.
        leaves.extend(reached.filter(|step| leaves.iter().all(|leaf: &Step| leaf.id != step.id)));
    }
    for chunk in leaves.chunks(CHUNK) {
        put_leaves(conn, org, chunk, &mut above).await?;
    }
    climb(conn, org, above).await
}

/// Adds to the milestone sums of a deliverable. Returns the step of the deliverable if it earns by milestones.
async fn reach(conn: &Conn, org: &str, deliverable: &str, sums: Sums) -> Result<Option<Step>, Fail> {
    let mut sql = Sql::new("UPDATE progress SET milestone_weight = milestone_weight + ");
    sql.int(sums.weight).push(", milestone_earned = milestone_earned + ").int(sums.earned);
    sql.push(", milestone_claimed = milestone_claimed + ").int(sums.claimed);
    sql.push(" WHERE org = ").text(org).push(" AND id = ").text(deliverable);
    conn.run(sql).await?;
    let mut sql = Sql::new(" FROM deliverable t WHERE t.org = ");
    sql.text(org).push(" AND t.id = ").text(deliverable);
    let found: Option<Deliverable> = conn.resources(sql).await?.pop();
    let after = found.and_then(|found| found.standing()).filter(|after| after.by_milestones.is_some());
    let id = deliverable.to_owned();
    Ok(after.map(|after| Step { kind: Deliverable::KIND, id, before: None, after }))
}

/// Moves a project or program: the sums below it leave one parent and are added to another.
async fn place(conn: &Conn, org: &str, step: &Step, above: &mut HashMap<String, Sums>) -> Result<(), Fail> {
    let mut sql = Sql::new("UPDATE progress SET parent = ");
    sql.cell(&text(step.after.parent.as_ref()), ColumnType::Text).push(" WHERE org = ").text(org);
    sql.push(" AND id = ").text(&step.id).push(" RETURNING ").push(LIST);
    // Without a row there is nothing below it yet.
    let Some(row) = conn.one(sql).await? else { return Ok(()) };
    let moved = sums_at(&row, 0)?;
    if let Some(old) = step.before.as_ref().and_then(|before| before.parent.clone()) {
        let sums = above.entry(old).or_default();
        *sums = sums.minus(moved);
    }
    if let Some(new) = step.after.parent.clone() {
        let sums = above.entry(new).or_default();
        *sums = sums.plus(moved);
    }
    Ok(())
}

fn text(value: Option<&String>) -> Cell {
    value.map_or(Cell::Null, |text| Cell::Text(text.clone()))
}

/// Number of deliverable rows in one insert.
const CHUNK: usize = 50;

/// Writes the current contributions of deliverables, and collects the changes above them.
async fn put_leaves(conn: &Conn, org: &str, steps: &[Step], above: &mut HashMap<String, Sums>) -> Result<(), Fail> {
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    let mut sql = Sql::new("SELECT ");
    sql.push(LIST).push(", id, milestone_weight, milestone_earned, milestone_claimed");
    sql.look_up(conn.is_postgres(), ["progress", "id"], &ids, |sql| {
        sql.push("org = ").text(org);
    });
    let mut kept = HashMap::new();
    for row in conn.all(sql).await? {
        let milestones = Sums::of_milestones(row.get(7)?, row.get(8)?, row.get(9)?);
        kept.insert(row.get::<String>(6)?, (sums_at(&row, 0)?, milestones));
    }
    let mut sql = Sql::new("INSERT INTO progress (org, id, kind, parent, ");
    sql.push(LIST).push(", progress, oldest) VALUES ");
    for (i, step) in steps.iter().enumerate() {
        let (old, milestones) = kept.get(&step.id).copied().unwrap_or_default();
        let plain = step.after.own.unwrap_or_default();
        let own = step.after.by_milestones.as_ref().map_or(plain, |it| it.sums(milestones));
        if let Some(parent) = &step.after.parent {
            let sums = above.entry(parent.clone()).or_default();
            *sums = sums.plus(own.minus(old));
        }
        let oldest = step.after.input_at.map_or(Cell::Null, |at| Cell::Int(at.micros()));
        sql.push(if i == 0 { "(" } else { ", (" }).text(org).push(", ").text(&step.id).push(", ");
        sql.text(step.kind.name).push(", ").cell(&text(step.after.parent.as_ref()), ColumnType::Text);
        for number in numbers(own) {
            sql.push(", ").int(number);
        }
        sql.push(", ").cell(&millionths(own), ColumnType::Int).push(", ").cell(&oldest, ColumnType::Int).push(")");
    }
    sql.push(" ON CONFLICT (org, id) DO UPDATE SET ");
    for (i, name) in ["parent", "progress", "oldest"].iter().chain(&SUMS).enumerate() {
        sql.push(if i == 0 { "" } else { ", " }).push(name).push(" = excluded.").push(name);
    }
    conn.run(sql).await.map(|_| ())
}

/// Adds the changes from projects to programs to portfolios, each row once per level.
async fn climb(conn: &Conn, org: &str, mut above: HashMap<String, Sums>) -> Result<(), Fail> {
    for kind in ["project", "program", "portfolio"] {
        let prefix = steerco_domain::find_kind(kind).map_or("", |kind| kind.prefix);
        let level: Vec<(String, Sums)> =
            above.extract_if(|id, _| id.rsplit_once('_').is_some_and(|(found, _)| found == prefix)).collect();
        for (id, delta) in level {
            let parent = parent_of(conn, org, kind, &id).await?;
            add(conn, org, kind, &id, parent.as_ref(), delta).await?;
            if let Some(parent) = parent {
                let sums = above.entry(parent).or_default();
                *sums = sums.plus(delta);
            }
        }
    }
    Ok(())
}

async fn parent_of(conn: &Conn, org: &str, kind: &str, id: &str) -> Result<Option<String>, Fail> {
    let column = match kind {
        "project" => "program_id",
        "program" => "portfolio_id",
        _ => return Ok(None),
    };
    let mut sql = Sql::new("SELECT ");
    sql.push(column).push(" FROM ").push(kind).push(" WHERE org = ").text(org).push(" AND id = ").text(id);
    conn.one(sql).await?.map(|row| row.get(0)).transpose()
}

/// Adds to a row, which is created if missing; its oldest input is found among its children by index.
async fn add(conn: &Conn, org: &str, kind: &str, id: &str, parent: Option<&String>, delta: Sums) -> Result<(), Fail> {
    let mut sql = Sql::new("INSERT INTO progress (org, id, kind, parent, ");
    sql.push(LIST).push(") VALUES (").text(org).push(", ").text(id).push(", ").text(kind).push(", ");
    sql.cell(&text(parent), ColumnType::Text);
    for number in numbers(delta) {
        sql.push(", ").int(number);
    }
    sql.push(") ON CONFLICT (org, id) DO UPDATE SET ");
    for (i, name) in SUMS.iter().enumerate() {
        sql.push(if i == 0 { "" } else { ", " }).push(name).push(" = progress.").push(name);
        sql.push(" + excluded.").push(name);
    }
    sql.push(" RETURNING ").push(LIST);
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("a row of progress is missing".to_owned()))?;
    // The row is locked until the commit, so values derived from its sums stay right.
    let mut sql = Sql::new("UPDATE progress SET progress = ");
    sql.cell(&millionths(sums_at(&row, 0)?), ColumnType::Int);
    sql.push(", oldest = (SELECT min(c.oldest) FROM progress c WHERE c.org = ").text(org);
    sql.push(" AND c.parent = ").text(id).push(") WHERE org = ").text(org).push(" AND id = ").text(id);
    conn.run(sql).await.map(|_| ())
}

fn millionths(sums: Sums) -> Cell {
    sums.progress().map_or(Cell::Null, |ratio| Cell::Int(i64::from(ratio.millionths())))
}

fn instant(micros: Option<i64>) -> Option<Instant> {
    micros.map(Instant::from_micros)
}

/// The complete roll-up of a project, program or portfolio.
pub async fn find(conn: &Conn, scope: &Scope, id: &str) -> Result<Found, Fail> {
    let mut sql = Sql::new("SELECT ");
    sql.push(LIST).push(", oldest FROM progress WHERE org = ").text(scope.org()).push(" AND id = ").text(id);
    let Some(row) = conn.one(sql).await? else { return Ok(Found::default()) };
    let mut sql = Sql::new("SELECT id, progress FROM progress WHERE org = ");
    sql.text(scope.org()).push(" AND parent = ").text(id);
    sql.push(" AND progress IS NOT NULL ORDER BY progress, id LIMIT 1");
    let worst = conn.one(sql).await?;
    Ok(Found {
        sums: sums_at(&row, 0)?,
        worst_child: worst.as_ref().map(worst_child).transpose()?.flatten(),
        oldest_input_at: instant(row.get(6)?),
    })
}

fn worst_child(row: &Row) -> Result<Option<WorstChild>, Fail> {
    let (id, progress): (String, i64) = (row.get(0)?, row.get(1)?);
    let progress = i32::try_from(progress).ok().and_then(Ratio::from_millionths);
    Ok(progress.map(|progress| WorstChild { id, progress }))
}

/// The roll-up of the visible programs of a portfolio, and the number of hidden ones. Reads no more rows than there are
/// visible programs.
pub async fn find_in_sight(conn: &Conn, scope: &Scope, portfolio: &str) -> Result<(Found, i64), Fail> {
    let mut sql =
        Sql::new("SELECT p.id, p.weight, p.measured, p.earned, p.claimed, p.level_of_effort, p.deliverables, ");
    sql.push("p.oldest, p.progress FROM program t LEFT JOIN progress p ON p.org = t.org AND p.id = t.id");
    scope.rows(Program::KIND, Table::Now, &mut sql);
    sql.push(" AND t.portfolio_id = ").text(portfolio).push(" AND t.deleted_at IS NULL");
    let rows = conn.all(sql).await?;
    let mut found = Found::default();
    for row in &rows {
        let Some(id) = row.get::<Option<String>>(0)? else { continue };
        found.sums = found.sums.plus(sums_at(row, 1)?);
        let oldest = instant(row.get(7)?);
        found.oldest_input_at = [found.oldest_input_at, oldest].into_iter().flatten().min();
        let progress = row.get::<Option<i64>>(8)?.and_then(|millionths| i32::try_from(millionths).ok());
        let here = progress.and_then(Ratio::from_millionths).map(|progress| WorstChild { id, progress });
        let worst = [found.worst_child.take(), here].into_iter().flatten();
        found.worst_child = worst.min_by(|a, b| (a.progress, &a.id).cmp(&(b.progress, &b.id)));
    }
    Ok((found, query::count_hidden(conn, scope, portfolio, Moment::Now).await?))
}

/// The roll-up as known after this log entry, computed from history; and the number of hidden programs.
pub async fn find_known(conn: &Conn, scope: &Scope, kind: &Kind, id: &str, seq: i64) -> Result<(Found, i64), Fail> {
    let at = Moment::Known { seq };
    let mut sql = from(scope, Deliverable::KIND, at);
    sql.push(" AND t.deleted_at IS NULL AND ");
    match kind.name {
        "project" => sql.push("t.project_id = ").text(id),
        "program" => sql.push("t.program_id = ").text(id),
        _ => {
            sql.push("t.program_id IN (SELECT p.id FROM program_rev p WHERE p.org = ").text(scope.org());
            sql.push(" AND p.seq <= ").int(seq).push(" AND p.until_seq > ").int(seq);
            sql.push(" AND p.portfolio_id = ").text(id).push(")")
        }
    };
    let deliverables: Vec<Deliverable> = conn.resources(sql).await?;
    let child = |it: &Deliverable| match kind.name {
        "project" => it.id.to_string(),
        "program" => it.project_id.map_or_else(|| it.id.to_string(), |id| id.to_string()),
        _ => it.program_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    let reached = reached_then(conn, scope.org(), &deliverables, seq).await?;
    let of = |it: &Deliverable| reached.get(&it.id.to_string()).copied().unwrap_or_default();
    let found = Found::of(deliverables.iter().map(|it| (child(it), it.sums(of(it)), it.updated_at)));
    let hidden = match kind.name {
        "portfolio" => query::count_hidden(conn, scope, id, at).await?,
        _ => 0,
    };
    Ok((found, hidden))
}

/// The milestones of these deliverables after this log entry, for those that earn by milestones.
async fn reached_then(
    conn: &Conn,
    org: &str,
    deliverables: &[Deliverable],
    seq: i64,
) -> Result<HashMap<String, Sums>, Fail> {
    let earning = deliverables.iter().filter(|it| it.earning_rule == Some(EarningRule::Milestones));
    let ids: Vec<String> = earning.map(|it| it.id.to_string()).collect();
    let mut reached = HashMap::new();
    for chunk in ids.chunks(500) {
        let mut sql = Sql::new(" FROM milestone_rev t WHERE t.org = ");
        sql.text(org).push(" AND t.seq <= ").int(seq).push(" AND t.until_seq > ").int(seq);
        sql.push(" AND t.deliverable_id IN (").any_of(chunk).push(")");
        add_up(&mut reached, &conn.resources::<Milestone>(sql).await?);
    }
    Ok(reached)
}

fn add_up(reached: &mut HashMap<String, Sums>, milestones: &[Milestone]) {
    for milestone in milestones {
        let Some(deliverable) = milestone.deliverable_id else { continue };
        let sums = reached.entry(deliverable.to_string()).or_default();
        *sums = sums.plus(milestone.sums());
    }
}

/// Number of rows read at a time.
const PAGE: i64 = 1000;

/// Differences between the stored rows and the deliverables, projects and programs they are derived from.
pub(crate) async fn verify(conn: &Conn, org: &str) -> Result<Vec<String>, Fail> {
    let mut wanted: HashMap<String, (Sums, Option<i64>)> = HashMap::new();
    let parents = parents(conn, org).await?;
    let reached = reached_now(conn, org).await?;
    let mut last = String::new();
    loop {
        let mut sql = Sql::new(" FROM deliverable t WHERE t.org = ");
        sql.text(org).push(" AND t.id > ").text(&last).push(" ORDER BY t.id LIMIT ").int(PAGE);
        let page: Vec<Deliverable> = conn.resources(sql).await?;
        let Some(end) = page.last() else { break };
        last = end.id.to_string();
        for it in &page {
            let Standing { parent, input_at, .. } = it.standing().unwrap_or_default();
            let own = it.sums(reached.get(&it.id.to_string()).copied().unwrap_or_default());
            let at = input_at.map(Instant::micros);
            let mut up = Some(it.id.to_string());
            let mut next = parent;
            while let Some(id) = up {
                let (sums, oldest) = wanted.entry(id).or_default();
                *sums = sums.plus(own);
                *oldest = [*oldest, at].into_iter().flatten().min();
                up = next;
                next = up.as_ref().and_then(|id| parents.get(id).cloned());
            }
        }
    }
    compare(conn, org, wanted).await
}

/// The milestone sums of each deliverable.
async fn reached_now(conn: &Conn, org: &str) -> Result<HashMap<String, Sums>, Fail> {
    let (mut reached, mut last) = (HashMap::new(), String::new());
    loop {
        let mut sql = Sql::new(" FROM milestone t WHERE t.org = ");
        sql.text(org).push(" AND t.id > ").text(&last).push(" ORDER BY t.id LIMIT ").int(PAGE);
        let page: Vec<Milestone> = conn.resources(sql).await?;
        let Some(end) = page.last() else { return Ok(reached) };
        last = end.id.to_string();
        add_up(&mut reached, &page);
    }
}

/// The program of each project, and the portfolio of each program.
async fn parents(conn: &Conn, org: &str) -> Result<HashMap<String, String>, Fail> {
    let mut sql = Sql::new("SELECT id, program_id FROM project WHERE org = ");
    sql.text(org).push(" UNION ALL SELECT id, portfolio_id FROM program WHERE org = ").text(org);
    let pair = |row: &Row| Ok((row.get(0)?, row.get(1)?));
    conn.all(sql).await?.iter().map(pair).collect()
}

async fn compare(
    conn: &Conn,
    org: &str,
    mut wanted: HashMap<String, (Sums, Option<i64>)>,
) -> Result<Vec<String>, Fail> {
    let (mut faults, mut last) = (Vec::new(), String::new());
    loop {
        let mut sql = Sql::new("SELECT ");
        sql.push(LIST).push(", oldest, progress, id FROM progress WHERE org = ").text(org);
        sql.push(" AND id > ").text(&last).push(" ORDER BY id LIMIT ").int(PAGE);
        let rows = conn.all(sql).await?;
        let Some(end) = rows.last() else { break };
        last = end.get(8)?;
        for row in &rows {
            let id: String = row.get(8)?;
            let (sums, oldest): (Sums, Option<i64>) = (sums_at(row, 0)?, row.get(6)?);
            let right = wanted.remove(&id).unwrap_or_default();
            let ratio = right.0.progress().map(|ratio| i64::from(ratio.millionths()));
            if (sums, oldest) != right || row.get::<Option<i64>>(7)? != ratio {
                faults.push(format!(
                    "progress of {id}: the row has {sums:?}, but its deliverables add up to {:?}",
                    right.0
                ));
            }
        }
    }
    faults.extend(wanted.into_keys().map(|id| format!("progress of {id}: the row is missing")));
    Ok(faults)
}

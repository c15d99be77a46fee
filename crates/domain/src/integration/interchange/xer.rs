//! Primavera P6's exchange files (XER): tables of tab-separated text. Their traps: hours that are days only by the
//! calendar, percents from 0 to 100, a header that may be missing, calendars as nested text, several projects in one file,
//! the characters of Windows.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::BufRead;

use jiff::civil::DateTime;

use super::bounded::Bounded;
use super::schedule::{
    Costs, LINKS_MAX, Lag, PlanCalendar, PlanLink, PlanProject, PlanResource, PlanTask, Schedule, Span, TASKS_MAX,
    Target, too_many,
};
use super::xer_calendar;
use super::xer_names::{DATES, HOURS, OF_TASK, PASSED, TABLES, TASK_TYPES};
use super::{Record, Sink, note_unread};
use crate::activity::{ActivityType, ConstraintType, PercentType};
use crate::dependency::{LagKind, Relation};
use crate::error::{Error, Fault, Reason};
use crate::money::{Currency, parse_amount};

/// Bytes of a line; calendars are long.
const LINE_MAX: usize = 1 << 20;
/// Rows of a table.
const ROWS_MAX: usize = 500_000;

/// A row by the names of its columns.
type Row = HashMap<&'static str, String>;

/// Reads a file.
pub fn read(input: impl BufRead, target: &Target, sink: Sink<'_>) -> Result<(), Error> {
    let mut file = File::default();
    let (mut bounded, budget) = Bounded::new(input);
    let (mut line, mut number) = (Vec::new(), 0_usize);
    loop {
        line.clear();
        budget.grant(LINE_MAX);
        let read = bounded.read_until(b'\n', &mut line).map_err(|error| {
            Error::new(Reason::Malformed, format!("line {}: {error}: a line has at most {LINE_MAX} bytes", number + 1))
        })?;
        if read == 0 {
            break;
        }
        number += 1;
        file.take(decoded(&line).trim_end_matches(['\n', '\r']), number)?;
    }
    if file.tables == 0 {
        return Err(Error::new(Reason::Malformed, "the file has no table: it is no XER file"));
    }
    if !file.ended {
        return Err(Error::new(Reason::Malformed, "the file ends without %E: it is not whole"));
    }
    file.schedule(target).emit(target, sink)
}

/// UTF-8 where it is that, else the characters of Windows.
fn decoded(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(line).0.into_owned(),
    }
}

#[derive(Default)]
struct File {
    currency: Option<Currency>,
    headed: bool,
    tables: usize,
    ended: bool,
    table: String,
    columns: Vec<String>,
    rows: HashMap<&'static str, Vec<Row>>,
    others: BTreeMap<String, usize>,
}

impl File {
    fn take(&mut self, line: &str, number: usize) -> Result<(), Error> {
        let mut cells = line.split('\t');
        match cells.next().unwrap_or_default() {
            "ERMHDR" => {
                self.headed = true;
                self.currency = line.rsplit('\t').find_map(|cell| Currency::parse(cell.trim()));
            }
            "%T" => {
                self.tables += 1;
                cells.next().unwrap_or_default().trim().clone_into(&mut self.table);
                self.columns.clear();
            }
            "%F" => self.columns = cells.map(|cell| cell.trim().to_owned()).take(1_000).collect(),
            "%R" => self.take_row(cells, number)?,
            "%E" => self.ended = true,
            // A text that has a line break of its own has lost the columns behind it.
            _ if !line.trim().is_empty() => self.count_other(&format!("/{:.60}/(a broken line)", self.table)),
            _ => {}
        }
        Ok(())
    }

    fn take_row<'a>(&mut self, cells: impl Iterator<Item = &'a str>, number: usize) -> Result<(), Error> {
        if self.columns.is_empty() {
            return Err(Error::new(Reason::Malformed, format!("line {number}: a row comes before its columns (%F)")));
        }
        let Some((table, known)) = TABLES.iter().find(|(table, _)| *table == self.table) else {
            if !PASSED.contains(&self.table.as_str()) {
                self.count_other(&format!("/{:.60}", self.table));
            }
            return Ok(());
        };
        let (mut row, mut others) = (Row::new(), Vec::new());
        for (place, cell) in cells.map(str::trim).enumerate() {
            let Some(column) = self.columns.get(place) else {
                others.extend((!cell.is_empty()).then(|| format!("/{table}/(beyond the columns)")));
                continue;
            };
            match known.iter().find(|known| *known == column) {
                Some(known) if !cell.is_empty() => drop(row.insert(*known, cell.to_owned())),
                None if *table == "TASK" && !OF_TASK.contains(&column.as_str()) && !matches!(cell, "" | "0" | "N") => {
                    others.push(format!("/TASK/{column:.60}"));
                }
                Some(_) | None => {}
            }
        }
        for other in &others {
            self.count_other(other);
        }
        let rows = self.rows.entry(*table).or_default();
        rows.push(row);
        let most = match *table {
            "TASK" => TASKS_MAX,
            "TASKPRED" => LINKS_MAX,
            _ => ROWS_MAX,
        };
        if rows.len() > most { Err(too_many(&format!("rows of {table}"), most)) } else { Ok(()) }
    }

    fn count_other(&mut self, what: &str) {
        if self.others.len() < 1_000 || self.others.contains_key(what) {
            *self.others.entry(what.to_owned()).or_default() += 1;
        }
    }

    fn all(&self, table: &str) -> &[Row] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }

    fn schedule(mut self, target: &Target) -> Schedule {
        let mut schedule = Schedule { others: std::mem::take(&mut self.others), ..Schedule::default() };
        if !self.headed {
            let detail = "the header (ERMHDR) is missing, and with it the currency: costs are not kept";
            schedule.notes.push(Fault::new("/ERMHDR", "NO_HEADER", detail));
        }
        self.add_calendars(&mut schedule);
        let mut places: HashMap<&str, usize> = HashMap::new();
        for row in self.all("PROJECT") {
            // Those that others only refer to.
            if row.get("export_flag").is_some_and(|flag| flag == "N") {
                continue;
            }
            if let Some(id) = row.get("proj_id") {
                places.insert(id, schedule.projects.len());
                schedule.projects.push(self.plan_project(row, target));
            }
        }
        let wbs = self.codes();
        let costs = self.costs();
        let mut keys: HashMap<&str, (String, usize)> = HashMap::new();
        let mut seen = HashSet::new();
        for row in self.all("TASK") {
            let (Some(id), Some(code)) = (row.get("task_id"), row.get("task_code")) else {
                let note =
                    Fault::new("/task_code", "REQUIRED", "a task without an id and a code cannot be told from others");
                schedule.lost.push(Record::lost("a task", vec![note]));
                continue;
            };
            let Some(project) = row.get("proj_id").and_then(|id| places.get(id.as_str())).copied() else {
                let note = Fault::new("/proj_id", "NOT_IN_FILE", "its project is not in the file");
                schedule.lost.push(Record::lost(format!("task {code:.60}"), vec![note]));
                continue;
            };
            let key = format!("{}:{code:.100}", schedule.projects[project].key);
            if !seen.insert(key.clone()) {
                let note = Fault::new("/task_code", "DUPLICATE", "another task before it has this code");
                schedule.lost.push(Record::lost(format!("task {code:.60}"), vec![note]));
                continue;
            }
            keys.insert(id, (key.clone(), project));
            let plan = Self::plan_task(row, key, project, &wbs, costs.get(id.as_str()));
            schedule.tasks.push(plan);
        }
        self.add_links(&keys, &mut schedule);
        schedule
    }

    fn add_calendars(&self, schedule: &mut Schedule) {
        for row in self.all("CALENDAR") {
            let id = row.get("clndr_id").map_or("", String::as_str);
            let name = row.get("clndr_name").map_or("Calendar", String::as_str).to_owned();
            let place = format!("calendar {id:.60}");
            if row.get("clndr_type").is_some_and(|kind| kind == "CA_Rsrc") {
                let note = Fault::new("", "NOT_KEPT", format!("{name:.200} is the calendar of one resource"));
                schedule.lost.push(Record::lost(place, vec![note]));
                continue;
            }
            let (hours, mut notes) = xer_calendar::read(row.get("clndr_data").map_or("", String::as_str));
            if row.contains_key("base_clndr_id") && hours.week.iter().all(Vec::is_empty) {
                notes.push(Fault::new(
                    "/week",
                    "NOT_KEPT",
                    "its hours are those of another calendar, and are not copied",
                ));
            }
            let minutes_per_day = row.get("day_hr_cnt").and_then(|hours| minutes(hours));
            schedule.calendars.push(PlanCalendar { place, key: calendar_key(id), name, minutes_per_day, hours, notes });
        }
    }

    fn plan_project(&self, row: &Row, target: &Target) -> PlanProject {
        let id = row.get("proj_id").map_or("", String::as_str);
        let code = row.get("proj_short_name").map_or(id, String::as_str);
        let node = self.all("PROJWBS").iter().find(|wbs| {
            wbs.get("proj_id").is_some_and(|of| of == id) && wbs.get("proj_node_flag").is_some_and(|flag| flag == "Y")
        });
        let calendar = row.get("clndr_id");
        let of_calendar = |wanted: &String| {
            let row = self.all("CALENDAR").iter().find(|row| row.get("clndr_id") == Some(wanted))?;
            minutes(row.get("day_hr_cnt")?)
        };
        let date = |name: &str| row.get(name).and_then(|text| instant(text));
        PlanProject {
            key: target.project_id.clone().unwrap_or_else(|| format!("project:{code:.100}")),
            name: node.and_then(|node| node.get("wbs_name")).map_or(code, String::as_str).to_owned(),
            code: Some(code.to_owned()),
            currency: self.currency,
            start: date("plan_start_date"),
            finish: date("scd_end_date"),
            minutes_per_day: calendar.and_then(of_calendar).filter(|minutes| *minutes > 0).unwrap_or(480),
            calendar: calendar.map(|id| calendar_key(id)),
        }
    }

    /// The code of each node of the work breakdown structure, from below the project down.
    fn codes(&self) -> HashMap<&str, String> {
        let nodes: HashMap<&str, &Row> =
            self.all("PROJWBS").iter().filter_map(|row| Some((row.get("wbs_id")?.as_str(), row))).collect();
        let code = |id: &str| {
            let (mut parts, mut at) = (Vec::new(), Some(id));
            // A chain that runs in a circle ends too.
            while let Some(row) = at.and_then(|id| nodes.get(id)).filter(|_| parts.len() < 50) {
                if row.get("proj_node_flag").is_some_and(|flag| flag == "Y") {
                    break;
                }
                parts.push(row.get("wbs_short_name").map_or("", String::as_str));
                at = row.get("parent_wbs_id").map(String::as_str);
            }
            parts.reverse();
            parts.join(".")
        };
        nodes.keys().map(|id| (*id, code(id))).collect()
    }

    /// Costs and resources of each task: of its resources, and its expenses.
    fn costs(&self) -> HashMap<&str, (Costs, Vec<PlanResource>)> {
        let names: HashMap<&str, &str> = self
            .all("RSRC")
            .iter()
            .filter_map(|row| Some((row.get("rsrc_id")?.as_str(), row.get("rsrc_name")?.as_str())))
            .collect();
        let mut all: HashMap<&str, (Costs, Vec<PlanResource>)> = HashMap::new();
        let sum = |into: &mut Option<i64>, more: Option<i64>| {
            if let Some(more) = more {
                *into = Some(into.unwrap_or_default().saturating_add(more));
            }
        };
        for (table, actual) in [("TASKRSRC", &["act_reg_cost", "act_ot_cost"][..]), ("PROJCOST", &["act_cost"][..])] {
            for row in self.all(table) {
                let Some(task) = row.get("task_id") else { continue };
                let cost = |name: &str| row.get(name).and_then(|text| parse_amount(text).ok());
                let (budget, remaining) = (cost("target_cost"), cost("remain_cost"));
                let spent = actual.iter().filter_map(|name| cost(name)).reduce(i64::saturating_add);
                let (costs, resources) = all.entry(task.as_str()).or_default();
                sum(&mut costs.all, budget);
                sum(&mut costs.actual, spent);
                sum(&mut costs.remaining, remaining);
                if let Some(name) = row.get("rsrc_id").and_then(|id| names.get(id.as_str())) {
                    let work = row.get("target_qty").and_then(|hours| minutes(hours));
                    resources.push(PlanResource { name: (*name).to_owned(), work, cost: budget });
                }
            }
        }
        all
    }

    fn plan_task(
        row: &Row,
        key: String,
        project: usize,
        wbs: &HashMap<&str, String>,
        costs: Option<&(Costs, Vec<PlanResource>)>,
    ) -> PlanTask {
        let text = |name: &str| row.get(name).map(String::as_str);
        let date = |name: &str| text(name).and_then(instant);
        let hours = |name: &str| text(name).and_then(minutes);
        let mut notes = Vec::new();
        let actual = Span { start: date("act_start_date"), finish: date("act_end_date") };
        let (status, mut note) = (text("status_code").unwrap_or_default(), |code, detail: &str| {
            notes.push(Fault::new("/status_code", code, detail.to_owned()));
        });
        match (status, actual.start, actual.finish) {
            ("TK_Complete", _, None) => note("CONTRADICTION", "it is complete, but no day says since when"),
            ("TK_NotStart", Some(_), _) => note("CONTRADICTION", "it has not started, but has an actual start"),
            ("TK_NotStart" | "TK_Active" | "TK_Complete", ..) => {}
            (other, ..) => note("UNKNOWN_WORD", &format!("{other:.20} is no status that is known")),
        }
        note_unread(DATES, text, instant, "BAD_DAY", &mut notes);
        note_unread(HOURS, text, minutes, "BAD_NUMBER", &mut notes);
        let known = |words: &'static [&str]| move |text: &str| words.contains(&text).then_some(());
        note_unread(
            &["complete_pct_type"],
            text,
            known(&["CP_Phys", "CP_Units", "CP_Drtn"]),
            "UNKNOWN_WORD",
            &mut notes,
        );
        note_unread(&["task_type"], text, known(TASK_TYPES), "UNKNOWN_WORD", &mut notes);
        let constraint = constraint(text("cstr_type"), date("cstr_date"), &mut notes);
        let percent_type = match text("complete_pct_type") {
            Some("CP_Phys") => Some(PercentType::Physical),
            Some("CP_Units") => Some(PercentType::Work),
            Some("CP_Drtn") => Some(PercentType::Duration),
            _ => None,
        };
        let kind = match text("task_type") {
            Some("TT_Mile" | "TT_FinMile") => ActivityType::Milestone,
            Some("TT_LOE") => ActivityType::LevelOfEffort,
            Some("TT_WBS") => ActivityType::Summary,
            _ => ActivityType::Task,
        };
        let (costs, resources) = costs.map_or((Costs::default(), Vec::new()), |(costs, resources)| {
            (*costs, resources.iter().map(PlanResource::copied).collect())
        });
        PlanTask {
            place: format!("task {:.60}", text("task_code").unwrap_or_default()),
            project,
            key,
            title: text("task_name").unwrap_or_default().to_owned(),
            kind: Some(kind),
            wbs: text("wbs_id").and_then(|id| wbs.get(id)).filter(|code| !code.is_empty()).cloned(),
            calendar: text("clndr_id").map(calendar_key),
            duration: hours("target_drtn_hr_cnt"),
            remaining: hours("remain_drtn_hr_cnt"),
            percent_type,
            // Hundredths of a percent's hundredth: ten-thousandths of a percent are millionths of the whole.
            physical: text("phys_complete_pct").and_then(|percent| parse_amount(percent).ok()),
            actual_work: hours("act_work_qty"),
            remaining_work: hours("remain_work_qty"),
            planned: Span { start: date("target_start_date"), finish: date("target_end_date") },
            forecast: Span {
                start: actual.start.or_else(|| date("early_start_date")).or_else(|| date("restart_date")),
                finish: actual.finish.or_else(|| date("early_end_date")).or_else(|| date("reend_date")),
            },
            actual,
            constraint,
            total_float: hours("total_float_hr_cnt"),
            free_float: hours("free_float_hr_cnt"),
            costs,
            resources,
            notes,
            ..PlanTask::default()
        }
    }

    fn add_links(&self, keys: &HashMap<&str, (String, usize)>, schedule: &mut Schedule) {
        let around_the_clock = |option: &Row| {
            option.get("sched_calendar_on_relationship_lag").is_some_and(|calendar| calendar == "rcal_24Hour")
        };
        let kind =
            if self.all("SCHEDOPTIONS").iter().any(around_the_clock) { LagKind::Elapsed } else { LagKind::Working };
        for row in self.all("TASKPRED") {
            let (Some(task), Some(before)) = (row.get("task_id"), row.get("pred_task_id")) else { continue };
            let place = format!("link of task {task:.60}");
            let relation = match row.get("pred_type").map(String::as_str) {
                Some("PR_FS") => Relation::FinishToStart,
                Some("PR_SS") => Relation::StartToStart,
                Some("PR_FF") => Relation::FinishToFinish,
                Some("PR_SF") => Relation::StartToFinish,
                other => {
                    let detail = format!("{:.20} is no type of link", other.unwrap_or("nothing"));
                    schedule.lost.push(Record::lost(place, vec![Fault::new("/pred_type", "UNKNOWN_WORD", detail)]));
                    continue;
                }
            };
            // One that is not in the file is told by the name that it has there.
            let key = |id: &str| keys.get(id).map_or_else(|| format!("task_id {id:.60}"), |(key, _)| key.clone());
            let mut notes = Vec::new();
            note_unread(&["lag_hr_cnt"], |name| row.get(name).map(String::as_str), minutes, "BAD_NUMBER", &mut notes);
            let lag = row.get("lag_hr_cnt").and_then(|hours| minutes(hours)).unwrap_or_default();
            let (from, to, lag) = (key(before), key(task), Lag::Minutes(lag, kind));
            schedule.links.push(PlanLink { place, from, to, relation, lag, notes });
        }
    }
}

fn calendar_key(id: &str) -> String {
    format!("calendar:{id:.100}")
}

/// `2019-06-10 08:00`
fn instant(text: &str) -> Option<DateTime> {
    text.replacen(' ', "T", 1).parse().ok()
}

/// Hours as minutes, half a minute upwards.
pub(super) fn minutes(hours: &str) -> Option<i64> {
    let units = parse_amount(hours).ok()?.checked_mul(60)?;
    let half = if units < 0 { -5_000 } else { 5_000 };
    Some((units + half) / 10_000)
}

fn constraint(
    kind: Option<&str>,
    at: Option<DateTime>,
    notes: &mut Vec<Fault>,
) -> Option<(ConstraintType, Option<DateTime>)> {
    let kind = match kind? {
        "CS_ALAP" => return Some((ConstraintType::AsLateAsPossible, None)),
        "CS_MSO" | "CS_MANDSTART" => ConstraintType::MustStartOn,
        "CS_MEO" | "CS_MANDFIN" => ConstraintType::MustFinishOn,
        "CS_MSOA" => ConstraintType::StartNoEarlierThan,
        "CS_MSOB" => ConstraintType::StartNoLaterThan,
        "CS_MEOA" => ConstraintType::FinishNoEarlierThan,
        "CS_MEOB" => ConstraintType::FinishNoLaterThan,
        other => {
            notes.push(Fault::new("/constraint_type", "UNKNOWN_WORD", format!("{other:.20} is no type of constraint")));
            return None;
        }
    };
    if at.is_none() {
        notes.push(Fault::new("/constraint_on", "REQUIRED", "a constraint to a day without its day is not kept"));
    }
    at.map(|at| (kind, Some(at)))
}

#[cfg(test)]
#[path = "xer_tests.rs"]
mod tests;

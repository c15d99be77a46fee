//! Microsoft Project's XML (MSPDI, `http://schemas.microsoft.com/project`). Its traps: money in hundredths, lags and
//! slack in tenths of a minute, task 0 that stands for the project, empty rows, work of nobody (resource -65535).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::BufRead;

use jiff::civil::DateTime;

use super::mspdi_names::{ASSIGNMENT, BASELINE, CALENDAR, LINK, Names, PROJECT, RESOURCE, TASK};
use super::schedule::{
    Costs, LINKS_MAX, Lag, PlanCalendar, PlanLink, PlanProject, PlanResource, PlanTask, Schedule, Span, TASKS_MAX,
    Target, too_many,
};
use super::xml_records::{Step, XmlRecord, XmlRecords};
use super::{Record, Sink, mspdi_calendar};
use crate::activity::{ActivityType, ConstraintType, PercentType};
use crate::dependency::{LagKind, Relation};
use crate::error::{Error, Fault, Reason};
use crate::money::{Currency, parse_amount};

/// The resource that stands for nobody.
const NOBODY: &str = "-65535";

/// Reads a file.
pub fn read(input: impl BufRead, target: &Target, sink: Sink<'_>) -> Result<(), Error> {
    let mut file = File::default();
    let mut nodes = XmlRecords::new(input);
    let mut place = Vec::new();
    let is_record = |place: &[String], name: &str| match place {
        [project] => project == "Project" && !matches!(name, "Tasks" | "Calendars" | "Resources" | "Assignments"),
        [_, _] => true,
        _ => false,
    };
    loop {
        match nodes.next(|name| is_record(&place, name))? {
            Step::Open(name) if place.is_empty() && name != "Project" => {
                let detail = format!("the first element is {name}, and that of Microsoft Project is Project");
                return Err(Error::new(Reason::Malformed, detail));
            }
            Step::Open(name) => place.push(name),
            Step::Close => drop(place.pop()),
            Step::Whole(node) => file.take(place.get(1).map(String::as_str), node)?,
            Step::End => break,
        }
    }
    if !file.begun {
        return Err(Error::new(Reason::Malformed, "the file has no Project"));
    }
    file.schedule(target).emit(target, sink)
}

#[derive(Default)]
struct File {
    begun: bool,
    project: XmlRecord,
    calendars: Vec<XmlRecord>,
    tasks: Vec<XmlRecord>,
    links: usize,
    resources: HashMap<String, String>,
    /// Of each task.
    assignments: HashMap<String, Vec<PlanResource>>,
    others: BTreeMap<String, usize>,
    settings: BTreeMap<String, usize>,
    lost: Vec<Record>,
}

impl File {
    fn take(&mut self, list: Option<&str>, node: XmlRecord) -> Result<(), Error> {
        self.begun = true;
        match (list, node.name.as_str()) {
            (Some("Tasks"), "Task") => self.take_task(node)?,
            (Some("Calendars"), "Calendar") if self.calendars.len() < 1_000 => {
                self.count(&node, "/Calendar", &CALENDAR);
                self.calendars.push(node);
            }
            (Some("Resources"), "Resource") => self.take_resource(&node)?,
            (Some("Assignments"), "Assignment") => self.take_assignment(&node),
            (Some(list), name) => *self.others.entry(format!("/{list}/{name}")).or_default() += 1,
            (None, name) if PROJECT.kept.contains(&name) => self.project.children.push(node),
            (None, _) if !node.children.is_empty() => {
                *self.others.entry(format!("/{}", node.name)).or_default() += node.children.len();
            }
            (None, _) => {
                let project = XmlRecord { children: vec![node], ..XmlRecord::default() };
                self.count(&project, "/Project", &PROJECT);
            }
        }
        Ok(())
    }

    /// Counts what is neither kept nor follows from what is.
    fn count(&mut self, node: &XmlRecord, at: &str, names: &Names) {
        for child in node.children.iter().filter(|child| child.says_something()) {
            let name = child.name.as_str();
            if names.kept.contains(&name) || names.computed.contains(&name) {
                continue;
            }
            let counts = if names.settings.contains(&name) { &mut self.settings } else { &mut self.others };
            if counts.len() < 1_000 {
                *counts.entry(format!("{at}/{name}")).or_default() += 1;
            }
        }
    }

    fn take_task(&mut self, mut node: XmlRecord) -> Result<(), Error> {
        self.count(&node, "/Task", &TASK);
        for link in node.all("PredecessorLink") {
            self.count(link, "/Task/PredecessorLink", &LINK);
        }
        for baseline in node.all("Baseline").filter(|baseline| is_first(baseline)) {
            self.count(baseline, "/Task/Baseline", &BASELINE);
        }
        // Other costs of a group are the sum of those of its tasks.
        let fixed = node.get("FixedCost").filter(|cost| hundredths(cost) != Some(0));
        if let Some(cost) = fixed.filter(|_| node.get("Summary").is_some_and(is_true)) {
            let detail = format!("the fixed cost {cost:.40} of a group has no place here: give it to a task");
            let place = format!("task {:.60}", node.get("UID").unwrap_or_default());
            self.lost.push(Record::lost(place, vec![Fault::new("/FixedCost", "NOT_KEPT", detail)]));
        }
        node.children.retain(|child| TASK.kept.contains(&child.name.as_str()));
        self.links += node.all("PredecessorLink").count();
        self.tasks.push(node);
        if self.tasks.len() > TASKS_MAX {
            return Err(too_many("tasks", TASKS_MAX));
        }
        if self.links > LINKS_MAX { Err(too_many("links", LINKS_MAX)) } else { Ok(()) }
    }

    /// Of a resource its name is kept, with the tasks that it works on.
    fn take_resource(&mut self, node: &XmlRecord) -> Result<(), Error> {
        self.count(node, "/Resource", &RESOURCE);
        if let (Some(uid), Some(name)) = (node.get("UID"), node.get("Name")) {
            self.resources.insert(uid.to_owned(), name.to_owned());
        }
        if self.resources.len() > TASKS_MAX { Err(too_many("resources", TASKS_MAX)) } else { Ok(()) }
    }

    fn take_assignment(&mut self, node: &XmlRecord) {
        self.count(node, "/Assignment", &ASSIGNMENT);
        let mut notes = Vec::new();
        note_unread(node, "/Assignment", &mut notes);
        let place = format!("assignment {:.60}", node.get("UID").unwrap_or_default());
        let (Some(task), Some(resource)) = (node.get("TaskUID"), node.get("ResourceUID")) else {
            notes.push(Fault::new("/TaskUID", "REQUIRED", "it does not say who works on which task, and is not kept"));
            return self.lost.push(Record::lost(place, notes));
        };
        if !notes.is_empty() {
            self.lost.push(Record::lost(place, notes));
        }
        if resource == NOBODY || resource.starts_with('-') {
            return;
        }
        let name = self.resources.get(resource).cloned().unwrap_or_else(|| format!("Resource {resource}"));
        let (work, cost) = (node.get("Work").and_then(duration), node.get("Cost").and_then(hundredths));
        let all = self.assignments.entry(task.to_owned()).or_default();
        // One more than are kept, so that it shows that there were more.
        if all.len() <= 100 {
            all.push(PlanResource { name, work, cost });
        }
    }

    fn schedule(mut self, target: &Target) -> Schedule {
        let mut schedule = Schedule {
            others: std::mem::take(&mut self.others),
            lost: std::mem::take(&mut self.lost),
            ..Schedule::default()
        };
        if !self.settings.is_empty() {
            let settings: Vec<String> = self.settings.iter().map(|(path, count)| format!("{path} ({count})")).collect();
            let detail = format!("settings of Microsoft Project are not kept: {}", settings.join(", "));
            schedule.lost.push(Record::lost("the file", vec![Fault::new("", "SETTINGS", detail)]));
        }
        let (project, prefix) = self.plan_project(target, &mut schedule.notes);
        let minutes_per_day = project.minutes_per_day;
        schedule.projects.push(project);
        for calendar in &self.calendars {
            self.add_calendar(calendar, &prefix, minutes_per_day, &mut schedule);
        }
        let tasks = std::mem::take(&mut self.tasks);
        let mut seen = HashSet::new();
        for task in &tasks {
            let Some(uid) = task.get("UID") else {
                let note = Fault::new("/UID", "REQUIRED", "a task without a UID cannot be told from others");
                schedule.lost.push(super::Record::lost("a task", vec![note]));
                continue;
            };
            // Rows that hold nothing, and the row that stands for the project as a whole.
            if task.get("IsNull").is_some_and(is_true) || uid == "0" {
                continue;
            }
            let left_out = match task.get("Active") {
                _ if !seen.insert(uid) => Some(Fault::new("/UID", "DUPLICATE", "another task before it has this UID")),
                Some(active) if !is_true(active) => {
                    Some(Fault::new("/Active", "NOT_KEPT", "it is switched off: no work is planned in it"))
                }
                _ => None,
            };
            if let Some(note) = left_out {
                schedule.lost.push(super::Record::lost(format!("task {uid:.60}"), vec![note]));
                continue;
            }
            let plan = self.plan_task(task, uid, &prefix);
            schedule.tasks.push(plan);
            for link in task.all("PredecessorLink") {
                schedule.links.extend(plan_link(link, uid, &prefix, &mut schedule.lost));
            }
        }
        let of_no_task = self.assignments.keys().filter(|task| !seen.contains(task.as_str()) && *task != "0");
        for task in of_no_task.collect::<std::collections::BTreeSet<_>>() {
            let note =
                Fault::new("/TaskUID", "NOT_IN_FILE", "the file has no such task: what is assigned to it is not kept");
            schedule.lost.push(Record::lost(format!("assignments of task {task:.60}"), vec![note]));
        }
        schedule
    }

    fn plan_project(&self, target: &Target, notes: &mut Vec<Fault>) -> (PlanProject, String) {
        let project = &self.project;
        let name = project.get("Title").or_else(|| project.get("Name")).unwrap_or("Schedule").to_owned();
        let currency = project.get("CurrencyCode").and_then(Currency::parse);
        if let (Some(symbol), Some(currency)) = (project.get("CurrencySymbol"), currency)
            && contradicts(symbol, currency)
        {
            let detail = format!("the symbol is {symbol} and the code {}: the code is what counts", currency.code());
            notes.push(Fault::new("/CurrencySymbol", "CONTRADICTION", detail));
        }
        note_unread(project, "", notes);
        if let (Some(code), None) = (project.get("CurrencyCode"), currency) {
            notes.push(Fault::new("/CurrencyCode", "UNKNOWN_WORD", format!("{code:.20} is no currency of ISO 4217")));
        }
        let cut = |text: &str| text.trim_matches(['{', '}']).chars().take(90).collect::<String>();
        let own = if let Some(guid) = project.get("GUID") {
            cut(guid)
        } else {
            // Many projects have one name: what else tells them apart is where they go, and when they were made.
            let named = Some(cut(project.get("Name").unwrap_or(&name)));
            let made = project.get("CreationDate").map(cut);
            [target.program_id.clone(), named, made].into_iter().flatten().collect::<Vec<_>>().join(":")
        };
        let key = target.project_id.clone().unwrap_or_else(|| format!("project:{own}"));
        let calendar = project.get("CalendarUID").filter(|uid| !uid.starts_with('-'));
        let is_read = |uid: &str| self.calendars.iter().any(|calendar| calendar.get("UID") == Some(uid));
        if let Some(uid) = calendar.filter(|uid| !is_read(uid)) {
            let detail = format!("the file does not have the calendar {uid:.20} of the project");
            notes.push(Fault::new("/CalendarUID", "NOT_IN_FILE", detail));
        }
        let plan = PlanProject {
            key: key.clone(),
            name,
            code: None,
            currency,
            start: project.get("StartDate").and_then(instant),
            finish: project.get("FinishDate").and_then(instant),
            minutes_per_day: project.get("MinutesPerDay").and_then(whole).filter(|m| *m > 0).unwrap_or(480),
            calendar: calendar.map(|uid| calendar_key(&key, uid)),
        };
        (plan, key)
    }

    fn add_calendar(&self, node: &XmlRecord, prefix: &str, minutes_per_day: i64, schedule: &mut Schedule) {
        let uid = node.get("UID").unwrap_or("0");
        let name = node.get("Name").unwrap_or("Calendar").to_owned();
        let place = format!("calendar {uid}");
        // Those of resources differ from one of these for one person or machine.
        if !node.get("IsBaseCalendar").is_none_or(is_true) {
            let left_out = Fault::new("", "NOT_KEPT", format!("{name} is the calendar of one resource"));
            return schedule.lost.push(super::Record::lost(place, vec![left_out]));
        }
        let (hours, notes) = mspdi_calendar::read(node, &|base| {
            self.calendars.iter().find(|calendar| calendar.get("UID") == Some(base))
        });
        let key = calendar_key(prefix, uid);
        schedule.calendars.push(PlanCalendar {
            place,
            key,
            name,
            minutes_per_day: Some(minutes_per_day),
            hours,
            notes,
        });
    }

    fn plan_task(&self, node: &XmlRecord, uid: &str, prefix: &str) -> PlanTask {
        let flag = |name: &str| node.get(name).is_some_and(is_true);
        let time = |name: &str| node.get(name).and_then(duration);
        let day = |name: &str| node.get(name).and_then(instant);
        let cost = |name: &str| node.get(name).and_then(hundredths);
        let kind = match (flag("Summary"), flag("Milestone")) {
            (true, _) => ActivityType::Summary,
            (_, true) => ActivityType::Milestone,
            _ => ActivityType::Task,
        };
        let scheduled = Span { start: day("Start"), finish: day("Finish") };
        let baseline = node.all("Baseline").find(|baseline| is_first(baseline));
        let of_baseline = |name: &str| baseline.and_then(|baseline| baseline.get(name));
        let baselined =
            Span { start: of_baseline("Start").and_then(instant), finish: of_baseline("Finish").and_then(instant) };
        let mut notes = Vec::new();
        let number = |baseline: &XmlRecord| baseline.get("Number").unwrap_or("0").chars().take(8).collect::<String>();
        let further: Vec<String> = node.all("Baseline").map(number).filter(|number| number != "0").take(20).collect();
        if !further.is_empty() {
            let detail = format!("only baseline 0 has a place here; not kept: {}", further.join(", "));
            notes.push(Fault::new("/Baseline", "NOT_KEPT", detail));
        }
        note_unread(node, "", &mut notes);
        if let Some(baseline) = baseline {
            note_unread(baseline, "/Baseline", &mut notes);
        }
        let all = time("Duration");
        let done = node.get("PercentComplete").and_then(percent);
        let rest = all.zip(done).map(|(all, done)| (all * (100 - done) + 50) / 100);
        let remaining = time("RemainingDuration").or(rest);
        note_percent(done, all.zip(remaining), day("ActualFinish").is_some(), &mut notes);
        // Without a word of what is done, nothing is.
        let work = time("Work");
        let (actual_work, remaining_work) = match (time("ActualWork"), time("RemainingWork")) {
            (None, rest) if node.get("ActualWork").is_none() => {
                (work.map(|work| work - rest.unwrap_or(work)), rest.or(work))
            }
            (actual, None) if node.get("RemainingWork").is_none() => {
                (actual, work.zip(actual).map(|(work, actual)| work - actual))
            }
            both => both,
        };
        if let (Some(work), Some(actual), Some(rest)) = (work, actual_work, remaining_work)
            && actual + rest != work
        {
            let detail = format!("{work} minutes are not {actual} done and {rest} remaining: those are what is kept");
            notes.push(Fault::new("/Work", "CONTRADICTION", detail));
        }
        let physical = node.get("EarnedValueMethod") == Some("1");
        PlanTask {
            place: format!("task {uid}"),
            project: 0,
            key: format!("{prefix}:{uid}"),
            title: node.get("Name").unwrap_or_default().to_owned(),
            kind: Some(kind),
            wbs: node.get("WBS").or_else(|| node.get("OutlineNumber")).map(str::to_owned),
            notes_text: node.get("Notes").map(str::to_owned),
            calendar: node.get("CalendarUID").filter(|uid| !uid.starts_with('-')).map(|uid| calendar_key(prefix, uid)),
            duration: all,
            elapsed: node.get("DurationFormat").and_then(whole).is_some_and(is_elapsed),
            remaining,
            baseline_duration: of_baseline("Duration").and_then(duration),
            percent_type: Some(if physical { PercentType::Physical } else { PercentType::Duration }),
            physical: node.get("PhysicalPercentComplete").and_then(ten_thousandths),
            actual_work,
            remaining_work,
            planned: if baselined.finish.is_some() { baselined } else { scheduled },
            forecast: scheduled,
            actual: Span { start: day("ActualStart"), finish: day("ActualFinish") },
            baseline: baselined,
            constraint: constraint(node, &mut notes),
            deadline: day("Deadline"),
            total_float: node.get("TotalSlack").and_then(whole).map(tenths),
            free_float: node.get("FreeSlack").and_then(whole).map(tenths),
            costs: Costs {
                all: cost("Cost"),
                actual: cost("ActualCost"),
                remaining: cost("RemainingCost"),
                baseline: of_baseline("Cost").and_then(hundredths),
            },
            resources: self.assignments.get(uid).into_iter().flatten().map(PlanResource::copied).collect(),
            notes,
        }
    }
}

fn calendar_key(prefix: &str, uid: &str) -> String {
    format!("{prefix}:calendar:{uid}")
}

pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "true")
}

/// A whole number; zeros may follow its point.
pub(super) fn whole(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    rest.bytes().all(|digit| digit == b'0').then(|| whole.parse().ok())?
}

fn percent(text: &str) -> Option<i64> {
    whole(text).filter(|percent| (0..=100).contains(percent))
}

/// Whether a unit of durations and lags is of elapsed time. From 35 on they are the same units, as estimates.
fn is_elapsed(format: i64) -> bool {
    matches!(if format >= 35 { format - 32 } else { format }, 4 | 6 | 8 | 10 | 12 | 20)
}

/// Whether a baseline is the one that is kept.
fn is_first(baseline: &XmlRecord) -> bool {
    baseline.get("Number").unwrap_or("0") == "0"
}

/// Notes each value of which nothing can be made.
fn note_unread(node: &XmlRecord, at: &str, notes: &mut Vec<Fault>) {
    for child in &node.children {
        let text = child.text.trim();
        let (code, is_read) = match child.name.as_str() {
            "Start" | "Finish" | "ActualStart" | "ActualFinish" | "Deadline" | "ConstraintDate" | "StartDate"
            | "FinishDate" => ("BAD_DAY", instant(text).is_some()),
            "Duration" | "RemainingDuration" | "Work" | "ActualWork" | "RemainingWork" => {
                ("BAD_DURATION", duration(text).is_some())
            }
            "Cost" | "ActualCost" | "RemainingCost" => ("BAD_AMOUNT", hundredths(text).is_some()),
            "PercentComplete" => ("OUT_OF_RANGE", percent(text).is_some()),
            "PhysicalPercentComplete" => ("BAD_NUMBER", ten_thousandths(text).is_some()),
            "TotalSlack" | "FreeSlack" | "DurationFormat" | "LinkLag" | "LagFormat" | "MinutesPerDay" => {
                ("BAD_NUMBER", whole(text).is_some())
            }
            "Summary" | "Milestone" | "IsNull" | "Active" | "CrossProject" => {
                ("BAD_FLAG", matches!(text, "0" | "1" | "true" | "false"))
            }
            _ => continue,
        };
        if !text.is_empty() && !is_read {
            let pointer = format!("{at}/{}", child.name);
            notes.push(Fault::new(pointer, code, format!("{text:.40} cannot be read, and is not kept")));
        } else if has_seconds(code, text) {
            let pointer = format!("{at}/{}", child.name);
            notes.push(Fault::new(pointer, "ROUNDED", format!("{text:.40} is kept to the minute")));
        }
    }
}

/// Whether an instant or a duration is not of whole minutes.
fn has_seconds(code: &str, text: &str) -> bool {
    match code {
        "BAD_DAY" => instant(text).is_some_and(|at| at.second() != 0),
        "BAD_DURATION" => {
            let seconds = text.strip_suffix('S').and_then(|rest| rest.rsplit(['M', 'H', 'T']).next());
            seconds.and_then(ten_thousandths).is_some_and(|seconds| seconds != 0)
        }
        _ => false,
    }
}

/// Notes a percent complete that does not follow from durations and the actual finish.
fn note_percent(done: Option<i64>, durations: Option<(i64, i64)>, finished: bool, notes: &mut Vec<Fault>) {
    let Some(done) = done else { return };
    let follows = match durations {
        Some((all, rest)) if all > 0 => (all - rest).max(0) * 100 / all,
        _ if finished => 100,
        _ => 0,
    };
    if (done - follows).abs() > 1 {
        let detail = format!("{done} is not kept: durations and actual finish say {follows}");
        notes.push(Fault::new("/PercentComplete", "CONTRADICTION", detail));
    }
}

pub(super) fn instant(text: &str) -> Option<DateTime> {
    text.parse::<DateTime>().ok().filter(|at| at.year() >= 1)
}

/// Tenths of a minute as minutes, half away from zero.
fn tenths(value: i64) -> i64 {
    (value.abs() + 5) / 10 * value.signum()
}

/// Hundredths of a currency as ten-thousandths.
pub(super) fn hundredths(text: &str) -> Option<i64> {
    parse_amount(text).ok().map(|units| {
        let half = if units < 0 { -50 } else { 50 };
        (units + half) / 100
    })
}

/// Of a percent, what are millionths of the whole.
fn ten_thousandths(text: &str) -> Option<i64> {
    parse_amount(text).ok()
}

/// `PT71H1M0S` in minutes, half a minute upwards; any number may have decimals.
pub(super) fn duration(text: &str) -> Option<i64> {
    const MINUTE: i64 = 60 * 10_000;
    let (mut found, mut digits) = (0_i64, String::new());
    let (days, time) = text.strip_prefix('P')?.split_once('T')?;
    if let Some(days) = days.strip_suffix('D') {
        found = ten_thousandths(days)?.checked_mul(86_400)?;
    } else if !days.is_empty() {
        return None;
    }
    for c in time.chars() {
        let seconds = match c {
            '0'..='9' | '.' => {
                digits.push(c);
                continue;
            }
            'H' => 3_600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        found = found.checked_add(ten_thousandths(&digits)?.checked_mul(seconds)?)?;
        digits.clear();
    }
    digits.is_empty().then(|| (found + MINUTE / 2) / MINUTE)
}

fn contradicts(symbol: &str, currency: Currency) -> bool {
    match symbol {
        "€" => currency.code() != "EUR",
        "£" => !matches!(currency.code(), "GBP" | "EGP" | "GIP" | "FKP" | "SHP"),
        "$" => {
            !matches!(currency.code(), "USD" | "AUD" | "CAD" | "NZD" | "SGD" | "HKD" | "MXN" | "ARS" | "CLP" | "COP")
        }
        "¥" => !matches!(currency.code(), "JPY" | "CNY"),
        _ => false,
    }
}

fn constraint(node: &XmlRecord, notes: &mut Vec<Fault>) -> Option<(ConstraintType, Option<DateTime>)> {
    let kind = match node.get("ConstraintType")? {
        "0" => ConstraintType::AsSoonAsPossible,
        "1" => ConstraintType::AsLateAsPossible,
        "2" => ConstraintType::MustStartOn,
        "3" => ConstraintType::MustFinishOn,
        "4" => ConstraintType::StartNoEarlierThan,
        "5" => ConstraintType::StartNoLaterThan,
        "6" => ConstraintType::FinishNoEarlierThan,
        "7" => ConstraintType::FinishNoLaterThan,
        other => {
            notes.push(Fault::new("/constraint_type", "UNKNOWN_WORD", format!("{other:.20} is no type of constraint")));
            return None;
        }
    };
    let dated = !matches!(kind, ConstraintType::AsSoonAsPossible | ConstraintType::AsLateAsPossible);
    let at = node.get("ConstraintDate").and_then(instant).filter(|_| dated);
    if dated && at.is_none() {
        notes.push(Fault::new("/constraint_on", "REQUIRED", "a constraint to a day without its day is not kept"));
        return None;
    }
    Some((kind, at))
}

fn plan_link(node: &XmlRecord, uid: &str, prefix: &str, lost: &mut Vec<super::Record>) -> Option<PlanLink> {
    let place = format!("link of task {uid}");
    let mut refuse = |code: &'static str, detail: String| {
        lost.push(super::Record::lost(place.clone(), vec![Fault::new("/PredecessorLink", code, detail)]));
        None
    };
    let Some(from) = node.get("PredecessorUID") else {
        return refuse("REQUIRED", "it does not say which task it waits for".to_owned());
    };
    if node.get("CrossProject").is_some_and(is_true) {
        let other = node.get("CrossProjectName").unwrap_or("another file");
        return refuse("OTHER_FILE", format!("it waits for a task of {other:.200}: make this dependency by hand"));
    }
    let relation = match node.get("Type").unwrap_or("1") {
        "0" => Relation::FinishToFinish,
        "1" => Relation::FinishToStart,
        "2" => Relation::StartToFinish,
        "3" => Relation::StartToStart,
        other => return refuse("UNKNOWN_WORD", format!("{other:.20} is no type of link")),
    };
    let mut notes = Vec::new();
    note_unread(node, "", &mut notes);
    let value = node.get("LinkLag").and_then(whole).unwrap_or_default();
    let format = node.get("LagFormat").and_then(whole).unwrap_or(7);
    let kind = if is_elapsed(format) { LagKind::Elapsed } else { LagKind::Working };
    let lag = match format {
        19 | 20 | 51 | 52 => Lag::Percent(value, kind),
        _ => Lag::Minutes(tenths(value), kind),
    };
    let (from, to) = (format!("{prefix}:{from}"), format!("{prefix}:{uid}"));
    Some(PlanLink { place, from, to, relation, lag, notes })
}

#[cfg(test)]
#[path = "mspdi_tests.rs"]
mod tests;

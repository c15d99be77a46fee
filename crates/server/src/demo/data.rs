//! The data of the demo: reports on capital projects of New York City, and what can be derived from them.
//!
//! `crates/server/demo/README.md` says where it comes from, what was changed, and what to know before reading it.

use std::collections::HashMap;

use csv::StringRecord;

const PROJECTS: &str = include_str!("../../demo/projects.csv");
const REPORTS: &str = include_str!("../../demo/reports.csv");

const PROJECT_COLUMNS: [&str; 9] = [
    "project_id",
    "name",
    "description",
    "category",
    "borough",
    "managing_agency",
    "client_agency",
    "total_budget_change",
    "total_schedule_change_days",
];
const REPORT_COLUMNS: [&str; 8] =
    ["project_id", "as_of", "phase", "design_start", "budget", "completion", "budget_change", "schedule_change_days"];

/// The agencies that manage the projects, by acronym, with the names they had in the years reported.
const AGENCIES: [(&str, &str); 12] = [
    ("DCAS", "Department of Citywide Administrative Services"),
    ("DDC", "Department of Design and Construction"),
    ("DEP", "Department of Environmental Protection"),
    ("DOC", "Department of Correction"),
    ("DOITT", "Department of Information Technology and Telecommunications"),
    ("DOT", "Department of Transportation"),
    ("DPR", "Department of Parks and Recreation"),
    ("DSNY", "Department of Sanitation"),
    ("EDC", "Economic Development Corporation"),
    ("FDNY", "Fire Department"),
    ("HHC", "Health and Hospitals Corporation"),
    ("SCA", "School Construction Authority"),
];

/// What never changes within a project.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProjectInfo {
    pub project_id: String,
    pub name: String,
    /// At most 200 characters.
    pub description: Option<String>,
    pub category: String,
    /// As published: one or several boroughs, a town upstate, or "Citywide".
    pub borough: Option<String>,
    /// An acronym that [`agencies`] knows.
    pub managing_agency: String,
    /// As published: one or several acronyms, or "NA".
    pub client_agency: Option<String>,
    /// As known on the last reporting date, so not to be shown on an earlier one.
    pub total_budget_change: Option<String>,
    /// As known on the last reporting date, so not to be shown on an earlier one.
    pub total_schedule_change_days: Option<String>,
}

/// What was forecast of a project on one reporting date; `None` is "not reported".
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    pub project_id: String,
    pub as_of: String,
    pub phase: Option<String>,
    pub design_start: Option<String>,
    /// US dollars, as published: at times 0, once negative.
    pub budget: Option<String>,
    pub completion: Option<String>,
    /// As published, in whole dollars, against a report before that is not always in the file.
    pub budget_change: Option<String>,
    /// As published, against a report before that is not always in the file.
    pub schedule_change_days: Option<String>,
}

/// A threat that the reports of a project show; [`risks`] says how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RiskSeed {
    pub project_id: String,
    /// "schedule" or "cost".
    pub kind: &'static str,
    /// At most 200 characters.
    pub title: String,
    pub cause: String,
    pub event: String,
    pub effect: String,
    pub probability_millionths: i64,
    pub cost_low: Option<String>,
    pub cost_likely: Option<String>,
    pub cost_high: Option<String>,
    pub schedule_days: Option<i32>,
    /// The first report by which the rule held.
    pub identified_on: String,
    /// The last report: the figures were not known earlier.
    pub assessed_on: String,
}

/// The managing agencies by acronym: code and full name.
pub fn agencies() -> &'static [(&'static str, &'static str)] {
    &AGENCIES
}

/// The projects by number.
pub fn projects() -> Result<Vec<ProjectInfo>, String> {
    rows(PROJECTS, &PROJECT_COLUMNS)?
        .iter()
        .map(|row| {
            Ok(ProjectInfo {
                project_id: required(row, 0)?,
                name: required(row, 1)?,
                description: optional(row, 2),
                category: required(row, 3)?,
                borough: optional(row, 4),
                managing_agency: required(row, 5)?,
                client_agency: optional(row, 6),
                total_budget_change: optional(row, 7),
                total_schedule_change_days: optional(row, 8),
            })
        })
        .collect()
}

/// The reports by project, in the order of [`projects`], and by date within a project.
pub fn reports() -> Result<Vec<Report>, String> {
    rows(REPORTS, &REPORT_COLUMNS)?
        .iter()
        .map(|row| {
            Ok(Report {
                project_id: required(row, 0)?,
                as_of: required(row, 1)?,
                phase: optional(row, 2),
                design_start: optional(row, 3),
                budget: optional(row, 4),
                completion: optional(row, 5),
                budget_change: optional(row, 6),
                schedule_change_days: optional(row, 7),
            })
        })
        .collect()
}

/// The reports of one project at a time, out of what [`reports`] returned.
pub fn by_project(reports: &[Report]) -> impl Iterator<Item = &[Report]> {
    reports.chunk_by(|one, next| one.project_id == next.project_id)
}

/// The rows of an embedded file, once its header is the one expected: columns are read by position.
fn rows(file: &str, columns: &[&str]) -> Result<Vec<StringRecord>, String> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?;
    if header != columns {
        return Err(format!("demo data: columns {header:?} instead of {columns:?}"));
    }
    reader.records().map(|row| row.map_err(|error| format!("demo data: {error}"))).collect()
}

fn optional(row: &StringRecord, column: usize) -> Option<String> {
    row.get(column).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn required(row: &StringRecord, column: usize) -> Result<String, String> {
    optional(row, column).ok_or_else(|| format!("demo data: column {column} is empty in {row:?}"))
}

/// Of the last [`RECENT`] changes of a forecast, this many must be for the worse to make it a risk: fewer is chance.
const REPEATED: usize = 3;
const RECENT: usize = 5;
/// Growth below one part in this many is no growth.
const MATERIAL: i128 = 1000;
/// Amounts are compared in ten-thousandths of a dollar: this many of them, or digits.
const UNIT: u128 = 10_000;
const DIGITS: usize = 4;

/// How the forecasts changed to one report from those before.
struct Change<'a> {
    as_of: &'a str,
    /// Days later; negative is earlier. `None` without a completion here and before.
    days: Option<i64>,
    /// Growth of the budget in ten-thousandths, 0 if too little or less. `None` without a budget here and before.
    growth: Option<i128>,
}

impl Change<'_> {
    fn slipped(&self) -> bool {
        self.days.is_some_and(|days| days > 0)
    }
}

/// The risks that the reports show, at most one a project. Every figure is counted, none is assumed:
///
/// - A **schedule** risk: the forecast completion moved later in at least 3 of the last 5 reports, and the last report
///   still has one. Probability is the share of all reports that moved it later; the impact in days is the median of
///   those moves; the cost is by how much the budget grew in the same reports, 0 where it did not.
/// - Otherwise a **cost** risk: the budget grew in at least 3 of the last 5 reports, and the last report still has one.
///   Probability is the share of all reports in which it grew; the cost is by how much.
///
/// Growth that comes with slips is the cost of the slips, and no dollar is exposed twice. In this data, growth in the
/// other reports of a project that keeps slipping never recurs often enough to be a risk of its own.
///
/// A report counts when it has the forecast in question and one before has it too: it is compared with the latest such.
/// A budget of 0 or less is no forecast. Growth below a thousandth is rounding: some reports give cents, others do not.
/// Cost low, likely and high are the lower quartile, the median and the upper quartile, not the extremes: those can
/// be a mistake that the next report takes back. All are nearest ranks, so that each was observed.
pub fn risks(projects: &[ProjectInfo], reports: &[Report]) -> Result<Vec<RiskSeed>, String> {
    let names: HashMap<&str, &str> =
        projects.iter().map(|project| (project.project_id.as_str(), project.name.as_str())).collect();
    let mut found = Vec::new();
    for history in by_project(reports) {
        let Some(last) = history.last() else { continue };
        let name = names
            .get(last.project_id.as_str())
            .ok_or_else(|| format!("demo data: reports on unknown project {}", last.project_id))?;
        let changes = changes(history)?;
        found.extend(match schedule_risk(name, last, &changes)? {
            Some(risk) => Some(risk),
            None => cost_risk(name, last, &changes)?,
        });
    }
    Ok(found)
}

/// One change a report; the first has none to compare with.
fn changes(history: &[Report]) -> Result<Vec<Change<'_>>, String> {
    let mut found = Vec::new();
    let (mut day_before, mut budget_before) = (None, None);
    for report in history {
        let day = report.completion.as_deref().map(day_number).transpose()?;
        let budget = report.budget.as_deref().map(ten_thousandths).transpose()?.filter(|budget| *budget > 0);
        found.push(Change {
            as_of: &report.as_of,
            days: day.zip(day_before).map(|(now, before)| now - before),
            growth: budget.zip(budget_before).map(|(now, before)| material(now - before, before)),
        });
        day_before = day.or(day_before);
        budget_before = budget.or(budget_before);
    }
    Ok(found)
}

fn material(growth: i128, before: i128) -> i128 {
    if growth * MATERIAL >= before { growth } else { 0 }
}

fn schedule_risk(name: &str, last: &Report, changes: &[Change]) -> Result<Option<RiskSeed>, String> {
    let Some(completion) = &last.completion else { return Ok(None) };
    let moves = changes.iter().filter_map(|change| Some((change.as_of, change.days? > 0)));
    let Some(pattern) = Pattern::of(&moves.collect::<Vec<_>>()) else { return Ok(None) };
    let slips = || changes.iter().filter(|change| change.slipped());
    let Some([_, days, _]) = quartiles(slips().filter_map(|slip| slip.days).collect()) else { return Ok(None) };
    let cost = quartiles(slips().filter_map(|slip| slip.growth).collect()).filter(|[.., high]| *high > 0);
    let [low, likely, high] = cost.map_or([None, None, None], |cost| cost.map(|amount| Some(decimal(amount))));
    Ok(Some(RiskSeed {
        project_id: last.project_id.clone(),
        kind: "schedule",
        title: format!("Forecast completion keeps slipping: {name}"),
        cause: format!("The forecast completion moved later in {}; {}.", pattern.count(), phase(last)),
        event: format!("The forecast completion of {completion} moves later again."),
        effect: format!("Completion {days} days later, the median of the moves so far."),
        probability_millionths: pattern.share()?,
        cost_low: low,
        cost_likely: likely,
        cost_high: high,
        schedule_days: Some(i32::try_from(days).map_err(|error| format!("demo data: {error}"))?),
        identified_on: pattern.first.to_owned(),
        assessed_on: last.as_of.clone(),
    }))
}

fn cost_risk(name: &str, last: &Report, changes: &[Change]) -> Result<Option<RiskSeed>, String> {
    let Some(budget) = &last.budget else { return Ok(None) };
    if ten_thousandths(budget)? <= 0 {
        return Ok(None);
    }
    let moves = changes.iter().filter_map(|change| Some((change.as_of, change.growth? > 0)));
    let Some(pattern) = Pattern::of(&moves.collect::<Vec<_>>()) else { return Ok(None) };
    let grown = changes.iter().filter_map(|change| change.growth).filter(|growth| *growth > 0).collect();
    let Some([low, likely, high]) = quartiles(grown).map(|cost| cost.map(decimal)) else { return Ok(None) };
    Ok(Some(RiskSeed {
        project_id: last.project_id.clone(),
        kind: "cost",
        title: format!("Budget forecast keeps growing: {name}"),
        cause: format!("The budget forecast grew in {}; {}.", pattern.count(), phase(last)),
        event: format!("The budget forecast of {budget} USD grows again."),
        effect: format!("Budget {likely} USD higher, the median of the growth so far."),
        probability_millionths: pattern.share()?,
        cost_low: Some(low),
        cost_likely: Some(likely),
        cost_high: Some(high),
        schedule_days: None,
        identified_on: pattern.first.to_owned(),
        assessed_on: last.as_of.clone(),
    }))
}

fn phase(report: &Report) -> String {
    format!("last reported phase: {}", report.phase.as_deref().unwrap_or("none"))
}

/// A change for the worse that keeps coming back.
struct Pattern<'a> {
    recent: usize,
    recent_of: usize,
    all: usize,
    all_of: usize,
    /// The report by which it had come back often enough.
    first: &'a str,
}

impl<'a> Pattern<'a> {
    /// From the reporting dates in order and whether each was for the worse.
    fn of(moves: &[(&'a str, bool)]) -> Option<Self> {
        let worse = |moves: &[(&str, bool)]| moves.iter().filter(|(_, worse)| *worse).count();
        let recent = |moves: &[(&str, bool)]| worse(&moves[moves.len().saturating_sub(RECENT)..]);
        let first = (0..moves.len()).find(|last| recent(&moves[..=*last]) >= REPEATED)?;
        (recent(moves) >= REPEATED).then(|| Self {
            recent: recent(moves),
            recent_of: moves.len().min(RECENT),
            all: worse(moves),
            all_of: moves.len(),
            first: moves[first].0,
        })
    }

    fn count(&self) -> String {
        let Self { recent, recent_of, all, all_of, .. } = self;
        format!("{recent} of the last {recent_of} reports and in {all} of all {all_of}")
    }

    fn share(&self) -> Result<i64, String> {
        i64::try_from(self.all * 1_000_000 / self.all_of).map_err(|error| format!("demo data: {error}"))
    }
}

/// The lower quartile, the median and the upper quartile by nearest rank; `None` of nothing.
fn quartiles<T: Copy + Ord>(mut values: Vec<T>) -> Option<[T; 3]> {
    values.sort_unstable();
    let rank = |quarter: usize| values.get((values.len() * quarter).div_ceil(4).checked_sub(1)?).copied();
    Some([rank(1)?, rank(2)?, rank(3)?])
}

/// An amount such as "-15.5" in ten-thousandths.
fn ten_thousandths(text: &str) -> Result<i128, String> {
    let refusal = || format!("demo data: {text:?} is no amount");
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || fraction.len() > DIGITS || !plain(whole) || !plain(fraction) {
        return Err(refusal());
    }
    let amount: i128 = format!("{whole}{fraction:0<DIGITS$}").parse().map_err(|_| refusal())?;
    Ok(if unsigned == text { amount } else { -amount })
}

/// The shortest text of an amount in ten-thousandths.
fn decimal(amount: i128) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let (whole, fraction) = (amount.unsigned_abs() / UNIT, amount.unsigned_abs() % UNIT);
    let text = format!("{sign}{whole}.{fraction:0>DIGITS$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The days from a fixed origin to a date written YYYY-MM-DD, so that dates can be subtracted.
fn day_number(text: &str) -> Result<i64, String> {
    let refusal = || format!("demo data: {text:?} is no date");
    let parts: Vec<i64> = text.split('-').map_while(|part| part.parse().ok()).collect();
    let ([year, month, day], 10) = (parts.as_slice(), text.len()) else { return Err(refusal()) };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !(1..=length).contains(day) {
        return Err(refusal());
    }
    // Counted from March, a leap day is the last of its year and the months have one formula.
    let (year, month) = if *month > 2 { (*year, month - 3) } else { (year - 1, month + 9) };
    Ok(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day)
}

#[cfg(test)]
mod tests;

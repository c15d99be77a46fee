//! The elements of Microsoft Project's XML that are read, and those that follow from them.

/// What is read of a task.
#[rustfmt::skip]
pub(super) const TASK: &[&str] = &[
    "UID", "GUID", "Name", "IsNull", "WBS", "Start", "Finish", "Duration", "Milestone", "Summary", "ActualStart",
    "ActualFinish", "RemainingDuration", "PercentComplete", "PhysicalPercentComplete", "EarnedValueMethod",
    "ActualWork", "RemainingWork", "Cost", "ActualCost", "RemainingCost", "ConstraintType", "ConstraintDate",
    "CalendarUID", "TotalSlack", "FreeSlack", "Deadline", "Notes", "PredecessorLink", "Baseline", "Active",
];
/// What follows from what is read, or says how it is drawn.
#[rustfmt::skip]
pub(super) const OF_TASK: &[&str] = &[
    "ID", "Type", "CreateDate", "OutlineNumber", "OutlineLevel", "DurationFormat", "Work", "RegularWork",
    "OvertimeWork", "ResumeValid", "Resume", "Stop", "EffortDriven", "Recurring", "OverAllocated", "Estimated",
    "DisplayAsSummary", "Critical", "EarlyStart", "EarlyFinish", "LateStart", "LateFinish", "StartVariance",
    "FinishVariance", "WorkVariance", "StartSlack", "FinishSlack", "DurationVariance", "FixedCost",
    "FixedCostAccrual", "PercentWorkComplete", "ActualDuration", "RemainingRegularWork", "ActualRegularWork", "ACWP",
    "CV", "BCWS", "BCWP", "SV", "HideBar", "Rollup", "LevelAssignments", "LevelingCanSplit", "IgnoreResourceCalendar",
    "EarnedValue", "IsPublished", "Manual", "CommitmentType", "RemainingOvertimeCost", "OutlineCode",
];
/// What is read of a project, or is a setting of the tool.
#[rustfmt::skip]
pub(super) const OF_PROJECT: &[&str] = &[
    "SaveVersion", "Name", "Title", "GUID", "UID", "StartDate", "FinishDate", "CurrencyCode", "CurrencySymbol",
    "MinutesPerDay", "CalendarUID", "BuildNumber", "CreationDate", "LastSaved", "ScheduleFromStart", "FYStartDate",
    "CriticalSlackLimit", "CurrencyDigits", "CurrencySymbolPosition", "DefaultStartTime", "DefaultFinishTime",
    "MinutesPerWeek", "DaysPerMonth", "DefaultTaskType", "DefaultFixedCostAccrual", "DurationFormat", "WorkFormat",
    "NewTasksEffortDriven", "NewTasksEstimated", "HonorConstraints", "EditableActualCosts", "SplitsInProgressTasks",
    "InsertedProjectsLikeSummary", "WeekStartDay", "CurrentDate", "MicrosoftProjectServerURL", "AutolinkActual",
    "NewTaskStartDate", "DefaultTaskEVMethod", "Author", "Company", "Manager", "Subject", "Category",
];
/// What is read of a resource, or follows from it.
#[rustfmt::skip]
pub(super) const RESOURCE: &[&str] = &[
    "UID", "ID", "Name", "Type", "IsNull", "Initials", "CreationDate", "GUID", "IsGeneric", "CanLevel",
];
/// What is read of an assignment, or follows from it.
#[rustfmt::skip]
pub(super) const ASSIGNMENT: &[&str] = &[
    "UID", "GUID", "TaskUID", "ResourceUID", "Work", "Cost", "RegularWork", "RemainingWork", "Start", "Finish",
    "Milestone", "Summary", "CreationDate", "FixedMaterial", "HasFixedRateUnits", "PercentWorkComplete",
    "RemainingCost", "BCWS", "BCWP", "ACWP", "CV", "SV", "RateScale", "Confirmed", "LinkedFields", "Overallocated",
];

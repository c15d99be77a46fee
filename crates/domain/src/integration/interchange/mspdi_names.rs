//! The elements of Microsoft Project's XML, by what becomes of them. Elements that no list names are told one by one. The
//! table in `docs/files.md` says the same.

/// The elements of one element.
pub(super) struct Names {
    /// Read, and kept or told.
    pub(super) kept: &'static [&'static str],
    /// They follow from what is kept.
    pub(super) computed: &'static [&'static str],
    /// Settings of the tool, told together in one note.
    pub(super) settings: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) const PROJECT: Names = Names {
    kept: &[
        "Name", "Title", "GUID", "CreationDate", "StartDate", "FinishDate", "CurrencyCode", "CurrencySymbol",
        "MinutesPerDay", "CalendarUID",
    ],
    computed: &["CurrencyDigits", "CurrencySymbolPosition"],
    settings: &[
        "SaveVersion", "UID", "BuildNumber", "LastSaved", "ScheduleFromStart", "FYStartDate", "CriticalSlackLimit",
        "DefaultStartTime", "DefaultFinishTime", "MinutesPerWeek", "DaysPerMonth", "DefaultTaskType",
        "DefaultFixedCostAccrual", "DefaultStandardRate", "DefaultOvertimeRate", "DurationFormat", "WorkFormat",
        "EditableActualCosts", "HonorConstraints", "InsertedProjectsLikeSummary", "MultipleCriticalPaths",
        "NewTasksEffortDriven", "NewTasksEstimated", "SplitsInProgressTasks", "SpreadActualCost",
        "SpreadPercentComplete", "TaskUpdatesResource", "FiscalYearStart", "WeekStartDay", "MoveCompletedEndsBack",
        "MoveRemainingStartsBack", "MoveRemainingStartsForward", "MoveCompletedEndsForward", "BaselineForEarnedValue",
        "BaselineForCriticalPath", "AutoAddNewResourcesAndTasks", "CurrentDate", "MicrosoftProjectServerURL",
        "Autolink", "AutolinkActual", "NewTaskStartDate", "NewTasksAreManual", "DefaultTaskEVMethod",
        "ProjectExternallyEdited", "ExtendedCreationDate", "ActualsInSync", "RemoveFileProperties", "AdminProject",
        "UpdateManuallyScheduledTasksWhenEditingLinks", "KeepTaskOnNearestWorkingTimeWhenMadeAutoScheduled",
    ],
};
#[rustfmt::skip]
pub(super) const TASK: Names = Names {
    kept: &[
        "UID", "Name", "IsNull", "WBS", "OutlineNumber", "Start", "Finish", "Duration", "DurationFormat", "Milestone",
        "Summary", "ActualStart", "ActualFinish", "RemainingDuration", "PercentComplete", "PhysicalPercentComplete",
        "EarnedValueMethod", "Work", "ActualWork", "RemainingWork", "Cost", "ActualCost", "RemainingCost",
        "ConstraintType", "ConstraintDate", "CalendarUID", "TotalSlack", "FreeSlack", "Deadline", "Notes",
        "PredecessorLink", "Baseline", "Active",
    ],
    computed: &[
        "ID", "GUID", "OutlineLevel", "RegularWork", "OvertimeWork", "OverAllocated", "Critical", "EarlyStart",
        "EarlyFinish", "LateStart", "LateFinish", "StartVariance", "FinishVariance", "WorkVariance", "StartSlack",
        "FinishSlack", "DurationVariance", "FixedCost", "PercentWorkComplete", "ActualDuration",
        "RemainingRegularWork", "ActualRegularWork", "RemainingOvertimeCost", "ACWP", "CV", "BCWS", "BCWP", "SV",
        "EarnedValue",
    ],
    settings: &[
        "Type", "CreateDate", "ResumeValid", "Resume", "Stop", "EffortDriven", "Recurring", "Estimated",
        "DisplayAsSummary", "FixedCostAccrual", "HideBar", "Rollup", "LevelAssignments", "LevelingCanSplit",
        "LevelingDelayFormat", "IgnoreResourceCalendar", "IsPublished", "Manual", "CommitmentType",
    ],
};
pub(super) const BASELINE: Names =
    Names { kept: &["Number", "Start", "Finish", "Duration", "Cost"], computed: &["DurationFormat"], settings: &[] };
pub(super) const LINK: Names = Names {
    kept: &["PredecessorUID", "Type", "CrossProject", "CrossProjectName", "LinkLag", "LagFormat"],
    computed: &[],
    settings: &[],
};
#[rustfmt::skip]
pub(super) const RESOURCE: Names = Names {
    kept: &["UID", "Name"],
    computed: &["ID", "GUID", "Initials", "IsNull"],
    settings: &["Type", "CreationDate", "IsGeneric", "CanLevel"],
};
#[rustfmt::skip]
pub(super) const ASSIGNMENT: Names = Names {
    kept: &["UID", "TaskUID", "ResourceUID", "Work", "Cost"],
    computed: &[
        "GUID", "RegularWork", "Milestone", "Summary", "PercentWorkComplete", "BCWS", "BCWP", "ACWP", "CV", "SV",
        "Overallocated",
    ],
    settings: &["CreationDate", "FixedMaterial", "HasFixedRateUnits", "RateScale", "Confirmed", "LinkedFields"],
};
#[rustfmt::skip]
pub(super) const CALENDAR: Names = Names {
    kept: &["UID", "Name", "IsBaseCalendar", "BaseCalendarUID", "WeekDays", "Exceptions", "WorkWeeks"],
    computed: &["GUID"],
    settings: &["IsBaselineCalendar"],
};

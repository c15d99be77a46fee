//! The tables and columns of Primavera's files that are read, and those that follow from them.

/// What is read of a task.
#[rustfmt::skip]
pub(super) const TASK: &[&str] = &[
    "task_id", "proj_id", "wbs_id", "clndr_id", "phys_complete_pct", "complete_pct_type", "task_type", "status_code",
    "task_code", "task_name", "total_float_hr_cnt", "free_float_hr_cnt", "remain_drtn_hr_cnt", "act_work_qty",
    "remain_work_qty", "target_drtn_hr_cnt", "cstr_date", "cstr_type", "act_start_date", "act_end_date",
    "early_start_date", "early_end_date", "reend_date", "restart_date", "target_start_date", "target_end_date",
];
/// Which of them are days.
#[rustfmt::skip]
pub(super) const DATES: &[&str] = &[
    "cstr_date", "act_start_date", "act_end_date", "early_start_date", "early_end_date", "reend_date", "restart_date",
    "target_start_date", "target_end_date",
];
/// Which of them are hours.
#[rustfmt::skip]
pub(super) const HOURS: &[&str] = &[
    "total_float_hr_cnt", "free_float_hr_cnt", "remain_drtn_hr_cnt", "act_work_qty", "remain_work_qty",
    "target_drtn_hr_cnt",
];
/// What a task can be.
pub(super) const TASK_TYPES: &[&str] = &["TT_Task", "TT_Rsrc", "TT_Mile", "TT_FinMile", "TT_LOE", "TT_WBS"];
/// What follows from it, or is of the tool alone.
#[rustfmt::skip]
pub(super) const OF_TASK: &[&str] = &[
    "target_work_qty", "late_start_date", "late_end_date", "rem_late_start_date", "rem_late_end_date",
    "rev_fdbk_flag", "est_wt", "lock_plan_flag", "auto_compute_act_flag", "duration_type", "guid", "tmpl_guid",
    "driving_path_flag", "create_date", "update_date", "create_user", "update_user", "float_path", "float_path_order",
    "priority_type", "act_this_per_work_qty", "act_this_per_equip_qty", "rsrc_id",
];

/// Tables that are read, with the columns that are.
pub(super) static TABLES: [(&str, &[&str]); 9] = [
    ("PROJECT", &["proj_id", "proj_short_name", "clndr_id", "plan_start_date", "scd_end_date", "export_flag"]),
    ("CALENDAR", &["clndr_id", "clndr_name", "clndr_type", "day_hr_cnt", "clndr_data", "base_clndr_id"]),
    ("PROJWBS", &["wbs_id", "proj_id", "parent_wbs_id", "wbs_short_name", "wbs_name", "proj_node_flag"]),
    ("TASK", TASK),
    ("TASKPRED", &["task_id", "pred_task_id", "pred_type", "lag_hr_cnt"]),
    ("TASKRSRC", &["task_id", "rsrc_id", "target_qty", "target_cost", "act_reg_cost", "act_ot_cost", "remain_cost"]),
    ("RSRC", &["rsrc_id", "rsrc_name"]),
    ("PROJCOST", &["task_id", "target_cost", "act_cost", "remain_cost"]),
    ("SCHEDOPTIONS", &["proj_id", "sched_calendar_on_relationship_lag"]),
];
/// Tables that say nothing of the work itself.
pub(super) const PASSED: [&str; 4] = ["CURRTYPE", "OBS", "ROLES", "UMEASURE"];

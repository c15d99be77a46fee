//! Exports the schedule of a project for a scheduling tool.

use std::collections::HashSet;

use futures::future::BoxFuture;
use steerco_domain::activity::Activity;
use steerco_domain::deliverable::Deliverable;
use steerco_domain::dependency::Dependency;
use steerco_domain::interchange::mspdi_out::{self, Plan};
use steerco_domain::interchange::schedule::TASKS_MAX;
use steerco_domain::list::PAGE_SIZE_MAX;
use steerco_domain::milestone::Milestone;
use steerco_domain::project::Project;
use steerco_domain::work_calendar::WorkCalendar;
use steerco_domain::{Error, Reason, Resource};

use crate::operation::{AnswerDoc, Does, Form, Method, Operation, Schema, Under};
use crate::{Caller, ListArgs, ReadArgs, Service};

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "export_schedule",
    service: "Export",
    permission: Some(Activity::KIND.rows.read),
    path: "/v1/projects/{id}/schedule",
    under: Under::Kind(Project::KIND),
    summary: "Get the schedule of one project as a file",
    doc: "The activities of the project, the milestones of its deliverables and their dependencies, as far as visible \
          to the caller, as XML of Microsoft Project (MSPDI), with the task numbers of an import.",
    answer: AnswerDoc { doc: "The schedule.", schema: Schema::Content },
    refusals: &[404, 413],
    ..Operation::new(Method::Get, Does::Form(Form::ExportSchedule))
}];

impl Service {
    /// The activities of a project, the milestones of its deliverables and their dependencies, as far as visible to the
    /// caller, as XML of Microsoft Project; and a file name.
    pub fn schedule_as_mspdi<'a>(
        &'a self,
        caller: &'a Caller,
        project_id: &'a str,
    ) -> BoxFuture<'a, Result<(String, String), Error>> {
        Box::pin(async move {
            let project = self.get::<Project>(caller, project_id, &ReadArgs::default()).await?.resource;
            let of_project = format!("project_id = \"{}\"", project.id);
            let activities = self.all::<Activity>(caller, &of_project).await?;
            let deliverables = self.all::<Deliverable>(caller, &of_project).await?;
            let deliverables: HashSet<_> = deliverables.into_iter().map(|deliverable| deliverable.id).collect();
            let mut milestones = Vec::new();
            if !deliverables.is_empty() {
                milestones = self.all::<Milestone>(caller, &format!("program_id = \"{}\"", project.program_id)).await?;
                milestones.retain(|milestone| milestone.deliverable_id.is_some_and(|id| deliverables.contains(&id)));
            }
            let rows = activities.iter().map(Resource::id_text).chain(milestones.iter().map(Resource::id_text));
            let rows: HashSet<String> = rows.collect();
            let filter = format!("successor_program_id = \"{}\" and state != \"dropped\"", project.program_id);
            let mut dependencies = self.all::<Dependency>(caller, &filter).await?;
            let is_here = |id: String| rows.contains(&id);
            dependencies.retain(|d| is_here(d.successor_id.to_string()) && is_here(d.predecessor_id.to_string()));
            let used: HashSet<_> = activities.iter().filter_map(|activity| activity.calendar_id).collect();
            let mut calendars = Vec::new();
            if !used.is_empty() {
                calendars = self.all::<WorkCalendar>(caller, "").await?;
                calendars.retain(|calendar| used.contains(&calendar.id));
            }
            let plan = Plan {
                project: &project,
                activities: &activities,
                milestones: &milestones,
                dependencies: &dependencies,
                calendars: &calendars,
            };
            Ok((mspdi_out::write(&plan), format!("{}.xml", project.code.as_str())))
        })
    }

    /// Every item of a list, up to the maximum number of tasks of a schedule.
    pub(crate) async fn all<R: Resource>(&self, caller: &Caller, filter: &str) -> Result<Vec<R>, Error> {
        let mut args = ListArgs {
            filter: Some(filter.to_owned()),
            page_size: Some(i64::from(PAGE_SIZE_MAX)),
            ..ListArgs::default()
        };
        let mut all = Vec::new();
        loop {
            let page = self.list::<R>(caller, &args).await?;
            all.extend(page.items);
            if all.len() > TASKS_MAX {
                let detail = format!("a schedule may have at most {TASKS_MAX} {}", R::KIND.plural.replace('_', " "));
                return Err(Error::new(Reason::TooLarge, detail));
            }
            match page.next_page_token {
                Some(token) => args.page_token = Some(token),
                None => return Ok(all),
            }
        }
    }
}

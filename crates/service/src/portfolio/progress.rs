//! Reads the progress roll-up.

use futures::future::BoxFuture;
use steerco_domain::portfolio::Portfolio;
use steerco_domain::program::Program;
use steerco_domain::progress::Progress;
use steerco_domain::project::Project;
use steerco_domain::resource::Kind;
use steerco_domain::time::Instant;
use steerco_domain::{Error, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, log, progress};

use crate::operation::{AnswerDoc, Answered, Answering, Arguments, Operation, Run, Under};
use crate::parameter::{AS_OF, Parameter};
use crate::read::{check_id, resolve_id};
use crate::{Caller, Context, Service};

static PARAMETERS: &[&Parameter] = &[&AS_OF];

/// The progress operation of one kind.
const fn rolled_up(kind: &'static Kind, run: Run) -> Operation {
    Operation {
        service: kind.title,
        permission: Some(kind.rows.read),
        under: Under::Kind(kind),
        doc: "Earned weight / measured weight of the deliverables that are visible to the caller. The registry of \
              metrics defines each number. Updated with every write, so a request costs the same at any size; with \
              `as_of` it is computed from history.",
        parameters: PARAMETERS,
        answer: AnswerDoc::of::<Progress>("The progress."),
        refusals: &[404],
        ..Operation::get(run)
    }
}

fn get(kind: &'static Kind, service: Service, context: Context, mut arguments: Arguments) -> Answering {
    let (id, as_of) = (arguments.id(), arguments.instant(&AS_OF));
    Box::pin(async move { Ok(Answered::of(service.progress(kind, &context.caller, &id, as_of).await?)) })
}

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "get_portfolio_progress",
        path: "/v1/portfolios/{id}/progress",
        summary: "Get the progress of one portfolio",
        ..rolled_up(Portfolio::KIND, |service, context, arguments| get(Portfolio::KIND, service, context, arguments))
    },
    Operation {
        id: "get_program_progress",
        path: "/v1/programs/{id}/progress",
        summary: "Get the progress of one program",
        ..rolled_up(Program::KIND, |service, context, arguments| get(Program::KIND, service, context, arguments))
    },
    Operation {
        id: "get_project_progress",
        path: "/v1/projects/{id}/progress",
        summary: "Get the progress of one project",
        ..rolled_up(Project::KIND, |service, context, arguments| get(Project::KIND, service, context, arguments))
    },
];

impl Service {
    /// Progress of a project, program or portfolio, of the visible deliverables; with `as_of` as known then.
    pub fn progress<'a>(
        &'a self,
        kind: &'static Kind,
        caller: &'a Caller,
        id: &'a str,
        as_of: Option<Instant>,
    ) -> BoxFuture<'a, Result<Progress, Error>> {
        Box::pin(async move {
            check_id(kind, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.progress_in(kind, &conn, caller, id, as_of).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn progress_in(
        &self,
        kind: &'static Kind,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        as_of: Option<Instant>,
    ) -> Result<Progress, Fail> {
        let (_, scope) = self.authorise(conn, caller, kind.rows.read).await?;
        let id = &*resolve_id(kind, conn, &scope, id).await?;
        let seq = match as_of {
            Some(at) => Some(log::seq_at(conn, scope.org(), at).await?),
            None => None,
        };
        let moment = seq.map_or(Moment::Now, |seq| Moment::Known { seq });
        query::find_any(conn, &scope, kind, id, moment).await?.ok_or_else(|| Error::not_found(kind.name))?;
        let (found, hidden) = match seq {
            Some(seq) => progress::find_known(conn, &scope, kind, id, seq).await?,
            None if kind.name == "portfolio" && !scope.is_whole_in(id) => {
                progress::find_in_sight(conn, &scope, id).await?
            }
            None => (progress::find(conn, &scope, id).await?, 0),
        };
        Ok(Progress::new(id, found, hidden))
    }
}

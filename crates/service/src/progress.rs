//! Reading the roll-up of progress.

use futures::future::BoxFuture;
use steerco_domain::Error;
use steerco_domain::progress::Progress;
use steerco_domain::resource::Kind;
use steerco_domain::time::Instant;
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, log, progress};

use crate::read::{check_id, resolve_id};
use crate::{Caller, Service};

impl Service {
    /// Progress of a project, program or portfolio, as far as the caller sees it; with `as_of` as it was known then.
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

//! Reconciling a period with what finance says of it.

use futures::future::BoxFuture;
use steerco_domain::access::{Row, find};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::reconciliation::{ReconcileFiscalPeriod, Reconciliation};
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, reconciliation};

use crate::read::{check_id, resolve_id};
use crate::{Caller, Service};

const RECONCILE: &Row = find("fiscal_period", "reconcile");

impl Service {
    /// Three numbers that must agree, and the rows that differ. Changes nothing.
    pub fn reconcile<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        statement: &'a ReconcileFiscalPeriod,
    ) -> BoxFuture<'a, Result<Reconciliation, Error>> {
        Box::pin(async move {
            check_id(FiscalPeriod::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.reconcile_in(&conn, caller, id, statement).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn reconcile_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        statement: &ReconcileFiscalPeriod,
    ) -> Result<Reconciliation, Fail> {
        let (_, scope) = self.authorise(conn, caller, RECONCILE).await?;
        if !scope.is_whole() {
            return Err(Error::new(Reason::Forbidden, "this needs a grant over the whole organisation").into());
        }
        statement.check()?;
        let id = &*resolve_id(FiscalPeriod::KIND, conn, &scope, id).await?;
        let period = query::find::<FiscalPeriod>(conn, &scope, id, Moment::Now).await?;
        period.ok_or_else(|| Error::not_found(FiscalPeriod::KIND.name))?;
        let source = statement.source.as_str();
        if query::find_source(conn, scope.org(), source).await?.is_none() {
            return Err(Error::fault("/source", "UNKNOWN_SOURCE", "no source with this code is registered").into());
        }
        let found = reconciliation::find(conn, scope.org(), id, source, !statement.lines.0.is_empty()).await?;
        Ok(statement.compare(id, &found)?)
    }
}

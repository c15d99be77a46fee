//! Reconciles a fiscal period with a statement of finance.

use futures::future::BoxFuture;
use steerco_domain::access::{Permission, find};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::input::read_input;
use steerco_domain::reconciliation::{ReconcileFiscalPeriod, Reconciliation};
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, reconciliation};

use crate::operation::{AnswerDoc, Answered, Body, Operation, Under};
use crate::read::{check_id, resolve_id};
use crate::{Caller, Service};

const RECONCILE: &Permission = find("fiscal_period", "reconcile");

const EXAMPLE: &str =
    r#"{"source": "gla", "lines": [{"external_id": "0", "amount": {"amount": "1390.11", "currency": "GBP"}}]}"#;

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "reconcile_fiscal_period",
    service: FiscalPeriod::KIND.title,
    permission: Some(RECONCILE),
    path: "/v1/fiscal-periods/{id}/reconcile",
    under: Under::Kind(FiscalPeriod::KIND),
    summary: "Reconcile a fiscal period with a finance system",
    doc: "Compares a statement of a finance system for a period with the ledger, and changes nothing. For each \
          currency three numbers must agree: the total of the statement, the sum of the entries of that source, and \
          the balances that are updated with the entries. For a statement with lines, the lines that differ are \
          returned, up to 1000.",
    body: Some(Body::of::<ReconcileFiscalPeriod>(EXAMPLE)),
    answer: AnswerDoc::of::<Reconciliation>("The result of the reconciliation."),
    refusals: &[404],
    ..Operation::post(|service, context, mut arguments| {
        Box::pin(async move {
            let (id, statement) = (arguments.id(), read_input(&arguments.body())?);
            Ok(Answered::of(service.reconcile(&context.caller, &id, &statement).await?))
        })
    })
}];

impl Service {
    /// Compares three numbers that must agree, and returns the rows that differ. Changes nothing.
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
            return Err(Error::new(Reason::Forbidden, "a grant over the whole organisation is required").into());
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

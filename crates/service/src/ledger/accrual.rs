//! Proposes the accruals at the end of a fiscal period.

use futures::future::BoxFuture;
use steerco_domain::access::{Permission, find};
use steerco_domain::accrual::AccrualProposal;
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::{Error, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, accrual};

use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::read::{check_id, resolve_id};
use crate::{Caller, Service};

const PROPOSE: &Permission = find("fiscal_period", "propose_accruals");

pub(crate) static OPERATIONS: &[Operation] = &[Operation {
    id: "get_accrual_proposal",
    service: FiscalPeriod::KIND.title,
    permission: Some(PROPOSE),
    path: "/v1/fiscal-periods/{id}/accrual-proposal",
    under: Under::Kind(FiscalPeriod::KIND),
    summary: "Get the accruals proposed for the end of a fiscal period",
    doc: "The commitments of the company with work received but not invoiced at the end of the period, and accepted work \
          that no commitment bears and whose invoice is not posted, in the programs that are visible to the caller. Each \
          amount of a commitment is computed from the received and invoiced amounts of the \
          commitment, less entries posted after the period. The totals are compared with the accrual account of the \
          ledger up to that period.",
    answer: AnswerDoc::of::<AccrualProposal>("The proposal."),
    refusals: &[404],
    ..Operation::get(|service, context, mut arguments| {
        Box::pin(async move { Ok(Answered::of(service.accrual_proposal(&context.caller, &arguments.id()).await?)) })
    })
}];

impl Service {
    /// Work received but not invoiced at the end of a period, in the programs that are visible to the caller.
    pub fn accrual_proposal<'a>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
    ) -> BoxFuture<'a, Result<AccrualProposal, Error>> {
        Box::pin(async move {
            check_id(FiscalPeriod::KIND, id)?;
            let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
            let found = self.accrual_proposal_in(&conn, caller, id).await.map_err(Fail::into_error)?;
            conn.close().await.map_err(Fail::into_error)?;
            Ok(found)
        })
    }

    async fn accrual_proposal_in(&self, conn: &Conn, caller: &Caller, id: &str) -> Result<AccrualProposal, Fail> {
        let (_, scope) = self.authorise(conn, caller, PROPOSE).await?;
        let id = &*resolve_id(FiscalPeriod::KIND, conn, &scope, id).await?;
        let period = query::find::<FiscalPeriod>(conn, &scope, id, Moment::Now).await?;
        let period = period.ok_or_else(|| Error::not_found(FiscalPeriod::KIND.name))?;
        Ok(AccrualProposal::new(id, &accrual::find(conn, &scope, &period).await?)?)
    }
}

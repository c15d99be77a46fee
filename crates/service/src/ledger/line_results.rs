//! Line outcomes of a batch, page by page: of actuals and of purchase orders.

use std::future::Future;

use futures::future::BoxFuture;
use steerco_derive::answer;
use steerco_domain::actuals_batch::{ActualsBatch, ActualsResult};
use steerco_domain::list::parse_page_size;
use steerco_domain::purchase_order_batch::{PurchaseOrderBatch, PurchaseOrderResult};
use steerco_domain::{Error, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, ledger, purchase_order};

use crate::answer::PartOf;
use crate::operation::{AnswerDoc, Answered, Operation, Under};
use crate::parameter::{AFTER_LINE, PAGE_SIZE, Parameter};
use crate::read::{check_id, resolve_id};
use crate::{Caller, Outcome, Service, Written};

/// Maximum number of line outcomes in the response to a batch.
pub(crate) const RESULTS_SHOWN: usize = 1_000;

/// Line outcomes, in the order of the lines.
#[answer(message = "ListActualsResultsResponse")]
pub struct ActualsResultPage {
    /// The line outcomes.
    #[field(max = RESULTS_SHOWN)]
    pub results: Vec<ActualsResult>,
    /// Number of the line after which the next page begins; absent on the last page.
    #[field(min = 1)]
    pub more_after_line: Option<i32>,
}

/// Line outcomes, in the order of the lines.
#[answer(message = "ListPurchaseOrderResultsResponse")]
pub struct PurchaseOrderResultPage {
    /// The line outcomes.
    #[field(max = RESULTS_SHOWN)]
    pub results: Vec<PurchaseOrderResult>,
    /// Number of the line after which the next page begins; absent on the last page.
    #[field(min = 1)]
    pub more_after_line: Option<i32>,
}

const DOC: &str = "In the order of the lines. A page has 1000 line outcomes unless `page_size` is given.";
static PARAMETERS: &[&Parameter] = &[&AFTER_LINE, &PAGE_SIZE];

pub(crate) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "list_actuals_results",
        service: ActualsBatch::KIND.title,
        permission: Some(ActualsBatch::KIND.rows.read),
        path: "/v1/actuals-batches/{id}/results",
        under: Under::Kind(ActualsBatch::KIND),
        summary: "List the line outcomes of a batch of actuals",
        doc: DOC,
        parameters: PARAMETERS,
        answer: AnswerDoc::of::<ActualsResultPage>("A page of line outcomes."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            Box::pin(async move {
                let (id, after) = (arguments.id(), arguments.whole(&AFTER_LINE).unwrap_or_default());
                let size = results_on_page(arguments.whole(&PAGE_SIZE))?;
                let (results, more_after_line) = service.page_of_results(&context.caller, &id, after, size).await?;
                Ok(Answered::of(ActualsResultPage { results, more_after_line }))
            })
        })
    },
    Operation {
        id: "list_purchase_order_results",
        service: PurchaseOrderBatch::KIND.title,
        permission: Some(PurchaseOrderBatch::KIND.rows.read),
        path: "/v1/purchase-order-batches/{id}/results",
        under: Under::Kind(PurchaseOrderBatch::KIND),
        summary: "List the line outcomes of a batch of purchase orders",
        doc: DOC,
        parameters: PARAMETERS,
        answer: AnswerDoc::of::<PurchaseOrderResultPage>("A page of line outcomes."),
        refusals: &[404],
        ..Operation::get(|service, context, mut arguments| {
            Box::pin(async move {
                let (id, after) = (arguments.id(), arguments.whole(&AFTER_LINE).unwrap_or_default());
                let size = results_on_page(arguments.whole(&PAGE_SIZE))?;
                let (results, more_after_line) = service.page_of_results(&context.caller, &id, after, size).await?;
                Ok(Answered::of(PurchaseOrderResultPage { results, more_after_line }))
            })
        })
    },
];

/// Maximum number of line outcomes in a requested page.
pub(crate) fn results_on_page(given: Option<i64>) -> Result<usize, Error> {
    match given {
        None => Ok(RESULTS_SHOWN),
        given => {
            let size = parse_page_size(given).map_err(|fault| Error::invalid(vec![fault]))?;
            Ok(usize::try_from(size).unwrap_or(RESULTS_SHOWN))
        }
    }
}

/// The outcome of a line of a batch.
pub trait LineEnd: Sized + Send {
    type Batch: Resource;

    fn line(&self) -> i32;

    /// Line outcomes of a batch after a line.
    fn list(
        conn: &Conn,
        org: &str,
        batch: &str,
        after: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Self>, Fail>> + Send;
}

impl LineEnd for ActualsResult {
    type Batch = ActualsBatch;

    fn line(&self) -> i32 {
        self.line
    }

    async fn list(conn: &Conn, org: &str, batch: &str, after: i64, limit: u32) -> Result<Vec<Self>, Fail> {
        ledger::list_results(conn, org, batch, after, limit).await
    }
}

impl LineEnd for PurchaseOrderResult {
    type Batch = PurchaseOrderBatch;

    fn line(&self) -> i32 {
        self.line
    }

    async fn list(conn: &Conn, org: &str, batch: &str, after: i64, limit: u32) -> Result<Vec<Self>, Fail> {
        purchase_order::list_results(conn, org, batch, after, limit).await
    }
}

impl Service {
    /// A page of line outcomes and, if there are more, the line after which the next page begins.
    pub fn page_of_results<'a, L: LineEnd>(
        &'a self,
        caller: &'a Caller,
        id: &'a str,
        after: i64,
        size: usize,
    ) -> BoxFuture<'a, Result<PartOf<L>, Error>> {
        Box::pin(async move {
            let mut results: Vec<L> = self.list_results(caller, id, after, size + 1).await?;
            let more = results.len() > size;
            results.truncate(size);
            let last = results.last().map(L::line).filter(|_| more);
            Ok((results, last))
        })
    }

    /// The line outcomes in the response (those of an earlier request as they were stored), and the line after which
    /// there are more than this many.
    pub(crate) async fn shown_results<L: LineEnd>(
        &self,
        caller: &Caller,
        written: &Written<L::Batch>,
        told: Vec<L>,
        lines: i32,
    ) -> Result<(Vec<L>, Option<i32>), Error> {
        let results = match written.outcome {
            Outcome::Created if !written.replayed => told,
            _ => self.list_results(caller, &written.seen.resource.id_text(), 0, RESULTS_SHOWN).await?,
        };
        let last = results.last().map(L::line);
        let more_after = last.filter(|last| results.len() == RESULTS_SHOWN && *last < lines);
        Ok((results, more_after))
    }

    async fn list_results<L: LineEnd>(
        &self,
        caller: &Caller,
        id: &str,
        after: i64,
        limit: usize,
    ) -> Result<Vec<L>, Error> {
        let kind = <L::Batch as Resource>::KIND;
        check_id(kind, id)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = async {
            let (_, scope) = self.authorise(&conn, caller, kind.rows.read).await?;
            let id = &*resolve_id(kind, &conn, &scope, id).await?;
            let batch = query::find::<L::Batch>(&conn, &scope, id, Moment::Now).await?;
            batch.ok_or_else(|| Error::not_found(kind.name))?;
            L::list(&conn, scope.org(), id, after, u32::try_from(limit).unwrap_or(u32::MAX)).await
        };
        let found = found.await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }
}

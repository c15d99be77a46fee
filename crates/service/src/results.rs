//! What became of the lines of a batch, page by page: of actuals and of purchase orders alike.

use std::future::Future;

use futures::future::BoxFuture;
use steerco_domain::actuals_batch::ActualsBatch;
use steerco_domain::list::parse_page_size;
use steerco_domain::purchase_order_batch::PurchaseOrderBatch;
use steerco_domain::{Error, Resource};
use steerco_persistence::ledger::{self, LineResult};
use steerco_persistence::purchase_order::{self, OrderResult};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail};

use crate::answer::PartOf;
use crate::read::{check_id, resolve_id};
use crate::{Caller, Outcome, Service, Written};

/// Results of lines that come with the answer.
pub(crate) const RESULTS_SHOWN: usize = 1_000;

/// Lines a page has at most, where that is asked.
pub fn results_on_page(given: Option<i64>) -> Result<usize, Error> {
    match given {
        None => Ok(RESULTS_SHOWN),
        given => {
            let size = parse_page_size(given).map_err(|fault| Error::invalid(vec![fault]))?;
            Ok(usize::try_from(size).unwrap_or(RESULTS_SHOWN))
        }
    }
}

/// The end of a line of a batch.
pub trait LineEnd: Sized + Send {
    type Batch: Resource;

    fn line(&self) -> i32;

    /// Those of a batch from behind a line on.
    fn list(
        conn: &Conn,
        org: &str,
        batch: &str,
        after: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Self>, Fail>> + Send;
}

impl LineEnd for LineResult {
    type Batch = ActualsBatch;

    fn line(&self) -> i32 {
        self.line
    }

    async fn list(conn: &Conn, org: &str, batch: &str, after: i64, limit: u32) -> Result<Vec<Self>, Fail> {
        ledger::list_results(conn, org, batch, after, limit).await
    }
}

impl LineEnd for OrderResult {
    type Batch = PurchaseOrderBatch;

    fn line(&self) -> i32 {
        self.line
    }

    async fn list(conn: &Conn, org: &str, batch: &str, after: i64, limit: u32) -> Result<Vec<Self>, Fail> {
        purchase_order::list_results(conn, org, batch, after, limit).await
    }
}

impl Service {
    /// A page of what became of the lines of a batch, and where there are more, the line after which they are.
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

    /// The results that come with the answer, those of an earlier act as they were kept, and the line after which there
    /// are more of this many.
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

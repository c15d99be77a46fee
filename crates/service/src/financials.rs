//! Reading the roll-up of money.

use steerco_domain::access::{Row, find};
use steerco_domain::financials::{Financials, FinancialsQuery, Sight};
use steerco_domain::{Error, Resource};
use steerco_persistence::financials::{self, Subject};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, log};

use crate::read::{Reads, check_id, resolve_id};
use crate::{Caller, Service};

/// Who reads the ledger reads what it comes to.
const LEDGER: &Row = find("ledger_entry", "read");

impl Service {
    /// What is approved, spent and left of a project, program or portfolio, as far as the caller sees it.
    pub async fn financials<R: Resource>(
        &self,
        caller: &Caller,
        id: &str,
        query: &FinancialsQuery,
    ) -> Result<Financials, Error> {
        check_id(R::KIND, id)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = self.financials_in::<R>(&conn, caller, id, query).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    async fn financials_in<R: Resource>(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        query: &FinancialsQuery,
    ) -> Result<Financials, Fail> {
        let (_, sight) = self.authorise(conn, caller, Reads::<R>::ROW).await?;
        let (_, scope) = self.authorise(conn, caller, LEDGER).await?;
        let moment = match query.as_of {
            Some(at) => Moment::Known { seq: log::seq_at(conn, scope.org(), at).await? },
            None => Moment::Now,
        };
        let id = &*resolve_id::<R>(conn, &sight, id).await?;
        query::find::<R>(conn, &sight, id, moment).await?.ok_or_else(|| Error::not_found(R::KIND.name))?;
        let subject = Subject { kind: R::KIND, id };
        let balances = financials::list(conn, &scope, subject, query, moment).await?;
        let hidden = match R::KIND.name {
            "portfolio" => query::count_hidden(conn, &scope, id, moment).await?,
            _ => 0,
        };
        let oldest = match moment {
            Moment::Now => financials::oldest_input(conn, &scope, subject).await?,
            _ => None,
        };
        let [forecast_count, without_forecast_count] =
            financials::count_forecasts(conn, &scope, subject, moment).await?;
        let sight = Sight { hidden_count: hidden, forecast_count, without_forecast_count, oldest_input_at: oldest };
        Ok(Financials::new(id, &balances, query.group_by, sight)?)
    }
}

//! Reading the bridge between two versions of a budget.

use steerco_domain::bridge::BudgetBridge;
use steerco_domain::budget::Budget;
use steerco_domain::{Error, Reason, Resource};
use steerco_persistence::query::{self, Moment};
use steerco_persistence::{Conn, Fail, Scope, budget};

use crate::read::{Reads, check_id};
use crate::sight::event_id;
use crate::{Caller, Service};

impl Service {
    /// How one version became another; `from` is the version that it took the place of when absent.
    pub async fn budget_bridge(&self, caller: &Caller, id: &str, from: Option<&str>) -> Result<BudgetBridge, Error> {
        check_id(Budget::KIND, id)?;
        let conn = self.inner.database.read(caller.organisation()).await.map_err(Fail::into_error)?;
        let found = self.bridge_in(&conn, caller, id, from).await.map_err(Fail::into_error)?;
        conn.close().await.map_err(Fail::into_error)?;
        Ok(found)
    }

    async fn bridge_in(
        &self,
        conn: &Conn,
        caller: &Caller,
        id: &str,
        from: Option<&str>,
    ) -> Result<BudgetBridge, Fail> {
        let (_, scope) = self.authorise(conn, caller, Reads::<Budget>::ROW).await?;
        let to = get(conn, &scope, id).await?.ok_or_else(|| Error::not_found(Budget::KIND.name))?;
        let named = from.map(str::to_owned).or_else(|| to.supersedes_id.map(|id| id.to_string()));
        let missing = || Error::fault("?from_id", "REQUIRED", "it took the place of none: say from which version");
        let unknown = || Error::fault("?from_id", "NOT_FOUND", "there is no such budget");
        let from = get(conn, &scope, &named.ok_or_else(missing)?).await?.ok_or_else(unknown)?;
        let series = |budget: &Budget| (budget.program_id, budget.legal_entity_id, budget.fiscal_year);
        if series(&from) != series(&to) {
            let detail = "must be a version of the same program, legal entity and fiscal year";
            return Err(Error::fault("?from_id", "DOES_NOT_FIT", detail).into());
        }
        let begins = budget::find_approval(conn, scope.org(), &from).await?;
        let begins =
            begins.ok_or_else(|| Error::new(Reason::WrongState, "the version it begins with was not approved"))?;
        let ends = budget::find_approval(conn, scope.org(), &to).await?.unwrap_or(i64::MAX);
        if ends < begins {
            return Err(Error::fault("?from_id", "OUT_OF_ORDER", "must be approved before the other one").into());
        }
        let mut movements = budget::list_movements(conn, scope.org(), &to, [begins, ends]).await?;
        for movement in &mut movements {
            movement.event_id = event_id(scope.org(), &movement.event_id);
        }
        Ok(BudgetBridge::new(&from, &to, &movements)?)
    }
}

async fn get(conn: &Conn, scope: &Scope, id: &str) -> Result<Option<Budget>, Fail> {
    query::find::<Budget>(conn, scope, id, Moment::Now).await
}

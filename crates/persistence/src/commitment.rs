//! Commitments beside their rows: what is available to commit.

use steerco_domain::money::Currency;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// What is approved for a program in these periods and neither committed, accrued nor spent.
pub async fn available(
    conn: &Conn,
    org: &str,
    program: &str,
    periods: &[String],
    currency: Currency,
) -> Result<i128, Fail> {
    let mut sql = Sql::new("SELECT account, units FROM balance WHERE org = ");
    sql.text(org).push(" AND program_id = ").text(program).push(" AND currency = ").text(currency.code());
    sql.push(" AND account IN ('budget', 'commitment', 'accrual', 'cost') AND fiscal_period_id IN (");
    sql.texts(periods).push(")");
    let mut left = 0;
    for row in conn.all(sql).await? {
        let (account, units): (String, i64) = (row.get(0)?, row.get(1)?);
        left += i128::from(units) * if account == "budget" { 1 } else { -1 };
    }
    Ok(left)
}

//! Queries on commitments: by id, by order, and the available budget.

use steerco_domain::commitment::Commitment;
use steerco_domain::money::Currency;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// Maximum number of values of a list in one statement.
const CHUNK: usize = 500;

/// These commitments by id, locked until the request is written.
pub async fn hold(conn: &Conn, org: &str, ids: &[String]) -> Result<Vec<Commitment>, Fail> {
    let mut held = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let mut sql = Sql::new(" FROM commitment t WHERE t.org = ");
        sql.text(org).push(" AND t.deleted_at IS NULL AND t.id IN (").any_of(ids).push(") ORDER BY t.id");
        lock(conn, &mut sql);
        held.extend(conn.resources::<Commitment>(sql).await?);
    }
    Ok(held)
}

/// The commitments of a company for these orders, locked until the request is written.
pub async fn hold_orders(conn: &Conn, org: &str, entity: &str, references: &[String]) -> Result<Vec<Commitment>, Fail> {
    let mut held = Vec::new();
    for references in references.chunks(CHUNK) {
        let mut sql = Sql::new(" FROM commitment t WHERE t.org = ");
        sql.text(org).push(" AND t.legal_entity_id = ").text(entity).push(" AND t.deleted_at IS NULL");
        sql.push(" AND t.purchase_order_reference IN (").any_of(references).push(") ORDER BY t.id");
        lock(conn, &mut sql);
        held.extend(conn.resources::<Commitment>(sql).await?);
    }
    Ok(held)
}

fn lock(conn: &Conn, sql: &mut Sql) {
    if conn.is_postgres() {
        sql.push(" FOR NO KEY UPDATE OF t");
    }
}

/// The approved budget of a program in these periods that is neither committed, accrued nor spent.
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

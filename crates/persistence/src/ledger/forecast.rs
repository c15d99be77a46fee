//! Queries on forecasts: version numbers, and the version in force.

use steerco_domain::forecast::Forecast;

use crate::conn::Conn;
use crate::fail::Fail;
use crate::sql::Sql;

/// ` FROM` the forecasts of the same program and company.
fn series(sql: &mut Sql, org: &str, forecast: &Forecast) {
    sql.push(" FROM forecast t WHERE t.org = ").text(org);
    sql.push(" AND t.program_id = ").text(forecast.program_id.to_string());
    sql.push(" AND t.legal_entity_id = ").text(forecast.legal_entity_id.to_string());
}

/// The greatest version number of this forecast.
pub async fn last_version(conn: &Conn, org: &str, forecast: &Forecast) -> Result<i32, Fail> {
    let mut sql = Sql::new("SELECT CAST(COALESCE(max(t.version), 0) AS BIGINT)");
    series(&mut sql, org, forecast);
    let row = conn.one(sql).await?.ok_or_else(|| Fail::broken("max gave no row"))?;
    Ok(i32::try_from(row.get::<i64>(0)?).unwrap_or(i32::MAX))
}

/// The version in force, locked.
pub async fn find_in_force(conn: &Conn, org: &str, forecast: &Forecast) -> Result<Option<Forecast>, Fail> {
    let mut sql = Sql::new("");
    series(&mut sql, org, forecast);
    sql.push(" AND t.state = 'submitted' AND t.deleted_at IS NULL");
    if conn.is_postgres() {
        sql.push(" FOR NO KEY UPDATE OF t");
    }
    Ok(conn.resources(sql).await?.pop())
}

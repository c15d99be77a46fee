//! Resources as a person reads them.

use serde_json::Value;
use steerco_domain::resource::Kind;

/// Columns a table has when nobody says which: what names a thing and where it stands.
const TELLING: &[&str] = &[
    "code",
    "name",
    "title",
    "kind",
    "role",
    "state",
    "status",
    "probability",
    "planned_finish_on",
    "forecast_finish_on",
    "due_on",
    "planned_on",
    "amount",
    "forecast_cost",
    "expected_monetary_value",
];
/// Of these at most so many.
const TELLING_MAX: usize = 6;
/// Characters of a cell.
const CELL_MAX: usize = 60;

/// The columns of a table: those asked for, else the telling ones of the kind.
pub(crate) fn columns(kind: &Kind, fields: Option<&str>) -> Vec<String> {
    if let Some(fields) = fields {
        let named = fields.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        return std::iter::once("id".to_owned()).chain(named.filter(|name| name != "id")).collect();
    }
    let telling = TELLING.iter().filter(|name| kind.field(name).is_some()).take(TELLING_MAX);
    std::iter::once("id".to_owned()).chain(telling.map(|name| (*name).to_owned())).collect()
}

/// Rows under their heads, as wide as the widest.
pub(crate) fn table(columns: &[String], items: &[Value], with_head: bool) -> String {
    let head = with_head.then(|| columns.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>());
    let rows = items.iter().map(|item| columns.iter().map(|name| cell(item.get(name))).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = head.into_iter().chain(rows).collect();
    let width = |i: usize| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// One resource, a field a line.
pub(crate) fn sheet(resource: &Value) -> String {
    let fields: Vec<_> = resource.as_object().into_iter().flatten().collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&String, &Value)| format!("{name:<width$}  {}", plain(value));
    fields.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn cell(value: Option<&Value>) -> String {
    let text = value.map(plain).unwrap_or_default();
    if text.chars().count() <= CELL_MAX {
        return text;
    }
    text.chars().take(CELL_MAX - 1).chain(['…']).collect()
}

/// Money reads as money; whatever else is not flat stays JSON. What could move the cursor of a terminal is left out.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(money) if money.len() == 2 && money.contains_key("amount") && money.contains_key("currency") => {
            let part = |name| money[name].as_str().unwrap_or_default();
            format!("{} {}", part("amount"), part("currency"))
        }
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_are_aligned_and_tame() {
        let columns = ["id", "cost"].map(str::to_owned);
        let items = [
            json!({ "id": "ü\u{1b}[2J", "cost": { "amount": "1.5000", "currency": "EUR" } }),
            json!({ "id": "risk_1" }),
        ];
        assert_eq!(table(&columns, &items, true), "ID      COST\nü [2J   1.5000 EUR\nrisk_1");
    }

    #[test]
    fn asked_for_columns_win() {
        let kind = steerco_domain::find_kind("risk").unwrap();
        assert_eq!(columns(kind, Some("title, id,state")), ["id", "title", "state"]);
        assert_eq!(columns(kind, None)[..3], ["id", "title", "kind"]);
    }
}

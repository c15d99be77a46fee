//! Filters and orders as SQL with bound values.

use steerco_domain::field::{Cell, ColumnType};
use steerco_domain::filter::{Column, Filter, Op};
use steerco_domain::list::{Order, OrderKey};

use crate::sql::Sql;

/// Appends a condition of a WHERE clause.
pub(crate) fn push_filter(filter: &Filter, postgres: bool, sql: &mut Sql) {
    push_condition(filter, Place { postgres, negated: false }, sql);
}

/// Position of a condition.
#[derive(Clone, Copy)]
struct Place {
    postgres: bool,
    /// Inside a `not`, null must count as false before it is negated. Elsewhere null has the same effect as false, and a
    /// plain comparison can use an index.
    negated: bool,
}

fn push_condition(filter: &Filter, place: Place, sql: &mut Sql) {
    let postgres = place.postgres;
    match filter {
        Filter::And(all) if all.is_empty() => {
            sql.push("1 = 1");
        }
        Filter::And(all) => join(all, " AND ", place, sql),
        Filter::Or(any) => join(any, " OR ", place, sql),
        Filter::Not(inner) => {
            sql.push("NOT ");
            push_condition(inner, Place { negated: true, ..place }, sql);
        }
        Filter::Compare { column, op, value } => push_comparison(column, *op, value, place, sql),
        Filter::In { column, values } => {
            two_valued(column, place, sql, |sql| {
                push_column(column, postgres, sql);
                sql.push(" IN (");
                for (i, value) in values.iter().enumerate() {
                    sql.push(if i == 0 { "" } else { ", " }).cell(value, column_type(column));
                }
                sql.push(")");
            });
        }
        Filter::Contains { column, text } => two_valued(column, place, sql, |sql| {
            sql.push("lower(");
            push_column(column, postgres, sql);
            sql.push(") LIKE ").text(contains_pattern(text)).push(" ESCAPE '\\'");
        }),
    }
}

fn join(parts: &[Filter], word: &str, place: Place, sql: &mut Sql) {
    for (i, part) in parts.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { word });
        push_condition(part, place, sql);
    }
    sql.push(")");
}

/// A pattern that matches the text anywhere, literally.
pub(crate) fn contains_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

fn push_comparison(column: &Column, op: Op, value: &Cell, place: Place, sql: &mut Sql) {
    let postgres = place.postgres;
    if *value == Cell::Null {
        sql.push("(");
        push_column(column, postgres, sql);
        sql.push(if op == Op::NotEqual { " IS NOT NULL)" } else { " IS NULL)" });
        return;
    }
    if op == Op::NotEqual {
        sql.push("(");
        push_column(column, postgres, sql);
        sql.push(" IS DISTINCT FROM ").cell(value, column_type(column)).push(")");
        return;
    }
    two_valued(column, place, sql, |sql| {
        push_column(column, postgres, sql);
        sql.push(match op {
            Op::Equal | Op::NotEqual => " = ",
            Op::Less => " < ",
            Op::LessOrEqual => " <= ",
            Op::Greater => " > ",
            Op::GreaterOrEqual => " >= ",
        });
        sql.cell(value, column_type(column));
    });
}

/// A comparison for which null counts as false.
fn two_valued(column: &Column, place: Place, sql: &mut Sql, push: impl FnOnce(&mut Sql)) {
    if place.negated && column.nullable() {
        sql.push("COALESCE(");
        push(sql);
        sql.push(", 1 = 0)");
    } else {
        sql.push("(");
        push(sql);
        sql.push(")");
    }
}

fn column_type(column: &Column) -> ColumnType {
    match column {
        Column::Field { ty, .. } => *ty,
        Column::Label(_) => ColumnType::Text,
    }
}

fn push_column(column: &Column, postgres: bool, sql: &mut Sql) {
    match column {
        Column::Field { column, .. } => {
            sql.push("t.").push(column);
        }
        Column::Label(key) if postgres => {
            sql.push("(CAST(t.labels AS jsonb) ->> ").text(key).push(")");
        }
        Column::Label(key) => {
            sql.push("(t.labels ->> ").text(format!("$.\"{key}\"")).push(")");
        }
    }
}

/// ` ORDER BY …`: nulls come last in both directions.
pub(crate) fn push_order(order: &Order, sql: &mut Sql) {
    for (i, key) in order.keys.iter().enumerate() {
        sql.push(if i == 0 { " ORDER BY " } else { ", " }).push("t.").push(&key.column);
        sql.push(if key.descending { " DESC" } else { "" });
        sql.push(if key.nullable { " NULLS LAST" } else { "" });
    }
}

/// ` AND …`: the rows after the last row of the previous page.
pub(crate) fn push_after(order: &Order, last: &[Cell], sql: &mut Sql) {
    let pairs: Vec<(&OrderKey, &Cell)> = order.keys.iter().zip(last).collect();
    sql.push(" AND (");
    for (i, (key, value)) in pairs.iter().enumerate() {
        sql.push(if i == 0 { "(" } else { " OR (" });
        for (key, value) in &pairs[..i] {
            push_same(key, value, sql);
            sql.push(" AND ");
        }
        push_beyond(key, value, sql);
        sql.push(")");
    }
    sql.push(")");
}

fn push_same(key: &OrderKey, value: &Cell, sql: &mut Sql) {
    sql.push("t.").push(&key.column);
    match value {
        Cell::Null => sql.push(" IS NULL"),
        value => sql.push(" = ").cell(value, key.ty),
    };
}

fn push_beyond(key: &OrderKey, value: &Cell, sql: &mut Sql) {
    if *value == Cell::Null {
        // Nulls come last, so no row follows one.
        sql.push("1 = 0");
        return;
    }
    sql.push("(t.").push(&key.column).push(if key.descending { " < " } else { " > " }).cell(value, key.ty);
    if key.nullable {
        sql.push(" OR t.").push(&key.column).push(" IS NULL");
    }
    sql.push(")");
}

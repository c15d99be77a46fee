//! Drafts of the migrations that the declarations require. `UPDATE=1 cargo declare` writes them; a person reviews and
//! names them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use steerco_domain::field::{ColumnType, FieldSpec, Shape};
use steerco_domain::resource::{Kind, Reach};
use steerco_domain::{KINDS, RECORDS};

use crate::Database;
use crate::sql::Sql;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/src");

/// Column → (whether it is numeric, whether it may be null).
type Columns = BTreeMap<String, (bool, bool)>;

/// A declared column.
struct Column {
    name: String,
    int: bool,
    field: &'static FieldSpec,
}

fn declared(kind: &Kind) -> Vec<Column> {
    kind.columns().map(|(name, ty, field)| Column { name, int: ty == ColumnType::Int, field }).collect()
}

async fn migrated(database: &Database, table: &str) -> Columns {
    let conn = database.read("org").await.unwrap();
    let statement = format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')");
    let rows = conn.all(Sql::new(&statement)).await.unwrap();
    let column = |row: &crate::row::Row| {
        let (name, ty, not_null): (String, String, i64) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        (name, (ty.eq_ignore_ascii_case("bigint"), not_null == 0))
    };
    rows.iter().map(column).collect()
}

/// A new migration file, or why a person must write it.
enum Draft {
    File { name: String, text: String },
    Refused(String),
}

/// The draft for the missing columns of a kind.
fn draft(kind: &Kind, there: &Columns, taken: impl Fn(&str) -> bool) -> Option<Draft> {
    let name = (1..1_000).map(|n| format!("{}_{n:03}", kind.name)).find(|name| !taken(name))?;
    if there.is_empty() {
        return Some(Draft::File { name, text: file(kind, "", &create(kind)) });
    }
    let columns = declared(kind);
    let mut faults = Vec::new();
    for column in there.keys().filter(|column| !matches!(column.as_str(), "org" | "seq")) {
        if columns.iter().all(|declared| declared.name != *column) {
            faults.push(format!("{column} is no longer declared, but is stored"));
        }
    }
    let mut missing = Vec::new();
    for column in columns {
        match there.get(&column.name) {
            None => missing.push(column),
            Some(found) if *found == (column.int, column.field.nullable) => {}
            Some(_) => faults.push(format!("{} is declared with another type than it is stored", column.name)),
        }
    }
    let without = missing.iter().filter(|column| !column.field.nullable && filler(column).is_none());
    faults.extend(without.map(|column| format!("{} is required, but existing rows have no value", column.name)));
    if !faults.is_empty() {
        return Some(Draft::Refused(format!("{name} must be written by a person: {}", faults.join("; "))));
    }
    let names: Vec<&str> = missing.iter().map(|column| column.name.as_str()).collect();
    let about = format!(": {}", names.join(", "));
    (!missing.is_empty()).then(|| Draft::File { text: file(kind, &about, &add(kind, &missing)), name })
}

/// The value of a required column for existing rows, where it is obvious.
fn filler(column: &Column) -> Option<&'static str> {
    match (column.field.shape)() {
        Shape::List { .. } => Some("'[]'"),
        Shape::Map { .. } => Some("'{}'"),
        Shape::Bool => Some("0"),
        _ => None,
    }
}

fn file(kind: &Kind, about: &str, body: &str) -> String {
    let plural = kind.plural.replace('_', " ");
    let title = plural[..1].to_uppercase() + &plural[1..];
    let mut helpers = Vec::new();
    for (call, helper) in [("is_postgres(", "is_postgres"), ("run(", "run"), ("text_type(", "text_type")] {
        helpers.extend(body.contains(call).then_some(helper));
    }
    helpers.extend(body.contains("Table::").then_some("Table"));
    let helpers = if let [one] = helpers[..] { one.to_owned() } else { format!("{{{}}}", helpers.join(", ")) };
    format!(
        "//! {title}{about}.\n\n\
         use sea_orm::DbErr;\n\n\
         use crate::schema::SchemaManager;\n\
         use crate::table::{helpers};\n\n\
         pub(crate) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {{\n\
         {body}}}\n"
    )
}

/// The calls that add columns to a table of the helper.
fn calls(columns: &[Column], with_keys: bool) -> String {
    let mut out = String::new();
    let mut columns = columns.iter().peekable();
    while let Some(column) = columns.next() {
        let (name, null) = (&column.name, if column.field.nullable { "_null" } else { "" });
        let target = Kind::named_by(column.field).filter(|_| with_keys);
        let money = matches!((column.field.shape)(), Shape::Money) && column.field.nullable;
        let call = match target {
            Some(target) => format!("reference{null}(\"{name}\", \"{}\")", target.name),
            None if money => {
                columns.next();
                format!("money_null(\"{}\")", column.field.name)
            }
            None if column.int => format!("int{null}(\"{name}\")"),
            None => format!("text{null}(\"{name}\")"),
        };
        let _ = writeln!(out, "        .{call}");
    }
    out
}

fn create(kind: &Kind) -> String {
    const COMMON: [&str; 8] =
        ["id", "revision", "created_at", "updated_at", "created_by", "deleted_at", "external_refs", "labels"];
    let own: Vec<Column> = declared(kind).into_iter().filter(|column| !COMMON.contains(&column.field.name)).collect();
    let mut out = format!("    Table::new(\"{}\")\n{}", kind.name, calls(&own, true));
    for field in kind.fields.iter().filter(|field| field.unique) {
        let _ = writeln!(out, "        .unique(&[\"{}\"])", field.name);
    }
    let end = if kind.reach == Reach::Record { "append" } else { "create" };
    out + &format!("        .{end}(manager)\n        .await\n")
}

fn add(kind: &Kind, missing: &[Column]) -> String {
    let name = kind.name;
    let plain = missing.iter().all(|column| column.field.nullable);
    // SQLite cannot add a foreign key to an existing table without rebuilding it.
    if plain && kind.reach != Reach::Record {
        let calls = calls(missing, false);
        let one = format!("    Table::new(\"{name}\"){}.add(manager).await\n", calls.trim().replace("\n        ", ""));
        return if one.len() <= 121 {
            one
        } else {
            format!("    Table::new(\"{name}\")\n{calls}        .add(manager)\n        .await\n")
        };
    }
    let tables =
        if kind.reach == Reach::Record { format!("[\"{name}\"]") } else { format!("[\"{name}\", \"{name}_rev\"]") };
    let text = missing.iter().any(|column| !column.int);
    let mut out = String::new();
    if text {
        out.push_str("    let text = text_type(is_postgres(manager));\n");
    }
    let _ = writeln!(out, "    for table in {tables} {{");
    for column in missing {
        let ty = if column.int { "BIGINT" } else { "{text}" };
        let filled = filler(column).filter(|_| !column.field.nullable);
        let filled = filled.map(|value| format!(" NOT NULL DEFAULT {value}")).unwrap_or_default();
        let filled = filled.replace('{', "{{").replace('}', "}}");
        let statement = format!("ALTER TABLE {{table}} ADD COLUMN {} {ty}{filled}", column.name);
        let _ = writeln!(out, "        run(manager, &[format!(\"{statement}\")]).await?;");
    }
    out.push_str("    }\n    Ok(())\n");
    out
}

/// Writes a draft, and adds it to the list of migrations.
fn write(name: &str, text: &str) {
    let list = Path::new(FOLDER).join("lib.rs");
    let lines = std::fs::read_to_string(&list).unwrap();
    let (before, after) = lines.split_once("\n];\n").unwrap();
    std::fs::write(&list, format!("{before}\n    {name},\n];\n{after}")).unwrap();
    std::fs::write(Path::new(FOLDER).join(format!("{name}.rs")), text).unwrap();
}

#[tokio::test]
async fn what_is_declared_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("steerco.db").display());
    let database = Database::open(&url, true).await.unwrap();
    let update = std::env::var_os("UPDATE").is_some();
    let mut told = Vec::new();
    for kind in KINDS.iter().chain(RECORDS) {
        let taken = |name: &str| Path::new(FOLDER).join(format!("{name}.rs")).exists();
        match draft(kind, &migrated(&database, kind.name).await, taken) {
            Some(Draft::File { name, text }) if update => {
                write(&name, &text);
                told.push(format!(
                    "migrations/src/{name}.rs is a draft: review it and describe its purpose in the first line"
                ));
            }
            Some(Draft::File { name, .. }) => {
                told.push(format!("migrations/src/{name}.rs is missing: UPDATE=1 cargo declare writes a draft"));
            }
            Some(Draft::Refused(why)) => told.push(format!("migrations/src/{why}")),
            None => {}
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// The columns without this field.
fn without(kind: &Kind, field: &str) -> Columns {
    let columns = declared(kind).into_iter().filter(|column| column.field.name != field);
    let mut there: Columns = columns.map(|column| (column.name, (column.int, column.field.nullable))).collect();
    there.insert("org".to_owned(), (false, false));
    there
}

fn drafted(kind: &Kind, there: &Columns) -> String {
    match draft(kind, there, |name| name.ends_with("_001")) {
        Some(Draft::File { name, text }) => format!("{name}\n{text}"),
        Some(Draft::Refused(why)) => why,
        None => String::new(),
    }
}

#[test]
fn a_draft_adds_what_is_missing() {
    use steerco_domain::Resource;
    use steerco_domain::activity::Activity;
    use steerco_domain::ledger_entry::LedgerEntry;
    use steerco_domain::risk::Risk;

    assert_eq!(drafted(Risk::KIND, &without(Risk::KIND, "")), "");
    let text = drafted(Risk::KIND, &without(Risk::KIND, "category"));
    assert!(text.starts_with("risk_002\n//! Risks: category.\n\nuse sea_orm::DbErr;"), "{text}");
    assert!(text.contains("    Table::new(\"risk\").text_null(\"category\").add(manager).await\n}"), "{text}");
    let text = drafted(Risk::KIND, &without(Risk::KIND, "cost_low"));
    assert!(text.contains("Table::new(\"risk\").money_null(\"cost_low\").add(manager).await"), "{text}");
    let text = drafted(Activity::KIND, &without(Activity::KIND, "resources"));
    assert!(text.contains("use crate::table::{is_postgres, run, text_type};"), "{text}");
    assert!(text.contains("ADD COLUMN resources {text} NOT NULL DEFAULT '[]'\""), "{text}");
    let text = drafted(LedgerEntry::KIND, &without(LedgerEntry::KIND, "forecast_id"));
    assert!(text.contains("for table in [\"ledger_entry\"] {"), "{text}");
    let why = drafted(Risk::KIND, &without(Risk::KIND, "title"));
    assert_eq!(why, "risk_002 must be written by a person: title is required, but existing rows have no value");
    let mut more = without(Risk::KIND, "");
    more.insert("gone".to_owned(), (false, true));
    assert!(drafted(Risk::KIND, &more).ends_with("gone is no longer declared, but is stored"));
}

/// The draft of a kind equals its first migration, except for what a person decides: indexes, and the order of tables.
#[test]
fn a_draft_creates_what_is_new() {
    use steerco_domain::Resource;
    use steerco_domain::source::Source;

    let text = drafted(Source::KIND, &Columns::new());
    let first = std::fs::read_to_string(Path::new(FOLDER).join("source_001.rs")).unwrap();
    let body = |text: &str| text.split_once("\n\n").unwrap().1.to_owned();
    assert_eq!(body(&text), body(&first));
}

//! Tables of resources: the same columns now and in history, keyed by organisation, walled by row-level security.

use sea_orm::DbErr;

use crate::schema::SchemaManager;

struct Column {
    name: String,
    int: bool,
    null: bool,
}

/// Columns that every resource has.
const COMMON: usize = 8;

/// A table of resources under construction.
pub(crate) struct Table {
    name: &'static str,
    columns: Vec<Column>,
    references: Vec<(&'static str, &'static str)>,
    unique: Vec<Vec<&'static str>>,
    indexes: Vec<&'static str>,
}

impl Table {
    /// A new resource table with the common columns.
    pub(crate) fn new(name: &'static str) -> Self {
        let table = Self { name, columns: vec![], references: vec![], unique: vec![], indexes: vec![] };
        table
            .text("id")
            .int("revision")
            .int("created_at")
            .int("updated_at")
            .text("created_by")
            .int_null("deleted_at")
            .text("external_refs")
            .text("labels")
    }

    fn column(mut self, name: &str, int: bool, null: bool) -> Self {
        self.columns.push(Column { name: name.to_owned(), int, null });
        self
    }

    pub(crate) fn text(self, name: &str) -> Self {
        self.column(name, false, false)
    }
    pub(crate) fn text_null(self, name: &str) -> Self {
        self.column(name, false, true)
    }
    pub(crate) fn int(self, name: &str) -> Self {
        self.column(name, true, false)
    }
    pub(crate) fn int_null(self, name: &str) -> Self {
        self.column(name, true, true)
    }
    pub(crate) fn money_null(self, name: &str) -> Self {
        self.int_null(&format!("{name}_amount")).text_null(&format!("{name}_currency"))
    }
    pub(crate) fn reference(mut self, name: &'static str, table: &'static str) -> Self {
        self.references.push((name, table));
        self.indexes.push(name);
        self.text(name)
    }
    pub(crate) fn reference_null(mut self, name: &'static str, table: &'static str) -> Self {
        self.references.push((name, table));
        self.text_null(name)
    }
    /// Found by this column without a scan.
    pub(crate) fn index(mut self, name: &'static str) -> Self {
        self.indexes.push(name);
        self
    }
    /// Unique in the organisation among those that are not deleted.
    pub(crate) fn unique(mut self, columns: &[&'static str]) -> Self {
        self.unique.push(columns.to_vec());
        self
    }

    /// Adds columns that may be empty to a table of resources and to its history.
    pub(crate) async fn add(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let (name, postgres) = (self.name, is_postgres(manager));
        let columns = self.columns.iter().skip(COMMON).map(|column| definition(column, postgres));
        let add = |column: String| ["", "_rev"].map(|of| format!("ALTER TABLE \"{name}{of}\" ADD COLUMN {column}"));
        run(manager, &columns.flat_map(add).collect::<Vec<_>>()).await
    }

    /// Creates the table of what is only ever added: without history, for nothing of it changes.
    pub(crate) async fn append(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let (name, postgres) = (self.name, is_postgres(manager));
        let columns: String = self.columns.iter().map(|c| definition(c, postgres) + ", ").collect();
        let org = text_type(postgres);
        let table = format!(
            "CREATE TABLE \"{name}\" (org {org} NOT NULL, {columns}seq BIGINT NOT NULL, PRIMARY KEY (org, id))"
        );
        run(manager, &[table]).await?;
        append_only(manager, name, "id").await?;
        wall(manager, name, "SELECT, INSERT").await
    }

    /// Creates the table and its history.
    pub(crate) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let (name, postgres) = (self.name, is_postgres(manager));
        let columns: String = self.columns.iter().map(|c| definition(c, postgres) + ", ").collect();
        let key =
            |(column, table): &(&str, &str)| format!(", FOREIGN KEY (org, {column}) REFERENCES \"{table}\" (org, id)");
        let keys = self.references.iter().map(key).collect::<Vec<_>>().concat();
        let org = text_type(postgres);
        let mut statements = vec![
            format!("CREATE TABLE \"{name}\" (org {org} NOT NULL, {columns}PRIMARY KEY (org, id){keys})"),
            format!(
                "CREATE TABLE \"{name}_rev\" (org {org} NOT NULL, {columns}seq BIGINT NOT NULL, \
                 until_seq BIGINT NOT NULL, PRIMARY KEY (org, id, seq))"
            ),
        ];
        for columns in &self.unique {
            let (index, columns) = (columns.join("_"), columns.join(", "));
            statements.push(format!(
                "CREATE UNIQUE INDEX \"{name}_{index}\" ON \"{name}\" (org, {columns}) WHERE deleted_at IS NULL"
            ));
        }
        for column in &self.indexes {
            statements.push(format!("CREATE INDEX \"{name}_by_{column}\" ON \"{name}\" (org, {column}, id)"));
        }
        run(manager, &statements).await?;
        wall(manager, name, "SELECT, INSERT, UPDATE").await?;
        wall(manager, &format!("{name}_rev"), "SELECT, INSERT, UPDATE").await
    }
}

fn definition(column: &Column, postgres: bool) -> String {
    let ty = if column.int { "BIGINT" } else { text_type(postgres) };
    format!("{} {ty}{}", column.name, if column.null { "" } else { " NOT NULL" })
}

/// Text sorts by code point on both databases.
pub(crate) fn text_type(postgres: bool) -> &'static str {
    if postgres { "TEXT COLLATE \"C\"" } else { "TEXT" }
}

pub(crate) fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.is_postgres()
}

pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[String]) -> Result<(), DbErr> {
    for statement in statements {
        manager.execute(statement).await?;
    }
    Ok(())
}

/// Runs statements that read these tables: whoever migrates reads the rows of all organisations.
pub(crate) async fn run_over_all(
    manager: &SchemaManager<'_>,
    tables: &[&str],
    statements: &[String],
) -> Result<(), DbErr> {
    let walls = |word: &str| -> Vec<String> {
        let force = |table: &&str| format!("ALTER TABLE {table} {word} ROW LEVEL SECURITY");
        tables.iter().filter(|_| is_postgres(manager)).map(force).collect()
    };
    run(manager, &walls("NO FORCE")).await?;
    run(manager, statements).await?;
    run(manager, &walls("FORCE")).await
}

/// Nobody changes what is in this table, not even through SQL. `key` is its primary key after the organisation.
pub(crate) async fn append_only(manager: &SchemaManager<'_>, table: &str, key: &str) -> Result<(), DbErr> {
    if is_postgres(manager) {
        let function = format!(
            "CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        );
        let trigger = format!(
            "CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} \
             FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
        );
        return run(manager, &[function, trigger]).await;
    }
    let same = key.split(", ").map(|column| format!(" AND {column} = NEW.{column}")).collect::<Vec<_>>().concat();
    // REPLACE deletes without asking a trigger for DELETE.
    let known = format!("WHEN EXISTS (SELECT 1 FROM {table} WHERE org = NEW.org{same}) ");
    let guard = |(act, when): (&str, &str)| {
        format!(
            "CREATE TRIGGER {table}_guard_{act} BEFORE {act} ON {table} {when}\
             BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    };
    run(manager, &[("UPDATE", ""), ("DELETE", ""), ("INSERT", known.as_str())].map(guard)).await
}

/// The second wall on PostgreSQL: the service's role sees the rows of the organisation it has named, and nothing else.
pub(crate) async fn wall(manager: &SchemaManager<'_>, table: &str, rights: &str) -> Result<(), DbErr> {
    if !is_postgres(manager) {
        return Ok(());
    }
    let mine = "org = current_setting('steerco.org', true)";
    run(
        manager,
        &[
            format!("ALTER TABLE \"{table}\" ENABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE \"{table}\" FORCE ROW LEVEL SECURITY"),
            format!("CREATE POLICY own ON \"{table}\" TO steerco_service USING ({mine}) WITH CHECK ({mine})"),
            format!("GRANT {rights} ON \"{table}\" TO steerco_service"),
        ],
    )
    .await
}

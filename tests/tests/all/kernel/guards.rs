//! What must stay in step stays in step, and the database itself says no.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::DescriptorPool;
use steerco_domain::field::ColumnType;
use steerco_domain::resource::Kind;
use steerco_domain::{KINDS, RECORDS};
use steerco_tests::{Door, Engine, Who, World, rest_scenario, run};

use crate::all::kernel::bodies::make;
use crate::all::kernel::wire::{document, head, rpcs, sql};

/// `CreateRisk` → `create_risk`.
fn snake(text: &str) -> String {
    let mut snake = String::new();
    for letter in text.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Operations of REST beside their rpcs: what only the web has.
const WEB_ONLY: [&str; 16] = [
    "get_jwks",
    "get_authorization_server",
    "get_protected_resource",
    "issue_token",
    "get_calendar",
    "get_liveness",
    "get_readiness",
    "get_metrics",
    "get_openapi",
    "list_reasons",
    "get_reason",
    "get_docs",
    "get_llms_txt",
    "list_protos",
    "get_proto",
    "get_descriptor_set",
];

#[test]
fn every_operation_has_its_rpc_and_the_reverse() {
    let document = document();
    let items = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let operations: Vec<String> =
        items.filter_map(|operation| Some(operation["operationId"].as_str()?.to_owned())).collect();
    let unique: BTreeSet<&String> = operations.iter().collect();
    assert_eq!(unique.len(), operations.len(), "operation ids are unique");
    // Files of all kinds are one rpc, which is told the kind.
    let files: BTreeSet<String> = KINDS.iter().chain(RECORDS).map(|kind| format!("export_{}", kind.plural)).collect();
    assert!(files.iter().all(|name| unique.contains(name)), "every list is a file");
    let rest = operations.into_iter().filter(|name| !WEB_ONLY.contains(&name.as_str()));
    let rest: BTreeSet<String> =
        rest.map(|name| if files.contains(&name) { "export".to_owned() } else { name }).collect();
    // A stream is called what each door calls one.
    let name = |rpc: &str| if rpc == "Watch" { "stream_events".to_owned() } else { snake(rpc) };
    let grpc: BTreeSet<String> = rpcs().iter().map(|rpc| name(rpc.name())).collect();
    // An organisation is made by its operator, so the web has no operation for what its rpc refuses.
    let only_rest: Vec<_> = rest.difference(&grpc).collect();
    let only_grpc: Vec<_> = grpc.difference(&rest).collect();
    assert_eq!((only_rest, only_grpc), (vec![], vec![]));
}

#[test]
fn every_operation_documents_what_it_can_answer() {
    let document = document();
    let mut missing = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let mut wanted = vec!["500", "503", "504"];
            let secured =
                operation["security"].as_array().is_some_and(|ways| ways.iter().any(|way| way.get("bearer").is_some()));
            if secured {
                wanted.extend(["400", "401", "429"]);
                wanted.extend(
                    (!["list_permissions", "list_metrics", "list_event_types", "get_event_type"].contains(&id))
                        .then_some("403"),
                );
            }
            wanted.extend((secured && path.contains('{')).then_some("404"));
            let writes = secured && method != "get" && !crate::all::kernel::bodies::COMPUTED.contains(&id);
            wanted.extend(writes.then_some(["409", "412", "422"]).into_iter().flatten());
            wanted.extend(operation.get("requestBody").map(|_| ["413", "415"]).into_iter().flatten());
            // A stream of upserts is answered with what became of its records.
            let created = id.starts_with("create_") || (id.starts_with("upsert_") && !path.ends_with("/upsert"));
            wanted.extend(created.then_some("201"));
            let answers = operation["responses"].as_object().unwrap();
            missing
                .extend(wanted.iter().filter(|code| !answers.contains_key(**code)).map(|code| format!("{id} {code}")));
            for (code, answer) in answers {
                let resolved = answer["$ref"].as_str().map_or(Some(answer), |at| document.pointer(&at[1..]));
                let described = resolved.is_some_and(|answer| answer["description"].is_string());
                missing.extend((!described).then(|| format!("{id} {code} is not described")));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn fields_are_the_same_in_proto_document_and_declaration() {
    let document = document();
    let pool = DescriptorPool::decode(steerco_proto::FILE_DESCRIPTOR_SET).unwrap();
    for kind in KINDS {
        let declared: BTreeSet<&str> = kind.fields.iter().map(|field| field.name).collect();
        let schema = &document["components"]["schemas"][kind.title];
        let properties: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(properties, declared, "{} in the document", kind.title);
        let message = pool.get_message_by_name(&format!("steerco.v1.{}", kind.title)).unwrap();
        let fields: Vec<_> = message.fields().collect();
        let names: BTreeSet<&str> = fields.iter().map(prost_reflect::FieldDescriptor::name).collect();
        assert_eq!(names, declared, "{} in the proto", kind.title);
        for field in kind.fields.iter().filter(|field| field.nullable) {
            let wire = fields.iter().find(|wire| wire.name() == field.name).unwrap();
            // A list that may be absent is never empty.
            let tells =
                wire.supports_presence() || wire.is_list() || matches!(wire.kind(), prost_reflect::Kind::Enum(_));
            assert!(tells, "{}.{} may be absent, which the proto cannot say", kind.title, field.name);
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for field in kind.fields {
            let always = !field.nullable && !field.private;
            let said = required.iter().any(|name| name == field.name);
            assert!(!said || !field.nullable, "{}.{} may be absent", kind.title, field.name);
            assert!(said || !always, "{}.{} is always there for everyone", kind.title, field.name);
        }
    }
}

/// The log holds what each resource was, and `steerco verify` compares it with what the row would be told as today: a field
/// that came after the first release of its kind must be able to stay away, or every row of before is at fault. What a new
/// kind tells always is written down by `UPDATE=1`, once and for all.
#[test]
fn history_reads_as_it_was_written() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/always_told.json");
    let mut recorded: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    let always = |kind: &&Kind| -> (String, BTreeSet<String>) {
        let fields = kind.fields.iter().filter(|field| !field.nullable);
        (kind.name.to_owned(), fields.map(|field| field.name.to_owned()).collect())
    };
    let told: BTreeMap<_, _> = KINDS.iter().chain(RECORDS).map(always).collect();
    if std::env::var_os("UPDATE").is_some() {
        let new: Vec<_> = told.iter().filter(|(kind, _)| !recorded.contains_key(*kind)).collect();
        recorded.extend(new.into_iter().map(|(kind, fields)| (kind.clone(), fields.clone())));
        std::fs::write(PATH, always_told(&recorded)).unwrap();
    }
    assert_eq!(told, recorded, "run UPDATE=1 cargo test --workspace where a kind is new");
}

/// A line for each kind.
fn always_told(fields: &BTreeMap<String, BTreeSet<String>>) -> String {
    let lines: Vec<String> = fields
        .iter()
        .map(|(kind, fields)| {
            let fields: Vec<String> = fields.iter().map(|field| format!("\"{field}\"")).collect();
            format!("  \"{kind}\": [{}]", fields.join(", "))
        })
        .collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// Column → (whether it holds numbers, whether it may be null).
type Columns = BTreeMap<String, (bool, bool)>;

async fn columns(world: &World, table: &str) -> Columns {
    let statement = match world.server.engine {
        Engine::Sqlite => format!("SELECT name, type, \"notnull\" FROM pragma_table_info('{table}')"),
        Engine::Postgres => format!(
            "SELECT column_name, data_type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END \
             FROM information_schema.columns WHERE table_name = '{table}'"
        ),
    };
    let rows = sql(&world.server, &statement).await.unwrap();
    let column = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let int = match parts[1].to_ascii_lowercase().as_str() {
            "bigint" => true,
            "text" => false,
            other => panic!("{table}.{} is of type {other}", parts[0]),
        };
        (parts[0].to_owned(), (int, parts[2] == "0"))
    };
    rows.lines().map(column).collect()
}

rest_scenario!(tables_hold_what_is_declared(world) {
    for kind in KINDS {
        let mut declared: Columns = kind
            .columns()
            .map(|(name, ty, field)| (name, (ty == ColumnType::Int, field.nullable)))
            .collect();
        declared.insert("org".to_owned(), (false, false));
        assert_eq!(columns(&world, kind.name).await, declared, "{}", kind.name);
        declared.extend([("seq".to_owned(), (true, false)), ("until_seq".to_owned(), (true, false))]);
        assert_eq!(columns(&world, &format!("{}_rev", kind.name)).await, declared, "{}_rev", kind.name);
    }
});

rest_scenario!(the_log_refuses_to_be_changed(world) {
    make(&world, "risk").await;
    let before = head(&world, &world.org).await;
    let mut attempts = vec![
        "UPDATE log SET actor = 'x'",
        "UPDATE log SET hash = hash WHERE seq = 1",
        "DELETE FROM log",
        "DELETE FROM log WHERE seq = 1",
        "INSERT INTO log SELECT * FROM log",
    ];
    if world.server.engine == Engine::Postgres {
        attempts.extend(["TRUNCATE log", "TRUNCATE log CASCADE"]);
    } else {
        attempts.push("INSERT OR REPLACE INTO log SELECT * FROM log WHERE seq = 1");
        attempts.push("REPLACE INTO log SELECT * FROM log");
    }
    let count = async || sql(&world.server, "SELECT CAST(count(*) AS TEXT) FROM log").await.unwrap();
    for statement in attempts {
        let rows = count().await;
        let done = sql(&world.server, statement).await;
        // Others write to the shared database meanwhile: there may be more rows, never fewer.
        let after: i64 = count().await.parse().unwrap();
        assert!(after >= rows.parse().unwrap(), "{statement}");
        assert!(done.is_err(), "{statement} by whoever owns the database: {done:?}");
    }
    assert_eq!(head(&world, &world.org).await, before);
    world.verify().await;
});

/// A statement as the service's own role with an organisation named.
async fn as_service(world: &World, org: &str, statement: &str) -> Result<String, String> {
    let named = format!("SET ROLE steerco_service; SET steerco.org = '{org}'; {statement}");
    sql(&world.server, &named).await
}

#[test]
fn the_services_role_sees_one_organisation_and_changes_no_schema() {
    run(Door::Rest, Engine::Postgres, async |world| {
        make(&world, "risk").await;
        let (org, other) = (world.org.clone(), world.org_of(Who::Stranger).to_owned());
        let mut tables: Vec<String> =
            KINDS.iter().flat_map(|k| [k.name.to_owned(), format!("{}_rev", k.name)]).collect();
        let beside = [
            "log",
            "log_head",
            "idempotency",
            "external_ref",
            "progress",
            "blob",
            "blob_chunk",
            "ledger_entry",
            "ledger_key",
            "balance",
            "program_balance",
            "day_balance",
            "place_day_balance",
            "vendor_balance",
            "actuals_progress",
            "actuals_result",
            "consumer_offset",
            "webhook",
            "webhook_delivery",
            "purchase_order_result",
        ];
        tables.extend(beside.map(str::to_owned));
        for table in &tables {
            let seen = format!("SELECT DISTINCT org FROM \"{table}\"");
            let orgs = as_service(&world, &org, &seen).await.unwrap();
            assert!(orgs.is_empty() || orgs == org, "{table}: {orgs}");
            assert_eq!(as_service(&world, "", &seen).await.unwrap(), "", "{table} without an organisation");
            let unset = format!("SET ROLE steerco_service; {seen}");
            assert_eq!(sql(&world.server, &unset).await.unwrap(), "", "{table} without a setting");
            assert_eq!(as_service(&world, &org, &format!("{seen} WHERE org = '{other}'")).await.unwrap(), "");
            let walls = format!(
                "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = '\"{table}\"'::regclass"
            );
            assert_eq!(sql(&world.server, &walls).await.unwrap(), "t", "{table} stands behind the wall");
            let drop = [
                format!("DROP TABLE \"{table}\""),
                format!("ALTER TABLE \"{table}\" ADD COLUMN x text"),
                format!("ALTER TABLE \"{table}\" DISABLE ROW LEVEL SECURITY"),
                format!("TRUNCATE \"{table}\""),
                format!("DROP POLICY own ON \"{table}\""),
            ];
            for statement in drop {
                let done = as_service(&world, &org, &statement).await;
                assert!(done.is_err(), "{statement}: {done:?}");
            }
        }
        refused_to_the_service(&world, &org, &other).await;
        world.verify().await;
    });
}

async fn refused_to_the_service(world: &World, org: &str, other: &str) {
    for statement in [
        "UPDATE log SET actor = 'x'".to_owned(),
        "DELETE FROM log".to_owned(),
        "TRUNCATE log".to_owned(),
        "ALTER TABLE log DISABLE TRIGGER log_guard".to_owned(),
        "DROP TRIGGER log_guard ON log".to_owned(),
        "DROP FUNCTION log_is_append_only() CASCADE".to_owned(),
        "CREATE TABLE public.mine (a int)".to_owned(),
        "CREATE ROLE mine SUPERUSER".to_owned(),
        "DELETE FROM risk".to_owned(),
        "DELETE FROM person_rev".to_owned(),
        "DELETE FROM tenant".to_owned(),
        "DELETE FROM credential".to_owned(),
        "UPDATE ledger_entry SET amount_amount = 0".to_owned(),
        "DELETE FROM ledger_entry".to_owned(),
        "UPDATE actuals_result SET status = 'posted'".to_owned(),
        "DELETE FROM actuals_result".to_owned(),
        "UPDATE purchase_order_result SET status = 'applied'".to_owned(),
        "DELETE FROM purchase_order_result".to_owned(),
        "DELETE FROM balance".to_owned(),
        "DELETE FROM day_balance".to_owned(),
        "DELETE FROM place_day_balance".to_owned(),
        "DELETE FROM vendor_balance".to_owned(),
        "UPDATE blob SET sha256 = 'x'".to_owned(),
        "DELETE FROM blob".to_owned(),
        "UPDATE blob_chunk SET bytes = ''".to_owned(),
        "UPDATE seaql_migrations SET version = 'x'".to_owned(),
        format!("INSERT INTO log_head (org, seq, at, hash, epoch) VALUES ('{other}x', 0, 0, '', 1)"),
        format!("UPDATE organisation SET org = '{other}' WHERE org = '{org}'"),
    ] {
        let done = as_service(world, org, &statement).await;
        assert!(done.is_err(), "{statement}: {done:?}");
    }
    let foreign = format!("UPDATE person SET name = 'x' WHERE org = '{other}' RETURNING id");
    assert_eq!(as_service(world, org, &foreign).await.unwrap(), "", "rows of another are not there to change");
    let outside = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT rowsecurity ORDER BY 1";
    let outside = sql(&world.server, outside).await.unwrap();
    assert_eq!(outside.lines().collect::<Vec<_>>(), ["credential", "seaql_migrations", "server_key", "tenant"]);
}

#[test]
fn money_is_no_number_anywhere_on_the_wire() {
    let document = document();
    let amount = &document["components"]["schemas"]["Money"]["properties"]["amount"];
    assert_eq!(amount["type"], "string");
    let pool = DescriptorPool::decode(steerco_proto::FILE_DESCRIPTOR_SET).unwrap();
    let money = pool.get_message_by_name("steerco.v1.Money").unwrap();
    assert!(money.fields().all(|field| field.kind() == prost_reflect::Kind::String));
    let doubles = pool.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
    for field in doubles.filter(|field| field.full_name().starts_with("steerco.")) {
        let floats = matches!(field.kind(), prost_reflect::Kind::Double | prost_reflect::Kind::Float);
        let of_money = ["cost", "amount", "price", "rate", "budget", "value"].iter().any(|w| field.name().contains(w));
        // Tolerances are shares of a cost.
        let share = field.parent_message().name() == "Tolerances";
        assert!(!floats || !of_money || share, "{}", field.full_name());
    }
}

/// The files below a folder, by their paths.
fn files(below: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// A scenario for each kind, where its declaration is: who knows the one finds the other.
#[test]
fn every_kind_has_a_scenario_of_its_name_in_its_area() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let domain = tests.join("../crates/domain/src");
    let modules = std::fs::read_to_string(tests.join("tests/all.rs")).unwrap();
    let mut declared: BTreeMap<String, String> = BTreeMap::new();
    let mut faults = Vec::new();
    for path in files(&domain) {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().skip_while(|line| !line.starts_with("#[resource("));
        let Some(name) = lines.find_map(|line| line.strip_prefix("pub struct ")) else { continue };
        let name = snake(name.split(' ').next().unwrap());
        let file = path.file_stem().unwrap().to_str().unwrap();
        let area = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        if file != name {
            faults.push(format!("{} declares {name}, and is not called so", path.display()));
        }
        declared.insert(name, area.to_owned());
    }
    for kind in KINDS {
        let Some(area) = declared.get(kind.name) else {
            faults.push(format!("{}: no file below crates/domain/src declares it", kind.name));
            continue;
        };
        let file = tests.join(format!("tests/all/{area}/{}.rs", kind.name));
        let scenarios = std::fs::read_to_string(&file).unwrap_or_default();
        if !scenarios.contains("scenario!(") {
            faults.push(format!("{}: no scenario in tests/tests/all/{area}/{}.rs", kind.name, kind.name));
        }
        let compiled = modules.split("pub(crate) mod ").skip_while(|part| !part.starts_with(&format!("{area} {{")));
        let mut compiled = compiled.skip(1).take_while(|part| !part.contains(" {"));
        if !compiled.any(|part| part.starts_with(&format!("{};", kind.name))) {
            faults.push(format!("{}: tests/tests/all.rs does not name it below {area}", kind.name));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

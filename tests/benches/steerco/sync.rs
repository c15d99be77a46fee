//! Deliverables synced from a file by `steerco import`: all of them new, then none of them changed.

use std::io::{BufWriter, Write};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::client::{Times, ask_json, get};
use crate::data::{Data, Store};
use crate::process::{Folder, Server, cpu};
use crate::report::{Report, Row};
use crate::{Done, Flags};

pub(crate) fn run(
    flags: &Flags,
    store: &Store,
    data: &Data,
    server: &Server,
    dir: &Folder,
    report: &mut Report,
) -> Done<()> {
    if !flags.wants("W6 sync") {
        return Ok(());
    }
    let count = flags.deliverables;
    let file = dir.path().join("plan.ndjson");
    let mut out = BufWriter::new(std::fs::File::create(&file)?);
    for n in 0..count {
        let program = &data.programs[n % data.programs.len()];
        let title = format!("Deliverable {n}");
        writeln!(out, "{}", json!({ "external_id": format!("SYNC-{n}"), "program_id": program, "title": title }))?;
    }
    out.flush()?;
    for (row, what, fate) in [
        ("W6 sync first", "a deliverable of a file, new", "created"),
        ("W6 sync again", "the same, unchanged", "unchanged"),
    ] {
        let list = ask_json(server.address, &get("/v1/deliverables?page_size=1", &data.token))?;
        let before = cpu(Some(server.pid()), store.postgres.as_deref());
        let start = Instant::now();
        let told = Command::new(std::env::current_exe()?)
            .args(["import", "deliverable", "--source", "erp", "-o", "json"])
            .arg(&file)
            .env("STEERCO_SERVER", format!("http://{}", server.address))
            .env("STEERCO_TOKEN", &data.token)
            .output()?;
        let wall = start.elapsed();
        let cpu = cpu(Some(server.pid()), store.postgres.as_deref()) - before;
        let counts =
            String::from_utf8_lossy(&told.stdout).lines().last().map(serde_json::from_str::<serde_json::Value>);
        let counts = counts.transpose()?.unwrap_or_default();
        if !told.status.success() || counts[fate] != count {
            return Err(format!("{row}: {counts}: {}", String::from_utf8_lossy(&told.stderr)).into());
        }
        let after = list["sync_token"].as_str().unwrap_or_default();
        let page = ask_json(server.address, &get(&format!("/v1/events?page_size=1&after={after}"), &data.token))?;
        if page["events"].as_array().is_some_and(Vec::is_empty) != (fate == "unchanged") {
            return Err(format!("{row}: {page}").into());
        }
        let times = Times { micros: vec![u64::try_from(wall.as_micros())?], wall };
        report.rows.push(Row::new(store.name, row, what).measured(cpu, &times).each(count));
    }
    Ok(())
}

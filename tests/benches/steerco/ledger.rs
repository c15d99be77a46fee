//! The ledger grows to its size by pushes of 100,000 lines, and roll-ups are read from it: at its size, and at twice that.

use std::time::Instant;

use crate::client::{self, Connection, Times, get, get_if, post_as};
use crate::data::{Data, PUSHED, Store, push};
use crate::process::Folder;
use crate::report::{Report, Row};
use crate::work::{Bench, READERS, first_answer, start};
use crate::{Done, Flags, limits};

/// Rows of which the ledger is needed.
const ROWS: &[&str] = &["W4 push", "W4 100,000 lines", "W5", "W5 converted", "W5 unchanged", "W5 twice", "W7 push"];

/// The rows on a ledger of its size, on a server that was just started.
pub(crate) fn run(flags: &Flags, store: &Store, data: &Data, dir: &Folder, report: &mut Report) -> Done<()> {
    if !ROWS.iter().any(|row| flags.wants(row)) {
        return Ok(());
    }
    let server = start(store, dir)?;
    first_answer(&server, data)?;
    let bench = Bench { flags, store, data, server };
    let pushes = flags.ledger.div_ceil(PUSHED).max(1);
    let mut rounds = Vec::new();
    for serial in 0..pushes {
        rounds.push(one_push(&bench, serial)?);
        if serial == 0 && flags.wants("W7 push") {
            let row = Row::new(store.name, "W7 push", "the most memory of a server that took one push");
            report.rows.push(row.of(bench.server.memory().1 / 1024.0, "MiB"));
        }
    }
    rounds.sort_unstable_by_key(|(cpu, _)| *cpu);
    let (cpu, times) = &rounds[rounds.len() / 2];
    if flags.wants("W4 push") {
        let row = Row::new(store.name, "W4 push", "a line of actuals, 100,000 in a stream");
        report.rows.push(row.measured(*cpu, times).each(PUSHED));
        let row = Row::new(store.name, "W4 100,000 lines", "wall time of such a push");
        report.rows.push(row.of(times.wall.as_secs_f64(), "s"));
    }
    let lines = pushes * PUSHED;
    roll_up(&bench, "W5", &format!("roll-up of a portfolio over {lines} lines"), "", report)?;
    roll_up(&bench, "W5 converted", "the same, in another currency by the rates of the days", CONVERTED, report)?;
    unchanged(&bench, report)?;
    report.rows.extend(limits::live_sum(flags, store, data)?);
    if flags.wants("W5 twice") {
        for serial in pushes..2 * pushes {
            one_push(&bench, serial)?;
        }
        roll_up(&bench, "W5 twice", &format!("the same over {} lines", 2 * lines), "", report)?;
        let what = format!("the same over {} lines, in another currency", 2 * lines);
        roll_up(&bench, "W5 twice converted", &what, CONVERTED, report)?;
    }
    Ok(())
}

/// What a push cost and took.
fn one_push(bench: &Bench<'_>, serial: usize) -> Done<(u64, Times)> {
    eprintln!("{}: push {serial} of 100,000 lines", bench.store.name);
    // Beyond the batches of before.
    let serial = 1_000_000 + serial as u64;
    let body = push(&bench.data.programs, serial);
    let path = "/v1/actuals-batches/import";
    let request = post_as("application/x-ndjson", path, &bench.data.token, &format!("push-{serial}"), &body);
    let (before, start) = (bench.cpu(), Instant::now());
    let mut connection = Connection::open(bench.server.address)?;
    let (status, answer) = connection.ask(&request)?;
    if status != 201 {
        return Err(format!("status {status}: {}", String::from_utf8_lossy(answer)).into());
    }
    let wall = start.elapsed();
    Ok((bench.cpu() - before, Times { micros: vec![u64::try_from(wall.as_micros())?], wall }))
}

fn path(bench: &Bench<'_>) -> String {
    format!("/v1/portfolios/{}/financials", bench.data.portfolio)
}

/// Everything in euros as well, by category: as finely as it is asked for at most.
const CONVERTED: &str = "?currency=EUR&rate_type=spot&group_by=cost_category";

fn roll_up(bench: &Bench<'_>, name: &'static str, what: &str, query: &str, report: &mut Report) -> Done<()> {
    if !bench.flags.wants(name) {
        return Ok(());
    }
    let request = get(&(path(bench) + query), &bench.data.token);
    report.rows.extend(bench.rest((name, what), (READERS, 3_000), 200, |_| request.clone())?);
    Ok(())
}

/// By whoever holds the answer.
fn unchanged(bench: &Bench<'_>, report: &mut Report) -> Done<()> {
    if !bench.flags.wants("W5 unchanged") {
        return Ok(());
    }
    let Some(etag) = client::ask_etag(bench.server.address, &get(&path(bench), &bench.data.token))? else {
        eprintln!("{}: a roll-up has no validator, so W5 unchanged is not measured", bench.store.name);
        return Ok(());
    };
    let request = get_if(&path(bench), &bench.data.token, &format!("if-none-match: {etag}\r\n"));
    let what = ("W5 unchanged", "the same, by whoever holds the answer");
    report.rows.extend(bench.rest(what, (READERS, 20_000), 304, |_| request.clone())?);
    Ok(())
}

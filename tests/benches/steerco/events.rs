//! The feed and what hangs on it: a tail in pages, a digest, and the way of a change to a webhook.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Connection, Times, get, post};
use crate::data::{Data, Store, risk};
use crate::process::{Server, cpu};
use crate::report::{Report, Row};
use crate::{Done, Flags};

/// Pages of a tail.
const PAGES: u64 = 40;
/// Events in each.
const PAGE: usize = 1_000;

/// All of them.
pub(crate) fn run(flags: &Flags, store: &Store, data: &Data, server: &Server, report: &mut Report) -> Done<()> {
    let used = || cpu(Some(server.pid()), store.postgres.as_deref());
    if flags.wants("feed tail") {
        let before = used();
        let times = tail(server, data, flags.requests(PAGES))?;
        let row = Row::new(store.name, "feed tail", "an event of a tail, 1,000 to a page");
        report.rows.push(row.measured(used() - before, &times).each(PAGE));
    }
    if flags.wants("digest") {
        let before = used();
        let times = digests(server, data, flags.requests(20))?;
        let row = Row::new(store.name, "digest", &format!("digest of {} risks", data.risks.len()));
        report.rows.push(row.measured(used() - before, &times));
    }
    if flags.wants("webhook") {
        let before = used();
        let times = pushes(server, data, flags.requests(500))?;
        let row = Row::new(store.name, "webhook", "from a create that is sent to its webhook that has arrived");
        report.rows.push(row.measured(used() - before, &times));
    }
    Ok(())
}

fn timed(count: u64, mut work: impl FnMut(u64) -> Done<()>) -> Done<Times> {
    let start = Instant::now();
    let mut micros = Vec::new();
    for number in 0..count {
        let one = Instant::now();
        work(number)?;
        micros.push(u64::try_from(one.elapsed().as_micros())?);
    }
    let wall = start.elapsed();
    micros.sort_unstable();
    Ok(Times { micros, wall })
}

/// One reader that goes on and on, and begins anew at the end.
fn tail(server: &Server, data: &Data, pages: u64) -> Done<Times> {
    let mut connection = Connection::open(server.address)?;
    let mut after = String::new();
    timed(pages, |_| {
        let page = asked(&mut connection, &get(&format!("/v1/events?page_size={PAGE}&after={after}"), &data.token))?;
        page["next_cursor"].as_str().filter(|_| page["more"] == true).unwrap_or_default().clone_into(&mut after);
        Ok(())
    })
}

fn digests(server: &Server, data: &Data, count: u64) -> Done<Times> {
    let mut connection = Connection::open(server.address)?;
    timed(count, |_| asked(&mut connection, &get("/v1/digest?kinds=risk", &data.token)).map(|_| ()))
}

fn asked(connection: &mut Connection, request: &[u8]) -> Done<Value> {
    let (status, body) = connection.ask(request)?;
    if !(200..300).contains(&status) {
        return Err(format!("status {status}: {}", String::from_utf8_lossy(body)).into());
    }
    Ok(serde_json::from_slice(body)?)
}

/// One create after the other, each as soon as the webhook of the one before has arrived.
fn pushes(server: &Server, data: &Data, count: u64) -> Done<Times> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let (tell, arrivals) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || receive(stream, &tell));
        }
    });
    let mut connection = Connection::open(server.address)?;
    let mut ask = |path: &str, key: &str, body: &str| asked(&mut connection, &post(path, &data.token, key, body));
    let body = format!("{{\"name\": \"bench\", \"url\": \"{url}\", \"kinds\": [\"risk\"]}}");
    let endpoint = ask("/v1/webhook-endpoints", "bench-endpoint", &body)?;
    let id = endpoint["id"].as_str().unwrap_or_default().to_owned();
    ask(&format!("/v1/webhook-endpoints/{id}/rotate-secret"), "bench-secret", "{}")?;
    let mut arrived = HashSet::new();
    // The first finds the node that sends.
    let mut push = |number: u64| {
        let program = &data.programs[usize::try_from(number)? % data.programs.len()];
        let made =
            ask("/v1/risks", &format!("bench-push-{number}"), &risk(program, usize::try_from(number)?).to_string())?;
        wait(&arrivals, &mut arrived, made["id"].as_str().unwrap_or_default())
    };
    push(u64::from(u32::MAX))?;
    let times = timed(count, &mut push)?;
    ask(&format!("/v1/webhook-endpoints/{id}/disable"), "bench-disable", "{}")?;
    Ok(times)
}

fn wait(arrivals: &Receiver<String>, arrived: &mut HashSet<String>, subject: &str) -> Done<()> {
    while !arrived.remove(subject) {
        let next = arrivals.recv_timeout(Duration::from_secs(30)).map_err(|_| "no webhook within 30 seconds")?;
        arrived.insert(next);
    }
    Ok(())
}

/// Takes what comes over a connection and tells of which resource it was.
fn receive(stream: TcpStream, tell: &Sender<String>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok()?;
        let event: Value = serde_json::from_slice(&body).ok()?;
        tell.send(event["subject"].as_str()?.to_owned()).ok()?;
    }
}

//! The rows: what is asked of the server, and what it cost.

use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use steerco_proto::v1::GetRequest;
use steerco_proto::v1::risk_service_client::RiskServiceClient;
use tonic::transport::Endpoint;

use crate::client::{self, Connection, Times, get, post};
use crate::data::{BASE_URL, Data, LINES, Store, actuals, risk};
use crate::process::{Folder, Server, cpu};
use crate::report::{Report, Row};
use crate::{Done, Flags, events, ledger, sync};

/// Rounds of a row; the one of median CPU counts.
const ROUNDS: usize = 3;
/// Connections that read at once.
pub(crate) const READERS: usize = 8;
/// Connections that write at once.
const WRITERS: usize = 16;
/// Starts of the server; the median counts.
const STARTS: usize = 5;

/// All rows on one database.
pub(crate) fn run(flags: &Flags, store: &Store, data: &Data, dir: &Folder, report: &mut Report) -> Done<()> {
    let server = starts(flags, store, data, dir, report)?;
    eprintln!("{}: server {} at {}", store.name, server.pid(), server.address);
    let bench = Bench { flags, store, data, server };
    bench.reads(report)?;
    bench.feed(report)?;
    events::run(flags, store, data, &bench.server, report)?;
    bench.writes(report)?;
    if flags.wants("W7 load") {
        let row = Row::new(store.name, "W7 load", "the most memory under all of the above");
        report.rows.push(row.of(bench.server.memory().1 / 1024.0, "MiB"));
    }
    bench.batches(report)?;
    sync::run(flags, store, data, &bench.server, dir, report)?;
    drop(bench);
    ledger::run(flags, store, data, dir, report)
}

pub(crate) fn start(store: &Store, dir: &Folder) -> Done<Server> {
    let log = Stdio::from(File::create(dir.path().join("server.log"))?);
    let settings = [
        ("STEERCO_BASE_URL", BASE_URL),
        // The client is one caller; the rate is looked at, and never reached.
        ("STEERCO_LIMITS__REQUESTS_PER_SECOND", "10000000"),
        ("STEERCO_LIMITS__BURST", "10000000"),
        // A push may have to wait for the machine.
        ("STEERCO_LIMITS__REQUEST_SECONDS", "120"),
        // The receiver of webhooks is here too.
        ("STEERCO_WEBHOOKS__ALLOW", "[\"127.0.0.0/8\"]"),
    ];
    Server::start("serve", &["--database", &store.url], &settings, log)
}

/// Time from the start of the process to its first answer; the last server started is kept.
fn starts(flags: &Flags, store: &Store, data: &Data, dir: &Folder, report: &mut Report) -> Done<Server> {
    let (mut times, mut kept) = (Vec::new(), None);
    let starts = if flags.wants("W7 start") { STARTS } else { 1 };
    for _ in 0..starts {
        drop(kept.take());
        let begun = Instant::now();
        let server = start(store, dir)?;
        first_answer(&server, data)?;
        times.push(begun.elapsed());
        kept = Some(server);
    }
    times.sort_unstable();
    let server = kept.ok_or("no start")?;
    if flags.wants("W7 start") {
        let row = Row::new(store.name, "W7 start", "start to first answer");
        report.rows.push(row.of(times[times.len() / 2].as_secs_f64() * 1e3, "ms"));
    }
    if flags.wants("W7 idle") {
        std::thread::sleep(Duration::from_millis(300));
        let row = Row::new(store.name, "W7 idle", "memory after the first answer");
        report.rows.push(row.of(server.memory().0 / 1024.0, "MiB"));
    }
    Ok(server)
}

pub(crate) fn first_answer(server: &Server, data: &Data) -> Done<()> {
    let request = get(&format!("/v1/risks/{}", data.risks[0]), &data.token);
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = Connection::open(server.address).and_then(|mut conn| Ok(conn.ask(&request)?.0));
        match answer {
            Ok(200) => return Ok(()),
            Ok(status) => return Err(format!("the first answer is {status}").into()),
            Err(cause) if Instant::now() > limit => return Err(cause),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// A server at work.
pub(crate) struct Bench<'a> {
    pub(crate) flags: &'a Flags,
    pub(crate) store: &'a Store,
    pub(crate) data: &'a Data,
    pub(crate) server: Server,
}

impl Bench<'_> {
    pub(crate) fn cpu(&self) -> u64 {
        cpu(Some(self.server.pid()), self.store.postgres.as_deref())
    }

    /// Runs a row: a round to warm up, then the rounds that count.
    fn row(&self, row: Row, usual: u64, round: impl Fn(u64) -> Done<Times>) -> Done<Option<Row>> {
        if !self.flags.wants(row.row) {
            return Ok(None);
        }
        let count = self.flags.requests(usual);
        eprintln!("{}: {} {}, {ROUNDS} × {count}", row.store, row.row, row.what());
        round(count / 4)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let before = self.cpu();
            let times = round(count)?;
            rounds.push((self.cpu() - before, times));
        }
        rounds.sort_unstable_by_key(|(cpu, _)| *cpu);
        let (cpu, times) = &rounds[ROUNDS / 2];
        Ok(Some(row.measured(*cpu, times)))
    }

    pub(crate) fn rest(
        &self,
        (name, what): (&'static str, &str),
        (connections, usual): (usize, u64),
        expected: u16,
        request: impl Fn(u64) -> Vec<u8> + Sync,
    ) -> Done<Option<Row>> {
        let row = Row::new(self.store.name, name, what);
        self.row(row, usual, |count| client::load(self.server.address, connections, count, expected, &request))
    }

    /// The id of a risk, far from that of the number before.
    fn risk(&self, number: u64) -> &str {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let index = usize::try_from(spread).unwrap_or(0) % self.data.risks.len();
        &self.data.risks[index]
    }

    fn program(&self, number: u64) -> &str {
        &self.data.programs[usize::try_from(number).unwrap_or(0) % self.data.programs.len()]
    }

    fn reads(&self, report: &mut Report) -> Done<()> {
        let token = &self.data.token;
        let one = |number| get(&format!("/v1/risks/{}", self.risk(number)), token);
        report.rows.extend(self.rest(("W1", "one risk"), (READERS, 20_000), 200, one)?);
        let row = Row::new(self.store.name, "W1 gRPC", "one risk");
        report.rows.extend(self.row(row, 20_000, |count| self.grpc(count))?);
        let page = |number| {
            let filter = format!("program_id%20%3D%20%22{}%22%20AND%20kind%20%3D%20%22threat%22", self.program(number));
            get(&format!("/v1/risks?page_size=100&filter={filter}"), token)
        };
        report.rows.extend(self.rest(("W2", "100 risks of a program, filtered"), (READERS, 3_000), 200, page)?);
        let page = |number| {
            let filter =
                format!("program_id%20%3D%20%22{}%22%20AND%20state%20%3D%20%22planned%22", self.program(number));
            get(&format!("/v1/deliverables?page_size=100&filter={filter}"), token)
        };
        let what = ("W2 deliverables", "100 deliverables of a program, filtered");
        report.rows.extend(self.rest(what, (READERS, 3_000), 200, page)?);
        Ok(())
    }

    fn feed(&self, report: &mut Report) -> Done<()> {
        let events =
            |after: &str, size: u32| get(&format!("/v1/events?page_size={size}&after={after}"), &self.data.token);
        let cursor = |answer: &serde_json::Value, name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let address = self.server.address;
        let later = cursor(&client::ask_json(address, &events("", 1000))?, "next_cursor");
        let changes = |_| events(&later, 100);
        report.rows.extend(self.rest(("W6", "100 changes"), (READERS, 3_000), 200, changes)?);
        let list = client::ask_json(address, &get("/v1/risks?page_size=1", &self.data.token))?;
        let end = cursor(&list, "sync_token");
        report.rows.extend(self.rest(("W6 idle", "nothing new"), (READERS, 20_000), 200, |_| events(&end, 100))?);
        Ok(())
    }

    fn writes(&self, report: &mut Report) -> Done<()> {
        let serial = AtomicU64::new(0);
        let create = |number| {
            let index = usize::try_from(number).unwrap_or(0);
            let body = risk(self.program(number), index).to_string();
            let key = format!("bench-{}", serial.fetch_add(1, Ordering::Relaxed));
            post("/v1/risks", &self.data.token, &key, &body)
        };
        let (many, alone) = if self.store.postgres.is_some() { (3_000, 600) } else { (12_000, 600) };
        report.rows.extend(self.rest(("W3", "durable create, 16 writers"), (WRITERS, many), 201, create)?);
        report.rows.extend(self.rest(("W3 alone", "durable create, one writer"), (1, alone), 201, create)?);
        Ok(())
    }

    fn batches(&self, report: &mut Report) -> Done<()> {
        let serial = AtomicU64::new(0);
        let batch = |number| {
            let serial = serial.fetch_add(1, Ordering::Relaxed);
            post(
                "/v1/actuals-batches",
                &self.data.token,
                &format!("actuals-{serial}"),
                &actuals(self.program(number), serial),
            )
        };
        let what = ("W4", "a line of actuals, 10,000 to a batch");
        report.rows.extend(self.rest(what, (1, 10), 201, batch)?.map(|row| row.each(LINES)));
        Ok(())
    }

    /// One risk over gRPC, as many connections as over REST.
    fn grpc(&self, count: u64) -> Done<Times> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let next = AtomicU64::new(0);
        let authorization: tonic::metadata::MetadataValue<_> = format!("Bearer {}", self.data.token).parse()?;
        let reader = async || -> Done<Vec<u64>> {
            let channel = Endpoint::new(format!("http://{}", self.server.address))?.connect().await?;
            let mut client = RiskServiceClient::new(channel);
            let mut micros = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(micros);
                }
                let mut request =
                    tonic::Request::new(GetRequest { id: self.risk(number).to_owned(), ..GetRequest::default() });
                request.metadata_mut().insert("authorization", authorization.clone());
                let start = Instant::now();
                client.get_risk(request).await?;
                micros.push(u64::try_from(start.elapsed().as_micros())?);
            }
        };
        let start = Instant::now();
        let read = runtime.block_on(futures::future::join_all((0..READERS).map(|_| reader())));
        let wall = start.elapsed();
        let mut micros = read.into_iter().collect::<Done<Vec<_>>>()?.concat();
        micros.sort_unstable();
        Ok(Times { micros, wall })
    }
}

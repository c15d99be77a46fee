//! The table: what was measured beside what is promised.

use crate::client::Times;

/// The promises: row, then the figure on SQLite and on `PostgreSQL`, reach before aim.
const PROMISES: &[(&str, [f64; 2], [f64; 2])] = &[
    ("W1", [120.0, 60.0], [280.0, 150.0]),
    ("W1 gRPC", [120.0, 60.0], [280.0, 150.0]),
    ("W2", [700.0, 400.0], [750.0, 550.0]),
    ("W2 deliverables", [700.0, 400.0], [750.0, 550.0]),
    ("W3", [200.0, 100.0], [550.0, 300.0]),
    ("W4", [18.0, 8.0], [16.0, 8.0]),
    ("W4 push", [18.0, 8.0], [16.0, 8.0]),
    ("W4 100,000 lines", [2.5, 1.0], [2.5, 1.0]),
    ("W5", [400.0, 200.0], [400.0, 200.0]),
    ("W5 twice", [400.0, 200.0], [400.0, 200.0]),
    ("W5 unchanged", [60.0, 60.0], [150.0, 150.0]),
    ("W6", [400.0, 250.0], [600.0, 250.0]),
    ("W6 idle", [100.0, 60.0], [220.0, 60.0]),
    ("W7 start", [100.0, 50.0], [100.0, 50.0]),
    ("W7 idle", [40.0, 20.0], [40.0, 20.0]),
    ("W7 load", [80.0, 50.0], [80.0, 50.0]),
    ("W7 push", [150.0, 100.0], [150.0, 100.0]),
];

/// A line of the table.
pub(crate) struct Row {
    pub(crate) store: &'static str,
    pub(crate) row: &'static str,
    what: String,
    /// Microseconds of CPU a request, where nothing else is said.
    figure: Option<f64>,
    unit: &'static str,
    /// Microseconds of wall time: median and 99th percentile.
    wall: Option<(u64, u64)>,
    /// Requests a second.
    rate: f64,
}

impl Row {
    pub(crate) fn new(store: &'static str, row: &'static str, what: &str) -> Self {
        Self { store, row, what: what.to_owned(), figure: None, unit: "µs", wall: None, rate: 0.0 }
    }

    /// The row of something that is no CPU of requests.
    pub(crate) fn of(self, figure: f64, unit: &'static str) -> Self {
        Self { figure: Some(figure), unit, ..self }
    }

    pub(crate) fn at_rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }

    /// The row of `count` requests that took this long and this much CPU.
    #[expect(clippy::cast_precision_loss, reason = "figures to print")]
    pub(crate) fn measured(self, cpu_micros: u64, times: &Times) -> Self {
        let count = times.micros.len().max(1);
        let at = |percent: usize| times.micros.get(count * percent / 100).copied().unwrap_or(0);
        let rate = count as f64 / times.wall.as_secs_f64();
        Self { figure: Some(cpu_micros as f64 / count as f64), wall: Some((at(50), at(99))), rate, ..self }
    }

    /// The same of each part of a request.
    #[expect(clippy::cast_precision_loss, reason = "figures to print")]
    pub(crate) fn each(self, parts: usize) -> Self {
        Self { figure: self.figure.map(|cpu| cpu / parts as f64), rate: self.rate * parts as f64, ..self }
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }
}

/// Everything measured.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn print(&self) {
        println!("\nCPU of the process tree a request (µs), or what the unit says; p50 and p99 are wall time in µs.\n");
        println!("| database | row | work | figure | unit | reach | aim | p50 | p99 | a second |");
        println!("|---|---|---|--:|---|--:|--:|--:|--:|--:|");
        for row in &self.rows {
            let promised = PROMISES.iter().find(|(name, ..)| *name == row.row);
            let promised = promised.map(|(_, sqlite, postgres)| if row.store == "SQLite" { sqlite } else { postgres });
            let [reach, aim] = promised.map_or([String::new(), String::new()], |both| both.map(|n| n.to_string()));
            let figure = row.figure.map(|figure| format!("{figure:.1}")).unwrap_or_default();
            let [p50, p99] = row.wall.map_or([String::new(), String::new()], |(a, b)| [a, b].map(|n| n.to_string()));
            let rate = if row.rate > 0.0 { format!("{:.0}", row.rate) } else { String::new() };
            let (store, name, what, unit) = (row.store, row.row, &row.what, row.unit);
            println!("| {store} | {name} | {what} | {figure} | {unit} | {reach} | {aim} | {p50} | {p99} | {rate} |");
        }
    }
}

//! A batch of actuals as sent: its lines in chunks, in memory or staged, and facts about all lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use steerco_domain::Error;
use steerco_domain::actuals_batch::{ActualsProgressState, PostActualsBatch};
use steerco_domain::actuals_line::{ActualsLine, LineSums};
use steerco_domain::error::Fault;
use steerco_domain::field::{Cell, Cells, Field};
use steerco_domain::hex::hex;
use steerco_domain::input::Input;
use steerco_domain::text::Text;
use steerco_domain::time::Day;
use steerco_persistence::{Conn, Fail, blob};

use crate::actuals_progress::Watch;
use crate::coding_rule::{Named, name_all};
use crate::staging::Staged;

/// Number and line of a purchase order; the line is empty where the order has no line.
pub(crate) type OrderKey = (String, String);

/// Number of lines that are processed together.
pub(crate) const CHUNK: usize = 1_000;
/// Maximum number of line faults in one response.
pub(crate) const FAULTS_MAX: usize = 1_000;

/// A line and the digest of its content, computed once.
pub(crate) struct Line {
    pub(crate) line: ActualsLine,
    pub(crate) digest: Text<64>,
}

impl Line {
    pub(crate) fn new(line: ActualsLine) -> Self {
        Self { digest: line.content_digest(), line }
    }

    /// Cells for staging, so that the line is not parsed as a request again.
    fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        self.digest.store(&mut cells);
        self.line.to_cells(&mut cells);
        cells
    }

    fn staged(cells: Vec<Cell>) -> Option<Self> {
        let mut cells = Cells::new(cells);
        Some(Self { digest: Text::load(&mut cells)?, line: ActualsLine::from_cells(&mut cells)? })
    }
}

/// Lines in chunks.
pub(crate) enum Lines {
    Held(Vec<Arc<Vec<Line>>>),
    Staged { org: String, upload: String, chunks: usize },
}

impl Lines {
    pub(crate) fn chunks(&self) -> usize {
        match self {
            Self::Held(chunks) => chunks.len(),
            Self::Staged { chunks, .. } => *chunks,
        }
    }

    /// A chunk; empty after the last one.
    pub(crate) async fn chunk(&self, conn: &Conn, n: usize) -> Result<Arc<Vec<Line>>, Fail> {
        match self {
            Self::Held(chunks) => Ok(chunks.get(n).cloned().unwrap_or_default()),
            Self::Staged { chunks, .. } if n >= *chunks => Ok(Arc::default()),
            Self::Staged { org, upload, .. } => {
                let bytes = blob::get_piece(conn, org, upload, i64::try_from(n).unwrap_or(i64::MAX)).await?;
                let rows: Vec<Vec<Cell>> = serde_json::from_slice(&bytes)
                    .map_err(|error| Fail::broken(format!("chunk {n} of {upload}: {error}")))?;
                let lines: Option<_> = rows.into_iter().map(Line::staged).collect();
                lines.map(Arc::new).ok_or_else(|| Fail::broken(format!("chunk {n} of {upload} is not of lines")))
            }
        }
    }
}

/// A batch as sent.
pub(crate) struct Sent {
    /// The batch without its lines.
    pub(crate) batch: PostActualsBatch,
    pub(crate) lines: Lines,
    pub(crate) count: usize,
    pub(crate) sums: LineSums,
    /// Faults of single lines.
    pub(crate) faults: Vec<Fault>,
    pub(crate) named: Named,
    /// The order lines that are invoiced.
    pub(crate) orders: BTreeSet<OrderKey>,
    /// The numbers of invoices, or else of documents, that the lines name.
    pub(crate) invoices: BTreeSet<String>,
    pub(crate) first_day: Option<Day>,
    /// Whether any line names its fiscal period.
    pub(crate) names_periods: bool,
    pub(crate) sha256: String,
    /// Receives the progress of a long batch.
    pub(crate) watch: Option<Arc<Watch>>,
}

impl Sent {
    /// Stores that this chunk has reached this step.
    pub(crate) async fn tell(&self, state: ActualsProgressState, chunk: usize) {
        if let Some(watch) = &self.watch {
            watch.tell(state, (chunk * CHUNK).min(self.count)).await;
        }
    }

    /// A batch that arrived in one message.
    pub(crate) fn whole(mut batch: PostActualsBatch) -> Self {
        let lines = std::mem::take(&mut batch.lines.0);
        let mut gather = Gather::new(batch);
        let lines: Vec<Line> = lines.into_iter().map(Line::new).collect();
        for (i, line) in lines.iter().enumerate() {
            line.line.check(&format!("/lines/{i}"), &mut gather.faults);
            gather.see(line);
        }
        gather.faults.truncate(FAULTS_MAX);
        let mut chunks = Vec::with_capacity(lines.len().div_ceil(CHUNK));
        let mut rest = lines.into_iter();
        loop {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            chunks.push(Arc::new(chunk));
        }
        gather.sent(Lines::Held(chunks))
    }
}

/// Collects facts about all lines, line by line.
pub(crate) struct Gather {
    batch: PostActualsBatch,
    pub(crate) count: usize,
    sums: LineSums,
    pub(crate) faults: Vec<Fault>,
    named: Named,
    orders: BTreeSet<OrderKey>,
    invoices: BTreeSet<String>,
    first_day: Option<Day>,
    names_periods: bool,
    digest: Sha256,
}

impl Gather {
    pub(crate) fn new(batch: PostActualsBatch) -> Self {
        let mut digest = Sha256::new();
        let control = serde_json::to_string(&batch.control).unwrap_or_default();
        let entity = batch.legal_entity_id.map(|id| id.to_string()).unwrap_or_default();
        for part in [batch.source.as_str(), batch.batch_ref.as_str(), &entity, &control] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self {
            batch,
            count: 0,
            sums: LineSums::default(),
            faults: Vec::new(),
            named: Named::new(),
            orders: BTreeSet::new(),
            invoices: BTreeSet::new(),
            first_day: None,
            names_periods: false,
            digest,
        }
    }

    pub(crate) fn see(&mut self, Line { line, digest }: &Line) {
        self.count += 1;
        self.sums.add(line);
        name_all(line, &mut self.named);
        self.orders.extend(line.order());
        if let Some(number) = line.invoice().filter(|number| !self.invoices.contains(number.as_str())) {
            self.invoices.insert(number.to_string());
        }
        self.first_day = Some(self.first_day.map_or(line.posted_on, |first| first.min(line.posted_on)));
        self.names_periods |= line.fiscal_period_id.is_some();
        self.digest.update((line.external_id.as_str().len() as u64).to_le_bytes());
        self.digest.update(line.external_id.as_str());
        self.digest.update(digest.as_str());
    }

    pub(crate) fn sent(self, lines: Lines) -> Sent {
        let Self { batch, count, sums, faults, named, orders, invoices, first_day, names_periods, digest } = self;
        let sha256 = hex(&digest.finalize());
        Sent {
            batch,
            lines,
            count,
            sums,
            faults,
            named,
            orders,
            invoices,
            first_day,
            names_periods,
            sha256,
            watch: None,
        }
    }
}

/// Stages lines outside of memory as they arrive.
pub(crate) struct Stager {
    pub(crate) staged: Staged,
    waiting: Vec<Line>,
}

impl Stager {
    pub(crate) fn new(staged: Staged) -> Self {
        Self { staged, waiting: Vec::with_capacity(CHUNK) }
    }

    pub(crate) async fn add(&mut self, line: Line) -> Result<(), Error> {
        self.waiting.push(line);
        if self.waiting.len() == CHUNK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let rows: Vec<_> = self.waiting.drain(..).map(|line| line.cells()).collect();
        let chunk = serde_json::to_vec(&rows).map_err(|cause| Error::internal(cause))?;
        self.staged.add(chunk.into()).await
    }

    /// The staged lines.
    pub(crate) async fn done(&mut self) -> Result<Lines, Error> {
        if !self.waiting.is_empty() {
            self.flush().await?;
        }
        let chunks = usize::try_from(self.staged.pieces).unwrap_or_default();
        Ok(Lines::Staged { org: self.staged.org.clone(), upload: self.staged.upload.clone(), chunks })
    }
}

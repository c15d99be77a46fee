//! The file of a run as its parser takes it: bytes in, records out, with little of either in memory.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::StreamExt;
use steerco_domain::error::{Error, Reason};
use steerco_domain::import_job::ImportFormat;
use steerco_domain::interchange::csv_records::{self, Layout};
use steerco_domain::interchange::schedule::Target;
use steerco_domain::interchange::{RECORDS_MAX, Record, ecb_rates, icalendar_events, mspdi, xer};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::Service;
use crate::attachment::Download;

/// Number of records that are handed over at a time.
pub(super) const BATCH: usize = crate::BATCH_MAX;

/// How the file is parsed.
pub(super) enum Plan {
    Csv(Layout),
    Schedule(ImportFormat, Target),
    /// Exchange rates, with the reference of their source.
    Rates(String),
}

/// A file that is being parsed.
pub(super) struct Reading {
    pub(super) batches: Receiver<Vec<Record>>,
    reader: tokio::task::JoinHandle<Result<(), Error>>,
    feeder: tokio::task::JoinHandle<()>,
    pub(super) bytes: Arc<AtomicU64>,
}

impl Reading {
    pub(super) fn start(service: &Service, file: Download, plan: Arc<Plan>) -> Self {
        let (to_reader, from_file) = channel::<Result<Bytes, Error>>(2);
        let (to_run, batches) = channel(1);
        let bytes = Arc::new(AtomicU64::new(0));
        let (counted, size) = (Arc::clone(&bytes), file.size);
        let mut pieces = Box::pin(service.pieces(file, 0, size));
        let feeder = tokio::spawn(async move {
            while let Some(piece) = pieces.next().await {
                if to_reader.send(piece).await.is_err() {
                    break;
                }
            }
        });
        let reader = tokio::task::spawn_blocking(move || {
            let input = Pieces { from: from_file, now: Bytes::new(), counted, failed: None };
            read(input, &plan, &to_run)
        });
        Self { batches, reader, feeder, bytes }
    }

    /// The result of parsing.
    pub(super) async fn end(self) -> Result<(), Error> {
        drop(self.batches);
        let ended = self.reader.await.map_err(|cause| Error::internal(cause))?;
        self.feeder.abort();
        ended
    }
}

fn read(mut input: Pieces, plan: &Plan, to_run: &Sender<Vec<Record>>) -> Result<(), Error> {
    let (mut waiting, mut count) = (Vec::new(), 0_usize);
    let mut sink = |record: Record| {
        count += 1;
        if count > RECORDS_MAX {
            return Err(Error::new(Reason::TooLarge, format!("a file may have at most {RECORDS_MAX} records")));
        }
        waiting.push(record);
        if waiting.len() == BATCH { hand_over(to_run, &mut waiting) } else { Ok(()) }
    };
    let read = match plan {
        Plan::Csv(layout) => csv_records::read(&mut input, layout, &mut sink),
        Plan::Schedule(format, target) => match format {
            ImportFormat::Xer => xer::read(&mut input, target, &mut sink),
            ImportFormat::Icalendar => icalendar_events::read(&mut input, target, &mut sink),
            _ => mspdi::read(&mut input, target, &mut sink),
        },
        Plan::Rates(source) => ecb_rates::read(&mut input, source, &mut sink),
    };
    if let Some(failed) = input.failed.take() {
        return Err(failed);
    }
    // Records before a fault are reported too.
    hand_over(to_run, &mut waiting)?;
    read
}

fn hand_over(to_run: &Sender<Vec<Record>>, waiting: &mut Vec<Record>) -> Result<(), Error> {
    let gone = |_| Error::new(Reason::Internal, "the run has ended");
    to_run.blocking_send(std::mem::take(waiting)).map_err(gone)
}

/// The bytes of the file, fetched piece by piece.
struct Pieces {
    from: Receiver<Result<Bytes, Error>>,
    now: Bytes,
    counted: Arc<AtomicU64>,
    failed: Option<Error>,
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.now.is_empty() {
            match self.from.blocking_recv() {
                Some(Ok(bytes)) => {
                    self.counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    self.now = bytes;
                }
                Some(Err(error)) => {
                    self.failed = Some(error);
                    return Err(io::Error::other("the stored file cannot be read"));
                }
                None => break,
            }
        }
        Ok(&self.now)
    }

    fn consume(&mut self, amount: usize) {
        drop(self.now.split_to(amount));
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let count = filled.len().min(into.len());
        into[..count].copy_from_slice(&filled[..count]);
        self.consume(count);
        Ok(count)
    }
}

//! What becomes of each line of a batch of actuals. Lines are looked at in chunks; of each, a few bytes are kept.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use steerco_domain::actuals_batch::ActualsStatus;
use steerco_domain::actuals_line::{ActualsLine, Tally};
use steerco_domain::fiscal_period::FiscalPeriod;
use steerco_domain::id::Id;
use steerco_domain::legal_entity::LegalEntity;
use steerco_domain::money::Currency;
use steerco_persistence::ledger::{self, Known, Unposted};
use steerco_persistence::{Fail, Scope};

use crate::actuals_periods::Periods;
use crate::actuals_sent::{CHUNK, FAULTS_MAX, Line, Sent};
use crate::coding::{Coder, Coding};
use crate::execute::Env;

/// What becomes of a line that is posted.
#[derive(Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) status: ActualsStatus,
    pub(crate) repeats: bool,
    /// Where it goes, as a place in [`Resolved::courses`].
    course: u32,
}

/// Period, the one it belongs to where that is another, and what it is a cost of: many lines share them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Course {
    pub(crate) period: Id<FiscalPeriod>,
    pub(crate) prior: Option<Id<FiscalPeriod>>,
    pub(crate) coding: Coding,
}

/// What becomes of all lines.
#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) fates: Vec<Option<Fate>>,
    courses: Vec<Course>,
    pub(crate) unposted: Vec<Unposted>,
    pub(crate) tally: Tally,
    /// The entries that lines replace, by the number of the line from 0.
    pub(crate) replaced: HashMap<usize, String>,
}

impl Resolved {
    pub(crate) fn course(&self, fate: Fate) -> Option<&Course> {
        self.courses.get(usize::try_from(fate.course).ok()?)
    }
}

/// Everything that is known while lines find their ends.
pub(crate) struct Resolver<'a> {
    sent: &'a Sent,
    periods: &'a Periods,
    coder: Coder,
    org: String,
    /// Of the books.
    currency: Currency,
    resolved: Resolved,
    courses: HashMap<Course, u32>,
    /// Digest of each identifier, with that of the content it came with.
    seen: HashMap<u128, u128>,
    contents: HashSet<u128>,
    /// Lines that refuse the whole.
    rejected: usize,
}

impl<'a> Resolver<'a> {
    pub(crate) async fn new(
        env: &Env<'_>,
        scope: &Scope,
        sent: &'a Sent,
        entity: &LegalEntity,
        periods: &'a Periods,
    ) -> Result<Self, Fail> {
        let coder = Coder::read(env, scope, sent.batch.source.as_str(), entity, &sent.named).await?;
        Ok(Self {
            sent,
            periods,
            coder,
            org: scope.org().to_owned(),
            currency: entity.currency,
            resolved: Resolved::default(),
            courses: HashMap::new(),
            seen: HashMap::new(),
            contents: HashSet::new(),
            rejected: 0,
        })
    }

    pub(crate) fn done(self) -> Resolved {
        self.resolved
    }

    /// Looks at the next chunk.
    pub(crate) async fn take(&mut self, env: &Env<'_>, n: usize) -> Result<(), Fail> {
        let lines = self.sent.lines.chunk(env.conn, n).await?;
        let source = self.sent.batch.source.as_str();
        let ids: Vec<&str> = lines.iter().map(|Line { line, .. }| line.external_id.as_str()).collect();
        let known = ledger::find_known(env.conn, &self.org, source, &ids).await?;
        let digests: Vec<&str> = lines.iter().map(|line| line.digest.as_str()).collect();
        let posted = ledger::find_contents(env.conn, &self.org, source, &digests).await?;
        for (i, Line { line, digest }) in lines.iter().enumerate() {
            let (digest, number) = (digest.as_str(), n * CHUNK + i);
            match self.end(line, digest, known.get(line.external_id.as_str()), &posted, number) {
                Ok(fate) => {
                    self.contents.insert(number_of(digest));
                    self.resolved.tally.add(fate.status, line.amount);
                    self.resolved.fates.push(Some(fate));
                }
                Err(end) => self.leave(line, number, end),
            }
        }
        Ok(())
    }

    fn leave(&mut self, line: &ActualsLine, number: usize, (status, reason, entry_id): End) {
        let resolved = &mut self.resolved;
        resolved.fates.push(None);
        resolved.tally.add(status, line.amount);
        // Where one rejected line refuses all, no more of them are told than are shown.
        if status == ActualsStatus::Rejected && !self.sent.batch.partial {
            self.rejected += 1;
            if self.rejected > FAULTS_MAX {
                return;
            }
        }
        resolved.unposted.push(Unposted {
            line: i32::try_from(number + 1).unwrap_or(i32::MAX),
            external_id: line.external_id.as_str().to_owned(),
            status,
            reason,
            entry_id,
            amount: line.amount,
        });
    }

    fn end(
        &mut self,
        line: &ActualsLine,
        digest: &str,
        known: Option<&Known>,
        posted: &HashSet<String>,
        number: usize,
    ) -> Result<Fate, End> {
        let earlier = self.seen.insert(short(line.external_id.as_str()), number_of(digest));
        match (earlier, known) {
            (Some(earlier), _) if earlier == number_of(digest) => Err((ActualsStatus::Duplicate, None, None)),
            (Some(_), _) => {
                let detail = "an earlier line of this batch has this external_id and other content".to_owned();
                Err((ActualsStatus::Rejected, Some(("DUPLICATE".to_owned(), detail)), None))
            }
            (None, Some(known)) if known.content_digest == digest => {
                Err((ActualsStatus::Duplicate, None, Some(known.entry_id.clone())))
            }
            (None, known) => {
                let repeats = self.contents.contains(&number_of(digest)) || posted.contains(digest);
                self.fate(line, known, repeats, number)
            }
        }
    }

    fn fate(&mut self, line: &ActualsLine, known: Option<&Known>, repeats: bool, number: usize) -> Result<Fate, End> {
        let rejected = |code: &str, detail: String| {
            (ActualsStatus::Rejected, Some((code.to_owned(), detail)), known.map(|known| known.entry_id.clone()))
        };
        if known.is_some() && !self.sent.batch.corrections {
            let detail = "was sent before with other content; say corrections to correct it";
            return Err(rejected("CHANGED", detail.to_owned()));
        }
        if let Some(local) = line.local_amount.filter(|local| local.currency != self.currency) {
            let detail =
                format!("local_amount is in {}, the books are in {}", local.currency.code(), self.currency.code());
            return Err(rejected("DOES_NOT_FIT", detail));
        }
        let (period, prior) = self.periods.of(line).map_err(|(code, detail)| rejected(code, detail))?;
        let coding = self.coder.code(line).map_err(|(code, detail)| rejected(code, detail))?;
        let status = match (known, coding.program_id) {
            (Some(_), _) => ActualsStatus::Corrected,
            (None, Some(_)) => ActualsStatus::Posted,
            (None, None) => ActualsStatus::Suspense,
        };
        if let Some(known) = known {
            self.resolved.replaced.insert(number, known.entry_id.clone());
        }
        let course = Course { period, prior, coding };
        let next = u32::try_from(self.courses.len()).unwrap_or(u32::MAX);
        let place = *self.courses.entry(course).or_insert(next);
        if place == next {
            self.resolved.courses.push(course);
        }
        Ok(Fate { status, repeats, course: place })
    }
}

/// Of each identifier a few bytes are enough to know it again.
fn short(text: &str) -> u128 {
    let digest = Sha256::digest(text);
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// A digest of a content, 32 hexadecimal digits, as a number.
fn number_of(digest: &str) -> u128 {
    u128::from_str_radix(digest, 16).unwrap_or_default()
}

/// Why a line is not posted: its status, code and words, and the entry that was there.
type End = (ActualsStatus, Option<(String, String)>, Option<String>);

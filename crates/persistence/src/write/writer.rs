//! The writer: all changes reach the database through it.
//!
//! SQLite: one thread with group commit. Many requests share a transaction and its sync to disk; log and idempotency rows
//! are multi-row inserts, and responses are sent after the commit. There are no savepoints: a job rejects before it
//! writes, and if a statement fails, the group is rolled back and its jobs run again one by one.
//!
//! PostgreSQL: one READ COMMITTED transaction per request; the row of the log head orders commits.

use std::any::Any;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use steerco_domain::Error;
use tokio::sync::{mpsc, oneshot, watch};

use crate::access::{AccessCache, RIGHTS};
use crate::conn::{Conn, Pool};
use crate::consumer::set_offset;
use crate::database::Database;
use crate::effect::Sorted;
use crate::fail::Fail;
use crate::flush::set_source_versions;
use crate::head::{Head, Heads};
use crate::idempotency::{Key, Remembered, read_kept, remember};
use crate::log::{Entry, append, create_head, get_head};
use crate::lookout::Lookout;
use crate::plan::{Answer, Job, Plan, Step, Steps, Task, Work, Writer, WriterThread};
use crate::{blob, credential, flush, idempotency, ledger, sqlite, webhook};

/// Maximum number of requests waiting for the writer; above that the service responds that it is busy.
const WAITING_MAX: usize = 1024;
/// Maximum number of requests in one commit.
const GROUP_MAX: usize = 128;
/// How often a PostgreSQL transaction is run again after a deadlock.
const RETRIES: usize = 3;

/// The thread that writes an embedded database.
pub(crate) fn start(
    pool: Arc<sqlite::Pool>,
    cache: Arc<AccessCache>,
    (heads, lookout): (Arc<Heads>, Arc<Lookout>),
) -> Result<Writer, String> {
    let (tasks, queue) = mpsc::channel(WAITING_MAX);
    let commits = Arc::new(watch::Sender::new(0));
    let pool = Pool::Sqlite(pool);
    let groups = Groups { pool: pool.clone(), cache, heads, lookout, commits: Arc::clone(&commits) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    let thread = std::thread::Builder::new().name("writer".to_owned());
    let thread = thread.spawn(move || runtime.block_on(groups.run(queue))).map_err(|cause| cause.to_string())?;
    let thread = Arc::new(WriterThread { tasks: Some(tasks), thread: Some(thread) });
    Ok(Writer { pool, thread: Some(thread), commits })
}

impl Database {
    /// Runs a decision and writes its plan, all or nothing.
    pub async fn transact(&self, org: &str, key: Option<Key>, job: Job) -> Result<Box<dyn Any + Send>, Error> {
        self.hand_in(org, key, Work::One(job)).await
    }

    /// Runs a decision of many steps and writes their plans, all or nothing.
    pub async fn transact_steps(
        &self,
        org: &str,
        key: Option<Key>,
        steps: Steps,
    ) -> Result<Box<dyn Any + Send>, Error> {
        self.hand_in(org, key, Work::Many(steps)).await
    }

    async fn hand_in(&self, org: &str, key: Option<Key>, work: Work) -> Result<Box<dyn Any + Send>, Error> {
        let answer = match self.writer.thread.as_ref().and_then(|thread| thread.tasks.as_ref()) {
            Some(tasks) => {
                let (reply, answered) = oneshot::channel();
                let task = Task { key, work, reply };
                tasks.try_send(task).map_err(|_| Error::unavailable("too many writes are waiting"))?;
                answered.await.unwrap_or_else(|_| Err(Fail::away("the writer has stopped")))
            }
            None => self.transact_postgres(org, key.as_ref(), &work).await,
        };
        answer.map_err(Fail::into_error)
    }

    async fn transact_postgres(&self, org: &str, key: Option<&Key>, work: &Work) -> Answer {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_postgres(org, key, work).await {
                Err(fail) if fail.is_collision() && tries <= RETRIES => {}
                done => return done,
            }
        }
    }

    async fn try_postgres(&self, org: &str, key: Option<&Key>, work: &Work) -> Answer {
        let conn = Conn::shared(self.writer.pool.begin(true, org, key).await?);
        let mut group = Group::default();
        let decided = async {
            read_kept(&conn, key.as_slice()).await?;
            let answer = group.decide(&conn, work).await?;
            group.finish(&conn).await?;
            Ok(answer)
        };
        match decided.await {
            Ok(answer) => {
                conn.commit().await?;
                for (org, head) in &group.heads {
                    self.lookout.advance(org, head);
                }
                self.writer.commits.send_modify(|count| *count += 1);
                Ok(answer)
            }
            Err(fail) => {
                conn.rollback().await;
                Err(fail)
            }
        }
    }

    /// Changes whenever this process commits; commits of other processes must be polled.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits.subscribe()
    }

    /// Deletes stored responses older than this.
    pub async fn forget_answers(&self, org: &str, before: steerco_domain::time::Instant) -> Result<u64, Fail> {
        if !self.is_postgres() {
            return idempotency::forget(&self.writer.outside(), org, before).await;
        }
        let conn = Conn::Transaction(self.writer.pool.begin(true, org, None).await?);
        let count = idempotency::forget(&conn, org, before).await?;
        conn.commit().await?;
        Ok(count)
    }
}

/// Rows collected by a transaction and written at its end.
#[derive(Default)]
struct Group {
    heads: HashMap<String, Head>,
    entries: Vec<(String, Entry)>,
    remembered: Vec<(String, Remembered)>,
    now: Option<steerco_domain::time::Instant>,
    touches_rights: bool,
}

impl Group {
    /// Runs one decision and writes its rows.
    async fn decide(&mut self, conn: &Conn, work: &Work) -> Answer {
        let steps = match work {
            Work::One(job) => return self.write(conn, job(conn).await?).await,
            Work::Many(steps) => steps,
        };
        for n in 0.. {
            match steps(conn, n).await? {
                Step::More(plan) => {
                    self.write(conn, plan).await?;
                    append(conn, std::mem::take(&mut self.entries)).await?;
                }
                Step::Last(plan) => return self.write(conn, plan).await,
            }
        }
        Err(Fail::broken("the steps have no last step".to_owned()))
    }

    /// Writes the rows of a plan.
    async fn write(&mut self, conn: &Conn, plan: Plan) -> Answer {
        let org = plan.act.org.clone();
        if plan.new_organisation {
            create_head(conn, &org).await?;
        }
        let Sorted { changes, postings, source_versions, links, moved, webhooks, credentials } =
            Sorted::of(plan.effects);
        if !changes.is_empty() {
            if !self.heads.contains_key(&org) {
                self.heads.insert(org.clone(), get_head(conn, &org, true).await?);
            }
            self.touches_rights |= changes.iter().any(|change| RIGHTS.contains(&change.kind.name));
            if let Some(head) = self.heads.get_mut(&org) {
                let entries = flush::write(conn, head, &plan.act, changes).await?;
                conn.set_end(&org, head);
                if let Some(postings) = &postings {
                    ledger::post(conn, &org, head.seq, postings).await?;
                }
                self.entries.extend(entries.into_iter().map(|entry| (org.clone(), entry)));
            }
        }
        set_source_versions(conn, &org, &source_versions).await?;
        for link in &links {
            blob::link(conn, &org, link).await?;
        }
        for moved in &moved {
            set_offset(conn, &org, moved).await?;
        }
        for setting in &webhooks {
            let head = self.heads.get(&org).map(|head| head.seq);
            webhook::apply(conn, &org, head, setting).await?;
        }
        for (account, hash) in &credentials {
            credential::set(conn, &org, account, hash).await?;
        }
        self.remembered.extend(plan.remembered.map(|remembered| (org, remembered)));
        self.now = self.now.max(Some(plan.act.now));
        Ok(plan.answer)
    }

    async fn finish(&mut self, conn: &Conn) -> Result<(), Fail> {
        append(conn, std::mem::take(&mut self.entries)).await?;
        remember(conn, self.now.unwrap_or_default(), std::mem::take(&mut self.remembered)).await?;
        conn.finish(&self.heads).await
    }
}

/// The only writer of an embedded database.
struct Groups {
    pool: Pool,
    cache: Arc<AccessCache>,
    heads: Arc<Heads>,
    lookout: Arc<Lookout>,
    commits: Arc<watch::Sender<u64>>,
}

/// The next tasks that may share a commit: never two with one key, because the second must see the response of the first.
fn take_group(waiting: &mut VecDeque<Task>) -> Vec<Task> {
    let (mut group, mut later, mut keys) = (Vec::new(), VecDeque::new(), HashSet::new());
    let mut closed = false;
    while let Some(task) = waiting.pop_front() {
        let fresh = task.key.as_ref().is_none_or(|key| keys.insert(key.clone()));
        // A task that may write before it rejects runs alone, so that only its own writes are rolled back.
        let alone = matches!(task.work, Work::Many(_));
        if fresh && group.len() < GROUP_MAX && !closed && (!alone || group.is_empty()) {
            closed = alone;
            group.push(task);
        } else {
            later.push_back(task);
        }
    }
    *waiting = later;
    group
}

impl Groups {
    async fn run(self, mut queue: mpsc::Receiver<Task>) {
        let mut waiting: VecDeque<Task> = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let Some(task) = queue.recv().await else { return };
                waiting.push_back(task);
            }
            while let Ok(task) = queue.try_recv() {
                waiting.push_back(task);
            }
            self.run_group(take_group(&mut waiting)).await;
        }
    }

    async fn run_group(&self, tasks: Vec<Task>) {
        match self.try_group(&tasks).await {
            Ok((answers, group)) => {
                if group.touches_rights {
                    self.cache.clear();
                }
                for (org, head) in &group.heads {
                    self.heads.advance(org, head);
                    self.lookout.advance(org, head);
                }
                self.commits.send_modify(|count| *count += 1);
                for (task, answer) in tasks.into_iter().zip(answers) {
                    // A caller that has disconnected needs no response; its write is kept.
                    let _ = task.reply.send(answer);
                }
            }
            Err(fail) => {
                let tasks = match <[Task; 1]>::try_from(tasks) {
                    Ok([task]) => {
                        let _ = task.reply.send(Err(fail));
                        return;
                    }
                    Err(tasks) => tasks,
                };
                for task in tasks {
                    Box::pin(self.run_group(vec![task])).await;
                }
            }
        }
    }

    async fn try_group(&self, tasks: &[Task]) -> Result<(Vec<Answer>, Group), Fail> {
        let conn = Conn::shared(self.pool.begin(true, "", None).await?);
        match Self::decide_group(&conn, tasks).await {
            Ok(done) => {
                conn.commit().await?;
                Ok(done)
            }
            Err(fail) => {
                conn.rollback().await;
                Err(fail)
            }
        }
    }

    async fn decide_group(conn: &Conn, tasks: &[Task]) -> Result<(Vec<Answer>, Group), Fail> {
        let keys: Vec<&Key> = tasks.iter().filter_map(|task| task.key.as_ref()).collect();
        read_kept(conn, &keys).await?;
        let mut group = Group::default();
        let mut answers = Vec::with_capacity(tasks.len());
        for task in tasks {
            match group.decide(conn, &task.work).await {
                Ok(answer) => answers.push(Ok(answer)),
                Err(Fail::Refused(error)) if matches!(task.work, Work::One(_)) => {
                    answers.push(Err(Fail::Refused(error)));
                }
                Err(fail) => return Err(fail),
            }
        }
        group.finish(conn).await?;
        Ok((answers, group))
    }
}

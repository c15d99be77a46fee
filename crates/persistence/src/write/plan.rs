//! What is handed to the writer of a database: decisions, and what they want written.

use std::any::Any;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};

use crate::conn::{Conn, Pool};
use crate::effect::Effect;
use crate::fail::Fail;
use crate::flush::Act;
use crate::idempotency::{Key, Remembered};

/// What a decision wants written, and the answer once it is.
pub struct Plan {
    pub act: Act,
    pub effects: Vec<Effect>,
    pub remembered: Option<Remembered>,
    /// Whether the organisation itself is made.
    pub new_organisation: bool,
    pub answer: Box<dyn Any + Send>,
}

impl Plan {
    /// A plan that writes nothing.
    pub fn nothing(act: Act, answer: Box<dyn Any + Send>) -> Self {
        Self { act, effects: vec![], remembered: None, new_organisation: false, answer }
    }
}

/// A decision. It may run more than once, so it takes nothing away; it reads, refuses or plans, and never writes.
pub type Job = Arc<dyn for<'c> Fn(&'c Conn) -> BoxFuture<'c, Result<Plan, Fail>> + Send + Sync>;

/// A decision in steps that are one transaction: each sees what those before it wrote. A refusal takes all of them back.
pub type Steps = Arc<dyn for<'c> Fn(&'c Conn, usize) -> BoxFuture<'c, Result<Step, Fail>> + Send + Sync>;

/// What a step wants written.
pub enum Step {
    More(Plan),
    Last(Plan),
}

/// What is handed to the writer.
pub(crate) enum Work {
    One(Job),
    Many(Steps),
}

pub(crate) type Answer = Result<Box<dyn Any + Send>, Fail>;

pub(crate) struct Task {
    pub(crate) key: Option<Key>,
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Hands decisions to the database.
#[derive(Clone)]
pub struct Writer {
    pub(crate) pool: Pool,
    pub(crate) thread: Option<Arc<WriterThread>>,
    pub(crate) commits: Arc<watch::Sender<u64>>,
}

/// The thread that writes an embedded database: its syncs to disk stand in nobody's way.
pub(crate) struct WriterThread {
    pub(crate) tasks: Option<mpsc::Sender<Task>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Drop for WriterThread {
    /// The last to leave waits until what was handed in is written and the file is closed.
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

impl Writer {
    pub(crate) fn postgres(pool: Pool) -> Self {
        Self { pool, thread: None, commits: Arc::new(watch::Sender::new(0)) }
    }

    pub(crate) const fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn outside(&self) -> Conn {
        Conn::Pool(self.pool.clone())
    }
}

//! Work for the writer of a database: decisions and their effects.

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

/// The effects of a decision, and the response after the commit.
pub struct Plan {
    pub act: Act,
    pub effects: Vec<Effect>,
    pub remembered: Option<Remembered>,
    /// Whether the organisation itself is created.
    pub new_organisation: bool,
    pub answer: Box<dyn Any + Send>,
}

impl Plan {
    /// A plan that writes nothing.
    pub fn nothing(act: Act, answer: Box<dyn Any + Send>) -> Self {
        Self { act, effects: vec![], remembered: None, new_organisation: false, answer }
    }
}

/// A decision. It may run more than once, so it must not consume anything; it reads, rejects or plans, and never writes.
pub type Job = Arc<dyn for<'c> Fn(&'c Conn) -> BoxFuture<'c, Result<Plan, Fail>> + Send + Sync>;

/// A decision in steps within one transaction: each step sees what earlier steps wrote. A rejection rolls all of them
/// back.
pub type Steps = Arc<dyn for<'c> Fn(&'c Conn, usize) -> BoxFuture<'c, Result<Step, Fail>> + Send + Sync>;

/// The effects of a step.
pub enum Step {
    More(Plan),
    Last(Plan),
}

/// Work for the writer.
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

/// Passes decisions to the database.
#[derive(Clone)]
pub struct Writer {
    pub(crate) pool: Pool,
    pub(crate) thread: Option<Arc<WriterThread>>,
    pub(crate) commits: Arc<watch::Sender<u64>>,
}

/// The thread that writes an embedded database, so that its syncs to disk block no other task.
pub(crate) struct WriterThread {
    pub(crate) tasks: Option<mpsc::Sender<Task>>,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Drop for WriterThread {
    /// The last owner waits until queued work is written and the file is closed.
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // The result of the thread is empty.
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
